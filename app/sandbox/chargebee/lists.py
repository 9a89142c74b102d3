"""The lists: credit notes, a customer's credit notes, invoices and events, with the filters documented for each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from app.sandbox.chargebee import invoice_wire, note_wire
from app.sandbox.chargebee.books import Books, Event
from app.sandbox.chargebee.filters import Attribute, read_filters
from app.sandbox.chargebee.gate import Call
from app.sandbox.chargebee.journal import event_object
from app.sandbox.chargebee.paging import PageRequest, Row, read_page
from app.sandbox.chargebee.reading import Fields
from app.sandbox.chargebee.records import InvoiceStatus, NoteStatus, NoteType
from app.sandbox.chargebee.refusals import not_found
from app.sandbox.kernel import Json
from app.sandbox.seed import CUSTOMERS

TEXT = Attribute(kind="text")
OPTIONAL_TEXT = Attribute(kind="text", nullable=True)
NUMBER = Attribute(kind="number")
INSTANT = Attribute(kind="instant")
PRICE_TYPE = Attribute(kind="enum", values=("tax_exclusive", "tax_inclusive"))
CHANNEL = Attribute(kind="enum", values=("web", "app_store", "play_store"))
EINVOICE = Attribute(kind="enum", values=(
    "scheduled", "skipped", "in_progress", "success", "failed", "registered", "accepted", "rejected", "message_acknowledgement",
    "in_process", "under_query", "conditionally_accepted", "paid",
))  # fmt: skip
REASON = Attribute(kind="enum", values=(
    "write_off", "subscription_change", "subscription_cancellation", "subscription_pause", "chargeback", "product_unsatisfactory",
    "service_unsatisfactory", "order_change", "order_cancellation", "waiver", "other", "fraudulent",
))  # fmt: skip
DUNNING = Attribute(kind="enum", values=("in_progress", "exhausted", "stopped", "success"), nullable=True)

# docs: List credit notes. There is none for the currency, and `date` is the only order.
NOTES: dict[str, Attribute] = {
    "id": TEXT, "customer_id": TEXT, "create_reason_code": TEXT,
    "subscription_id": OPTIONAL_TEXT, "reference_invoice_id": OPTIONAL_TEXT,
    "type": Attribute(kind="enum", values=tuple(NoteType)), "status": Attribute(kind="enum", values=tuple(NoteStatus)),
    "reason_code": REASON, "price_type": PRICE_TYPE, "channel": CHANNEL, "einvoice[status]": EINVOICE,
    "date": INSTANT, "voided_at": INSTANT, "updated_at": INSTANT,
    "total": NUMBER, "amount_allocated": NUMBER, "amount_refunded": NUMBER, "amount_available": NUMBER,
}  # fmt: skip
# docs: List invoices.
INVOICES: dict[str, Attribute] = {
    "id": TEXT, "customer_id": TEXT, "payment_owner": TEXT, "void_reason_code": TEXT, "subscription_id": OPTIONAL_TEXT,
    "recurring": Attribute(kind="flag"), "status": Attribute(kind="enum", values=tuple(InvoiceStatus)),
    "price_type": PRICE_TYPE, "dunning_status": DUNNING, "channel": CHANNEL, "einvoice[status]": EINVOICE,
    "date": INSTANT, "paid_at": INSTANT, "updated_at": INSTANT, "voided_at": INSTANT,
    "total": NUMBER, "amount_paid": NUMBER, "amount_adjusted": NUMBER, "credits_applied": NUMBER, "amount_due": NUMBER,
}  # fmt: skip
# docs: List events.
EVENTS: dict[str, Attribute] = {
    "id": TEXT, "event_type": Attribute(kind="enum"), "source": Attribute(kind="enum"), "webhook_status": Attribute(kind="enum"),
    "occurred_at": INSTANT,
}  # fmt: skip


def credit_notes(books: Books, call: Call) -> dict[str, Json]:
    """`GET /credit_notes`; deleted notes only where they are asked for."""
    deleted = call.fields.flag("include_deleted") or False
    page = read_page(call.fields, ("date",), books.switches)
    rows = _passing(books, call.fields, NOTES, (row for row in _note_rows(books) if deleted or not row.attributes["deleted"]))
    return _page(page, rows, "credit_note", lambda key: note_wire.credit_note(books.notes[key], books.switches))


def customer_notes(books: Books, call: Call) -> dict[str, Json]:
    """`GET /customers/{id}/credit_notes`, deprecated: limit and offset are all it takes."""
    customer = call.path["id"]
    if customer not in CUSTOMERS:
        raise not_found(kind="Customer", id=customer)
    page = read_page(Fields((name, call.fields.given.get(name, "")) for name in ("limit", "offset")), (), books.switches)
    rows = [row for row in _note_rows(books) if row.attributes["customer_id"] == customer and not row.attributes["deleted"]]
    return _page(page, rows, "credit_note", lambda key: note_wire.credit_note(books.notes[key], books.switches))


def invoices(books: Books, call: Call) -> dict[str, Json]:
    """`GET /invoices`."""
    call.fields.flag("include_deleted")  # there are no deleted invoices here
    page = read_page(call.fields, ("date", "updated_at"), books.switches)
    rows = (
        Row(
            id=invoice.id,
            sequence=invoice.sequence,
            created=invoice.date,
            attributes=invoice_wire.attributes(invoice, books.switches),
        )
        for invoice in books.invoices.values()
    )
    passing = _passing(books, call.fields, INVOICES, rows)
    return _page(page, passing, "invoice", lambda key: invoice_wire.invoice(books.invoices[key], books.switches))


def events(books: Books, call: Call) -> dict[str, Json]:
    """`GET /events`."""
    page = read_page(call.fields, ("occurred_at",), books.switches)
    found = {event.id: event for event in books.events}
    rows = (
        Row(id=event.id, sequence=event.sequence, created=event.occasion.second, attributes=event_object(event))
        for event in books.events
    )
    return _page(page, _passing(books, call.fields, EVENTS, rows), "event", lambda key: event_object(found[key]))


def event(books: Books, call: Call) -> dict[str, Json]:
    """`GET /events/{id}`."""
    return {"event": event_object(_event(books, call.path["id"]))}


def _event(books: Books, id: str) -> Event:
    for one in books.events:
        if one.id == id:
            return one
    raise not_found(kind="Event", id=id)


def _note_rows(books: Books) -> Iterable[Row]:
    for note in books.notes.values():
        attributes = note_wire.attributes(note, books.switches)
        yield Row(id=note.id, sequence=note.sequence, created=note.date, attributes=attributes)


def _passing(books: Books, fields: Fields, known: Mapping[str, Attribute], rows: Iterable[Row]) -> list[Row]:
    tests = read_filters(fields, known, books.switches)
    return [row for row in rows if all(test(row.attributes) for test in tests)]


def _page(page: PageRequest, rows: Iterable[Row], name: str, shown: Callable[[str], dict[str, Json]]) -> dict[str, Json]:
    answered, following = page.cut(rows)
    answer: dict[str, Json] = {"list": [{name: shown(row.id)} for row in answered]}
    if following is not None:
        answer["next_offset"] = following
    return answer

"""The operations on invoices that credit notes need. No rules here."""

from __future__ import annotations

from app.sandbox.chargebee import allocations, invoice_wire, invoices, note_wire
from app.sandbox.chargebee.books import Books
from app.sandbox.chargebee.gate import Call
from app.sandbox.chargebee.records import Invoice, NoteType
from app.sandbox.kernel import Json


def retrieve(books: Books, call: Call) -> dict[str, Json]:
    """`GET /invoices/{id}`."""
    return _shown(books, books.invoice(call.path["id"]))


def apply_credits(books: Books, call: Call) -> dict[str, Json]:
    """`POST /invoices/{id}/apply_credits`: the notes named, or all open ones of the customer."""
    invoice = books.invoice(call.path["id"])
    call.fields.text("comment", 300)
    ids = [row.text("id", 50) for row in call.fields.rows("credit_notes")]
    named = [books.present_note(id) for id in ids if id is not None]
    waiting = named or allocations.open_credits(books, invoice.customer_id, invoice.currency, [NoteType.REFUNDABLE])
    allocations.apply(books, invoice, waiting, call.occasion)
    return _shown(books, invoice)


def remove_credit_note(books: Books, call: Call) -> dict[str, Json]:
    """`POST /invoices/{id}/remove_credit_note`."""
    invoice = books.invoice(call.path["id"])
    id = call.fields.text("credit_note[id]", 50)
    if id is None:
        raise call.fields.missing(name="credit_note[id]")
    note = books.present_note(id)
    allocations.remove(books, invoice, note, call.occasion)
    return {**_shown(books, invoice), "credit_note": note_wire.credit_note(note, books.switches)}


def write_off(books: Books, call: Call) -> dict[str, Json]:
    """`POST /invoices/{id}/write_off`."""
    invoice = books.invoice(call.path["id"])
    note = invoices.write_off(books, invoice, call.fields.text("comment", 300), call.occasion)
    return {**_shown(books, invoice), "credit_note": note_wire.credit_note(note, books.switches)}


def _shown(books: Books, invoice: Invoice) -> dict[str, Json]:
    return {"invoice": invoice_wire.invoice(invoice, books.switches)}

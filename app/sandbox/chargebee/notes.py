"""Issuing, voiding, deleting and updating credit notes (docs: Credit notes). Each checks everything first, then changes.

Money that leaves a note is in `refunds.py`, credit used against invoices in `credits.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from app.sandbox.chargebee.balances import WRITE_OFF, forget_adjustment, owe_less
from app.sandbox.chargebee.books import Books, Occasion
from app.sandbox.chargebee.currency import LARGEST
from app.sandbox.chargebee.journal import NoteEvent, invoice_changed, note_changed
from app.sandbox.chargebee.proration import Item, Prorater
from app.sandbox.chargebee.records import OWING, Allocation, Invoice, InvoiceStatus, Line, Note, NoteStatus, NoteType
from app.sandbox.chargebee.refusals import not_configured, too_much, wrong_state, wrong_value


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A note as it was asked for; the invoice's and the customer's part of it has been checked against each other."""

    type: NoteType
    invoice: Invoice | None
    customer_id: str
    currency: str
    total: int | None = None
    items: tuple[Item, ...] = ()
    date: int | None = None
    reason_code: str | None = None
    create_reason_code: str | None = None
    customer_notes: str | None = None
    comment: str | None = None
    custom: Mapping[str, str] = field(default_factory=dict)


def issue(books: Books, draft: Draft, occasion: Occasion, *, id: str | None = None) -> Note:
    """Put a note into the books, and its effect on the invoice; an id is given for the demonstration data only."""
    if draft.type is NoteType.STORE and books.switches["store_notes"] == "off":
        raise not_configured(why="store : store credit notes are not enabled for this site")
    if draft.invoice is not None:
        _check_state(books, draft.type, draft.invoice)
        _check_date(draft, draft.invoice, occasion)
    lines = _lines(books, draft, occasion)
    total = sum(line.net + line.tax for line in lines)
    _check_total(books, draft, total)
    note = _book(books, draft, lines, occasion, id or books.ids.note())
    backdated = draft.date is not None and draft.date < occasion.second
    created: NoteEvent = "credit_note_created_with_backdating" if backdated else "credit_note_created"
    note_changed(books, note, occasion, created)
    if note.invoice is not None:
        invoice_changed(books, note.invoice, occasion)
    return note


def void(books: Books, note: Note, comment: str | None, occasion: Occasion) -> None:
    """Take a note back; one of which anything was used or refunded must lose that first."""
    if note.status in {NoteStatus.REFUNDED, NoteStatus.VOIDED}:
        raise wrong_state(books.switches, f"Credit note {note.id} is {note.status}: it cannot be voided")
    _check_unused(books, note)
    _release(note)
    note.status = NoteStatus.VOIDED
    note.voided_at = occasion.second
    note.comment = comment or note.comment
    note_changed(books, note, occasion)
    if note.invoice is not None:
        invoice_changed(books, note.invoice, occasion)


def delete(books: Books, note: Note, comment: str | None, occasion: Occasion) -> None:
    """Remove a note for good. Its invoice is freed as by voiding; its id changes as the switch `deleted_id` says."""
    refused = note.status is NoteStatus.REFUNDED or (
        note.status is NoteStatus.VOIDED and books.switches["delete_voided"] == "refused"
    )
    if refused:
        raise wrong_state(books.switches, f"Credit note {note.id} is {note.status}: it cannot be deleted")
    _check_unused(books, note)
    if note.status is not NoteStatus.VOIDED:
        _release(note)
    note.deleted = True
    note.comment = comment or note.comment
    if books.switches["deleted_id"] == "suffixed":
        del books.notes[note.id]
        note.id = f"{note.id}_{note.sequence}"
        books.notes[note.id] = note
    note_changed(books, note, occasion, "credit_note_deleted")
    if note.invoice is not None:
        invoice_changed(books, note.invoice, occasion)


def update(books: Books, note: Note, comment: str | None, custom: Mapping[str, str], occasion: Occasion) -> None:
    """Change the comment and custom fields; with neither, nothing changes."""
    if comment is None and not custom:
        return
    note.comment = comment or note.comment
    note.custom.update(custom)
    note_changed(books, note, occasion)


def _check_state(books: Books, type: NoteType, invoice: Invoice) -> None:
    allowed = OWING if type is NoteType.ADJUSTMENT else OWING | {InvoiceStatus.PAID}
    if invoice.status not in allowed:
        raise wrong_state(books.switches, f"Invoice {invoice.id} is {invoice.status}: it takes no {type} credit note")
    if type is NoteType.ADJUSTMENT and invoice.in_progress and books.switches["payment_in_progress"] == "blocks":
        raise wrong_state(books.switches, f"Invoice {invoice.id} has a payment in progress")


def _check_date(draft: Draft, invoice: Invoice, occasion: Occasion) -> None:
    date = occasion.second if draft.date is None else draft.date
    if date < invoice.date:
        raise wrong_value(param="date", why="must not be before the invoice date")


def _check_total(books: Books, draft: Draft, total: int) -> None:
    if not 1 <= total <= LARGEST:
        raise wrong_value(param="total", why=f"must be within 1 and {LARGEST}")
    if draft.invoice is None:
        return
    adjusting = draft.type is NoteType.ADJUSTMENT
    limit = draft.invoice.amount_to_collect if adjusting else draft.invoice.refundable
    if total > limit:
        raise too_much(
            books.switches, "total", f"{total} is above the {'adjustable' if adjusting else 'refundable'} amount {limit}"
        )


def _lines(books: Books, draft: Draft, occasion: Occasion) -> tuple[Line, ...]:
    prorater = Prorater(
        taxed=draft.type is not NoteType.STORE,  # store credit carries no tax; it is used before tax
        rounding=books.switches["tax_rounding"],
        new_id=lambda: books.ids.next("li"),
        date=occasion.second if draft.date is None else draft.date,
    )
    if draft.total is None:
        return prorater.by_items(draft.items, draft.invoice)
    if draft.total < 1:
        return ()
    if draft.invoice is None:
        return prorater.standalone(draft.total)
    return prorater.by_total(draft.total, draft.invoice)


def _book(books: Books, draft: Draft, lines: tuple[Line, ...], occasion: Occasion, id: str) -> Note:
    adjusting = draft.type is NoteType.ADJUSTMENT
    note = Note(
        id=id,
        sequence=books.sequence(),
        customer_id=draft.customer_id,
        invoice=draft.invoice,
        currency=draft.currency,
        type=draft.type,
        status=NoteStatus.ADJUSTED if adjusting else NoteStatus.REFUND_DUE,
        date=occasion.second if draft.date is None else draft.date,
        lines=lines,
        reason_code=draft.reason_code,
        create_reason_code=draft.create_reason_code,
        customer_notes=draft.customer_notes,
        comment=draft.comment,
        custom=dict(draft.custom),
    )
    books.notes[id] = note
    if draft.invoice is not None:
        draft.invoice.notes.append(note)
    if adjusting and draft.invoice is not None:
        _adjust(note, draft.invoice, occasion)
    else:
        note.amount_available = note.total
    return note


def _adjust(note: Note, invoice: Invoice, occasion: Occasion) -> None:
    note.amount_allocated = note.total
    allocation = Allocation(note=note, invoice=invoice, amount=note.total, at=occasion.second)
    note.allocations.append(allocation)
    invoice.allocations.append(allocation)
    invoice.amount_adjusted += note.total
    if note.reason_code == WRITE_OFF:
        invoice.write_off_amount += note.total
    owe_less(invoice, note.total, occasion)


def _check_unused(books: Books, note: Note) -> None:
    if note.type is not NoteType.ADJUSTMENT and (note.allocations or note.live_refunds):
        raise wrong_state(books.switches, f"Credit note {note.id} has allocations or refunds: remove them first")


def _release(note: Note) -> None:
    if note.type is NoteType.ADJUSTMENT and note.invoice is not None:
        forget_adjustment(note, note.invoice)

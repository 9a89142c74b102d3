"""Credit used against invoices: applied by call, by the renewal, or taken off again.

(docs: Apply credits for an invoice, Remove credit note from an invoice.)
"""

from __future__ import annotations

from collections.abc import Iterable

from app.sandbox.chargebee.balances import give_back, owe_less, owe_more, use
from app.sandbox.chargebee.books import Books, Occasion
from app.sandbox.chargebee.journal import invoice_changed, note_changed
from app.sandbox.chargebee.notes import void
from app.sandbox.chargebee.records import OWING, Allocation, Invoice, Note, NoteStatus, NoteType
from app.sandbox.chargebee.refusals import Refusal, not_found, wrong_state, wrong_value


def open_credits(books: Books, customer_id: str, currency: str, types: Iterable[NoteType]) -> list[Note]:
    """The customer's credit in this currency that can still be used, oldest first."""
    wanted = set(types)
    return [
        note
        for note in books.notes.values()
        if note.customer_id == customer_id
        and note.currency == currency
        and note.type in wanted
        and note.status is NoteStatus.REFUND_DUE
        and not note.deleted
    ]


def apply(books: Books, invoice: Invoice, notes: list[Note], occasion: Occasion) -> None:
    """Use refundable notes against what an invoice owes, in the order given, until it owes nothing more."""
    if invoice.status not in OWING or invoice.amount_to_collect < 1:
        raise wrong_state(books.switches, f"Invoice {invoice.id} is {invoice.status}: no credits can be applied")
    for index, note in enumerate(notes):
        if refusal := _unfit(books, invoice, note, index):
            raise refusal
    allocate(books, invoice, notes, occasion)


def allocate(books: Books, invoice: Invoice, notes: list[Note], occasion: Occasion) -> None:
    """Use credit against what an invoice owes, note after note; no checks, for callers that have made them."""
    changed = []
    for note in notes:
        amount = min(note.amount_available, invoice.amount_to_collect)
        if amount < 1:
            continue
        allocation = Allocation(note=note, invoice=invoice, amount=amount, at=occasion.second)
        note.allocations.append(allocation)
        invoice.allocations.append(allocation)
        note.amount_allocated += amount
        invoice.credits_applied += amount
        use(note, amount, occasion)
        owe_less(invoice, amount, occasion)
        changed.append(note)
    for note in changed:
        note_changed(books, note, occasion)
        if note.invoice is not None and note.invoice is not invoice:
            invoice_changed(books, note.invoice, occasion)
    invoice_changed(books, invoice, occasion)


def remove(books: Books, invoice: Invoice, note: Note, occasion: Occasion) -> None:
    """Take a note off an invoice: an adjustment is voided, applied credit is there again."""
    mine = [one for one in invoice.allocations if one.note is note]
    if not mine:
        raise not_found(kind="Credit note on the invoice", id=note.id)
    if note.type is NoteType.ADJUSTMENT:
        void(books, note, None, occasion)
        return
    amount = sum(one.amount for one in mine)
    if invoice.refundable < amount:  # else the invoice's notes would stand for more than was ever paid or credited
        raise wrong_state(books.switches, f"Credit notes were issued for the credits of invoice {invoice.id}")
    invoice.allocations = [one for one in invoice.allocations if one.note is not note]
    note.allocations = [one for one in note.allocations if one.invoice is not invoice]
    invoice.credits_applied -= amount
    note.amount_allocated -= amount
    owe_more(invoice, amount)
    give_back(note, amount)
    note_changed(books, note, occasion)
    if note.invoice is not None and note.invoice is not invoice:
        invoice_changed(books, note.invoice, occasion)
    invoice_changed(books, invoice, occasion)


def _unfit(books: Books, invoice: Invoice, note: Note, index: int) -> Refusal | None:
    if note.customer_id != invoice.customer_id or note.currency != invoice.currency:
        return wrong_value(param=f"credit_notes[id][{index}]", why="is of another customer or currency")
    if note.type is not NoteType.REFUNDABLE or note.status is not NoteStatus.REFUND_DUE:
        return wrong_state(books.switches, f"Credit note {note.id} is {note.type} and {note.status}: it cannot be applied")
    return None

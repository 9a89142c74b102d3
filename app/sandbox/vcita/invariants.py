"""What must always hold in the books: every derived figure reckoned anew from the rows it comes from. Changes nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from app.sandbox.vcita.arithmetic import discount_of, extended, figures, note_totals, per_rate
from app.sandbox.vcita.books import Books
from app.sandbox.vcita.events import EventLog
from app.sandbox.vcita.records import Invoice, InvoiceStatus, Note, Payment


def violations(books: Books, events: EventLog) -> list[str]:
    """The broken rules in words."""
    return [
        *(broken for invoice in books.invoices.values() for broken in _invoice(invoice, books)),
        *(broken for note in books.notes.values() for broken in _note(note, books)),
        *(broken for payment in books.payments.values() for broken in _payment(payment, books)),
        *_numbers(books),
        *_told(books, events),
    ]


def _invoice(invoice: Invoice, books: Books) -> Iterator[str]:
    name = f"invoice {invoice.uid}"
    for line in invoice.lines:
        amount = extended(line.quantity, line.unit_amount, invoice.currency)
        discount = discount_of(line.discount, amount, invoice.currency)
        if line.figures != figures(amount, discount, line.taxes, invoice.tax_mode):
            yield f"{name}: line {line.uid} does not come to what it says"
        if line.figures.net + sum(tax.minor for tax in line.figures.taxes) != line.figures.gross or line.figures.net < 0:
            yield f"{name}: line {line.uid} is not its net and its taxes"
    notes = [note for note in books.notes.values() if note.invoice_uid == invoice.uid]
    payments = [payment for payment in books.payments.values() if payment.invoice_uid == invoice.uid]
    if notes != books.notes_of(invoice.uid) or payments != books.payments_of(invoice.uid):
        yield f"{name}: its notes or payments are not found through it"
    if sum(note.gross for note in notes) > invoice.gross:
        yield f"{name}: credited above its total"
    if not 0 <= books.paid(invoice) <= invoice.gross:
        yield f"{name}: paid above its total, or given back more than was paid"
    if invoice.status is not InvoiceStatus.ISSUED and (notes or payments):
        yield f"{name}: {invoice.status}, yet it has notes or payments"


def _note(note: Note, books: Books) -> Iterator[str]:
    name = f"note {note.uid}"
    invoice = books.invoices.get(note.invoice_uid)
    if invoice is None or invoice.currency != note.currency:
        yield f"{name}: no invoice in its currency"
    totals = [extended(line.quantity, line.unit_amount, note.currency) for line in note.lines]
    if totals != [line.total for line in note.lines] or not totals:
        yield f"{name}: lines do not come to what they say"
    if (note.net, note.gross) != note_totals(note.lines, note.tax_mode) or note.gross <= 0 or note.net < 0:
        yield f"{name}: totals are not those of its lines"
    if note.taxes != per_rate(tax for line in note.lines for tax in line.taxes):
        yield f"{name}: taxes are not those of its lines"
    if note.gross - note.net != sum(tax.minor for tax in note.taxes):
        yield f"{name}: totals differ by something else than its taxes"
    if note.updated_at < note.created_at:
        yield f"{name}: changed before it was made"


def _payment(payment: Payment, books: Books) -> Iterator[str]:
    name = f"payment {payment.uid}"
    refunds = [refund for refund in books.refunds.values() if refund.payment_uid == payment.uid]
    given_back = sum(refund.minor for refund in refunds)
    if refunds != books.refunds_of(payment.uid) or any(refund.minor <= 0 for refund in refunds):
        yield f"{name}: its refunds are not found through it, or are not positive"
    if given_back > payment.minor:
        yield f"{name}: more given back than received"
    if (payment.state == "refunded") != (given_back == payment.minor):
        yield f"{name}: state {payment.state} does not fit its refunds"
    if any(refund.currency != payment.currency for refund in refunds):
        yield f"{name}: refunded in another currency"


def _numbers(books: Books) -> Iterator[str]:
    counted = Counter(note.number for note in books.notes.values() if not note.number_shared)
    yield from (f"note number {number} was given {times} times" for number, times in counted.items() if times > 1)
    invoices = Counter(invoice.number for invoice in books.invoices.values())
    yield from (f"invoice number {number} was given {times} times" for number, times in invoices.items() if times > 1)


def _told(books: Books, events: EventLog) -> Iterator[str]:
    told = Counter(str(event["note_id"]) for event in events.bus)
    yield from (f"note {uid}: told {told[uid]} times" for uid in books.notes if told[uid] != 1)

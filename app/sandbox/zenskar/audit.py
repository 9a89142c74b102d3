"""Recomputes every kept figure from the primary rows and names what does not fit. Changes nothing."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator

from app.sandbox.zenskar.books import Books
from app.sandbox.zenskar.records import EFFECTIVE, Invoice, Note, Payment
from app.sandbox.zenskar.words import Destination, InvoiceStatus, NoteStatus, PaymentStatus


def violations(books: Books) -> list[str]:
    """Rules the books break now, in words."""
    return [*_invoices(books), *_payments(books), *_notes(books), *_wallets(books), *_numbers(books)]


def _standing(books: Books, invoice: Invoice) -> list[Note]:
    notes = books.notes_of(invoice.id)
    return [note for note in notes if note.status is not NoteStatus.VOID and not note.record_only]


def _invoices(books: Books) -> Iterator[str]:
    applied: Counter[str] = Counter()
    for application in books.applications:
        applied[application.invoice_id] += application.amount
    for invoice in books.invoices.values():
        notes = _standing(books, invoice)
        remaining = invoice.original - invoice.written_off - sum(note.amount for note in notes)
        wallet = applied[invoice.id] - sum(note.returned for note in notes)
        paid = _paid(books, invoice)
        expected = {"original": sum(line.net + line.tax for line in invoice.lines), "remaining": remaining, "applied": wallet}
        expected["due"] = remaining - paid - wallet
        for name, figure in expected.items():
            if getattr(invoice, name) != figure:
                yield f"invoice {invoice.id}: {name} is {getattr(invoice, name)}, the rows say {figure}"
            if figure < 0:
                yield f"invoice {invoice.id}: {name} is {figure}"
        yield from _states(invoice)


def _paid(books: Books, invoice: Invoice) -> int:
    """What its payments hold for it, from the payments and refunds themselves."""
    held = 0
    for payment in books.payments_of(invoice.id):
        if payment.status is EFFECTIVE:
            held += sum(part.amount for part in payment.parts if part.invoice_id == invoice.id)
            refunds = [refund for refund in books.refunds_of(payment.id) if refund.stands]
            held -= sum(share.amount for refund in refunds for share in refund.shares if share.invoice_id == invoice.id)
    return held


def _states(invoice: Invoice) -> Iterator[str]:
    rules = {
        InvoiceStatus.VOID: invoice.remaining == 0,
        InvoiceStatus.PAID: invoice.due == 0,
        InvoiceStatus.APPROVED: invoice.held == 0,
        InvoiceStatus.DRAFT: invoice.due == invoice.original,
    }
    if not rules.get(invoice.status, True):
        yield f"invoice {invoice.id}: {invoice.status} with {invoice.remaining} left and {invoice.due} due"
    if (invoice.status_before_void is not None or invoice.voided_by_hand) != (invoice.status is InvoiceStatus.VOID):
        yield f"invoice {invoice.id}: {invoice.status}, but remembers being something else"


def _payments(books: Books) -> Iterator[str]:
    for payment in books.payments.values():
        if sum(part.amount for part in payment.parts) != payment.amount:
            yield f"payment {payment.id}: its parts do not add up"
        yield from _parts(books, payment)
    for refund in books.refunds.values():
        if refund.payment.status is not EFFECTIVE:
            yield f"refund {refund.id}: its payment never succeeded"
        if refund.note_id is not None and refund not in books.notes[refund.note_id].refunds:
            yield f"refund {refund.id}: unknown to its note"


def _parts(books: Books, payment: Payment) -> Iterator[str]:
    refunds = [refund for refund in books.refunds_of(payment.id) if refund.stands]
    for part in payment.parts:
        back = sum(share.amount for refund in refunds for share in refund.shares if share.invoice_id == part.invoice_id)
        if part.refunded != back:
            yield f"payment {payment.id}: {part.refunded} refunded for {part.invoice_id}, the rows say {back}"
        if not 0 <= back <= part.amount:
            yield f"payment {payment.id}: {back} refunded of {part.amount} for {part.invoice_id}"


def _notes(books: Books) -> Iterator[str]:
    for note in books.notes.values():
        if note.record_only:
            continue
        if note.adjusted + note.returned + sum(refund.amount for refund in note.refunds) != note.amount or note.amount <= 0:
            yield f"note {note.id}: its parts do not add up to {note.amount}"
        if note.currency != books.invoices[str(note.invoice_id)].currency:
            yield f"note {note.id}: not in the currency of its invoice"
        allowed = {
            NoteStatus.VOID: not any(refund.stands for refund in note.refunds),
            NoteStatus.IN_PROGRESS: any(refund.status is PaymentStatus.IN_PROGRESS for refund in note.refunds),
            NoteStatus.PAID: bool(note.refunds) and all(refund.status is PaymentStatus.SUCCESS for refund in note.refunds),
            NoteStatus.ISSUED: all(refund.destination is Destination.CREDITS for refund in note.refunds),
        }
        if not allowed[note.status]:
            yield f"note {note.id}: {note.status}, but its refunds are {[str(refund.status) for refund in note.refunds]}"


def _wallets(books: Books) -> Iterator[str]:
    rows: defaultdict[tuple[str, str], int] = defaultdict(int)
    for top_up in books.top_ups:
        rows[top_up.customer_id, top_up.currency] += top_up.amount
    for application in books.applications:
        invoice = books.invoices[application.invoice_id]
        rows[invoice.customer.id, invoice.currency] -= application.amount
    for refund in books.refunds.values():
        if refund.stands and refund.destination is Destination.CREDITS and refund.payment.customer is not None:
            rows[refund.payment.customer.id, refund.payment.currency] += refund.amount
    for note in books.notes.values():
        if note.status is not NoteStatus.VOID:
            rows[note.customer.id, note.currency] += note.returned
    for wallet in rows.keys() | books.wallets.keys():
        if rows[wallet] != books.wallets.get(wallet, 0):
            yield f"wallet {wallet}: holds {books.wallets.get(wallet, 0)}, the rows say {rows[wallet]}"
        if rows[wallet] < 0:
            yield f"wallet {wallet}: {rows[wallet]}"


def _numbers(books: Books) -> Iterator[str]:
    if len({note.number for note in books.notes.values()}) != len(books.notes):
        yield "a credit note number was given twice"

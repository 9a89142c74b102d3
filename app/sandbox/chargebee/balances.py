"""The running figures of invoices and notes, moved by one amount at a time; no checks, no events."""

from __future__ import annotations

from app.sandbox.chargebee.books import Occasion
from app.sandbox.chargebee.records import Invoice, InvoiceStatus, Note, NoteStatus

WRITE_OFF = "write_off"  # the reason of notes that give up what is owed; callers cannot give it


def owe_less(invoice: Invoice, amount: int, occasion: Occasion) -> None:
    """Something was paid, credited or adjusted; an invoice with nothing left to pay is paid."""
    invoice.amount_due -= amount
    if invoice.amount_due == 0:
        invoice.status = InvoiceStatus.PAID
        invoice.paid_at = occasion.second


def owe_more(invoice: Invoice, amount: int) -> None:
    """Something that lowered what is owed is gone: the invoice is not paid (docs: Void a credit note)."""
    invoice.amount_due += amount
    invoice.status = InvoiceStatus.NOT_PAID
    invoice.paid_at = None


def forget_adjustment(note: Note, invoice: Invoice) -> None:
    """The adjustment no longer lowers what is owed."""
    invoice.allocations = [one for one in invoice.allocations if one.note is not note]
    note.allocations.clear()
    invoice.amount_adjusted -= note.total
    if note.reason_code == WRITE_OFF:
        invoice.write_off_amount -= note.total
    owe_more(invoice, note.total)


def use(note: Note, amount: int, occasion: Occasion) -> None:
    """Part of the note's credit is spent; with nothing left the note is `refunded`, whatever it was spent on."""
    note.amount_available -= amount
    if note.amount_available == 0:
        note.status = NoteStatus.REFUNDED
        note.refunded_at = occasion.second


def give_back(note: Note, amount: int) -> None:
    """Spent credit is there again."""
    note.amount_available += amount
    note.status = NoteStatus.REFUND_DUE
    note.refunded_at = None

"""The books: every row by id, and the sums over rows that the rules and the answers need. Refuses nothing, decides nothing."""

from __future__ import annotations

from dataclasses import replace

from app.sandbox.vcita.records import Client, Invoice, InvoiceStatus, Note, NoteStatus, Payment, Refund, Tax


class Books:
    """All rows of one business."""

    def __init__(self) -> None:
        self.clients: dict[str, Client] = {}  # by matter
        self.taxes: dict[str, Tax] = {}
        self.invoices: dict[str, Invoice] = {}
        self.notes: dict[str, Note] = {}
        self.payments: dict[str, Payment] = {}
        self.refunds: dict[str, Refund] = {}
        self.note_numbers: set[str] = set()
        self.invoice_numbers: set[str] = set()
        self._notes_of: dict[str, list[str]] = {}
        self._payments_of: dict[str, list[str]] = {}
        self._refunds_of: dict[str, list[str]] = {}
        self._settling: dict[str, float] = {}

    def put_invoice(self, invoice: Invoice) -> None:
        """Book an invoice, or its new state."""
        before = self.invoices.get(invoice.uid)
        if before is not None:
            self.invoice_numbers.discard(before.number)
        self.invoice_numbers.add(invoice.number)
        self.invoices[invoice.uid] = invoice

    def put_note(self, note: Note) -> None:
        """Book a note, or its new state."""
        if note.uid not in self.notes:
            self._notes_of.setdefault(note.invoice_uid, []).append(note.uid)
        self.note_numbers.add(note.number)
        self.notes[note.uid] = note
        if note.settles_at is not None and note.status is NoteStatus.ISSUED:
            self._settling[note.uid] = note.settles_at

    def put_payment(self, payment: Payment) -> None:
        """Book a payment, or its new state."""
        if payment.uid not in self.payments:
            self._payments_of.setdefault(payment.invoice_uid, []).append(payment.uid)
        self.payments[payment.uid] = payment

    def put_refund(self, refund: Refund) -> None:
        """Book a refund."""
        self._refunds_of.setdefault(refund.payment_uid, []).append(refund.uid)
        self.refunds[refund.uid] = refund

    def settle(self, note: Note, moment: float) -> Note:
        """The note as settled at this moment, booked."""
        settled = replace(note, status=NoteStatus.SETTLED, updated_at=moment)
        self._settling.pop(note.uid, None)
        self.put_note(settled)
        return settled

    def ripen(self, now: float) -> None:
        """Settle the notes whose time has come."""
        for uid, moment in list(self._settling.items()):
            if moment <= now:
                self.settle(self.notes[uid], moment)

    def notes_of(self, invoice_uid: str) -> list[Note]:
        """The notes of an invoice, oldest first."""
        return [self.notes[uid] for uid in self._notes_of.get(invoice_uid, [])]

    def payments_of(self, invoice_uid: str) -> list[Payment]:
        """The payments of an invoice, oldest first."""
        return [self.payments[uid] for uid in self._payments_of.get(invoice_uid, [])]

    def refunds_of(self, payment_uid: str) -> list[Refund]:
        """The refunds of a payment, oldest first."""
        return [self.refunds[uid] for uid in self._refunds_of.get(payment_uid, [])]

    def refunded(self, payment: Payment) -> int:
        """What was given back of a payment."""
        return sum(refund.minor for refund in self.refunds_of(payment.uid))

    def paid(self, invoice: Invoice) -> int:
        """What was paid on an invoice and not given back."""
        return sum(payment.minor - self.refunded(payment) for payment in self.payments_of(invoice.uid))

    def credited(self, invoice: Invoice) -> int:
        """What the notes of an invoice come to, with taxes."""
        return sum(note.gross for note in self.notes_of(invoice.uid))

    def creditable(self, invoice: Invoice) -> int:
        """What notes may still come to: the invoice's total less its notes; nothing unless it is issued."""
        return invoice.gross - self.credited(invoice) if invoice.status is InvoiceStatus.ISSUED else 0

    def balance(self, invoice: Invoice, *, notes_count: bool) -> int:
        """What is left to pay of an invoice, never below nothing."""
        if invoice.status is InvoiceStatus.CANCELLED:
            return 0
        credited = self.credited(invoice) if notes_count else 0
        return max(0, invoice.gross - credited - self.paid(invoice))

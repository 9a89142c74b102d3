"""Issuing credit notes: the rules between a wanted note and a booked one. Reading requests and showing notes are elsewhere.

Everything is checked before anything is changed, and nothing here awaits.
"""

from __future__ import annotations

from dataclasses import dataclass

from app.sandbox.kernel import Switches
from app.sandbox.vcita.answers import day
from app.sandbox.vcita.arithmetic import lines_of_amount, note_totals, per_rate
from app.sandbox.vcita.books import Books
from app.sandbox.vcita.events import EventLog
from app.sandbox.vcita.numbering import Numbering, new_uid
from app.sandbox.vcita.records import Invoice, InvoiceStatus, Note, NoteLine, NoteStatus, Payment, TaxMode
from app.sandbox.vcita.refunding import Refunding, RefundOrder
from app.sandbox.vcita.refusals import refusal

SETTLING_DELAY = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteOrder:
    """A note somebody wants."""

    invoice_uid: str
    lines: tuple[NoteLine, ...]
    notes: str | None = None
    number: str | None = None
    source_payment_uid: str | None = None
    uid: str | None = None


class Issuing:
    """Puts notes into the books."""

    def __init__(self, books: Books, switches: Switches, numbering: Numbering, events: EventLog) -> None:
        self._books = books
        self._switches = switches
        self._numbering = numbering
        self._events = events
        self._refunding = Refunding(books, switches, events)

    def mode(self, invoice: Invoice) -> TaxMode:
        """How totals of notes to this invoice are reckoned."""
        chosen = self._switches["tax_mode"]
        return invoice.tax_mode if chosen == "invoice" else TaxMode(chosen)

    def issue(self, order: NoteOrder, invoice: Invoice, now: float) -> Note:
        """Issue at once; raises Refused and leaves the books as they were."""
        shared = self._check(order, invoice)
        net, gross = note_totals(order.lines, self.mode(invoice))
        self._check_amounts(invoice, net, gross)
        payment = self._source(order, invoice, gross)
        issue_date = day(now, self._switches["business_zone"])
        note = Note(
            uid=order.uid or new_uid(),
            invoice_uid=invoice.uid,
            number=order.number or self._numbering.note(issue_date, self._books.note_numbers),
            currency=invoice.currency,
            tax_mode=self.mode(invoice),
            status=NoteStatus.ISSUED,
            issue_date=issue_date,
            notes=order.notes,
            lines=order.lines,
            net=net,
            gross=gross,
            taxes=per_rate(tax for line in order.lines for tax in line.taxes),
            created_at=now,
            updated_at=now,
            source_payment_uid=order.source_payment_uid,
            settles_at=self._settles_at(payment, now),
            number_shared=shared,
        )
        self._books.put_note(note)
        self._events.note_created(note)
        return self._settled(note, payment, now)

    def issue_amount(self, invoice: Invoice, gross: int, now: float, notes: str | None = None) -> Note:
        """Issue a note of this gross amount, spread over the invoice's taxes."""
        if not 0 < gross <= self._books.creditable(invoice):
            raise refusal(422, "line_items", "The credited amount exceeds the invoice's remaining creditable balance")
        lines = lines_of_amount(invoice, gross, self.mode(invoice))
        return self.issue(NoteOrder(invoice_uid=invoice.uid, lines=lines, notes=notes), invoice, now)

    def refund(self, order: RefundOrder, payment: Payment, now: float) -> str:
        """Refund a payment and do what follows for notes; the refund's uid. In Strict Mode it is credited as well."""
        refund = self._refunding.refund(order, payment, now)
        invoice = self._books.invoices[payment.invoice_uid]
        if self._switches["source_payment"] == "settles_on_refund":
            for note in self._books.notes_of(invoice.uid):
                if note.source_payment_uid == payment.uid and note.status is NoteStatus.ISSUED:
                    self._books.settle(note, now)
        part = min(refund.minor, self._books.creditable(invoice))
        if self._switches["strict_mode"] == "on" and part > 0:  # support: E-invoicing and Strict Mode
            self._books.settle(self.issue_amount(invoice, part, now, "Refund"), now)
        return refund.uid

    def _check(self, order: NoteOrder, invoice: Invoice) -> bool:
        """Whether the order shares its number with another note; refuses what an invoice or a number forbids."""
        if invoice.status is not InvoiceStatus.ISSUED:
            raise refusal(422, "invoice_uid", f"An invoice in status {invoice.status} cannot be credited")
        if order.number is None or order.number not in self._books.note_numbers:
            return False
        if self._switches["duplicate_number"] == "refused":
            raise refusal(422, "unique_number", "unique_number has already been taken", code="taken")
        return True

    def _check_amounts(self, invoice: Invoice, net: int, gross: int) -> None:
        if gross <= 0 or net < 0:
            raise refusal(422, "line_items", "The credited amount must be positive and its taxes must lie within it")
        if gross > self._books.creditable(invoice):
            status = int(self._switches["over_creditable"])
            message = "The credited amount exceeds the invoice's remaining creditable balance"
            raise refusal(status, "line_items", message)

    def _source(self, order: NoteOrder, invoice: Invoice, gross: int) -> Payment | None:
        if order.source_payment_uid is None:
            return None
        payment = self._books.payments.get(order.source_payment_uid)
        if payment is None:
            raise refusal(404, "source_payment_uid", "Payment not found", code="not_found")
        if payment.invoice_uid != invoice.uid:
            raise refusal(422, "source_payment_uid", "The payment does not belong to the invoice")
        if self._switches["source_payment"] == "refunds" and gross > payment.minor - self._books.refunded(payment):
            raise refusal(422, "source_payment_uid", "The credited amount exceeds what is left of the payment")
        return payment

    def _settles_at(self, payment: Payment | None, now: float) -> float | None:
        later = payment is not None and self._switches["source_payment"] == "settles_after_60_s"
        return now + SETTLING_DELAY if later else None

    def _settled(self, note: Note, payment: Payment | None, now: float) -> Note:
        choice = self._switches["source_payment"]
        if payment is None or choice not in {"settles", "refunds"}:
            return note
        if choice == "refunds":
            self._refunding.refund(RefundOrder(amount=note.gross), payment, now)
        return self._books.settle(note, now)

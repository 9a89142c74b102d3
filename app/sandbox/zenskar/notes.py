"""Credit notes: issued against an invoice, recorded directly, changed. Each call checks everything, then changes.

How an amount divides over what is due, wallet credits and payments is decided in `allocation`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from app.sandbox.zenskar.allocation import Allocation, Order, allocate
from app.sandbox.zenskar.books import Books
from app.sandbox.zenskar.kinds import Value
from app.sandbox.zenskar.payments import resettled
from app.sandbox.zenskar.records import Invoice, Note, Refund, Share, Stamp
from app.sandbox.zenskar.refunds import Refunds
from app.sandbox.zenskar.refusals import Code, Refused
from app.sandbox.zenskar.words import Destination, InvoiceStatus, NoteStatus, Repayment

_REPAYMENTS = {Destination.ORIGINAL: Repayment.ORIGINAL_PAYMENT_METHOD, Destination.EXTERNAL: Repayment.EXTERNAL_PAYMENT}


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A note as POST /credit_notes writes it down."""

    id: str | None
    number: str | None
    amount: int
    currency: str
    customer_id: str
    invoice_id: str | None
    status: NoteStatus
    repayment: Repayment
    credits_returned: int | None
    custom_data: dict[str, Value] | None
    line_items: dict[str, Value]
    request: dict[str, Value]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What PATCH asks for; None leaves a member as it is."""

    amount: int | None
    currency: str | None
    status: NoteStatus | None
    repayment: Repayment | None
    custom_data: dict[str, Value] | None
    line_items: dict[str, Value] | None


class Notes:
    """The rules of credit notes."""

    def __init__(self, books: Books, refunds: Refunds) -> None:
        self._books = books
        self._refunds = refunds

    def issue(self, order: Order, stamp: Stamp) -> Note:
        """Issue a note against an invoice; the same order twice makes two notes, as long as the invoice bears them."""
        allocation = allocate(self._books, order)
        invoice = self._books.invoices[order.invoice_id]
        note = Note(
            id=next(stamp.ids),
            number=stamp.number,
            amount=order.amount,
            currency=invoice.currency,
            customer=invoice.customer,
            invoice_id=invoice.id,
            status=NoteStatus.ISSUED,
            repayment=self._repayment(allocation, order.destination),
            created_at=stamp.at,
            reason=order.reason,
            adjusted=allocation.adjusted,
            returned=allocation.returned,
            credits_returned=self._credits_returned(allocation, order.destination),
        )
        if order.destination is not None:
            note.refunds = tuple(
                self._refunds.open(
                    payment, [Share(invoice_id=invoice.id, amount=amount)], order.destination, stamp, note_id=note.id
                )
                for payment, amount in allocation.refunds
            )
        note.status = self._issued_status(note.refunds)
        self._books.add_note(note)
        self._take_off(invoice, note)
        return note

    def record(self, entry: Record, stamp: Stamp) -> Note:
        """Write a note down; no invoice, payment or wallet takes notice."""
        if entry.id is not None and entry.id in self._books.notes:
            return self._again(entry)
        customer = self._books.customers.get(entry.customer_id)
        if customer is None:
            raise Refused(Code.INVALID_CUSTOMER, f"no customer {entry.customer_id}")
        invoice = None if entry.invoice_id is None else self._books.invoices.get(entry.invoice_id)
        if entry.invoice_id is not None and (invoice is None or invoice.customer != customer):
            raise Refused(Code.INVALID_INVOICE, f"no invoice {entry.invoice_id} of this customer")
        if entry.number in self._books.note_numbers:
            raise Refused(Code.DUPLICATE_CREDIT_NOTE_NUMBER, f"{entry.number} is taken")
        note = Note(
            id=entry.id or next(stamp.ids),
            number=entry.number or stamp.number,
            amount=entry.amount,
            currency=entry.currency,
            customer=customer,
            invoice_id=entry.invoice_id,
            status=entry.status,
            repayment=entry.repayment,
            created_at=stamp.at,
            credits_returned=entry.credits_returned,
            record_only=True,
            request=entry.request,
            custom_data=entry.custom_data,
            line_items=entry.line_items,
        )
        self._books.add_note(note)
        return note

    def change(self, note_id: str, change: Change, at: float) -> Note:
        """Change a note: its free members always, its state where it is not over, its money only on a mere record."""
        note = self._books.note(note_id)
        if not note.record_only:
            _keep_money(note, change)
        if change.status not in {None, note.status}:
            self._move(note, change.status, at)
        note.custom_data = note.custom_data if change.custom_data is None else change.custom_data
        note.line_items = note.line_items if change.line_items is None else change.line_items
        note.amount = note.amount if change.amount is None else change.amount
        note.currency = note.currency if change.currency is None else change.currency
        note.repayment = note.repayment if change.repayment is None else change.repayment
        return note

    def _move(self, note: Note, status: NoteStatus | None, at: float) -> None:
        if note.status is NoteStatus.VOID:
            raise Refused(Code.CREDIT_NOTE_CANNOT_BE_CHANGED, "a void credit note stays void")
        if status is NoteStatus.VOID:
            if self._books.switches["patch_void"] == "refused":
                raise Refused(Code.CREDIT_NOTE_CANNOT_BE_VOIDED, "credit notes cannot be voided")
            if not note.record_only:
                self._give_back(note, at)
            note.status = NoteStatus.VOID
        elif note.record_only and status is not None:
            note.status = status
        elif note.status is NoteStatus.IN_PROGRESS and status is NoteStatus.PAID:
            for refund in note.refunds:
                self._refunds.complete(refund)
        else:
            raise Refused(Code.CREDIT_NOTE_CANNOT_BE_CHANGED, f"a credit note does not go from {note.status} to {status}")

    def _give_back(self, note: Note, at: float) -> None:
        """Undo what the note did to its invoice, its payments and the wallet, unless something was paid out."""
        invoice = self._books.invoices[str(note.invoice_id)]
        if any(refund.is_paid_out for refund in note.refunds):
            raise Refused(Code.CREDIT_NOTE_CANNOT_BE_VOIDED, "its refund has been paid out")
        if invoice.voided_by_hand:
            raise Refused(Code.CREDIT_NOTE_CANNOT_BE_VOIDED, "its invoice is void")
        credits = sum(refund.amount for refund in note.refunds if refund.destination is Destination.CREDITS)
        customer = invoice.customer.id
        self._books.check_wallet(customer, note.currency, credits + note.returned, why=Code.CREDIT_NOTE_CANNOT_BE_VOIDED)
        for refund in note.refunds:
            self._refunds.cancel(refund)
        self._books.wallets[customer, note.currency] -= note.returned
        invoice.remaining += note.amount
        invoice.due += note.adjusted
        invoice.applied += note.returned
        if invoice.status is InvoiceStatus.VOID and invoice.status_before_void is not None:
            invoice.status, invoice.status_before_void = invoice.status_before_void, None
        if invoice.due:
            invoice.status = resettled(invoice)
        invoice.updated_at = at

    def _take_off(self, invoice: Invoice, note: Note) -> None:
        invoice.remaining -= note.amount
        invoice.due -= note.adjusted
        invoice.applied -= note.returned
        invoice.updated_at = note.created_at
        self._books.wallets[invoice.customer.id, invoice.currency] += note.returned
        # docs: Life cycle of an invoice: partial notes leave the state as it is, the full amount makes it void.
        if invoice.remaining == 0 and self._books.switches["full_credit"] == "voids":
            invoice.status_before_void, invoice.status = invoice.status, InvoiceStatus.VOID

    def _repayment(self, allocation: Allocation, destination: Destination | None) -> Repayment:
        if allocation.refunds and destination is not None:
            credited = Repayment(self._books.switches["credits_method"])
            return _REPAYMENTS.get(destination, credited)
        return Repayment.CREDITS if allocation.returned else Repayment.INVOICE_ADJUSTED

    def _credits_returned(self, allocation: Allocation, destination: Destination | None) -> int | None:
        credits = allocation.returned
        if destination is Destination.CREDITS and self._books.switches["credits_returned"] == "all":
            credits += allocation.refunded
        return credits or None

    def _issued_status(self, refunds: tuple[Refund, ...]) -> NoteStatus:
        if not refunds:
            return NoteStatus.ISSUED
        if refunds[0].destination is Destination.CREDITS:
            return NoteStatus(self._books.switches["credits_status"])
        return NoteStatus.PAID if all(refund.is_paid_out for refund in refunds) else NoteStatus.IN_PROGRESS

    def _again(self, entry: Record) -> Note:
        """docs: Create credit note: the preset id is there for idempotent retries."""
        note = self._books.notes[str(entry.id)]
        if self._books.switches["preset_id"] == "replayed" and note.request == entry.request:
            return note
        raise Refused(Code.CREDIT_NOTE_ALREADY_EXISTS, f"{note.id} is taken", 409)


def _keep_money(note: Note, change: Change) -> None:
    wanted: Mapping[str, tuple[object, object]] = {
        "amount": (change.amount, note.amount),
        "currency": (change.currency, note.currency),
        "repayment_method": (change.repayment, note.repayment),
    }
    for name, (asked, held) in wanted.items():
        if asked not in {None, held}:
            raise Refused(Code.CREDIT_NOTE_CANNOT_BE_CHANGED, f"{name} of an issued credit note is fixed")

"""The rows of the payment lists: originals and refunds in one form, with the figures the switches make visible."""

from __future__ import annotations

from dataclasses import dataclass

from app.sandbox.kernel import Switches
from app.sandbox.zenskar.books import Books
from app.sandbox.zenskar.records import EFFECTIVE, Customer, Payment, Refund
from app.sandbox.zenskar.words import Destination, PaymentMethod, PaymentStatus, PaymentType


@dataclass(frozen=True, slots=True, kw_only=True)
class RowPart:
    """What of a row belongs to one invoice."""

    invoice_id: str
    amount: int
    refunded: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One payment or refund as a client sees it."""

    id: str
    type: PaymentType
    status: PaymentStatus
    customer: Customer | None
    currency: str
    amount: int
    refunded: int
    method: PaymentMethod
    created_at: float
    parts: tuple[RowPart, ...]
    parent_id: str | None = None
    external_id: str | None = None

    @property
    def succeeded(self) -> bool:
        """Whether it is among an invoice's successful payments, whatever was refunded since."""
        return self.status in {PaymentStatus.SUCCESS, PaymentStatus.PARTIALLY_REFUNDED, PaymentStatus.REFUNDED}


class Ledger:
    """Payment rows made from the books."""

    def __init__(self, books: Books) -> None:
        self._books = books

    def all(self) -> list[Row]:
        """Every payment and every refund."""
        refunds = [self._refund(refund) for refund in self._books.refunds.values() if self._is_shown(refund)]
        return [*map(self.payment, self._books.payments.values()), *refunds]

    def row(self, id: str) -> Row:
        """One payment or refund; refuses an id that is not in the books."""
        refund = self._books.refunds.get(id)
        if refund is not None and self._is_shown(refund):
            return self._refund(refund)
        return self.payment(self._books.payment(id))

    def of_invoice(self, invoice_id: str) -> list[Row]:
        """Its successful payments and, unless they are missing, the refunds of them that have completed."""
        originals = self._originals(invoice_id)
        if self._switches["refund_rows"] == "missing":
            return originals
        refunds = [refund for original in originals for refund in self._books.refunds_of(original.id) if self._is_shown(refund)]
        rows = [self._refund(refund) for refund in refunds if invoice_id in {share.invoice_id for share in refund.shares}]
        return sorted([*originals, *(row for row in rows if row.succeeded)], key=lambda row: row.created_at)

    def without_refunds(self, invoice_id: str) -> list[Row]:
        """Its original payments, partly refunded ones included."""
        originals = self._originals(invoice_id)
        if self._switches["refunded_originals"] == "left_out":
            return [row for row in originals if row.status is not PaymentStatus.REFUNDED]
        return originals

    def payment(self, payment: Payment) -> Row:
        """An original with what counts as refunded."""
        refunds = [refund for refund in self._books.refunds_of(payment.id) if self._counts(refund)]
        back = {part.invoice_id: 0 for part in payment.parts}
        for share in (share for refund in refunds for share in refund.shares):
            back[share.invoice_id] += share.amount
        status = payment.status
        if status is EFFECTIVE and refunds:
            whole = sum(back.values()) == payment.amount
            status = PaymentStatus.REFUNDED if whole else PaymentStatus.PARTIALLY_REFUNDED
        return Row(
            id=payment.id,
            type=PaymentType.PAYMENT,
            status=status,
            customer=payment.customer,
            currency=payment.currency,
            amount=payment.amount,
            refunded=sum(back.values()),
            method=payment.method,
            created_at=payment.created_at,
            parts=tuple(
                RowPart(invoice_id=part.invoice_id, amount=part.amount, refunded=back[part.invoice_id])
                for part in payment.parts
                if part.invoice_id is not None
            ),
            external_id=payment.external_id,
        )

    @property
    def _switches(self) -> Switches:
        return self._books.switches

    def _originals(self, invoice_id: str) -> list[Row]:
        rows = [self.payment(payment) for payment in self._books.payments_of(self._books.invoice(invoice_id).id)]
        return [row for row in rows if row.succeeded]

    def _refund(self, refund: Refund) -> Row:
        methods = {Destination.CREDITS: PaymentMethod.CREDITS, Destination.EXTERNAL: PaymentMethod.OTHER}
        return Row(
            id=refund.id,
            type=PaymentType.REFUND,
            status=refund.status,
            customer=refund.payment.customer,
            currency=refund.payment.currency,
            amount=refund.amount,
            refunded=0,
            method=methods.get(refund.destination, refund.payment.method),
            created_at=refund.created_at,
            parts=tuple(
                RowPart(invoice_id=share.invoice_id, amount=share.amount, refunded=0)
                for share in refund.shares
                if share.invoice_id is not None
            ),
            parent_id=refund.payment.id,
        )

    def _is_shown(self, refund: Refund) -> bool:
        return refund.destination is not Destination.CREDITS or self._switches["credits_refund"] == "refund_row"

    def _counts(self, refund: Refund) -> bool:
        completed = refund.status is PaymentStatus.SUCCESS
        return refund.stands and self._is_shown(refund) and (completed or self._switches["refund_counted"] == "at_once")

"""How the amount of a note divides over what is due, applied wallet credits and payments. Decides and refuses; changes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.sandbox.zenskar.books import Books
from app.sandbox.zenskar.records import EFFECTIVE, Invoice, Payment
from app.sandbox.zenskar.refusals import Code, Refused
from app.sandbox.zenskar.words import CREDITABLE, Destination


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A note asked for; `split` pairs payment ids with minor units."""

    invoice_id: str
    amount: int
    reason: str
    destination: Destination | None = None
    split: tuple[tuple[str, int], ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Allocation:
    """The parts of a note; they add up to its amount."""

    adjusted: int
    returned: int
    refunds: tuple[tuple[Payment, int], ...]

    @property
    def refunded(self) -> int:
        """What comes out of payments."""
        return sum(amount for _, amount in self.refunds)


def allocate(books: Books, order: Order) -> Allocation:
    """Divide the amount; raises Refused where the invoice, its remainder, the destination or the split forbid it."""
    invoice = books.invoice(order.invoice_id)
    if invoice.status not in CREDITABLE:
        raise Refused(Code.INVOICE_CANNOT_BE_CREDITED, f"the invoice is {invoice.status}")
    if order.amount > invoice.remaining:
        left = f"only {invoice.remaining} {invoice.currency} minor units of the invoice can be credited"
        raise Refused(Code.CREDIT_NOTE_AMOUNT_TOO_HIGH, left)
    payments = [payment for payment in books.payments_of(invoice.id) if payment.status is EFFECTIVE]
    adjusted = min(order.amount, invoice.due)
    rest = order.amount - adjusted
    refunded = _refund_part(invoice, payments, rest, wallet_first=books.switches["wallet_credits"] == "returned_first")
    if refunded and order.destination is None:
        raise Refused(Code.REFUND_DESTINATION_REQUIRED, f"{refunded} minor units of payments have to be refunded")
    refunds = (
        _oldest_first(invoice, payments, refunded) if order.split is None else _as_told(invoice, payments, order.split, refunded)
    )
    return Allocation(adjusted=adjusted, returned=rest - refunded, refunds=tuple(refunds))


def _refund_part(invoice: Invoice, payments: Sequence[Payment], rest: int, *, wallet_first: bool) -> int:
    """What payments have to give; the remaining total is what is due, applied and refundable together."""
    if wallet_first:
        return rest - min(rest, invoice.applied)
    return min(rest, sum(payment.refundable(invoice.id) for payment in payments))


def _oldest_first(invoice: Invoice, payments: Sequence[Payment], amount: int) -> list[tuple[Payment, int]]:
    """docs: Create a credit note against an invoice: without a split the oldest payments are used first."""
    refunds: list[tuple[Payment, int]] = []
    for payment in payments:
        taken = min(amount, payment.refundable(invoice.id))
        amount -= taken
        if taken:
            refunds.append((payment, taken))
    return refunds


def _as_told(
    invoice: Invoice, payments: Sequence[Payment], split: Sequence[tuple[str, int]], amount: int
) -> list[tuple[Payment, int]]:
    known = {payment.id: payment for payment in payments}
    asked: dict[str, int] = {}
    for payment_id, part in split:
        if payment_id not in known:
            raise Refused(Code.INVALID_REFUND_SPLIT, f"{payment_id} is not a payment of this invoice")
        asked[payment_id] = asked.get(payment_id, 0) + part
    if sum(asked.values()) != amount:
        raise Refused(Code.INVALID_REFUND_SPLIT, f"the split must add up to the refund of {amount} minor units")
    for payment_id, part in asked.items():
        left = known[payment_id].refundable(invoice.id)
        if part > left:
            raise Refused(Code.INVALID_REFUND_SPLIT, f"only {left} minor units of {payment_id} can be refunded")
    return [(known[payment_id], part) for payment_id, part in asked.items()]

"""Payments, wallet credits put on invoices, and refunds without a note. Each call checks everything, then changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.sandbox.zenskar.books import Books
from app.sandbox.zenskar.records import EFFECTIVE, Application, Customer, Invoice, Part, Payment, Share, Stamp, TopUp
from app.sandbox.zenskar.refunds import Refunds
from app.sandbox.zenskar.refusals import Code, Refused
from app.sandbox.zenskar.words import OPEN, Destination, InvoiceStatus, PaymentMethod, PaymentStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """A payment as it is handed in."""

    customer_id: str | None
    amount: int
    currency: str
    shares: tuple[Share, ...]
    method: PaymentMethod = PaymentMethod.OTHER
    status: PaymentStatus = EFFECTIVE
    external_id: str | None = None
    at: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Return:
    """A refund asked for without a note; no amount means all that is left, no shares means part after part."""

    payment_id: str
    destination: Destination
    writes_off: bool
    amount: int | None = None
    shares: tuple[Share, ...] | None = None


class Payments:
    """The rules of payments and wallets."""

    def __init__(self, books: Books, refunds: Refunds) -> None:
        self._books = books
        self._refunds = refunds

    def record(self, receipt: Receipt, stamp: Stamp) -> Payment:
        """Book a payment; only a successful one lowers what its invoices have due."""
        invoices = self._paid_invoices(receipt)
        rest = receipt.amount - sum(share.amount for share in receipt.shares)
        if rest < 0:
            raise Refused(Code.INVALID_PAYMENT_PARTS, "the payment parts add up to more than the payment")
        parts = [Part(invoice_id=share.invoice_id, amount=share.amount) for share in receipt.shares]
        payment = Payment(
            id=next(stamp.ids),
            customer=self._payer(receipt, invoices),
            currency=receipt.currency,
            amount=receipt.amount,
            status=receipt.status,
            method=receipt.method,
            created_at=stamp.at if receipt.at is None else receipt.at,
            parts=(*parts, Part(invoice_id=None, amount=rest)) if rest else tuple(parts),
            external_id=receipt.external_id,
        )
        self._books.add_payment(payment)
        if payment.status is EFFECTIVE:
            for invoice, share in zip(invoices, receipt.shares, strict=True):
                _lower_due(invoice, share.amount, stamp.at)
        return payment

    def refund(self, wanted: Return, stamp: Stamp) -> None:
        """Give a payment back without a note: its invoices are owed again, or written off."""
        payment = self._books.payment(wanted.payment_id)
        if payment.status is not EFFECTIVE:
            raise Refused(Code.PAYMENT_CANNOT_BE_REFUNDED, f"the payment is {payment.status}")
        if wanted.destination is Destination.CREDITS and payment.customer is None:
            raise Refused(Code.PAYMENT_CANNOT_BE_REFUNDED, "the payment has no customer whose wallet could take it")
        shares = _returned_shares(payment, wanted)
        refund = self._refunds.open(payment, shares, wanted.destination, stamp, note_id=None)
        refund.writes_off = wanted.writes_off
        for share in shares:
            if share.invoice_id is not None:
                invoice = self._books.invoices[share.invoice_id]
                _owe_again(invoice, share.amount, stamp.at, writes_off=wanted.writes_off)

    def top_up(self, customer_id: str, currency: str, amount: int) -> None:
        """Put credits into a wallet."""
        self._books.top_ups.append(TopUp(customer_id=customer_id, currency=currency, amount=amount))
        self._books.wallets[customer_id, currency] += amount

    def apply_credits(self, invoice_id: str, amount: int, at: float) -> None:
        """Put wallet credits on an invoice."""
        invoice = self._books.invoice(invoice_id)
        _check_due(invoice, amount)
        self._books.spend(invoice.customer.id, invoice.currency, amount, why=Code.NOT_ENOUGH_CREDITS)
        self._books.applications.append(Application(invoice_id=invoice_id, amount=amount))
        invoice.applied += amount
        _lower_due(invoice, amount, at)

    def _paid_invoices(self, receipt: Receipt) -> list[Invoice]:
        ids = [share.invoice_id for share in receipt.shares if share.invoice_id is not None]
        if len(set(ids)) != len(receipt.shares):
            raise Refused(Code.INVALID_PAYMENT_PARTS, "every payment part needs an invoice of its own")
        unknown = [id for id in ids if id not in self._books.invoices]
        if unknown:
            raise Refused(Code.INVALID_PAYMENT_PARTS, f"no invoice {unknown[0]}")
        invoices = [self._books.invoices[id] for id in ids]
        for invoice, share in zip(invoices, receipt.shares, strict=True):
            if invoice.currency != receipt.currency:
                raise Refused(Code.INVALID_PAYMENT_PARTS, f"invoice {invoice.id} is in {invoice.currency}")
            if receipt.status is EFFECTIVE:
                _check_due(invoice, share.amount)
        return invoices

    def _payer(self, receipt: Receipt, invoices: Sequence[Invoice]) -> Customer | None:
        owners = {invoice.customer.id for invoice in invoices}
        if receipt.customer_id is not None:
            owners.add(receipt.customer_id)
        if len(owners) > 1 or owners - self._books.customers.keys():
            raise Refused(Code.INVALID_CUSTOMER, "unknown, or not the customer of every invoice paid")
        return self._books.customers[owners.pop()] if owners else None


def resettled(invoice: Invoice) -> InvoiceStatus:
    """The state that payments and applied credits give an approved invoice."""
    if invoice.due == 0:
        return InvoiceStatus.PAID
    return InvoiceStatus.PARTIALLY_PAID if invoice.held else InvoiceStatus.APPROVED


def _check_due(invoice: Invoice, amount: int) -> None:
    if invoice.status not in OPEN:
        raise Refused(Code.INVOICE_CANNOT_BE_PAID, f"the invoice is {invoice.status}")
    if amount > invoice.due:
        raise Refused(Code.INVOICE_CANNOT_BE_PAID, f"only {invoice.due} minor units are due")


def _lower_due(invoice: Invoice, amount: int, at: float) -> None:
    invoice.due -= amount
    invoice.status = resettled(invoice)
    invoice.updated_at = at


def _owe_again(invoice: Invoice, amount: int, at: float, *, writes_off: bool) -> None:
    if writes_off:
        invoice.remaining -= amount
        invoice.written_off += amount
    else:
        invoice.due += amount
    invoice.status = resettled(invoice)
    invoice.updated_at = at


def _returned_shares(payment: Payment, wanted: Return) -> list[Share]:
    left = {part.invoice_id: part.refundable for part in payment.parts}
    amount = wanted.amount
    if wanted.shares is not None:
        asked = sum(share.amount for share in wanted.shares)
        if amount not in {None, asked}:
            raise Refused(Code.INVALID_REFUND_PARTS, "the parts do not add up to refund_amount")
        if len({share.invoice_id for share in wanted.shares}) != len(wanted.shares):
            raise Refused(Code.INVALID_REFUND_PARTS, "an invoice is named twice")
        shares = list(wanted.shares)
    else:
        shares = _spread(left, sum(left.values()) if amount is None else amount)
    if not shares or any(share.amount > left.get(share.invoice_id, 0) for share in shares):
        raise Refused(Code.REFUND_AMOUNT_TOO_HIGH, f"only {sum(left.values())} minor units of the payment can be refunded")
    return shares


def _spread(left: dict[str | None, int], amount: int) -> list[Share]:
    """Part after part; what no part can bear stays on the last, where the caller finds it."""
    shares: list[Share] = []
    for index, (invoice_id, most) in enumerate(left.items(), start=1):
        taken = amount if index == len(left) else min(most, amount)
        amount -= taken
        if taken:
            shares.append(Share(invoice_id=invoice_id, amount=taken))
    return shares

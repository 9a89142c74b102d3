"""Zenskar's invoices as domain values, from the three reads one invoice takes; pure. What can be credited is in `balance`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC
from decimal import Decimal

from app.domain.credit_note import CreditNote, Party, Ref
from app.domain.errors import BadPayload
from app.domain.invoice import CreditableBalance, Invoice, Payment
from app.domain.money import Money, MoneyError, to_units, total
from app.domain.vocabulary import InvoiceStatus, Status
from app.providers.contract import AccountSettings
from app.providers.zenskar import wire
from app.providers.zenskar.balance import Figures, creditable, falls_short
from app.providers.zenskar.switches import chosen

# Official MCP server, filter `status` of the invoice list. What `edited` means is published nowhere.
STATUS: Mapping[str, InvoiceStatus] = {
    "draft": InvoiceStatus.DRAFT,
    "upcoming": InvoiceStatus.DRAFT,
    "approved": InvoiceStatus.OPEN,
    "edited": InvoiceStatus.UNKNOWN,
    "partially_paid": InvoiceStatus.PARTIALLY_PAID,
    "paid": InvoiceStatus.PAID,
    "void": InvoiceStatus.VOIDED,
    "discarded": InvoiceStatus.VOIDED,
}

# docs: Life cycle of an invoice: notes are for approved, partially paid and paid invoices.
CREDITED_NEVER = frozenset({"draft", "upcoming", "edited", "discarded"})
CREDITED_NO_MORE = CREDITED_NEVER | {"void"}

# Official MCP server: a payment in any other state has moved nothing.
RECEIVED = frozenset({"success", "partially_refunded", "refunded"})

# The repayments that took from a payment for certain; `credits` may have given back wallet credits only.
OUT_OF_PAYMENTS = frozenset({"credits_against_payment", "external_payment", "original_payment_method"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """Everything read about one invoice; `notes` are all of them, newest first."""

    invoice: wire.Invoice
    payments: tuple[wire.Payment, ...]
    notes: tuple[CreditNote, ...]

    @property
    def standing(self) -> tuple[CreditNote, ...]:
        """The notes that count: all but the void ones."""
        return tuple(note for note in self.notes if note.status is not Status.VOIDED)

    @property
    def parts(self) -> tuple[tuple[wire.Payment, wire.PaymentPart], ...]:
        """What was received for this invoice; refund rows are no payments."""
        received = [
            each for each in self.payments if each.status in RECEIVED and each.type in {None, "payment"} and not each.parent_id
        ]
        own = self.invoice.id.lower()
        return tuple((payment, part) for payment in received for part in payment.invoices if part.invoice_id.lower() == own)


def invoice(settings: AccountSettings, bill: Bill) -> Invoice:
    """Read one invoice; raises BadPayload where its figures can't be read or no currency is told."""
    try:
        return _invoice(settings, bill)
    except (MoneyError, OverflowError) as unreadable:
        raise _unreadable(settings, unreadable) from unreadable


def united(some: Sequence[wire.Payment], every: Sequence[wire.Payment]) -> tuple[wire.Payment, ...]:
    """Each payment once, though it stand in both lists; as in the first where they differ."""
    return tuple({payment.id: payment for payment in (*every, *some)}.values())


def lacks_payments(settings: AccountSettings, bill: Bill) -> bool:
    """Whether it takes the list of all payments to tell: originals that were refunded to the last cent may be left out of the other.

    Raises BadPayload where the figures can't be read.
    """
    if bill.invoice.status in CREDITED_NO_MORE:
        return False
    try:
        counted = _figures(settings, bill)
    except MoneyError as unreadable:
        raise _unreadable(settings, unreadable) from unreadable
    return isinstance(counted, Figures) and falls_short(counted)


def _figures(settings: AccountSettings, bill: Bill) -> Figures | str:
    """The invoice in minor units, or why it can't be counted."""
    currency = _currency(settings, bill)
    others = {_currency_of(*part, currency) for part in bill.parts} | {note.currency for note in bill.notes}
    if others - {currency}:
        return f"the invoice is in {currency}, but its payments or notes are in {', '.join(sorted(others - {currency}))}"
    if bill.invoice.amount_due is None:
        return "the provider does not tell what is due"
    notes = bill.standing
    payments = [_payment(settings, *part, currency) for part in bill.parts]
    paid = sum(payment.amount.minor for payment in payments)
    return Figures(
        currency=currency,
        left=_left(settings, bill),
        due=bill.invoice.amount_due,
        applied=bill.invoice.applied_balance or 0,
        paid=paid,
        refunded=paid - sum(payment.refundable.minor for payment in payments if payment.refundable is not None),
        taken_most=sum(note.total.minor for note in notes if note.provider_values.disposition != "invoice_adjusted"),
        taken_least=sum(note.provider_values.disposition in OUT_OF_PAYMENTS for note in notes),
    )


def _unreadable(settings: AccountSettings, error: Exception) -> BadPayload:
    return BadPayload(f"the provider sent an invoice that can't be read: {error}", account=settings.name)


def _invoice(settings: AccountSettings, bill: Bill) -> Invoice:
    told = bill.invoice
    currency = _currency(settings, bill)
    balance = _balance(settings, bill, currency)
    payments = tuple(_payment(settings, *part, currency) for part in bill.parts)
    received = [payment.amount for payment in payments]
    return Invoice(
        ref=Ref(settings.name, told.id),
        status=STATUS.get(told.status, InvoiceStatus.UNKNOWN),
        provider_status=told.status,
        total=_as_billed(settings, bill, currency),
        number=told.invoice_number,
        external_id=told.external_id,
        amount_due=None if told.amount_due is None else Money(told.amount_due, currency),
        amount_paid=total(received, currency) if all(amount.currency == currency for amount in received) else None,
        creditable=balance if isinstance(balance, CreditableBalance) else None,
        conflict=balance if isinstance(balance, str) else None,
        payments=payments,
        note_ids=tuple(note.ref.external_id for note in bill.notes),
        customer=Party(provider_id=told.customer_id) if told.customer_id else None,
        issued_at=told.created_at.astimezone(UTC) if told.created_at else None,
    )


def _balance(settings: AccountSettings, bill: Bill, currency: str) -> CreditableBalance | str:
    if bill.invoice.status in CREDITED_NO_MORE:
        nothing = Money.zero(currency)
        return CreditableBalance(total=nothing, adjustable=nothing, refundable=nothing, exact=False)
    counted = _figures(settings, bill)
    return counted if isinstance(counted, str) else creditable(counted)


def _currency(settings: AccountSettings, bill: Bill) -> str:
    """The invoice's, else its payments', else its notes', else the account's."""
    told = [bill.invoice.currency, *(part.currency_code or payment.currency_code for payment, part in bill.parts)]
    told += [*(note.currency for note in bill.notes), settings.currency]
    for currency in told:
        if currency:
            return currency.upper()
    message = "the provider does not tell the invoice's currency; the account's setting `currency` can"
    raise BadPayload(message, account=settings.name)


def _currency_of(payment: wire.Payment, part: wire.PaymentPart, invoiced: str) -> str:
    return (part.currency_code or payment.currency_code or invoiced).upper()


def _payment(settings: AccountSettings, payment: wire.Payment, part: wire.PaymentPart, invoiced: str) -> Payment:
    """docs: Get payments: a payment may cover several invoices, so its own figures say nothing about this one."""
    currency = _currency_of(payment, part, invoiced)
    read = Money.from_major if chosen(settings, "payment_unit") == "major" else _from_minor
    amount = read(part.amount, currency)
    refunded = Money.zero(currency) if part.amount_refunded is None else read(part.amount_refunded, currency)
    return Payment(
        provider_id=payment.id,
        amount=amount,
        refundable=amount - refunded,
        paid_at=payment.timestamp.astimezone(UTC) if payment.timestamp else None,
        method=payment.payment_method,
    )


def _from_minor(units: Decimal, currency: str) -> Money:
    return Money(to_units(units, 0), currency)


def _left(settings: AccountSettings, bill: Bill) -> int:
    if chosen(settings, "invoice_total") == "remaining":
        return bill.invoice.invoice_total
    return bill.invoice.invoice_total - sum(note.total.minor for note in bill.standing)


def _as_billed(settings: AccountSettings, bill: Bill, currency: str) -> Money:
    said = Money(bill.invoice.invoice_total, currency)
    if chosen(settings, "invoice_total") == "original":
        return said
    return said + total([note.total for note in bill.standing if note.currency == currency], currency)

"""What a credit note is, whoever issued it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from app.domain.money import Money
from app.domain.vocabulary import Disposition, Reason, RefundStatus, Settlement, Status


@dataclass(frozen=True, slots=True, order=True)
class Ref:
    """Where a thing lives: the account's name and the provider's id of it."""

    account: str
    external_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """The customer, as far as the provider tells."""

    provider_id: str
    external_id: str | None = None
    name: str | None = None
    email: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxLine:
    """One tax; `rate` in percent."""

    amount: Money
    name: str | None = None
    rate: Decimal | None = None
    taxable: Money | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LineItem:
    """One line; `amount` is what the provider calls the line's amount."""

    amount: Money
    provider_id: str | None = None
    description: str | None = None
    quantity: Decimal | None = None
    unit_amount: Decimal | None = None
    tax: Money | None = None
    taxes: tuple[TaxLine, ...] | None = None
    discount: Money | None = None
    period_start: date | None = None
    period_end: date | None = None
    invoice_line_item_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Allocation:
    """One part of a note's value and where it went."""

    disposition: Disposition
    amount: Money
    invoice_id: str | None = None
    refund_id: str | None = None
    payment_id: str | None = None
    at: datetime | None = None
    status: RefundStatus | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderValues:
    """The values the gateway translated, as the provider spells them."""

    status: str | None = None
    type: str | None = None
    reason: str | None = None
    refund_status: str | None = None
    disposition: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditNote:
    """One credit note. None says that the provider does not tell; times are aware and in UTC."""

    ref: Ref
    status: Status
    settlement: Settlement
    refund_status: RefundStatus
    total: Money
    issued_at: datetime
    """The instant of issue, by which lists are ordered."""
    number: str | None = None
    reason: Reason = Reason.UNSPECIFIED
    reason_text: str | None = None
    dispositions: tuple[Disposition, ...] = ()
    subtotal: Money | None = None
    tax: Money | None = None
    discount: Money | None = None
    remaining: Money | None = None
    refunded: Money | None = None
    line_items: tuple[LineItem, ...] | None = None
    """None where lines need a call of their own (`line_items_url`) or are not told at all."""
    line_items_url: str | None = None
    taxes: tuple[TaxLine, ...] | None = None
    allocations: tuple[Allocation, ...] = ()
    invoice_id: str | None = None
    invoice_external_id: str | None = None
    customer: Party | None = None
    issued_on: date | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    voided_at: datetime | None = None
    customer_note: str | None = None
    internal_note: str | None = None
    provider_values: ProviderValues = ProviderValues()
    custom_fields: bytes | None = None
    """A JSON object, undecoded."""
    raw: bytes = b"{}"
    """The provider's object as received, undecoded."""

    @property
    def currency(self) -> str:
        """ISO 4217, upper case."""
        return self.total.currency

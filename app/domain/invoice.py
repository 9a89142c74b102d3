"""What an invoice is to somebody who credits it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from app.domain.credit_note import Party, Ref, TaxLine
from app.domain.money import Money
from app.domain.vocabulary import InvoiceStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """Money received for an invoice; `amount` and `refundable` are this invoice's part of it."""

    provider_id: str
    amount: Money
    refundable: Money | None = None
    paid_at: datetime | None = None
    method: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditableBalance:
    """What may still be credited. `exact` where it follows from the provider's published rule."""

    total: Money
    adjustable: Money | None = None
    """The part that can be taken off what is still owed."""
    refundable: Money | None = None
    """The part that can be refunded or kept as credit."""
    exact: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceLine:
    """One line, with what is needed to credit it. `net` is after discount; on a tax-inclusive invoice it includes tax."""

    provider_id: str | None = None
    description: str | None = None
    quantity: Decimal
    net: Money
    taxes: tuple[TaxLine, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Invoice:
    """One invoice with its creditable balance. `note_ids` are the notes already issued against it, whatever their state."""

    ref: Ref
    status: InvoiceStatus
    provider_status: str
    total: Money
    """As first billed: notes do not lower it."""
    number: str | None = None
    external_id: str | None = None
    amount_due: Money | None = None
    amount_paid: Money | None = None
    creditable: CreditableBalance | None = None
    conflict: str | None = None
    """Why there is no creditable balance, where the provider's figures contradict each other."""
    payments: tuple[Payment, ...] | None = None
    lines: tuple[InvoiceLine, ...] = ()
    tax_inclusive: bool = False
    note_ids: tuple[str, ...] = ()
    customer: Party | None = None
    issued_at: datetime | None = None

    @property
    def currency(self) -> str:
        """ISO 4217, upper case."""
        return self.total.currency

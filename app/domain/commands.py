"""What is asked of an account: to issue, void or refund a note, or for a page of notes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Protocol

from app.domain.credit_note import CreditNote, Ref
from app.domain.money import Money
from app.domain.ranges import DayRange, InstantRange, MoneyRange
from app.domain.vocabulary import Disposition, Filter, Order, Reason, Settlement, Status


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceTarget:
    """Credit an invoice."""

    invoice: Ref


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerTarget:
    """Credit a customer without an invoice."""

    customer: Ref
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LineTax:
    """One tax of a line; `rate` in percent."""

    name: str
    rate: Decimal
    amount: Money | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditLine:
    """One line asked for: `amount` is the line's, `unit_amount` is per piece and may have more digits than the currency."""

    invoice_line_item_id: str | None = None
    description: str | None = None
    quantity: Decimal | None = None
    unit_amount: Decimal | None = None
    amount: Money | None = None
    taxes: tuple[LineTax, ...] | None = None
    period_start: date | None = None
    period_end: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditTotal:
    """So much, gross."""

    total: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditLines:
    """These lines."""

    lines: tuple[CreditLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditRemaining:
    """All that is left."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DispositionPart:
    """Where a part of the value goes; without `amount`, whatever is left for it."""

    disposition: Disposition
    amount: Money | None = None
    payment_id: str | None = None


class ProviderOptions(Protocol):
    """What only one provider has; its adapter knows the concrete type."""

    @property
    def provider(self) -> str:
        """The provider's name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueCreditNote:
    """Issue one credit note. No dispositions: off what is owed first, credit for the customer for the rest."""

    key: str
    target: InvoiceTarget | CustomerTarget
    credit: CreditTotal | CreditLines | CreditRemaining
    reason: Reason
    reason_text: str | None = None
    dispositions: tuple[DispositionPart, ...] = ()
    number: str | None = None
    issued_on: date | None = None
    customer_note: str | None = None
    internal_note: str | None = None
    notify_customer: bool | None = None
    options: ProviderOptions | None = None

    @property
    def account(self) -> str:
        """The account that issues."""
        match self.target:
            case InvoiceTarget(invoice=ref):
                return ref.account
            case CustomerTarget(customer=ref):
                return ref.account


@dataclass(frozen=True, slots=True, kw_only=True)
class VoidCreditNote:
    """Void one note; `text` says why, to colleagues."""

    key: str
    note: Ref
    text: str | None = None

    @property
    def account(self) -> str:
        """The note's account."""
        return self.note.account


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundCreditNote:
    """Pay out what is left of one note, or a part. `external`: it was paid outside, and is only recorded."""

    key: str
    note: Ref
    amount: Money | None = None
    external: bool = False
    payment_id: str | None = None
    method: str | None = None
    """Of an external refund: how it was paid, in the provider's word."""
    paid_on: date | None = None
    reference: str | None = None
    text: str | None = None

    @property
    def account(self) -> str:
        """The note's account."""
        return self.note.account


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditNoteFilter:
    """Which notes of one account; an empty set does not narrow."""

    invoice_ids: tuple[str, ...] = ()
    customer_ids: tuple[str, ...] = ()
    """The provider's own."""
    statuses: frozenset[Status] = frozenset()
    settlements: frozenset[Settlement] = frozenset()
    reasons: frozenset[Reason] = frozenset()
    currencies: frozenset[str] = frozenset()
    issued: DayRange | None = None
    updated: InstantRange | None = None
    total: MoneyRange | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a walk through an account's notes has come to: the instant of the last note shown, and the provider's page it stood on."""

    at: datetime
    token: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRequest:
    """One page of an account's notes: from the start, from a place (which may repeat notes), or by the token of the page before."""

    size: int
    order: Order = Order.ISSUED_DESC
    resume: Place | None = None
    token: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Notes in the order asked. `token` is of this page, `next` of the one after (None: this is the last)."""

    notes: tuple[CreditNote, ...]
    token: str | None = None
    next: str | None = None
    unapplied: frozenset[Filter] = frozenset()
    """Filters the provider could not apply: whoever asked must."""
    rough: frozenset[Filter] = frozenset()
    """Filters it applied a little too widely, because its bounds are not published: whoever asked cuts off the edges."""
    total_count: int | None = None

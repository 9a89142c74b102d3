"""The rows of the books. Amounts count ISO 4217 minor units of the row's currency, instants are seconds since the epoch.

Rules that change them live in `notes`, `payments`, `refunds` and `invoices`; how they look to a client in `wire`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from app.sandbox.zenskar.kinds import Value
from app.sandbox.zenskar.words import Destination, InvoiceStatus, NoteStatus, PaymentMethod, PaymentStatus, Repayment

# A payment recorded in any other state has moved nothing (official MCP server, `createPayment`).
EFFECTIVE = PaymentStatus.SUCCESS


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """Who is billed."""

    id: str
    external_id: str
    name: str
    email: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One invoice line; `net` is before tax."""

    name: str
    quantity: int
    net: int
    tax: int


@dataclass(slots=True, kw_only=True, eq=False)
class Invoice:
    """`remaining`, `due` and `applied` are kept by the rules and recomputed by the audit."""

    id: str
    number: int
    customer: Customer
    currency: str
    lines: tuple[Line, ...]
    status: InvoiceStatus
    created_at: float
    updated_at: float
    original: int
    remaining: int
    due: int
    applied: int = 0
    """Wallet credits of the customer that stand on this invoice."""
    written_off: int = 0
    status_before_void: InvoiceStatus | None = None
    voided_by_hand: bool = False

    @property
    def held(self) -> int:
        """What payments and wallet credits cover of the remaining total."""
        return self.remaining - self.due

    @property
    def external_id(self) -> str:
        """The merchant's own name for it."""
        return f"inv-{self.number}"


@dataclass(slots=True, kw_only=True, eq=False)
class Part:
    """What of a payment belongs to one invoice, or to none."""

    invoice_id: str | None
    amount: int
    refunded: int = 0

    @property
    def refundable(self) -> int:
        """What is left to give back."""
        return self.amount - self.refunded


@dataclass(slots=True, kw_only=True, eq=False)
class Payment:
    """One payment, for one invoice or several."""

    id: str
    customer: Customer | None
    currency: str
    amount: int
    status: PaymentStatus
    method: PaymentMethod
    created_at: float
    parts: tuple[Part, ...]
    external_id: str | None = None

    def refundable(self, invoice_id: str) -> int:
        """What of it can still go back for this invoice."""
        return sum(part.refundable for part in self.parts if part.invoice_id == invoice_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """What of a refund concerns one invoice, or none."""

    invoice_id: str | None
    amount: int


@dataclass(slots=True, kw_only=True, eq=False)
class Refund:
    """A payment given back, wholly or partly; `settles_at` is None where only `settle` completes it."""

    id: str
    payment: Payment
    note_id: str | None
    destination: Destination
    status: PaymentStatus
    created_at: float
    settles_at: float | None
    shares: tuple[Share, ...]
    writes_off: bool = False

    @property
    def amount(self) -> int:
        """Over all invoices."""
        return sum(share.amount for share in self.shares)

    @property
    def stands(self) -> bool:
        """Whether the money has gone or is going back."""
        return self.status is not PaymentStatus.CANCELED

    @property
    def is_paid_out(self) -> bool:
        """Whether money has left, which no void brings back."""
        return self.status is PaymentStatus.SUCCESS and self.destination is not Destination.CREDITS


@dataclass(slots=True, kw_only=True, eq=False)
class Note:
    """A credit note. `adjusted` + `returned` + its refunds = `amount`, unless it is a mere record."""

    id: str
    number: str
    amount: int
    currency: str
    customer: Customer
    invoice_id: str | None
    status: NoteStatus
    repayment: Repayment
    created_at: float
    reason: str = ""
    adjusted: int = 0
    """Taken off what was due."""
    returned: int = 0
    """Applied wallet credits given back."""
    refunds: tuple[Refund, ...] = ()
    credits_returned: int | None = None
    record_only: bool = False
    """Written by POST /credit_notes, which touches no invoice and moves nothing."""
    request: dict[str, Value] = field(default_factory=dict)
    """What that call said, to tell a retry from a second note under the same id."""
    custom_data: dict[str, Value] | None = None
    line_items: dict[str, Value] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TopUp:
    """Credits put into a customer's wallet."""

    customer_id: str
    currency: str
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """Wallet credits put on an invoice."""

    invoice_id: str
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """When, and under which names, a change is booked; `settle_after` is None where a refund waits for `settle`."""

    at: float
    ids: Iterator[str]
    number: str
    settle_after: float | None

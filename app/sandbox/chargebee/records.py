"""The rows of a site's books: invoices, credit notes, payments, refunds and allocations, with the figures kept on them.

Amounts are integers in Chargebee's unit of the currency, instants whole seconds. No rules here beyond sums.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum


class NoteType(StrEnum):
    """What a note is for; it never changes."""

    ADJUSTMENT = "adjustment"
    REFUNDABLE = "refundable"
    STORE = "store"


class NoteStatus(StrEnum):
    """The four there are: no draft, no partly used."""

    ADJUSTED = "adjusted"
    REFUND_DUE = "refund_due"
    REFUNDED = "refunded"
    VOIDED = "voided"


class InvoiceStatus(StrEnum):
    """The six there are: no partly paid."""

    PAID = "paid"
    POSTED = "posted"
    PAYMENT_DUE = "payment_due"
    NOT_PAID = "not_paid"
    VOIDED = "voided"
    PENDING = "pending"


OWING = frozenset({InvoiceStatus.PAYMENT_DUE, InvoiceStatus.POSTED, InvoiceStatus.NOT_PAID})


class TransactionStatus(StrEnum):
    """How far money has moved."""

    IN_PROGRESS = "in_progress"
    SUCCESS = "success"
    FAILURE = "failure"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of an invoice or a note; `net` is before tax."""

    id: str
    description: str
    quantity: int
    unit_amount: int
    net: int
    tax: int
    tax_rate: Decimal
    date_from: int
    date_to: int
    entity_type: str = "adhoc"
    entity_id: str | None = None
    reference_id: str | None = None


@dataclass(slots=True, kw_only=True, eq=False)
class Resource:
    """What every resource has: the order of its creation, and when it changed last."""

    id: str
    sequence: int
    updated_at: int = 0
    resource_version: int = 0


@dataclass(slots=True, kw_only=True, eq=False)
class Payment:
    """A payment of one invoice; `refunded` is what refunds have been booked against it."""

    id: str
    invoice: Invoice
    amount: int
    at: int
    method: str
    status: TransactionStatus
    refunded: int = 0

    @property
    def online(self) -> bool:
        """Whether a gateway can send it back."""
        return self.method == "card"


@dataclass(slots=True, kw_only=True, eq=False)
class Refund:
    """A refund transaction of one note, and the payments it was booked against."""

    id: str
    note: Note
    amount: int
    date: int
    at: int
    method: str
    online: bool
    status: TransactionStatus
    parts: tuple[tuple[Payment, int], ...]
    reference_number: str | None = None
    reason_code: str | None = None
    resource_version: int = 0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Allocation:
    """Part of a note used against an invoice."""

    note: Note
    invoice: Invoice
    amount: int
    at: int


@dataclass(slots=True, kw_only=True, eq=False)
class Invoice(Resource):
    """An invoice, its rows, and the running figures the rules keep."""

    customer_id: str
    currency: str
    date: int
    lines: tuple[Line, ...]
    status: InvoiceStatus
    amount_due: int
    amount_paid: int = 0
    amount_adjusted: int = 0
    credits_applied: int = 0
    write_off_amount: int = 0
    paid_at: int | None = None
    voided_at: int | None = None
    payments: list[Payment] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    allocations: list[Allocation] = field(default_factory=list)
    sub_total: int = field(init=False)
    tax: int = field(init=False)
    total: int = field(init=False)

    def __post_init__(self) -> None:
        self.sub_total = sum(line.net for line in self.lines)
        self.tax = sum(line.tax for line in self.lines)
        self.total = self.sub_total + self.tax

    @property
    def in_progress(self) -> int:
        """What payments under way will pay."""
        return sum(payment.amount for payment in self.payments if payment.status is TransactionStatus.IN_PROGRESS)

    @property
    def amount_to_collect(self) -> int:
        """What is owed and not on its way."""
        return self.amount_due - self.in_progress

    @property
    def adjustable(self) -> int:
        """What adjustment notes may still be issued for."""
        return self.amount_to_collect if self.status in OWING else 0

    @property
    def refundable(self) -> int:
        """What refundable and store notes may still be issued for (docs: Create a credit note, `total`)."""
        used = {NoteStatus.REFUNDED, NoteStatus.REFUND_DUE}
        issued = sum(note.total for note in self.notes if note.status in used and not note.deleted)
        return max(0, self.amount_paid + self.credits_applied - issued)


@dataclass(slots=True, kw_only=True, eq=False)
class Note(Resource):
    """A credit note, its rows, and the running figures the rules keep."""

    customer_id: str
    invoice: Invoice | None
    currency: str
    type: NoteType
    status: NoteStatus
    date: int
    lines: tuple[Line, ...]
    amount_allocated: int = 0
    amount_refunded: int = 0
    amount_available: int = 0
    reason_code: str | None = None
    create_reason_code: str | None = None
    customer_notes: str | None = None
    comment: str | None = None
    custom: dict[str, str] = field(default_factory=dict)
    refunded_at: int | None = None
    voided_at: int | None = None
    deleted: bool = False
    allocations: list[Allocation] = field(default_factory=list)
    refunds: list[Refund] = field(default_factory=list)
    sub_total: int = field(init=False)
    total: int = field(init=False)

    def __post_init__(self) -> None:
        self.sub_total = sum(line.net for line in self.lines)
        self.total = self.sub_total + sum(line.tax for line in self.lines)

    @property
    def live_refunds(self) -> list[Refund]:
        """Refunds that took place or are under way."""
        return [refund for refund in self.refunds if refund.status is not TransactionStatus.FAILURE]

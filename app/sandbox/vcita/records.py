"""The rows of the books: invoices, notes, payments, refunds. Frozen values; a change is a new row in the old one's place.

Figures marked as derived are checked against their sources by `invariants`; no rule lives here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Literal, TypeAlias

Looks: TypeAlias = "Mapping[str, str | bool | list[str]]"


class InvoiceStatus(StrEnum):
    """docs: Create an invoice."""

    DRAFT = "DRAFT"
    ISSUED = "ISSUED"
    CANCELLED = "CANCELLED"


class NoteStatus(StrEnum):
    """docs: Create a Credit Note; nothing withdraws a note."""

    ISSUED = "ISSUED"
    SETTLED = "SETTLED"


class TaxMode(StrEnum):
    """Whether unit amounts are before or with tax (`metadata.tax_mode` of an invoice)."""

    EXCLUDE = "exclude"
    INCLUDE = "include"


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """A customer, who at vcita acts through a matter."""

    uid: str
    matter_uid: str
    name: str
    email: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tax:
    """A tax of the business, named by invoices through its uid."""

    uid: str
    name: str
    rate: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxAmount:
    """So much of one tax."""

    name: str
    rate: Decimal
    minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Discount:
    """Taken off quantity x unit amount, before tax is reckoned."""

    kind: Literal["percent", "amount"]
    amount: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class LineFigures:
    """What a line comes to, in minor units; derived."""

    discount: int
    net: int
    taxes: tuple[TaxAmount, ...]
    gross: int


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceLine:
    """One line of an invoice."""

    uid: str
    name: str
    description: str | None
    quantity: Decimal
    unit_amount: Decimal
    discount: Discount | None
    taxes: tuple[Tax, ...]
    index: int
    figures: LineFigures


@dataclass(frozen=True, slots=True, kw_only=True)
class LineGroup:
    """Lines under a heading of their own."""

    name: str
    index: int
    lines: tuple[InvoiceLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Invoice:
    """One invoice; `presentation` is what only its looks depend on."""

    uid: str
    number: str
    client: Client
    currency: str
    status: InvoiceStatus
    tax_mode: TaxMode
    issue_date: str
    due_date: str
    request_uid: str
    loose_lines: tuple[InvoiceLine, ...]
    groups: tuple[LineGroup, ...]
    presentation: Looks = field(default_factory=dict)
    created_at: float
    updated_at: float

    @property
    def lines(self) -> tuple[InvoiceLine, ...]:
        """All lines, those in groups last."""
        return (*self.loose_lines, *(line for group in self.groups for line in group.lines))

    @property
    def net(self) -> int:
        """Without taxes."""
        return sum(line.figures.net for line in self.lines)

    @property
    def gross(self) -> int:
        """With taxes."""
        return sum(line.figures.gross for line in self.lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteLine:
    """One line of a note; `total` is quantity x unit amount, so with tax only where unit amounts are."""

    name: str
    quantity: Decimal
    unit_amount: Decimal
    total: int
    taxes: tuple[TaxAmount, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """One credit note. `net`, `gross` and `taxes` are derived; the last three members are never shown."""

    uid: str
    invoice_uid: str
    number: str
    currency: str
    tax_mode: TaxMode
    status: NoteStatus
    issue_date: str
    notes: str | None
    lines: tuple[NoteLine, ...]
    net: int
    gross: int
    taxes: tuple[TaxAmount, ...]
    created_at: float
    updated_at: float
    source_payment_uid: str | None
    settles_at: float | None
    number_shared: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """Money received for an invoice; `state` is derived from its refunds."""

    uid: str
    invoice_uid: str
    currency: str
    minor: int
    state: Literal["paid", "refunded"]
    transaction_id: str | None
    created_at: float
    updated_at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Refund:
    """Money given back of a payment; `recorded` when that happened elsewhere."""

    uid: str
    payment_uid: str
    currency: str
    minor: int
    recorded: bool
    provider_refund_id: str | None
    refund_time: str
    created_at: float

"""What vcita sends and takes, reduced to the members used. Numbers are exact decimals; words stay words."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import msgspec


class Tax(msgspec.Struct, frozen=True, kw_only=True):
    """One tax of a note or of one of its lines (docs: Retrieve a Credit Note)."""

    name: str | None = None
    rate: Decimal | None = None
    tax_total: Decimal


class NoteLine(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a note; `total_amount` is quantity times unit amount, so it holds tax only where unit amounts do."""

    name: str | None = None
    quantity: Decimal
    unit_amount: Decimal
    total_amount: Decimal | None = None
    taxes: list[Tax] | None = None


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """One credit note (docs: Retrieve a Credit Note); `grand_total` and `total_amount` are the same figure, with taxes."""

    uid: str
    invoice_uid: str
    currency: str
    line_items: list[NoteLine]
    created_at: datetime
    status: str | None = None
    grand_total: Decimal | None = None
    total_amount: Decimal | None = None
    net_total: Decimal | None = None
    taxes: list[Tax] | None = None
    unique_number: str | int | None = None
    issue_date: date | None = None
    notes: str | None = None
    updated_at: datetime | None = None


class NoteAnswer(msgspec.Struct, frozen=True):
    """The envelope of one note: `data` is the note itself."""

    data: msgspec.Raw


class NoteList(msgspec.Struct, frozen=True):
    """The notes of a page; neither a total nor a next page is told."""

    credit_notes: list[msgspec.Raw]


class NoteListAnswer(msgspec.Struct, frozen=True):
    """The envelope of a page."""

    data: NoteList


class InvoiceTax(msgspec.Struct, frozen=True, kw_only=True):
    """A tax of an invoice line; the platform API has no amount."""

    name: str
    rate: Decimal
    tax_total: Decimal | None = None


class BusinessItem(msgspec.Struct, frozen=True, kw_only=True):
    """An invoice line (docs: Get Invoice, business API). `sub_total` is after discount; money may be a string."""

    uid: str | None = None
    name: str | None = None
    quantity: Decimal
    sub_total: Decimal
    grand_total: Decimal
    taxes: list[InvoiceTax] | None = None


class BusinessSection(msgspec.Struct, frozen=True):
    """A titled group of invoice lines, which count like the others."""

    items: list[BusinessItem] | None = None


class BusinessMetadata(msgspec.Struct, frozen=True):
    """`tax_mode` is `exclude` or `include`."""

    tax_mode: str | None = None


class BusinessInvoice(msgspec.Struct, frozen=True, kw_only=True):
    """An invoice as the business API shows it; `total` is with taxes."""

    uid: str
    status: str
    currency: str
    total: Decimal
    invoice_number: str | int | None = None
    payment_status_uid: str | None = None
    """The payment request the invoice makes: payments name it, not the invoice."""
    items: list[BusinessItem] | None = None
    sections: list[BusinessSection] | None = None
    metadata: BusinessMetadata | None = None


class BusinessData(msgspec.Struct, frozen=True):
    """What the business API's envelope holds."""

    invoice: BusinessInvoice


class BusinessAnswer(msgspec.Struct, frozen=True):
    """The envelope of the business API."""

    data: BusinessData


class PlatformItem(msgspec.Struct, frozen=True, kw_only=True):
    """An invoice line (docs: Get Invoice By ID, platform API): no id; the discount is an amount taken off the line."""

    title: str | None = None
    amount: Decimal
    quantity: Decimal = Decimal(1)
    discount: Decimal | None = None
    taxes: list[InvoiceTax] | None = None


class PlatformInvoice(msgspec.Struct, frozen=True, kw_only=True):
    """An invoice as the platform API shows it; `amount` is with taxes, `payment_balance` is what is left to pay."""

    id: str
    status: str
    currency: str
    amount: Decimal
    payment_balance: Decimal | None = None
    invoice_number: str | int | None = None
    client_id: str | None = None
    items: list[PlatformItem] | None = None


class PlatformData(msgspec.Struct, frozen=True):
    """What the platform API's envelope holds."""

    invoice: PlatformInvoice


class PlatformAnswer(msgspec.Struct, frozen=True):
    """The envelope of the platform API."""

    data: PlatformData


class WantedTax(msgspec.Struct, frozen=True):
    """A tax of a line to be credited: vcita leaves the amount to the caller."""

    name: str
    rate: Decimal
    tax_total: Decimal


class WantedLine(msgspec.Struct, frozen=True):
    """A line to be credited."""

    name: str
    quantity: Decimal
    unit_amount: Decimal
    taxes: tuple[WantedTax, ...]


class WantedNote(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The body of a note to be issued (docs: Create a Credit Note)."""

    invoice_uid: str
    line_items: tuple[WantedLine, ...]
    notes: str | None = None
    unique_number: str | None = None
    source_payment_uid: str | None = None
    notify_recipient: bool | None = None


class StoredCall(msgspec.Struct, frozen=True, kw_only=True):
    """The one write a plan comes down to, as it is kept and sent: `body` is JSON text."""

    path: str
    body: str
    invoice_uid: str

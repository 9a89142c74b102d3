"""What Zenskar sends, as far as it is used. Enum words stay text and unknown members are ignored; no meaning is given here."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated, TypeAlias

import msgspec

Instant: TypeAlias = Annotated[datetime, msgspec.Meta(tz=True)]


class Details(msgspec.Struct, frozen=True, kw_only=True):
    """docs: Get credit note by ID, `customer` and `invoice`."""

    id: str
    name: str | None = None
    email: str | None = None
    external_id: str | None = None


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """docs: Get credit note by ID. Amounts are integers in the currency's lowest denomination."""

    id: str
    amount: int
    currency: str
    customer_id: str
    status: str
    repayment_method: str
    line_items_url: str
    created_at: Instant
    credits_returned: int | None = None
    customer: Details | None = None
    invoice: Details | None = None
    invoice_id: str | None = None
    credit_note_number: str | None = None
    custom_data: msgspec.Raw = msgspec.Raw(b"null")


class NotePage(msgspec.Struct, frozen=True, kw_only=True):
    """docs: Get credit note list. The notes stay undecoded, because each is kept as received."""

    results: list[msgspec.Raw]
    next: str | None = None
    total_count: int | None = None


class Invoice(msgspec.Struct, frozen=True, kw_only=True):
    """docs: List invoices; `currency` is not in that list, a single invoice may have it."""

    id: str
    status: str
    invoice_total: int
    amount_due: int | None = None
    applied_balance: int | None = None
    currency: str | None = None
    customer_id: str | None = None
    invoice_number: str | None = None
    external_id: str | None = None
    created_at: Instant | None = None


class PaymentPart(msgspec.Struct, frozen=True, kw_only=True):
    """docs: Get payments, `invoices[]`: what of a payment belongs to one invoice."""

    invoice_id: str
    amount: Decimal
    amount_refunded: Decimal | None
    currency_code: str | None = None


class Payment(msgspec.Struct, frozen=True, kw_only=True):
    """docs: Get payments. Money is text; its unit is not stated."""

    id: str
    status: str
    type: str | None = None
    parent_id: str | None = None
    currency_code: str | None = None
    payment_method: str | None = None
    timestamp: Instant | None = None
    invoices: tuple[PaymentPart, ...] = ()


class PaymentPage(msgspec.Struct, frozen=True, kw_only=True):
    """docs: Get payments."""

    results: list[Payment]
    next: str | None = None


Payments: TypeAlias = list[Payment] | PaymentPage
"""The payments of one invoice: nobody says whether as an array or as a page."""


class Measure(msgspec.Struct, frozen=True, kw_only=True):
    """docs: Get invoice line items: a figure with unit and display; money in it is in major units."""

    value: Decimal


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """A line behind `line_items_url`, whose shape is published nowhere: the members lines have elsewhere at Zenskar."""

    id: str | None = None
    name: str | None = None
    description: str | None = None
    quantity: Decimal | Measure | None = None
    amount: int | Measure | None = None
    subtotal: Measure | None = None
    currency: str | None = None


class LinesNamed(msgspec.Struct, frozen=True, kw_only=True):
    """An object that holds the lines under one of three names."""

    lines: list[Line] | None = None
    line_items: list[Line] | None = None
    results: list[Line] | None = None


Lines: TypeAlias = list[Line] | LinesNamed

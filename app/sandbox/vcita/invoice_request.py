"""From the body of a wanted invoice to an `InvoiceOrder`; what the books say about it is `invoicing`'s business."""

from __future__ import annotations

from collections.abc import Container
from decimal import Decimal

from app.domain.money import UnknownCurrency, exponent
from app.sandbox.vcita.books import Books
from app.sandbox.vcita.invoicing import GroupOrder, InvoiceOrder, LineOrder
from app.sandbox.vcita.reading import Given, Reader
from app.sandbox.vcita.records import Discount, Invoice, InvoiceStatus, Looks, Tax

# docs: Create an invoice; members that change nothing but how the invoice looks or what is sent.
_TEXTS = ("invoice_title", "billing_address", "purchase_order", "note", "terms_and_conditions", "estimate_uid")
_FLAGS = (
    "allow_online_payment", "allow_partial_payment", "enable_late_fee", "display_line_item_groups_total", "display_line_item_total",
)  # fmt: skip
MOST_TAXES = 3


def read_invoice(body: dict[str, Given], books: Books, own: Invoice | None = None) -> InvoiceOrder:
    """The order; an update (`own`) may name the lines it keeps by their uids."""
    reader = Reader(body)
    matter_uid = _matter(reader, books)
    kept = {line.uid for line in own.lines} if own else set()
    loose = reader.has("line_items") or not reader.has("line_item_groups")
    lines = [_line(line, books, kept) for line in reader.objects("line_items", required=loose, least=int(loose))]
    groups = [_group(group, books, kept) for group in reader.objects("line_item_groups")]
    status = reader.choice("status", tuple(InvoiceStatus)) or (own.status if own else InvoiceStatus.ISSUED)
    issue_date = reader.day("issue_date", required=True) or ""
    due_date = reader.day("due_date", required=True) or ""
    if due_date < issue_date:
        reader.complain("due_date", "must not be before issue_date")
    order = (_currency(reader), reader.text("unique_number"), _presentation(reader))
    reader.finish()
    currency, number, presentation = order
    return InvoiceOrder(
        client=books.clients[matter_uid],
        currency=currency,
        status=InvoiceStatus(status),
        issue_date=issue_date,
        due_date=due_date,
        lines=tuple(lines),
        groups=tuple(groups),
        number=number or None,
        presentation=presentation,
    )


def _matter(reader: Reader, books: Books) -> str:
    matter_uid = reader.text("matter_uid", required=True) or ""
    if matter_uid not in books.clients:
        reader.complain("matter_uid", "does not exist", code="invalid_reference")
    return matter_uid


def _currency(reader: Reader) -> str:
    currency = reader.text("currency", required=True) or ""
    try:
        exponent(currency)
    except UnknownCurrency:
        reader.complain("currency", "is not a currency")
    return currency


def _presentation(reader: Reader) -> Looks:
    reader.flag("notify_recipient")
    texts = {name: reader.text(name) for name in _TEXTS}
    flags = {name: reader.flag(name) for name in _FLAGS}
    recipients = reader.texts("additional_recipients") or None
    shown = {**texts, **flags, "additional_recipients": recipients}
    return {name: value for name, value in shown.items() if value is not None}


def _group(reader: Reader, books: Books, kept: Container[str]) -> GroupOrder:
    return GroupOrder(
        name=reader.text("name", required=True) or "",
        index=_index(reader, "line_item_group_index", required=True),
        lines=tuple(_line(line, books, kept) for line in reader.objects("line_items", required=True, least=1)),
    )


def _line(reader: Reader, books: Books, kept: Container[str]) -> LineOrder:
    quantity = reader.number("quantity", required=True)
    unit_amount = reader.number("unit_amount", required=True)
    if quantity is not None and quantity <= 0:
        reader.complain("quantity", "must be greater than 0")
    if unit_amount is not None and unit_amount < 0:
        reader.complain("unit_amount", "must not be less than 0")
    uid = reader.text("uid")
    if uid is not None and uid not in kept:
        reader.complain("uid", "is not a line of this invoice", code="invalid_reference")
    return LineOrder(
        uid=uid,
        name=reader.text("name", required=True) or "",
        quantity=quantity or Decimal(0),
        unit_amount=unit_amount or Decimal(0),
        description=reader.text("description"),
        discount=_discount(reader),
        taxes=_taxes(reader, books),
        index=_index(reader, "line_item_index"),
    )


def _index(reader: Reader, name: str, *, required: bool = False) -> int:
    value = reader.number(name, required=required)
    if value is not None and value != value.to_integral_value():
        reader.complain(name, "must be a whole number")
    return int(value or 0)


def _taxes(reader: Reader, books: Books) -> tuple[Tax, ...]:
    uids = reader.texts("tax_uids", most=MOST_TAXES)
    if any(uid not in books.taxes for uid in uids) or len(set(uids)) < len(uids):
        reader.complain("tax_uids", "must be different taxes of the business", code="invalid_reference")
    return tuple(books.taxes[uid] for uid in uids if uid in books.taxes)


def _discount(reader: Reader) -> Discount | None:
    nested = reader.object("discount")
    if nested is None:
        return None
    chosen = nested.choice("discount_type", ("percent", "amount"), required=True)
    amount = nested.number("amount", required=True)
    if amount is not None and (amount <= 0 or (chosen == "percent" and amount > 100)):
        nested.complain("amount", "must be greater than 0, and a percentage at most 100")
    return Discount(kind="percent" if chosen == "percent" else "amount", amount=amount or Decimal(0))

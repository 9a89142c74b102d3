"""Reads the request to create a credit note into a draft (docs: Create a credit note). What the books decide is decided in `notes.py`."""

from __future__ import annotations

from app.sandbox.chargebee.books import Books, Occasion
from app.sandbox.chargebee.currency import ENABLED
from app.sandbox.chargebee.notes import Draft
from app.sandbox.chargebee.proration import Item
from app.sandbox.chargebee.reading import Fields
from app.sandbox.chargebee.records import Invoice, NoteType
from app.sandbox.chargebee.refusals import Refusal, not_configured, not_found
from app.sandbox.seed import CUSTOMERS

# The deprecated codes a caller may give; the others are set by Chargebee itself.
REASON_CODES = ("product_unsatisfactory", "service_unsatisfactory", "order_change", "order_cancellation", "waiver", "other")
# This site's own codes, spelt as its owner spelt them.
CREATE_REASON_CODES = (
    "Product Unsatisfactory", "Service Unsatisfactory", "Order Change", "Order Cancellation", "Waiver", "Other", "Chargeback",
    "Fraudulent", "Subscription Cancellation", "Subscription Change", "Subscription Pause", "Write Off",
)  # fmt: skip
ENTITY_TYPES = ("adhoc", "plan_item_price", "addon_item_price", "charge_item_price")
TIERED_ONLY = "is for stairstep and tiered pricing only"


def read_draft(books: Books, fields: Fields, occasion: Occasion) -> Draft:
    """The note asked for, or the first thing wrong with the request."""
    type = NoteType(_required(fields, "type", fields.choice("type", tuple(NoteType))))
    invoice = _invoice(books, fields, type)
    customer_id = _customer(fields, invoice)
    rows = fields.rows("line_items", indexed=books.switches["list_param"] == "indexed")
    total = fields.whole("total", minimum=0)
    if rows and total is not None:
        raise Refusal(400, "Either total or line_items can be given, not both", param="total")
    return Draft(
        type=type,
        invoice=invoice,
        customer_id=customer_id,
        currency=_currency(fields, invoice),
        total=None if rows else (total or 0),  # docs: the default is 0
        items=tuple(_item(books, row, invoice) for row in rows),
        date=_date(fields, occasion),
        reason_code=fields.choice("reason_code", REASON_CODES),
        create_reason_code=_create_reason(books, fields),
        customer_notes=fields.text("customer_notes", 2000),
        comment=fields.text("comment", 300),
        custom=fields.custom(),
    )


def _required(fields: Fields, name: str, value: str | None) -> str:
    if value is None:
        raise fields.missing(name=name)
    return value


def _invoice(books: Books, fields: Fields, type: NoteType) -> Invoice | None:
    id = fields.text("reference_invoice_id", 50)
    if id is None and type is not NoteType.REFUNDABLE:
        raise fields.missing(name="reference_invoice_id")
    return None if id is None else books.invoice(id)


def _customer(fields: Fields, invoice: Invoice | None) -> str:
    given = fields.text("customer_id", 50)
    if invoice is not None:
        if given not in {None, invoice.customer_id}:
            raise fields.wrong(name="customer_id", why="is not the customer of the invoice")
        return invoice.customer_id
    id = _required(fields, "customer_id", given)
    if id not in CUSTOMERS:
        raise not_found(kind="Customer", id=id)
    return id


def _currency(fields: Fields, invoice: Invoice | None) -> str:
    given = fields.text("currency_code", 3)
    if invoice is not None:
        if given not in {None, invoice.currency}:
            raise fields.wrong(name="currency_code", why="is not the currency of the invoice")
        return invoice.currency
    code = _required(fields, "currency_code", given)  # this site has several
    if code not in ENABLED:
        raise fields.wrong(name="currency_code", why="is not enabled for this site")
    return code


def _date(fields: Fields, occasion: Occasion) -> int | None:
    date = fields.instant("date")
    if date is not None and date > occasion.second:
        raise fields.wrong(name="date", why="must not be in the future")
    return date


def _create_reason(books: Books, fields: Fields) -> str | None:
    code = fields.text("create_reason_code", 100)
    if code is None:
        if books.switches["create_reason_required"] == "yes":
            raise fields.missing(name="create_reason_code")
        return None
    if code not in CREATE_REASON_CODES:
        raise fields.wrong(name="create_reason_code", why="is not a reason code of this site")
    return code


def _item(books: Books, row: Fields, invoice: Invoice | None) -> Item:
    for name in ("unit_amount_in_decimal", "quantity_in_decimal"):
        if row.text(name, 39) is not None:
            raise not_configured(why=f"{name} : multi-decimal pricing is not enabled for this site")
    if row.whole("amount", minimum=0) is not None:
        raise row.wrong(name="amount", why=TIERED_ONLY)  # no price here is tiered
    reference = row.text("reference_line_item_id", 40)
    if reference is None and invoice is not None and books.switches["line_reference"] == "required":
        raise row.missing(name="reference_line_item_id")
    known = {line.id: line for line in invoice.lines} if invoice is not None else {}
    if reference is not None and reference not in known:
        raise row.wrong(name="reference_line_item_id", why="is not a line item of the invoice")
    line = known[reference] if reference is not None else None
    amount = row.whole("unit_amount", minimum=0)
    if amount is None:
        raise row.missing(name="unit_amount")
    fallback = (line.description, line.entity_type) if line else ("Credit", "adhoc")
    return Item(
        reference=line,
        description=row.text("description", 250) or fallback[0],
        quantity=row.whole("quantity", minimum=1, maximum=1_000_000) or 1,
        unit_amount=amount,
        date_from=row.instant("date_from"),
        date_to=row.instant("date_to"),
        entity_type=row.choice("entity_type", ENTITY_TYPES) or fallback[1],
        entity_id=row.text("entity_id", 100),
    )

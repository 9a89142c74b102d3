"""Lines and their taxes as Chargebee shows them, on invoices and notes alike."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from app.sandbox.chargebee.records import Line
from app.sandbox.kernel import Json
from app.sandbox.seed import CUSTOMERS

TAX = "VAT"


def shown(**members: Json) -> dict[str, Json]:
    """The members that have a value: Chargebee leaves the others out."""
    return {name: value for name, value in members.items() if value is not None}


def line_item(line: Line, customer_id: str) -> Json:
    """An entry of `line_items`."""
    return shown(
        id=line.id,
        object="line_item",
        customer_id=customer_id,
        date_from=line.date_from,
        date_to=line.date_to,
        unit_amount=line.unit_amount,
        quantity=line.quantity,
        amount=line.net,
        pricing_model="per_unit",
        is_taxed=line.tax_rate > 0,
        tax_amount=line.tax,
        tax_rate=_rate(line.tax_rate),
        discount_amount=0,
        item_level_discount_amount=0,
        reference_line_item_id=line.reference_id,
        description=line.description,
        entity_type=line.entity_type,
        entity_id=line.entity_id,
    )


def line_item_taxes(lines: Iterable[Line]) -> list[Json]:
    """`line_item_taxes`: one entry for each taxed line."""
    return [
        {
            "line_item_id": line.id,
            "object": "line_item_tax",
            "tax_name": TAX,
            "tax_rate": _rate(line.tax_rate),
            "taxable_amount": line.net,
            "tax_amount": line.tax,
            "is_partial_tax_applied": False,
            "is_non_compliance_tax": False,
        }
        for line in lines
        if line.tax_rate > 0
    ]


def taxes(lines: tuple[Line, ...]) -> list[Json]:
    """`taxes`: one entry for each name; there is only one name here."""
    if not any(line.tax_rate > 0 for line in lines):
        return []
    return [{"object": "tax", "name": TAX, "amount": sum(line.tax for line in lines)}]


def billing_address(customer_id: str) -> Json:
    """The address on a document, as far as the demonstration has one."""
    company, email = CUSTOMERS[customer_id]
    return {"object": "billing_address", "company": company, "email": email, "validation_status": "not_validated"}


def _rate(percent: Decimal) -> int | float:
    """A percentage is a JSON number; it is no money."""
    return int(percent) if percent == int(percent) else float(percent)

"""Lines of notes and invoices as Chargebee sends them, read into our words. Pure; which document they stand on makes no difference."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal

from app.domain.credit_note import LineItem, TaxLine
from app.domain.invoice import InvoiceLine
from app.domain.money import Money, from_units
from app.providers.chargebee import wire
from app.providers.chargebee.currency import digits, money
from app.providers.chargebee.instants import day

Taxes = Mapping[str, Sequence[wire.LineItemTax]]


def line_items(note: wire.CreditNote) -> tuple[LineItem, ...] | None:
    """The lines of a note; None where they are not, or not all, told (docs: `line_items_next_offset`, enterprise-scale invoicing)."""
    if note.line_items is None or note.line_items_next_offset is not None:
        return None
    taxes = _by_line(note.line_item_taxes)
    lines = [_line_item(line, taxes, note.currency_code) for line in note.line_items]
    told = tuple(line for line in lines if line is not None)
    return told if len(told) == len(lines) else None


def invoice_lines(invoice: wire.Invoice) -> tuple[InvoiceLine, ...]:
    """The lines of an invoice with what is needed to credit them; none where they are not all told."""
    if invoice.line_items_next_offset is not None:
        return ()
    taxes = _by_line(invoice.line_item_taxes)
    lines = [_invoice_line(line, taxes, invoice.currency_code) for line in invoice.line_items]
    told = tuple(line for line in lines if line is not None)
    return told if len(told) == len(lines) else ()


def _line_item(line: wire.LineItem, taxes: Taxes, currency: str) -> LineItem | None:
    if line.amount is None:
        return None
    return LineItem(
        amount=money(line.amount, currency),
        provider_id=line.id,
        description=line.description,
        quantity=_quantity(line),
        unit_amount=_unit_amount(line, currency),
        tax=_optional(line.tax_amount, currency),
        taxes=_taxes(line, taxes, currency),
        discount=_optional(line.discount_amount, currency),
        period_start=day(line.date_from),
        period_end=day(line.date_to),
        invoice_line_item_id=line.reference_line_item_id,
    )


def _invoice_line(line: wire.LineItem, taxes: Taxes, currency: str) -> InvoiceLine | None:
    if line.amount is None:
        return None
    return InvoiceLine(
        provider_id=line.id,
        description=line.description,
        quantity=_quantity(line),
        net=money(line.amount - (line.discount_amount or 0), currency),
        taxes=_taxes(line, taxes, currency),
    )


def _by_line(taxes: Sequence[wire.LineItemTax]) -> Taxes:
    by_line: dict[str, list[wire.LineItemTax]] = defaultdict(list)
    for tax in taxes:
        if tax.line_item_id is not None:
            by_line[tax.line_item_id].append(tax)
    return by_line


def _taxes(line: wire.LineItem, taxes: Taxes, currency: str) -> tuple[TaxLine, ...]:
    """The line's taxes one by one, or in one sum where only the line itself tells."""
    one_by_one = taxes.get(line.id or "", ())
    if one_by_one:
        return tuple(
            TaxLine(
                amount=money(tax.tax_amount, currency),
                name=tax.tax_name,
                rate=tax.tax_rate,
                taxable=money(tax.taxable_amount, currency),
            )
            for tax in one_by_one
        )
    if line.tax_amount:
        return (TaxLine(amount=money(line.tax_amount, currency), rate=line.tax_rate),)
    return ()


def _quantity(line: wire.LineItem) -> Decimal:
    return Decimal(line.quantity) if line.quantity_in_decimal is None else line.quantity_in_decimal


def _unit_amount(line: wire.LineItem, currency: str) -> Decimal:
    exact = line.unit_amount_in_decimal
    return from_units(line.unit_amount, digits(currency)) if exact is None else exact


def _optional(units: int | None, currency: str) -> Money | None:
    return None if units is None else money(units, currency)

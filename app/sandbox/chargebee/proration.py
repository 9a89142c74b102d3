"""The lines of a note: a total spread over the invoice's lines, or lines asked for one by one, taxed as the invoice was.

Tax amounts scale with note total / invoice total; how parts are rounded is not published (switch `tax_rounding`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal

from app.domain.money import split
from app.sandbox.chargebee.records import Invoice, Line

NO_TAX = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One line as it was asked for; `reference` is the invoice line it takes back."""

    reference: Line | None
    description: str
    quantity: int
    unit_amount: int
    date_from: int | None
    date_to: int | None
    entity_type: str
    entity_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Prorater:
    """How one note gets its lines: whether it carries tax, how tax is rounded, where line ids come from, the note's date."""

    taxed: bool
    rounding: str
    new_id: Callable[[], str]
    date: int

    def standalone(self, total: int) -> tuple[Line, ...]:
        """A note without an invoice and without lines of its own: one line, no tax."""
        return (self._line("Credit", total, 0, NO_TAX, None),)

    def by_total(self, total: int, invoice: Invoice) -> tuple[Line, ...]:
        """The invoice's lines and taxes, scaled so that they add up to the total exactly; lines that come to nothing are left out."""
        lines = invoice.lines
        net, tax = self._net_and_tax(total, invoice)
        nets = split(net, [line.net for line in lines])
        taxes = split(tax, [line.tax for line in lines]) if invoice.tax else [0] * len(lines)
        parts = zip(lines, nets, taxes, strict=True)
        return tuple(
            self._line(line.description, part, part_tax, line.tax_rate if self.taxed else NO_TAX, line)
            for line, part, part_tax in parts
            if part or part_tax
        )

    def by_items(self, items: tuple[Item, ...], invoice: Invoice | None) -> tuple[Line, ...]:
        """The lines asked for, with the tax of the invoice line, or for those without one the invoice's blended tax."""
        return tuple(self._from_item(item, invoice) for item in items)

    def _net_and_tax(self, total: int, invoice: Invoice) -> tuple[int, int]:
        if not self.taxed:
            return total, 0
        if self.rounding == "down":
            tax = total * invoice.tax // invoice.total
            return total - tax, tax
        net, tax = split(total, [invoice.sub_total, invoice.tax])
        return net, tax

    def _from_item(self, item: Item, invoice: Invoice | None) -> Line:
        net = item.unit_amount * item.quantity
        if not self.taxed or invoice is None:
            tax, rate = 0, NO_TAX
        elif item.reference is not None:
            rate = item.reference.tax_rate
            tax = self._rounded(net * rate / 100)
        else:
            rate = (Decimal(100 * invoice.tax) / invoice.sub_total).quantize(Decimal("0.0001"))
            tax = self._rounded(Decimal(net * invoice.tax) / invoice.sub_total)
        return Line(
            id=self.new_id(),
            description=item.description,
            quantity=item.quantity,
            unit_amount=item.unit_amount,
            net=net,
            tax=tax,
            tax_rate=rate,
            date_from=item.date_from or self.date,
            date_to=item.date_to or self.date,
            entity_type=item.entity_type,
            entity_id=item.entity_id,
            reference_id=item.reference.id if item.reference else None,
        )

    def _line(self, description: str, net: int, tax: int, rate: Decimal, reference: Line | None) -> Line:
        return Line(
            id=self.new_id(),
            description=description,
            quantity=1,
            unit_amount=net,
            net=net,
            tax=tax,
            tax_rate=rate,
            date_from=reference.date_from if reference else self.date,
            date_to=reference.date_to if reference else self.date,
            entity_type=reference.entity_type if reference else "adhoc",
            entity_id=reference.entity_id if reference else None,
            reference_id=reference.id if reference else None,
        )

    def _rounded(self, tax: Decimal) -> int:
        return int(tax.quantize(Decimal(1), ROUND_DOWN if self.rounding == "down" else ROUND_HALF_UP))

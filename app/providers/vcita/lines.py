"""The lines of a note to be issued: what they come to, from an amount or from the lines a caller wants; pure.

Whether they may be issued is decided in `issuing`; what a caller's line may say is checked in `wanted`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from app.domain.commands import CreditLine, LineTax
from app.domain.errors import BadPayload
from app.domain.invoice import Invoice, InvoiceLine
from app.domain.money import Money, split
from app.providers.vcita import wire
from app.providers.vcita.arithmetic import extended, half_up, on_top, per_piece, within
from app.providers.vcita.invoice_lines import gross_of

TaxSet = tuple[tuple[str, Decimal], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedLine:
    """A line as it will be sent, with what it comes to in minor units."""

    sent: wire.WantedLine
    amount: int
    tax: int
    exact: bool = True
    """Whether quantity times unit amount has no more digits than the currency: else vcita's rounding decides."""


def lines_of_amount(invoice: Invoice, total: Money) -> tuple[PlannedLine, ...]:
    """One line per tax set of the invoice, together exactly this gross amount."""
    sets: dict[TaxSet, int] = {}
    for line in invoice.lines:
        taxes = tuple(sorted(_tax_set(line)))
        sets[taxes] = sets.get(taxes, 0) + gross_of(line, tax_inclusive=invoice.tax_inclusive)
    weights = [max(0, gross) for gross in sets.values()]
    if not any(weights):
        message = "the provider does not tell what the invoice's lines come to, so the taxes of a credit cannot be known"
        raise BadPayload(message)
    parts = zip(sets, split(total.minor, weights), strict=True)
    several = len(sets) > 1
    return tuple(_set_line(invoice, taxes, Money(gross, total.currency), named=several) for taxes, gross in parts if gross)


def planned_line(invoice: Invoice, line: CreditLine) -> PlannedLine:
    """A line a caller wants, which `wanted` has found nothing wrong with."""
    source = source_of(invoice, line)
    quantity, unit_amount = priced(line, source)
    came_to = extended(quantity, unit_amount, invoice.currency)
    amount = Money(half_up(came_to), invoice.currency)
    taxes = _wanted_taxes(line, source, amount, tax_inclusive=invoice.tax_inclusive)
    named = line.description or (source.description if source else None) or ""
    sent = wire.WantedLine(name=named, quantity=_plain(quantity), unit_amount=_plain(unit_amount), taxes=_sent_taxes(taxes))
    return PlannedLine(
        sent=sent, amount=amount.minor, tax=sum(tax.minor for _, _, tax in taxes), exact=came_to.denominator == 1
    )  # fmt: skip


def source_of(invoice: Invoice, line: CreditLine) -> InvoiceLine | None:
    """The invoice's line a caller's line is made from, where it names one."""
    if line.invoice_line_item_id is None:
        return None
    return next((one for one in invoice.lines if one.provider_id == line.invoice_line_item_id), None)


def priced(line: CreditLine, source: InvoiceLine | None) -> tuple[Decimal, Decimal]:
    """Quantity and unit amount; raises ValueError where a quantity asked for does not divide the line's amount exactly."""
    quantity = Decimal(1) if line.quantity is None else line.quantity
    if line.unit_amount is not None:
        return quantity, line.unit_amount
    if line.amount is not None:
        amount, pieces, asked = line.amount, quantity, quantity
    elif source is not None:
        amount, pieces, asked = source.net, source.quantity, source.quantity if line.quantity is None else quantity
    else:
        message = "a line needs amount or unitAmount"
        raise ValueError(message)
    unit = per_piece(amount, pieces)
    if unit is not None:
        return asked, unit.major
    if line.quantity is not None:
        message = f"{amount} cannot be divided exactly by {pieces}; leave quantity out, or give unitAmount"
        raise ValueError(message)
    return Decimal(1), amount.major


def _set_line(invoice: Invoice, taxes: TaxSet, gross: Money, *, named: bool) -> PlannedLine:
    net, amounts = within(gross.minor, [rate for _, rate in taxes])
    unit = gross.minor if invoice.tax_inclusive else net
    names = " + ".join(f"{name} {_plain(rate)} %" for name, rate in taxes) or "no tax"
    title = f"Credit for invoice {invoice.number or invoice.ref.external_id}"
    parts = [(name, rate, Money(amount, gross.currency)) for (name, rate), amount in zip(taxes, amounts, strict=True)]
    sent = wire.WantedLine(
        name=f"{title} ({names})" if named else title,
        quantity=Decimal(1),
        unit_amount=Money(unit, gross.currency).major,
        taxes=_sent_taxes(parts),
    )
    return PlannedLine(sent=sent, amount=unit, tax=sum(amounts))


def _wanted_taxes(
    line: CreditLine, source: InvoiceLine | None, amount: Money, *, tax_inclusive: bool
) -> list[tuple[str, Decimal, Money]]:
    if line.taxes is None and source is not None and amount == source.net:  # the whole line: its own taxes, to the cent
        return [(tax.name or "", tax.rate or Decimal(0), tax.amount) for tax in source.taxes]
    copied = tuple(LineTax(name=name, rate=rate) for name, rate in _tax_set(source)) if source is not None else ()
    taxes = copied if line.taxes is None else line.taxes
    rates = [tax.rate for tax in taxes]
    computed = within(amount.minor, rates)[1] if tax_inclusive else on_top(amount.minor, rates)
    return [
        (tax.name, tax.rate, Money(minor, amount.currency) if tax.amount is None else tax.amount)
        for tax, minor in zip(taxes, computed, strict=True)
    ]


def _tax_set(line: InvoiceLine) -> TaxSet:
    return tuple((tax.name or "", tax.rate or Decimal(0)) for tax in line.taxes)


def _sent_taxes(taxes: Sequence[tuple[str, Decimal, Money]]) -> tuple[wire.WantedTax, ...]:
    return tuple(wire.WantedTax(name=name, rate=_plain(rate), tax_total=amount.major) for name, rate, amount in taxes)


def _plain(number: Decimal) -> Decimal:
    """The number without exponent and trailing zeros, as a person writes it."""
    text = format(number, "f")
    return Decimal(text.rstrip("0").rstrip(".") if "." in text else text)

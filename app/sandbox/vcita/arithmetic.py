"""Every multiplication, division and rounding of the sandbox: half up to the currency's digits, parts by largest remainder.

No record is changed here and nothing is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import ROUND_HALF_UP, Context, Decimal, localcontext

from app.domain.money import exponent, split
from app.sandbox.vcita.records import Discount, Invoice, LineFigures, NoteLine, Tax, TaxAmount, TaxMode

_EXACT = Context(prec=100)  # quantities and unit amounts are bounded where they are read, so nothing is lost


def half_up(amount: Decimal) -> int:
    """The nearest whole number, a half going up."""
    return int(amount.to_integral_value(ROUND_HALF_UP))


def to_minor(amount: Decimal, currency: str) -> int:
    """Major units to the currency's smallest ones, rounded half up."""
    with localcontext(_EXACT):
        return half_up(amount.scaleb(exponent(currency)))


def extended(quantity: Decimal, unit_amount: Decimal, currency: str) -> int:
    """Quantity x unit amount, rounded once."""
    with localcontext(_EXACT):
        return half_up((quantity * unit_amount).scaleb(exponent(currency)))


def discount_of(discount: Discount | None, amount: int, currency: str) -> int:
    """What a discount takes off this amount."""
    if discount is None:
        return 0
    if discount.kind == "amount":
        return to_minor(discount.amount, currency)
    with localcontext(_EXACT):
        return half_up(amount * discount.amount / 100)


def figures(amount: int, discount: int, taxes: Sequence[Tax], mode: TaxMode) -> LineFigures:
    """What a line of this extended amount comes to."""
    after = amount - discount
    if mode is TaxMode.INCLUDE:
        net, parts = within(after, taxes)
        return LineFigures(discount=discount, net=net, taxes=parts, gross=after)
    with localcontext(_EXACT):
        parts = tuple(TaxAmount(name=tax.name, rate=tax.rate, minor=half_up(after * tax.rate / 100)) for tax in taxes)
    return LineFigures(discount=discount, net=after, taxes=parts, gross=after + sum(part.minor for part in parts))


def within(gross: int, taxes: Sequence[Tax | TaxAmount]) -> tuple[int, tuple[TaxAmount, ...]]:
    """The net and the taxes that lie in a gross amount, adding up to it exactly."""
    rates = [tax.rate for tax in taxes]
    with localcontext(_EXACT):
        whole = 100 + sum(rates, Decimal(0))
        net = half_up(gross * 100 / whole)
        weights = [int(rate * 1000) for rate in rates]  # rates have at most three decimals
    if not any(weights):
        return gross, tuple(TaxAmount(name=tax.name, rate=tax.rate, minor=0) for tax in taxes)
    amounts = split(gross - net, weights)
    return net, tuple(TaxAmount(name=tax.name, rate=tax.rate, minor=amount) for tax, amount in zip(taxes, amounts, strict=True))


def per_rate(taxes: Iterable[TaxAmount]) -> tuple[TaxAmount, ...]:
    """Taxes summed per name and rate, in the order of their first appearance."""
    sums: dict[tuple[str, Decimal], int] = {}
    for tax in taxes:
        sums[tax.name, tax.rate] = sums.get((tax.name, tax.rate), 0) + tax.minor
    return tuple(TaxAmount(name=name, rate=rate, minor=minor) for (name, rate), minor in sums.items())


def note_line(name: str, quantity: Decimal, unit_amount: Decimal, taxes: tuple[TaxAmount, ...], currency: str) -> NoteLine:
    """A line with its total."""
    total = extended(quantity, unit_amount, currency)
    return NoteLine(name=name, quantity=quantity, unit_amount=unit_amount, total=total, taxes=taxes)


def note_totals(lines: Sequence[NoteLine], mode: TaxMode) -> tuple[int, int]:
    """Net and gross of a note: tax comes on top of the lines, or lies in them."""
    amount = sum(line.total for line in lines)
    tax = sum(tax.minor for line in lines for tax in line.taxes)
    return (amount - tax, amount) if mode is TaxMode.INCLUDE else (amount, amount + tax)


def lines_of_amount(invoice: Invoice, gross: int, mode: TaxMode) -> tuple[NoteLine, ...]:
    """Lines that credit this much of an invoice, one per set of taxes, in proportion to what the sets come to."""
    sets: dict[tuple[tuple[str, Decimal], ...], tuple[Sequence[Tax], int]] = {}
    for line in invoice.lines:
        key = tuple((tax.name, tax.rate) for tax in line.taxes)
        taxes, amount = sets.get(key, (line.taxes, 0))
        sets[key] = (taxes, amount + line.figures.gross)
    parts = split(gross, [amount for _, amount in sets.values()])
    digits = exponent(invoice.currency)
    lines = []
    for (taxes, _), part in zip(sets.values(), parts, strict=True):
        net, amounts = within(part, taxes)
        unit = Decimal(part if mode is TaxMode.INCLUDE else net).scaleb(-digits)
        if part:
            lines.append(note_line("Credit", Decimal(1), unit, amounts, invoice.currency))
    return tuple(lines)

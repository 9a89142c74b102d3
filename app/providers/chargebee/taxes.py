"""What taxes a credit will carry (docs: Create a credit note: the invoice's taxes, scaled by the note's part of the invoice). Pure.

Chargebee computes the taxes itself: figures with tax are estimates to check bounds and to show beforehand, never sent.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal

from app.domain.invoice import Invoice, InvoiceLine
from app.domain.money import Money
from app.providers.chargebee.credited_lines import CreditedLine
from app.providers.chargebee.currency import unit_minor


def gross(lines: Sequence[CreditedLine], invoice: Invoice) -> int:
    """What the lines come to with the invoice's taxes, in Chargebee's units; lines of their own take its blended rate."""
    if invoice.tax_inclusive:
        return sum(line.net for line in lines)
    return sum(line.net + _half_up(line.net * _rate_of(line, invoice) / 100) for line in lines)


def tax_within(lines: Sequence[CreditedLine], invoice: Invoice) -> int:
    """The tax in lines whose prices include it, in Chargebee's units."""
    rates = [_rate_of(line, invoice) for line in lines]
    return sum(_half_up(line.net * percent / (100 + percent)) for line, percent in zip(lines, rates, strict=True))


def tax_share(total: Money, invoice: Invoice) -> Money | None:
    """The tax in a part of the invoice, by the invoice's own proportion; None where the invoice's lines do not tell its taxes."""
    net = sum(line.net.minor for line in invoice.lines)
    tax = sum(tax.amount.minor for line in invoice.lines for tax in line.taxes)
    if not invoice.lines or not invoice.total or net + (0 if invoice.tax_inclusive else tax) != invoice.total.minor:
        return None
    step = unit_minor(total.currency)  # in minor units, of which Chargebee's unit may have several
    whole = 2 * invoice.total.minor * step
    return Money((2 * total.minor * tax + invoice.total.minor * step) // whole * step, total.currency)


def has_one_rate(invoice: Invoice) -> bool:
    """Whether every line is taxed alike, so that the tax of any credit is known, and not only guessed."""
    return len({rate(line) for line in invoice.lines}) == 1


def rate(line: InvoiceLine) -> Decimal:
    """The line's taxes together, in percent."""
    return sum((tax.rate or Decimal(0) for tax in line.taxes), Decimal(0))


def _rate_of(line: CreditedLine, invoice: Invoice) -> Decimal:
    return _blended(invoice) if line.reference is None else rate(line.reference)


def _blended(invoice: Invoice) -> Decimal:
    billed = sum(line.net.minor for line in invoice.lines)
    tax = sum(tax.amount.minor for line in invoice.lines for tax in line.taxes)
    before_tax = billed - tax if invoice.tax_inclusive else billed
    return Decimal(100 * tax) / before_tax if before_tax else Decimal(0)


def _half_up(amount: Decimal) -> int:
    return int(amount.to_integral_value(ROUND_HALF_UP))

"""What the lines of an invoice tell about tax: the business API says it, from the platform API it is inferred. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from app.domain.credit_note import TaxLine
from app.domain.invoice import InvoiceLine
from app.domain.money import Money
from app.providers.vcita import wire
from app.providers.vcita.arithmetic import bounded, extended, half_up, minor, nearest, on_top, shares, within

TAX_MODES = {"exclude": False, "include": True}  # docs: Get Invoice, `metadata.tax_mode`


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    """An invoice's lines in one reading; none where no reading is certain, and then nothing can be credited."""

    lines: tuple[InvoiceLine, ...] = ()
    tax_inclusive: bool = False

    @property
    def gross(self) -> int:
        """What the lines come to with taxes, in minor units."""
        return sum(gross_of(line, tax_inclusive=self.tax_inclusive) for line in self.lines)


def gross_of(line: InvoiceLine, *, tax_inclusive: bool) -> int:
    """What a line comes to with taxes, in minor units."""
    return line.net.minor if tax_inclusive else line.net.minor + sum(tax.amount.minor for tax in line.taxes)


def business_lines(invoice: wire.BusinessInvoice, currency: str) -> Lines:
    """The lines as the business API tells them; without a known tax mode they are read only where no tax is on them."""
    items = [*(invoice.items or ()), *(item for section in invoice.sections or () for item in section.items or ())]
    mode = invoice.metadata.tax_mode if invoice.metadata else None
    inclusive = TAX_MODES.get(mode or "")
    if inclusive is None and any(item.taxes for item in items):
        return Lines()
    return Lines(lines=tuple(_business_line(item, currency, bool(inclusive)) for item in items), tax_inclusive=bool(inclusive))


def _business_line(item: wire.BusinessItem, currency: str, inclusive: bool) -> InvoiceLine:
    before, gross = nearest(item.sub_total, currency), nearest(item.grand_total, currency)
    taxes = item.taxes or []
    rates = [tax.rate for tax in taxes]
    # What sub_total holds on a tax-inclusive invoice is not published; grand_total is with taxes on every invoice.
    computed = within(gross.minor, rates)[1] if inclusive else shares(gross.minor - before.minor, rates)
    told = [nearest(tax.tax_total, currency).minor for tax in taxes if tax.tax_total is not None]
    amounts = told if len(told) == len(taxes) and sum(told) == sum(computed) else computed
    return InvoiceLine(
        provider_id=item.uid,
        description=item.name,
        quantity=bounded(item.quantity),
        net=gross if inclusive else before,
        taxes=_taxes(taxes, amounts, currency),
    )


def platform_lines(invoice: wire.PlatformInvoice, total: Money) -> Lines:
    """The lines as the platform API tells them, in the one reading that adds up to the invoice's total.

    It tells neither the tax mode nor, beyond its sample of one piece, whether `amount` is a piece's or the line's.
    """
    readings = list(_readings(invoice.items or [], total.currency))
    if not readings:
        return Lines()
    nearest_to_total = min(abs(reading.gross - total.minor) for reading in readings)
    best = [reading for reading in readings if abs(reading.gross - total.minor) == nearest_to_total]
    # A minor unit per line is what rounding per line instead of per rate can make.
    certain = nearest_to_total <= len(best[0].lines) and all(_says_the_same(reading, best[0]) for reading in best)
    return best[0] if certain else Lines()


def _readings(items: Sequence[wire.PlatformItem], currency: str) -> Iterator[Lines]:
    if not items:
        return
    for per_piece in (True, False):
        for inclusive in (False, True):
            lines = tuple(_platform_line(item, currency, per_piece=per_piece, inclusive=inclusive) for item in items)
            yield Lines(lines=lines, tax_inclusive=inclusive)


def _says_the_same(one: Lines, other: Lines) -> bool:
    taxed = any(tax.rate for line in one.lines for tax in line.taxes)
    return one.lines == other.lines and (one.tax_inclusive == other.tax_inclusive or not taxed)


def _platform_line(item: wire.PlatformItem, currency: str, *, per_piece: bool, inclusive: bool) -> InvoiceLine:
    amount = extended(item.quantity, item.amount, currency) if per_piece else minor(item.amount, currency)
    discount = Fraction(0) if item.discount is None else minor(item.discount, currency)
    after = half_up(amount - discount)
    rates = [tax.rate for tax in item.taxes or ()]
    amounts = within(after, rates)[1] if inclusive else on_top(after, rates)
    return InvoiceLine(
        description=item.title,
        quantity=bounded(item.quantity),
        net=Money(after, currency),
        taxes=_taxes(item.taxes or [], amounts, currency),
    )


def _taxes(taxes: Sequence[wire.InvoiceTax], amounts: Sequence[int], currency: str) -> tuple[TaxLine, ...]:
    return tuple(
        TaxLine(amount=Money(amount, currency), name=tax.name, rate=tax.rate) for tax, amount in zip(taxes, amounts, strict=True)
    )

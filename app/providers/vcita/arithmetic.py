"""Every rounding the adapter does: half up to whole minor units, parts by largest remainder. Knows no wire and no command."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from math import floor

from app.domain.money import Money, MoneyError, exponent, split

_LARGEST = 40  # digits before the point; more is nobody's money and would stop the machine
_FINEST = 40  # digits after it
_STORABLE = 2**63  # minor units; whatever counts in integers of 64 bits, the ledger among them, ends here


def is_bounded(number: Decimal) -> bool:
    """Whether the number can be reckoned with: not NaN, not Infinity, not of an absurd size."""
    return number.is_finite() and number.adjusted() <= _LARGEST and -int(number.as_tuple().exponent) <= _FINEST


def bounded(number: Decimal) -> Decimal:
    """The number, if it can be reckoned with; raises MoneyError."""
    if not is_bounded(number):
        message = "a number is not finite, too large or too long"
        raise MoneyError(message)
    return number


def is_storable(amount: Money) -> bool:
    """Whether the amount can be put on record in minor units."""
    return abs(amount.minor) < _STORABLE


def half_up(value: Fraction) -> int:
    """The nearest whole number; a half goes away from zero."""
    nearest_whole = floor(abs(value) + Fraction(1, 2))
    return nearest_whole if value >= 0 else -nearest_whole


def minor(amount: Decimal, currency: str) -> Fraction:
    """Minor units in this many major ones, not yet rounded."""
    return Fraction(bounded(amount)) * Fraction(10) ** exponent(currency)


def nearest(amount: Decimal, currency: str) -> Money:
    """The figure of a line as money: lines may have more digits than the currency, totals may not and never pass here."""
    return Money(half_up(minor(amount, currency)), currency)


def extended(quantity: Decimal, unit_amount: Decimal, currency: str) -> Fraction:
    """Quantity times unit amount in minor units, not yet rounded."""
    return Fraction(bounded(quantity)) * minor(unit_amount, currency)


def per_piece(amount: Money, quantity: Decimal) -> Money | None:
    """What one piece comes to; None where that is not a whole number of minor units."""
    if bounded(quantity) <= 0:
        return None
    one = Fraction(amount.minor) / Fraction(quantity)
    return Money(int(one), amount.currency) if one.denominator == 1 else None


def on_top(net: int, rates: Sequence[Decimal]) -> list[int]:
    """The taxes that come on top of a net amount, each rounded half up."""
    return [half_up(net * Fraction(bounded(rate)) / 100) for rate in rates]


def within(gross: int, rates: Sequence[Decimal]) -> tuple[int, list[int]]:
    """The net that lies in a gross amount, and the taxes that make up the difference exactly."""
    net = half_up(Fraction(gross) * 100 / (100 + sum((Fraction(bounded(rate)) for rate in rates), Fraction(0))))
    return net, shares(gross - net, rates)


def shares(amount: int, rates: Sequence[Decimal]) -> list[int]:
    """An amount of tax divided over its rates; nothing where no rate is above zero."""
    if not any(rates):
        return [0] * len(rates)
    digits = max(0, *(-int(rate.as_tuple().exponent) for rate in rates))
    return split(amount, [int(Fraction(bounded(rate)) * 10**digits) for rate in rates])

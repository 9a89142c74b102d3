"""Money as an integer count of minor units and a currency; the only place that knows currency exponents.

Binary floats never enter here: amounts come and go as `int` or `Decimal`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, Inexact, localcontext
from functools import lru_cache

import iso4217

# Codes that left ISO 4217 but stand on credit notes issued before: the `iso4217` package holds active codes only.
WITHDRAWN = {
    "ANG": 2, "BGN": 2, "BYR": 0, "CUC": 2, "EEK": 2, "HRK": 2, "LTL": 2, "LVL": 2, "MRO": 2, "SKK": 2, "SLL": 2,
    "STD": 2, "VEF": 2, "ZMK": 2, "ZWL": 2,
}  # fmt: skip

# Amounts reach 39 characters at one provider; the default context would round past 28 digits.
_DIGITS = 80


class MoneyError(ValueError):
    """An amount or a currency that cannot be money."""


class UnknownCurrency(MoneyError):
    """Not an ISO 4217 code, active or withdrawn, with an exponent of its own."""


class InexactAmount(MoneyError):
    """More digits after the point than the currency has."""


class MixedCurrencies(MoneyError):
    """Two currencies in one sum or comparison."""


@lru_cache(maxsize=512)
def exponent(currency: str) -> int:
    """Digits after the point in this currency by ISO 4217; raises UnknownCurrency."""
    if currency in WITHDRAWN:
        return WITHDRAWN[currency]
    try:
        digits = iso4217.Currency(currency).exponent
    except ValueError as unknown:
        message = f"{currency[:10]!r} is not an ISO 4217 currency"
        raise UnknownCurrency(message) from unknown
    if digits is None:  # XAU, XXX and the like: no minor unit, so no money
        message = f"{currency!r} has no minor unit"
        raise UnknownCurrency(message)
    return digits


def to_units(amount: Decimal, digits: int) -> int:
    """The whole number of 10^-digits units in this amount; raises InexactAmount rather than round."""
    if not amount.is_finite():
        message = "an amount must be a finite number"
        raise MoneyError(message)
    if amount.adjusted() > _DIGITS - 10:
        message = "an amount this large is not money"
        raise MoneyError(message)
    with localcontext() as context:
        context.prec = _DIGITS * 2
        context.traps[Inexact] = True  # more digits than the context has, or too small for it: never rounded into a whole number
        try:
            scaled = amount.scaleb(digits)
            whole = scaled.to_integral_exact()
        except Inexact as rounded:
            message = f"{str(amount)[:40]} has more than {digits} digits after the point"
            raise InexactAmount(message) from rounded
    return int(whole)


def from_units(units: int, digits: int) -> Decimal:
    """A whole number of 10^-digits units as an exact decimal with that many digits."""
    return Decimal(f"{units}E-{digits}") if digits else Decimal(units)


@dataclass(frozen=True, slots=True)
class Money:
    """An exact amount: `minor` counts the currency's smallest ISO 4217 unit (1 = 0.01 EUR, 1 JPY, 0.001 KWD)."""

    minor: int
    currency: str

    def __post_init__(self) -> None:
        exponent(self.currency)  # refuses unknown codes where they enter, not where they are shown

    @classmethod
    def from_major(cls, amount: Decimal, currency: str) -> Money:
        """Read an amount in major units; raises InexactAmount rather than round."""
        return cls(to_units(amount, exponent(currency)), currency)

    @classmethod
    def from_scaled(cls, units: int, currency: str, digits: int) -> Money:
        """Read a count of units with `digits` digits, for providers whose exponent is not ISO's."""
        return cls.from_major(from_units(units, digits), currency)

    @classmethod
    def zero(cls, currency: str) -> Money:
        """Nothing, in this currency."""
        return cls(0, currency)

    @property
    def major(self) -> Decimal:
        """The amount in major units, exact, with the currency's number of digits."""
        return from_units(self.minor, exponent(self.currency))

    def scaled(self, digits: int) -> int:
        """The amount as a count of units with `digits` digits; raises InexactAmount rather than round."""
        return to_units(self.major, digits)

    def __add__(self, other: Money) -> Money:
        return Money(self.minor + self._same(other), self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.minor - self._same(other), self.currency)

    def __neg__(self) -> Money:
        return Money(-self.minor, self.currency)

    def __lt__(self, other: Money) -> bool:
        return self.minor < self._same(other)

    def __le__(self, other: Money) -> bool:
        return self.minor <= self._same(other)

    def __gt__(self, other: Money) -> bool:
        return self.minor > self._same(other)

    def __ge__(self, other: Money) -> bool:
        return self.minor >= self._same(other)

    def __bool__(self) -> bool:
        return self.minor != 0

    def __str__(self) -> str:
        return f"{self.major} {self.currency}"

    def _same(self, other: Money) -> int:
        if other.currency != self.currency:
            message = f"{self.currency} and {other.currency} cannot be combined"
            raise MixedCurrencies(message)
        return other.minor


def total(amounts: Sequence[Money], currency: str) -> Money:
    """The sum of amounts of one currency; nothing gives zero."""
    return sum(amounts, Money.zero(currency))


def split(amount: int, weights: Sequence[int]) -> list[int]:
    """Divide a whole amount by largest remainder: the parts always add up; ties go to the earlier part.

    Weights are not negative and not all zero.
    """
    whole = sum(weights)
    if whole <= 0 or any(weight < 0 for weight in weights):
        message = "weights must not be negative, and not all zero"
        raise MoneyError(message)
    sign = -1 if amount < 0 else 1
    parts = [abs(amount) * weight // whole for weight in weights]
    remainders = [abs(amount) * weight % whole for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda index: -remainders[index])
    for index in by_remainder[: abs(amount) - sum(parts)]:
        parts[index] += 1
    return [sign * part for part in parts]

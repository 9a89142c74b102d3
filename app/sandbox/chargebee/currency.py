"""How Chargebee counts money: whole units for the zero-decimal currencies, hundredths for all others (docs: Currencies).

That is not ISO 4217's rule: a dinar of three decimals is counted in hundredths too.
"""

from __future__ import annotations

from app.domain.money import Money

BASE = "EUR"
ENABLED = ("EUR", "USD", "GBP", "JPY", "KWD")
LARGEST = 2**53  # units that every JSON reader still takes exactly
ZERO_DECIMAL = frozenset({"JPY", "KRW", "XAF", "XOF"})


def digits(currency: str) -> int:
    """Digits after the point in Chargebee's unit of this currency."""
    return 0 if currency in ZERO_DECIMAL else 2


def iso_minor(units: int, currency: str) -> int:
    """Chargebee's units as ISO 4217 minor units."""
    return Money.from_scaled(units, currency, digits(currency)).minor


def units(minor: int, currency: str) -> int:
    """ISO 4217 minor units as Chargebee's; raises InexactAmount for a part of a unit."""
    return Money(minor, currency).scaled(digits(currency))

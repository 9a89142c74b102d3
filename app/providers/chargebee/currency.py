"""How Chargebee counts money (docs: Currencies): whole units for the zero-decimal currencies, hundredths for all others.

That is not ISO 4217's rule: a dinar of three decimals is counted in hundredths too. Nothing else in this package knows it.
"""

from __future__ import annotations

from app.domain.money import Money, exponent

ZERO_DECIMAL = frozenset({"JPY", "KRW", "XAF", "XOF"})  # docs: Currencies


def digits(currency: str) -> int:
    """Digits after the point in Chargebee's unit of this currency."""
    return 0 if currency in ZERO_DECIMAL else 2


def money(units: int, currency: str) -> Money:
    """Chargebee's units as money; raises MoneyError where they are not whole minor units of the currency."""
    return Money.from_scaled(units, currency, digits(currency))


def units(amount: Money) -> int:
    """Money as Chargebee's units; raises InexactAmount for a part of a unit."""
    return amount.scaled(digits(amount.currency))


def unit_minor(currency: str) -> int:
    """One of Chargebee's units in ISO 4217 minor units, never less than one."""
    return int(10 ** max(0, exponent(currency) - digits(currency)))

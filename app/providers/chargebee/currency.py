"""How Chargebee counts money (docs: Currencies): whole units for the zero-decimal currencies, hundredths for all others.

That is not ISO 4217's rule: a dinar of three decimals is counted in hundredths too. Nothing else in this package knows it.
"""

from __future__ import annotations

from app.domain.errors import InvalidInput, Path
from app.domain.money import InexactAmount, Money, exponent

ZERO_DECIMAL = frozenset({"JPY", "KRW", "XAF", "XOF"})  # docs: Currencies
LARGEST = 2**63 - 1  # docs: amounts are 64-bit integers


def digits(currency: str) -> int:
    """Digits after the point in Chargebee's unit of this currency."""
    return 0 if currency in ZERO_DECIMAL else 2


def money(units: int, currency: str) -> Money:
    """Chargebee's units as money; raises MoneyError where they are not whole minor units of the currency."""
    return Money.from_scaled(units, currency, digits(currency))


def nearest(units: int, currency: str) -> Money:
    """An estimate in Chargebee's units as money, half up where the currency has no part that small."""
    finer = int(10 ** max(0, digits(currency) - exponent(currency)))
    return money((2 * units + finer) // (2 * finer) * finer, currency)


def units(amount: Money) -> int:
    """Money as Chargebee's units; raises InexactAmount for a part of a unit."""
    return amount.scaled(digits(amount.currency))


def unit_minor(currency: str) -> int:
    """One of Chargebee's units in ISO 4217 minor units, never less than one."""
    return int(10 ** max(0, exponent(currency) - digits(currency)))


def amount_problem(amount: Money, path: Path) -> InvalidInput | None:
    """Why Chargebee cannot be told an amount asked for: it is nothing, absurd, or has parts of a unit."""
    if amount.minor <= 0:
        return InvalidInput("an amount must be above zero", path=path)
    if amount.minor > LARGEST:
        return too_large(path)
    try:
        return too_large(path) if units(amount) > LARGEST else None
    except InexactAmount as inexact:
        message = f"{inexact}, and Chargebee counts {amount.currency} with {digits(amount.currency)}"
        return InvalidInput(message, path=path)


def too_large(path: Path) -> InvalidInput:
    """What to say of an amount beyond 64 bits, which is not repeated: it may have thousands of digits."""
    return InvalidInput("an amount this large is not money", path=path)

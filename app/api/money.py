"""Money as clients see it, and as they give it."""

from __future__ import annotations

from decimal import Decimal
from typing import overload

import strawberry

from app.api.scalars import BigInt, CurrencyCode
from app.domain import money
from app.domain.errors import InvalidInput, Path
from app.domain.money import MoneyError

LARGEST = 2**63
"""BigInt's bound: an amount that cannot be shown is not taken."""


@strawberry.type(description="An exact amount of money.")
class Money:
    """One amount in both forms."""

    amount: Decimal = strawberry.field(description="In major units, exact.")
    minor_units: BigInt = strawberry.field(description="In the currency's smallest unit.")
    currency: CurrencyCode = strawberry.field(description="The currency.")
    exponent: int = strawberry.field(description="Digits after the point in this currency (ISO 4217).")

    @classmethod
    def of(cls, value: money.Money) -> Money:
        """The amount as shown."""
        return cls(
            amount=value.major,
            minor_units=BigInt(value.minor),
            currency=CurrencyCode(value.currency),
            exponent=money.exponent(value.currency),
        )

    @overload
    @classmethod
    def maybe(cls, value: None) -> None: ...
    @overload
    @classmethod
    def maybe(cls, value: money.Money) -> Money: ...
    @overload
    @classmethod
    def maybe(cls, value: money.Money | None) -> Money | None: ...
    @classmethod
    def maybe(cls, value: money.Money | None) -> Money | None:
        """The amount, or null where it is not told."""
        return None if value is None else cls.of(value)


@strawberry.input(description="Exactly one of amount and minorUnits.")
class MoneyInput:
    """An amount as given."""

    currency: CurrencyCode = strawberry.field(description="The currency.")
    amount: Decimal | None = strawberry.field(default=None, description="In major units.")
    minor_units: BigInt | None = strawberry.field(default=None, description="In the currency's smallest unit.")

    def to_money(self, path: Path) -> money.Money:
        """The amount; raises InvalidInput where it is none, or has more digits than its currency."""
        if (self.amount is None) == (self.minor_units is None):
            message = "exactly one of amount and minorUnits must be given"
            raise InvalidInput(message, path=path)
        try:
            if self.amount is not None:
                given = money.Money.from_major(self.amount, self.currency)
            else:
                given = money.Money(int(self.minor_units or 0), self.currency)
        except MoneyError as wrong:
            raise InvalidInput(str(wrong), path=(*path, "amount")) from wrong
        if abs(given.minor) >= LARGEST:
            message = "an amount this large cannot be told in minor units"
            raise InvalidInput(message, path=(*path, "amount"))
        return given

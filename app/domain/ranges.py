"""Ranges a list is narrowed to. An end that is None is open; a range never holds what is not told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from app.domain.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class DayRange:
    """Days, both ends included."""

    first: date | None = None
    last: date | None = None

    def holds(self, day: date | None) -> bool:
        """Whether the day is one of them."""
        return day is not None and (self.first is None or self.first <= day) and (self.last is None or day <= self.last)


@dataclass(frozen=True, slots=True, kw_only=True)
class InstantRange:
    """Aware instants, the start included and the end not."""

    start: datetime | None = None
    end: datetime | None = None

    def holds(self, instant: datetime | None) -> bool:
        """Whether the instant is one of them."""
        return instant is not None and (self.start is None or self.start <= instant) and (self.end is None or instant < self.end)


@dataclass(frozen=True, slots=True, kw_only=True)
class MoneyRange:
    """Amounts of one currency in major units, both ends included; an end may have more digits than the currency."""

    currency: str
    least: Decimal | None = None
    most: Decimal | None = None

    def holds(self, amount: Money) -> bool:
        """Whether the amount is one of them; one of another currency never is."""
        if amount.currency != self.currency:
            return False
        return (self.least is None or self.least <= amount.major) and (self.most is None or amount.major <= self.most)

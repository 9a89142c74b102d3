"""Chargebee's timestamps, whole seconds in UTC, as ours and back (docs: Credit note object).

Raises OverflowError for what is no date at all.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FIRST_DAY = date(1970, 1, 1)
LAST_DAY = date(2286, 11, 20)  # docs: timestamps have at most ten digits


def instant(seconds: int | None) -> datetime | None:
    """A timestamp, aware and in UTC."""
    return None if seconds is None else _EPOCH + timedelta(seconds=seconds)


def day(seconds: int | None) -> date | None:
    """The UTC date of a timestamp."""
    moment = instant(seconds)
    return None if moment is None else moment.date()


def seconds(moment: datetime) -> str:
    """An instant as a parameter."""
    return str(int(moment.timestamp()))


def midnight(day: date) -> datetime:
    """The start of a day in UTC."""
    return datetime.combine(day, time(), UTC)


def has_timestamp(day: date) -> bool:
    """Whether a timestamp can say this day."""
    return FIRST_DAY <= day <= LAST_DAY

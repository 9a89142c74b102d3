"""Chargebee's timestamps, whole seconds in UTC, as ours (docs: Credit note object). Raises OverflowError for what is no date at all."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def instant(seconds: int | None) -> datetime | None:
    """A timestamp, aware and in UTC."""
    return None if seconds is None else _EPOCH + timedelta(seconds=seconds)


def day(seconds: int | None) -> date | None:
    """The UTC date of a timestamp."""
    moment = instant(seconds)
    return None if moment is None else moment.date()

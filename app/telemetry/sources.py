"""What one answer was made from, for a client that asks to see it: collected beside the events, and nothing decides by it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeAlias

Source: TypeAlias = dict[str, str | int | float | bool]
"""Its account; whether it was kept from before, then its greatest age; else how the call ended and how long it took."""

_collected: ContextVar[list[Source] | None] = ContextVar("sources", default=None)


@contextmanager
def collecting(*, wanted: bool) -> Iterator[list[Source] | None]:
    """What is asked of providers and caches while the block runs, in the order it ended; None where nobody wants to know."""
    sources: list[Source] | None = [] if wanted else None
    token = _collected.set(sources)
    try:
        yield sources
    finally:
        _collected.reset(token)


def called(*, account: str, outcome: str, duration_s: float) -> None:
    """A provider was asked."""
    sources = _collected.get()
    if sources is not None:
        sources.append({"account": account, "cached": False, "outcome": outcome, "durationMs": round(duration_s * 1000, 1)})


def kept_from_before(*, account: str, kind: str, ages_s: Iterable[float]) -> None:
    """These things were answered from what is kept; the ages are looked at only where somebody wants to know."""
    sources = _collected.get()
    ages = [] if sources is None else list(ages_s)
    if sources is not None and ages:
        oldest = round(max(0.0, *ages), 1)
        sources.append({"account": account, "cached": True, "kind": kind, "count": len(ages), "ageSeconds": oldest})

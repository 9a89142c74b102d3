"""What a reader wishes and gets, and for how long it may be kept. Nothing here reads or keeps."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeAlias, TypeVar

from app.domain.errors import GatewayError

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Freshness:
    """How old an answer may be. `max_age_s` 0 asks the provider; None: as the gateway finds right."""

    max_age_s: float | None = None
    stale_on_error: bool = False


@dataclass(frozen=True, slots=True)
class Fetched(Generic[T]):
    """A value and where it comes from; `fetched_at` is when the provider was asked for it."""

    value: T
    fetched_at: datetime
    cached: bool
    stale: bool = False
    instead_of: GatewayError | None = None
    """Why there is no newer one, where the reader took this for a failure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Windows:
    """For how long a value is fresh, for how long after that it is still better than waiting, and then still better than a failure."""

    fresh_s: float
    stale_s: float = 0.0
    error_s: float = 0.0


Answer: TypeAlias = Fetched[T] | GatewayError
Load: TypeAlias = Callable[[Sequence[str]], Awaitable[Mapping[str, T | GatewayError]]]
"""Asks the provider; every id is a key of what it answers. A GatewayError raised is the answer for each."""

"""How long, how often, whether at all: small state machines with an injected clock and no I/O of their own."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from app.domain.errors import Unavailable

Clock = Callable[[], float]


class Deadline:
    """The moment by which an operation must have ended; every call under it takes what is left."""

    __slots__ = ("_at", "_clock")

    def __init__(self, seconds: float, clock: Clock = time.monotonic) -> None:
        self._clock = clock
        self._at = clock() + seconds

    def left(self) -> float:
        """Seconds left, never negative."""
        return max(0.0, self._at - self._clock())

    def part(self, share: float) -> Deadline:
        """The moment by which so much of what is left has passed."""
        return Deadline(share * self.left(), self._clock)


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """How often a read is tried again, and after what wait: full jitter under a doubling bound."""

    attempts: int = 3
    first_s: float = 0.1
    longest_s: float = 2.0

    def wait(self, attempt: int, retry_after: float | None, chance: Callable[[], float] = random.random) -> float:
        """Seconds before attempt number `attempt` + 1; what the provider asked for, if it asked."""
        if retry_after is not None:
            return retry_after
        return chance() * min(self.longest_s, self.first_s * 2.0 ** (attempt - 1))


class RetryBudget:
    """How many retries an account may have: a share of its calls, beside a few in reserve, so that retries never pile up on it."""

    def __init__(self, *, share: float = 0.1, reserve: int = 20, per_second: float = 1, clock: Clock = time.monotonic) -> None:
        self._share = share
        self._reserve = float(reserve)
        self._per_second = per_second
        self._clock = clock
        self._left = self._reserve
        self._filled_at = clock()

    def called(self) -> None:
        """A call is made that is no retry."""
        self._gain(self._share, most=5 * self._reserve)

    def spend(self) -> bool:
        """Whether there may be another retry, which is then one less."""
        now = self._clock()
        self._gain((now - self._filled_at) * self._per_second, most=self._reserve)
        self._filled_at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True

    def _gain(self, amount: float, *, most: float) -> None:
        self._left = max(self._left, min(most, self._left + amount))


class Health:
    """What was last seen of an account, for people who look; nothing decides by it."""

    def __init__(self) -> None:
        self.status: Literal["OK", "DEGRADED", "RATE_LIMITED", "UNAUTHENTICATED", "UNKNOWN"] = "UNKNOWN"
        self.checked_at: datetime | None = None
        self._again_at: datetime | None = None

    def answered(self, status: int, *, retry_after: float | None = None) -> None:
        """An answer came, with this HTTP status."""
        self.checked_at = datetime.now(UTC)
        self._again_at = None if retry_after is None else self.checked_at + timedelta(seconds=retry_after)
        if status == 429:
            self.status = "RATE_LIMITED"
        elif status in {401, 403}:
            self.status = "UNAUTHENTICATED"
        else:
            self.status = "OK" if 200 <= status < 300 or 400 <= status < 500 else "DEGRADED"

    def held(self, seconds: float) -> None:
        """The provider has asked, perhaps in another process, to be left alone for so long."""
        self.status, self._again_at = "RATE_LIMITED", datetime.now(UTC) + timedelta(seconds=seconds)

    def failed(self) -> None:
        """No answer came."""
        self.status, self.checked_at, self._again_at = "DEGRADED", datetime.now(UTC), None

    def unreadable(self) -> None:
        """The answer that just came could not be read."""
        if self.status == "OK":
            self.status = "DEGRADED"

    @property
    def retry_after_s(self) -> float | None:
        """Seconds until the provider wants to be asked again, where it said so."""
        return None if self._again_at is None else max(0.0, (self._again_at - datetime.now(UTC)).total_seconds())


class Breaker:
    """Stops calling an account that keeps failing; after a rest one call is let through to see whether it is back."""

    def __init__(self, *, failures: int = 20, rest_s: float = 2.0, probe_s: float = 5.0, clock: Clock = time.monotonic) -> None:
        self._limit = failures
        self._rest_s = rest_s
        self._probe_s = probe_s
        self._clock = clock
        self._failed = 0
        self._opened_at: float | None = None
        self._probe_until: float | None = None

    @property
    def is_open(self) -> bool:
        """Whether calls are being refused now."""
        return self._opened_at is not None

    def refuse_if_resting(self) -> None:
        """Raises Unavailable while the account rests, and while one call finds out whether it is back: not longer than a probe may take."""
        if self._opened_at is None:
            return
        now = self._clock()
        rest = self._opened_at + self._rest_s - now
        if rest > 0 or (self._probe_until is not None and now < self._probe_until):
            message = "the account has failed repeatedly and is being left alone for a moment"
            raise Unavailable(message, retry_after=max(rest, 0.1))

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Around one call: raises Unavailable while the account rests; after that lets one call through to see, and no other."""
        self.refuse_if_resting()
        probe_until = None if self._opened_at is None else self._clock() + self._probe_s
        self._probe_until = probe_until or self._probe_until
        try:
            yield
        finally:  # a probe given up by its own caller says nothing about the provider
            if probe_until is not None and self._probe_until == probe_until:
                self._probe_until = None

    def succeeded(self) -> None:
        """An answer came that was not a failure of the provider."""
        self._failed = 0
        self._opened_at = None

    def failed(self) -> None:
        """No answer, or a 5xx."""
        self._failed += 1
        if self._failed >= self._limit:
            self._opened_at = self._clock()

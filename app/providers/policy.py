"""When to send, when to wait, when to give up: small state machines with an injected clock and no I/O of their own."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from app.domain.errors import Unavailable
from app.providers.contract import Limits

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


class Limiter:
    """A token bucket for calls a minute and a gate for calls at once, both fair: first come, first served."""

    def __init__(self, limits: Limits, clock: Clock = time.monotonic) -> None:
        self._per_second = limits.per_minute / 60
        self._burst = float(limits.per_minute)
        self._tokens = self._burst
        self._clock = clock
        self._filled_at = clock()
        self._turn = asyncio.Lock()
        self._gate = asyncio.Semaphore(limits.concurrent) if limits.concurrent else None

    @asynccontextmanager
    async def turn(self, deadline: Deadline) -> AsyncIterator[None]:
        """Hold a place while a call is made; raises Unavailable when the wait would pass the deadline."""
        if self._gate is None:
            await self._take_token(deadline)
            yield
            return
        try:
            async with asyncio.timeout(deadline.left()):
                await self._gate.acquire()
        except TimeoutError:
            raise _too_busy(None) from None
        try:
            await self._take_token(deadline)
            yield
        finally:
            self._gate.release()

    async def _take_token(self, deadline: Deadline) -> None:
        if not self._per_second:
            return
        try:
            async with asyncio.timeout(deadline.left()), self._turn:
                self._refill()
                wait = (1 - self._tokens) / self._per_second
                if wait > deadline.left():
                    raise _too_busy(wait)
                if wait > 0:
                    await asyncio.sleep(wait)
                    self._refill()
                self._tokens -= 1  # last, so that whoever gives up while waiting has taken nothing
        except TimeoutError:
            raise _too_busy(None) from None

    def _refill(self) -> None:
        now = self._clock()
        self._tokens = min(self._burst, self._tokens + (now - self._filled_at) * self._per_second)
        self._filled_at = now


def _too_busy(wait: float | None) -> Unavailable:
    return Unavailable("the account's own limit of calls is reached", retry_after=wait)


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
            self.status = "DEGRADED" if status >= 500 else "OK"

    def failed(self) -> None:
        """No answer came."""
        self.status, self.checked_at, self._again_at = "DEGRADED", datetime.now(UTC), None

    @property
    def retry_after_s(self) -> float | None:
        """Seconds until the provider wants to be asked again, where it said so."""
        return None if self._again_at is None else max(0.0, (self._again_at - datetime.now(UTC)).total_seconds())


class Breaker:
    """Stops calling an account that keeps failing; after a rest one call is let through to see whether it is back."""

    def __init__(self, *, failures: int = 20, rest_s: float = 2.0, clock: Clock = time.monotonic) -> None:
        self._limit = failures
        self._rest_s = rest_s
        self._clock = clock
        self._failed = 0
        self._opened_at: float | None = None
        self._probing = False

    @property
    def is_open(self) -> bool:
        """Whether calls are being refused now."""
        return self._opened_at is not None

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Around one call: raises Unavailable while the account rests; after that lets one call through to see, and no other."""
        is_probe = self._opened_at is not None
        if self._opened_at is not None:
            rest = self._opened_at + self._rest_s - self._clock()
            if rest > 0 or self._probing:
                message = "the account has failed repeatedly and is being left alone for a moment"
                raise Unavailable(message, retry_after=max(rest, 0.1))
        self._probing = self._probing or is_probe
        try:
            yield
        finally:  # a probe given up by its own caller says nothing about the provider
            if is_probe:
                self._probing = False

    def succeeded(self) -> None:
        """An answer came that was not a failure of the provider."""
        self._failed = 0
        self._opened_at = None

    def failed(self) -> None:
        """No answer, or a 5xx."""
        self._failed += 1
        if self._failed >= self._limit:
            self._opened_at = self._clock()

"""A store that reads can do without: one that fails is left alone for a moment, and looked after by nobody who waits for an answer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from app import telemetry
from app.gateway.background import Background
from app.store import Store, StoreFailure

T = TypeVar("T")

PATIENCE_S = 0.2
"""How long a read waits for it: a provider answers in about as much."""
REST_S = 1.0
"""How long it is left alone before it is tried again."""


class Guard:
    """One store, as reads use it."""

    def __init__(self, store: Store, background: Background) -> None:
        self._store = store
        self._background = background
        self._rests_until: float | None = None
        self._probe: asyncio.Task[None] | None = None

    @property
    def is_shared(self) -> bool:
        """Whether other processes see it."""
        return self._store.is_shared

    async def reach(self, call: Callable[[Store], Awaitable[T]]) -> T:
        """What the call answers; raises StoreFailure at once while the store is left alone."""
        if self._rests_until is not None:
            self._look_after()
            message = "the store has just failed and is left alone"
            raise StoreFailure(message)
        loop = asyncio.get_running_loop()
        started = loop.time()
        try:
            return await _in_time(call, self._store)
        except StoreFailure as failed:
            if loop.time() - started < 2 * PATIENCE_S:
                self._rest(failed)
                raise
        # So late that it was this process that had no time, not the store: a burst of requests does that, and has passed now.
        try:
            return await _in_time(call, self._store)
        except StoreFailure as failed:
            self._rest(failed)
            raise

    def _rest(self, failed: StoreFailure) -> None:
        if self._rests_until is None:
            telemetry.store_failed(operation="cache", error=failed)
        self._rests_until = asyncio.get_running_loop().time() + REST_S

    def _look_after(self) -> None:
        rested = self._rests_until is not None and asyncio.get_running_loop().time() >= self._rests_until
        if rested and (self._probe is None or self._probe.done()):
            self._probe = self._background.start(self._try())

    async def _try(self) -> None:
        try:
            await _in_time(lambda store: store.ping(), self._store)
        except StoreFailure as failed:
            self._rest(failed)
        else:
            self._rests_until = None


async def _in_time(call: Callable[[Store], Awaitable[T]], store: Store) -> T:
    try:
        async with asyncio.timeout(PATIENCE_S):
            return await call(store)
    except TimeoutError as late:
        message = "the store did not answer in time"
        raise StoreFailure(message) from late

"""Writes on one invoice, or for one customer without an invoice, take turns, in this process first come first served, and over all processes by a lease in the store."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from app import telemetry
from app.domain.errors import StoreUnavailable
from app.gateway.entries import EntryKeys
from app.providers.policy import Deadline
from app.store import Lease, Store, StoreFailure

_POLL_S = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """The right to write on a subject, for now."""

    subject: str
    lease: Lease


class Turns:
    """Who may write on what now."""

    def __init__(self, store: Store, lease_s: float) -> None:
        self._store = store
        self._lease_s = lease_s
        self._queues: dict[str, tuple[asyncio.Lock, list[None]]] = {}

    @asynccontextmanager
    async def turn(self, keys: EntryKeys, subject: str, deadline: Deadline) -> AsyncIterator[Turn]:
        """Hold the subject, renewing the lease while the block runs; raises StoreUnavailable when its turn does not come in time."""
        key = keys.turn(subject)
        async with self._queue(key, deadline):
            lease = await self._acquired(key, deadline)
            async with kept(lease):
                yield Turn(subject=subject, lease=lease)

    @asynccontextmanager
    async def _queue(self, key: str, deadline: Deadline) -> AsyncIterator[None]:
        lock, waiting = self._queues.setdefault(key, (asyncio.Lock(), []))
        waiting.append(None)
        try:
            try:
                async with asyncio.timeout(deadline.left()):
                    await lock.acquire()
            except TimeoutError:
                raise _too_late() from None
            try:
                yield
            finally:
                lock.release()
        finally:
            waiting.pop()
            if not waiting:
                self._queues.pop(key, None)

    async def _acquired(self, key: str, deadline: Deadline) -> Lease:
        while True:
            try:
                lease = await Lease.acquire(self._store, key, self._lease_s)
            except StoreFailure as failed:
                raise unavailable() from failed
            if lease is not None:
                return lease
            if deadline.left() <= _POLL_S:
                raise _too_late()
            await asyncio.sleep(_POLL_S * (0.5 + random.random()))  # noqa: S311 - spreads the pollers, guards nothing


@asynccontextmanager
async def kept(lease: Lease) -> AsyncIterator[None]:
    """Renew a lease while the block runs, and let it go after it."""
    renewal = asyncio.create_task(_renew(lease))
    try:
        yield
    finally:
        renewal.cancel()
        try:
            await lease.release()
        except StoreFailure as failed:  # it ends by itself
            telemetry.store_failed(operation="release", error=failed)


async def _renew(lease: Lease) -> None:
    while True:
        await asyncio.sleep(lease.ttl_s / 3)
        try:
            if not await lease.renew():
                return
        except StoreFailure as failed:
            telemetry.store_failed(operation="renew", error=failed)


def unavailable() -> StoreUnavailable:
    """What to answer when the ledger is out of reach and nothing was sent."""
    return StoreUnavailable("the gateway cannot reach its memory, and does not write without it")


def _too_late() -> StoreUnavailable:
    return StoreUnavailable("other writes on the same invoice took all the time there was; nothing was sent", retry_after=1.0)

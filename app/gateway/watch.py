"""Finds the end of writes whose client never repeats: one process at a time looks, backing off, and never sends anything."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from app import telemetry
from app.domain.errors import GatewayError, InProgress, OutcomeUnknown, Unavailable
from app.domain.vocabulary import Operation
from app.gateway.accounts import Account, Caller
from app.gateway.entries import Entry, EntryKeys
from app.gateway.held import Held
from app.gateway.resolution import Resolver
from app.gateway.results import WriteResult
from app.gateway.turns import kept
from app.gateway.writes import Writes
from app.providers.policy import Deadline
from app.store import Lease, Store, StoreFailure

LONGEST_WAIT_S = 600.0
EVERY_ACCOUNT = Caller(name="watch")


@dataclass(slots=True, kw_only=True)
class Watch:
    """Goes through the open writes of every account, round after round, `every_s` apart."""

    writes: Writes
    store: Store
    every_s: float
    clock: Callable[[], float] = time.time
    _looks: dict[str, tuple[int, float]] = field(default_factory=dict)
    """By entry: how often it was looked for, and when it will be again."""

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Watch while the block runs; not at all where `every_s` is 0."""
        if not self.every_s:
            yield
            return
        rounds = asyncio.create_task(self._rounds())
        try:
            yield
        finally:
            rounds.cancel()
            await asyncio.gather(rounds, return_exceptions=True)

    async def round(self) -> None:
        """Look once for every write that is due. Nothing escapes: what fails now is tried again next time."""
        still_open: set[str] = set()
        for account in self.writes.accounts.of(EVERY_ACCOUNT):
            try:
                entries = await self.writes.ledger.open_entries(account)
                still_open |= {f"{account.tag}:{digest}" for digest in entries}
                for digest, entry in entries.items():
                    if entry is not None and self._is_due(f"{account.tag}:{digest}", entry):
                        await self._look(account, entry)
            except GatewayError as failed:
                telemetry.watch_failed(account=account.name, error=failed)
            except Exception as bug:  # noqa: BLE001 - one account's trouble must not end the watch over the others
                telemetry.internal_error(bug)
        self._looks = {name: look for name, look in self._looks.items() if name in still_open}

    async def _rounds(self) -> None:
        while True:
            try:
                lease = await Lease.acquire(self.store, self.lease_key, max(15.0, 3 * self.every_s))
                if lease is not None:
                    async with kept(lease):
                        await self._while_held(lease)
            except StoreFailure as failed:
                telemetry.store_failed(operation="watch", error=failed)
            await asyncio.sleep(self.every_s)

    async def _while_held(self, lease: Lease) -> None:
        try:
            while lease.key == self.lease_key and await lease.renew():  # the accounts may be others since
                await self.round()
                await asyncio.sleep(self.every_s)
        finally:
            self._looks.clear()  # whoever watches next begins without them, and so does this process when its turn comes again

    @property
    def lease_key(self) -> str:
        """One for all who watch the same accounts: two installations may share a Redis."""
        tags = "\0".join(account.tag for account in self.writes.accounts.of(EVERY_ACCOUNT))
        return f"cn:1:watch:{hashlib.sha256(tags.encode()).hexdigest()[:16]}"

    def _is_due(self, name: str, entry: Entry) -> bool:
        """First after the time a provider needs to show it, then after twice as long each time."""
        now = self.clock()
        looks, next_at = self._looks.get(name, (0, 0.0))
        last = entry.attempts[-1].at if entry.attempts else 0.0
        first_at = last + self.writes.sender.timings.settling_s
        if now < max(next_at, first_at):
            return False
        self._looks[name] = (looks + 1, now + min(LONGEST_WAIT_S, self.writes.sender.timings.settling_s * 2 ** min(looks, 30)))
        return True

    async def _look(self, account: Account, entry: Entry) -> None:
        keys = EntryKeys(account=account, operation=Operation(entry.operation), key=entry.key)
        started = self.clock()
        try:
            async with self.writes.ledger.hold_open(keys) as held:
                result = None if held is None else await self._ended(account, held)
        except InProgress:  # whoever sent it is still at it, or its client is repeating it
            return
        if result is not None:
            await self.writes.audit.attempted(keys, result, who=EVERY_ACCOUNT.name, duration_s=self.clock() - started)

    async def _ended(self, account: Account, held: Held) -> WriteResult | None:
        plan = held.entry.plan
        if plan is None:
            return None
        was_long_past = held.is_long_past  # when the look began: what it did not see may have come since
        try:
            found = await Resolver(self.writes.ledger).look(
                account, held, plan, Deadline(self.writes.sender.timings.read_timeout_s)
            )
        except OutcomeUnknown:
            return None
        if found is not None:
            return await self.writes.sender.record(account, held, found, replayed=True)
        return await self.writes.sender.refused(account, held, _never_came()) if was_long_past else None


def _never_came() -> Unavailable:
    return Unavailable("the answer was lost, and nothing has come of it since")

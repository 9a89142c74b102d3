"""The ledger: every write by its key, with each step on record before it is taken. Fails closed: no memory, no write.

started -> sent -> done | refused | unknown; unknown -> sent again, done or refused. Only the holder of the entry's lease moves it.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

import msgspec

from app import telemetry
from app.domain.errors import Conflict, InProgress, KeyReused, OutcomeUnknown
from app.gateway.accounts import Account
from app.gateway.entries import Entry, EntryKeys, entry_key, open_entries
from app.gateway.held import CODEC, Held, keep_s
from app.gateway.turns import unavailable
from app.store import Lease, Put, Store, StoreFailure
from app.timings import Timings

T = TypeVar("T")


class Ledger:
    """Opens entries. One process or many: the store decides who holds which."""

    def __init__(self, store: Store, timings: Timings, clock: Callable[[], float] = time.time) -> None:
        self._store = store
        self._timings = timings
        self._clock = clock

    @property
    def is_durable(self) -> bool:
        """Whether the ledger outlives this process."""
        return self._store.is_shared

    async def finished(self, keys: EntryKeys, fingerprint: str) -> Entry | None:
        """The finished entry of this very request, if there is one; raises KeyReused. Costs one read of the store."""
        entry = CODEC.decode(await self._get(keys.entry))
        if entry is None:
            return None
        _refuse_other_content(entry, fingerprint)
        return entry if entry.state == "done" else None

    @asynccontextmanager
    async def hold(self, keys: EntryKeys, fingerprint: str) -> AsyncIterator[Held]:
        """The entry, leased: new, started anew, open from before, or done meanwhile. Raises KeyReused, InProgress, StoreUnavailable."""
        lease = await self._lease(keys)
        try:
            yield await self._opened(keys, fingerprint, lease)
        finally:
            await _release(lease)

    @asynccontextmanager
    async def hold_open(self, keys: EntryKeys, *, half_done: bool = False) -> AsyncIterator[Held | None]:
        """The entry as it stands, leased, for whoever only looks; None where it has ended. Raises InProgress, StoreUnavailable.

        With `half_done` also an entry of which nothing is under way, but steps remain.
        """
        lease = await self._lease(keys)
        try:
            raw = await self._get(keys.entry)
            entry = CODEC.decode(raw)
            is_wanted = entry is not None and (entry.is_open or (half_done and entry.is_between_steps))
            yield self._held(keys, entry, raw, lease) if raw is not None and entry is not None and is_wanted else None
        finally:
            await _release(lease)

    async def entry(self, keys: EntryKeys) -> Entry | None:
        """What is remembered of a write."""
        return self.read(await self._get(keys.entry))

    async def open_entries(self, account: Account) -> dict[str, Entry | None]:
        """The account's writes without a known end, by digest; None where one can't be read."""
        digests = sorted(member.decode() for member in await self._asked(self._store.members(open_entries(account.tag))))
        raws = await self._get_many([entry_key(account.tag, digest) for digest in digests])
        return {digest: CODEC.decode(raw) for digest, raw in zip(digests, raws, strict=True)}

    async def entries(self, account: Account) -> AsyncIterator[Entry]:
        """Every write of the account that is remembered, in no order; for an operator, since it goes through the whole store."""
        async for key in self._store.find(entry_key(account.tag, "")):
            entry = CODEC.decode(await self._get(key))
            if entry is not None:
                yield entry

    async def claimed(self, keys: EntryKeys, made: list[str]) -> set[str]:
        """Which of these notes, or refunds, belong to other entries."""
        owners = await self._get_many([keys.claim(one) for one in made])
        mine = keys.digest.encode()
        return {one for one, owner in zip(made, owners, strict=True) if owner is not None and owner != mine}

    async def refuse_if_pending(self, keys: EntryKeys, subject: str) -> None:
        """Raises Conflict while another key's write on the subject has no known end."""
        other = await self._get(keys.pending(subject))
        if other is not None and other != keys.mark:
            what, key = subject.partition(":")[0], other.decode().rpartition("\0")[2]
            message = f"the write with the key {key!r} on this {what} has no known end yet: repeat that one first"
            raise Conflict(message, account=keys.account.name)

    async def _lease(self, keys: EntryKeys) -> Lease:
        try:
            lease = await Lease.acquire(self._store, keys.lease, self._timings.ledger_lease_s)
        except StoreFailure as failed:
            raise unavailable() from failed
        if lease is None:
            message = "a request with this idempotency key is still running"
            raise InProgress(message, account=keys.account.name, retry_after=1.0)
        return lease

    async def _opened(self, keys: EntryKeys, fingerprint: str, lease: Lease) -> Held:
        raw = await self._get(keys.entry)
        before = self.read(raw)
        entry = Entry(state="started", operation=keys.operation.value, key=keys.key, fingerprint=fingerprint)
        if before is not None:
            _refuse_other_content(before, fingerprint)
            entry = _resumed(before, entry)
        held = self._held(keys, entry, raw or b"", lease)
        if entry is not before:
            await self._start(held, entry, raw)
        return held

    @staticmethod
    def read(raw: bytes | None) -> Entry | None:
        """An entry's bytes, read; raises OutcomeUnknown for those another version of the gateway wrote."""
        entry = CODEC.decode(raw)
        if raw is not None and entry is None:
            message = "the ledger's entry was written by another version of this gateway, and cannot be read"
            raise OutcomeUnknown(message)
        return entry

    def _held(self, keys: EntryKeys, entry: Entry, raw: bytes, lease: Lease) -> Held:
        return Held(keys=keys, entry=entry, _raw=raw, _lease=lease, _timings=self._timings, _clock=self._clock)

    async def _start(self, held: Held, entry: Entry, before: bytes | None) -> None:
        raw = CODEC.encode(entry)
        lease = held._lease  # noqa: SLF001 - the ledger made it
        try:
            started = await self._store.commit(
                {lease.key: lease.token, held.keys.entry: before}, {held.keys.entry: Put(raw, keep_s(entry, self._timings))}
            )
        except StoreFailure as failed:
            raise unavailable() from failed
        if not started:
            message = "another request took over this idempotency key"
            raise InProgress(message, account=held.keys.account.name, retry_after=1.0)
        held._raw = raw  # noqa: SLF001 - the ledger made it
        telemetry.ledger_reached(operation=entry.operation, state=entry.state)

    async def _get(self, key: str) -> bytes | None:
        return (await self._get_many([key]))[0]

    async def _get_many(self, keys: list[str]) -> list[bytes | None]:
        return await self._asked(self._store.get_many(keys))

    async def _asked(self, answer: Awaitable[T]) -> T:
        try:
            return await answer
        except StoreFailure as failed:
            raise unavailable() from failed


async def _release(lease: Lease) -> None:
    try:
        await lease.release()
    except StoreFailure as failed:  # it ends by itself
        telemetry.store_failed(operation="release", error=failed)


def _resumed(before: Entry, new: Entry) -> Entry:
    """The entry a request goes on with: as it stands, or anew where nothing of its step is under way."""
    if before.state not in {"started", "refused"}:
        return before
    generation = before.generation + (before.state == "refused")
    if before.is_between_steps:
        return before.anew("started", generation=generation)
    return msgspec.structs.replace(new, generation=generation, attempts=before.attempts)


def _refuse_other_content(entry: Entry, fingerprint: str) -> None:
    """In *started* and *refused* nothing has come of it at the provider, before a first step did: the key may be used with corrected content."""
    is_free = entry.state in {"started", "refused"} and not entry.is_between_steps
    if not is_free and entry.fingerprint != fingerprint:
        message = "this idempotency key was used for a request with other content"
        raise KeyReused(message, path=("idempotencyKey",))

"""The ledger: every write by its key, with each step on record before it is taken. Fails closed: no memory, no write.

started -> sent -> done | refused | unknown; unknown -> sent again, done or refused. Only the holder of the entry's lease moves it.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import msgspec

from app import telemetry
from app.domain.errors import Conflict, InProgress, KeyReused, OutcomeUnknown, StoreUnavailable
from app.gateway.entries import Entry, EntryKeys
from app.gateway.held import CODEC, Held
from app.settings import Timings
from app.store import Lease, Put, Store, StoreFailure


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
            try:
                await lease.release()
            except StoreFailure as failed:
                telemetry.store_failed(operation="release", error=failed)

    async def claimed(self, keys: EntryKeys, note_ids: list[str]) -> set[str]:
        """Which of these notes belong to other entries."""
        owners = await self._get_many([keys.claim(note_id) for note_id in note_ids])
        mine = keys.digest.encode()
        return {note_id for note_id, owner in zip(note_ids, owners, strict=True) if owner is not None and owner != mine}

    async def refuse_if_pending(self, keys: EntryKeys, subject: str) -> None:
        """Raises Conflict while another key's write on the subject has no known end."""
        other = await self._get(keys.pending(subject))
        if other is not None and other != keys.key.encode():
            message = f"the write with the key {other.decode()!r} on this invoice has no known end yet: repeat that one first"
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
        before = CODEC.decode(raw)
        if raw is not None and before is None:
            message = "the ledger's entry was written by another version of this gateway, and cannot be read"
            raise OutcomeUnknown(message, account=keys.account.name)
        entry = Entry(state="started", operation=keys.operation.value, key=keys.key, fingerprint=fingerprint)
        if before is not None:
            _refuse_other_content(before, fingerprint)
            if before.state == "refused":
                entry = msgspec.structs.replace(entry, generation=before.generation + 1, attempts=before.attempts)
            elif before.state == "started":  # nothing was sent: anew
                entry = msgspec.structs.replace(entry, generation=before.generation, attempts=before.attempts)
            else:
                entry = before
        held = Held(keys=keys, entry=entry, _raw=raw or b"", _lease=lease, _timings=self._timings, _clock=self._clock)
        if entry is not before:
            await self._start(held, entry, raw)
        return held

    async def _start(self, held: Held, entry: Entry, before: bytes | None) -> None:
        raw = CODEC.encode(entry)
        lease = held._lease  # noqa: SLF001 - the ledger made it
        try:
            started = await self._store.commit(
                {lease.key: lease.token, held.keys.entry: before}, {held.keys.entry: Put(raw, self._timings.ledger_keep_s)}
            )
        except StoreFailure as failed:
            raise unavailable() from failed
        if not started:
            message = "another request took over this idempotency key"
            raise InProgress(message, account=held.keys.account.name, retry_after=1.0)
        held._raw = raw  # noqa: SLF001 - the ledger made it

    async def _get(self, key: str) -> bytes | None:
        return (await self._get_many([key]))[0]

    async def _get_many(self, keys: list[str]) -> list[bytes | None]:
        try:
            return await self._store.get_many(keys)
        except StoreFailure as failed:
            raise unavailable() from failed


def unavailable() -> StoreUnavailable:
    """What to answer when the ledger is out of reach and nothing was sent."""
    return StoreUnavailable("the gateway cannot reach its memory, and does not write without it")


def _refuse_other_content(entry: Entry, fingerprint: str) -> None:
    """In *started* and *refused* nothing is under way at the provider: the key may be used with corrected content."""
    if entry.state not in {"started", "refused"} and entry.fingerprint != fingerprint:
        message = "this idempotency key was used for a request with other content"
        raise KeyReused(message, path=("idempotencyKey",))

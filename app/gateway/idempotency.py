"""The ledger: every write by its key, with each step on record before it is taken. Fails closed: no memory, no write.

started -> sent -> done | refused | unknown; unknown -> sent again, done or refused. Only the holder of the entry's lease moves it.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import msgspec

from app import telemetry
from app.domain.commands import IssuePlan
from app.domain.credit_note import CreditNote
from app.domain.errors import Conflict, InProgress, KeyReused, StoreUnavailable
from app.gateway.codec import Codec
from app.gateway.entries import Attempt, Entry, EntryKeys
from app.settings import Timings
from app.store import Lease, Put, Store, StoreFailure

_CODEC = Codec(Entry)


class LeaseLost(Exception):
    """The entry was taken over, or changed under its holder: what the holder knows may not be recorded."""


@dataclass(slots=True, kw_only=True)
class Held:
    """An entry while its lease is held: the only way to move it."""

    keys: EntryKeys
    entry: Entry
    _raw: bytes
    _lease: Lease
    _timings: Timings
    _clock: Callable[[], float]
    _store: Store = field(init=False)

    def __post_init__(self) -> None:
        self._store = self._lease.store

    @property
    def is_open(self) -> bool:
        """Whether something was sent whose end is not known."""
        return self.entry.state in {"sent", "unknown"}

    async def sending(self, plan: IssuePlan, *, snapshot: tuple[str, ...], invoice_id: str | None, turn: Lease | None) -> None:
        """On record before the first byte leaves: what is sent, what was there before, and that its end is open.

        Raises LeaseLost, too, when the turn on the invoice is over.
        """
        now = self._clock()
        first = not self.is_open
        entry = msgspec.structs.replace(
            self.entry,
            state="sent",
            plan=plan,
            snapshot=snapshot if first else self.entry.snapshot,
            invoice_id=invoice_id,
            sent_at=now if first else self.entry.sent_at,
            # what holds if this process dies before it can say more: the provider may be at work until long after
            settles_at=now + self._timings.write_timeout_s + self._timings.settling_after_timeout_s,
            attempts=(*self.entry.attempts, Attempt(at=now)),
        )
        expect: dict[str, bytes | None] = {} if turn is None else {turn.key: turn.token}
        put: dict[str, Put | None] = {}
        if invoice_id is not None:
            pending, mine = self.keys.pending(invoice_id), self.keys.key.encode()
            expect[pending] = None if first else mine
            put[pending] = Put(mine)
        await self._move(entry, expect, put)

    async def done(self, note: CreditNote, *, request_id: str | None = None) -> None:
        """The note exists and belongs to this entry alone."""
        claim = self.keys.claim(note.ref.external_id)
        entry = msgspec.structs.replace(
            self.entry, state="done", note=note, ended_at=self._clock(), attempts=self._ended("OK", request_id)
        )
        await self._move(
            entry, {claim: None}, {claim: Put(self.keys.digest.encode(), self._timings.ledger_keep_s), **self._settled()}
        )

    async def refused(self, code: str, *, request_id: str | None = None) -> None:
        """Nothing has happened at the provider, and nothing will by what was sent: the key may be used again."""
        entry = msgspec.structs.replace(
            self.entry, state="refused", refusal=code, ended_at=self._clock(), attempts=self._ended(code, request_id)
        )
        await self._move(entry, {}, self._settled())

    async def unknown(self, code: str, *, settle_s: float, request_id: str | None = None) -> None:
        """Something was sent and its end is open."""
        entry = msgspec.structs.replace(
            self.entry, state="unknown", settles_at=self._clock() + settle_s, attempts=self._ended(code, request_id)
        )
        await self._move(entry, {}, {})

    def _ended(self, code: str, request_id: str | None) -> tuple[Attempt, ...]:
        if not self.entry.attempts:
            return ()
        *earlier, last = self.entry.attempts
        return (*earlier, msgspec.structs.replace(last, code=code, provider_request_id=request_id))

    def _settled(self) -> dict[str, Put | None]:
        return {} if self.entry.invoice_id is None or not self.is_open else {self.keys.pending(self.entry.invoice_id): None}

    async def _move(self, entry: Entry, expect: Mapping[str, bytes | None], put: Mapping[str, Put | None]) -> None:
        raw = _CODEC.encode(entry)
        keep = self._timings.ledger_keep_s if entry.state in {"done", "refused"} else None
        moved = await self._store.commit(
            {self._lease.key: self._lease.token, self.keys.entry: self._raw, **expect},
            {self.keys.entry: Put(raw, keep), **put},
        )
        if not moved:
            raise LeaseLost
        self.entry, self._raw = entry, raw


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
        entry = _CODEC.decode(await self._get(keys.entry))
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

    async def refuse_if_pending(self, keys: EntryKeys, invoice_id: str) -> None:
        """Raises Conflict while another key's write on the invoice has no known end."""
        other = await self._get(keys.pending(invoice_id))
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
        before = _CODEC.decode(raw)
        if raw is not None and before is None:
            message = "the ledger's entry was written by another version of this gateway"
            raise StoreUnavailable(message, account=keys.account.name)
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
        raw = _CODEC.encode(entry)
        lease = held._lease  # noqa: SLF001 - the ledger made it
        try:
            started = await self._store.commit({lease.key: lease.token, held.keys.entry: before}, {held.keys.entry: Put(raw)})
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
    if entry.state != "refused" and entry.fingerprint != fingerprint:
        message = "this idempotency key was used for a request with other content"
        raise KeyReused(message, path=("idempotencyKey",))

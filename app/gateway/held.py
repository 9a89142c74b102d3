"""An entry of the ledger while its lease is held: the only way to move it, one recorded step at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import msgspec

from app.domain.commands import IssuePlan
from app.domain.credit_note import CreditNote
from app.gateway.codec import Codec
from app.gateway.entries import Attempt, Entry, EntryKeys
from app.settings import Timings
from app.store import Lease, Put, Store, StoreFailure

RETRIES_S = (0.05, 0.2, 0.5, 1.0)
"""Waits between attempts to put something on record: a store that fails over is back within seconds."""

CODEC = Codec(Entry, version=1)  # its own: an entry outlives any change to what is cached


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

    @property
    def settles_in_s(self) -> float:
        """How long the note's absence at the provider still says nothing; not above 0 once it does."""
        return self.entry.settles_at - self._clock()

    @property
    def is_long_past(self) -> bool:
        """Whether a note that is still absent will never come: the last send is longer ago than any provider takes."""
        return bool(self.entry.attempts) and self._clock() >= self.entry.attempts[-1].at + self._timings.absent_after_s

    async def sending(self, plan: IssuePlan, *, snapshot: tuple[str, ...], subject: str, turn: Lease) -> None:
        """On record before the first byte leaves: what is sent, what was there before, and that its end is open.

        Raises LeaseLost, too, when the turn is over.
        """
        now = self._clock()
        first = not self.is_open
        entry = msgspec.structs.replace(
            self.entry,
            state="sent",
            plan=plan,
            snapshot=snapshot if first else self.entry.snapshot,
            subject=subject,
            at_work=True,
            sent_at=now if first else self.entry.sent_at,
            # what holds if this process dies before it can say more: the provider may be at work until long after
            settles_at=now + self._timings.write_timeout_s + self._timings.settling_after_timeout_s,
            attempts=(*self.entry.attempts, Attempt(at=now)),
        )
        pending, mine = self.keys.pending(subject), self.keys.key.encode()
        await self._move(entry, {turn.key: turn.token, pending: None if first else mine}, {pending: Put(mine)})

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

    async def absent(self) -> None:
        """What was sent never came to anything: begin anew, with a new generation."""
        entry = Entry(
            state="started",
            operation=self.entry.operation,
            key=self.entry.key,
            fingerprint=self.entry.fingerprint,
            generation=self.entry.generation + 1,
            attempts=self._ended("ABSENT", None),
        )
        await self._move(entry, {}, self._settled())

    async def unknown(self, code: str, *, settle_s: float, at_work: bool, request_id: str | None = None) -> None:
        """Something was sent and its end is open."""
        entry = msgspec.structs.replace(
            self.entry,
            state="unknown",
            settles_at=self._clock() + settle_s,
            at_work=at_work,
            attempts=self._ended(code, request_id),
        )
        await self._move(entry, {}, {})

    def _ended(self, code: str, request_id: str | None) -> tuple[Attempt, ...]:
        if not self.is_open or not self.entry.attempts:
            return self.entry.attempts
        *earlier, last = self.entry.attempts
        return (*earlier, msgspec.structs.replace(last, code=code, provider_request_id=request_id))

    def _settled(self) -> dict[str, Put | None]:
        return {} if self.entry.subject is None or not self.is_open else {self.keys.pending(self.entry.subject): None}

    async def _move(self, entry: Entry, expect: Mapping[str, bytes | None], put: Mapping[str, Put | None]) -> None:
        raw = CODEC.encode(entry)
        keep = None if entry.state in {"sent", "unknown"} else self._timings.ledger_keep_s
        expected = {self._lease.key: self._lease.token, self.keys.entry: self._raw, **expect}
        if not await self._committed(expected, {self.keys.entry: Put(raw, keep), **put}, raw):
            raise LeaseLost
        self.entry, self._raw = entry, raw

    async def _committed(self, expect: Mapping[str, bytes | None], put: Mapping[str, Put | None], raw: bytes) -> bool:
        """Commit, and again where the store did not answer: what it holds tells whether the first time counted."""
        for wait in (*RETRIES_S, None):
            try:
                if await self._store.commit(expect, put):
                    return True
                return (await self._store.get_many([self.keys.entry]))[0] == raw
            except StoreFailure:
                if wait is None:
                    raise
                await asyncio.sleep(wait)
        return False

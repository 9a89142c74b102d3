"""An entry of the ledger while its lease is held: the only way to move it, one recorded step at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

import msgspec

from app import telemetry
from app.domain.credit_note import CreditNote
from app.domain.errors import GatewayError
from app.domain.plans import Payout, WritePlan
from app.domain.vocabulary import ErrorCode
from app.gateway.changes import Change
from app.gateway.codec import Codec
from app.gateway.entries import Attempt, Entry, EntryKeys, open_entries
from app.gateway.insistence import insist
from app.gateway.payouts import Unpayable
from app.gateway.turns import Turn
from app.store import Add, Lease, Put, Remove, Store, StoreFailure, Write
from app.timings import Timings

NEVER_CAME = ErrorCode.PROVIDER_UNAVAILABLE.value
"""The code of an attempt that was lost and of which nothing has come."""

MOST_ATTEMPTS = 50

CODEC = Codec(Entry, version=1)  # its own: an entry outlives any change to what is cached


class LeaseLost(Exception):
    """The entry was taken over, or changed under its holder: what the holder knows may not be recorded."""


def keep_s(entry: Entry, timings: Timings) -> float | None:
    """How long an entry is kept; None, for ever, while something is open or half done."""
    return None if entry.is_open or entry.is_between_steps else timings.ledger_keep_s


def _worth_keeping(attempts: tuple[Attempt, ...]) -> tuple[Attempt, ...]:
    """The last ones, and those that may still be at work: whoever repeats a refused write all day must not make it grow for ever."""
    early, late = attempts[:-MOST_ATTEMPTS], attempts[-MOST_ATTEMPTS:]
    return (*(attempt for attempt in early if attempt.may_be_at_work), *late)


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
        return self.entry.is_open

    @property
    def settles_in_s(self) -> float:
        """How long the absence of what was sent still says nothing; not above 0 once it does."""
        return self.entry.settles_at - self._clock()

    @property
    def is_long_past(self) -> bool:
        """Whether what is still absent will never come: the last send that may have been at work is longer ago than any provider takes."""
        sent = [attempt.at for attempt in self.entry.attempts if attempt.may_be_at_work]
        return bool(self.entry.attempts) and self._clock() >= max(sent, default=0.0) + self._timings.absent_after_s

    async def sending(self, plan: WritePlan, *, snapshot: tuple[str, ...], turn: Turn) -> None:
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
            subject=turn.subject,
            at_work=True,
            sent_at=now if first else self.entry.sent_at,
            # what holds if this process dies before it can say more: the provider may be at work until long after
            settles_at=now + self._timings.write_timeout_s + self._timings.settling_after_timeout_s,
            attempts=(*_worth_keeping(self.entry.attempts), Attempt(at=now, step=self.entry.step)),
        )
        pending, mine = self.keys.pending(turn.subject), self.keys.mark
        expect = {turn.lease.key: turn.lease.token, pending: None if first else mine}
        try:
            await self._move(entry, expect, {pending: Put(mine), self._index: Add(self._digest)}, settled=True)
        except StoreFailure:
            await self._unsend(entry, {pending: None, self._index: Remove(self._digest)} if first else {})
            raise

    async def done(self, change: Change) -> None:
        """What was sent has come to this, and belongs to this entry alone: the end, or the start of the next step."""
        entry = msgspec.structs.replace(
            self.entry,
            note=change.note,
            refund_id=change.refund_id or self.entry.refund_id,
            surplus=change.surplus or self.entry.surplus,
            difference=self.entry.difference or change.difference,
            attempts=self._ended("OK", change.request_id),
        )
        made = change.made(self.entry.plan)
        left = self._left()
        if left:
            entry = msgspec.structs.replace(entry.anew("started", generation=entry.generation), step=entry.step + 1, payouts=left)
        else:
            entry = msgspec.structs.replace(entry, state="done", payouts=(), ended_at=self._clock())
        claims = {self.keys.claim(made): Put(self._digest, self._timings.ledger_keep_s)} if made is not None else {}
        puts = {**claims, **self._settled()}
        try:
            await self._move(entry, dict.fromkeys(claims), puts)
        except LeaseLost:
            if not claims:
                raise
            await self._move(entry, dict.fromkeys(claims, self._digest), puts)  # claimed by this very entry before

    async def refused(self, error: GatewayError) -> None:
        """Nothing has come of this step at the provider, and nothing will by what was sent: the key may be used again."""
        request_id = error.provider.request_id if error.provider else None
        entry = msgspec.structs.replace(
            self.entry,
            state="refused",
            refusal=error.code.value,
            refusal_message=error.message[:300],
            is_unpayable=isinstance(error, Unpayable),
            ended_at=self._clock(),
            attempts=self._ended(error.code.value, request_id),
        )
        await self._move(entry, {}, self._settled())

    async def paid_otherwise(self, note: CreditNote) -> None:
        """What the later steps were to pay out has gone back in another way: nothing remains to be done."""
        await self._move(msgspec.structs.replace(self.entry, state="done", note=note, payouts=(), ended_at=self._clock()), {}, {})

    async def given_up(self) -> None:
        """What the later steps were to pay out will not be: it stays on record as what is missing."""
        await self._move(msgspec.structs.replace(self.entry, state="done", ended_at=self._clock()), {}, {})

    async def absent(self) -> None:
        """What was sent never came to anything: begin this step anew, with a new generation."""
        entry = msgspec.structs.replace(
            self.entry.anew("started", generation=self.entry.generation + 1), attempts=self._ended(NEVER_CAME, None)
        )
        await self._move(entry, {}, self._settled())

    async def unknown(self, code: str, *, settle_s: float, at_work: bool, request_id: str | None = None) -> None:
        """Something was sent and its end is open; `code` is of this attempt. Nothing where its end is on record already."""
        if not self.is_open:
            return
        entry = msgspec.structs.replace(
            self.entry,
            state="unknown",
            settles_at=self._clock() + settle_s,
            at_work=at_work,
            attempts=self._ended(code, request_id),
        )
        await self._move(entry, {}, {})

    @property
    def _digest(self) -> bytes:
        return self.keys.digest.encode()

    @property
    def _index(self) -> str:
        return open_entries(self.keys.account.tag)

    def _left(self) -> tuple[Payout, ...]:
        """What is still to be paid out once this step's call has succeeded."""
        planned = self.entry.plan.then if self.entry.plan is not None else ()
        return (*planned, *self.entry.payouts[1:])

    def _ended(self, code: str, request_id: str | None) -> tuple[Attempt, ...]:
        if not self.is_open or not self.entry.attempts:
            return self.entry.attempts
        *earlier, last = self.entry.attempts
        return (*earlier, msgspec.structs.replace(last, code=code, provider_request_id=request_id))

    def _settled(self) -> dict[str, Write]:
        """No longer open: others may write on the subject."""
        if self.entry.subject is None or not self.is_open:
            return {}
        return {self.keys.pending(self.entry.subject): None, self._index: Remove(self._digest)}

    async def _unsend(self, entry: Entry, puts: Mapping[str, Write]) -> None:
        """Nothing was sent after all: if it is on record nevertheless, take it back, or the invoice stays blocked for nothing."""
        expect = {self._lease.key: self._lease.token, self.keys.entry: CODEC.encode(entry)}
        before = Put(self._raw, keep_s(self.entry, self._timings))
        with suppress(StoreFailure):  # then it stays open, and ends as any open write does
            await self._store.commit(expect, {self.keys.entry: before, **puts})

    async def _move(
        self, entry: Entry, expect: Mapping[str, bytes | None], put: Mapping[str, Write], *, settled: bool = False
    ) -> None:
        raw = CODEC.encode(entry)
        keep = keep_s(entry, self._timings)
        expected = {self._lease.key: self._lease.token, self.keys.entry: self._raw, **expect}
        puts = {self.keys.entry: Put(raw, keep), **put}
        if not await self._committed(expected, puts, raw, settled=settled):
            raise LeaseLost
        self.entry, self._raw = entry, raw
        telemetry.ledger_reached(operation=entry.operation, state=entry.state)

    async def _committed(self, expect: Mapping[str, bytes | None], put: Mapping[str, Write], raw: bytes, *, settled: bool) -> bool:
        """Commit, and again where the store did not answer: what it holds tells whether the first time counted."""

        async def commit() -> bool:
            if await self._store.commit(expect, put, settled=settled):
                return True
            # Once more on this connection, since the store can only tell of a connection's own writes whether they are settled.
            return await self._store.commit({self.keys.entry: raw}, {self.keys.entry: put[self.keys.entry]}, settled=settled)

        return await insist(commit)

"""What is remembered of one kind of thing: in this process, and in the store. Whether it will do for a reader is decided elsewhere."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Generic, TypeVar

from app.domain.errors import GatewayError, NotFound, Unavailable
from app.gateway.accounts import Account
from app.gateway.cache.epochs import epoch_key
from app.gateway.cache.memory import Memory
from app.gateway.cache.records import Record, Records
from app.gateway.cache.values import Answer, Fetched, Windows
from app.gateway.codec import Codec
from app.store import Put, StoreFailure

T = TypeVar("T")

ABSENCE_S = 3.0
"""How long the absence of a thing is believed."""

SPREAD = 0.1
"""By how much windows are shortened at most, by chance, so that what was read together is not asked for again together."""

IN_MEMORY = 4
"""About how many bytes a byte of the store takes once it is decoded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class View(Generic[T]):
    """What was found, and in which epoch; None: not known, so that nothing may be believed nor kept."""

    epoch: bytes | None
    records: Mapping[str, Record[T]]
    seen: Mapping[str, bytes | None]
    """What stood in the store, where it was looked at."""


class Kept(Generic[T]):
    """One kind of thing."""

    def __init__(self, kind: str, codec: Codec[T], windows: Callable[[T], Windows], memory: Memory) -> None:
        self.kind = kind
        self.memory = memory
        self._records = Records(codec)
        self._windows = windows

    def key(self, account: Account, id: str) -> str:
        """Where a thing stands: with its tenant and account, which are its place in a cluster, too."""
        return f"cn:1:{self.kind}:{account.tag}:{id}"

    async def look(self, account: Account, ids: Sequence[str]) -> View[T]:
        """What is remembered of these, and is of the epoch that holds now or later."""
        layer = self.memory.layer
        held = {id: record for id in ids if (record := layer.get(self.key(account, id))) is not None}
        try:
            epoch, seen = await self._read(account, [id for id in ids if id not in held])
        except StoreFailure:
            return View(epoch=None, records={}, seen={})
        current = {id: record for id, record in held.items() if record.epoch == epoch}
        seen |= await self._values(account, [id for id in held if id not in current])
        return View(epoch=epoch, records=current | self.decoded(account, seen, epoch), seen=seen)

    async def look_in_store(self, account: Account, ids: Sequence[str]) -> View[T]:
        """The same, of what other processes may have kept since."""
        try:
            epoch, seen = await self._read(account, ids)
        except StoreFailure:
            return View(epoch=None, records={}, seen={})
        return View(epoch=epoch, records=self.decoded(account, seen, epoch), seen=seen)

    def decoded(self, account: Account, seen: Mapping[str, bytes | None], epoch: bytes) -> dict[str, Record[T]]:
        """The records among what stood in the store that are of this epoch; they are held in this process from now on."""
        found = {}
        for id, data in seen.items():
            record = self._records.decode(data, epoch)
            if data is not None and record is not None:
                self.memory.layer.put(self.key(account, id), account.tag, record, size=IN_MEMORY * len(data))
                found[id] = record
        return found

    async def keep(self, account: Account, answers: Mapping[str, Answer[T]], epoch: bytes | None) -> None:
        """Remember what was answered to questions asked in this epoch: values, and absence; failures never.

        This process remembers at once, before the first wait.
        """
        if epoch is None:
            return
        puts: dict[str, Put] = {}
        for id, answer in answers.items():
            record = self._record(answer, epoch)
            data = None if record is None else self._records.encode(record)
            if record is None or data is None:
                continue
            key = self.key(account, id)
            held = self.memory.layer.get(key)
            if held is not None and held.epoch == epoch and held.fetched_at > record.fetched_at:
                continue  # a question asked later was answered sooner
            self.memory.layer.put(key, account.tag, record, size=IN_MEMORY * len(data))
            puts[key] = Put(data, record.kept_until - self.memory.clock())
        if puts:
            try:
                await self.memory.values_of(account).reach(lambda store: store.put_many(puts), awaited=False)
            except StoreFailure:
                return  # the guard has told it

    def answer(self, account: Account, id: str, record: Record[T]) -> Answer[T] | None:
        """What a reader is told; None where the record's time is over."""
        now = self.memory.clock()
        if now >= record.stale_until:
            return None
        if record.value is None:
            return NotFound(f"no {id[:100]!r} at this account", account=account.name)
        fetched_at = datetime.fromtimestamp(record.fetched_at, UTC)
        return Fetched(record.value, fetched_at, cached=True, stale=now >= record.fresh_until)

    def last_resort(self, record: Record[T], failure: Unavailable) -> Fetched[T] | None:
        """What a reader is told in place of this failure who would rather have something old."""
        if record.value is None or self.memory.clock() >= record.kept_until:
            return None
        fetched_at = datetime.fromtimestamp(record.fetched_at, UTC)
        return Fetched(record.value, fetched_at, cached=True, stale=True, instead_of=failure)

    def _record(self, answer: Answer[T], epoch: bytes) -> Record[T] | None:
        """What to keep."""
        now = self.memory.clock()
        if isinstance(answer, NotFound):
            end = now + ABSENCE_S
            return Record(value=None, fetched_at=now, fresh_until=end, stale_until=end, kept_until=end, epoch=epoch)
        if isinstance(answer, GatewayError):
            return None
        windows = self._windows(answer.value)
        if windows.fresh_s + windows.stale_s + windows.error_s <= 0:
            return None
        part = 1 - SPREAD * self.memory.chance()
        stale_until = now + part * (windows.fresh_s + windows.stale_s)
        return Record(
            value=answer.value,
            fetched_at=answer.fetched_at.timestamp(),
            fresh_until=now + part * windows.fresh_s,
            stale_until=stale_until,
            kept_until=stale_until + windows.error_s,
            epoch=epoch,
        )

    async def _read(self, account: Account, ids: Sequence[str]) -> tuple[bytes, dict[str, bytes | None]]:
        """The epoch, and what stands in the store."""
        values, epochs, place = self.memory.values_of(account), self.memory.epochs_of(account), epoch_key(account.tag)
        if values is epochs:
            epoch, *found = await values.get([place, *(self.key(account, id) for id in ids)])
            seen = dict(zip(ids, found, strict=True))
        else:
            (epoch,), seen = await asyncio.gather(epochs.get([place]), self._values(account, ids))
        if epoch is None:
            message = "the store loses the epoch"
            raise StoreFailure(message)
        return epoch, seen

    async def _values(self, account: Account, ids: Sequence[str]) -> dict[str, bytes | None]:
        """What stands in the store; nothing where it cannot be asked."""
        if not ids:
            return {}
        try:
            values = await self.memory.values_of(account).get([self.key(account, id) for id in ids])
        except StoreFailure:
            return {}
        return dict(zip(ids, values, strict=True))

"""Results kept for a while, per tenant and account: fresh, then stale and refreshed behind the answer, then gone. Fails open."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Generic, TypeVar

import msgspec

from app import telemetry
from app.domain.errors import GatewayError, NotFound, Unavailable
from app.gateway.accounts import Account
from app.gateway.background import Background
from app.gateway.codec import Codec
from app.store import Put, Store, StoreFailure

T = TypeVar("T")

ABSENCE_S = 3.0
"""How long the absence of a thing is believed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Freshness:
    """How old an answer may be. `max_age_s` 0 asks the provider; None: as the gateway finds right."""

    max_age_s: float | None = None
    stale_on_error: bool = False


@dataclass(frozen=True, slots=True)
class Fetched(Generic[T]):
    """A value and where it comes from."""

    value: T
    fetched_at: datetime
    cached: bool
    stale: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Windows:
    """For how long a value is fresh, and for how long after that it is still better than waiting."""

    fresh_s: float
    stale_s: float = 0.0


class _Envelope(msgspec.Struct, frozen=True, array_like=True):
    """What is stored: the value's bytes (None: absent), when it was fetched and until when it is fresh, in epoch seconds."""

    value: bytes | None
    fetched_at: float
    fresh_until: float
    epoch: bytes | None


Load = Callable[[Sequence[str]], Awaitable[Mapping[str, T | GatewayError]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """What every cache of a process stands on."""

    store: Store
    background: Background
    clock: Callable[[], float] = time.time


class EntityCache(Generic[T]):
    """One kind of thing by id. Whoever asks gives the load for what is missing; one load per thing runs at a time in this process."""

    def __init__(self, kind: str, codec: Codec[T], windows: Callable[[T], Windows], memory: Memory) -> None:
        self._kind = kind
        self._codec = codec
        self._windows = windows
        self._store = memory.store
        self._background = memory.background
        self._clock = memory.clock
        self._flights: dict[tuple[str, bytes | None], asyncio.Task[Fetched[T] | GatewayError]] = {}
        self._envelopes = Codec(_Envelope)

    async def get_many(
        self, account: Account, ids: Sequence[str], load: Load[T], freshness: Freshness
    ) -> dict[str, Fetched[T] | GatewayError]:
        """Every id is a key. Raises nothing: a load that fails as a whole is a value for each of its ids."""
        epoch, stored = await self._stored(account, ids)
        found: dict[str, Fetched[T] | GatewayError] = {}
        missing, refresh = [], []
        for id, envelope in zip(ids, stored, strict=True):
            hit = self._hit(account, id, envelope, freshness)
            if hit is None:
                missing.append(id)
                continue
            found[id] = hit
            if isinstance(hit, Fetched) and hit.stale:
                refresh.append(id)
        if missing:
            join = freshness.max_age_s != 0  # who asks for the provider's word of now does not take one asked for before
            loaded = await (self._load if join else self._fly)(account, missing, load, epoch)
            stale = {id: self._last_resort(envelope) for id, envelope in zip(ids, stored, strict=True) if id in loaded}
            for id, value in loaded.items():
                old = stale[id] if freshness.stale_on_error and isinstance(value, Unavailable) else None
                found[id] = old or value
        if refresh:
            self._background.start(self._refresh(account, refresh, load, epoch))
        return found

    async def put_many(self, account: Account, values: Mapping[str, T], epoch: bytes | None) -> None:
        """Keep what was read in this epoch, which must have been asked for before the reading."""
        fetched: dict[str, Fetched[T] | GatewayError] = {
            id: Fetched(value, self._now(), cached=False) for id, value in values.items()
        }
        await self._keep(account, fetched, epoch)

    async def epoch(self, account: Account) -> bytes | None:
        """The epoch of what is read from now on; the next write ends it."""
        try:
            return (await self._store.get_many([epoch_key(account)]))[0]
        except StoreFailure:
            return None

    async def _stored(self, account: Account, ids: Sequence[str]) -> tuple[bytes | None, list[_Envelope | None]]:
        try:
            epoch, *values = await self._store.get_many([epoch_key(account), *(self._key(account, id) for id in ids)])
        except StoreFailure as failed:
            telemetry.store_failed(operation=f"read {self._kind}", error=failed)
            return None, [None] * len(ids)
        envelopes = [self._envelopes.decode(value) for value in values]
        return epoch, [envelope if envelope is not None and envelope.epoch == epoch else None for envelope in envelopes]

    def _hit(self, account: Account, id: str, envelope: _Envelope | None, freshness: Freshness) -> Fetched[T] | GatewayError | None:
        if envelope is None:
            return None
        now = self._clock()
        fresh = now < envelope.fresh_until
        if freshness.max_age_s is not None and max(0.0, now - envelope.fetched_at) >= freshness.max_age_s:
            return None
        if envelope.value is None:
            return NotFound(f"no {id[:100]!r} at this account", account=account.name) if fresh else None
        value = self._codec.decode(envelope.value)
        if value is None:
            return None
        return Fetched(value, datetime.fromtimestamp(envelope.fetched_at, UTC), cached=True, stale=not fresh)

    def _last_resort(self, envelope: _Envelope | None) -> Fetched[T] | None:
        value = None if envelope is None else self._codec.decode(envelope.value)
        if envelope is None or value is None:
            return None
        return Fetched(value, datetime.fromtimestamp(envelope.fetched_at, UTC), cached=True, stale=True)

    async def _load(
        self, account: Account, ids: Sequence[str], load: Load[T], epoch: bytes | None
    ) -> dict[str, Fetched[T] | GatewayError]:
        """One flight per key: ids that are already on their way are waited for, the others leave together."""
        keys = {id: (self._key(account, id), epoch) for id in ids}
        new = [id for id in ids if keys[id] not in self._flights]
        if new:
            flight = self._background.start(self._fly(account, new, load, epoch))
            for id in new:
                self._flights[keys[id]] = self._background.start(_one(flight, id))
                self._flights[keys[id]].add_done_callback(partial(self._landed, keys[id]))
        flights = {id: self._flights[keys[id]] for id in ids}
        return {id: await asyncio.shield(flight) for id, flight in flights.items()}

    def _landed(self, key: tuple[str, bytes | None], _: object) -> None:
        self._flights.pop(key, None)

    async def _fly(
        self, account: Account, ids: Sequence[str], load: Load[T], epoch: bytes | None
    ) -> dict[str, Fetched[T] | GatewayError]:
        try:
            loaded = await load(ids)
        except GatewayError as failed:
            return dict.fromkeys(ids, failed)
        now = self._now()
        answers = {
            id: value if isinstance(value, GatewayError) else Fetched(value, now, cached=False) for id, value in loaded.items()
        }
        await self._keep(account, answers, epoch)
        return answers

    async def _refresh(self, account: Account, ids: Sequence[str], load: Load[T], epoch: bytes | None) -> None:
        for answer in (await self._load(account, ids, load, epoch)).values():
            if isinstance(answer, GatewayError):
                telemetry.refresh_failed(account=account.name, error=answer)

    async def _keep(self, account: Account, answers: Mapping[str, Fetched[T] | GatewayError], epoch: bytes | None) -> None:
        puts = {}
        for id, answer in answers.items():
            put = self._put(answer, epoch)
            if put is not None:
                puts[self._key(account, id)] = put
        try:
            await self._store.put_many(puts)
        except StoreFailure as failed:
            telemetry.store_failed(operation=f"keep {self._kind}", error=failed)

    def _put(self, answer: Fetched[T] | GatewayError, epoch: bytes | None) -> Put | None:
        now = self._clock()
        if isinstance(answer, NotFound):
            return Put(self._envelopes.encode(_Envelope(None, now, now + ABSENCE_S, epoch)), ABSENCE_S)
        if isinstance(answer, GatewayError):
            return None
        windows = self._windows(answer.value)
        if windows.fresh_s + windows.stale_s <= 0:
            return None
        try:
            value = self._codec.encode(answer.value)
        except OverflowError:  # an amount beyond 64 bits: shown as it is told, and not kept
            return None
        envelope = _Envelope(value, answer.fetched_at.timestamp(), now + windows.fresh_s, epoch)
        return Put(self._envelopes.encode(envelope), windows.fresh_s + windows.stale_s)

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._clock(), UTC)

    def _key(self, account: Account, id: str) -> str:
        return f"cn:1:{self._kind}:{account.tag}:{id}"


def epoch_key(account: Account) -> str:
    """What a write of this gateway changes, so that nothing read before it is believed after it."""
    return f"cn:1:epoch:{account.tag}"


async def begin_epoch(store: Store, account: Account) -> bytes:
    """Stop believing anything that was read of this account before now."""
    epoch = secrets.token_bytes(8)
    await store.put_many({epoch_key(account): Put(epoch)})
    return epoch


async def _one(flight: asyncio.Task[dict[str, Fetched[T] | GatewayError]], id: str) -> Fetched[T] | GatewayError:
    return (await flight)[id]

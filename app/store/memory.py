"""The store of a single process: bounded, forgotten at its end."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections import OrderedDict, deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence

from app.store import Add, Gap, Put, Remove, StoreFailure, Write, refuse_apart
from app.store.durability import Durability
from app.store.gate import Gate, Passage, Step

Events = deque[Mapping[str, str]]
Lasting = bytes | set[bytes] | Events | Gate
Heard = asyncio.Queue[bytes | Gap]

_UNHEARD = 10_000
"""Messages that wait for a listener; one who is further behind has missed them."""


class MemoryStore:
    """Values that expire are dropped when they are old or, beyond `capacity` bytes, when they were used longest ago; others stay."""

    is_shared = False

    def __init__(self, *, capacity: int = 256 * 1024 * 1024, clock: Callable[[], float] = time.monotonic) -> None:
        self._capacity = capacity
        self._clock = clock
        self._expiring: OrderedDict[str, tuple[bytes, float]] = OrderedDict()
        self._size = 0
        self._lasting: dict[str, Lasting] = {}
        self._listeners: dict[str, set[Heard]] = {}

    async def get_many(self, keys: Sequence[str]) -> list[bytes | None]:
        """The values, in the order of the keys; None where there is none."""
        return [self._get(key) for key in keys]

    async def put_many(self, values: Mapping[str, Put]) -> None:
        """Write them all, whatever was there."""
        for key, put in values.items():
            self._put(key, put)

    async def delete(self, keys: Sequence[str]) -> None:
        """Forget them."""
        for key in keys:
            self._put(key, None)

    async def commit(self, expect: Mapping[str, bytes | None], put: Mapping[str, Write], *, settled: bool = False) -> bool:  # noqa: ARG002 - there is nothing safer to wait for
        """Atomic because nothing here awaits."""
        refuse_apart([*expect, *put])
        if any(self._get(key) != value for key, value in expect.items()):
            return False
        sets = {
            key: self._set(key) for key, write in put.items() if isinstance(write, (Add, Remove))
        }  # all, before anything is written
        for key, write in put.items():
            match write:
                case Add(member):
                    sets[key].add(member)
                    self._lasting[key] = sets[key]
                case Remove(member):
                    sets[key].discard(member)
                    if not sets[key]:
                        self._lasting.pop(key, None)
                case _:
                    self._put(key, write)
        return True

    async def members(self, key: str) -> set[bytes]:
        """The set kept under the key; empty where there is none."""
        return set(self._set(key))

    async def append(self, stream: str, event: Mapping[str, str], *, most: int) -> None:
        """Put an event behind the others; the last `most` stay."""
        events = self._events(stream)
        self._lasting[stream] = events
        events.append(dict(event))
        while len(events) > most:
            events.popleft()

    async def latest(self, stream: str, count: int) -> list[Mapping[str, str]]:
        """The last events, at most `count`, newest first."""
        return list(itertools.islice(reversed(self._events(stream)), count))

    async def gate(self, key: str, step: Step) -> Passage:
        """One step at the gate kept under the key, which stays as long as the process."""
        held = self._held(key)
        if held is not None and not isinstance(held, Gate):
            raise _other_kind(key)
        gate = held or Gate()
        self._lasting[key] = gate
        return gate.step(step, self._clock())

    async def find(self, prefix: str) -> AsyncIterator[str]:
        """Every key that begins so, once each."""
        now = self._clock()
        expiring = [key for key, (_, dead_at) in self._expiring.items() if dead_at > now]  # being listed is not being used
        for key in [*self._lasting, *expiring]:
            if key.startswith(prefix):
                yield key

    async def publish(self, channel: str, message: bytes) -> None:
        """Tell whoever listens in this process."""
        for heard in self._listeners.get(channel, ()):
            if heard.full():
                while not heard.empty():
                    heard.get_nowait()
                heard.put_nowait(Gap.OPEN)
                heard.put_nowait(Gap.CLOSED)
            heard.put_nowait(message)

    async def listen(self, channel: str) -> AsyncGenerator[bytes | Gap, None]:
        """The messages from now on; only who does not keep up misses any."""
        heard = Heard(_UNHEARD)
        listeners = self._listeners.setdefault(channel, set())
        listeners.add(heard)
        try:
            yield Gap.CLOSED
            while True:
                yield await heard.get()
        finally:
            listeners.discard(heard)

    async def durability(self) -> Durability:
        """All ends with the process, and of what expires the oldest goes first where there is no room."""
        return Durability(kept_on_disk=False, may_evict=True)

    async def ping(self) -> None:
        """It is always there."""

    async def aclose(self) -> None:
        """Nothing is held."""

    def _get(self, key: str) -> bytes | None:
        held = self._held(key)
        if held is None or isinstance(held, bytes):
            return held
        raise _other_kind(key)

    def _set(self, key: str) -> set[bytes]:
        held = self._held(key)
        if held is None or isinstance(held, set):
            return held or set()
        raise _other_kind(key)

    def _events(self, key: str) -> Events:
        held = self._held(key)
        if held is None or isinstance(held, deque):
            return held or deque()
        raise _other_kind(key)

    def _held(self, key: str) -> Lasting | None:
        if key in self._lasting:
            return self._lasting[key]
        value, dead_at = self._expiring.get(key, (None, 0.0))
        if value is None:
            return None
        if dead_at <= self._clock():
            self._drop(key)
            return None
        self._expiring.move_to_end(key)
        return value

    def _put(self, key: str, put: Put | None) -> None:
        self._lasting.pop(key, None)
        self._drop(key)
        if put is None:
            return
        if put.ttl_s is None:
            self._lasting[key] = put.value
            return
        now = self._clock()
        self._expiring[key] = (put.value, now + put.ttl_s)
        self._size += _cost(key, put.value)
        while self._size > self._capacity or next(iter(self._expiring.values()))[1] <= now:
            self._drop(next(iter(self._expiring)))
            if not self._expiring:
                return

    def _drop(self, key: str) -> None:
        value, _ = self._expiring.pop(key, (None, 0.0))
        if value is not None:
            self._size -= _cost(key, value)


def _cost(key: str, value: bytes) -> int:
    """Bytes held, with what the tables need for an entry."""
    return len(key) + len(value) + 250


def _other_kind(key: str) -> StoreFailure:
    return StoreFailure(f"{key!r} holds something of another kind")

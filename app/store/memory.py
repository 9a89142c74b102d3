"""The store of a single process: bounded, forgotten at its end."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence

from app.store import Put


class MemoryStore:
    """Values that expire are dropped when they are old or, beyond `capacity` bytes, when they were used longest ago; others stay."""

    is_shared = False

    def __init__(self, *, capacity: int = 256 * 1024 * 1024, clock: Callable[[], float] = time.monotonic) -> None:
        self._capacity = capacity
        self._clock = clock
        self._expiring: OrderedDict[str, tuple[bytes, float]] = OrderedDict()
        self._size = 0
        self._lasting: dict[str, bytes] = {}

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

    async def commit(self, expect: Mapping[str, bytes | None], put: Mapping[str, Put | None]) -> bool:
        """Atomic because nothing here awaits."""
        if any(self._get(key) != value for key, value in expect.items()):
            return False
        for key, value in put.items():
            self._put(key, value)
        return True

    async def ping(self) -> None:
        """It is always there."""

    async def aclose(self) -> None:
        """Nothing is held."""

    def _get(self, key: str) -> bytes | None:
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

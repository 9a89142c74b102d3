"""What this process has just read, before the store is asked for it: bounded, gone after a moment.

It is believed only in the epoch it was read in, which every reader asks for. So it saves bytes and decoding, and never is the older one.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from app.gateway.cache.records import Record

LIFE_S = 2.0
ENTRIES = 10_000
BYTES = 32 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class _Held:
    record: Record[Any]
    tag: str
    until: float
    size: int


class Layer:
    """Records of every kind, by the keys they have in the store, which name tenant and account."""

    def __init__(self, *, entries: int = ENTRIES, size: int = BYTES, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = entries
        self._largest = size
        self._clock = clock
        self._held: OrderedDict[str, _Held] = OrderedDict()
        self._of: dict[str, set[str]] = {}
        self._size = 0

    def get(self, key: str) -> Record[Any] | None:
        """What is held there."""
        held = self._held.get(key)
        if held is None:
            return None
        if self._clock() >= held.until:
            self._drop(key)
            return None
        self._held.move_to_end(key)
        return held.record

    def put(self, key: str, tag: str, record: Record[Any], *, size: int) -> None:
        """Hold it; what was used longest ago goes where there is no room."""
        self._drop(key)
        self._held[key] = _Held(record, tag, self._clock() + LIFE_S, size)
        self._of.setdefault(tag, set()).add(key)
        self._size += size
        while self._held and (len(self._held) > self._most or self._size > self._largest):
            self._drop(next(iter(self._held)))

    def forget(self, tag: str) -> None:
        """Let go of all of one account."""
        for key in list(self._of.get(tag, ())):
            self._drop(key)

    def clear(self) -> None:
        """Let go of everything."""
        self._held.clear()
        self._of.clear()
        self._size = 0

    def _drop(self, key: str) -> None:
        held = self._held.pop(key, None)
        if held is None:
            return
        self._size -= held.size
        keys = self._of[held.tag]
        keys.discard(key)
        if not keys:
            del self._of[held.tag]

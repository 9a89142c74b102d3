"""A memory that whatever clients send cannot fill: what was not asked for longest goes first. Values of one process, nothing shared."""

from __future__ import annotations

from collections import OrderedDict
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class BoundedMemory(Generic[K, V]):
    """Holds values until their weights together exceed the capacity."""

    def __init__(self, capacity: int) -> None:
        self._left = capacity
        self._entries: OrderedDict[K, tuple[V, int]] = OrderedDict()

    def get(self, key: K) -> V | None:
        """The value, if it is still there."""
        if key not in self._entries:
            return None
        self._entries.move_to_end(key)
        return self._entries[key][0]

    def put(self, key: K, value: V, *, weight: int) -> None:
        """Remember it, and forget others for it; what weighs more than the capacity is not kept at all."""
        if key in self._entries:
            self._left += self._entries.pop(key)[1]
        self._entries[key] = (value, weight)
        self._left -= weight
        while self._left < 0:
            _, (_, freed) = self._entries.popitem(last=False)
            self._left += freed

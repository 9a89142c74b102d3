"""A store that misbehaves as a shared one can: out of reach, or with an answer lost on either side of the work."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping, Sequence
from typing import Literal, TypeVar

from app.store import Gap, Put, Store, StoreFailure, Write
from app.store.durability import Durability
from app.store.gate import Passage, Step

T = TypeVar("T")
Mishap = Literal["none", "before", "after"]


class ShakyStore:
    """Another store, reached over a line that `mishap` decides about, call by call."""

    def __init__(self, inner: Store) -> None:
        self.inner = inner
        self.calls: list[str] = []
        self.mishap: Callable[[str], Mishap] = lambda _: "none"

    @property
    def is_shared(self) -> bool:
        return self.inner.is_shared

    def go_away(self) -> None:
        """Out of reach until it comes back."""
        self.mishap = lambda _: "before"

    def come_back(self) -> None:
        """Within reach, with all it had."""
        self.mishap = lambda _: "none"

    async def get_many(self, keys: Sequence[str]) -> list[bytes | None]:
        return await self._reached("get_many", lambda: self.inner.get_many(keys))

    async def put_many(self, values: Mapping[str, Put]) -> None:
        await self._reached("put_many", lambda: self.inner.put_many(values))

    async def delete(self, keys: Sequence[str]) -> None:
        await self._reached("delete", lambda: self.inner.delete(keys))

    async def commit(self, expect: Mapping[str, bytes | None], put: Mapping[str, Write], *, settled: bool = False) -> bool:
        return await self._reached("commit", lambda: self.inner.commit(expect, put, settled=settled))

    async def members(self, key: str) -> set[bytes]:
        return await self._reached("members", lambda: self.inner.members(key))

    async def append(self, stream: str, event: Mapping[str, str], *, most: int) -> None:
        await self._reached("append", lambda: self.inner.append(stream, event, most=most))

    async def latest(self, stream: str, count: int) -> list[Mapping[str, str]]:
        return await self._reached("latest", lambda: self.inner.latest(stream, count))

    async def gate(self, key: str, step: Step) -> Passage:
        return await self._reached("gate", lambda: self.inner.gate(key, step))

    async def find(self, prefix: str) -> AsyncIterator[str]:
        await self._reached("find", self.inner.ping)
        async for key in self.inner.find(prefix):
            yield key

    async def publish(self, channel: str, message: bytes) -> None:
        await self._reached("publish", lambda: self.inner.publish(channel, message))

    def listen(self, channel: str) -> AsyncGenerator[bytes | Gap, None]:
        return self.inner.listen(channel)

    async def durability(self) -> Durability:
        return await self._reached("durability", self.inner.durability)

    async def ping(self) -> None:
        await self._reached("ping", self.inner.ping)

    async def aclose(self) -> None:
        await self.inner.aclose()

    async def _reached(self, name: str, call: Callable[[], Awaitable[T]]) -> T:
        self.calls.append(name)
        mishap = self.mishap(name)
        if mishap == "before":
            raise StoreFailure
        answer = await call()
        if mishap == "after":
            raise StoreFailure
        return answer


def away(inner: Store) -> ShakyStore:
    """One that is out of reach from the start."""
    store = ShakyStore(inner)
    store.go_away()
    return store

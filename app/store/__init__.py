"""What is shared between requests, and with Redis between processes: values that expire, and atomic steps over several of them.

A key's text between braces decides where it lives in a cluster: keys of one atomic step must share it.
"""

from __future__ import annotations

import secrets
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from app.store.durability import Durability
from app.store.gate import Passage, Step


class StoreFailure(Exception):
    """The store did not answer, or not in time. What was asked of it may or may not have happened."""


class PartOutOfReach(StoreFailure):
    """Some of its servers do not answer. What the others hold is within reach."""


@dataclass(frozen=True, slots=True)
class Put:
    """A value to write; without `ttl_s` it stays until it is replaced."""

    value: bytes
    ttl_s: float | None = None


@dataclass(frozen=True, slots=True)
class Add:
    """A member to put into the set kept under a key."""

    member: bytes


@dataclass(frozen=True, slots=True)
class Remove:
    """A member to take out of the set kept under a key."""

    member: bytes


Write = Put | Add | Remove | None
"""What one key of a commit becomes; None: nothing is left there."""


class Gap(Enum):
    """What a listener must know beside the messages: that it has missed some. Whatever it holds because of them is in doubt."""

    OPEN = "open"
    """From now on messages are missed."""
    CLOSED = "closed"
    """From now on none are; those sent before, since the beginning or since the gap opened, were."""


def home(key: str) -> str:
    """The part of a key that decides where it lives in a cluster: what stands between its first braces, or all of it."""
    tag, closed, _ = key.partition("{")[2].partition("}")
    return tag if closed and tag else key


def refuse_apart(keys: Iterable[str]) -> None:
    """Raises ValueError for keys that a cluster would keep apart: no step over them is atomic."""
    homes = {home(key) for key in keys}
    if len(homes) > 1:
        message = f"one atomic step is for keys of one hash tag, not of {len(homes)}"
        raise ValueError(message)


class Store(Protocol):
    """Every method raises StoreFailure when the store is out of reach, or a key holds something of another kind than is asked for."""

    @property
    def is_shared(self) -> bool:
        """Whether other processes see it and it outlives this one."""

    async def get_many(self, keys: Sequence[str]) -> list[bytes | None]:
        """The values, in the order of the keys; None where there is none."""

    async def put_many(self, values: Mapping[str, Put]) -> None:
        """Write them all, whatever was there."""

    async def delete(self, keys: Sequence[str]) -> None:
        """Forget them."""

    async def commit(self, expect: Mapping[str, bytes | None], put: Mapping[str, Write], *, settled: bool = False) -> bool:
        """In one atomic step: if every expected key holds what is expected (None: nothing), write (None: delete) and say True.

        All keys have the same text between braces: ValueError where they have not.
        `settled`: True is said only of what is kept as safely as this store was told to wait for; StoreFailure where it may not be.
        """

    async def members(self, key: str) -> set[bytes]:
        """The set kept under the key; empty where there is none."""

    async def append(self, stream: str, event: Mapping[str, str], *, most: int) -> None:
        """Put an event, of one field or more, behind the others; of these at least the last `most` stay, and not many more."""

    async def latest(self, stream: str, count: int) -> list[Mapping[str, str]]:
        """The last events, at most `count` (at least 1), newest first."""

    async def gate(self, key: str, step: Step) -> Passage:
        """One atomic step at the gate kept under the key."""

    def find(self, prefix: str) -> AsyncIterator[str]:
        """Every key that begins so, once each, in no order: for an operator's listing, since it walks over everything."""

    async def publish(self, channel: str, message: bytes) -> None:
        """Tell whoever listens at this moment, in every process; each hears it once, or twice."""

    def listen(self, channel: str) -> AsyncGenerator[bytes | Gap, None]:
        """The messages from now on, for ever, and the gaps: first Gap.CLOSED once it hears (or Gap.OPEN while it can't).

        It finds its way back by itself and raises nothing. Close it (`contextlib.aclosing`) when no longer interested.
        """

    async def durability(self) -> Durability:
        """Whether what it was given outlives a crash, as far as it tells."""

    async def ping(self) -> None:
        """Whether it answers."""

    async def aclose(self) -> None:
        """Let go of what it holds."""


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to do something alone until it is released or its time is over; only the holder's token renews or ends it."""

    store: Store
    key: str
    token: bytes
    ttl_s: float

    @classmethod
    async def acquire(cls, store: Store, key: str, ttl_s: float) -> Lease | None:
        """The lease, or None while somebody else holds it."""
        token = secrets.token_bytes(16)
        taken = await store.commit({key: None}, {key: Put(token, ttl_s)})
        return cls(store, key, token, ttl_s) if taken else None

    async def renew(self) -> bool:
        """Another `ttl_s` from now; False when it was lost."""
        return await self.store.commit({self.key: self.token}, {self.key: Put(self.token, self.ttl_s)})

    async def release(self) -> None:
        """Let the next one in; nothing if it was lost meanwhile."""
        await self.store.commit({self.key: self.token}, {self.key: None})

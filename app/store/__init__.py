"""What is shared between requests, and with Redis between processes: values that expire, and atomic steps over several of them.

A key's text between braces decides where it lives in a cluster: keys of one atomic step must share it.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol


class StoreFailure(Exception):
    """The store did not answer, or not in time. What was asked of it may or may not have happened."""


@dataclass(frozen=True, slots=True)
class Put:
    """A value to write; without `ttl_s` it stays until it is replaced."""

    value: bytes
    ttl_s: float | None = None


class Store(Protocol):
    """Every method raises StoreFailure when the store is out of reach."""

    @property
    def is_shared(self) -> bool:
        """Whether other processes see it and it outlives this one."""

    async def get_many(self, keys: Sequence[str]) -> list[bytes | None]:
        """The values, in the order of the keys; None where there is none."""

    async def put_many(self, values: Mapping[str, Put]) -> None:
        """Write them all, whatever was there."""

    async def delete(self, keys: Sequence[str]) -> None:
        """Forget them."""

    async def commit(self, expect: Mapping[str, bytes | None], put: Mapping[str, Put | None]) -> bool:
        """In one atomic step: if every expected key holds what is expected (None: nothing), write (None: delete) and say True."""

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

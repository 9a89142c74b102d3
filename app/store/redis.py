"""The shared store on Redis or Valkey; the only module that names its client."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import TypeVar, cast

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as Disconnected
from redis.exceptions import RedisError, ResponseError
from redis.maint_notifications import MaintNotificationsConfig

from app.store import Put, StoreFailure, Write
from app.store.durability import Durability, Wait, told
from app.store.script import COMMIT, arguments, milliseconds

T = TypeVar("T")

_ANSWER_S = 0.5

_FACTS = {"appendonly": "aof_enabled", "maxmemory-policy": "maxmemory_policy"}
"""What durability depends on: by its name in CONFIG, and in INFO."""


class RedisStore:
    """Fails fast: a Redis that is away costs milliseconds, and whoever asked decides what that means."""

    is_shared = True

    def __init__(self, url: str, *, wait: Wait | None = None) -> None:
        # enough for one loop; the first moment of a burst opens them all, and has to within the time-out
        self._redis = _client(url, connections=10, answer_s=_ANSWER_S)
        self._commit = self._redis.register_script(COMMIT)
        self._waiting: tuple[Redis, Wait] | None = None
        if wait is not None and not wait.is_for_nothing:
            # apart, so that commits which wait for a disk or a replica never keep the others waiting
            self._waiting = _client(url, connections=32, answer_s=_ANSWER_S + wait.ms / 1000), wait

    async def get_many(self, keys: Sequence[str]) -> list[bytes | None]:
        """The values, in the order of the keys; None where there is none."""
        if not keys:
            return []

        async def ask() -> list[bytes | None]:
            pipeline = self._redis.pipeline(transaction=False)  # MGET refuses keys of several slots in a cluster
            for key in keys:
                pipeline.get(key)
            return await pipeline.execute()

        return await _again(ask)

    async def put_many(self, values: Mapping[str, Put]) -> None:
        """Write them all, whatever was there."""

        async def ask() -> None:
            pipeline = self._redis.pipeline(transaction=False)
            for key, put in values.items():
                pipeline.set(key, put.value, px=None if put.ttl_s is None else milliseconds(put.ttl_s))
            await pipeline.execute()

        if values:
            await _again(ask)

    async def delete(self, keys: Sequence[str]) -> None:
        """Forget them."""

        async def ask() -> None:
            pipeline = self._redis.pipeline(transaction=False)
            for key in keys:
                pipeline.delete(key)
            await pipeline.execute()

        if keys:
            await _again(ask)

    async def commit(self, expect: Mapping[str, bytes | None], put: Mapping[str, Write], *, settled: bool = False) -> bool:
        """One script, so one step."""
        keys, spelled = [*expect, *put], arguments(expect, put)
        if settled and self._waiting is not None:
            return await _settled(*self._waiting, keys, spelled)
        call = cast("Callable[..., Awaitable[int]]", self._commit)
        return await _guarded(lambda: call(keys=keys, args=spelled)) == 1

    async def members(self, key: str) -> set[bytes]:
        """The set kept under the key; empty where there is none."""
        ask = cast("Callable[[str], Awaitable[set[bytes]]]", self._redis.smembers)
        return set(await _again(lambda: ask(key)))

    async def append(self, stream: str, event: Mapping[str, str], *, most: int) -> None:
        """Put an event behind the others; what is beyond `most` is cut off in blocks, which costs less than one by one."""
        add = cast("Callable[..., Awaitable[bytes]]", self._redis.xadd)
        await _guarded(lambda: add(stream, dict(event), maxlen=most, approximate=True))

    async def latest(self, stream: str, count: int) -> list[Mapping[str, str]]:
        """The last events, at most `count`, newest first."""
        ask = cast("Callable[..., Awaitable[list[tuple[bytes, dict[bytes, bytes]]]]]", self._redis.xrevrange)
        return [
            {name.decode(): value.decode() for name, value in event.items()}
            for _, event in await _again(lambda: ask(stream, count=count))
        ]

    async def find(self, prefix: str) -> AsyncIterator[str]:
        """Every key that begins so, once each."""
        ask = cast("Callable[..., Awaitable[tuple[int, list[bytes]]]]", self._redis.scan)
        pattern = re.sub(r"([*?\[\]\\])", r"\\\1", prefix) + "*"
        seen: set[bytes] = set()  # a scan may name a key twice
        cursor = 0
        while True:
            cursor, keys = await _again(partial(ask, cursor, match=pattern, count=1000))
            for key in keys:
                if key not in seen:
                    seen.add(key)
                    yield key.decode()
            if cursor == 0:
                return

    async def durability(self) -> Durability:
        """As the server's configuration says, or where that is not shown, its INFO."""
        facts = await _again(self._configured)
        if _FACTS.keys() - facts.keys():
            facts = {**await _again(self._informed), **facts}
        return told(facts)

    async def ping(self) -> None:
        """Whether it answers."""
        ping = cast("Callable[[], Awaitable[bool]]", self._redis.ping)
        await _again(ping)

    async def aclose(self) -> None:
        """Close its connections."""
        for client in (self._redis, *([self._waiting[0]] if self._waiting else [])):
            await client.aclose()
            await client.connection_pool.disconnect()

    async def _configured(self) -> dict[str, str]:
        ask = cast("Callable[[str], Awaitable[dict[str, str]]]", self._redis.config_get)
        found: dict[str, str] = {}
        for name in _FACTS:  # one at a time: before version 7 there is no other way
            try:
                found |= await ask(name)
            except ResponseError:  # not allowed to this user, or not offered by this server
                return found
        return found

    async def _informed(self) -> dict[str, str]:
        ask = cast("Callable[[], Awaitable[dict[str, object]]]", self._redis.info)
        try:
            said = await ask()
        except ResponseError:
            return {}
        found = {name: str(said[informed]) for name, informed in _FACTS.items() if informed in said}
        return {name: {"1": "yes", "0": "no"}.get(value, value) for name, value in found.items()}


def _client(url: str, *, connections: int, answer_s: float) -> Redis:
    pool = BlockingConnectionPool.from_url(
        url,
        max_connections=connections,
        timeout=1,
        socket_connect_timeout=0.5,
        socket_timeout=answer_s,
        retry=Retry(NoBackoff(), 0),  # the client's own retries cost seconds a call while Redis is away
        # while they are on, the pool hands out connections the server has closed, and `commit` must not be tried twice
        maint_notifications_config=MaintNotificationsConfig(enabled=False),
    )
    return Redis.from_pool(pool)


async def _settled(client: Redis, wait: Wait, keys: Sequence[str], spelled: Sequence[bytes | int]) -> bool:
    """Commit, and wait on the same connection, since a WAIT is about what its own connection has written."""

    async def ask() -> list[int | list[int] | ResponseError]:
        pipeline = client.pipeline(transaction=False)
        pipeline.eval(COMMIT, len(keys), *keys, *spelled)  # whole, since whether a server knows it already would take a question
        if wait.aof:
            pipeline.waitaof(1, wait.replicas, wait.ms)
        else:
            pipeline.wait(wait.replicas, wait.ms)
        return await pipeline.execute(raise_on_error=False)

    done, kept = await _guarded(ask)
    if done == 0:
        return False
    if isinstance(done, ResponseError) or isinstance(kept, ResponseError):
        message = f"Redis refused a settled write: {done if isinstance(done, ResponseError) else kept}"
        raise StoreFailure(message)
    needed = [1, wait.replicas] if wait.aof else [wait.replicas]
    if any(have < need for have, need in zip(kept if isinstance(kept, list) else [kept], needed, strict=True)):
        message = f"Redis has not said within {wait.ms} ms that what was written is kept"
        raise StoreFailure(message)
    return True


async def _again(call: Callable[[], Awaitable[T]]) -> T:
    """For what may happen twice: once more over a new connection, since a restart leaves every pooled one dead."""
    try:
        return await _guarded(call)
    except StoreFailure as failed:
        if isinstance(failed.__cause__, Disconnected):
            return await _guarded(call)
        raise


async def _guarded(call: Callable[[], Awaitable[T]]) -> T:
    try:
        return await call()
    except (RedisError, OSError, TimeoutError) as failed:
        message = "Redis is out of reach"
        raise StoreFailure(message) from failed

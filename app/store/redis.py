"""The shared store on Redis or Valkey; the only module that names its client."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TypeVar, cast

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as Disconnected
from redis.exceptions import RedisError
from redis.maint_notifications import MaintNotificationsConfig

from app.store import Put, StoreFailure

T = TypeVar("T")

# ARGV: number of expectations, then for each "1"+value or "0" (nothing); then for each write "v"+value and ttl in ms ("0": none), or "d" and "0".
_COMMIT = """
local n = tonumber(ARGV[1])
for i = 1, n do
  local want, have = ARGV[1 + i], redis.call('GET', KEYS[i])
  if want == '0' then
    if have then return 0 end
  elseif not have or have ~= string.sub(want, 2) then
    return 0
  end
end
local at = 1 + n
for i = n + 1, #KEYS do
  local value, ttl = ARGV[at + 1], tonumber(ARGV[at + 2])
  at = at + 2
  if value == 'd' then
    redis.call('DEL', KEYS[i])
  elseif ttl > 0 then
    redis.call('SET', KEYS[i], string.sub(value, 2), 'PX', ttl)
  else
    redis.call('SET', KEYS[i], string.sub(value, 2))
  end
end
return 1
"""


class RedisStore:
    """Fails fast: a Redis that is away costs milliseconds, and whoever asked decides what that means."""

    is_shared = True

    def __init__(self, url: str) -> None:
        pool = BlockingConnectionPool.from_url(
            url,
            max_connections=10,  # enough for one loop; the first moment of a burst opens them all, and has to within the time-out
            timeout=1,
            socket_connect_timeout=0.5,
            socket_timeout=0.5,
            retry=Retry(NoBackoff(), 0),  # the client's own retries cost seconds a call while Redis is away
            # while they are on, the pool hands out connections the server has closed, and `commit` must not be tried twice
            maint_notifications_config=MaintNotificationsConfig(enabled=False),
        )
        self._redis: Redis = Redis.from_pool(pool)
        self._commit = self._redis.register_script(_COMMIT)

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
                pipeline.set(key, put.value, px=None if put.ttl_s is None else max(1, int(put.ttl_s * 1000)))
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

    async def commit(self, expect: Mapping[str, bytes | None], put: Mapping[str, Put | None]) -> bool:
        """One script, so one step."""
        arguments: list[bytes | int] = [len(expect)]
        arguments += [b"0" if value is None else b"1" + value for value in expect.values()]
        for write in put.values():
            if write is None:
                arguments += [b"d", 0]
            else:
                arguments += [b"v" + write.value, 0 if write.ttl_s is None else max(1, int(write.ttl_s * 1000))]
        call = cast("Callable[..., Awaitable[int]]", self._commit)
        return await _guarded(lambda: call(keys=[*expect, *put], args=arguments)) == 1

    async def ping(self) -> None:
        """Whether it answers."""
        ping = cast("Callable[[], Awaitable[bool]]", self._redis.ping)
        await _again(ping)

    async def aclose(self) -> None:
        """Close its connections."""
        await self._redis.aclose()
        await self._redis.connection_pool.disconnect()


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

"""Messages from process to process: who listens hears them all, or is told that some were missed."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager

import pytest

from app.store import Gap, Store
from app.store.memory import MemoryStore
from app.store.redis import RedisStore
from tests.support.redis_cluster import RedisCluster
from tests.support.redis_server import RedisServer

pytestmark = pytest.mark.anyio

Ear = AsyncGenerator[bytes | Gap, None]


@pytest.fixture
def channel() -> str:
    """A channel nobody else uses."""
    return f"test:{{{secrets.token_hex(8)}}}"


@asynccontextmanager
async def listening(store: Store, channel: str) -> AsyncIterator[Ear]:
    """An ear that hears already."""
    async with aclosing(store.listen(channel)) as ear:
        assert await heard(ear) is Gap.CLOSED
        yield ear


async def heard(ear: Ear) -> bytes | Gap:
    async with asyncio.timeout(10):
        return await anext(ear)


async def pings(server: RedisServer) -> int:
    """How often it was asked whether it is there; only the ear asks."""
    told = await asyncio.to_thread(server.run, "INFO commandstats")
    return int(told.partition("cmdstat_ping:calls=")[2].partition(",")[0])


async def test_who_listens_hears_what_is_said_as_it_was_said_and_in_order(store: Store, channel: str) -> None:
    said = [b"", b"message", b"pong", b"\0\r\n\xff", secrets.token_bytes(100_000), *(str(number).encode() for number in range(50))]
    async with listening(store, channel) as ear:
        for message in said:
            await store.publish(channel, message)
        assert [await heard(ear) for _ in said] == said


async def test_everybody_who_listens_hears_it_and_nobody_on_another_channel(store: Store, channel: str) -> None:
    async with listening(store, channel) as one, listening(store, channel) as two, listening(store, f"{channel}:other") as other:
        await store.publish(channel, b"to many")
        await store.publish(f"{channel}:other", b"to the other")
        assert (await heard(one), await heard(two), await heard(other)) == (b"to many", b"to many", b"to the other")


async def test_what_was_said_before_is_not_heard_and_nobody_has_to_listen(store: Store, channel: str) -> None:
    await store.publish(channel, b"too early")
    async with listening(store, channel) as ear:
        await store.publish(channel, b"now")
        assert await heard(ear) == b"now"
    await store.publish(channel, b"too late")


async def test_one_process_hears_the_other(redis_cluster: RedisCluster, redis_url: str, channel: str) -> None:
    for url in (redis_cluster.url, redis_url):
        async with aclosing(RedisStore(url)) as one, aclosing(RedisStore(url)) as other, listening(one, channel) as ear:
            await other.publish(channel, b"from afar")
            assert await heard(ear) == b"from afar"


async def test_a_silence_longer_than_a_beat_is_no_gap(server: RedisServer, channel: str) -> None:
    async with aclosing(RedisStore(server.url)) as store, listening(store, channel) as ear:
        waiting = asyncio.create_task(heard(ear))
        before = await pings(server)
        while await pings(server) == before:
            assert not waiting.done()
        await store.publish(channel, b"at last")
        assert await waiting == b"at last"


async def test_where_the_server_is_not_there_yet_it_is_deaf_until_it_comes(tmp_path_factory: pytest.TempPathFactory) -> None:
    server, knocks = RedisServer(tmp_path_factory.mktemp("redis")), asyncio.Semaphore(0)

    def refuse(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()
        knocks.release()

    async with aclosing(RedisStore(server.url)) as store, aclosing(store.listen("channel")) as ear:
        assert await heard(ear) is Gap.OPEN
        waiting = asyncio.create_task(heard(ear))
        async with await asyncio.start_server(refuse, "127.0.0.1", server.port):
            for _ in range(3):
                await knocks.acquire()
        await asyncio.to_thread(server.start)
        try:
            assert await waiting is Gap.CLOSED
            await store.publish("channel", b"welcome")
            assert await heard(ear) == b"welcome"
        finally:
            server.stop()


async def test_a_server_that_went_away_leaves_a_gap_from_its_end_to_its_return(server: RedisServer, channel: str) -> None:
    async with aclosing(RedisStore(server.url)) as store, listening(store, channel) as ear:
        await store.publish(channel, b"before")
        assert await heard(ear) == b"before"
        for _ in range(2):
            server.stop()
            assert await heard(ear) is Gap.OPEN
            await asyncio.to_thread(server.start)
            assert await heard(ear) is Gap.CLOSED
            await store.publish(channel, b"after")
            assert await heard(ear) == b"after"


async def test_a_server_that_hangs_is_noticed_within_a_few_beats(server: RedisServer, channel: str) -> None:
    async with aclosing(RedisStore(server.url)) as store, listening(store, channel) as ear:
        server.freeze()
        try:
            began = time.monotonic()
            assert await heard(ear) is Gap.OPEN
            assert time.monotonic() - began < 5
        finally:
            server.thaw()
        assert await heard(ear) is Gap.CLOSED


async def test_a_connection_that_the_server_drops_leaves_a_gap(server: RedisServer, channel: str) -> None:
    async with aclosing(RedisStore(server.url)) as store, listening(store, channel) as ear:
        assert server.run("CLIENT KILL TYPE pubsub") == ":1"
        assert await heard(ear) is Gap.OPEN
        assert await heard(ear) is Gap.CLOSED


async def test_who_stops_listening_leaves_nothing_behind(server: RedisServer, channel: str) -> None:
    async with aclosing(RedisStore(server.url)) as store:
        async with listening(store, channel):
            assert server.run(f"PUBSUB NUMSUB {channel}").endswith(":1")
        waiting = asyncio.create_task(first_message(store, channel))
        while server.run(f"PUBSUB NUMSUB {channel}").endswith(":0"):
            await store.ping()
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        while server.run(f"PUBSUB NUMSUB {channel}").endswith(":1"):
            await store.ping()


async def first_message(store: Store, channel: str) -> bytes | Gap:
    async with listening(store, channel) as ear:
        return await anext(ear)


async def test_in_one_process_who_does_not_keep_up_is_told_what_was_missed(channel: str) -> None:
    store = MemoryStore()
    async with listening(store, channel) as ear:
        for number in range(10_001):
            await store.publish(channel, str(number).encode())
        assert [await heard(ear) for _ in range(3)] == [Gap.OPEN, Gap.CLOSED, b"10000"]

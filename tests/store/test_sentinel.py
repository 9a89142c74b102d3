"""What is peculiar to sentinels: a master that dies, another that takes its place, and the dead one that comes back with old data."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import ExitStack, aclosing
from pathlib import Path
from typing import TypeVar

import pytest

from app.store import Gap, Lease, Put, StoreFailure
from app.store.durability import Wait
from app.store.redis import RedisStore
from tests.support.redis_server import RedisServer, free_port
from tests.support.sentinels import SERVICE, Guarded, SentinelServer

pytestmark = pytest.mark.anyio

Server = TypeVar("Server", bound=RedisServer)

PATIENCE_S = 20


@pytest.fixture
async def store(redis_guarded: Guarded) -> AsyncIterator[RedisStore]:
    """Its writes count when the replica has them, too."""
    async with aclosing(RedisStore(redis_guarded.url, wait=Wait(replicas=1, ms=1000))) as store:
        yield store


@pytest.fixture
def key() -> str:
    return f"test:{{{secrets.token_hex(8)}}}"


async def test_a_master_that_dies_is_replaced_within_seconds_and_nothing_settled_is_lost(
    redis_guarded: Guarded, store: RedisStore, key: str
) -> None:
    settled: list[str] = []
    lost = redis_guarded.master
    async with aclosing(RedisStore(redis_guarded.url)) as idle:
        assert await idle.get_many([key]) == [None]
        writing = asyncio.create_task(write(store, key, settled))
        while len(settled) < 20:
            await store.ping()
        lost.stop()
        died = time.monotonic()
        await until_written(store, key)
        assert time.monotonic() - died < 10
        writing.cancel()
        await asyncio.gather(writing, return_exceptions=True)
        # with nothing in it, and for a while it believes that it is the master
        await asyncio.to_thread(redis_guarded.let_back, lost)
        assert lost.run("ROLE").startswith("master")
        assert await idle.get_many([f"{key}:after"]) == [b"1"]
        assert await idle.commit({f"{key}:after": b"1"}, {f"{key}:after": Put(b"2")})
    redis_guarded.rejoin(lost)
    assert await store.get_many([f"{key}:after"]) == [b"2"]
    assert None not in await store.get_many(settled)


async def write(store: RedisStore, key: str, settled: list[str]) -> None:
    """Commit one thing after another, and remember what was confirmed."""
    for number in range(1_000_000):
        name = f"{key}:{number}"
        try:
            if await store.commit({name: None}, {name: Put(b"1")}, settled=True):
                settled.append(name)
        except StoreFailure:
            await asyncio.sleep(0.01)


async def until_written(store: RedisStore, key: str) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while True:
            try:
                await store.put_many({f"{key}:after": Put(b"1")})
            except StoreFailure:
                await asyncio.sleep(0.01)
            else:
                return


async def test_a_master_that_is_replaced_without_dying_is_left_though_it_still_answers(redis_guarded: Guarded, key: str) -> None:
    lost = redis_guarded.master
    async with (
        aclosing(RedisStore(redis_guarded.url)) as store,
        aclosing(RedisStore(redis_guarded.url)) as other,
        aclosing(other.listen(key)) as ear,
        asyncio.timeout(PATIENCE_S),
    ):
        await asyncio.gather(*(store.ping() for _ in range(10)))
        assert await anext(ear) is Gap.CLOSED
        assert redis_guarded.sentinels[0].run(f"SENTINEL FAILOVER {SERVICE}") == "+OK"
        assert [await anext(ear), await anext(ear)] == [Gap.OPEN, Gap.CLOSED]
        assert lost.run("ROLE").startswith("master")  # as it believes yet
        assert await asyncio.gather(*(store.commit({}, {f"{key}:{number}": Put(b"1")}) for number in range(20))) == [True] * 20
        await store.publish(key, b"from the other one")
        assert await anext(ear) == b"from the other one"
        await asyncio.to_thread(redis_guarded.rejoin, lost)
        assert await store.get_many([f"{key}:{number}" for number in range(20)]) == [b"1"] * 20


async def test_one_sentinel_that_answers_is_enough(redis_guarded: Guarded, key: str) -> None:
    url = f"redis+sentinel://127.0.0.1:{free_port()},127.0.0.1:{redis_guarded.sentinels[0].port}/{SERVICE}"
    async with aclosing(RedisStore(url)) as store:
        assert await Lease.acquire(store, key, 10.0) is not None


@pytest.mark.parametrize("service", ["other", "ledger%20"])
async def test_a_service_the_sentinels_do_not_know_is_nowhere(redis_guarded: Guarded, service: str) -> None:
    async with aclosing(RedisStore(redis_guarded.url.replace(SERVICE, service))) as store:
        began = time.monotonic()
        with pytest.raises(StoreFailure):
            await store.ping()
        assert time.monotonic() - began < 0.5


async def test_without_any_sentinel_it_is_out_of_reach_at_once(key: str) -> None:
    async with aclosing(RedisStore(f"redis+sentinel://127.0.0.1:{free_port()},127.0.0.1:{free_port()}/{SERVICE}")) as store:
        began = time.monotonic()
        with pytest.raises(StoreFailure):
            await store.commit({key: None}, {key: Put(b"1")})
        assert time.monotonic() - began < 0.2


async def test_a_server_that_is_no_master_is_not_believed_to_be_one(redis_guarded: Guarded, tmp_path: Path, key: str) -> None:
    """A sentinel that was cut off from the others may name yesterday's master."""
    follower = next(server for server in redis_guarded.servers if server is not redis_guarded.master)
    sentinel = SentinelServer(tmp_path, follower, service="other").start()  # by another name, so that the others tell it nothing
    try:
        async with aclosing(RedisStore(f"redis+sentinel://127.0.0.1:{sentinel.port}/other")) as store:
            for _ in range(3):
                with pytest.raises(StoreFailure):
                    await store.get_many([key])
    finally:
        sentinel.stop()


async def test_of_two_masters_it_is_the_one_of_the_latest_change(tmp_path_factory: pytest.TempPathFactory, key: str) -> None:
    """For some seconds after a change not every sentinel has heard of it, and the former master may be back, with nothing in it."""
    with ExitStack() as stack:
        former, master = (running(stack, RedisServer(tmp_path_factory.mktemp("redis"))) for _ in range(2))
        late = running(stack, SentinelServer(tmp_path_factory.mktemp("sentinel"), former, epoch=3))
        first = running(stack, SentinelServer(tmp_path_factory.mktemp("sentinel"), master, epoch=4))
        for sentinels in ([late, first], [first, late]):
            places = ",".join(f"127.0.0.1:{sentinel.port}" for sentinel in sentinels)
            async with aclosing(RedisStore(f"redis+sentinel://{places}/{SERVICE}")) as store:
                await store.put_many({key: Put(b"1")})
            assert (former.run("DBSIZE"), master.run("DBSIZE")) == (":0", ":1")


def running(stack: ExitStack, server: Server) -> Server:
    stack.callback(server.stop)
    return server.start()


async def test_a_user_of_the_servers_and_a_password_of_the_sentinels_are_two_things(redis_guarded: Guarded, key: str) -> None:
    for server in redis_guarded.servers:
        assert server.run("ACL SETUSER gate on >secret ~* &* +@all") == "+OK"
    sentinel = redis_guarded.sentinels[0]
    assert sentinel.run("ACL SETUSER watcher on >word ~* &* +@all") == "+OK"
    url = f"redis+sentinel://gate:secret@127.0.0.1:{sentinel.port}/{SERVICE}/3?sentinel_username=watcher&sentinel_password="
    async with aclosing(RedisStore(url + "word")) as store, aclosing(RedisStore(redis_guarded.url)) as other:
        assert await store.commit({key: None}, {key: Put(b"1")})
        assert await other.get_many([key]) == [None]  # in another database
    async with aclosing(RedisStore(url + "wrong")) as store:
        with pytest.raises(StoreFailure):
            await store.ping()


async def test_a_server_that_has_become_a_replica_is_left_by_itself(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Where a name stands for whoever is the master, and only the connections still lead to the former one."""
    master, server = (RedisServer(tmp_path_factory.mktemp("redis")).start() for _ in range(2))
    try:
        async with aclosing(RedisStore(server.url)) as store:
            await asyncio.gather(*(store.commit({}, {str(number): Put(b"1")}) for number in range(20)))
            assert server.run(f"REPLICAOF 127.0.0.1 {master.port}") == "+OK"
            before = connections(server)
            with pytest.raises(StoreFailure):
                await store.commit({}, {"a": Put(b"1")})
            assert before > connections(server)
            assert server.run("REPLICAOF NO ONE") == "+OK"
            assert await store.commit({}, {"a": Put(b"1")})
    finally:
        master.stop()
        server.stop()


def connections(server: RedisServer) -> int:
    return len(server.run("CLIENT LIST").splitlines())

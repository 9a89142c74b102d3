"""What is peculiar to a cluster: keys in many places, one of which may be away."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing

import pytest
from hypothesis import given
from hypothesis import strategies as st
from redis.crc import key_slot

from app.store import Add, Gap, Lease, PartOutOfReach, Put, StoreFailure, home
from app.store.durability import Wait
from app.store.redis import RedisStore
from tests.support.redis_cluster import RedisCluster
from tests.support.redis_server import free_port

pytestmark = pytest.mark.anyio

LONG_MS, SHORT_MS = 10_000, 150
Call = Callable[[RedisStore, str], Awaitable[object]]


async def found(store: RedisStore, prefix: str) -> list[str]:
    return sorted([key async for key in store.find(prefix)])


CALLS: dict[str, Call] = {
    "get": lambda store, key: store.get_many([key]),
    "put": lambda store, key: store.put_many({key: Put(b"1")}),
    "delete": lambda store, key: store.delete([key]),
    "commit": lambda store, key: store.commit({key: None}, {key: Put(b"1")}),
    "members": lambda store, key: store.members(f"{key}:set"),
    "append": lambda store, key: store.append(f"{key}:stream", {"what": "1"}, most=10),
    "latest": lambda store, key: store.latest(f"{key}:stream", 10),
    "lease": lambda store, key: Lease.acquire(store, f"{key}:lease", 10.0),
    "publish": lambda store, key: store.publish(key, b"1"),
    "find": found,
}


@pytest.fixture
async def store(redis_cluster: RedisCluster) -> AsyncIterator[RedisStore]:
    async with aclosing(RedisStore(redis_cluster.url)) as store:
        yield store


@pytest.fixture
def keys(redis_cluster: RedisCluster) -> list[str]:
    """One at each master, that nobody else uses."""
    name = secrets.token_hex(8)
    return [redis_cluster.key_at(master, name) for master in redis_cluster.masters]


@given(st.text(alphabet="ab{}", max_size=8), st.text(alphabet="ab{}", max_size=8))
def test_keys_of_one_home_are_of_one_slot(one: str, other: str) -> None:
    assert key_slot(home(one).encode()) == key_slot(one.encode())
    if home(one) == home(other):
        assert key_slot(one.encode()) == key_slot(other.encode())


async def test_keys_of_all_masters_are_written_read_listed_and_forgotten_at_once(store: RedisStore) -> None:
    own = secrets.token_hex(8)
    names = [f"{own}:{number}" for number in range(300)]
    await store.put_many({name: Put(name.encode(), 60.0) for name in names})
    assert await store.get_many(names[::-1]) == [name.encode() for name in names[::-1]]
    assert await found(store, own) == sorted(names)
    await store.delete(names[1:])
    assert await found(store, own) == names[:1]


async def test_one_process_sees_what_another_wrote_and_holds(
    redis_cluster: RedisCluster, store: RedisStore, keys: list[str]
) -> None:
    async with aclosing(RedisStore(redis_cluster.url)) as other:
        for key in keys:
            assert await store.commit({key: None}, {key: Put(b"1"), f"{key}:set": Add(b"2")})
            assert not await other.commit({key: None}, {key: Put(b"2")})
            assert (await other.get_many([key]), await other.members(f"{key}:set")) == ([b"1"], {b"2"})
            assert await Lease.acquire(store, f"{key}:lease", 60.0) is not None
            assert await Lease.acquire(other, f"{key}:lease", 60.0) is None


async def test_hundreds_who_ask_before_anything_is_known_are_all_served(redis_cluster: RedisCluster, store: RedisStore) -> None:
    async with aclosing(RedisStore(redis_cluster.url)) as fresh:
        assert await asyncio.gather(*(fresh.get_many([secrets.token_hex(8)]) for _ in range(300))) == [[None]] * 300


async def test_with_one_master_dead_what_the_others_hold_goes_on_and_the_rest_is_refused_until_it_is_back(
    redis_cluster: RedisCluster, store: RedisStore, keys: list[str]
) -> None:
    lost, *others = keys
    await store.put_many({key: Put(b"kept") for key in keys})
    with redis_cluster.without(redis_cluster.masters[0]):
        for name, call in CALLS.items():
            for key in others:
                await call(store, f"{key}:{name}")
            began = time.monotonic()
            with pytest.raises(StoreFailure):
                await call(store, f"{lost}:{name}")
            assert time.monotonic() - began < 0.3, name
        with pytest.raises(StoreFailure):
            await store.get_many(keys)
        with pytest.raises(StoreFailure):
            await found(store, "")
        with pytest.raises(PartOutOfReach, match="1 of 3"):
            await store.durability()
        await store.ping()
        async with aclosing(RedisStore(redis_cluster.url)) as fresh:
            assert await fresh.get_many(others) == [b"kept", b"kept"]
    assert await store.get_many(keys) == [b"kept"] * 3
    for name, call in CALLS.items():
        await call(store, f"{lost}:{name}")


async def test_a_master_that_hangs_keeps_only_its_own_waiting(
    redis_cluster: RedisCluster, store: RedisStore, keys: list[str]
) -> None:
    lost, *others = keys
    await asyncio.gather(*(store.get_many(keys) for _ in range(10)))
    redis_cluster.masters[0].freeze()
    try:
        began = time.monotonic()
        hanging = [asyncio.create_task(store.commit({lost: None}, {lost: Put(b"1")})) for _ in range(5)]
        for _ in range(50):
            assert await store.get_many(others) == [None, None]
        assert time.monotonic() - began < 0.5
        assert all(isinstance(answer, StoreFailure) for answer in await asyncio.gather(*hanging, return_exceptions=True))
        assert time.monotonic() - began < 1.5
    finally:
        redis_cluster.masters[0].thaw()
    redis_cluster.settle()
    assert await store.get_many(others) == [None, None]


async def test_a_channel_is_deaf_while_its_master_is_away(redis_cluster: RedisCluster, store: RedisStore, keys: list[str]) -> None:
    async with aclosing(store.listen(keys[1])) as ear, asyncio.timeout(20):
        assert await anext(ear) is Gap.CLOSED
        with redis_cluster.without(redis_cluster.masters[1]):
            assert await anext(ear) is Gap.OPEN
        assert await anext(ear) is Gap.CLOSED
        await store.publish(keys[1], b"back")
        assert await anext(ear) == b"back"


async def test_a_commit_is_settled_with_the_master_its_keys_live_with(redis_cluster: RedisCluster, keys: list[str]) -> None:
    async with aclosing(RedisStore(redis_cluster.url, wait=Wait(aof=True, ms=LONG_MS))) as kept:
        settled = await asyncio.gather(*(kept.commit({key: None}, {key: Put(b"1")}, settled=True) for key in keys))
        assert settled == [True] * 3
    async with aclosing(RedisStore(redis_cluster.url, wait=Wait(replicas=1, ms=SHORT_MS))) as copied:
        with pytest.raises(StoreFailure):
            await copied.commit({keys[0]: b"1"}, {keys[0]: Put(b"2")}, settled=True)


async def test_the_cluster_is_as_durable_as_its_least_durable_master(redis_cluster: RedisCluster, store: RedisStore) -> None:
    assert (await store.durability()).is_assured
    worst = redis_cluster.masters[2]
    assert worst.run("CONFIG SET maxmemory-policy allkeys-lru") == "+OK"
    try:
        (doubt,) = (await store.durability()).doubts
    finally:
        assert worst.run("CONFIG SET maxmemory-policy noeviction") == "+OK"
    assert "allkeys-lru" in doubt


async def test_a_node_that_is_not_there_does_not_matter_where_another_is_named(
    redis_cluster: RedisCluster, keys: list[str]
) -> None:
    url = f"redis+cluster://127.0.0.1:{free_port()},127.0.0.1:{redis_cluster.masters[0].port}"
    async with aclosing(RedisStore(url)) as store:
        assert await store.get_many(keys) == [None] * 3


async def test_user_and_password_are_for_every_node(redis_cluster: RedisCluster, keys: list[str]) -> None:
    for master in redis_cluster.masters:
        assert master.run("ACL SETUSER gate on >p@ss ~* &* +@all") == "+OK"
    places = redis_cluster.url.removeprefix("redis+cluster://")
    async with aclosing(RedisStore(f"redis+cluster://gate:p%40ss@{places}")) as store:
        assert await store.get_many(keys) == [None] * 3
    async with aclosing(RedisStore(f"redis+cluster://gate:wrong@{places}")) as store:
        with pytest.raises(StoreFailure, match="let this user in"):
            await store.get_many(keys)


async def test_an_address_of_the_wrong_form_is_said(redis_cluster: RedisCluster, redis_url: str, keys: list[str]) -> None:
    async with aclosing(RedisStore(f"redis://127.0.0.1:{redis_cluster.masters[0].port}")) as store:
        with pytest.raises(StoreFailure, match=r"redis\+cluster://"):
            await store.get_many(keys)
    async with aclosing(RedisStore(redis_url.removesuffix("/0").replace("redis://", "redis+cluster://"))) as store:
        with pytest.raises(StoreFailure, match="cluster support disabled"):
            await store.get_many(keys)

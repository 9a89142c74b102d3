"""Slots of a cluster that move from one master to another while their keys are asked for."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Iterator
from contextlib import aclosing, contextmanager

import pytest
from redis.crc import key_slot

from app.store import Gap, Put, StoreFailure
from app.store.durability import Wait
from app.store.redis import RedisStore
from tests.support.redis_cluster import RedisCluster, until
from tests.support.redis_server import RedisServer

pytestmark = pytest.mark.anyio


@contextmanager
def moving(cluster: RedisCluster, key: str) -> Iterator[Callable[[], None]]:
    """The key's slot is on its way to another master, and gets there by the call; after all it is back where it was."""
    slot, source = key_slot(key.encode()), cluster.holder(key)
    target = next(master for master in cluster.masters if master is not source)
    begin(slot, source, target)
    try:
        yield lambda: end(cluster, slot, source, target)
    finally:
        end(cluster, slot, source, target)
        begin(slot, target, source)
        end(cluster, slot, target, source)


def begin(slot: int, source: RedisServer, target: RedisServer) -> None:
    assert target.run(f"CLUSTER SETSLOT {slot} IMPORTING {source.run('CLUSTER MYID')}") == "+OK"
    assert source.run(f"CLUSTER SETSLOT {slot} MIGRATING {target.run('CLUSTER MYID')}") == "+OK"


def end(cluster: RedisCluster, slot: int, source: RedisServer, target: RedisServer) -> None:
    for key in source.run(f"CLUSTER GETKEYSINSLOT {slot} 100").splitlines():
        assert source.run(f"MIGRATE 127.0.0.1 {target.port} {key} 0 1000") == "+OK"
    for master in (target, source, *cluster.masters):
        assert master.run(f"CLUSTER SETSLOT {slot} NODE {target.run('CLUSTER MYID')}") == "+OK"


async def test_a_slot_may_move_while_its_keys_are_in_use(redis_cluster: RedisCluster) -> None:
    key, elsewhere = (redis_cluster.key_at(master, secrets.token_hex(8)) for master in redis_cluster.masters[:2])
    there, new, split = f"{key}:there", f"{key}:new", {f"{key}:there": b"2", f"{key}:absent": None}
    wait = Wait(aof=True, ms=10_000)
    async with aclosing(RedisStore(redis_cluster.url)) as store, aclosing(RedisStore(redis_cluster.url, wait=wait)) as other:
        assert await store.commit({there: None}, {there: Put(b"1")})
        assert await other.commit({there: b"1"}, {there: Put(b"2")}, settled=True)
        with moving(redis_cluster, key) as arrive:
            assert await store.get_many([there, new, elsewhere]) == [b"2", None, None]
            assert await store.commit({new: None}, {new: Put(b"1")})
            assert await store.get_many([new, there]) == [b"1", b"2"]
            with pytest.raises(StoreFailure):  # one of its keys is here, the other is expected there
                await store.commit(split, {there: Put(b"3")})
            arrive()
            assert await other.commit({there: b"2", new: b"1"}, {there: Put(b"3")}, settled=True)
            assert await store.commit({there: b"3"}, {there: None})
            sent_on = times_sent_on(redis_cluster)
            assert await store.get_many([new, there]) == [b"1", None]
            assert times_sent_on(redis_cluster) == sent_on  # it has learnt where the slot is
        assert await store.get_many([new, there]) == [b"1", None]


def times_sent_on(cluster: RedisCluster) -> list[str]:
    """What the masters count of what they have refused."""
    told = [master.run("INFO errorstats").splitlines() for master in cluster.masters]
    return [line for lines in told for line in lines if line.startswith(("errorstat_MOVED", "errorstat_ASK"))]


async def test_what_a_dead_master_held_is_found_with_whoever_has_taken_it_over(redis_cluster: RedisCluster) -> None:
    (dead, heir, third), name = redis_cluster.masters, secrets.token_hex(8)
    key = redis_cluster.key_at(dead, name)
    slot = key_slot(key.encode())
    async with aclosing(RedisStore(redis_cluster.url)) as store:
        assert await store.get_many([key]) == [None]
        with redis_cluster.without(dead):
            assert heir.run("CLUSTER BUMPEPOCH").startswith(("+BUMPED", "+STILL"))  # the later word counts
            for master in (heir, third):
                assert master.run(f"CLUSTER SETSLOT {slot} NODE {heir.run('CLUSTER MYID')}") == "+OK"
            assert await store.get_many([key]) == [None]
            assert await store.commit({key: None}, {key: Put(b"1")})
        until(lambda: dead.run(f"GET {key}").startswith("-MOVED"), "the one that was dead knows its heir")
        begin(slot, heir, dead)
        end(redis_cluster, slot, heir, dead)
        assert await store.get_many([key]) == [b"1"]


async def test_who_listens_moves_with_the_channel_and_knows_that_it_missed_something(redis_cluster: RedisCluster) -> None:
    channel = redis_cluster.key_at(redis_cluster.masters[1], secrets.token_hex(8))
    async with aclosing(RedisStore(redis_cluster.url)) as store, aclosing(store.listen(channel)) as ear, asyncio.timeout(20):
        assert await anext(ear) is Gap.CLOSED
        with moving(redis_cluster, channel) as arrive:
            arrive()
            assert [await anext(ear), await anext(ear)] == [Gap.OPEN, Gap.CLOSED]
            await store.publish(channel, b"from there")
            assert await anext(ear) == b"from there"

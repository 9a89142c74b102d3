"""Asking together: who shares a round trip, who gets which answer, and a loop so busy that it hears late."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from app.store import Put, StoreFailure
from app.store.durability import Wait
from app.store.redis import RedisStore
from tests.support.redis_server import RedisServer

pytestmark = pytest.mark.anyio

TIMEOUT_S = 0.5
"""What Redis has for an answer."""


@pytest.fixture
async def store(server: RedisServer) -> AsyncIterator[RedisStore]:
    store = RedisStore(server.url)
    yield store
    await store.aclose()


def connections(server: RedisServer) -> int:
    """How many there are beside the one that asks."""
    return len(server.run("CLIENT LIST").splitlines()) - 1


async def test_who_asks_in_the_same_moment_shares_one_connection(server: RedisServer, store: RedisStore) -> None:
    await store.put_many({str(number): Put(str(number).encode()) for number in range(200)})
    answers = await asyncio.gather(*(store.get_many([str(number), "none"]) for number in range(200)))
    assert answers == [[str(number).encode(), None] for number in range(200)]
    assert connections(server) == 1


async def test_one_that_is_refused_leaves_those_it_went_with_their_answers(server: RedisServer, store: RedisStore) -> None:
    server.run("SADD set 1")
    await store.put_many({"a": Put(b"1")})
    refused, read, written = await asyncio.gather(
        store.get_many(["set"]), store.get_many(["a"]), store.commit({"b": None}, {"b": Put(b"2")}), return_exceptions=True
    )
    assert isinstance(refused, StoreFailure)
    assert (read, written) == ([b"1"], True)


async def test_what_is_given_up_before_it_was_sent_is_not_sent(store: RedisStore) -> None:
    given_up, kept = (asyncio.create_task(store.commit({}, {key: Put(b"1")})) for key in ("a", "b"))
    await asyncio.sleep(0)  # both have asked, nothing has gone yet
    given_up.cancel()
    assert await kept
    assert await store.get_many(["a", "b"]) == [None, b"1"]


async def test_who_gives_up_later_takes_nothing_from_the_others(store: RedisStore) -> None:
    asking = [asyncio.create_task(store.commit({}, {str(number): Put(b"1")})) for number in range(20)]
    for _ in range(3):
        await asyncio.sleep(0)  # under way
    for task in asking[::2]:
        task.cancel()
    assert await asyncio.gather(*asking[1::2]) == [True] * 10
    assert all(task.cancelled() for task in asking[::2])


async def test_an_answer_that_came_in_time_is_heard_however_late_the_loop_looks(store: RedisStore) -> None:
    asking = asyncio.create_task(store.get_many(["a"]))
    while not asking.done():
        await asyncio.sleep(0)
        occupy(TIMEOUT_S * 0.4)
    assert asking.result() == [None]


def occupy(seconds: float) -> None:
    """Work that lets nobody else have a turn."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        pass


async def test_what_waits_for_a_replica_keeps_nobody_waiting(server: RedisServer) -> None:
    store = RedisStore(server.url, wait=Wait(replicas=1, ms=300))  # and there is none
    try:
        waiting = [asyncio.create_task(store.commit({}, {str(number): Put(b"1")}, settled=True)) for number in range(4)]
        while await store.get_many([str(number) for number in range(4)]) != [b"1"] * 4:
            assert not any(task.done() for task in waiting)  # each over a connection of its own
        assert await store.commit({}, {"other": Put(b"1")})
        assert all(isinstance(failed, StoreFailure) for failed in await asyncio.gather(*waiting, return_exceptions=True))
    finally:
        await store.aclose()


async def test_who_waited_as_long_as_a_silence_waits_for_no_other(server: RedisServer) -> None:
    store = RedisStore(server.url, wait=Wait(replicas=1, ms=1))
    try:
        server.freeze()
        began = time.monotonic()
        asked = (store.commit({}, {str(number): Put(b"1")}, settled=True) for number in range(200))
        failed = await asyncio.gather(*asked, return_exceptions=True)
        assert all(isinstance(failure, StoreFailure) for failure in failed)
        assert time.monotonic() - began < 200 / 32 * TIMEOUT_S  # as it would be one after another
    finally:
        server.thaw()
        await store.aclose()


async def test_closing_tells_whoever_waits(server: RedisServer) -> None:
    store = RedisStore(server.url)
    server.freeze()
    asking = [asyncio.create_task(store.get_many(["a"])) for _ in range(3)]
    for _ in range(3):
        await asyncio.sleep(0)
    await store.aclose()
    server.thaw()
    assert all(isinstance(answer, StoreFailure) for answer in await asyncio.gather(*asking, return_exceptions=True))

"""What is peculiar to the shared store: a server that goes away, hangs, comes back, and clients cut off half-way."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from app.store import Lease, Put, StoreFailure
from app.store.gate import Take
from app.store.redis import RedisStore
from tests.support.redis_server import RedisServer, free_port

pytestmark = pytest.mark.anyio

Call = Callable[[RedisStore], Awaitable[object]]

CALLS: dict[str, Call] = {
    "get": lambda store: store.get_many(["a"]),
    "put": lambda store: store.put_many({"a": Put(b"1")}),
    "delete": lambda store: store.delete(["a"]),
    "commit": lambda store: store.commit({"a": None}, {"a": Put(b"1")}),
    "members": lambda store: store.members("set"),
    "append": lambda store: store.append("stream", {"what": "1"}, most=10),
    "latest": lambda store: store.latest("stream", 10),
    "gate": lambda store: store.gate("gate", Take(within_s=0)),
    "find": lambda store: found(store, ""),
    "publish": lambda store: store.publish("channel", b"1"),
    "durability": lambda store: store.durability(),
    "lease": lambda store: Lease.acquire(store, "lease", 10.0),
    "ping": lambda store: store.ping(),
}
calls = pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)


@pytest.fixture
async def store(server: RedisServer) -> AsyncIterator[RedisStore]:
    store = RedisStore(server.url)
    yield store
    await store.aclose()


async def found(store: RedisStore, prefix: str) -> list[str]:
    return [key async for key in store.find(prefix)]


async def opened(store: RedisStore, connections: int) -> None:
    """Fill the pool with live connections: whoever asks a moment later gets one of its own."""
    asking = []
    for number in range(connections):
        asking.append(asyncio.create_task(store.get_many([str(number)])))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    await asyncio.gather(*asking)


async def test_it_is_shared_and_two_clients_see_the_same(server: RedisServer, store: RedisStore) -> None:
    other = RedisStore(server.url)
    try:
        await store.put_many({"a": Put(b"1")})
        assert store.is_shared
        assert await other.get_many(["a"]) == [b"1"]
        lease = await Lease.acquire(store, "lease", 10.0)
        assert lease is not None
        assert await Lease.acquire(other, "lease", 10.0) is None
    finally:
        await other.aclose()


@calls
async def test_a_redis_that_was_never_there_costs_milliseconds(call: Call) -> None:
    store = RedisStore(f"redis://127.0.0.1:{free_port()}/0")
    started = time.monotonic()
    with pytest.raises(StoreFailure):
        await call(store)
    assert time.monotonic() - started < 0.1
    await store.aclose()


@calls
async def test_a_redis_that_went_away_costs_milliseconds(server: RedisServer, store: RedisStore, call: Call) -> None:
    await opened(store, 5)
    server.stop()
    for _ in range(3):
        started = time.monotonic()
        with pytest.raises(StoreFailure):
            await call(store)
        assert time.monotonic() - started < 0.1


@calls
async def test_a_redis_that_hangs_is_not_waited_for(server: RedisServer, store: RedisStore, call: Call) -> None:
    await opened(store, 5)
    server.freeze()
    try:
        started = time.monotonic()
        with pytest.raises(StoreFailure):
            await call(store)
        assert time.monotonic() - started < 1.5
    finally:
        server.thaw()


async def test_many_who_ask_a_redis_that_hangs_all_get_their_answer_soon(server: RedisServer, store: RedisStore) -> None:
    server.freeze()
    try:
        started = time.monotonic()
        answers = await asyncio.gather(*(store.get_many(["a"]) for _ in range(100)), return_exceptions=True)
        assert all(isinstance(answer, StoreFailure) for answer in answers)
        assert time.monotonic() - started < 4
    finally:
        server.thaw()


@calls
async def test_after_a_restart_it_is_back_by_itself(server: RedisServer, store: RedisStore, call: Call) -> None:
    await opened(store, 5)
    await call(store)
    server.stop()
    await asyncio.to_thread(server.start)
    for _ in range(8):  # whatever connection of the pool it takes, and with the script forgotten by the server
        await call(store)


async def test_an_answer_that_came_too_late_is_never_given_to_somebody_else(server: RedisServer, store: RedisStore) -> None:
    await store.put_many({str(number): Put(str(number).encode()) for number in range(50)})
    server.freeze()
    late = [asyncio.create_task(store.get_many([str(number)])) for number in range(25)]
    await asyncio.sleep(0)
    for task in late[::2]:
        task.cancel()
    await asyncio.gather(*late, return_exceptions=True)
    server.thaw()
    answers = await asyncio.gather(*(store.get_many([str(number)]) for number in range(50)))
    assert answers == [[str(number).encode()] for number in range(50)]


async def test_calls_given_up_by_their_caller_leave_the_others_right(store: RedisStore) -> None:
    await store.put_many({str(number): Put(str(number).encode()) for number in range(60)})
    asking = [asyncio.create_task(store.get_many([str(number)])) for number in range(60)]
    for turn, task in enumerate(asking):
        await asyncio.sleep(0)
        if turn % 3 == 0:
            task.cancel()
    answers = await asyncio.gather(*asking, return_exceptions=True)
    for number, answer in enumerate(answers):
        assert isinstance(answer, asyncio.CancelledError) or answer == [str(number).encode()]
    assert await store.get_many(["7"]) == [b"7"]


async def test_whoever_is_told_to_stop_while_asking_stops(store: RedisStore) -> None:
    """A cancellation is said once; if it got lost in a call, what asks for ever would never end."""

    async def for_ever() -> None:
        while True:
            await store.get_many(["a"])

    asking = [asyncio.create_task(for_ever()) for _ in range(200)]
    for task in asking:
        await asyncio.sleep(0)
        task.cancel()
    async with asyncio.timeout(20):
        await asyncio.gather(*asking, return_exceptions=True)
    assert await store.get_many(["a"]) == [None]


async def test_more_callers_than_connections_are_all_served(store: RedisStore) -> None:
    await store.put_many({str(number): Put(str(number).encode(), 60.0) for number in range(300)})
    answers = await asyncio.gather(*(store.get_many([str(number)]) for number in range(300)))
    assert answers == [[str(number).encode()] for number in range(300)]


async def test_a_value_of_another_kind_under_the_key_is_a_failure_of_the_store(server: RedisServer, store: RedisStore) -> None:
    """Somebody else's data under our key must never be taken for ours."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(b"LPUSH a 1\r\n")
    await reader.readline()
    writer.close()
    with pytest.raises(StoreFailure):
        await store.get_many(["a"])
    with pytest.raises(StoreFailure):
        await store.commit({"a": None}, {"a": Put(b"1")})


async def test_a_listing_names_more_keys_than_one_page_of_a_scan_holds_once_each(store: RedisStore) -> None:
    await store.put_many({f"page:{number}": Put(b"") for number in range(3500)})
    await store.put_many({f"other:{number}": Put(b"") for number in range(3500)})
    assert sorted(await found(store, "page:")) == sorted(f"page:{number}" for number in range(3500))

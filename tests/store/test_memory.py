"""What is peculiar to the process's own store: an exact clock, and a bound that only what expires is subject to."""

from __future__ import annotations

import pytest

from app.store import Add, Lease, Put
from app.store.memory import MemoryStore
from tests.support.clock import Clock

pytestmark = pytest.mark.anyio


@pytest.fixture
def clock() -> Clock:
    return Clock(1000.0)


async def test_a_value_ends_at_the_very_instant(clock: Clock) -> None:
    store = MemoryStore(clock=clock)
    await store.put_many({"a": Put(b"1", 10.0)})
    clock.advance(9.999)
    assert await store.get_many(["a"]) == [b"1"]
    clock.advance(0.001)
    assert await store.get_many(["a"]) == [None]


async def test_reading_does_not_make_a_value_last_longer(clock: Clock) -> None:
    store = MemoryStore(clock=clock)
    await store.put_many({"a": Put(b"1", 10.0)})
    clock.advance(9)
    await store.get_many(["a"])
    clock.advance(1)
    assert await store.get_many(["a"]) == [None]


async def test_a_lease_renewed_in_time_is_kept_and_one_renewed_too_late_is_not(clock: Clock) -> None:
    store = MemoryStore(clock=clock)
    lease = await Lease.acquire(store, "lease", 15.0)
    assert lease is not None
    clock.advance(14)
    assert await lease.renew()
    clock.advance(14)
    assert await Lease.acquire(store, "lease", 15.0) is None
    clock.advance(1)
    assert not await lease.renew()
    assert await Lease.acquire(store, "lease", 15.0) is not None


async def test_beyond_its_capacity_it_forgets_what_was_used_longest_ago(clock: Clock) -> None:
    store = MemoryStore(capacity=2 * 252, clock=clock)
    await store.put_many({"a": Put(b"1", 10.0), "b": Put(b"2", 10.0)})
    await store.get_many(["a"])
    await store.put_many({"c": Put(b"3", 10.0)})
    assert await store.get_many(["a", "b", "c"]) == [b"1", None, b"3"]


async def test_what_does_not_expire_is_never_pushed_out(clock: Clock) -> None:
    store = MemoryStore(capacity=500, clock=clock)
    await store.put_many({f"entry {number}": Put(b"sent") for number in range(10)})
    await store.put_many({f"page {number}": Put(b"", 10.0) for number in range(10)})
    assert await store.get_many([f"entry {number}" for number in range(10)]) == [b"sent"] * 10


async def test_where_a_value_has_expired_there_is_room_for_a_set(clock: Clock) -> None:
    store = MemoryStore(clock=clock)
    await store.put_many({"a": Put(b"1", 10.0)})
    clock.advance(10)
    assert await store.commit({}, {"a": Add(b"member")})
    assert await store.members("a") == {b"member"}


async def test_a_listing_leaves_out_what_has_expired_and_is_no_use_of_the_rest(clock: Clock) -> None:
    store = MemoryStore(capacity=3 * 252, clock=clock)
    await store.put_many({"a": Put(b"1", 10.0), "b": Put(b"2", 20.0), "c": Put(b"3", 20.0)})
    clock.advance(10)
    assert [key async for key in store.find("")] == ["b", "c"]
    assert [key async for key in store.find("b")] == ["b"]
    await store.put_many({"d": Put(b"4", 10.0), "e": Put(b"5", 10.0)})
    assert [key async for key in store.find("")] == ["c", "d", "e"]


async def test_it_keeps_exactly_the_last_events(clock: Clock) -> None:
    store = MemoryStore(clock=clock)
    for number in range(5):
        await store.append("stream", {"number": str(number)}, most=3)
    assert [event["number"] for event in await store.latest("stream", 10)] == ["4", "3", "2"]


async def test_it_is_not_shared_between_processes_and_nothing_is_assured() -> None:
    assert MemoryStore().is_shared is False
    assert not (await MemoryStore().durability()).is_assured

"""What a process holds before the store: bounded, short-lived, nobody else's, and never older than a write."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator

import pytest

from app.gateway.cache import begin_epoch, listening
from app.gateway.cache.layer import LIFE_S, Layer
from app.gateway.cache.records import Record
from app.store.memory import MemoryStore
from app.store.redis import RedisStore
from tests.gateway.cached import Watched, World
from tests.gateway.stub import StubAdapter, account, note
from tests.support.clock import Clock

pytestmark = pytest.mark.anyio


def record(value: str) -> Record[str]:
    return Record(value=value, fetched_at=0, fresh_until=9, stale_until=9, kept_until=9, epoch=b"e")


@pytest.fixture
def watched(clock: Clock) -> World:
    return World(Watched(clock), clock, StubAdapter(notes={id: note(id) for id in "ab"}))


async def test_after_a_moment_the_store_is_asked_again_so_that_other_processes_news_arrive(watched: World, clock: Clock) -> None:
    other = World(watched.store, clock, watched.provider, watched.account)
    await watched.one()
    watched.provider.notes["a"] = note("a", minor=2_00)  # behind the gateway's back
    await other.cache.put_many(other.account, {"a": note("a", minor=2_00)}, await other.cache.epoch(other.account))
    clock.advance(LIFE_S)
    assert (await watched.one()).value.total.minor == 2_00


async def test_a_write_of_another_process_is_seen_though_nobody_told(watched: World, clock: Clock) -> None:
    await watched.one()
    watched.provider.notes["a"] = note("a", minor=2_00)
    await begin_epoch(watched.store, watched.account)
    assert (await watched.one()).value.total.minor == 2_00


async def test_what_was_asked_for_first_and_answered_last_does_not_replace_what_is_newer(watched: World, clock: Clock) -> None:
    gate = watched.provider.gate = asyncio.Event()
    slow = asyncio.create_task(watched.one())
    await asyncio.sleep(0.01)
    watched.provider.gate = None
    watched.provider.notes["a"] = note("a", minor=2_00)
    clock.advance(1)
    epoch = await watched.cache.epoch(watched.account)
    await watched.cache.put_many(watched.account, {"a": note("a", minor=2_00)}, epoch)
    gate.set()
    assert (await slow).value.total.minor == 1_00
    await watched.settle()
    assert (await watched.one()).value.total.minor == 2_00


async def test_tenants_with_an_account_of_one_name_hold_nothing_of_each_other(clock: Clock) -> None:
    """One store, one layer, the same ids, and ids that look like places."""
    first = World(MemoryStore(clock=clock), clock, at=account(name="acme", tenant="one"))
    second = World(first.store, clock, at=account(name="acme", tenant="two"))
    second.memory, second.cache = first.memory, first.cache
    odd = ["a", "{two/acme}:a", "}:a", "note:{two/acme}:a", "a:a", ""]
    first.provider.notes = {id: note(id, minor=1) for id in odd}
    second.provider.notes = {id: note(id, minor=2) for id in odd}
    for world, minor in itertools.product((first, second), (1, 2)):
        own = 1 if world is first else 2
        found = await world.get(*odd)
        assert {value.value.total.minor for value in found.values()} == {own}, minor  # type: ignore[union-attr]  # an error fails here
    assert (first.loads, second.loads) == (1, 1)


def test_it_holds_no_more_entries_than_it_may_and_lets_go_of_what_was_used_longest_ago(clock: Clock) -> None:
    layer = Layer(entries=3, clock=clock)
    for key in "abc":
        layer.put(key, "tag", record(key), size=1)
    layer.get("a")
    layer.put("d", "tag", record("d"), size=1)
    assert [key for key in "abcd" if layer.get(key)] == ["a", "c", "d"]


def test_it_holds_no_more_bytes_than_it_may(clock: Clock) -> None:
    layer = Layer(size=100, clock=clock)
    layer.put("a", "tag", record("a"), size=60)
    layer.put("a", "tag", record("a"), size=50)  # in its own place
    layer.put("b", "tag", record("b"), size=50)
    assert layer.get("a")
    layer.put("c", "tag", record("c"), size=1)
    assert [key for key in "abc" if layer.get(key)] == ["a", "c"]
    layer.put("d", "tag", record("d"), size=101)
    assert [key for key in "abcd" if layer.get(key)] == []


def test_it_forgets_one_account_or_all(clock: Clock) -> None:
    layer = Layer(clock=clock)
    for key, tag in {"a": "one", "b": "two", "c": "one"}.items():
        layer.put(key, tag, record(key), size=1)
    layer.forget("one")
    layer.forget("nobody")
    assert [key for key in "abc" if layer.get(key)] == ["b"]
    layer.clear()
    assert layer.get("b") is None


def test_it_forgets_by_itself(clock: Clock) -> None:
    layer = Layer(clock=clock)
    layer.put("a", "tag", record("a"), size=1)
    clock.advance(LIFE_S - 0.01)
    assert layer.get("a")
    clock.advance(0.01)
    assert layer.get("a") is None


@pytest.fixture
async def processes(redis_url: str, request: pytest.FixtureRequest) -> AsyncIterator[list[World]]:
    """Two processes over one Redis, which hear of each other's writes."""
    stores = [RedisStore(redis_url) for _ in range(2)]
    provider = StubAdapter(notes={"a": note("a")})
    place = account(provider, tenant=request.node.name)
    worlds = [World(store, Clock(), provider, place) for store in stores]
    async with listening(worlds[0].memory), listening(worlds[1].memory):
        yield worlds
    for store in stores:
        await store.aclose()


async def test_the_other_processes_are_told_of_a_write_and_let_go(processes: list[World]) -> None:
    one, other = processes
    key = f"cn:1:note:{other.account.tag}:a"
    async with asyncio.timeout(5):
        while other.memory.layer.get(key) is not None or not one.loads:  # the beginning of listening clears it, too
            await other.one()
            await one.cache.written(one.account, {"a": note("a", minor=2_00)})
            await asyncio.sleep(0.01)
    assert (await other.one()).value.total.minor == 2_00

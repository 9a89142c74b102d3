"""What readers ask the store for, together: never twice what one question tells, and nothing older than they are."""

from __future__ import annotations

import asyncio

import pytest

from app.domain.errors import Unavailable
from app.gateway.cache import Fetched
from tests.gateway.cached import Watched, World, clock
from tests.gateway.stub import StubAdapter, note
from tests.support.virtual_time import VIRTUAL_TIME, now

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> object:
    return VIRTUAL_TIME


@pytest.fixture
def store() -> Watched:
    return Watched(now)


@pytest.fixture
def world(store: Watched) -> World:
    return World(store, clock, StubAdapter(notes={id: note(id) for id in "ab"}))


async def test_what_was_just_read_asks_the_store_for_the_epoch_only(world: World, store: Watched) -> None:
    await world.one()
    store.told()
    assert (await world.one()).cached is True
    assert store.told() == [["epoch"]]


async def test_many_readers_share_one_question_for_the_epoch_asked_after_they_came(world: World, store: Watched) -> None:
    await world.one()
    store.told()
    hold = store.hold = asyncio.Event()
    first = asyncio.create_task(world.one())
    await asyncio.sleep(0.01)
    world.provider.notes["a"] = note("a", minor=2_00)
    await world.cache.written(world.account, {"a": note("a", minor=2_00)})
    others = [asyncio.create_task(world.one()) for _ in range(50)]
    await asyncio.sleep(0.01)
    assert store.told() == [["epoch"]]
    hold.set()
    await first
    assert {(await each).value.total.minor for each in others} == {2_00}
    assert store.told() == [["epoch"]]


async def test_a_gateway_that_closes_while_the_store_is_asked_leaves_nobody_without_an_answer(world: World, store: Watched) -> None:
    store.hold = asyncio.Event()
    reading = asyncio.create_task(world.get("a"))
    await asyncio.sleep(0.01)
    await world.background.drain(0)
    assert isinstance((await reading)["a"], (Fetched, Unavailable))

"""Questions asked anew, for who takes nothing older: shared by those who came before they left, and not many at a time. How readers leave."""

from __future__ import annotations

import asyncio

import pytest

from app.domain.errors import Unavailable
from app.gateway.cache import Fetched, Freshness
from app.gateway.cache.flights import APART_S
from app.providers.policy import Deadline
from app.store.memory import MemoryStore
from tests.gateway.cached import NOW, SlowProvider, World, clock
from tests.gateway.stub import StubAdapter, note
from tests.support.stores import away
from tests.support.virtual_time import VIRTUAL_TIME, now

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> object:
    return VIRTUAL_TIME


@pytest.fixture
def world() -> World:
    return World(MemoryStore(clock=now), clock, StubAdapter(notes={id: note(id) for id in "abc"}))


@pytest.fixture
def slow() -> World:
    """The same over a provider that takes three seconds."""
    provider = SlowProvider(notes={"a": note("a")})
    provider.takes_s = 3.0
    return World(MemoryStore(clock=now), clock, provider)


async def test_all_who_ask_at_one_moment_share_one_call(world: World) -> None:
    found = await asyncio.gather(*(world.one(freshness=NOW) for _ in range(50)))
    assert world.loads == 1
    assert {each.cached for each in found} == {False}


async def test_who_comes_while_a_call_is_under_way_shares_the_next_one(world: World) -> None:
    gate = world.provider.gate = asyncio.Event()
    first = asyncio.create_task(world.one(freshness=NOW))
    await asyncio.sleep(0.01)
    world.provider.notes["a"] = note("a", minor=2_00)
    others = [asyncio.create_task(world.one(freshness=NOW)) for _ in range(50)]
    await asyncio.sleep(0.01)
    assert world.loads == 1
    gate.set()
    assert (await first).value.total.minor == 1_00
    assert {(await each).value.total.minor for each in others} == {2_00}
    assert world.loads == 2


async def test_nobody_waits_long_for_the_call_before(world: World) -> None:
    gate = world.provider.gate = asyncio.Event()
    first = asyncio.create_task(world.one(freshness=NOW))
    await asyncio.sleep(0.01)
    world.provider.gate = None
    await world.one(freshness=NOW)
    assert now() == pytest.approx(0.01 + APART_S)
    gate.set()
    await first


async def test_calls_for_other_things_do_not_wait_for_it(world: World) -> None:
    gate = world.provider.gate = asyncio.Event()
    first = asyncio.create_task(world.one("a", freshness=NOW))
    await asyncio.sleep(0.01)
    world.provider.gate = None
    await world.one("b", freshness=NOW)
    assert now() == 0.01
    gate.set()
    await first


async def test_without_its_store_nobody_shares_a_question_asked_before_a_write(world: World) -> None:
    """Another process may have answered it meanwhile, and here nobody could tell."""
    blind = World(away(MemoryStore(clock=now)), clock, world.provider, world.account)
    gate = world.provider.gate = asyncio.Event()
    before = asyncio.create_task(blind.one())
    await asyncio.sleep(0.01)
    world.provider.gate = None
    world.provider.notes["a"] = note("a", minor=2_00)
    assert (await blind.one()).value.total.minor == 2_00
    gate.set()
    await before


async def test_without_its_store_a_hot_note_costs_four_calls_a_second_at_most(world: World) -> None:
    blind = World(away(MemoryStore(clock=now)), clock, world.provider, world.account)
    world.provider.gate = asyncio.Event()  # never

    async def client(start: float) -> None:
        await asyncio.sleep(start)
        await blind.one()

    clients = [asyncio.create_task(client(index / 100)) for index in range(200)]
    await asyncio.sleep(2)
    assert world.loads <= 2 / APART_S + 1
    world.provider.gate.set()
    await asyncio.gather(*clients)


async def test_who_goes_away_takes_along_what_nobody_else_waits_for(world: World) -> None:
    world.provider.gate = asyncio.Event()
    first, second = (asyncio.create_task(world.one(freshness=NOW)) for _ in range(2))
    await asyncio.sleep(0.01)
    first.cancel()
    await asyncio.sleep(0.01)
    assert len(world.background._tasks) == 1
    second.cancel()
    await asyncio.sleep(0.01)
    assert not world.background._tasks
    world.provider.gate = None
    assert (await world.one(freshness=NOW)).value == note("a")


@pytest.mark.parametrize("steps", range(6))
async def test_who_asks_as_the_last_one_goes_away_is_answered(world: World, steps: int) -> None:
    """Whichever step of its going away has been reached."""
    gate = world.provider.gate = asyncio.Event()
    first = asyncio.create_task(world.one())
    await asyncio.sleep(0.01)
    first.cancel()
    for _ in range(steps):
        await asyncio.sleep(0)
    second = asyncio.create_task(world.one())
    await asyncio.sleep(0.01)
    gate.set()
    assert (await second).value == note("a")


async def test_a_gateway_that_closes_says_so_to_whoever_still_waits(world: World) -> None:
    world.provider.gate = asyncio.Event()
    reading = asyncio.create_task(world.error())
    await asyncio.sleep(0.01)
    await world.background.drain(0)
    assert isinstance(await reading, Unavailable)


async def test_an_answer_that_took_longer_than_the_age_wished_for_is_young_enough(slow: World) -> None:
    assert (await slow.one(freshness=Freshness(max_age_s=2))).cached is False
    assert slow.loads == 1


async def test_a_deadline_of_one_is_not_the_others(slow: World) -> None:
    first = asyncio.create_task(slow.get("a", deadline=Deadline(0.5, now)))
    second = asyncio.create_task(slow.get("a"))
    assert isinstance((await first)["a"], Unavailable)
    assert isinstance((await second)["a"], Fetched)
    assert slow.loads == 1

"""What the cache believes and for how long, who waits for whom, and what it does without its store."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from app.domain.credit_note import CreditNote
from app.domain.errors import BadPayload, GatewayError, NotFound, RateLimited, Unavailable
from app.gateway.cache import EntityCache, Fetched, Freshness, Memory, Windows, begin_epoch
from app.gateway.codec import Codec
from app.store.memory import MemoryStore
from tests.gateway.cached import ANY, FRESH_S, NOW, STALE_S, World
from tests.gateway.stub import note
from tests.support.clock import Clock

pytestmark = pytest.mark.anyio


async def test_what_was_not_read_before_is_asked_of_the_provider_and_says_so(world: World) -> None:
    found = await world.one()
    assert (found.value, found.cached, found.stale) == (note("a"), False, False)
    assert found.fetched_at == datetime(2026, 3, 1, 12, tzinfo=UTC)


async def test_a_fresh_value_costs_no_call_and_tells_when_it_was_read(world: World, clock: Clock) -> None:
    await world.one()
    clock.advance(9.9)
    found = await world.one()
    assert (found.cached, found.stale, world.loads) == (True, False, 1)
    assert found.fetched_at == datetime(2026, 3, 1, 12, tzinfo=UTC)


async def test_windows_end_a_little_earlier_by_chance_so_that_not_everything_is_asked_for_at_once(clock: Clock) -> None:
    world = World(MemoryStore(clock=clock), clock, chance=0.99)
    world.provider.notes["a"] = note("a")
    await world.one()
    clock.advance(0.9 * FRESH_S)
    assert (await world.one()).stale is False
    clock.advance(0.1)
    assert (await world.one()).stale is True
    await world.settle()


async def test_a_stale_value_is_answered_at_once_and_refreshed_once_behind_many_callers(world: World, clock: Clock) -> None:
    await world.one()
    clock.advance(10)
    world.provider.notes["a"] = note("a", minor=2_00)
    world.provider.gate = asyncio.Event()
    found = await asyncio.gather(*(world.one() for _ in range(20)))
    assert {(each.value.total.minor, each.cached, each.stale) for each in found} == {(1_00, True, True)}
    await asyncio.sleep(0.01)
    assert world.loads == 2
    assert len(world.background._tasks) == 2  # one refresh for them all, and its question
    world.provider.gate.set()
    await world.settle()
    fresh = await world.one()
    assert (fresh.value.total.minor, fresh.stale, world.loads) == (2_00, False, 2)


async def test_a_refresh_that_fails_leaves_the_stale_value_and_is_tried_again(world: World, clock: Clock) -> None:
    await world.one()
    clock.advance(10)
    world.provider.failing = Unavailable("down")
    assert (await world.one()).stale
    await world.settle()
    assert (await world.one()).stale
    await world.settle()
    assert world.loads == 3


async def test_a_value_beyond_its_stale_window_is_gone(world: World, clock: Clock) -> None:
    await world.one()
    clock.advance(FRESH_S + STALE_S)
    assert (await world.one()).cached is False
    assert world.loads == 2


async def test_absence_is_believed_for_three_seconds(world: World, clock: Clock) -> None:
    assert isinstance(await world.error("gone"), NotFound)
    clock.advance(2.9)
    error = await world.error("gone")
    assert isinstance(error, NotFound)
    assert (error.account, world.loads) == ("acme", 1)
    world.provider.notes["gone"] = note("gone")
    clock.advance(0.1)
    assert (await world.one("gone")).value.ref.external_id == "gone"


@pytest.mark.parametrize("error", [Unavailable("down"), RateLimited("slow"), BadPayload("odd")], ids=lambda error: error.code.value)
async def test_an_error_is_never_kept(world: World, error: GatewayError) -> None:
    world.provider.failing = error
    assert await world.error() is error
    world.provider.failing = None
    assert (await world.one()).value == note("a")


async def test_a_load_that_fails_is_the_error_of_each_id_it_was_for_and_of_no_other(world: World) -> None:
    await world.one("a")
    world.provider.failing = Unavailable("down")
    found = await world.get("a", "b", "c")
    assert isinstance(found["a"], Fetched)
    assert found["b"] is found["c"] is world.provider.failing


async def test_errors_among_the_values_leave_the_others_unharmed(world: World) -> None:
    found = await world.get("a", "missing", "b")
    assert set(found) == {"a", "missing", "b"}
    assert isinstance(found["missing"], NotFound)
    assert world.provider.asked == [("a", "missing", "b")]
    await world.get("b", "a", "c")
    assert world.provider.asked[1:] == [("c",)]


async def test_an_error_of_one_id_is_not_kept_while_the_others_are(world: World) -> None:
    world.provider.notes["odd"] = BadPayload("odd")
    found = await world.get("a", "odd")
    assert found["odd"] is world.provider.notes["odd"]
    world.provider.notes["odd"] = note("odd")
    assert (await world.one("odd")).cached is False
    assert (await world.one("a")).cached is True


async def test_a_bug_in_a_load_reaches_the_caller_and_is_forgotten(world: World) -> None:
    world.provider.failing = ZeroDivisionError()
    with pytest.raises(ZeroDivisionError):
        await world.get("a")
    world.provider.failing = None
    assert (await world.one()).value == note("a")


async def test_many_callers_of_the_same_notes_share_one_flight(world: World) -> None:
    world.provider.gate = asyncio.Event()
    asking = [asyncio.create_task(world.get("a", "b")) for _ in range(50)]
    asking.append(asyncio.create_task(world.get("b", "c")))
    await asyncio.sleep(0.01)
    assert world.provider.asked == [("a", "b"), ("c",)]
    world.provider.gate.set()
    found = await asyncio.gather(*asking)
    assert all(isinstance(value, Fetched) and not value.cached for each in found for value in each.values())


async def test_the_one_who_asked_first_may_go_away_without_harm_to_the_others(world: World) -> None:
    world.provider.gate = asyncio.Event()
    first = asyncio.create_task(world.get("a"))
    await asyncio.sleep(0)
    second = asyncio.create_task(world.one())
    await asyncio.sleep(0.01)
    first.cancel()
    await asyncio.sleep(0)
    world.provider.gate.set()
    assert (await second).value == note("a")
    assert first.cancelled()
    assert world.loads == 1


async def test_a_refresh_under_way_when_it_was_written_is_not_believed(world: World, clock: Clock) -> None:
    await world.one()
    clock.advance(10)
    gate = world.provider.gate = asyncio.Event()
    assert (await world.one()).stale
    await asyncio.sleep(0.01)
    await begin_epoch(world.store, world.account)
    gate.set()
    await world.settle()
    world.provider.notes["a"] = note("a", minor=2_00)
    assert (await world.one()).value.total.minor == 2_00


async def test_who_wants_no_age_at_all_asks_the_provider_even_for_what_is_fresh(world: World) -> None:
    await world.one()
    world.provider.notes["a"] = note("a", minor=2_00)
    found = await world.one(freshness=NOW)
    assert (found.value.total.minor, found.cached) == (2_00, False)
    assert (await world.one()).value.total.minor == 2_00
    assert world.loads == 2


async def test_who_wants_no_age_at_all_does_not_take_what_somebody_asked_for_earlier(world: World) -> None:
    world.provider.gate = asyncio.Event()
    asking = [asyncio.create_task(world.one()), asyncio.create_task(world.one(freshness=NOW))]
    await asyncio.sleep(0.01)
    assert world.loads == 2
    world.provider.gate.set()
    await asyncio.gather(*asking)


async def test_a_wish_for_an_age_is_kept_to_the_second(world: World, clock: Clock) -> None:
    await world.one()
    clock.advance(4.9)
    assert (await world.one(freshness=Freshness(max_age_s=5))).cached
    clock.advance(0.1)
    assert (await world.one(freshness=Freshness(max_age_s=5))).cached is False


async def test_a_wish_for_more_age_than_is_fresh_still_says_that_it_is_stale(world: World, clock: Clock) -> None:
    await world.one()
    clock.advance(15)
    found = await world.one(freshness=Freshness(max_age_s=3600))
    assert (found.cached, found.stale) == (True, True)


async def test_a_kind_with_no_window_is_never_kept(world: World, clock: Clock) -> None:
    memory = Memory(store=world.store, background=world.background, clock=clock)
    cache: EntityCache[CreditNote] = EntityCache("other", Codec(CreditNote), lambda _: Windows(fresh_s=0), memory)
    for calls in (1, 2):
        await cache.get_many(world.account, ["a"], world.provider.fetch_many, ANY)
        assert world.loads == calls

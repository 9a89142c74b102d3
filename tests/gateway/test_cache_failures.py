"""What was read before, told in place of a failure: to whoever allows it, as long as it is kept, and never across a write."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import NoReturn

import pytest

from app import telemetry
from app.domain.errors import GatewayError, NotFound, RateLimited, Unavailable
from app.gateway.cache import Fetched, Freshness, Windows, begin_epoch
from app.store.memory import MemoryStore
from tests.gateway.cached import FRESH_S, NOW, STALE_S, World
from tests.gateway.stub import note
from tests.support.clock import Clock

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("error", [Unavailable("down"), RateLimited("slow")], ids=lambda error: error.code.value)
async def test_an_old_value_is_better_than_no_answer_for_who_says_so(world: World, clock: Clock, error: GatewayError) -> None:
    await world.one()
    clock.advance(15)
    world.provider.failing = error
    wish = Freshness(max_age_s=0, stale_on_error=True)
    found = await world.one(freshness=wish)
    assert (found.value, found.cached, found.stale) == (note("a"), True, True)
    assert found.fetched_at == datetime(2026, 3, 1, 12, tzinfo=UTC)
    assert await world.error(freshness=NOW) is error


async def test_beyond_its_time_a_value_is_told_in_place_of_a_failure_and_of_nothing_else(clock: Clock) -> None:
    windows = Windows(fresh_s=FRESH_S, stale_s=STALE_S, error_s=100)
    world = World(MemoryStore(clock=clock), clock, windows=windows)
    world.provider.notes["a"] = note("a")
    wish = Freshness(stale_on_error=True)
    await world.one()
    clock.advance(FRESH_S + STALE_S)
    world.provider.failing = Unavailable("down")
    found = await world.one(freshness=wish)
    assert (found.value, found.cached, found.stale, found.instead_of) == (note("a"), True, True, world.provider.failing)
    assert found.fetched_at == datetime(2026, 3, 1, 12, tzinfo=UTC)
    assert await world.error() is world.provider.failing
    await begin_epoch(world.store, world.account)
    assert await world.error(freshness=wish) is world.provider.failing  # a write: what was read before it is over
    world.provider.failing = None
    anew = await world.one()
    assert (anew.cached, anew.instead_of) == (False, None)
    clock.advance(FRESH_S + STALE_S)
    assert (await world.one(freshness=wish)).cached is False
    clock.advance(FRESH_S + STALE_S + 100)
    world.provider.failing = Unavailable("down")
    assert await world.error(freshness=wish) is world.provider.failing


async def test_an_old_value_is_not_shown_in_place_of_what_the_provider_did_answer(world: World) -> None:
    wish = Freshness(max_age_s=0, stale_on_error=True)
    await world.one()
    del world.provider.notes["a"]
    assert isinstance(await world.error(freshness=wish), NotFound)


async def test_without_an_old_value_the_failure_is_the_answer(world: World, clock: Clock) -> None:
    wish = Freshness(stale_on_error=True)
    await world.error("missing")
    clock.advance(4)
    world.provider.failing = Unavailable("down")
    assert await world.error("missing", freshness=wish) is world.provider.failing
    assert await world.error("a", freshness=wish) is world.provider.failing


@pytest.mark.parametrize("shared", [True, False])
async def test_whoever_began_to_read_before_a_write_is_not_told_after_it_what_was_before(clock: Clock, *, shared: bool) -> None:
    """The provider hangs, the write is answered meanwhile, and then the read fails."""
    asked, answer = asyncio.Event(), asyncio.Event()

    async def hangs(_: object) -> NoReturn:
        asked.set()
        await answer.wait()
        message = "down"
        raise Unavailable(message)

    ledger = None if shared else MemoryStore(clock=clock)
    world = World(MemoryStore(clock=clock), clock, ledger=ledger, windows=Windows(fresh_s=FRESH_S, error_s=100))
    world.provider.notes["a"] = note("a")
    await world.one()
    clock.advance(FRESH_S)
    reading = asyncio.create_task(world.cache.get_many(world.account, ["a"], hangs, Freshness(stale_on_error=True)))
    await asked.wait()
    await world.cache.written(world.account, {"a": note("a", minor=9_99)})
    answer.set()
    found = (await reading)["a"]
    assert isinstance(found, Fetched)
    assert found.value.total.minor == 9_99


async def test_a_window_of_nothing_keeps_for_failures_only(clock: Clock) -> None:
    world = World(MemoryStore(clock=clock), clock, windows=Windows(fresh_s=0, error_s=100))
    world.provider.notes["a"] = note("a")
    for _ in range(2):
        assert (await world.one()).cached is False
    world.provider.failing = Unavailable("down")
    assert (await world.one(freshness=Freshness(stale_on_error=True))).stale is True
    assert await world.error() is world.provider.failing


async def test_whoever_wants_to_know_is_told_that_it_was_kept(clock: Clock) -> None:
    world = World(MemoryStore(clock=clock), clock, windows=Windows(fresh_s=FRESH_S, error_s=100))
    world.provider.notes["a"] = note("a")
    await world.one()
    clock.advance(60)
    world.provider.failing = Unavailable("down")
    with telemetry.collecting(wanted=True) as sources:
        await world.one(freshness=Freshness(stale_on_error=True))
    assert sources is not None
    assert [(each["cached"], each["ageSeconds"]) for each in sources] == [(True, 60.0)]

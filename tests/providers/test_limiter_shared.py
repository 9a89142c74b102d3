"""Turns of one account over several processes: what one uses up or is asked to wait for, the others know; alone, each counts its own."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from app.domain.errors import RateLimited, Unavailable
from app.gateway.cache.guard import REST_S
from app.providers.contract import Limits
from app.providers.limiter import Limiter
from app.providers.policy import Deadline
from app.store.memory import MemoryStore
from tests.providers.lines import limited
from tests.support.stores import ShakyStore
from tests.support.virtual_time import VIRTUAL_TIME, now

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def anyio_backend() -> tuple[str, Mapping[str, Any]]:
    return VIRTUAL_TIME


class Common(MemoryStore):
    """As if other processes saw it."""

    is_shared = True


@pytest.fixture
async def store() -> ShakyStore:
    return ShakyStore(Common(clock=now))


def processes(store: ShakyStore, count: int, **limits: int) -> list[Limiter]:
    return [limited(Limits(**limits), store, now) for _ in range(count)]


async def call(limiter: Limiter, *, takes: float = 0, within: float = 3600) -> float:
    """When a call began."""
    async with limiter.turn(Deadline(within, now)):
        began = now()
        await asyncio.sleep(takes)
        return began


async def test_all_processes_together_keep_to_one_pace(store: ShakyStore) -> None:
    here, there, elsewhere = processes(store, 3, per_minute=6)
    calls = [call(limiter) for _ in range(5) for limiter in (here, there, elsewhere)]
    began = sorted(await asyncio.gather(*calls))
    assert began == pytest.approx([0] * 6 + [10 * number for number in range(1, 10)])


async def test_a_process_with_many_calls_keeps_none_of_another_waiting_behind_them_all(store: ShakyStore) -> None:
    busy, other = processes(store, 2, per_minute=6)
    crowd = [asyncio.create_task(call(busy)) for _ in range(50)]
    await asyncio.sleep(1)
    assert await call(other) <= 20
    for one in crowd:
        one.cancel()
    await asyncio.gather(*crowd, return_exceptions=True)


async def test_all_processes_together_make_no_more_calls_at_once_than_allowed(store: ShakyStore) -> None:
    here, there = processes(store, 2, concurrent=3)
    running, most = 0, 0

    async def one(limiter: Limiter) -> None:
        nonlocal running, most
        async with limiter.turn(Deadline(3600, now)):
            running += 1
            most = max(most, running)
            await asyncio.sleep(10)
            running -= 1

    await asyncio.gather(*(one(limiter) for _ in range(9) for limiter in (here, there)))
    assert most == 3
    assert now() == pytest.approx(60, abs=1)


async def test_a_place_is_free_again_when_a_call_fails_or_is_given_up(store: ShakyStore) -> None:
    here, there = processes(store, 2, concurrent=1)
    with pytest.raises(ZeroDivisionError):
        async with here.turn(Deadline(10, now)):
            raise ZeroDivisionError
    given_up = asyncio.create_task(call(here, takes=1000))
    await asyncio.sleep(1)
    given_up.cancel()
    await asyncio.gather(given_up, return_exceptions=True)
    assert await call(there) == pytest.approx(1, abs=0.1)


async def test_a_place_of_a_process_that_died_is_free_again_after_its_calls_deadline(store: ShakyStore) -> None:
    here, there = processes(store, 2, concurrent=1)
    store.mishap = lambda _: "none" if len(store.calls) == 1 else "before"  # its leaving is never heard
    await call(here, within=10)
    store.come_back()
    await asyncio.sleep(REST_S)
    assert await call(there) == pytest.approx(11, abs=0.1)


async def test_whom_the_provider_asks_to_wait_all_processes_know(store: ShakyStore) -> None:
    here, there = processes(store, 2)
    await here.hold(30)
    with pytest.raises(RateLimited) as refused:
        await call(there, within=29)
    assert (now(), refused.value.retry_after) == (0, 30)
    assert await call(there) == 30


async def test_a_pause_that_another_process_was_asked_for_while_this_one_waits_is_kept(store: ShakyStore) -> None:
    here, there = processes(store, 2, per_minute=1)
    await call(here)
    waiting = asyncio.create_task(call(here))
    await asyncio.sleep(30)
    await there.hold(120)
    assert await waiting == pytest.approx(150, abs=61)
    assert await waiting >= 150


async def test_with_the_store_away_each_process_keeps_the_limits_by_itself(store: ShakyStore) -> None:
    store.go_away()
    here, there = processes(store, 2, per_minute=6, concurrent=2)
    began = [sorted(await asyncio.gather(*(call(limiter) for _ in range(8)))) for limiter in (here, there)]
    assert began == [pytest.approx([0] * 6 + [10, 20]), pytest.approx([20] * 6 + [30, 40])]


async def test_a_store_that_goes_away_leaves_nobody_a_fresh_burst(store: ShakyStore) -> None:
    (here,) = processes(store, 1, per_minute=6)
    await asyncio.gather(*(call(here) for _ in range(6)))
    store.go_away()
    with pytest.raises(Unavailable):
        await call(here, within=9)


async def test_with_the_store_away_a_pause_is_kept_by_the_process_that_was_asked(store: ShakyStore) -> None:
    store.go_away()
    here, there = processes(store, 2)
    await here.hold(30)
    assert await call(there) == 0
    assert await call(here) == 30

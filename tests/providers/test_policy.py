"""Waits between attempts, deadlines and the limiter, in a time that passes by itself and costs none."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.errors import Unavailable
from app.domain.vocabulary import ErrorCode
from app.providers.contract import Limits
from app.providers.policy import Deadline, Limiter, RetryPolicy
from tests.support.clock import Clock
from tests.support.virtual_time import VIRTUAL_TIME, VirtualTimeLoop, now

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def anyio_backend() -> tuple[str, Mapping[str, Any]]:
    return VIRTUAL_TIME


def limiter(**limits: int) -> Limiter:
    return Limiter(Limits(**limits), now)


async def call(limiter: Limiter, *, takes: float = 0, within: float = 3600) -> tuple[float, float]:
    """When a call began and ended."""
    async with limiter.turn(Deadline(within, now)):
        began = now()
        await asyncio.sleep(takes)
        return began, now()


def test_a_deadline_counts_down_to_nothing_and_not_below() -> None:
    clock = Clock(1000)
    deadline = Deadline(10, clock)
    assert deadline.left() == 10
    clock.advance(9.5)
    assert deadline.left() == 0.5
    clock.advance(100)
    assert deadline.left() == 0


@pytest.mark.parametrize(("attempt", "longest"), [(1, 0.1), (2, 0.2), (3, 0.4), (5, 1.6), (6, 2.0), (60, 2.0)])
def test_waits_double_up_to_a_bound(attempt: int, longest: float) -> None:
    policy = RetryPolicy()
    assert policy.wait(attempt, None, chance=lambda: 1.0) == pytest.approx(longest)
    assert policy.wait(attempt, None, chance=lambda: 0.0) == 0
    assert policy.wait(attempt, None, chance=lambda: 0.5) == pytest.approx(longest / 2)


@given(st.integers(1, 500), st.floats(0, 1))
def test_no_wait_is_longer_than_the_longest(attempt: int, chance: float) -> None:
    assert 0 <= RetryPolicy().wait(attempt, None, chance=lambda: chance) <= 2.0


@pytest.mark.parametrize("asked", [0.0, 0.5, 30.0])
def test_the_wait_a_provider_asks_for_is_kept_exactly(asked: float) -> None:
    assert RetryPolicy().wait(1, asked) == asked


async def test_without_limits_nobody_waits() -> None:
    free = limiter()
    assert await asyncio.gather(*(call(free, takes=1) for _ in range(200))) == [(0, 1)] * 200


async def test_a_burst_goes_at_once_and_the_rest_at_the_rate() -> None:
    began = [when for when, _ in await asyncio.gather(*(call(slow) for slow in [limiter(per_minute=60)] * 63))]
    assert began[:60] == [0] * 60
    assert began[60:] == pytest.approx([1, 2, 3])


async def test_what_was_not_used_is_saved_up_to_the_burst_only() -> None:
    slow = limiter(per_minute=3)
    await asyncio.sleep(100_000)
    began = [when - 100_000 for when, _ in await asyncio.gather(*(call(slow) for _ in range(5)))]
    assert began == pytest.approx([0, 0, 0, 20, 40])


@given(st.integers(1, 300), st.lists(st.floats(0, 30), min_size=1, max_size=60))
@settings(max_examples=50)
def test_no_minute_sees_more_calls_than_the_burst_and_a_minutes_rate(per_minute: int, pauses: list[float]) -> None:
    async def arriving() -> list[float]:
        slow, calls = limiter(per_minute=per_minute), []
        for pause in pauses:
            await asyncio.sleep(pause)
            calls.append(asyncio.create_task(call(slow, within=1e9)))
        return [began for began, _ in await asyncio.gather(*calls)]

    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        began = runner.run(arriving())
    assert began == sorted(began)  # first come, first served
    for index, start in enumerate(began):
        for later in range(index, len(began)):
            assert later - index + 1 <= per_minute * (1 + (began[later] - start) / 60) + 1e-6


async def test_whoever_came_first_goes_first() -> None:
    slow, order = limiter(per_minute=1), []

    async def numbered(number: int) -> None:
        async with slow.turn(Deadline(10_000, now)):
            order.append(number)

    await asyncio.gather(*(numbered(number) for number in range(20)))
    assert order == list(range(20))


async def test_no_more_calls_than_allowed_run_at_once_and_they_start_in_order() -> None:
    narrow = limiter(concurrent=3)
    spans = await asyncio.gather(*(call(narrow, takes=10) for _ in range(9)))
    assert spans == [(0, 10)] * 3 + [(10, 20)] * 3 + [(20, 30)] * 3


async def test_a_place_is_free_again_after_a_failure() -> None:
    narrow = limiter(concurrent=1)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError):
            async with narrow.turn(Deadline(1, now)):
                raise ZeroDivisionError
    assert await call(narrow) == (0, 0)


async def test_a_wait_beyond_the_deadline_is_refused_at_once_with_the_wait() -> None:
    slow = limiter(per_minute=2)
    await asyncio.gather(call(slow), call(slow))
    with pytest.raises(Unavailable) as refused:
        await call(slow, within=29)
    assert (now(), refused.value.code) == (0, ErrorCode.PROVIDER_UNAVAILABLE)
    assert refused.value.retry_after == pytest.approx(30)
    assert await call(slow, within=31) == (30, 30)  # the one refused has taken nothing


async def test_a_wait_for_a_place_ends_with_the_deadline() -> None:
    narrow = limiter(concurrent=1)
    busy = asyncio.create_task(call(narrow, takes=100))
    await asyncio.sleep(0)
    with pytest.raises(Unavailable) as refused:
        await call(narrow, within=5)
    assert (now(), refused.value.code, refused.value.retryable) == (5, ErrorCode.PROVIDER_UNAVAILABLE, True)
    assert await call(narrow) == (100, 100)
    await busy


async def test_a_wait_behind_others_ends_with_the_deadline() -> None:
    slow = limiter(per_minute=1)
    await call(slow)
    first = asyncio.create_task(call(slow))
    await asyncio.sleep(0)
    with pytest.raises(Unavailable):
        await call(slow, within=10)
    assert now() == 10
    assert await first == (60, 60)


async def test_whoever_gives_up_waiting_has_taken_nothing() -> None:
    slow = limiter(per_minute=1)
    await call(slow)
    for _ in range(10):
        waiting = asyncio.create_task(call(slow))
        await asyncio.sleep(1)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
    assert await call(slow) == (60, 60)


async def test_whoever_gives_up_at_the_gate_leaves_it_to_the_next() -> None:
    narrow = limiter(concurrent=1)
    calls = [asyncio.create_task(call(narrow, takes=10)) for _ in range(3)]
    await asyncio.sleep(1)
    calls[1].cancel()
    assert await calls[2] == (10, 20)
    calls[0].cancel()
    assert await call(narrow) == (20, 20)


async def test_a_call_given_up_at_work_frees_its_place() -> None:
    narrow = limiter(concurrent=1)
    working = asyncio.create_task(call(narrow, takes=100))
    await asyncio.sleep(1)
    working.cancel()
    assert await call(narrow) == (1, 1)


async def test_one_accounts_calls_do_not_hold_up_anothers() -> None:
    one, other = limiter(per_minute=1, concurrent=1), limiter(per_minute=1, concurrent=1)
    await call(one)
    waiting = asyncio.create_task(call(one))
    assert await call(other) == (0, 0)
    assert await waiting == (60, 60)


@pytest.mark.parametrize(
    ("configured", "most", "concurrent"), [(0, 10, 10), (3, 10, 3), (25, 10, 10)], ids=["none", "fewer", "more"]
)
def test_an_account_never_has_more_calls_at_once_than_connections(configured: int, most: int, concurrent: int) -> None:
    assert Limits(per_minute=150, concurrent=configured).gated(most) == Limits(per_minute=150, concurrent=concurrent)

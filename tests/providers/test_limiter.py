"""Turns: in a time that passes by itself and costs none, for one process; what several share stands in test_limiter_shared.py."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.errors import RateLimited, Unavailable
from app.domain.vocabulary import ErrorCode
from app.providers.contract import Limits
from app.providers.limiter import Limiter
from app.providers.policy import Deadline
from tests.providers.lines import limited
from tests.support.virtual_time import VIRTUAL_TIME, VirtualTimeLoop, now

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def anyio_backend() -> tuple[str, Mapping[str, Any]]:
    return VIRTUAL_TIME


def limiter(**limits: int) -> Limiter:
    """Of one process."""
    return limited(Limits(**limits), clock=now)


async def call(limiter: Limiter, *, takes: float = 0, within: float = 3600) -> tuple[float, float]:
    """When a call began and ended."""
    async with limiter.turn(Deadline(within, now)):
        began = now()
        await asyncio.sleep(takes)
        return began, now()


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
    ("configured", "concurrent"), [(0, 10), (3, 3), (25, 25), (1000, 64)], ids=["none", "fewer", "more", "too many"]
)
def test_an_account_makes_as_many_calls_at_once_as_it_says_within_reason(configured: int, concurrent: int) -> None:
    assert Limits(per_minute=150, concurrent=configured).gated(10, 64) == Limits(per_minute=150, concurrent=concurrent)


async def test_a_call_waits_while_the_provider_asks_to() -> None:
    held = limiter()
    await held.hold(30)
    assert await asyncio.gather(*(call(held, takes=1) for _ in range(5))) == [(30, 31)] * 5
    assert await call(held) == (31, 31)


async def test_without_a_pacer_the_provider_is_obeyed_all_the_same() -> None:
    alone = Limiter(clock=now)
    await alone.hold(30)
    assert await call(alone) == (30, 30)


async def test_a_pause_beyond_the_deadline_is_told_at_once_with_what_is_left_of_it() -> None:
    held = limiter(concurrent=1)
    await held.hold(30)
    await asyncio.sleep(10)
    for within in (19.9, 0):
        with pytest.raises(RateLimited) as refused:
            await call(held, within=within)
        assert (now(), refused.value.code) == (10, ErrorCode.PROVIDER_RATE_LIMITED)
        assert refused.value.retry_after == pytest.approx(20)
    assert await call(held, within=21) == (30, 30)


async def test_a_shorter_pause_does_not_end_a_longer_one() -> None:
    held = limiter()
    await held.hold(30)
    await held.hold(1)
    assert await call(held) == (30, 30)


async def test_a_pause_that_begins_while_a_call_waits_for_its_turn_is_waited_out_too() -> None:
    slow = limiter(per_minute=1)
    await call(slow)
    patient, hasty = asyncio.create_task(call(slow)), asyncio.create_task(call(slow, within=100))
    await asyncio.sleep(59)
    await slow.hold(600)
    with pytest.raises(RateLimited):
        await hasty
    began, _ = await patient
    assert began == pytest.approx(659)


async def test_calls_that_wait_behind_a_pause_are_told_as_soon_as_it_is_known() -> None:
    narrow = limiter(concurrent=1)
    busy = asyncio.create_task(call(narrow, takes=5))
    await asyncio.sleep(1)
    waiting = [asyncio.create_task(call(narrow, within=20)) for _ in range(5)]
    await asyncio.sleep(1)
    await narrow.hold(60)
    refused = await asyncio.gather(*waiting, return_exceptions=True)
    assert {type(told) for told in refused} == {RateLimited}
    assert now() == 5
    await busy


async def test_no_provider_silences_its_account_for_longer_than_an_hour() -> None:
    held = limiter()
    await held.hold(365 * 86_400)
    assert await call(held, within=3601) == (3600, 3600)

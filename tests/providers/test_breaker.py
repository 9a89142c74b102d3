"""The breaker: a provider that is down is left alone, asked once in a while, and nobody else suffers for it."""

from __future__ import annotations

import asyncio
import time

import pytest

from app.domain.errors import GatewayError, OutcomeUnknown, Unavailable
from app.domain.vocabulary import ErrorCode
from app.providers.contract import Limits
from app.providers.policy import Breaker, Deadline
from app.providers.upstream import Upstream
from tests.providers.lines import GOOD, Note, explain, limited, line_to, read, write
from tests.support.clock import Clock
from tests.support.peer import Act, Peer, answer, cut, say_nothing

pytestmark = pytest.mark.anyio

FAILURES, REST_S, PROBE_S = 4, 30.0, 5.0


@pytest.fixture
def clock() -> Clock:
    return Clock(1000)


@pytest.fixture
def breaker(clock: Clock) -> Breaker:
    return Breaker(failures=FAILURES, rest_s=REST_S, probe_s=PROBE_S, clock=clock)


def fail(breaker: Breaker, times: int = 1) -> None:
    for _ in range(times):
        with breaker.turn():
            breaker.failed()


def succeed(breaker: Breaker) -> None:
    with breaker.turn():
        breaker.succeeded()


def refusal(breaker: Breaker) -> Unavailable:
    with pytest.raises(Unavailable) as refused, breaker.turn():
        pytest.fail("a call was let through")
    return refused.value


def test_it_opens_after_so_many_failures_in_a_row_and_says_for_how_long(breaker: Breaker, clock: Clock) -> None:
    was_open = []
    for _ in range(FAILURES):
        was_open.append(breaker.is_open)
        fail(breaker)
    assert [*was_open, breaker.is_open] == [False] * FAILURES + [True]
    clock.advance(10)
    refused = refusal(breaker)
    assert (refused.code, refused.retryable, refused.retry_after) == (ErrorCode.PROVIDER_UNAVAILABLE, True, 20)


def test_an_answer_in_between_starts_the_count_anew(breaker: Breaker) -> None:
    for _ in range(5):
        fail(breaker, FAILURES - 1)
        succeed(breaker)
    assert not breaker.is_open


def test_after_a_rest_one_call_goes_through_and_no_other_until_it_ends(breaker: Breaker, clock: Clock) -> None:
    fail(breaker, FAILURES)
    clock.advance(REST_S)
    with breaker.turn():
        refusal(breaker)
        refusal(breaker)
        breaker.succeeded()
    assert not breaker.is_open
    succeed(breaker)


def test_a_probe_that_fails_means_another_rest(breaker: Breaker, clock: Clock) -> None:
    fail(breaker, FAILURES)
    clock.advance(REST_S)
    fail(breaker)
    assert refusal(breaker).retry_after == REST_S
    clock.advance(REST_S - 1)
    refusal(breaker)
    clock.advance(1)
    succeed(breaker)
    assert not breaker.is_open


def test_a_probe_given_up_by_its_own_caller_leaves_the_question_to_the_next(breaker: Breaker, clock: Clock) -> None:
    fail(breaker, FAILURES)
    clock.advance(REST_S)
    with pytest.raises(asyncio.CancelledError), breaker.turn():
        raise asyncio.CancelledError
    assert breaker.is_open
    succeed(breaker)
    assert not breaker.is_open


def test_what_was_under_way_before_it_opened_lets_no_second_probe_through(breaker: Breaker, clock: Clock) -> None:
    with breaker.turn():
        fail(breaker, FAILURES)
        clock.advance(REST_S)
        probe = breaker.turn()
        probe.__enter__()
    refusal(breaker)
    probe.__exit__(None, None, None)
    succeed(breaker)


def test_a_probe_that_hangs_does_not_keep_the_account_closed(breaker: Breaker, clock: Clock) -> None:
    fail(breaker, FAILURES)
    clock.advance(REST_S)
    with breaker.turn():
        clock.advance(PROBE_S - 1)
        refusal(breaker)
        clock.advance(1)
        with breaker.turn():
            refusal(breaker)
            breaker.succeeded()
    assert not breaker.is_open
    succeed(breaker)


def test_a_probe_that_ends_late_opens_no_gap_beside_the_one_that_followed_it(breaker: Breaker, clock: Clock) -> None:
    fail(breaker, FAILURES)
    clock.advance(REST_S)
    late = breaker.turn()
    late.__enter__()
    clock.advance(PROBE_S)
    with breaker.turn():
        late.__exit__(None, None, None)
        refusal(breaker)


@pytest.mark.parametrize("act", [answer("", 500), answer("", 503), cut])
async def test_a_provider_that_is_down_is_not_called(peer: Peer, clock: Clock, breaker: Breaker, act: Act) -> None:
    peer.will(act)
    async with line_to(peer.url, breaker=breaker) as line:
        for _ in range(FAILURES):
            with pytest.raises(OutcomeUnknown):
                await write(line)
        for _ in range(5):
            with pytest.raises(Unavailable):
                await write(line)
            with pytest.raises(Unavailable):
                await read(line)
    assert peer.connections + len(peer.heard) <= 2 * FAILURES
    assert len(peer.heard) == FAILURES


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 422, 429])
async def test_a_provider_that_refuses_is_not_down(peer: Peer, breaker: Breaker, status: int) -> None:
    peer.will(answer("known", status))
    async with line_to(peer.url, breaker=breaker) as line:
        for _ in range(3 * FAILURES):
            with pytest.raises(GatewayError):
                await write(line)
    assert not breaker.is_open
    assert len(peer.heard) == 3 * FAILURES


async def test_of_many_calls_after_the_rest_one_reaches_the_provider(peer: Peer, clock: Clock, breaker: Breaker) -> None:
    fail(breaker, FAILURES)
    clock.advance(REST_S)
    peer.will(say_nothing)
    async with line_to(peer.url, breaker=breaker) as line:
        probe = asyncio.create_task(read(line))
        await peer.arrived.wait()
        others = await asyncio.gather(*(write(line) for _ in range(10)), return_exceptions=True)
        assert {type(other) for other in others} == {Unavailable}
        probe.cancel()
        with pytest.raises(asyncio.CancelledError):
            await probe
        peer.will(GOOD)
        assert (await write(line)).id == "CN-1"
    assert peer.methods == ["GET", "POST"]
    assert not breaker.is_open


async def test_a_read_of_an_account_that_is_left_alone_is_told_at_once(peer: Peer, clock: Clock, breaker: Breaker) -> None:
    fail(breaker, FAILURES)
    clock.advance(REST_S - 0.5)
    async with line_to(peer.url, breaker=breaker) as line:
        started = time.monotonic()
        with pytest.raises(Unavailable) as refused:
            await read(line)
    assert refused.value.retry_after == 0.5
    assert time.monotonic() - started < 0.4
    assert peer.connections == 0


async def test_a_read_that_opens_the_breaker_is_not_tried_again(peer: Peer, breaker: Breaker) -> None:
    fail(breaker, FAILURES - 1)
    peer.will(answer("", 503))
    async with line_to(peer.url, breaker=breaker) as line:
        with pytest.raises(Unavailable):
            await read(line)
    assert len(peer.heard) == 1


async def test_a_call_to_an_account_left_alone_uses_up_none_of_its_turns(peer: Peer, breaker: Breaker) -> None:
    fail(breaker, FAILURES)
    async with line_to(peer.url, breaker=breaker, limiter=limited(Limits(per_minute=1))) as line:
        for _ in range(3):
            with pytest.raises(Unavailable) as refused:
                await read(line)
            assert refused.value.retry_after == REST_S


@pytest.mark.parametrize(("passed", "counts"), [(59, True), (30, False)], ids=["late", "early"])
async def test_a_call_given_up_at_the_end_of_its_time_counts_as_one_that_was_not_answered(
    peer: Peer, clock: Clock, breaker: Breaker, passed: float, *, counts: bool
) -> None:
    fail(breaker, FAILURES - 1)
    peer.will(say_nothing)
    async with line_to(peer.url, breaker=breaker) as line:
        reading = asyncio.create_task(Upstream(line, Deadline(60, clock)).read("/notes/1", into=Note, explain=explain))
        await peer.arrived.wait()
        clock.advance(passed)
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
        assert (breaker.is_open, line.health.status) == ((True, "DEGRADED") if counts else (False, "UNKNOWN"))


async def test_one_account_that_is_down_leaves_the_others_alone(peer: Peer, breaker: Breaker) -> None:
    fail(breaker, FAILURES)
    peer.will(GOOD)
    async with line_to(peer.url, breaker=breaker) as down, line_to(peer.url) as up:
        with pytest.raises(Unavailable):
            await read(down)
        assert (await read(up)).id == "CN-1"
    assert len(peer.heard) == 1

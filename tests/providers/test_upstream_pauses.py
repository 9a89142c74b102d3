"""What a provider asks for is done by every process: a pause is kept, and told at once where nobody can wait for its end."""

from __future__ import annotations

import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from app.domain.errors import GatewayError, RateLimited, Unavailable
from app.domain.vocabulary import ErrorCode
from app.providers.contract import Limits
from app.providers.line import Line
from app.providers.policy import RetryBudget, RetryPolicy
from app.store.redis import RedisStore
from tests.providers.lines import GOOD, failure, limited, line_to, read, write
from tests.support.clock import Clock
from tests.support.peer import Peer, answer

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def two_processes(url: str, redis_url: str, limits: Limits | None = None) -> AsyncIterator[tuple[Line, Line]]:
    """One account's line as two processes have it."""
    stores = [RedisStore(redis_url) for _ in range(2)]
    key, given = f"cn:1:gate:{{{secrets.token_hex(8)}}}", limits or Limits()
    first, second = (limited(given, store, key=key) for store in stores)
    for store in stores:
        await store.ping()  # connecting takes long on a busy machine, and who waits too long for the store goes on without it
    try:
        async with line_to(url, limiter=first) as here, line_to(url, limiter=second) as there:
            yield here, there
    finally:
        for store in stores:
            await store.aclose()


async def refused(line: Line, *, seconds: float = 1) -> list[GatewayError]:
    return [await failure(call(line, seconds=seconds)) for call in (read, write)]


async def test_a_write_does_not_wait_until_no_time_is_left_for_its_answer(peer: Peer) -> None:
    peer.will(GOOD)
    async with line_to(peer.url) as line:
        await line.limiter.hold(9)
        with pytest.raises(RateLimited):
            await write(line, seconds=10)
    assert peer.heard == []


@pytest.mark.parametrize("status", [429, 503])
async def test_while_the_provider_asks_to_wait_no_process_sends_it_anything(peer: Peer, redis_url: str, status: int) -> None:
    peer.will(answer("", status, retry_after="60"), GOOD)
    async with two_processes(peer.url, redis_url) as (here, there):
        with pytest.raises(Unavailable):
            await read(here)
        started = time.monotonic()
        told = [*await refused(here), *await refused(there)]
        assert time.monotonic() - started < 0.9  # nobody has waited for a deadline
    for failed in told:
        assert (type(failed), failed.code, failed.account) == (RateLimited, ErrorCode.PROVIDER_RATE_LIMITED, "acme-eu")
        assert 50 < (failed.retry_after or 0) <= 60
    assert len(peer.heard) == 1


async def test_a_write_that_was_told_to_wait_keeps_the_reads_waiting(peer: Peer, redis_url: str) -> None:
    peer.will(answer("", 429, retry_after="60"), GOOD)
    async with two_processes(peer.url, redis_url) as (here, there):
        with pytest.raises(RateLimited):
            await write(here)
        await refused(there)
    assert peer.methods == ["POST"]


async def test_a_pause_that_ends_in_time_is_waited_out(peer: Peer, redis_url: str) -> None:
    peer.will(answer("", 429, retry_after="1"), GOOD)
    async with two_processes(peer.url, redis_url) as (here, there):
        with pytest.raises(RateLimited):
            await write(here)
        started = time.monotonic()
        assert (await write(there)).id == "CN-1"
        assert 0.8 < time.monotonic() - started < 5
    assert peer.methods == ["POST", "POST"]


async def test_the_health_of_an_account_tells_of_a_pause_another_process_was_asked_for(peer: Peer, redis_url: str) -> None:
    peer.will(answer("", 429, retry_after="60"))
    async with two_processes(peer.url, redis_url) as (here, there):
        with pytest.raises(RateLimited):
            await write(here)
        assert (there.health.status, there.health.retry_after_s) == ("UNKNOWN", None)
        await refused(there)
    assert there.health.status == "RATE_LIMITED"
    assert 50 < (there.health.retry_after_s or 0) <= 60


@pytest.mark.parametrize(("status", "retry_after"), [(429, None), (429, "0"), (429, "soon"), (500, "60"), (422, "60"), (200, "60")])
async def test_what_asks_nobody_else_to_wait_is_no_pause(peer: Peer, redis_url: str, status: int, retry_after: str | None) -> None:
    said = '{"id": "CN-1"}'
    peer.will(answer(said, status) if retry_after is None else answer(said, status, retry_after=retry_after), GOOD)
    async with two_processes(peer.url, redis_url) as lines:
        if status == 200:
            await write(lines[0])
        else:
            with pytest.raises(GatewayError):
                await write(lines[0])
        for line in lines:
            assert (await read(line)).id == "CN-1"


async def test_the_rate_is_the_accounts_over_all_processes(peer: Peer, redis_url: str) -> None:
    peer.will(GOOD)
    async with two_processes(peer.url, redis_url, Limits(per_minute=3)) as lines:
        for line in (*lines, lines[0]):
            await read(line)
        for line in lines:
            for failed in await refused(line):
                assert (type(failed), failed.code) == (Unavailable, ErrorCode.PROVIDER_UNAVAILABLE)
                assert 15 < (failed.retry_after or 0) <= 20
    assert len(peer.heard) == 3


async def test_an_account_whose_retries_are_used_up_is_tried_once(peer: Peer) -> None:
    peer.will(answer("", 503))
    budget = RetryBudget(reserve=3, clock=Clock(0))
    async with line_to(peer.url, budget=budget) as line:
        heard = []
        for _ in range(5):
            before = len(peer.heard)
            with pytest.raises(Unavailable):
                await read(line)
            heard.append(len(peer.heard) - before)
    assert heard == [3, 2, 1, 1, 1]


async def test_what_was_not_sent_is_not_sent_again_once_the_retries_are_used_up(peer: Peer) -> None:
    budget = RetryBudget(reserve=0, clock=Clock(0))
    async with line_to("http://127.0.0.1:9", budget=budget, retry=RetryPolicy(attempts=1000, first_s=0)) as line:
        with pytest.raises(Unavailable):
            await write(line)
        assert line.health.status == "DEGRADED"

"""Writes over a real socket: sent once or not at all, and told apart. Every count is taken at the socket."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from app.domain.errors import AccountRefused, GatewayError, NotFound, OutcomeUnknown, RateLimited, Rejected
from app.domain.vocabulary import ErrorCode
from app.providers.contract import Limits
from app.providers.limiter import Limiter
from app.providers.line import Line
from tests.providers.lines import AUTH, GOOD, POST, failure, line_to, read, write
from tests.support.peer import (
    Act,
    Peer,
    answer,
    babble,
    break_off,
    cut,
    cut_unread,
    drip,
    read_nothing,
    reset,
    say_nothing,
)

pytestmark = pytest.mark.anyio


async def unknown(line: Line, *, seconds: float = 5) -> OutcomeUnknown:
    failed = await failure(write(line, seconds=seconds))
    assert isinstance(failed, OutcomeUnknown), failed
    assert (failed.code, failed.retryable) == (ErrorCode.OUTCOME_UNKNOWN, True)
    return failed


async def test_a_write_is_sent_as_it_stands(peer: Peer, line: Line) -> None:
    peer.will(GOOD)
    assert (await write(line, replace(POST, headers={"Acme-Key": "k"}))).id == "CN-1"
    (heard,) = peer.heard
    assert (heard.method, heard.target, heard.body) == ("POST", "/notes", b'{"total":1}')
    told = {name: heard.headers[name] for name in ("content-type", "acme-key", "authorization")}
    assert told == {"content-type": "application/json", "acme-key": "k", "authorization": AUTH}


@pytest.mark.parametrize("act", [cut, reset, break_off, babble])
async def test_a_write_whose_answer_was_lost_is_unknown_and_never_sent_again(peer: Peer, line: Line, act: Act) -> None:
    peer.will(act, GOOD)
    assert not (await unknown(line)).timed_out
    assert (peer.methods, peer.connections) == (["POST"], 1)


async def test_a_write_cut_off_before_it_was_read_may_have_arrived_all_the_same(peer: Peer, line: Line) -> None:
    peer.will(cut_unread, GOOD)
    assert not (await unknown(line)).timed_out
    assert peer.connections == 1


@pytest.mark.parametrize("body", ['{"error": "broken"}', '{"error": "known"}', "<html></html>", ""])
@pytest.mark.parametrize("status", [500, 502, 503, 504, 524, 599])
async def test_a_server_error_says_nothing_about_a_write_even_with_a_known_code(
    peer: Peer, line: Line, status: int, body: str
) -> None:
    peer.will(answer(body, status, retry_after="1"), GOOD)
    failed = await unknown(line)
    assert failed.timed_out is (status in {504, 524})  # somebody in between stopped waiting: the provider may still be at work
    assert failed.provider is not None
    assert failed.provider.http_status == status
    assert len(peer.heard) == 1


@pytest.mark.parametrize("body", ["", "known"])
@pytest.mark.parametrize(("status", "timed_out"), [(408, True), (425, False)])
async def test_a_write_not_handled_in_time_is_unknown_whatever_its_code(
    peer: Peer, line: Line, status: int, body: str, *, timed_out: bool
) -> None:
    peer.will(answer(body, status), GOOD)
    assert (await unknown(line)).timed_out is timed_out
    assert len(peer.heard) == 1


async def test_a_conflict_may_be_the_write_colliding_with_itself(peer: Peer, line: Line) -> None:
    peer.will(answer("another request is in the way", 409), GOOD)
    assert not (await unknown(line)).timed_out
    assert len(peer.heard) == 1


async def test_a_conflict_with_a_known_code_is_a_refusal(peer: Peer, line: Line) -> None:
    peer.will(answer("known", 409), GOOD)
    assert type(await failure(write(line))) is Rejected
    assert len(peer.heard) == 1


@pytest.mark.parametrize(
    ("status", "error"),
    [(400, Rejected), (401, AccountRefused), (403, AccountRefused), (404, NotFound), (410, Rejected), (422, Rejected)],
)
@pytest.mark.parametrize("body", ["", "known", "<html></html>"])
async def test_any_other_refusal_settles_it_whatever_the_body(
    peer: Peer, line: Line, status: int, error: type[GatewayError], body: str
) -> None:
    peer.will(answer(body, status), GOOD)
    assert type(await failure(write(line))) is (Rejected if body == "known" else error)
    assert len(peer.heard) == 1


@pytest.mark.parametrize(
    ("retry_after", "bounds"),
    [
        ("60", (60, 60)),
        ("0", (0, 0)),
        (format_datetime(datetime.now(UTC) + timedelta(days=2), usegmt=True), (86_400, 2 * 86_400)),
        ("Sun, 06 Nov 1994 08:49:37 GMT", (0, 0)),
        ("soon", None),
        (None, None),
    ],
    ids=["seconds", "none", "date", "past", "unreadable", "absent"],
)
async def test_a_rate_limited_write_is_refused_with_the_wait_and_not_sent_again(
    peer: Peer, line: Line, retry_after: str | None, bounds: tuple[float, float] | None
) -> None:
    peer.will(answer("", 429) if retry_after is None else answer("", 429, retry_after=retry_after), GOOD)
    failed = await failure(write(line))
    assert type(failed) is RateLimited
    assert (failed.retry_after is None) if bounds is None else (bounds[0] <= (failed.retry_after or 0) <= bounds[1])
    assert len(peer.heard) == 1


@pytest.mark.parametrize("status", [200, 201, 204, 206])
@pytest.mark.parametrize("body", ["", "{", "<html></html>", "[]", '{"id": 1}', b"\xff"])
async def test_a_write_whose_answer_cannot_be_read_is_unknown(peer: Peer, line: Line, status: int, body: str | bytes) -> None:
    peer.will(answer("" if status == 204 else body, status), GOOD)
    failed = await unknown(line)
    assert not failed.timed_out
    assert failed.provider is not None
    assert failed.provider.http_status == status
    assert len(peer.heard) == 1


async def test_a_redirected_write_is_not_followed(peer: Peer, line: Line) -> None:
    peer.will(answer("", 307, location="/elsewhere"), GOOD)
    await unknown(line)
    assert [heard.target for heard in peer.heard] == ["/notes"]


@pytest.mark.parametrize("act", [say_nothing, drip])
async def test_a_write_without_an_end_in_time_is_unknown_and_may_still_be_at_work(peer: Peer, line: Line, act: Act) -> None:
    peer.will(act)
    started = time.monotonic()
    assert (await unknown(line, seconds=0.15)).timed_out
    assert time.monotonic() - started < 1
    assert len(peer.heard) == 1


async def test_a_write_that_cannot_be_written_to_its_end_is_unknown(peer: Peer, line: Line) -> None:
    peer.will(read_nothing)
    with pytest.raises(OutcomeUnknown) as failed:
        await write(line, replace(POST, content=b" " * 20_000_000), seconds=0.3)
    assert failed.value.timed_out
    assert peer.connections == 1


async def test_a_connection_closed_while_idle_is_not_used_for_a_write(peer: Peer, line: Line) -> None:
    peer.will(answer('{"id": "CN-1"}', close=True), GOOD)
    await read(line)
    assert (await write(line)).id == "CN-1"
    assert (peer.methods, peer.connections) == (["GET", "POST"], 2)


async def test_a_write_given_up_by_its_caller_frees_its_place_and_accuses_nobody(peer: Peer) -> None:
    peer.will(say_nothing)
    async with line_to(peer.url, limiter=Limiter(Limits(concurrent=1))) as line:
        writing = asyncio.create_task(write(line))
        await peer.arrived.wait()
        writing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await writing
        assert line.health.status == "UNKNOWN"
        peer.will(GOOD)
        assert (await write(line, seconds=1)).id == "CN-1"

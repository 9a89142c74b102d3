"""Reads over a real socket: what each way of failing is called, and how often it is tried again."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from app.domain.errors import AccountRefused, BadPayload, GatewayError, InvalidInputs, NotFound, RateLimited, Rejected, Unavailable
from app.domain.vocabulary import ErrorCode
from app.providers.line import Line
from app.providers.policy import Deadline, RetryPolicy
from app.providers.upstream import Upstream
from tests.providers.lines import AUTH, Note, explain, failure, line_to, read
from tests.support.peer import Act, Peer, answer, babble, break_off, cut, cut_unread, drip, reset, say_nothing

pytestmark = pytest.mark.anyio

GOOD = answer('{"id": "CN-1", "unknown": [1, {"member": null}]}')


async def test_a_read_is_sent_with_its_query_and_the_accounts_credentials(peer: Peer, line: Line) -> None:
    peer.will(GOOD)
    upstream = Upstream(line, Deadline(5))
    note = await upstream.read("/notes", into=Note, explain=explain, params=[("id[in]", '["a&b"]'), ("limit", "2"), ("limit", "3")])
    assert note.id == "CN-1"
    (heard,) = peer.heard
    assert (heard.method, heard.target) == ("GET", "/notes?id%5Bin%5D=%5B%22a%26b%22%5D&limit=2&limit=3")
    assert heard.headers["authorization"] == AUTH
    assert heard.body == b""


@pytest.mark.parametrize("act", [cut, cut_unread, reset, break_off, babble])
async def test_a_read_whose_answer_was_lost_is_tried_three_times_and_unavailable(peer: Peer, line: Line, act: Act) -> None:
    peer.will(act)
    failed = await failure(read(line))
    assert (type(failed), failed.code) == (Unavailable, ErrorCode.PROVIDER_UNAVAILABLE)
    assert peer.connections == 3


@pytest.mark.parametrize("act", [cut, reset, break_off, answer("", 503), answer("", 408), answer("", 425), answer("", 429)])
async def test_one_good_answer_is_enough(peer: Peer, line: Line, act: Act) -> None:
    peer.will(act, act, GOOD)
    assert (await read(line)).id == "CN-1"
    assert len(peer.heard) == 3


@pytest.mark.parametrize("status", [500, 501, 502, 503, 504, 599, 408, 425, 301, 302, 304])
async def test_an_answer_that_says_not_now_is_unavailable_after_three_attempts(peer: Peer, line: Line, status: int) -> None:
    peer.will(answer("", status, location="/notes/2"))
    failed = await failure(read(line))
    assert (type(failed), failed.code, failed.retryable) == (Unavailable, ErrorCode.PROVIDER_UNAVAILABLE, True)
    assert failed.provider is not None
    assert failed.provider.http_status == status
    assert [heard.target for heard in peer.heard] == ["/notes/1"] * 3


@pytest.mark.parametrize(
    ("status", "error", "code"),
    [
        (400, Rejected, ErrorCode.PROVIDER_REJECTED),
        (401, AccountRefused, ErrorCode.PROVIDER_UNAUTHENTICATED),
        (403, AccountRefused, ErrorCode.PROVIDER_FORBIDDEN),
        (404, NotFound, ErrorCode.NOT_FOUND),
        (409, Rejected, ErrorCode.PROVIDER_REJECTED),
        (422, Rejected, ErrorCode.PROVIDER_REJECTED),
    ],
)
async def test_a_refusal_is_final(peer: Peer, line: Line, status: int, error: type[GatewayError], code: ErrorCode) -> None:
    peer.will(answer('{"said": "no"}', status, x_request_id="req-7"))
    failed = await failure(read(line))
    assert (type(failed), failed.code, failed.retryable) == (error, code, False)
    assert failed.provider is not None
    assert failed.provider.request_id == "req-7"
    assert len(peer.heard) == 1


async def test_every_part_of_a_refusal_is_the_accounts(peer: Peer, line: Line) -> None:
    peer.will(answer("several", 422, x_request_id="req-8"))
    failed = await failure(read(line))
    assert isinstance(failed, InvalidInputs)
    for problem in failed.problems:
        assert problem.account == "acme-eu"
        assert problem.provider is not None
        assert problem.provider.request_id == "req-8"


async def test_a_rate_limit_is_waited_out_where_there_is_time(peer: Peer, line: Line) -> None:
    peer.will(answer("", 429, retry_after="0"), GOOD)
    assert (await read(line)).id == "CN-1"


@pytest.mark.parametrize(
    "retry_after", ["60", format_datetime(datetime.now(UTC) + timedelta(days=365), usegmt=True)], ids=["seconds", "date"]
)
@pytest.mark.parametrize("status", [429, 503])
async def test_a_wait_beyond_the_deadline_is_passed_on_and_not_waited_for(
    peer: Peer, line: Line, status: int, retry_after: str
) -> None:
    peer.will(answer("", status, retry_after=retry_after))
    failed = await failure(read(line))
    assert type(failed) is (RateLimited if status == 429 else Unavailable)
    assert failed.retry_after is not None
    assert failed.retry_after == 60 if retry_after == "60" else 364 * 86_400 < failed.retry_after <= 365 * 86_400
    assert len(peer.heard) == 1


@pytest.mark.parametrize(
    "body",
    ["", "{", '{"id": "CN-', "<html></html>", "[]", "null", '"CN-1"', '{"id": 1}', '{"id": null}', "{}", b'{"id": "\xff\xfe"}',
     "[" * 100_000],
    ids=lambda body: repr(body)[:15],
)  # fmt: skip
async def test_an_answer_that_cannot_be_read_is_bad_payload_at_once(peer: Peer, line: Line, body: str | bytes) -> None:
    peer.will(answer(body))
    failed = await failure(read(line))
    assert (type(failed), failed.code, failed.retryable) == (BadPayload, ErrorCode.PROVIDER_BAD_PAYLOAD, False)
    assert len(failed.message) < 600
    assert len(peer.heard) == 1


@pytest.mark.parametrize("act", [say_nothing, drip])
async def test_a_read_without_an_end_in_time_is_a_time_out(peer: Peer, line: Line, act: Act) -> None:
    peer.will(act)
    started = time.monotonic()
    failed = await failure(read(line, seconds=0.15))
    assert (type(failed), failed.code) == (Unavailable, ErrorCode.PROVIDER_TIMEOUT)
    assert time.monotonic() - started < 1
    assert len(peer.heard) == 1


async def test_attempts_share_one_deadline(peer: Peer) -> None:
    peer.will(answer("", 503))
    patient = RetryPolicy(attempts=1000, first_s=0)
    async with line_to(peer.url, retry=patient) as line:
        started = time.monotonic()
        failed = await failure(read(line, seconds=0.2))
    assert isinstance(failed, Unavailable)
    assert time.monotonic() - started < 1
    assert len(peer.heard) > 3


async def test_a_read_with_no_time_left_is_not_begun(peer: Peer, line: Line) -> None:
    peer.will(GOOD)
    assert isinstance(await failure(read(line, seconds=0)), Unavailable)
    assert (peer.heard, peer.connections) == ([], 0)

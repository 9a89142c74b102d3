"""The suite every provider passes: refusals are told apart, and a write whose answer was lost is never called undone."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http import HTTPStatus

import pytest

from app.domain.credit_note import CreditNote
from app.domain.errors import (
    AccountRefused,
    AmountTooHigh,
    BadPayload,
    GatewayError,
    NotFound,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    Unavailable,
)
from app.domain.vocabulary import ErrorCode
from tests.providers.case import ProviderCase
from tests.providers.conftest import Opened

pytestmark = pytest.mark.anyio

REFUSALS: dict[str, tuple[type[GatewayError], ErrorCode]] = {
    "unauthorized": (AccountRefused, ErrorCode.PROVIDER_UNAUTHENTICATED),
    "rate_limited": (RateLimited, ErrorCode.PROVIDER_RATE_LIMITED),
    "broken": (Unavailable, ErrorCode.PROVIDER_UNAVAILABLE),
}
ATTEMPTS_AT_A_READ = {"unauthorized": 1, "rate_limited": 1, "broken": 3}  # the wait asked for is longer than the deadline


@pytest.mark.parametrize("meaning", REFUSALS)
async def test_a_refused_read_says_why(opened: Opened, case: ProviderCase, meaning: str) -> None:
    failed = await opened.read(meaning)
    error, code = REFUSALS[meaning]
    assert (type(failed), getattr(failed, "code", None)) == (error, code)
    assert_told(failed, case, meaning)
    assert len(opened.desk.arrived) == ATTEMPTS_AT_A_READ[meaning]


@pytest.mark.parametrize("meaning", ["unauthorized", "rate_limited", "rejected", "over_balance"])
async def test_a_refused_write_says_why_and_is_not_repeated(opened: Opened, case: ProviderCase, meaning: str) -> None:
    failed = await opened.issue(meaning)
    error, code = {**REFUSALS, **case.refusals}[meaning]
    assert (type(failed), getattr(failed, "code", None)) == (error, code)
    assert_told(failed, case, meaning)
    assert len(opened.desk.arrived) == 1


async def test_what_the_provider_refuses_is_the_callers_to_change(opened: Opened, case: ProviderCase) -> None:
    failed = await opened.issue("rejected")
    assert isinstance(failed, GatewayError)
    assert not failed.retryable


async def test_more_than_is_left_is_told_as_such(opened: Opened, case: ProviderCase) -> None:
    assert isinstance(await opened.issue("over_balance"), AmountTooHigh)


async def test_a_missing_note_is_not_a_failure_of_the_provider(opened: Opened, case: ProviderCase) -> None:
    opened.desk.lay_out(case.reply("absent"))
    assert isinstance(await opened.fetch(), NotFound)
    assert opened.account.line.health.status == "OK"


@pytest.mark.parametrize("operation", ["fetch", "send"])
async def test_the_wait_asked_for_is_read_as_seconds(opened: Opened, case: ProviderCase, operation: str) -> None:
    assert case.reply("rate_limited")["headers"]["retry-after"] == "7"
    opened.desk.lay_out(case.reply("rate_limited"))
    failed = await getattr(opened, operation)()
    assert isinstance(failed, RateLimited)
    assert failed.retry_after == 7


@pytest.mark.parametrize("operation", ["fetch", "send"])
async def test_the_wait_asked_for_is_read_as_a_date(opened: Opened, case: ProviderCase, operation: str) -> None:
    reply = case.reply("rate_limited")
    reply["headers"]["retry-after"] = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
    opened.desk.lay_out(reply)
    failed = await getattr(opened, operation)()
    assert isinstance(failed, RateLimited)
    assert failed.retry_after is not None
    assert 60 < failed.retry_after <= 90


async def test_a_read_that_is_cut_off_is_unavailable(opened: Opened, case: ProviderCase) -> None:
    opened.desk.lay_out(None)
    failed = await opened.fetch()
    assert (type(failed), getattr(failed, "code", None)) == (Unavailable, ErrorCode.PROVIDER_UNAVAILABLE)
    assert len(opened.desk.arrived) == 3


async def test_a_write_that_is_cut_off_has_an_unknown_outcome(opened: Opened, case: ProviderCase) -> None:
    opened.desk.lay_out(None)
    assert_unknown(await opened.send(), opened)


@pytest.mark.parametrize("meaning", ["broken", "not_json", "unread"])
async def test_a_write_answered_by_nothing_to_go_by_has_an_unknown_outcome(
    opened: Opened, case: ProviderCase, meaning: str
) -> None:
    reply = case.reply("issued" if meaning == "unread" else meaning)
    if meaning == "unread":  # what makes `malformed` unreadable, in the answer to an issue
        recorded, malformed = case.reply("found"), case.reply("malformed")
        right, wrong = case.note(recorded["body"]), case.note(malformed["body"])
        case.note(reply["body"]).update({name: wrong[name] for name in wrong if wrong[name] != right.get(name)})
    opened.desk.lay_out(reply)
    assert_unknown(await opened.send(), opened)


@pytest.mark.parametrize("status", [500, 502, 503, 504, 408, 425, 301, 302, 307])
async def test_a_write_answered_by_a_status_that_settles_nothing_has_an_unknown_outcome(
    opened: Opened, case: ProviderCase, status: int
) -> None:
    opened.desk.lay_out({"status": status, "headers": {"location": "/elsewhere"}, "body": HTTPStatus(status).phrase})
    assert_unknown(await opened.send(), opened)


async def test_a_conflict_without_a_known_code_has_an_unknown_outcome(opened: Opened, case: ProviderCase) -> None:
    opened.desk.lay_out({"status": 409, "headers": {"content-type": "text/html"}, "body": "<html>Conflict</html>"})
    assert_unknown(await opened.send(), opened)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 410, 413, 415, 422, 429])
async def test_any_other_refusal_of_a_write_settles_it_whatever_its_body(opened: Opened, case: ProviderCase, status: int) -> None:
    kinds = {401: AccountRefused, 403: AccountRefused, 404: NotFound, 429: RateLimited}
    for body in ("<html>No</html>", "", "{", "[]", "null", '{"errors": [], "detail": null, "message": {}}'):
        opened.desk.lay_out({"status": status, "headers": {"content-type": "application/json"}, "body": body})
        failed = await opened.send()
        assert isinstance(failed, kinds.get(status, Rejected)), (body, failed)


async def test_what_was_never_sent_is_unavailable(case: ProviderCase, opened: Opened, closed_port: int) -> None:
    nowhere = replace(opened.account.line, base_url=f"http://127.0.0.1:{closed_port}")
    away = replace(opened, account=replace(opened.account, line=nowhere))
    for failed in (await away.fetch(), await away.send()):
        assert (type(failed), getattr(failed, "code", None)) == (Unavailable, ErrorCode.PROVIDER_UNAVAILABLE)
    assert opened.desk.arrived == []


@pytest.fixture
def closed_port() -> Iterator[int]:
    """A port that is taken and at which nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


def assert_told(failed: CreditNote | GatewayError, case: ProviderCase, meaning: str) -> None:
    """Whose failure it is, and what the provider said."""
    assert isinstance(failed, GatewayError)
    assert failed.account == case.account.name
    assert failed.provider is not None
    assert failed.provider.http_status == case.reply(meaning)["status"]


def assert_unknown(failed: CreditNote | GatewayError, opened: Opened) -> None:
    """Told as unknown, and sent once."""
    assert isinstance(failed, OutcomeUnknown), failed
    assert not isinstance(failed, BadPayload)
    assert failed.account == opened.account.name
    assert [request.method for request in opened.desk.arrived] == ["POST"]

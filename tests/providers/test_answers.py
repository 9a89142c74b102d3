"""What an answer means before its body is read: by status, by header, and by nothing else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app import http
from app.domain.errors import AccountRefused, GatewayError, NotFound, ProviderFault, RateLimited, Rejected, Unavailable
from app.domain.vocabulary import ErrorCode
from app.providers.answers import by_status, is_definite, request_id, retry_after
from app.providers.policy import Health

NOW = datetime(2026, 11, 21, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("0", 0),
        ("7", 7),
        (" 120 ", 120),
        ("Sat, 21 Nov 2026 12:01:30 GMT", 90),
        ("Saturday, 21-Nov-26 12:01:30 GMT", 90),
        ("Sat Nov 21 12:01:30 2026", 90),
        ("Sat, 21 Nov 2026 13:01:30 +0100", 90),
        ("Sat, 21 Nov 2026 11:59:00 GMT", 0),
        ("soon", None),
        ("", None),
        ("-1", None),
        ("1.5", None),
        ("\u0667", None),
        ("Sat, 99 Nov 2026 12:00:00 GMT", None),
        ("9" * 400, 999_999_999),
        ("Wed, 21 Oct 2099 07:28:00 GMT", 2_147_483_647),
    ],
)
def test_a_wait_is_read_in_either_form_or_not_at_all(header: str | None, seconds: float | None) -> None:
    assert retry_after(header, now=NOW) == seconds


@given(st.text(max_size=60))
def test_any_header_has_a_wait_or_none_and_never_a_negative_one(header: str) -> None:
    assert (retry_after(header, now=NOW) or 0) >= 0


@given(st.integers(0, 10**8), st.integers(-12, 12))
def test_a_date_is_the_same_moment_in_every_zone(seconds: int, hours: int) -> None:
    moment = (NOW + timedelta(seconds=seconds)).astimezone(timezone(timedelta(hours=hours)))
    assert retry_after(format_datetime(moment), now=NOW) == seconds


def test_only_a_refusal_that_cannot_be_about_time_settles_a_write() -> None:
    settles = set(range(400, 500)) - {408, 409, 425}
    assert {status for status in range(100, 600) if is_definite(status, by_code=False)} == settles
    assert {status for status in range(100, 600) if is_definite(status, by_code=True)} == settles | {409}


def test_a_status_alone_is_told_for_what_it_is() -> None:
    special: dict[int, tuple[type[GatewayError], ErrorCode]] = {
        401: (AccountRefused, ErrorCode.PROVIDER_UNAUTHENTICATED),
        403: (AccountRefused, ErrorCode.PROVIDER_FORBIDDEN),
        404: (NotFound, ErrorCode.NOT_FOUND),
        408: (Unavailable, ErrorCode.PROVIDER_UNAVAILABLE),
        425: (Unavailable, ErrorCode.PROVIDER_UNAVAILABLE),
        429: (RateLimited, ErrorCode.PROVIDER_RATE_LIMITED),
    }
    for status in range(300, 600):
        usual = (Rejected, ErrorCode.PROVIDER_REJECTED) if 400 <= status < 500 else (Unavailable, ErrorCode.PROVIDER_UNAVAILABLE)
        fault = ProviderFault(http_status=status, message="no")
        error = by_status(status, fault)
        assert (type(error), error.code) == special.get(status, usual)
        assert error.provider is fault


@pytest.mark.parametrize("name", ["X-Request-Id", "request-id", "X-Amzn-RequestId", "x-correlation-id"])
def test_the_providers_id_of_the_exchange_is_kept_for_its_support(name: str) -> None:
    assert request_id(http.Response(500, headers={name: "r" * 1000})) == "r" * 200


def test_an_exchange_may_have_no_id() -> None:
    assert request_id(http.Response(500, headers={"x-other": "1"})) is None


@pytest.mark.parametrize(
    ("status", "health"),
    [
        (200, "OK"),
        (302, "DEGRADED"),
        (404, "OK"),
        (422, "OK"),
        (429, "RATE_LIMITED"),
        (401, "UNAUTHENTICATED"),
        (403, "UNAUTHENTICATED"),
        (503, "DEGRADED"),
    ],
)
def test_the_last_answer_is_the_accounts_health(status: int, health: str) -> None:
    seen = Health()
    assert (seen.status, seen.checked_at) == ("UNKNOWN", None)
    seen.answered(status)
    assert seen.status == health
    assert seen.checked_at is not None


def test_a_wait_is_part_of_the_health_until_the_next_answer() -> None:
    seen = Health()
    seen.answered(429, retry_after=60)
    assert 50 < (seen.retry_after_s or 0) <= 60
    seen.answered(200)
    assert (seen.status, seen.retry_after_s) == ("OK", None)
    seen.failed()
    assert (seen.status, seen.retry_after_s) == ("DEGRADED", None)

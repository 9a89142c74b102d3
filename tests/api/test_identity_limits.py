"""How much one caller may ask: requests and reads a minute, told in headers, refused with 429, shared by all processes."""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx
import pytest

from app.identity_settings import IdentitySettings
from app.sandbox.server import Addresses
from tests.api.callers import ACCOUNTS, CHARGEBEE, KnownCallers, knowing
from tests.api.changing import global_id
from tests.support.running import SandboxControl

NOTE = f'{{ creditNote(id: "{global_id("n", CHARGEBEE, "CN-0001")}") {{ id }} }}'


@pytest.fixture
def requests(addresses: Addresses) -> Iterator[KnownCallers]:
    with knowing(addresses, identity=IdentitySettings(rate_requests=2, rate_reads=0)) as found:
        yield found


@pytest.fixture
def reads(addresses: Addresses) -> Iterator[KnownCallers]:
    with knowing(addresses, identity=IdentitySettings(rate_requests=0, rate_reads=3)) as found:
        yield found


def sent(known: KnownCallers, name: str, query: str = ACCOUNTS) -> httpx.Response:
    return known.sent({"X-API-Key": known.texts[name]}, query)


def refused(response: httpx.Response) -> str:
    """The message of a refusal over a limit."""
    assert response.status_code == 429
    assert "data" not in response.json()
    (error,) = response.json()["errors"]
    assert error["extensions"]["code"] == "LIMIT_EXCEEDED"
    message: str = error["message"]
    return message


def test_what_is_left_is_told_and_then_refused(requests: KnownCallers) -> None:
    answers = [sent(requests, "acme") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert {answer.headers["ratelimit-policy"] for answer in answers} == {'"requests";q=2;w=60'}
    assert [re.fullmatch(r'"requests";r=(\d);t=\d+', answer.headers["ratelimit"])[1] for answer in answers] == ["1", "0", "0"]  # type: ignore[index]  # it fails where there is no match
    assert "2 requests a minute" in refused(answers[2])
    assert 25 <= int(answers[2].headers["retry-after"]) <= 30
    extensions = answers[2].json()["errors"][0]["extensions"]
    assert (extensions["retryable"], extensions["retryAfterSeconds"]) == (True, int(answers[2].headers["retry-after"]))


def test_one_callers_limit_is_not_anothers(requests: KnownCallers) -> None:
    assert [sent(requests, name).status_code for name in ("acme", "acme", "acme", "acme-too", "globex")] == [
        200,
        200,
        429,
        200,
        200,
    ]


def test_a_request_that_is_refused_counts_and_one_of_nobody_does_not(requests: KnownCallers) -> None:
    assert [requests.sent({"X-API-Key": "nonsense"}).status_code for _ in range(5)] == [401] * 5
    assert [sent(requests, "acme", query).status_code for query in ("{", "{", ACCOUNTS)] == [200, 200, 429]


def test_reads_are_counted_before_they_are_made(reads: KnownCallers, sandbox: SandboxControl) -> None:
    answers = [sent(reads, "acme", NOTE) for _ in range(3)]
    assert [re.fullmatch(r'"reads";r=(\d);t=\d+', answer.headers["ratelimit"])[1] for answer in answers] == ["2", "1", "0"]  # type: ignore[index]  # as above
    before = sandbox.requests()
    assert "3 reads a minute" in refused(sent(reads, "acme", NOTE))
    assert sandbox.requests() == before
    assert sent(reads, "acme").status_code == 200  # what reads nothing is answered


def test_what_can_never_be_had_is_not_offered_again(reads: KnownCallers) -> None:
    response = sent(reads, "acme", "{ creditNotes(first: 100) { nodes { invoice { details { status } } } } }")
    assert "ask for less" in refused(response)
    assert "retry-after" not in response.headers
    assert response.json()["errors"][0]["extensions"]["retryable"] is False


def test_a_mutation_over_the_limit_is_not_begun(reads: KnownCallers, sandbox: SandboxControl) -> None:
    mutation = """mutation { issueCreditNote(input: { idempotencyKey: "k", reason: WAIVER, credit: { remaining: true },
      against: { invoice: { reference: { account: "chargebee-demo", providerId: "INV-1002" } } } }) { outcome } }"""
    refused(sent(reads, "acme", mutation))
    assert sandbox.requests() == {}


def test_without_limits_nothing_is_told(addresses: Addresses) -> None:
    with knowing(addresses) as known:
        assert not [name for name in sent(known, "acme").headers if name.startswith("ratelimit")]

"""Requests meant to break something: each is answered in bounded time by a refusal that shows nothing of the inside, and the next query as ever."""

from __future__ import annotations

import json
import time

import httpx
import pytest

from tests.api.hostile import ACCEPTS, ADDRESSES, BODIES, DOCUMENTS, ISSUE, QUERY
from tests.support.running import GatewayClient, SandboxControl

NAMES = {"accounts": [{"name": "chargebee-demo"}, {"name": "vcita-demo"}, {"name": "zenskar-demo"}]}
LONGEST_S = 5
"""Far more than any of them takes, far less than what does not end."""


def send(client: GatewayClient, content: bytes, accept: str) -> httpx.Response:
    started = time.monotonic()
    response = client.http.post("/graphql", content=content, headers={"Content-Type": "application/json", "Accept": accept})
    assert time.monotonic() - started < LONGEST_S
    return response


def shows_nothing(response: httpx.Response) -> None:
    """Every error is a client's, in the documented shape, short, and without a word from the inside."""
    found = response.json()
    assert 1 <= len(found["errors"]) <= 101
    for error in found["errors"]:
        assert error["extensions"]["code"] in {"INVALID_INPUT", "LIMIT_EXCEEDED"}, error
        assert error["extensions"]["classification"] == "BAD_REQUEST"
        assert error["extensions"]["requestId"] == response.headers["x-request-id"]
        assert len(error["message"]) <= 300
    for inside in (
        "Traceback",
        "codec",
        "set_int_max_str_digits",
        "recursion",
        "RecursionError",
        "object is not",
        "site-packages",
        "Maybe[",
    ):
        assert inside not in response.text


@pytest.mark.parametrize("content", BODIES.values(), ids=list(BODIES))
def test_a_body_that_is_no_request_is_refused(asked: GatewayClient, sandbox: SandboxControl, content: bytes) -> None:
    for accept in ("application/json", "application/graphql-response+json"):
        response = send(asked, content, accept)
        assert response.status_code == 400
        assert list(response.json()) == ["errors"]
        shows_nothing(response)
    assert asked.gql(QUERY) == NAMES
    assert sandbox.requests() == {}


@pytest.mark.parametrize("content", DOCUMENTS.values(), ids=list(DOCUMENTS))
def test_a_document_that_asks_for_trouble_is_answered_by_an_error(
    asked: GatewayClient, sandbox: SandboxControl, content: bytes
) -> None:
    plain = send(asked, content, "application/json")
    assert plain.status_code == 200
    shows_nothing(plain)
    newer = send(asked, content, "application/graphql-response+json")
    assert newer.status_code == (200 if "data" in newer.json() else 400)
    shows_nothing(newer)
    assert asked.gql(QUERY) == NAMES
    assert sandbox.requests() == {}


@pytest.mark.parametrize("query_string", ADDRESSES.values(), ids=list(ADDRESSES))
def test_an_address_that_asks_for_trouble_is_refused(asked: GatewayClient, query_string: bytes) -> None:
    address = asked.http.base_url.copy_with(path="/graphql", query=query_string)
    response = asked.http.get(address, headers={"Accept": "application/graphql-response+json"})
    assert response.status_code == 400
    shows_nothing(response)
    assert asked.gql(QUERY) == NAMES


def test_an_upload_is_refused_before_it_is_read(asked: GatewayClient, sandbox: SandboxControl) -> None:
    operations = json.dumps({"query": ISSUE, "variables": {"input": None}})
    response = asked.http.post("/graphql", data={"operations": operations, "map": "{}"}, files={"0": b"x"})
    assert response.status_code == 415
    shows_nothing(response)
    assert sandbox.requests() == {}


@pytest.mark.parametrize("accept", ACCEPTS)
def test_no_accept_header_breaks_anything(asked: GatewayClient, accept: bytes) -> None:
    response = asked.http.post("/graphql", json={"query": QUERY}, headers=[(b"Accept", accept)])
    assert response.status_code in {200, 406}
    assert response.headers["content-type"] == "application/json"

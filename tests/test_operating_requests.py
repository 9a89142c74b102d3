"""Every request has an id: its own, its trace's or a new one; the answer, its errors and the log say it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.sync.client import connect

from app import telemetry
from app.sandbox.server import Addresses
from tests.support.running import GatewayClient, SandboxControl, running
from tests.test_serving import issue

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = f"00-{TRACE}-00f067aa0ba902b7-01"


@pytest.fixture(scope="module")
def gateway(addresses: Addresses, control: SandboxControl) -> Iterator[GatewayClient]:
    control.reset()
    with running(addresses) as client:
        yield client


def test_an_id_that_is_given_comes_back_with_the_answer_its_error_and_the_log(
    gateway: GatewayClient, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = gateway.http.post(
        "/graphql", json={"query": "{ nonsense }"}, headers={"X-Request-Id": "order-7/a b".replace(" ", ":")}
    )
    assert answer.headers.get_list("x-request-id") == ["order-7/a:b"]
    assert [error["extensions"]["requestId"] for error in answer.json()["errors"]] == ["order-7/a:b"]
    gateway.http.get("/livez")  # over the same connection: what was logged of the request before is there by now
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if '"event": "request"' in line]
    (line,) = [line for line in lines if line["request_id"] == "order-7/a:b"]
    assert (line["request_id"], line["path"], line["status"]) == ("order-7/a:b", "/graphql", 200)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "/graphql", b""),
        ("POST", "/graphql", b"{"),
        ("GET", "/graphql?query=", b""),
        ("GET", "/livez", b""),
        ("GET", "/no", b""),
    ],
)
def test_whatever_is_asked_the_answer_has_an_id(gateway: GatewayClient, method: str, path: str, body: bytes) -> None:
    headers = {"Content-Type": "application/json", "Accept": "application/json", "X-Request-Id": "one"}
    answer = gateway.http.request(method, path, content=body, headers=headers)
    assert answer.headers["x-request-id"] == "one"
    if path.startswith("/graphql"):
        assert [error["extensions"]["requestId"] for error in answer.json()["errors"]] == ["one"]


def test_a_write_is_told_with_the_id_of_its_request(gateway: GatewayClient, capsys: pytest.CaptureFixture[str]) -> None:
    gateway.http.headers["X-Request-Id"] = "written-by-me"
    try:
        assert issue(gateway, "told-with-its-id")["outcome"] == "APPLIED"
    finally:
        del gateway.http.headers["X-Request-Id"]
    (line,) = [json.loads(line) for line in capsys.readouterr().out.splitlines() if '"event": "write"' in line]
    assert (line["request_id"], line["key"]) == ("written-by-me", "told-with-its-id")


@pytest.mark.parametrize("given", ["", "two words", "x" * 129, "é"])
def test_an_id_that_is_not_printable_or_too_long_is_replaced(gateway: GatewayClient, given: str) -> None:
    answer = gateway.http.get("/livez", headers={b"X-Request-Id": given.encode()})
    assert re.fullmatch("[0-9a-f]{32}", answer.headers["x-request-id"])


@pytest.mark.parametrize(
    ("traceparent", "expected"),
    [
        (PARENT, TRACE),
        (PARENT.replace("00-", "01-", 1) + "-more", TRACE),
        (f"{PARENT}-more", None),
        (PARENT.replace(TRACE, "0" * 32), None),
        (PARENT.replace("00-", "ff-", 1), None),
        (PARENT.upper(), None),
        ("nonsense", None),
    ],
)
def test_a_trace_gives_its_id_to_the_request(gateway: GatewayClient, traceparent: str, expected: str | None) -> None:
    found = gateway.http.get("/livez", headers={"traceparent": traceparent}).headers["x-request-id"]
    assert (found == TRACE) is (expected is not None)


def test_an_id_of_its_own_comes_before_the_traces(gateway: GatewayClient) -> None:
    answer = gateway.http.get("/livez", headers={"traceparent": PARENT, "X-Request-Id": "mine"})
    assert answer.headers["x-request-id"] == "mine"


def test_a_socket_is_opened_with_an_id(gateway: GatewayClient) -> None:
    url = f"{gateway.http.base_url}/graphql".replace("http", "ws", 1).replace("//graphql", "/graphql")
    with connect(url, subprotocols=["graphql-transport-ws"], additional_headers={"X-Request-Id": "sock"}) as socket:  # type: ignore[list-item] # the library's own type of a text
        assert socket.response is not None
        assert socket.response.headers["x-request-id"] == "sock"


@given(given=st.text(max_size=200), parent=st.sampled_from([None, PARENT]))
def test_whatever_is_given_an_id_is_short_and_printable(given: str, parent: str | None) -> None:
    found = telemetry.identified(given, telemetry.read_traceparent(parent))
    assert re.fullmatch(r"[!-~]{1,128}", found)
    assert (found == given) is (re.fullmatch(r"[!-~]{1,128}", given) is not None) or found == TRACE

"""graphql-sse, distinct connections mode: one request, one operation, its answers as events."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator

import httpx
import pytest

from app.edge_settings import EdgeSettings
from app.sandbox.server import Addresses
from tests.api.streaming import CHANGES, Streaming, streaming
from tests.support.running import Json, SandboxControl

ACCOUNTS = "{ accounts { provider } }"
DATA = {"accounts": [{"provider": "CHARGEBEE"}, {"provider": "VCITA"}, {"provider": "ZENSKAR"}]}
EVENTS = "text/event-stream"
URQL = f"application/graphql-response+json, application/graphql+json, application/json, {EVENTS}, multipart/mixed"


@pytest.fixture(scope="module")
def gateway(addresses: Addresses, control: SandboxControl) -> Iterator[Streaming]:
    control.reset()
    with streaming(addresses, edge=EdgeSettings(stream_heartbeat_s=0.05)) as found:
        yield found


class Events:
    """What one request is answered, event by event."""

    def __init__(self, response: httpx.Response) -> None:
        assert (response.status_code, response.headers["content-type"]) == (200, f"{EVENTS}; charset=utf-8")
        self._parts = self._split(response.iter_text())

    def _split(self, chunks: Iterator[str]) -> Iterator[str]:
        text = ""
        for chunk in chunks:
            text += chunk
            while "\n\n" in text:
                part, _, text = text.partition("\n\n")
                yield part
        assert text == ""

    def part(self) -> str:
        """The next event or comment."""
        return next(self._parts)

    def next(self) -> Json:
        """The next answer; comments do not count."""
        part = next(part for part in self._parts if part != ":")
        kind, _, data = part.partition("\n")
        assert kind == "event: next"
        answer: Json = json.loads(data.removeprefix("data: "))
        return answer

    def rest(self) -> list[str]:
        """All that follows, without comments."""
        return [part for part in self._parts if part != ":"]


COMPLETE = ["event: complete\ndata:"]


@contextlib.contextmanager
def asked(gateway: Streaming, query: str, **more: object) -> Iterator[Events]:
    body = {"query": query, **more}
    with gateway.client.http.stream("POST", "/graphql", json=body, headers={"Accept": EVENTS}) as response:
        yield Events(response)


def test_a_query_has_one_answer(gateway: Streaming) -> None:
    with asked(gateway, ACCOUNTS) as events:
        assert events.next() == {"data": DATA}
        assert events.rest() == COMPLETE


def test_a_query_may_be_asked_by_get(gateway: Streaming) -> None:
    with gateway.client.http.stream("GET", "/graphql", params={"query": ACCOUNTS}, headers={"Accept": EVENTS}) as response:
        events = Events(response)
        assert (events.next(), events.rest()) == ({"data": DATA}, COMPLETE)


@pytest.mark.parametrize(
    "query", ["{", "{ nothing }", "subscription { creditNoteChanged { nothing } }", "query($a: Int!) { node(id: $a) { id } }"]
)
def test_what_is_wrong_with_a_document_is_its_only_answer(gateway: Streaming, query: str) -> None:
    with asked(gateway, query) as events:
        answer = events.next()
        assert list(answer) == ["errors"]
        assert [error["extensions"]["code"] for error in answer["errors"]] == ["INVALID_INPUT"]
        assert events.rest() == COMPLETE


def test_changes_are_told_once_the_stream_is_open_with_heartbeats_between(gateway: Streaming) -> None:
    with asked(gateway, CHANGES) as events:
        assert events.part() == ":"  # from here on nothing is missed
        notes = [gateway.issued()["id"], gateway.issued("zenskar-demo")["id"]]
        told = [events.next()["data"]["creditNoteChanged"] for _ in notes]
        assert told == [{"kind": "CREATED", "creditNoteId": id} for id in notes]
        assert [events.part() for _ in range(3)] == [":", ":", ":"]
    gateway.listened(0)


def test_a_subscription_may_be_asked_by_get(gateway: Streaming) -> None:
    with gateway.client.http.stream("GET", "/graphql", params={"query": CHANGES}, headers={"Accept": EVENTS}) as response:
        assert Events(response).part() == ":"
        gateway.listened()
    gateway.listened(0)


def test_a_client_that_leaves_is_forgotten_though_nothing_happens(gateway: Streaming) -> None:
    with contextlib.ExitStack() as stack:
        listening = [stack.enter_context(asked(gateway, CHANGES)) for _ in range(3)]
        assert [events.part() for events in listening] == [":"] * 3
        assert gateway.feed.subscribers == 3
    gateway.listened(0)


@pytest.mark.parametrize(
    ("method", "sent", "status"),
    [
        ("GET", {"params": {"query": "mutation { __typename }"}}, 405),
        ("POST", {"json": {}}, 400),
        ("POST", {"json": []}, 400),
        ("POST", {"content": "{", "headers": {"Content-Type": "application/json"}}, 400),
        ("POST", {"content": "{}", "headers": {"Content-Type": "text/plain"}}, 415),
        ("PUT", {"json": {"query": ACCOUNTS}}, 405),
    ],
)
def test_what_is_no_request_is_answered_by_its_status(gateway: Streaming, method: str, sent: Json, status: int) -> None:
    headers = {"Accept": EVENTS, **sent.pop("headers", {})}
    answer = gateway.client.http.request(method, "/graphql", headers=headers, **sent)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/json")
    assert answer.json()["errors"][0]["message"]


def test_a_client_that_takes_json_rather_is_answered_in_json(gateway: Streaming) -> None:
    answer = gateway.client.http.post("/graphql", json={"query": ACCOUNTS}, headers={"Accept": URQL})
    assert answer.headers["content-type"].startswith("application/graphql-response+json")
    assert answer.json() == {"data": DATA}


def test_without_a_stream_a_subscription_is_told_where_it_is_answered(gateway: Streaming) -> None:
    error = gateway.client.error(CHANGES)
    assert error["message"] == "Subscriptions are answered as text/event-stream, or on a WebSocket (graphql-transport-ws)."
    assert error["extensions"]["code"] == "INVALID_INPUT"

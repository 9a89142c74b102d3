"""What a stream may cost: the rules for documents and callers hold on it, and who does not read holds nothing."""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from websockets.sync.client import connect

from app.callers_file import Callers
from app.edge_settings import EdgeSettings
from app.identity_settings import IdentitySettings
from app.sandbox.server import Addresses
from tests.api.streaming import CHANGES, PROTOCOL, Streaming, Talk, streaming
from tests.api.test_stream_events import COMPLETE, EVENTS, Events
from tests.identity.made import made
from tests.support.running import SandboxControl, settings

ACCOUNTS = "{ accounts { provider } }"


def test_a_document_sent_once_is_known_by_its_hash_on_every_transport(addresses: Addresses, sandbox: SandboxControl) -> None:
    extensions = {"persistedQuery": {"version": 1, "sha256Hash": hashlib.sha256(ACCOUNTS.encode()).hexdigest()}}
    with streaming(addresses) as gateway, gateway.talking() as talk:
        talk.say("subscribe", id="1", payload={"extensions": extensions})
        assert talk.hear()["payload"][0]["message"] == "PersistedQueryNotFound"
        assert len(talk.answer(ACCOUNTS, extensions=extensions)["data"]["accounts"]) == 3
        headers = {"Accept": EVENTS}
        with gateway.client.http.stream("POST", "/graphql", json={"extensions": extensions}, headers=headers) as response:
            events = Events(response)
            assert (len(events.next()["data"]["accounts"]), events.rest()) == (3, COMPLETE)


def test_only_trusted_documents_are_answered_where_that_is_enforced(
    addresses: Addresses, sandbox: SandboxControl, tmp_path: Path
) -> None:
    manifest = tmp_path / "trusted.json"
    manifest.write_text(json.dumps({"accounts": ACCOUNTS, "changes": CHANGES}))
    edge = EdgeSettings(trusted_documents=manifest, trusted_mode="enforce")
    with streaming(addresses, edge=edge) as gateway, gateway.talking() as talk:
        assert talk.code("{ __typename }") == "FORBIDDEN"
        talk.say("subscribe", id="1", payload={"documentId": "changes"})
        gateway.listened()
        assert len(talk.answer(ACCOUNTS)["data"]["accounts"]) == 3


def test_every_operation_on_a_stream_is_a_request_of_its_caller(addresses: Addresses, sandbox: SandboxControl) -> None:
    text, key = made("few", tenant="default")
    identity = IdentitySettings(rate_requests=2, rate_reads=0)
    limited = replace(settings(addresses), callers=Callers(keys=(key,)), identity=identity)
    with streaming(addresses, changed=limited) as gateway, gateway.talking(Authorization=f"Bearer {text}") as talk:
        assert [len(talk.answer(ACCOUNTS)["data"]["accounts"]) for _ in range(2)] == [3, 3]
        (error,) = talk.answer(ACCOUNTS)["errors"]
        assert (error["extensions"]["code"], error["extensions"]["retryable"]) == ("LIMIT_EXCEEDED", True)
        headers = {"Accept": EVENTS, "Authorization": f"Bearer {text}"}
        refused = gateway.client.http.post("/graphql", json={"query": CHANGES}, headers=headers)
        assert (refused.status_code, "retry-after" in refused.headers) == (429, True)


@contextlib.contextmanager
def allowed(addresses: Addresses, *, requests: int = 0, reads: int = 0) -> Iterator[tuple[Streaming, str]]:
    """A gateway with limits for each caller, and the key of one of them; whoever writes is another."""
    (few, limited), (many, writer) = made("few", tenant="default"), made("many", tenant="default")
    identity = IdentitySettings(rate_requests=requests, rate_reads=reads)
    changed = replace(settings(addresses), callers=Callers(keys=(limited, writer)), identity=identity)
    with streaming(addresses, changed=changed) as gateway:
        gateway.client.http.headers["X-API-Key"] = many
        yield gateway, few


def test_an_event_stream_is_told_what_is_left_and_counts_once(addresses: Addresses, sandbox: SandboxControl) -> None:
    with allowed(addresses, requests=3, reads=100) as (gateway, few):
        told = []
        for query, type in [(ACCOUNTS, "application/json"), (ACCOUNTS, "text/plain"), (CHANGES, "application/json")] * 2:
            sent, body = {"Accept": EVENTS, "Content-Type": type, "X-API-Key": few}, json.dumps({"query": query})
            with gateway.client.http.stream("POST", "/graphql", content=body, headers=sent) as answer:
                told.append((answer.status_code, re.sub(";t=[0-9]+", "", answer.headers["ratelimit"])))
        assert told[:2] == [(200, '"requests";r=2'), (415, '"requests";r=1')]
        assert told[2] == (200, '"requests";r=0, "reads";r=99')
        assert told[3:] == [(429, '"requests";r=0')] * 3


LINES = "creditNotes(first: 9) { nodes { lineItems { quantity } } }"
TWELVE = f"subscription {{ creditNoteChanged {{ creditNoteId creditNote {{ invoice {{ {LINES} }} }} }} }}"
"""What is read for one change: the change, its note, a page of notes and the lines of nine."""


def test_a_change_counts_what_is_read_for_it_and_the_first_is_paid_beforehand(
    addresses: Addresses, sandbox: SandboxControl, capsys: pytest.CaptureFixture[str]
) -> None:
    with allowed(addresses, reads=40) as (gateway, few), gateway.talking(Authorization=f"Bearer {few}") as talk:
        talk.ask("1", TWELVE)
        gateway.listened()
        notes = [gateway.issued()["id"] for _ in range(4)]
        heard = [talk.hear() for _ in range(4)]
        assert [one["payload"]["data"]["creditNoteChanged"]["creditNoteId"] for one in heard[:3]] == notes[:3]
        (error,) = heard[3]["payload"]
        assert (heard[3]["type"], error["extensions"]["code"], error["extensions"]["retryable"]) == (
            "error",
            "LIMIT_EXCEEDED",
            True,
        )
        assert error["extensions"]["retryAfterSeconds"] > 0
        gateway.listened(0)
        assert talk.answer(ACCOUNTS)["data"]  # the socket stays, and what reads nothing is answered
    assert "internal error" not in capsys.readouterr().out


def test_an_event_stream_ends_when_its_reads_are_used_up(addresses: Addresses, sandbox: SandboxControl) -> None:
    with allowed(addresses, reads=30) as (gateway, few):
        sent = {"Accept": EVENTS, "X-API-Key": few}
        with gateway.client.http.stream("POST", "/graphql", json={"query": TWELVE}, headers=sent) as answer:
            events = Events(answer)
            gateway.listened()
            for _ in range(3):
                gateway.issued()
            assert ["data" in events.next() for _ in range(2)] == [True, True]
            assert events.next()["errors"][0]["extensions"]["code"] == "LIMIT_EXCEEDED"
            assert events.rest() == COMPLETE
        gateway.listened(0)


LARGE = "subscription { creditNoteChanged { creditNote { " + " ".join(f"a{index}: raw" for index in range(190)) + " } } }"
"""Each change is told in some hundred kilobytes, which no buffer holds many of."""


def let_go(gateway: Streaming) -> bool:
    """Whether the only one who listens and does not read is let go, and the gateway goes on."""
    gateway.listened()
    notes = 0
    while gateway.feed.subscribers and notes < 100:
        gateway.issued("zenskar-demo")
        notes += 1
    gateway.listened(0)
    return len(gateway.client.gql(ACCOUNTS)["accounts"]) == 3


def test_who_does_not_read_an_event_stream_is_let_go(addresses: Addresses, sandbox: SandboxControl) -> None:
    body = json.dumps({"query": LARGE}).encode()
    head = f"POST /graphql HTTP/1.1\r\nHost: localhost\r\nAccept: {EVENTS}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    with streaming(addresses, edge=EdgeSettings(stream_stalled_s=0.05)) as gateway, socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        address = httpx.URL(gateway.url)
        client.connect((address.host, address.port))
        client.sendall(head.encode() + body)
        assert let_go(gateway)


def test_who_does_not_read_a_socket_is_let_go(addresses: Addresses, sandbox: SandboxControl) -> None:
    with streaming(addresses, edge=EdgeSettings(stream_stalled_s=0.05)) as gateway:
        address = gateway.url.replace("http", "ws", 1)
        with connect(address, subprotocols=[PROTOCOL], compression=None, max_queue=1) as client:
            talk = Talk(socket=client)
            talk.greet()
            talk.ask("1", LARGE)
            assert let_go(gateway)
            client.socket.close()

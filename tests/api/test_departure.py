"""Clients that go away before they are answered: their reads end at the provider, too, their writes go on."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import pytest

from app.api.schema import make_schema
from app.asgi import create_app
from app.providers.contract import AccountSettings
from app.sandbox.server import Addresses
from app.secret import Secret
from app.settings import Settings
from app.timings import Timings
from tests.support.console import running_command
from tests.support.demo import invoice_id
from tests.support.peer import Act, Peer, answer, listening
from tests.support.running import Json, SandboxControl, controlling
from tests.support.running import asking as staying
from tests.support.running import settings as demo_settings
from tests.support.serving import served

pytestmark = pytest.mark.anyio

FOR_EVER_S = 600.0
SOON_S = 10.0
SCHEMA = make_schema()
NOTE = '{ creditNoteByReference(account: "acme", by: { providerId: "CN-1" }%s) { id } }'
QUESTIONS = {
    "a note": NOTE % "",
    "a note as it is now": NOTE % ", freshness: { maxAgeSeconds: 0 }",
    "a list": "{ creditNotes(first: 3) { nodes { id } } }",
    "an invoice": '{ invoiceByReference(account: "acme", by: { providerId: "IN-1" }) { details { total { amount } } } }',
}


@dataclass(slots=True)
class Patience:
    """A provider that waits until it is given up."""

    waiting: int = 0
    given_up: asyncio.Event = field(default_factory=asyncio.Event)

    async def act(self, peer: Peer, reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> bool:
        await peer.hear(reader)
        self.waiting += 1
        await reader.read()
        self.waiting -= 1
        if not self.waiting:
            self.given_up.set()
        return False


def account(url: str) -> AccountSettings:
    return AccountSettings(
        name="acme", tenant="default", provider="vcita", credentials={"token": Secret("t")}, options={}, base_url=url,
        reason_codes={}, switches={},
    )  # fmt: skip


@contextlib.asynccontextmanager
async def gateway(peer: Peer, act: Act) -> AsyncIterator[str]:
    peer.will(act)
    timings = Timings(read_timeout_s=FOR_EVER_S)
    app = create_app(Settings(accounts={"acme": account(peer.url)}, timings=timings), schema=SCHEMA)
    with served(app, lifespan=True) as url:
        yield url


@contextlib.asynccontextmanager
async def asking(url: str, query: str, variables: Json | None = None) -> AsyncIterator[asyncio.StreamReader]:
    """A client that leaves at the end of the block."""
    host, port = urlsplit(url).hostname, urlsplit(url).port
    reader, writer = await asyncio.open_connection(host, port)
    body = json.dumps({"query": query, "variables": variables or {}})
    head = ["POST /graphql HTTP/1.1", "host: localhost", "content-type: application/json", f"content-length: {len(body)}"]
    writer.write("\r\n".join([*head, "", body]).encode())
    await writer.drain()
    yield reader
    writer.close()
    await writer.wait_closed()


@pytest.fixture
async def peer() -> AsyncIterator[Peer]:
    async with listening() as peer:
        yield peer


@pytest.mark.parametrize("question", QUESTIONS)
async def test_what_a_client_that_has_left_wanted_to_read_is_given_up_at_the_provider(peer: Peer, question: str) -> None:
    patience = Patience()
    async with gateway(peer, patience.act) as url:
        async with asking(url, QUESTIONS[question]), asyncio.timeout(SOON_S):
            await peer.arrived.wait()
        async with asyncio.timeout(SOON_S):
            await patience.given_up.wait()


async def test_the_next_client_is_served_as_if_nobody_had_been_there(peer: Peer) -> None:
    patience = Patience()
    async with gateway(peer, patience.act) as url:
        for _ in range(15):  # more than there are connections
            peer.arrived.clear()
            patience.given_up.clear()
            async with asking(url, QUESTIONS["a note"]), asyncio.timeout(SOON_S):
                await peer.arrived.wait()
            async with asyncio.timeout(SOON_S):
                await patience.given_up.wait()
        peer.will(answer("{}", 404))
        async with asking(url, QUESTIONS["a note"]) as reader, asyncio.timeout(SOON_S):
            assert b'"creditNoteByReference":null' in await reader.readuntil(b"}}")


async def test_what_somebody_else_waits_for_goes_on(peer: Peer) -> None:
    may_answer = asyncio.Event()

    async def slowly(peer: Peer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        await peer.hear(reader)
        await may_answer.wait()
        writer.write(b"HTTP/1.1 404 Said\r\ncontent-length: 2\r\n\r\n{}")
        return True

    async with gateway(peer, slowly) as url, asking(url, QUESTIONS["a note"]) as patient:
        async with asyncio.timeout(SOON_S):
            await peer.arrived.wait()
        for _ in range(3):
            async with asking(url, QUESTIONS["a note"]):
                pass
        may_answer.set()
        async with asyncio.timeout(SOON_S):
            assert b'"creditNoteByReference":null' in await patient.readuntil(b"}}")
    assert len(peer.heard) == 1


async def test_a_write_whose_client_has_left_is_done_and_remembered(addresses: Addresses, sandbox: SandboxControl) -> None:
    sandbox.fault(provider="vcita", method="POST", fault="delay", delay_ms=300, times=1)
    issue = "mutation($input: IssueCreditNoteInput!) { issueCreditNote(input: $input) { outcome } }"
    against = {"invoice": {"reference": {"account": "vcita-demo", "providerId": invoice_id("vcita-demo", 2003)}}}
    credit = {"total": {"amount": "1.00", "currency": "EUR"}}
    given = {"idempotencyKey": "leaving", "against": against, "credit": credit, "reason": "ORDER_CHANGE"}
    with served(create_app(demo_settings(addresses), schema=SCHEMA), lifespan=True) as url:
        async with asking(url, issue, {"input": given}):
            await asyncio.to_thread(posted, sandbox)
        outcome = await asyncio.to_thread(ended, url, issue, given)
    assert outcome == "APPLIED"
    assert sandbox.calls("vcita", "POST") == 1


def test_a_write_whose_client_left_before_it_was_begun_is_not_begun() -> None:
    """The process stands still; the client gives up, asks elsewhere and is told; then the process reads what lies in its socket."""
    issue = "mutation($input: IssueCreditNoteInput!) { issueCreditNote(input: $input) { outcome } }"
    against = {"invoice": {"reference": {"account": "vcita-demo", "providerId": invoice_id("vcita-demo", 2003)}}}
    given = {"against": against, "credit": {"total": {"amount": "1.00", "currency": "EUR"}}, "reason": "ORDER_CHANGE"}
    with running_command("serve", "--port", "0") as child, controlling(child.address("sandbox")) as sandbox:
        url = child.address("GraphiQL")
        with staying(url) as client:
            assert client.gql(issue, input={**given, "idempotencyKey": "before"})["issueCreditNote"]["outcome"] == "APPLIED"
            child.process.send_signal(signal.SIGSTOP)
            for number in range(5):
                leave(url, issue, {"input": {**given, "idempotencyKey": f"gone-{number}"}})
            child.process.send_signal(signal.SIGCONT)
            # writes on one invoice take turns: this one comes behind what was begun before
            assert client.gql(issue, input={**given, "idempotencyKey": "after"})["issueCreditNote"]["outcome"] == "APPLIED"
        assert sandbox.calls("vcita", "POST") == 2


def leave(url: str, query: str, variables: Json) -> None:
    """Ask, and wait for no answer."""
    body = json.dumps({"query": query, "variables": variables})
    head = f"POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    with socket.create_connection((urlsplit(url).hostname, urlsplit(url).port)) as sock:
        sock.sendall(head.encode() + body.encode())


def posted(sandbox: SandboxControl) -> None:
    while not sandbox.calls("vcita", "POST"):
        pass


def ended(url: str, issue: str, given: Json) -> str:
    """What became of it, once nobody works at it any more."""
    with staying(url) as client:
        while True:
            outcome: str = client.gql(issue, input=given)["issueCreditNote"]["outcome"]
            if outcome != "UNKNOWN":  # the first one is still at work
                return outcome

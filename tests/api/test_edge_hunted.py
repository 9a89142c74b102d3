"""What was found by attacking the edge over its sockets: by clients nobody knows, by greedy ones, and by plain mistakes."""

from __future__ import annotations

import contextlib
import hashlib
import json
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import replace

import httpx
import pytest

from app.callers_file import Callers
from app.edge_settings import EdgeSettings
from app.identity_settings import IdentitySettings
from app.sandbox.server import Addresses
from tests.api.callers import CHARGEBEE, knowing
from tests.api.changing import ZENSKAR, global_id
from tests.api.streaming import streaming, until
from tests.api.test_stream_events import EVENTS
from tests.identity.issuer import issuing, jwk
from tests.identity.made import made
from tests.support.console import Child, running_command
from tests.support.demo import UNPAID, invoice_id
from tests.support.measuring import a_moment
from tests.support.running import GatewayClient, Json, SandboxControl, asking, controlling, serving, settings

HELD_UP = 30  # moments: a few seconds, on a busy machine more; before, it was up to a thousand
ACCOUNTS = "{ accounts { name } }"
QUERY = json.dumps({"query": ACCOUNTS}).encode()
SOCKET = "Sec-WebSocket-Version: 13|Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==|Sec-WebSocket-Protocol: graphql-transport-ws"
UPGRADE = ["Connection: Upgrade", "Upgrade: websocket", *SOCKET.split("|")]
TOO_LONG, CLOSE = ["Cookie: " + "a" * 9_000], "Connection: close"


@pytest.fixture(scope="module")
def serve() -> Iterator[Child]:
    """The command itself: the tests' own server is not what faces the internet."""
    with running_command("serve", "--port", "0", environment={"CREDIT_NOTES_BODY_TIMEOUT_S": "0.5"}) as child:
        child.answers(f"{child.address('GraphiQL')}/livez")
        yield child


def request(*headers: str, start: str = "POST /graphql", body: bytes = b"", host: str = "Host: localhost") -> bytes:
    length = [f"Content-Length: {len(body)}", "Content-Type: application/json"] if body else []
    lines = [f"{start} HTTP/1.1", *([host] if host else []), *length, *headers, "", ""]
    return "\r\n".join(lines).encode() + body


def connected(url: httpx.URL | str) -> socket.socket:
    return socket.create_connection((httpx.URL(url).host, httpx.URL(url).port), timeout=4)


def answered(child: Child, sent: bytes) -> bytes:
    """All that is said to this, until it is closed or nothing more comes in time."""
    found = b""
    with connected(child.address("GraphiQL")) as sock, contextlib.suppress(TimeoutError, ConnectionError):
        sock.sendall(sent)
        while part := sock.recv(65_536):
            found += part
    return found


def held_up(url: httpx.URL | str, work: Callable[[], object]) -> float:
    """How long anybody else had to wait while this was done, in moments."""
    longest, now = 0.0, a_moment()
    with ThreadPoolExecutor(1) as pool:
        doing = pool.submit(work)
        while not doing.done():
            started = time.monotonic()
            assert httpx.get(httpx.URL(url).join("/livez"), timeout=60).status_code == 200  # over a connection of its own
            longest = max(longest, time.monotonic() - started)
            wait([doing], timeout=0.02)
    doing.result()
    return longest / max(now, a_moment())


def aliased(field: str, times: int) -> str:
    return " ".join(f"a{number}: {field}" for number in range(times))


def test_a_handshake_that_came_to_nothing_cuts_no_write_when_the_process_ends() -> None:
    total = {"total": {"amount": "1.00", "currency": "USD"}}
    with running_command("serve", "--port", "0") as child, controlling(child.address("sandbox")) as sandbox:
        url = child.address("GraphiQL")
        child.answers(f"{url}/livez")
        sandbox.fault(provider="chargebee", method="POST", fault="delay", delay_ms=3000, times=1)
        with connected(url) as sock, asking(url) as client, ThreadPoolExecutor(1) as pool:
            sock.sendall(request(*UPGRADE, *TOO_LONG, start="GET /graphql"))
            writing = pool.submit(client.issue, CHARGEBEE, invoice_id(CHARGEBEE, UNPAID), total)
            until(lambda: sandbox.calls("chargebee", "POST") > 0)
            child.process.terminate()
            assert writing.result()["outcome"] == "APPLIED"


HANDSHAKES = {
    "long": request(*UPGRADE, *TOO_LONG, start="GET /graphql"),
    "many": request(*UPGRADE, *(f"X-{number}: a" for number in range(130)), start="GET /graphql"),
    "address": request(*UPGRADE, start=f"GET /graphql?{'a' * 9_000}"),
    "post": request(*UPGRADE, body=QUERY),
    "origin": request(*UPGRADE, "Origin: http://[", start="GET /graphql"),
}


@pytest.mark.parametrize("what", HANDSHAKES)
def test_whoever_asks_for_a_socket_is_told_yes_or_what_is_wrong(serve: Child, what: str) -> None:
    assert answered(serve, HANDSHAKES[what]).startswith((b"HTTP/1.1 101 ", b"HTTP/1.1 4"))


@pytest.mark.parametrize("frame", [b"\x89\x80\0\0\0\0", b"\0\x80\0\0\0\0"], ids=["pings", "parts"])
def test_a_flood_of_empty_frames_holds_up_nobody_else(serve: Child, frame: bytes) -> None:
    url = serve.address("GraphiQL")

    def flood() -> None:
        with connected(url) as sock, contextlib.suppress(OSError):
            sock.sendall(request(*UPGRADE, start="GET /graphql"))
            assert sock.recv(65_536).startswith(b"HTTP/1.1 101 ")
            sock.sendall(b"\x01\x80\0\0\0\0" + frame * 600_000)  # a text that goes on, 3.6 MB
            httpx.get(f"{url}/livez", timeout=60)  # as long as it takes: who closes is forgotten at once

    assert held_up(url, flood) < HELD_UP


def test_a_head_may_not_be_of_any_length(serve: Child) -> None:
    head = b"GET /livez HTTP/1.1\r\nHost: localhost\r\n" + b"a: b\r\n" * 10**6 + b"\r\n"
    assert answered(serve, head)[:10] in {b"", b"HTTP/1.1 4"}


@pytest.mark.parametrize("part", [b"", b"POST /graphql HTTP/1.1\r\nX: "], ids=["nothing", "half"])
def test_a_head_that_does_not_come_to_an_end_is_given_up(serve: Child, part: bytes) -> None:
    with connected(serve.address("GraphiQL")) as sock:
        sock.sendall(part)
        assert sock.recv(65_536)[:10] in {b"", b"HTTP/1.1 4"}  # times out where nothing is done about it


def test_a_post_that_offers_another_protocol_is_answered_in_this_one(serve: Child) -> None:
    offer = ["Connection: Upgrade, HTTP2-Settings, close", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAAP__"]
    assert b"chargebee-demo" in answered(serve, request(*offer, body=QUERY))


def test_a_slash_too_many_does_not_lead_to_where_the_client_says(addresses: Addresses) -> None:
    with knowing(addresses) as known:
        assert "evil.example" not in str(known.client.http.post("/graphql/", headers={"Host": "evil.example"}).headers)


@pytest.mark.parametrize("host", ["Host: evil.example", ""])  # the first from a browser, once that name leads to loopback
def test_an_open_gateway_answers_to_its_own_names_only(serve: Child, host: str) -> None:
    assert answered(serve, request(CLOSE, body=QUERY, host=host)).startswith(b"HTTP/1.1 4")


def test_nothing_a_client_says_moves_the_terminal_of_who_reads_the_log(serve: Child) -> None:
    assert answered(serve, request(CLOSE, start="GET /a%1b[31mscarlet")).startswith(b"HTTP/1.1 404 ")
    until(lambda: "scarlet" in serve.printed)
    assert "\x1b" not in serve.printed


ABLE = aliased("capabilities { operations { level note } filters orders reasons dispositions issueFields }", 25)
PREVIEWS = aliased("previewCreditNote(input: $i) { errors { code } }", 12)
CREDIT = {"lineItems": [{"amount": {"amount": "0.01", "currency": "USD"}}] * 2000}
DRAFT = {"against": {"invoice": {"reference": {"account": ZENSKAR, "providerId": "x"}}}, "credit": CREDIT}
HINTS = f'statuses: "{" Did you mean " * 6500}"'
BUSY: dict[str, tuple[str, Json]] = {
    "results": (
        f"query($i: [ID!]!) {{ nodes(ids: $i) {{ ... on Account {{ {ABLE} }} }} }}",
        {"i": [global_id("a", ZENSKAR, "zenskar")] * 200},
    ),
    "cursors": (f"{{ creditNotes(first: 100) {{ edges {{ {aliased('cursor', 150)} }} }} }}", {}),
    "literals": (f"{{ creditNotes(filter: {{ {aliased('1', 1600)} }}) {{ totalCount }} }}", {}),
    "inputs": (f"query($i: PreviewCreditNoteInput!) {{ {PREVIEWS} }}", {"i": DRAFT}),
    "hints": (f"{{ creditNotes(filter: {{ {aliased('1', 20)} {HINTS} }}) {{ totalCount }} }}", {}),
}


@pytest.mark.parametrize("what", BUSY)
def test_no_request_keeps_the_process_from_all_others(addresses: Addresses, control: SandboxControl, what: str) -> None:
    with serving(replace(settings(addresses), edge=EdgeSettings(profile="production"))) as client:
        client.gql(ACCOUNTS)
        assert held_up(client.http.base_url, lambda: client.ask(BUSY[what][0], **BUSY[what][1])) < HELD_UP


VOID = 'voidCreditNote(input: { idempotencyKey: "k", id: "x" }) { outcome }'
DEEP = "creditNotes(first: $n) { nodes { invoice { creditNotes(first: $n) { nodes { invoice { details { number } } } } } } }"
NARROWED = aliased("creditNotes(filter: { invoiceIds: $i }) { totalCount }", 6)
INVOICES = [global_id("i", ZENSKAR, f"00000000-0000-4000-8000-{number:012}") for number in range(5000, 5200)]
COSTLY: dict[str, tuple[str, Json]] = {
    "whole number": (f"query($n: Int) {{ {DEEP} }}", {"n": 100.0}),
    "invoices": (f"query($i: [ID!]) {{ {NARROWED} }}", {"i": INVOICES}),
    "writes": (f"mutation {{ {VOID} ...F }} fragment F on Mutation {{ {aliased(VOID, 200)} }}", {}),
}


@pytest.mark.parametrize("what", COSTLY)
def test_what_needs_over_a_thousand_reads_is_refused(gateway: GatewayClient, sandbox: SandboxControl, what: str) -> None:
    errors = gateway.ask(COSTLY[what][0], **COSTLY[what][1]).get("errors", [])
    assert ([error["extensions"]["code"] for error in errors], sandbox.requests()) == (["LIMIT_EXCEEDED"], {})


def test_a_bad_request_for_an_event_stream_counts_too_and_is_told_what_is_left(addresses: Addresses) -> None:
    with knowing(addresses, identity=IdentitySettings(rate_requests=2, rate_reads=0)) as known:
        headers = {"Accept": EVENTS, "Authorization": f"Bearer {known.texts['acme']}", "Content-Type": "application/json"}
        answers = [known.client.http.post("/graphql", content=b"{", headers=headers) for _ in range(3)]
    assert [(answer.status_code, "ratelimit" in answer.headers) for answer in answers] == [(400, True), (400, True), (429, True)]


def test_what_is_read_for_each_change_counts(addresses: Addresses, sandbox: SandboxControl) -> None:
    (listens, listener), (writes, writer) = made("listens", tenant="default"), made("writes", tenant="default")
    limited = replace(settings(addresses), callers=Callers(keys=(listener, writer)), identity=IdentitySettings(rate_reads=40))
    lines, heard = "creditNotes(first: 20) { nodes { lineItems { quantity } } }", ""
    with streaming(addresses, changed=limited) as gateway, gateway.talking(Authorization=f"Bearer {listens}") as talk:
        gateway.client.http.headers["X-API-Key"] = writes
        talk.ask("1", f"subscription {{ creditNoteChanged {{ creditNote {{ invoice {{ {lines} }} }} }} }}")
        gateway.listened()
        for _ in range(3):
            gateway.issued()
        while heard.count("next") < 3 and "LIMIT_EXCEEDED" not in heard:
            heard += str(talk.hear())
    assert "LIMIT_EXCEEDED" in heard


def test_a_document_another_tenant_has_sent_is_as_one_that_nobody_has(addresses: Addresses, sandbox: SandboxControl) -> None:
    persisted = {"persistedQuery": {"version": 1, "sha256Hash": hashlib.sha256(ACCOUNTS.encode()).hexdigest()}}
    with knowing(addresses) as known, known.calling("acme") as acme, known.calling("globex") as globex:
        assert "errors" not in acme.http.post("/graphql", json={"query": ACCOUNTS, "extensions": persisted}).json()
        (error,) = globex.http.post("/graphql", json={"extensions": persisted}).json()["errors"]
    assert error["message"] == "PersistedQueryNotFound"


def test_keys_of_two_kinds_may_share_a_name(addresses: Addresses) -> None:
    with issuing() as issuer, knowing(addresses, issuers=(issuer.configured(),)) as known:
        issuer.keys = [jwk(issuer.rsa, "one"), jwk(issuer.ec, "one")]  # docs: RFC 7517, 4.5
        tokens = [issuer.token(kid="one", algorithm=algorithm) for algorithm in ("RS256", "ES256")]
        assert [known.sent({"Authorization": f"Bearer {token}"}).status_code for token in tokens] == [200, 200]


def test_a_token_for_an_account_that_no_text_can_name_is_no_bug(addresses: Addresses) -> None:
    with issuing() as issuer, knowing(addresses, issuers=(issuer.configured(),)) as known:
        assert known.sent({"Authorization": "Bearer " + issuer.token(accounts=["\ud800"])}).status_code in {200, 401}


def test_a_document_without_an_operation_is_told_so(gateway: GatewayClient) -> None:
    assert "None" not in gateway.error("fragment F on Query { accounts { name } }")["message"]

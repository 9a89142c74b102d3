"""Who is let in, and what the others are told: over HTTP, with keys and with tokens."""

from __future__ import annotations

import json
import logging
import uuid
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from typing import TypeVar

import httpx
import pytest
from starlette.responses import Response

from app.gateway.audit import STREAM
from app.identity.api_keys import new_key
from app.identity.key_ring import KeyRing
from app.identity_settings import IdentitySettings
from app.sandbox.server import Addresses
from app.secret import Secret
from app.store.redis import RedisStore
from tests.api.callers import ACCOUNTS, KnownCallers, knowing
from tests.identity.issuer import IssuerServer, issuing
from tests.identity.made import made
from tests.support.redis_server import free_port
from tests.support.running import GatewayClient, SandboxControl, serving, settings

T = TypeVar("T")

NAMES = {"data": {"accounts": [{"name": "chargebee-demo"}, {"name": "zenskar-demo"}]}}
NOBODY = "an API key or a token that is valid here is needed"


@pytest.fixture(scope="module")
def known(addresses: Addresses, control: SandboxControl) -> Iterator[KnownCallers]:
    control.reset()
    with knowing(addresses) as found:
        yield found


@pytest.fixture
def issuer() -> Iterator[IssuerServer]:
    with issuing() as server:
        yield server


def told(response: httpx.Response) -> tuple[int, str, str]:
    """Status, code and message of a refusal, which has the shape of every other error."""
    body = response.json()
    assert list(body) == ["errors"]
    (error,) = body["errors"]
    assert error["extensions"]["requestId"] == response.headers["x-request-id"]
    return response.status_code, error["extensions"]["code"], error["message"]


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_the_holder_of_a_key_is_let_in(known: KnownCallers, scheme: str) -> None:
    response = known.sent({"Authorization": f"{scheme} {known.texts['acme']}"})
    assert (response.status_code, response.json()) == (200, NAMES)


def test_a_key_may_stand_in_a_header_of_its_own(known: KnownCallers) -> None:
    assert known.sent({"X-API-Key": known.texts["acme"]}).json() == NAMES


def test_a_query_by_get_is_let_in_alike(known: KnownCallers) -> None:
    answer = known.client.http.get("/graphql", params={"query": ACCOUNTS}, headers={"X-API-Key": known.texts["acme"]})
    assert answer.json() == NAMES
    assert told(known.client.http.get("/graphql", params={"query": ACCOUNTS})) == (401, "UNAUTHENTICATED", NOBODY)


def test_who_shows_nothing_is_asked_to(known: KnownCallers) -> None:
    response = known.sent()
    assert told(response) == (401, "UNAUTHENTICATED", NOBODY)
    assert response.headers["www-authenticate"] == 'Bearer realm="credit-notes"'
    assert response.headers["content-type"] == "application/json"


@pytest.mark.parametrize("accept", ["application/json", "application/graphql-response+json"])
def test_the_answer_is_of_the_type_that_was_asked_for(known: KnownCallers, accept: str) -> None:
    response = known.sent({"Accept": accept})
    assert response.status_code == 401
    assert response.headers["content-type"].startswith(accept)


WRONG = {
    "an expired key": "Bearer {expired}",
    "an unknown key": f"Bearer {new_key()}",
    "half a key": "Bearer cn_abc",
    "no key": "Bearer",
    "an empty key": "Bearer ",
    "two keys": "Bearer {acme} {acme}",
    "keys with a comma": "Bearer {acme},{acme}",
    "a key without its scheme": "{acme}",
    "another scheme": "Basic {acme}",
    "a token nobody issued": "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbm4ifQ.",
    "a text": "Bearer ünknown",
    "zero bytes": "Bearer \x00",
    "a long text": "Bearer " + "a" * 20_000,
}


@pytest.mark.parametrize("value", WRONG.values(), ids=WRONG)
def test_whatever_is_wrong_with_what_is_shown_the_answer_is_the_same(known: KnownCallers, value: str) -> None:
    for name in ("Authorization", "X-API-Key"):
        shown = value.format(**known.texts).encode()
        try:
            response = known.client.http.post("/graphql", json={"query": ACCOUNTS}, headers={name.encode(): shown})
        except httpx.LocalProtocolError:  # what no client can send
            continue
        if name == "X-API-Key" and value == "{acme}":  # a key in its own header needs no scheme
            assert response.json() == NAMES
        elif response.headers["content-type"] == "application/json":
            assert told(response) == (401, "UNAUTHENTICATED", NOBODY)
            assert response.headers["www-authenticate"] == 'Bearer realm="credit-notes", error="invalid_token"'
        else:  # the server itself refuses a line that is none
            assert response.status_code == 400


def test_two_ways_at_once_are_none(known: KnownCallers) -> None:
    acme, globex = (f"Bearer {known.texts[name]}" for name in ("acme", "globex"))
    for headers in (
        [("Authorization", acme), ("Authorization", acme)],
        [("Authorization", acme), ("Authorization", globex)],
        [("Authorization", acme), ("X-API-Key", known.texts["acme"])],
        [("X-API-Key", known.texts["acme"]), ("X-API-Key", known.texts["acme"])],
    ):
        assert told(known.sent(headers)) == (401, "UNAUTHENTICATED", NOBODY)


def test_nothing_is_read_of_what_nobody_known_sends(known: KnownCallers, sandbox: SandboxControl) -> None:
    huge = (b" " * 65_536 for _ in range(1000))
    response = known.client.http.post("/graphql", content=huge, headers={"Content-Type": "application/json"})
    assert response.status_code == 401
    assert sandbox.requests() == {}


def test_the_page_needs_no_key_and_its_requests_do(known: KnownCallers) -> None:
    page = known.client.http.get("/graphql", headers={"Accept": "text/html"})
    assert (page.status_code, page.headers["content-type"].startswith("text/html")) == (200, True)
    assert known.sent({"Accept": "text/html"}).status_code in {401, 406}
    assert known.client.http.get("/livez").status_code == known.client.http.get("/readyz").status_code == 200


def test_an_open_gateway_asks_nobody(asked: GatewayClient) -> None:
    for headers in ({}, {"Authorization": "Bearer nonsense"}):
        answer = asked.http.post("/graphql", json={"query": ACCOUNTS}, headers=headers)
        assert len(answer.json()["data"]["accounts"]) == 3
        assert not [name for name in answer.headers if name.startswith("ratelimit")]


def test_a_tokens_holder_is_let_in(addresses: Addresses, issuer: IssuerServer) -> None:
    with knowing(addresses, issuers=(issuer.configured(),)) as known:
        assert known.sent({"Authorization": f"Bearer {issuer.token()}"}).json() == NAMES
        assert told(known.sent({"X-API-Key": issuer.token()})) == (401, "UNAUTHENTICATED", NOBODY)
        assert told(known.sent({"Authorization": f"Bearer {issuer.token(exp=1)}"})) == (401, "UNAUTHENTICATED", NOBODY)
        assert known.sent({"Authorization": f"Bearer {known.texts['acme']}"}).json() == NAMES


def test_where_callers_cannot_be_told_that_is_said_and_known_ones_go_on(addresses: Addresses, issuer: IssuerServer) -> None:
    issuer.answer = Response(status_code=500)
    with knowing(addresses, issuers=(issuer.configured(),)) as known:
        response = known.sent({"Authorization": f"Bearer {issuer.token()}"})
        assert told(response)[:2] == (503, "GATEWAY_UNAVAILABLE")
        assert response.headers["retry-after"] == "5"
        extensions = response.json()["errors"][0]["extensions"]
        assert (extensions["retryable"], extensions["retryAfterSeconds"]) == (True, 5)
        assert known.sent({"Authorization": f"Bearer {known.texts['acme']}"}).json() == NAMES


def test_who_wrote_is_in_the_audit_and_in_the_log_and_no_key_is(
    addresses: Addresses, sandbox: SandboxControl, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG), knowing(addresses) as known, known.calling("acme") as acme:
        payload = acme.issue("chargebee-demo", "INV-1002", {"total": {"amount": "1.00", "currency": "USD"}})
        assert payload["outcome"] == "APPLIED"
        known.sent({"Authorization": f"Bearer {known.texts['expired']}"})
        texts = known.texts.values()
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if line.startswith("{")]
    assert [line["who"] for line in lines if line["event"] == "write"] == ["key:acme"]
    assert [line.get("who") for line in lines if line["event"] == "request"] == ["key:acme", None]
    said = json.dumps(lines) + caplog.text
    assert not [text for text in texts if text in said or text[3:] in said]


async def tell(redis_url: str, work: Callable[[RedisStore], Awaitable[T]]) -> T:
    """Something done in the gateway's Redis by somebody else."""
    store = RedisStore(redis_url)
    try:
        return await work(store)
    finally:
        await store.aclose()


@pytest.mark.anyio
async def test_keys_in_redis_are_let_in_until_they_are_revoked(
    addresses: Addresses, sandbox: SandboxControl, redis_url: str
) -> None:
    text, key = made(f"k{uuid.uuid4().hex}", tenant="default")
    identity = IdentitySettings(api_keys="redis", api_key_memory_s=0)
    signing = (Secret("a text of thirty-two or more characters signs cursors"),)
    ours = replace(settings(addresses), redis_url=Secret(redis_url), signing_keys=signing, identity=identity)
    with serving(ours) as gateway:
        known = KnownCallers(client=gateway, texts={"redis": text})
        header = {"Authorization": f"Bearer {text}"}
        assert told(known.sent()) == told(known.sent(header)) == (401, "UNAUTHENTICATED", NOBODY)  # closed while there is no key
        assert await tell(redis_url, lambda store: KeyRing(store).add(key))
        with known.calling("redis") as client:
            assert (
                client.issue("chargebee-demo", "INV-1002", {"total": {"amount": "1.00", "currency": "USD"}})["outcome"] == "APPLIED"
            )
        (event,) = await tell(redis_url, lambda store: store.latest(STREAM, 1))
        assert event["who"] == f"key:{key.name}"
        assert await tell(redis_url, lambda store: KeyRing(store).revoke(key.name))
        assert told(known.sent(header)) == (401, "UNAUTHENTICATED", NOBODY)


def test_while_redis_is_away_nobody_is_let_in_by_accident(addresses: Addresses) -> None:
    signing = (Secret("a text of thirty-two or more characters signs cursors"),)
    away = Secret(f"redis://127.0.0.1:{free_port()}/0")
    ours = replace(settings(addresses), redis_url=away, signing_keys=signing, identity=IdentitySettings(api_keys="redis"))
    with serving(ours) as gateway:
        known = KnownCallers(client=gateway)
        assert told(known.sent({"X-API-Key": new_key()}))[:2] == (503, "GATEWAY_UNAVAILABLE")
        assert told(known.sent()) == (401, "UNAUTHENTICATED", NOBODY)

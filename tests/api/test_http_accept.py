"""In which media type an answer comes, and with which status: as the Accept header prefers, and as GraphQL over HTTP says for that type."""

from __future__ import annotations

from typing import NoReturn

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.api import media_types
from app.api.schema import make_schema
from app.asgi import create_app
from app.sandbox.server import Addresses
from tests.support.demo import FIRST_NOTES
from tests.support.running import GatewayClient, SandboxControl, settings
from tests.support.serving import served

JSON, NEWER, HTML = "application/json", "application/graphql-response+json", "text/html"
QUERY = "{ accounts { name } }"
PAGE = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
CONTENT_TYPES = {JSON: JSON, NEWER: f"{NEWER}; charset=utf-8"}


def ask(client: GatewayClient, accept: str | None, query: str = QUERY, **more: object) -> httpx.Response:
    headers = {} if accept is None else {"Accept": accept}
    request = client.http.build_request("POST", "/graphql", json={"query": query, **more}, headers=headers)
    if accept is None:
        del request.headers["accept"]
    return client.http.send(request)


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        (None, JSON), ("", JSON), ("*/*", JSON), ("application/*", JSON), (JSON, JSON), (NEWER, NEWER), (NEWER.upper(), NEWER),
        (f"{NEWER}, {JSON};q=0.9", NEWER), (f"{JSON};q=0.9, {NEWER}", NEWER), (f"{NEWER}, {JSON}", NEWER), (f"{JSON}, {NEWER}", JSON),
        (f"{NEWER};q=0.5, {JSON}", JSON), (f"{JSON};q=0.5, */*", NEWER), (f"{NEWER};q=0, */*", JSON), (f"{JSON};q=0, */*", NEWER),
        (f"*/*, {NEWER}", NEWER), (f"*/*;q=0.1, {NEWER};q=0.2", NEWER), (f"{NEWER}; charset=utf-8, {JSON}; charset=utf-8", NEWER),
        (f'{NEWER}; charset="UTF-8"', NEWER), (f"{NEWER}; charset=utf-16, {JSON}", JSON), ("text/html, */*;q=0.1", JSON),
        (f"{NEWER}, application/graphql+json, {JSON}, text/event-stream, multipart/mixed", NEWER),
        (f"{NEWER};q=nonsense, {JSON};q=0.1", JSON), (f"{NEWER};q=1.000, {JSON};q=0.999", NEWER), (f"{NEWER} ; q=1 ,{JSON};q=0.2", NEWER),
    ],
)  # fmt: skip
def test_the_answer_comes_as_the_client_prefers(asked: GatewayClient, accept: str | None, chosen: str) -> None:
    response = ask(asked, accept)
    assert (response.status_code, response.headers["content-type"]) == (200, CONTENT_TYPES[chosen])
    assert response.headers["vary"] == "Accept"
    assert len(response.json()["data"]["accounts"]) == 3


@pytest.mark.parametrize("accept", ["text/html", "image/*", f"{JSON};q=0", "*/*;q=0", f"{JSON}; charset=latin-1", "json"])
def test_who_takes_none_of_it_is_told_what_there_is(asked: GatewayClient, sandbox: SandboxControl, accept: str) -> None:
    response = ask(asked, accept, "{ creditNotes { totalCount } }")
    assert (response.status_code, response.headers["content-type"]) == (406, JSON)
    (error,) = response.json()["errors"]
    assert JSON in error["message"]
    assert sandbox.requests() == {}


REQUEST_ERRORS = [
    ("{", {}), ("", {}), ("{ nonsense }", {}), ("query($id: ID!) { creditNote(id: $id) { id } }", {}),
    ("query($id: ID!) { creditNote(id: $id) { id } }", {"variables": {"id": None}}), ("query A { __typename }", {"operationName": "B"}),
    ("query A { __typename } query B { __typename }", {}), ("subscription { a }", {}), ("{ accounts { name } } " + "#\n" * 200, {}),
]  # fmt: skip


@pytest.mark.parametrize(("query", "more"), REQUEST_ERRORS)
def test_an_error_of_the_request_has_no_data_and_says_so_where_the_type_lets_it(
    asked: GatewayClient, query: str, more: dict[str, object]
) -> None:
    older, newer = ask(asked, JSON, query, **more), ask(asked, NEWER, query, **more)
    assert (older.status_code, newer.status_code) == (200, 400)
    assert list(older.json()) == list(newer.json()) == ["errors"]
    assert newer.headers["content-type"] == CONTENT_TYPES[NEWER]


def test_a_refusal_comes_in_the_type_that_is_asked_for_too(asked: GatewayClient) -> None:
    response = asked.http.post("/graphql", content=b"{", headers={"Content-Type": JSON, "Accept": NEWER})
    assert (response.status_code, response.headers["content-type"]) == (400, CONTENT_TYPES[NEWER])
    assert response.headers["vary"] == "Accept"


@pytest.mark.parametrize("accept", [JSON, NEWER])
def test_an_error_of_a_field_leaves_data_and_status_alone(gateway: GatewayClient, sandbox: SandboxControl, accept: str) -> None:
    sandbox.fault(provider="chargebee", fault="status", status=500)
    response = ask(gateway, accept, f'{{ creditNote(id: "{FIRST_NOTES["chargebee-demo"][1]}") {{ id }} }}')
    assert response.status_code == 200
    assert response.json()["data"] == {"creditNote": None}
    assert response.json()["errors"]


@pytest.mark.parametrize(
    ("accept", "gets_page"),
    [(PAGE, True), ("*/*", True), (HTML, True), (JSON, False), (f"{JSON}, */*;q=0.1", False), (NEWER, False)],
)
def test_the_page_is_for_who_prefers_it(asked: GatewayClient, accept: str, *, gets_page: bool) -> None:
    response = asked.http.get("/graphql", headers={"Accept": accept})
    assert response.headers["vary"] == "Accept"
    assert response.headers["content-type"].startswith(HTML) == gets_page
    assert response.status_code == (200 if gets_page else 400)


@pytest.mark.parametrize("params", [{"query": QUERY}, {"query": ""}, {"documentId": "sha256:x"}, {"extensions": "{}"}])
def test_a_question_never_gets_the_page(asked: GatewayClient, params: dict[str, str]) -> None:
    response = asked.http.get("/graphql", params=params, headers={"Accept": PAGE})
    assert response.headers["content-type"] == JSON


ranges = st.from_regex(r"[a-z*]{1,3}/[a-z*]{1,3}(;q=[01](\.[0-9]{0,3})?)?", fullmatch=True) | st.sampled_from(
    [JSON, NEWER, "*/*", "application/*"]
)


@given(st.lists(ranges, max_size=5).map(", ".join) | st.text(max_size=20))
def test_what_is_chosen_is_always_of_what_is_offered(accept: str) -> None:
    assert media_types.negotiated(accept, [JSON, NEWER]) in {JSON, NEWER, None}


@given(st.lists(ranges, max_size=5).map(", ".join))
def test_a_type_that_is_refused_is_never_chosen(accept: str) -> None:
    others = accept.replace(NEWER, JSON)
    assert media_types.negotiated(f"{others}, {NEWER};q=0", [NEWER]) is None


def test_every_answer_says_that_it_is_nothing_to_keep_frame_or_guess_at(asked: GatewayClient) -> None:
    for path in ("/graphql?query={accounts{name}}", "/graphql?query=", "/livez", "/readyz", "/nothing", "/"):
        headers = asked.http.get(path, headers={"Origin": "https://elsewhere.example"}).headers
        assert headers["cache-control"] == "no-store"
        assert headers["x-content-type-options"] == "nosniff"
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert headers["x-frame-options"] == "DENY"
        assert not [name for name in headers if name.startswith("access-control-")]


def test_another_site_gets_no_leave_to_ask(asked: GatewayClient) -> None:
    headers = {
        "Origin": "https://elsewhere.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type",
    }
    response = asked.http.options("/graphql", headers=headers)
    assert response.status_code == 405
    assert not [name for name in response.headers if name.startswith("access-control-")]


@pytest.mark.parametrize("accept", [JSON, NEWER])
def test_a_bug_of_the_gateway_is_answered_in_json_and_shows_nothing(
    addresses: Addresses, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, accept: str
) -> None:
    schema = make_schema()

    async def broken(*_: object, **__: object) -> NoReturn:
        message = "no such table: tok-3f9c1b7e55"
        raise LookupError(message)

    monkeypatch.setattr(schema, "execute", broken)
    with served(create_app(settings(addresses), schema=schema), lifespan=True) as url:
        response = httpx.post(f"{url}/graphql", json={"query": QUERY}, headers={"Accept": accept})
    assert (response.status_code, response.headers["content-type"]) == (500, CONTENT_TYPES[accept])
    (error,) = response.json()["errors"]
    assert (error["message"], error["extensions"]["code"]) == ("Internal error", "INTERNAL")
    assert "tok-3f9c1b7e55" not in response.text
    assert "no such table" in capsys.readouterr().out

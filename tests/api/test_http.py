"""The endpoint as HTTP sees it: what is taken, what is refused and how, and what a browser gets."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.running import GatewayClient, SandboxControl

QUERY = "{ accounts { name } }"
NAMES = {"data": {"accounts": [{"name": "chargebee-demo"}, {"name": "vcita-demo"}, {"name": "zenskar-demo"}]}}
MUTATION = """mutation Issue { issueCreditNote(input: { idempotencyKey: "k", reason: WAIVER, credit: { remaining: true },
  against: { invoice: { reference: { account: "chargebee-demo", providerId: "INV-1002" } } } }) { outcome } }"""
MEGABYTE = 1024 * 1024


def post(client: GatewayClient, body: bytes | str | Iterator[bytes], content_type: str = "application/json") -> httpx.Response:
    return client.http.post("/graphql", content=body, headers={"Content-Type": content_type})


def refused(response: httpx.Response, status: int, code: str = "INVALID_INPUT") -> str:
    """The message of a refusal, which has the shape of every other error."""
    assert response.status_code == status
    assert response.headers["content-type"] == "application/json"
    body = response.json()
    assert list(body) == ["errors"]
    (error,) = body["errors"]
    assert error["extensions"] == {
        "code": code,
        "retryable": False,
        "classification": "BAD_REQUEST",
        "requestId": response.headers["x-request-id"],
    }
    message: str = error["message"]
    return message


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json", "application/json; charset=utf-8", "application/json ;x=y", "Application/JSON;Charset=UTF-8",
        'application/json; charset="utf8"',
    ],
)  # fmt: skip
def test_json_is_taken(asked: GatewayClient, content_type: str) -> None:
    response = post(asked, json.dumps({"query": QUERY}), content_type)
    assert (response.status_code, response.json()) == (200, NAMES)


@pytest.mark.parametrize(
    "content_type",
    [
        "", "text/plain", "text/plain; application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x",
        "application/graphql", "application/jsonp", "xapplication/json", "application/json,text/plain", "text/html",
        "application/json; charset=latin-1", "application/json; charset=utf-16", "application/graphql-response+json",
    ],
)  # fmt: skip
def test_what_another_sites_form_could_send_is_not(asked: GatewayClient, sandbox: SandboxControl, content_type: str) -> None:
    assert refused(post(asked, json.dumps({"query": MUTATION}), content_type), 415) == "send application/json"
    assert sandbox.requests() == {}


def test_a_body_without_a_type_is_not_taken(asked: GatewayClient) -> None:
    refused(asked.http.post("/graphql", content=json.dumps({"query": QUERY})), 415)


def test_a_body_of_two_types_is_not_taken(asked: GatewayClient) -> None:
    types = [("Content-Type", "application/json"), ("Content-Type", "text/plain")]
    refused(asked.http.post("/graphql", content=json.dumps({"query": QUERY}), headers=types), 415)


@pytest.mark.parametrize("encoding", ["gzip", "br", "deflate", "gzip, identity"])
def test_a_body_that_is_packed_is_not_taken(asked: GatewayClient, encoding: str) -> None:
    packed = gzip.compress(json.dumps({"query": QUERY}).encode())
    headers = {"Content-Type": "application/json", "Content-Encoding": encoding}
    response = asked.http.post("/graphql", content=packed, headers=headers)
    assert "Content-Encoding" in refused(response, 415)
    assert response.headers["accept-encoding"] == "identity"


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"nonsense", b"[]", b"null", b"true", b"1", b'"{}"', b'[{"query": "{ accounts { name } }"}]', b"NaN",
        b'{"query": NaN}', b'{"query": Infinity}', b"\xff\xfe", b'{"query": "\xff"}', b'{"query": "\xc3\x28"}',
        b'{"query": "{ accounts { name } }", "x": "\\ud800"}', b'\xef\xbb\xbf{"query": "{ accounts { name } }"}',
        '{"query": "{ accounts { name } }"}'.encode("utf-16"), b'{"query": 1' + b"0" * 5000 + b"}",
        b"[" * 100_000, b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    ],
    ids=lambda body: repr(body[:24]),
)  # fmt: skip
def test_a_body_that_is_no_json_object_is_refused(asked: GatewayClient, body: bytes) -> None:
    refused(post(asked, body), 400)


@pytest.mark.parametrize(
    "body",
    [
        {}, {"query": None}, {"query": 1}, {"query": ["x"]}, {"query": QUERY, "variables": []},
        {"query": QUERY, "variables": "x"}, {"query": QUERY, "operationName": 1}, {"query": QUERY, "operationName": {}},
        {"query": QUERY, "extensions": 1}, {"query": QUERY, "documentId": 1},
    ],
    ids=str,
)  # fmt: skip
def test_a_body_of_the_wrong_shape_is_refused(asked: GatewayClient, body: object) -> None:
    assert refused(post(asked, json.dumps(body)), 400)


@given(
    st.binary(max_size=60)
    | st.recursive(st.none() | st.text(max_size=5), st.lists, max_leaves=4).map(lambda it: json.dumps(it).encode())
)
def test_random_bytes_never_end_in_a_bug(asked: GatewayClient, body: bytes) -> None:
    assert post(asked, body).status_code == 400


@given(st.text(max_size=40))
def test_random_text_as_a_query_never_ends_in_a_bug(asked: GatewayClient, query: str) -> None:
    response = post(asked, json.dumps({"query": query}))
    codes = {error["extensions"]["code"] for error in response.json()["errors"]}
    assert codes <= {"INVALID_INPUT", "LIMIT_EXCEEDED"}


def test_a_body_of_a_megabyte_is_taken_and_a_longer_one_refused(asked: GatewayClient) -> None:
    start = b'{"query": "{ accounts { name } }", "variables": {"x": "'
    longest = start + b"x" * (MEGABYTE - len(start) - 3) + b'"}}'
    assert len(longest) == MEGABYTE
    assert post(asked, longest).json() == NAMES
    assert "1048576" in refused(post(asked, longest + b" "), 413, "LIMIT_EXCEEDED")


def test_a_body_that_never_says_how_long_it_is_is_measured_as_it_comes(asked: GatewayClient) -> None:
    refused(post(asked, (b" " * 65_536 for _ in range(17))), 413, "LIMIT_EXCEEDED")


def test_a_query_may_be_asked_by_get(asked: GatewayClient) -> None:
    query = "query($n: Int) { creditNotes(first: $n) { nodes { currency } } }"
    answer = asked.http.get("/graphql", params={"query": query, "variables": json.dumps({"n": 1})})
    assert answer.json() == {"data": {"creditNotes": {"nodes": [{"currency": "EUR"}]}}}


@pytest.mark.parametrize(
    "params",
    [
        {"query": MUTATION},
        {"query": f"query Look {QUERY} {MUTATION}", "operationName": "Issue"},
        {"query": f"{MUTATION} query Look {QUERY}"},
    ],
)
def test_a_mutation_is_refused_by_get_however_it_is_wrapped(
    asked: GatewayClient, sandbox: SandboxControl, params: dict[str, str]
) -> None:
    response = asked.http.get("/graphql", params=params)
    assert "mutation" in refused(response, 405)
    assert response.headers["allow"] == "POST"
    assert sandbox.requests() == {}


@pytest.mark.parametrize("variables", ["{", "[]", "1", "{a: 1}"])
def test_variables_of_a_get_must_be_an_object(asked: GatewayClient, variables: str) -> None:
    refused(asked.http.get("/graphql", params={"query": QUERY, "variables": variables}), 400)


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
def test_other_methods_are_not_allowed(asked: GatewayClient, method: str) -> None:
    response = asked.http.request(method, "/graphql", headers={"Content-Type": "application/json"})
    refused(response, 405)
    assert response.headers["allow"] == "GET, POST"


def test_a_head_without_a_body_is_not_allowed_either(asked: GatewayClient) -> None:
    response = asked.http.head("/graphql")
    assert (response.status_code, response.headers["allow"], response.content) == (405, "GET, POST", b"")


def test_which_of_several_operations_is_meant_must_be_said(asked: GatewayClient, sandbox: SandboxControl) -> None:
    document = f"{MUTATION} query Look {QUERY}"
    error = asked.error(document)
    assert (error["message"], error["extensions"]["code"]) == (
        "Must provide operation name if query contains multiple operations.",
        "INVALID_INPUT",
    )
    assert sandbox.requests() == {}
    named = asked.http.post("/graphql", json={"query": document, "operationName": "Look"})
    assert named.json() == NAMES
    assert sandbox.requests() == {}


def test_every_answer_has_an_id_of_its_own_that_its_errors_repeat(asked: GatewayClient) -> None:
    def ask(query: str) -> httpx.Response:
        return post(asked, json.dumps({"query": query}))

    answers = [ask(QUERY), ask(QUERY), ask("{"), ask('{ creditNote(id: "x") { id } }')]
    ids = [answer.headers["x-request-id"] for answer in answers]
    assert len(set(ids)) == 4
    assert all(re.fullmatch(r"[0-9a-f]{32}", id) for id in ids)
    for answer in answers[2:]:
        assert [error["extensions"]["requestId"] for error in answer.json()["errors"]] == [answer.headers["x-request-id"]]
    assert asked.http.get("/livez").headers["x-request-id"]


def test_a_browser_gets_the_page_at_the_same_address(asked: GatewayClient) -> None:
    page = asked.http.get("/graphql", headers={"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"})
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    assert "<html" in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]
    home = asked.http.get("/")
    assert (home.status_code, home.headers["location"]) == (307, "/graphql")


def test_health_is_told_without_calling_a_provider(asked: GatewayClient, sandbox: SandboxControl) -> None:
    assert asked.http.get("/livez").json() == {"status": "ok"}
    assert asked.http.get("/readyz").json() == {"status": "ok", "store": {"kind": "process", "reachable": True}, "notes": []}
    assert sandbox.requests() == {}


def test_an_address_that_is_not_there_is_not_found(asked: GatewayClient) -> None:
    for path in ("/nope", "/graphql/nothing", "/graphiql/nothing.js", "/graphiql/../../settings.py"):
        answer = asked.http.get(path)
        assert (answer.status_code, answer.headers["content-type"]) == (404, "application/json")
        (error,) = answer.json()["errors"]
        assert (error["extensions"]["code"], error["extensions"]["requestId"]) == ("NOT_FOUND", answer.headers["x-request-id"])


def test_a_method_that_an_address_does_not_take_is_told_with_those_it_takes(asked: GatewayClient) -> None:
    answer = asked.http.post("/livez")
    assert (answer.status_code, answer.headers["content-type"]) == (405, "application/json")
    assert set(answer.headers["allow"].split(", ")) == {"GET", "HEAD"}
    (error,) = answer.json()["errors"]
    assert (error["message"], error["extensions"]["code"]) == ("this address does not take POST", "INVALID_INPUT")

"""Documents asked for by an identifier: sent once and found again by their hash, or known to the operator beforehand."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from app.api.http_request import GraphQLRequest
from app.api.persisted import PersistedDocuments
from app.domain.errors import NotFound
from app.edge_settings import EdgeSettings
from app.sandbox.server import Addresses
from app.settings import Settings, SettingsError, read_settings
from tests.api.callers import knowing
from tests.support.running import GatewayClient, Json, SandboxControl, serving, settings

QUERY = "{ accounts { name } }"
OTHER = "query Providers { accounts { provider } }"
NAMES = {"data": {"accounts": [{"name": "chargebee-demo"}, {"name": "vcita-demo"}, {"name": "zenskar-demo"}]}}
MUTATION = """mutation { issueCreditNote(input: { idempotencyKey: "k", reason: WAIVER, credit: { remaining: true },
  against: { invoice: { reference: { account: "chargebee-demo", providerId: "INV-1002" } } } }) { outcome } }"""

Start = Callable[[EdgeSettings], contextlib.AbstractContextManager[GatewayClient]]


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def persisted(hash: str, version: int = 1) -> Json:
    return {"persistedQuery": {"version": version, "sha256Hash": hash}}


@pytest.fixture
def start(addresses: Addresses, sandbox: SandboxControl) -> Start:
    def started(edge: EdgeSettings) -> contextlib.AbstractContextManager[GatewayClient]:
        return serving(Settings(accounts=settings(addresses).accounts, edge=edge))

    return started


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    place = tmp_path / "trusted.json"
    place.write_text(json.dumps({sha256(QUERY): QUERY, "providers": OTHER}))
    return place


def post(client: GatewayClient, accept: str = "application/json", **members: object) -> httpx.Response:
    return client.http.post("/graphql", json=members, headers={"Accept": accept})


def code(response: httpx.Response) -> tuple[int, str, str]:
    (error,) = response.json()["errors"]
    return response.status_code, error["extensions"]["code"], error["message"]


def test_a_document_sent_once_is_found_again_by_its_hash(gateway: GatewayClient) -> None:
    by_hash = persisted(sha256(QUERY))
    assert code(post(gateway, extensions=by_hash)) == (200, "NOT_FOUND", "PersistedQueryNotFound")
    assert code(post(gateway, "application/graphql-response+json", extensions=by_hash))[0] == 400
    assert post(gateway, query=QUERY, extensions=by_hash).json() == NAMES
    assert post(gateway, extensions=by_hash).json() == NAMES
    assert post(gateway, documentId=f"sha256:{sha256(QUERY)}").json() == NAMES
    asked = gateway.http.get("/graphql", params={"extensions": json.dumps(by_hash)}, headers={"Accept": "*/*"})
    assert asked.json() == NAMES


def test_a_hash_of_something_else_is_refused_and_not_kept(gateway: GatewayClient) -> None:
    wrong = persisted(sha256(OTHER))
    assert code(post(gateway, query=QUERY, extensions=wrong)) == (200, "INVALID_INPUT", "the hash is not that of the document")
    assert code(post(gateway, extensions=wrong))[1] == "NOT_FOUND"


@pytest.mark.parametrize(
    "extensions",
    [
        {"persistedQuery": 1}, {"persistedQuery": {}}, persisted("x"), persisted(sha256(QUERY).upper()), persisted(sha256(QUERY), 2),
        {"persistedQuery": {"version": 1, "sha256Hash": ["a"]}}, {"persistedQuery": {"version": True, "sha256Hash": "x"}},
    ],
    ids=str,
)  # fmt: skip
def test_what_is_no_hash_is_refused(asked: GatewayClient, extensions: Json) -> None:
    assert code(post(asked, extensions=extensions))[:2] == (400, "INVALID_INPUT")
    assert code(post(asked, query=QUERY, extensions=extensions))[:2] == (400, "INVALID_INPUT")


def test_an_identifier_stands_alone(asked: GatewayClient) -> None:
    assert code(post(asked, documentId="x", query=QUERY))[:2] == (400, "INVALID_INPUT")
    assert code(post(asked, documentId="x", extensions=persisted(sha256(QUERY))))[:2] == (400, "INVALID_INPUT")
    assert code(post(asked, documentId="x"))[:2] == (200, "NOT_FOUND")


def test_a_mutation_by_its_hash_still_needs_a_post(gateway: GatewayClient, sandbox: SandboxControl) -> None:
    extensions = persisted(sha256(MUTATION))
    assert post(gateway, query=MUTATION, extensions=extensions).json()["data"]["issueCreditNote"]["outcome"] == "APPLIED"
    before = sandbox.requests()
    assert gateway.http.get("/graphql", params={"extensions": json.dumps(extensions)}).status_code == 405
    assert sandbox.requests() == before


def test_the_bounds_hold_for_what_is_asked_by_its_hash(gateway: GatewayClient) -> None:
    large = "{" + "a: __typename " * 300 + "}"
    for query in ({"query": large}, {}):
        assert code(post(gateway, extensions=persisted(sha256(large)), **query))[1] == "LIMIT_EXCEEDED"


def test_the_memory_of_documents_does_not_grow(start: Start) -> None:
    with start(EdgeSettings(persisted_characters=2 * (len(QUERY) + len(sha256(QUERY)) + 2))) as gateway:
        documents = [QUERY, *(f"{QUERY}#{n}" for n in range(9))]
        for document in documents:
            assert post(gateway, query=document, extensions=persisted(sha256(document))).json() == NAMES
        kept = ["data" in post(gateway, extensions=persisted(sha256(document))).json() for document in documents]
        assert kept == [False] * 8 + [True] * 2


def test_what_a_tenant_has_sent_is_found_by_all_of_its_callers_and_no_others(addresses: Addresses, sandbox: SandboxControl) -> None:
    by_hash = persisted(sha256(QUERY))
    with knowing(addresses) as known:
        with known.calling("acme") as acme:
            assert "data" in post(acme, query=QUERY, extensions=by_hash).json()
        with known.calling("acme-too") as other, known.calling("globex") as stranger:
            assert "data" in post(other, extensions=by_hash).json()
            assert code(post(stranger, extensions=by_hash)) == (200, "NOT_FOUND", "PersistedQueryNotFound")
            assert len(post(stranger, query=QUERY, extensions=by_hash).json()["data"]["accounts"]) == 1
            assert len(post(other, extensions=by_hash).json()["data"]["accounts"]) == 2


@pytest.mark.parametrize("text", ["{", "{" + "a " * 60 + "}"])
def test_many_tenants_fill_no_more_of_the_memory_than_one(text: str) -> None:
    most = 10_000
    documents = PersistedDocuments(EdgeSettings(persisted_characters=most))
    tenants = [None, *(f"tenant-{number}" * 20 for number in range(200))]
    for tenant in tenants:
        assert documents.text(GraphQLRequest(query=text, extensions=persisted(sha256(text))), tenant) == text
    kept = [tenant for tenant in tenants if is_kept(documents, text, tenant)]
    assert kept == tenants[-len(kept) :]
    held = sum(len(text) + len(sha256(text)) + len(tenant or "") for tenant in kept)
    assert most - 500 < held <= most


def is_kept(documents: PersistedDocuments, text: str, tenant: str | None) -> bool:
    with contextlib.suppress(NotFound):
        return documents.text(GraphQLRequest(extensions=persisted(sha256(text))), tenant) == text
    return False


def test_it_can_be_switched_off(start: Start) -> None:
    with start(EdgeSettings(persisted_characters=0)) as gateway:
        assert post(gateway, query=QUERY, extensions=persisted(sha256(QUERY))).json() == NAMES
        assert code(post(gateway, extensions=persisted(sha256(QUERY)))) == (200, "UNSUPPORTED", "PersistedQueryNotSupported")


def test_only_trusted_documents_are_answered_where_that_is_enforced(start: Start, sandbox: SandboxControl, manifest: Path) -> None:
    with start(EdgeSettings(trusted_documents=manifest, trusted_mode="enforce")) as gateway:
        trusted: list[Json] = [
            {"documentId": f"sha256:{sha256(QUERY)}"},
            {"query": QUERY},
            {"extensions": persisted(sha256(QUERY))},
        ]
        for members in trusted:
            assert post(gateway, **members).json() == NAMES
        assert len(post(gateway, documentId="providers").json()["data"]["accounts"]) == 3
        untrusted: list[Json] = [
            {"query": MUTATION},
            {"query": f"{QUERY} "},
            {"documentId": "unknown"},
            {"query": MUTATION, "extensions": persisted(sha256(MUTATION))},
        ]
        for members in untrusted:
            assert code(post(gateway, **members))[:2] == (200, "FORBIDDEN")
            assert code(post(gateway, "application/graphql-response+json", **members))[0] == 403
        assert code(post(gateway, query=MUTATION, extensions=persisted(sha256(QUERY))))[1] == "FORBIDDEN"
        assert sandbox.requests() == {}


def test_untrusted_documents_can_be_told_only(start: Start, manifest: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with start(EdgeSettings(trusted_documents=manifest, trusted_mode="log")) as gateway:
        post(gateway, query=QUERY)
        assert "untrusted" not in capsys.readouterr().out
        assert post(gateway, query=f"{QUERY} ").json() == NAMES
        written = capsys.readouterr().out
        assert sha256(f"{QUERY} ") in written
        assert QUERY not in written


def test_a_manifest_that_is_off_changes_nothing(start: Start, manifest: Path) -> None:
    with start(EdgeSettings(trusted_documents=manifest)) as gateway:
        assert post(gateway, query=f"{QUERY} ").json() == NAMES
        assert code(post(gateway, documentId="providers"))[1] == "NOT_FOUND"


def read(place: Path | None, mode: str) -> Settings:
    given = {"CREDIT_NOTES_TRUSTED_MODE": mode} | ({} if place is None else {"CREDIT_NOTES_TRUSTED_DOCUMENTS": str(place)})
    return read_settings(environment=given)


def test_apollos_manifest_is_read_too(tmp_path: Path, start: Start) -> None:
    place = tmp_path / "apollo.json"
    operation = {"id": sha256(QUERY), "name": "Names", "type": "query", "body": QUERY}
    place.write_text(json.dumps({"format": "apollo-persisted-query-manifest", "version": 1, "operations": [operation]}))
    with start(read(place, "enforce").edge) as gateway:
        assert post(gateway, documentId=f"sha256:{sha256(QUERY)}").json() == NAMES


@pytest.mark.parametrize(
    "text", [None, "{", "[]", "{}", '{"a": 1}', '{"a": ""}', '{"operations": [1]}', '{"operations": []}', "[" * 100_000]
)
def test_a_manifest_that_cannot_be_read_is_told_before_anything_is_served(tmp_path: Path, text: str | None) -> None:
    place = tmp_path / "broken.json"
    if text is not None:
        place.write_text(text)
    with pytest.raises(SettingsError) as told:
        read(place, "enforce")
    (mistake,) = told.value.mistakes
    assert mistake.startswith(f"CREDIT_NOTES_TRUSTED_DOCUMENTS: {place} ")


def test_a_mode_without_a_manifest_is_a_mistake() -> None:
    with pytest.raises(SettingsError) as told:
        read(None, "enforce")
    assert told.value.mistakes == [
        "CREDIT_NOTES_TRUSTED_DOCUMENTS: needed with CREDIT_NOTES_TRUSTED_MODE=enforce: the manifest's place"
    ]

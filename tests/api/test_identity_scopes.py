"""What a caller may do: reading and writing are allowed apart, and a refusal has the shape of its place."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from app.sandbox.server import Addresses
from tests.api.callers import ACCOUNTS, CHARGEBEE, KnownCallers, knowing
from tests.api.changing import global_id, refund, void
from tests.support.demo import UNPAID, invoice_id
from tests.support.running import GatewayClient, Json, SandboxControl

ONE_DOLLAR = {"total": {"amount": "1.00", "currency": "USD"}}
NOTE = global_id("n", CHARGEBEE, "CN-0001")


@pytest.fixture(scope="module")
def known(addresses: Addresses) -> Iterator[KnownCallers]:
    with knowing(addresses) as found:
        yield found


def issued(client: GatewayClient) -> Json:
    return client.issue(CHARGEBEE, invoice_id(CHARGEBEE, UNPAID), ONE_DOLLAR)


@pytest.mark.parametrize("name", ["writer", "operator"])
@pytest.mark.parametrize("query", [ACCOUNTS, f'{{ creditNote(id: "{NOTE}") {{ id }} }}', "{ __schema { types { name } } }"])
def test_without_the_right_to_read_nothing_is_answered(known: KnownCallers, sandbox: SandboxControl, name: str, query: str) -> None:
    for accept, status in (("application/json", 200), ("application/graphql-response+json", 403)):
        with known.calling(name) as client:
            response = client.http.post("/graphql", json={"query": query}, headers={"Accept": accept})
        (error,) = response.json()["errors"]
        assert (response.status_code, error["extensions"]["code"], "data" in response.json()) == (status, "FORBIDDEN", False)
        assert "'read'" in error["message"]
    assert sandbox.requests() == {}


@pytest.mark.parametrize("name", ["reader", "operator"])
def test_without_the_right_to_write_a_mutation_is_not_applied(known: KnownCallers, sandbox: SandboxControl, name: str) -> None:
    with known.calling(name) as client:
        payloads = [issued(client), void(client, NOTE, idempotencyKey="v"), refund(client, NOTE, idempotencyKey="r")]
    for payload in payloads:
        assert payload["outcome"] == "NOT_APPLIED"
        (problem,) = payload["errors"]
        assert (problem["code"], problem["path"], problem["retryable"]) == ("FORBIDDEN", None, False)
    assert sandbox.requests() == {}


def test_what_is_wrong_with_an_input_is_not_told_to_one_who_may_not_write(known: KnownCallers) -> None:
    with known.calling("reader") as client:
        payload = client.issue("nobody", "x", {"total": {"amount": "-1.00", "currency": "USD"}})
    assert [problem["code"] for problem in payload["errors"]] == ["FORBIDDEN"]


def test_a_reader_reads(known: KnownCallers, sandbox: SandboxControl) -> None:
    with known.calling("reader") as client:
        assert client.gql(f'{{ creditNote(id: "{NOTE}") {{ providerId }} }}') == {"creditNote": {"providerId": "CN-0001"}}


def test_a_writer_is_told_what_it_wrote_and_nothing_is_read_for_it(known: KnownCallers, sandbox: SandboxControl) -> None:
    mutation = """mutation($input: IssueCreditNoteInput!) { issueCreditNote(input: $input) {
        outcome creditNote { providerId invoice { providerId details { status } } } } }"""
    target = {"invoice": {"reference": {"account": CHARGEBEE, "providerId": invoice_id(CHARGEBEE, UNPAID)}}}
    input = {"idempotencyKey": "w", "against": target, "credit": ONE_DOLLAR, "reason": "WAIVER"}
    with known.calling("writer") as client:
        answer = client.ask(mutation, input=input)
    payload = answer["data"]["issueCreditNote"]
    assert payload["outcome"] == "APPLIED"
    assert payload["creditNote"]["providerId"]
    assert payload["creditNote"]["invoice"]["details"] is None
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["FORBIDDEN"]

"""What one request may cost: the bounds on documents, ids and pages, each told by name and value, and nothing called beyond them."""

from __future__ import annotations

import pytest

from tests.support.demo import ACCOUNTS
from tests.support.running import GatewayClient, Json, SandboxControl

NOTE = "bjpjaGFyZ2ViZWUtZGVtbzpDTi05OTk5"  # n:chargebee-demo:CN-9999, which is not there
INVOICE = "aTpjaGFyZ2ViZWUtZGVtbzpJTlYtMjAwMQ"  # i:chargebee-demo:INV-2001
BY_IDS = "query($ids: [ID!]!) { creditNotesByIds(ids: $ids) { id } }"
NODES = "query($ids: [ID!]!) { nodes(ids: $ids) { id } }"
LIST = "query($first: Int, $filter: CreditNoteFilter) { creditNotes(first: $first, filter: $filter) { nodes { id } } }"
OF_INVOICE = "query($id: ID!, $first: Int) { invoice(id: $id) { creditNotes(first: $first) { nodes { id } } } }"


def exceeded(error: Json, *told: str) -> None:
    assert (error["extensions"]["code"], error["extensions"]["classification"]) == ("LIMIT_EXCEEDED", "BAD_REQUEST")
    for text in told:
        assert text in error["message"]


@pytest.mark.parametrize(
    ("document", "limit"),
    [
        ("{" + "accounts { name } " * 1250 + "}", "5000"),
        ("{ accounts { name } }" + " " * 100_000, "100000"),
        ("# a comment\n" * 101 + "{ accounts { name } }", "100"),
        ("{" + "a {" * 1000 + "b" + "}" * 1000 + "}", "too deeply"),
        ("{ creditNote(id: " + "[" * 1000 + "]" * 1000 + ") { id } }", "too deeply"),
    ],
    ids=["tokens", "length", "comments", "depth", "depth of a value"],
)
def test_a_document_over_a_bound_is_not_even_read(asked: GatewayClient, document: str, limit: str) -> None:
    answer = asked.ask(document)
    assert list(answer) == ["errors"]
    (error,) = answer["errors"]
    exceeded(error, limit)


def test_a_document_within_the_bounds_is_answered(asked: GatewayClient) -> None:
    fields = " ".join(f"a{index}: accounts {{ name }}" for index in range(200))
    assert len(asked.gql(f"{{ {fields} }}")) == 200
    assert asked.gql("# a comment\n" * 100 + "{ accounts { name } }")


def test_a_document_with_very_many_mistakes_is_answered_briefly(asked: GatewayClient) -> None:
    fields = " ".join(f"nonsense{index}" for index in range(2000))
    wrong = " ".join(f"nonsense{index}: 1" for index in range(1200))
    for document in (f"{{ {fields} }}", f"{{ creditNotes(filter: {{ {wrong} }}) {{ totalCount }} }}"):
        errors = asked.ask(document)["errors"]
        assert [error["extensions"]["code"] for error in errors] == ["INVALID_INPUT"] * 10 + ["LIMIT_EXCEEDED"]
        assert max(len(error["message"]) for error in errors) <= 300


def test_variables_with_very_many_mistakes_are_answered_briefly(asked: GatewayClient) -> None:
    errors = asked.ask(LIST, filter={f"nonsense{index}": 1 for index in range(10_000)})["errors"]
    assert len(errors) <= 11
    assert {error["extensions"]["code"] for error in errors} <= {"INVALID_INPUT", "LIMIT_EXCEEDED"}
    assert max(len(error["message"]) for error in errors) <= 300


@pytest.mark.parametrize("query", [BY_IDS, NODES])
def test_two_hundred_ids_are_taken_and_no_more(asked: GatewayClient, sandbox: SandboxControl, query: str) -> None:
    exceeded(asked.error(query, ids=[NOTE] * 201), "201", "200")
    assert sandbox.requests() == {}
    (found,) = asked.gql(query, ids=[NOTE] * 200).values()
    assert found == [None] * 200


def test_two_hundred_invoices_may_narrow_a_list_and_no_more(asked: GatewayClient, sandbox: SandboxControl) -> None:
    exceeded(asked.error(LIST, filter={"invoiceIds": [INVOICE] * 201}), "201", "200")
    assert sandbox.requests() == {}
    assert len(asked.gql(LIST, filter={"invoiceIds": [INVOICE] * 200})["creditNotes"]["nodes"]) == 1


def test_a_page_has_one_to_a_hundred_notes(gateway: GatewayClient, sandbox: SandboxControl) -> None:
    exceeded(gateway.error(LIST, first=101), "101", "100")
    assert gateway.code(LIST, first=0) == gateway.code(LIST, first=-1) == "INVALID_INPUT"
    exceeded(gateway.error(OF_INVOICE, id=INVOICE, first=101), "101", "100")
    assert gateway.code(OF_INVOICE, id=INVOICE, first=0) == "INVALID_INPUT"
    assert sandbox.requests() == {}
    assert len(gateway.gql(LIST, first=100)["creditNotes"]["nodes"]) == 100
    assert len(gateway.gql(LIST, first=None)["creditNotes"]["nodes"]) == 25


def test_the_same_list_asked_under_many_names_is_read_once(gateway: GatewayClient, sandbox: SandboxControl) -> None:
    fields = " ".join(f"a{index}: creditNotes(first: 10) {{ nodes {{ id }} }}" for index in range(100))
    assert len(gateway.gql(f"{{ {fields} }}")) == 100
    assert sum(sandbox.requests().values()) == len(ACCOUNTS)


def test_a_circle_of_notes_and_invoices_costs_no_more_calls_than_one_turn(gateway: GatewayClient, sandbox: SandboxControl) -> None:
    def turns(number: int) -> str:
        inner = "id"
        for _ in range(number):
            inner = f"invoice {{ creditNotes(first: 5) {{ nodes {{ {inner} }} }} }}"
        return f'{{ creditNotes(first: 10, filter: {{ accounts: ["chargebee-demo"] }}) {{ nodes {{ {inner} }} }} }}'

    gateway.gql(turns(1))
    once = sandbox.requests()
    gateway.gql(turns(3))
    assert sandbox.requests() == once
    exceeded(gateway.error(turns(4)), "1561", "1000")  # 1 + 10 + 10 * 5 + 10 * 5 * 5 + 10 * 5 * 5 * 5
    assert sandbox.requests() == once

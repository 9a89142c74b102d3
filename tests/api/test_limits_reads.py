"""What a query may make the gateway read: counted before anything is read, pages within pages multiplied."""

from __future__ import annotations

import time
from typing import Any

import pytest
from graphql import OperationDefinitionNode, get_variable_values, parse, validate
from graphql.execution.values import VariableValues

from app.api.cost import cost, is_read
from app.api.schema import make_schema
from tests.support.running import GatewayClient, SandboxControl

SCHEMA = make_schema()._schema
INVOICE = "aTpjaGFyZ2ViZWUtZGVtbzpJTlYtMjAwMQ"  # i:chargebee-demo:INV-2001
ISSUED = {"idempotencyKey": "k", "against": {"invoice": {"id": INVOICE}}, "credit": {"remaining": True}, "reason": "OTHER"}


def counted(document: str, **variables: Any) -> int:
    parsed = parse(document)
    assert validate(SCHEMA, parsed) == []
    (operation,) = [node for node in parsed.definitions if isinstance(node, OperationDefinitionNode)]
    given = get_variable_values(SCHEMA, operation.variable_definitions or (), variables)
    assert isinstance(given, VariableValues)
    return cost(SCHEMA, parsed, operation, given.coerced, accounts=3).reads


@pytest.mark.parametrize(
    ("document", "variables", "count"),
    [
        ("{ accounts { name health { status } } __schema { types { name } } __typename }", {}, 0),
        ('{ invoice(id: "x") { id account { name } } }', {}, 1),
        ('{ creditNote(id: "x") { id total { amount } } }', {}, 1),
        ('{ creditNote(id: "x") { lineItems { quantity } invoice { details { number } } } }', {}, 3),
        ("{ creditNotes { nodes { id } } }", {}, 1),
        ("{ creditNotes { nodes { lineItems { quantity } } } }", {}, 1 + 25),
        ("{ creditNotes(first: null) { nodes { lineItems { quantity } } } }", {}, 1 + 25),
        ("{ creditNotes(first: 40) { edges { node { invoice { details { number } } } } } }", {}, 1 + 40),
        ("{ creditNotes(first: 10) { nodes { invoice { creditNotes(first: 5) { nodes { lineItems { quantity } } } } } } }", {}, 1 + 10 + 50),
        ("{ creditNotes(first: 10) { nodes { invoice { creditNotes { nodes { id } } } } } }", {}, 1 + 10),
        ("{ creditNotes(first: 1000) { nodes { lineItems { quantity } } } }", {}, 1 + 100),
        ("{ creditNotes(first: -5) { nodes { lineItems { quantity } } } }", {}, 1 + 1),
        ("query($n: Int) { creditNotes(first: $n) { nodes { lineItems { quantity } } } }", {"n": 30}, 1 + 30),
        ("query($n: Int) { creditNotes(first: $n) { nodes { lineItems { quantity } } } }", {}, 1 + 25),
        ("query($n: Int) { creditNotes(first: $n) { nodes { lineItems { quantity } } } }", {"n": None}, 1 + 25),
        ("query($n: Int) { creditNotes(first: $n) { nodes { lineItems { quantity } } } }", {"n": 30.0}, 1 + 30),
        ("query($n: Int = 7) { creditNotes(first: $n) { nodes { lineItems { quantity } } } }", {}, 1 + 7),
        ("query($n: Int = 7) { creditNotes(first: $n) { nodes { lineItems { quantity } } } }", {"n": 3}, 1 + 3),
        ('{ creditNotesByIds(ids: ["a", "b", "c"]) { lineItems { quantity } } }', {}, 3 + 3),
        ("query($ids: [ID!]!) { creditNotesByIds(ids: $ids) { lineItems { quantity } } }", {"ids": ["a"] * 50}, 50 + 50),
        ("query($ids: [ID!]!) { nodes(ids: $ids) { ... on Invoice { details { number } } } }", {"ids": ["a"] * 4}, 4 + 4),
        (('{ node(id: "x") { ... on CreditNote { ...N } ... on Invoice { ...I } } } fragment N on CreditNote { lineItems { quantity } } '
         "fragment I on Invoice { creditNotes(first: 3) { nodes { ...N } } }"), {}, 1 + 1 + (1 + 3)),
        (("{ a: creditNotes(first: 2) { ...P } b: creditNotes(first: 3) { ...P } } fragment P on CreditNoteConnection "
         "{ nodes { invoice { details { number } } } }"), {}, (1 + 2) + (1 + 3)),
        ("{ creditNotes @skip(if: true) { nodes { id } } }", {}, 1),
        ('{ creditNotes(filter: { invoiceIds: ["a", "b", "c"] }) { nodes { lineItems { quantity } } } }', {}, 3 + 25),
        ("query($i: [ID!]) { creditNotes(filter: { invoiceIds: $i }) { totalCount } }", {"i": ["a"] * 40}, 40),
        ('query($i: [ID!] = ["a", "b"]) { creditNotes(filter: { invoiceIds: $i }) { totalCount } }', {}, 2),
        ("query($f: CreditNoteFilter) { creditNotes(filter: $f) { totalCount } }", {"f": {"customerProviderIds": ["a"] * 7}}, 7),
        ("query($f: CreditNoteFilter) { creditNotes(filter: $f) { totalCount } }", {"f": {"invoiceIds": []}}, 1),
        ("query($f: CreditNoteFilter) { creditNotes(filter: $f) { totalCount } }", {"f": None}, 1),
        ('subscription { creditNoteChanged(filter: { invoiceIds: ["a", "b"] }) { creditNote { lineItems { quantity } } } }', {}, 1 + 2),
    ],
)  # fmt: skip
def test_what_is_read_is_counted(document: str, variables: dict[str, Any], count: int) -> None:
    assert counted(document, **variables) == count


def test_a_write_counts_as_several_reads() -> None:
    one = "issueCreditNote(input: $i) { creditNote { lineItems { quantity } } }"
    assert counted(f"mutation($i: IssueCreditNoteInput!) {{ {one} }}", i=ISSUED) == 5 + 1
    assert counted(f"mutation($i: IssueCreditNoteInput!) {{ a: {one} b: {one} }}", i=ISSUED) == 2 * (5 + 1)
    spread = (
        f"mutation($i: IssueCreditNoteInput!) {{ ...F ...F }} fragment F on Mutation {{ a: {one} ... on Mutation {{ b: {one} }} }}"
    )
    assert counted(spread, i=ISSUED) == 4 * (5 + 1)


def test_every_field_that_waits_for_something_is_counted() -> None:
    """Told by the resolvers themselves, so that a new field cannot be forgotten; those that are known stand here as a check of that."""
    found = {
        f"{type.name}.{name}"
        for type in SCHEMA.type_map.values()
        for name, field in getattr(type, "fields", {}).items()
        if hasattr(field, "args") and is_read(field)
    }
    assert {
        "Query.creditNotes",
        "Query.creditNotesByIds",
        "Query.node",
        "Invoice.details",
        "Invoice.creditNotes",
        "CreditNote.lineItems",
    } <= found
    assert found & {"Query.accounts", "CreditNote.id", "CreditNote.account", "Invoice.id"} == set()


def nested(levels: int, first: int = 100) -> str:
    inner = "id"
    for _ in range(levels):
        inner = f"invoice {{ creditNotes(first: {first}) {{ nodes {{ {inner} }} }} }}"
    return f"{{ creditNotes(first: {first}) {{ nodes {{ {inner} }} }} }}"


def test_pages_within_pages_are_refused_before_anything_is_read(gateway: GatewayClient, sandbox: SandboxControl) -> None:
    error = gateway.error(nested(2))
    assert error["message"] == "the operation may need 10101 reads; at most 1000 are taken: ask for smaller pages"
    assert error["extensions"].pop("requestId")
    assert error["extensions"] == {
        "code": "LIMIT_EXCEEDED", "path": None, "retryable": False, "retryAfterSeconds": None, "account": None, "provider": None,
        "classification": "BAD_REQUEST",
    }  # fmt: skip
    assert sandbox.requests() == {}
    assert gateway.gql(nested(1))["creditNotes"]["nodes"]


def test_the_same_document_is_held_to_the_bound_by_its_variables_each_time(gateway: GatewayClient) -> None:
    query = "query($n: Int) { creditNotes(first: $n) { nodes { invoice { creditNotes(first: $n) { nodes { lineItems { quantity } } } } } } }"
    for _ in range(2):
        assert gateway.gql(query, n=2)
        assert gateway.code(query, n=100) == "LIMIT_EXCEEDED"


def test_only_the_operation_that_is_meant_counts(gateway: GatewayClient) -> None:
    document = f"query Small {{ accounts {{ name }} }} query Large {nested(3)}"
    answer = gateway.http.post("/graphql", json={"query": document, "operationName": "Small"}).json()
    assert list(answer) == ["data"]


def test_counting_what_doubles_takes_no_time() -> None:
    spreads = "".join(f" fragment F{n} on Query {{ ...F{n + 1} ...F{n + 1} }}" for n in range(60))
    started = time.monotonic()
    assert counted("{ ...F0 }" + spreads + " fragment F60 on Query { creditNotes { totalCount } }") == 2**60
    assert time.monotonic() - started < 5

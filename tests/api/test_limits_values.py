"""How many values an operation may take and give: counted beforehand, so that no answer keeps the process from all others."""

from __future__ import annotations

from dataclasses import replace

import pytest
from graphql import (
    GraphQLObjectType,
    OperationDefinitionNode,
    get_named_type,
    get_variable_values,
    is_leaf_type,
    is_object_type,
    parse,
    validate,
)
from graphql.execution.values import VariableValues
from hypothesis import given
from hypothesis import strategies as st

from app.api.cost import cost
from app.api.schema import make_schema
from app.edge_settings import USUAL, EdgeSettings
from app.sandbox.server import Addresses
from tests.support.running import GatewayClient, Json, SandboxControl, serving, settings

SCHEMA = make_schema()._schema
ACCOUNTS = 4
NARROW = "query($f: CreditNoteFilter) { creditNotes(first: 1, filter: $f) { totalCount } }"


def counted(document: str, **variables: object) -> int:
    parsed = parse(document)
    assert validate(SCHEMA, parsed) == []
    (operation,) = [node for node in parsed.definitions if isinstance(node, OperationDefinitionNode)]
    given = get_variable_values(SCHEMA, operation.variable_definitions or (), variables)
    assert isinstance(given, VariableValues)
    return cost(SCHEMA, parsed, operation, given.coerced, accounts=ACCOUNTS).values


@pytest.mark.parametrize(
    ("document", "count"),
    [
        ("{ __typename }", 1),
        ("{ accounts { name } }", 1 + ACCOUNTS + ACCOUNTS),
        ("{ accounts { health { status retryAfterSeconds } } }", 1 + ACCOUNTS + ACCOUNTS * 3),
        ('{ invoice(id: "x") { id providerId } }', 1 + 1 + 2),
        ('{ nodes(ids: ["a", "b", "c"]) { id } }', 1 + 3 + 3 + 3),
        ("{ creditNotes(first: 10) { totalCount } }", 1 + 1 + 2 * 10 + 1),
        ("{ creditNotes(first: 10) { nodes { id } } }", 1 + 1 + 2 * 10 + (1 + 10 + 10)),
        ("{ creditNotes(first: 10) { ...P } } fragment P on CreditNoteConnection { nodes { id } }", 1 + 1 + 2 * 10 + (1 + 10 + 10)),
        ("{ creditNotes(first: 10) { sources { count } } }", 1 + 1 + 2 * 10 + (1 + ACCOUNTS + ACCOUNTS)),
        ('{ creditNote(id: "x") { lineItems { quantity } } }', 1 + 1 + (1 + 3 + 3)),
        ('{ creditNote(id: "x") { dispositions } }', 1 + 1 + (1 + 5)),
    ],
)  # fmt: skip
def test_what_an_answer_may_hold_is_counted(document: str, count: int) -> None:
    assert counted(document) == count


def test_what_is_given_counts_wherever_it_is_used() -> None:
    ids = ["a"] * 50
    nothing, all_of_them = counted(NARROW), counted(NARROW, f={"invoiceIds": ids})
    assert all_of_them - counted(NARROW, f={"invoiceIds": []}) == 50
    assert counted(NARROW, f={}) > nothing  # an object takes its time even where nothing stands in it
    twice = NARROW.replace("{ creditNotes", "{ a: creditNotes(first: 1, filter: $f) { totalCount } creditNotes")
    assert counted(twice, f={"invoiceIds": ids}) == 2 * all_of_them


@given(st.integers(1, 100), st.integers(1, 100))
def test_pages_within_pages_multiply(outer: int, inner: int) -> None:
    found = counted(
        f"{{ creditNotes(first: {outer}) {{ nodes {{ invoice {{ creditNotes(first: {inner}) {{ nodes {{ id }} }} }} }} }} }}"
    )
    assert outer * inner < found <= 10 * outer * (inner + 1)


def everything(type: GraphQLObjectType, within: frozenset[str] = frozenset()) -> str:
    """Every field that needs no further call for a thing that is not the note's own."""
    found = []
    for name, field in type.fields.items():
        inner = get_named_type(field.type)
        if is_leaf_type(inner):
            found.append(name)
        elif (
            is_object_type(inner) and inner.name not in within and name not in {"creditNotes", "details", "capabilities", "health"}
        ):
            found.append(f"{name} {{ {everything(inner, within | {inner.name})} }}")
    return " ".join(found)


def test_a_page_of_a_hundred_notes_with_all_their_fields_and_lines_is_taken(gateway: GatewayClient) -> None:
    note = everything(SCHEMA.type_map["CreditNote"], frozenset({"CreditNote"}))  # type: ignore[arg-type]  # as its name says
    assert "lineItems { " in note
    page = gateway.gql(
        f"{{ creditNotes(first: 100) {{ edges {{ cursor node {{ {note} }} }} pageInfo {{ endCursor }} totalCount }} }}"
    )
    assert len(page["creditNotes"]["edges"]) == 100


def test_an_invoice_of_two_thousand_lines_may_be_credited_line_by_line(asked: GatewayClient) -> None:
    lines: Json = {"lineItems": [{"amount": {"amount": "0.01", "currency": "USD"}}] * 2000}
    draft = {"against": {"invoice": {"reference": {"account": "nobody", "providerId": "x"}}}, "credit": lines}
    preview = "query($i: PreviewCreditNoteInput!) { previewCreditNote(input: $i) { errors { code } } }"
    assert asked.gql(preview, i=draft)["previewCreditNote"]["errors"] == [{"code": "NOT_FOUND"}]


def test_the_schema_may_be_asked_for_a_few_times_and_not_more(asked: GatewayClient) -> None:
    def times(number: int) -> str:
        return "{" + " ".join(f"a{one}: __schema {{ types {{ name }} }}" for one in range(number)) + "}"

    assert asked.gql(times(10))
    assert asked.code(times(11)) == "LIMIT_EXCEEDED"


def test_over_the_limit_nothing_is_called_and_the_limit_is_told(addresses: Addresses, sandbox: SandboxControl) -> None:
    document = "{ creditNotes(first: 40) { nodes { id } } }"
    assert counted(document) == 163
    with serving(replace(settings(addresses), edge=EdgeSettings(query_values=162))) as gateway:
        error = gateway.error(document)
        assert sandbox.requests() == {}
    with serving(replace(settings(addresses), edge=EdgeSettings(query_values=163))) as gateway:
        assert gateway.gql(document)
    told = "the operation may use 163 values; at most 162 are taken: ask for fewer fields, or smaller pages"
    assert (error["message"], error["extensions"]["code"]) == (told, "LIMIT_EXCEEDED")


def test_a_fragment_is_counted_once_for_each_size_of_a_page() -> None:
    assert USUAL.query_values < 2**60
    spreads = "".join(f" fragment F{n} on CreditNoteConnection {{ ...F{n + 1} ...F{n + 1} }}" for n in range(60))
    pages = " ".join(f"a{size}: creditNotes(first: {size}) {{ ...F0 }}" for size in range(1, 101))
    assert counted(f"{{ {pages} }}{spreads} fragment F60 on CreditNoteConnection {{ nodes {{ id }} }}") > 2**60

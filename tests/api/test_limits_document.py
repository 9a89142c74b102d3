"""How large a document may be once its fragments are spread out: each bound exact, each told by name and value, none of them slow."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    OperationDefinitionNode,
    get_introspection_query,
    parse,
)
from graphql.language import SelectionSetNode
from graphql.validation.validate import ValidationAbortedError
from hypothesis import given
from hypothesis import strategies as st

from app.api.limits import check
from app.edge_settings import EdgeSettings
from app.sandbox.server import Addresses
from app.settings import Settings
from tests.support.running import GatewayClient, serving, settings

SMALL = EdgeSettings(document_operations=3, query_depth=4, query_aliases=5, query_fields=10)
ROOMY = EdgeSettings(document_operations=1000, query_depth=100, query_aliases=10_000, query_fields=100_000)


def told(document: str, limits: EdgeSettings = SMALL) -> str | None:
    """What is wrong with it."""
    try:
        check(parse(document), limits)
    except ValidationAbortedError as wrong:
        return wrong.message
    return None


OVER: list[tuple[str, Callable[[int], str], int]] = [
    ("operations", lambda n: " ".join(f"query Q{i} {{ a }}" for i in range(n)), 3),
    ("deep", lambda n: "{ a " * n + "}" * n, 4),
    ("deep", lambda n: "{ ...F } fragment F on Q " + "{ a " * n + "}" * n, 4),
    (
        "deep",
        lambda n: "{ a { b { ...F } } } fragment F on Q { ... on Q { ...G } } fragment G on Q " + "{ a " * (n - 2) + "}" * (n - 2),
        4,
    ),
    ("deep", lambda n: "{ ... { ... on Q " + "{ a " * n + "}" * n + "}}", 4),
    ("aliases", lambda n: "{" + " ".join(f"x{i}: a" for i in range(n)) + "}", 5),
    ("aliases", lambda n: "{" + "x: a " * (n - 4) + "...F b { ...F } } fragment F on Q { x: a y: a }", 5),
    ("fields", lambda n: "{" + "a " * n + "}", 10),
    ("fields", lambda n: "{" + "a " * (n - 8) + "...F ...F } fragment F on Q { ...G ...G } fragment G on Q { a b }", 10),
]


@pytest.mark.parametrize(("limit", "document", "most"), OVER)
def test_a_bound_is_exact_and_told_by_name_and_value(limit: str, document: Callable[[int], str], most: int) -> None:
    assert told(document(most)) is None
    message = told(document(most + 1)) or ""
    assert limit in message
    assert f" {most + 1} " in message
    assert f" {most} " in message


def test_only_what_an_operation_reaches_counts() -> None:
    assert told("{ a } fragment F on Q { a { a { a { a { a } } } } }") is None


def test_every_operation_is_held_to_the_bounds() -> None:
    assert told("query A { a } query B { a { a { a { a { a } } } } }")


@pytest.mark.parametrize(
    "document",
    [
        "{ ...A } fragment A on Q { ...A a }",
        "{ ...A } fragment A on Q { b ...B } fragment B on Q { ...A a }",
        "{ ...A } fragment A on Q { ...B ...C } fragment B on Q { ...C } fragment C on Q { ...B ...A }",
        "{ ...Nobody }",
    ],
)
def test_a_circle_and_a_gap_are_left_to_the_rules_that_tell_them(document: str) -> None:
    assert told(document) is None


def test_what_doubles_is_measured_once() -> None:
    number = 2000
    spreads = [f"fragment F{n} on Q {{ ...F{n + 1} ...F{n + 1} }}" for n in range(number)]
    document = parse("{ ...F0 }" + " ".join(spreads) + f" fragment F{number} on Q {{ a }}")
    started = time.monotonic()
    with pytest.raises(ValidationAbortedError, match="more than 999999 fields; at most 100000"):
        check(document, ROOMY)
    assert time.monotonic() - started < BOUND_S


BOUND_S = 10.0  # where nothing bounds it, it takes minutes; how fast this machine is today is not asked

ENTANGLED = {
    "the same field": "{" + "accounts { name } " * 900 + "}",
    "the same fields within": "{" + "creditNotes { nodes { invoice { creditNotes { nodes { id } } } } } " * 280 + "}",
    "the same field in fragments": "{" + "".join(f"...F{n} " for n in range(250)) + "}"
    + "".join(f"fragment F{n} on Query {{ accounts {{ name }} }}" for n in range(250)),
    "fragments in a circle of circles": "{ ...F0 }"
    + "".join(f"fragment F{n} on Query {{ {' '.join(f'...F{(n + k) % 150}' for k in range(1, 8))} }}" for n in range(150)),
}  # fmt: skip


@pytest.mark.parametrize("document", ENTANGLED.values(), ids=list(ENTANGLED))
def test_a_document_within_the_bounds_cannot_keep_the_gateway_busy_either(asked: GatewayClient, document: str) -> None:
    started = time.monotonic()
    codes = {error["extensions"]["code"] for error in asked.ask(document)["errors"]}
    assert codes <= {"LIMIT_EXCEEDED", "INVALID_INPUT"}
    assert time.monotonic() - started < BOUND_S


CHAINS = {
    "fragments": "{ ...F0 } " + "".join(f"fragment F{n} on Query {{ ...F{n + 1} }} " for n in range(198)) + "fragment F198 on Query { __typename }",
    "inline fragments": "{" + "... {" * 199 + "__typename" + "}" * 200,
    "both": "{" + "... {" * 99 + "...F0" + "}" * 100 + "".join(f"fragment F{n} on Query {{ ...F{n + 1} }} " for n in range(97))
    + "fragment F97 on Query { creditNotes(first: 1) { nodes { invoice { creditNotes { totalCount } } } } }",
}  # fmt: skip


@pytest.mark.parametrize("document", CHAINS.values(), ids=list(CHAINS))
def test_the_longest_chain_the_parser_takes_is_answered(asked: GatewayClient, document: str) -> None:
    answer = asked.ask(document)
    assert "data" in answer or {error["extensions"]["code"] for error in answer["errors"]} == {"LIMIT_EXCEEDED"}


def test_introspection_as_tools_ask_for_it_is_within_the_bounds(asked: GatewayClient) -> None:
    query = get_introspection_query(
        specified_by_url=True, directive_is_repeatable=True, schema_description=True, input_value_deprecation=True
    )
    assert asked.gql(query)["__schema"]["types"]


def test_the_bounds_are_the_operators(addresses: Addresses) -> None:
    chosen = Settings(accounts=settings(addresses).accounts, edge=EdgeSettings(query_depth=3, document_tokens=100, body_bytes=2048))
    with serving(chosen) as gateway:
        assert gateway.gql("{ accounts { health { status } } }")
        assert gateway.code("{ creditNotes { nodes { account { name } } } }") == "LIMIT_EXCEEDED"
        assert gateway.code("{" + "__typename " * 100 + "}") == "LIMIT_EXCEEDED"
        assert gateway.http.post("/graphql", json={"query": " " * 2048}).status_code == 413


# A document of two operations and some fragments, with circles and gaps, each written out so that it can be parsed.
names = st.sampled_from(["F0", "F1", "F2", "F3"])
selections = st.recursive(
    st.sampled_from(["a", "x: a"]) | names.map("...{}".format),
    lambda inner: (
        st.lists(inner, min_size=1, max_size=3).map(" ".join).map("b {{ {} }}".format)
        | st.lists(inner, min_size=1, max_size=3).map(" ".join).map("... {{ {} }}".format)
    ),
    max_leaves=8,
)
sets = st.lists(selections, min_size=1, max_size=3).map(" ".join)
documents = st.builds(
    lambda operation, fragments: parse(
        f"{{ {operation} }}" + "".join(f" fragment F{n} on Q {{ {text} }}" for n, text in enumerate(fragments))
    ),
    sets,
    st.lists(sets, max_size=4),
)


def spread_out(document: DocumentNode) -> tuple[int, int, int]:
    """Depth, fields and aliases as anyone would count them: by following every spread. Only for what has no circle."""
    fragments = {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}

    def walk(inner: SelectionSetNode, depth: int, within: tuple[str, ...]) -> Iterator[tuple[int, bool]]:
        for node in inner.selections:
            if isinstance(node, FragmentSpreadNode):
                name = node.name.value
                if name in within:
                    raise RecursionError
                if name in fragments:
                    yield from walk(fragments[name].selection_set, depth, (*within, name))
            elif isinstance(node, FieldNode):
                yield depth, node.alias is not None
                if node.selection_set:
                    yield from walk(node.selection_set, depth + 1, within)
            else:
                yield from walk(node.selection_set, depth, within)  # type: ignore[attr-defined]  # an inline fragment

    operation = next(node for node in document.definitions if isinstance(node, OperationDefinitionNode))
    found = list(walk(operation.selection_set, 1, ()))
    return max((depth for depth, _ in found), default=0), len(found), sum(is_alias for _, is_alias in found)


@given(documents)
def test_the_measure_is_what_following_every_spread_would_give(document: DocumentNode) -> None:
    try:
        depth, fields, aliases = spread_out(document)
    except RecursionError:
        check(document, ROOMY)
        return
    wide: dict[str, Any] = {"query_depth": max(depth, 2), "query_fields": max(fields, 10), "query_aliases": max(aliases, 1)}
    check(document, EdgeSettings(**wide))
    for name, value, least in [("query_depth", depth, 2), ("query_fields", fields, 10), ("query_aliases", aliases, 1)]:
        if value > least:
            with pytest.raises(ValidationAbortedError, match=f" {value} "):
                check(document, EdgeSettings(**{**wide, name: value - 1}))

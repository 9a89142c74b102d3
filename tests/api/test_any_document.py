"""Any valid document, at every root field, over HTTP: an answer that can be told, never a bug, and what has the shape of the schema."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from graphql import GraphQLObjectType, build_schema
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis_graphql import mutations, nodes, queries

from tests.support.demo import FIRST_NOTES
from tests.support.running import GatewayClient

SDL = (Path(__file__).parents[2] / "schema.graphql").read_text()
SCHEMA = build_schema(SDL)
SCALARS = {
    "BigInt": st.integers(-(10**20), 10**20).map(lambda number: nodes.String(str(number))),
    "CurrencyCode": st.sampled_from(["EUR", "JPY", "KWD", "eur", "XXX", "", "EURO"]).map(nodes.String),
    "Date": st.dates().map(lambda day: nodes.String(day.isoformat())) | st.text(max_size=8).map(nodes.String),
    "DateTime": st.datetimes().map(lambda moment: nodes.String(f"{moment.isoformat()}Z")) | st.text(max_size=8).map(nodes.String),
    "Decimal": st.decimals(allow_nan=False, allow_infinity=False).map(lambda number: nodes.String(str(number)))
    | st.integers().map(nodes.Int),
    "JSON": st.text(max_size=5).map(nodes.String),
}
KNOWN_IDS = [id for _, id in FIRST_NOTES.values()]
USUAL = settings(max_examples=12, suppress_health_check=list(HealthCheck), deadline=None)


def fields(root: GraphQLObjectType | None) -> list[str]:
    assert root is not None
    return sorted(root.fields)


def check(gateway: GatewayClient, document: str, id: str) -> None:
    answer = gateway.http.post("/graphql", json={"query": document.replace('id: ""', f'id: "{id}"')})
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    assert set(body) <= {"data", "errors"}
    for error in body.get("errors", ()):
        assert error["extensions"]["code"] != "INTERNAL", (document, error)
    assert "data" in body or body["errors"]


@pytest.mark.parametrize("field", fields(SCHEMA.query_type))
def test_any_query_is_answered(asked: GatewayClient, field: str) -> None:
    @given(document=queries(SDL, fields=[field], custom_scalars=SCALARS), id=st.sampled_from(KNOWN_IDS))
    @USUAL
    def holds(document: str, id: str) -> None:
        check(asked, document, id)

    holds()


@pytest.mark.parametrize("field", fields(SCHEMA.mutation_type))
def test_any_mutation_is_answered(asked: GatewayClient, field: str) -> None:
    @given(document=mutations(SDL, fields=[field], custom_scalars=SCALARS), id=st.sampled_from(KNOWN_IDS))
    @USUAL
    def holds(document: str, id: str) -> None:
        check(asked, document, id)

    holds()

"""What only helps to explore: the schema by introspection, GraphiQL, suggestions; off in production unless said otherwise."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import httpx
import pytest
from graphql import get_introspection_query

from app.edge_settings import EdgeSettings
from app.sandbox.server import Addresses
from tests.support.running import GatewayClient, serving, settings

INTROSPECTING = (get_introspection_query(), "{ __schema { queryType { name } } }", '{ __type(name: "CreditNote") { name } }')


def client_with(addresses: Addresses, **edge: str) -> Iterator[GatewayClient]:
    with serving(replace(settings(addresses), edge=EdgeSettings.model_validate(edge))) as client:
        yield client


@pytest.fixture
def production(addresses: Addresses) -> Iterator[GatewayClient]:
    yield from client_with(addresses, profile="production")


@pytest.fixture
def opened(addresses: Addresses) -> Iterator[GatewayClient]:
    yield from client_with(addresses, profile="production", introspection="yes", graphiql="yes", suggestions="yes")


def asked(client: GatewayClient, query: str) -> httpx.Response:
    return client.http.post("/graphql", json={"query": query})


def page(client: GatewayClient) -> httpx.Response:
    return client.http.get("/graphql", headers={"Accept": "text/html"})


def test_production_hides_the_schema_and_answers_queries(production: GatewayClient) -> None:
    for query in INTROSPECTING:
        (error, *_) = asked(production, query).json()["errors"]
        assert error["extensions"]["code"] == "INVALID_INPUT"
        assert "introspection" in error["message"]
    assert asked(production, "{ __typename accounts { name } }").json()["data"]["accounts"]


def test_production_suggests_no_names(production: GatewayClient) -> None:
    for query in (
        "{ acounts { name } }",
        "{ accounts { nam } }",
        "{ creditNotes(frst: 1) { nodes { id } } }",
        "{ creditNotes(orderBy: ISSUED_DES) { nodes { id } } }",
    ):
        for error in asked(production, query).json()["errors"]:
            assert "Did you mean" not in error["message"]
            assert error["message"].strip()


def test_production_suggests_no_names_for_variables_either(production: GatewayClient, gateway: GatewayClient) -> None:
    query = "query($f: CreditNoteFilter) { creditNotes(filter: $f) { nodes { id } } }"
    for wrong in ({"statuss": ["ISSUED"]}, {"statuses": ["ISUED"]}):
        assert "Did you mean" not in production.error(query, f=wrong)["message"]
        assert "Did you mean" in gateway.error(query, f=wrong)["message"]


def test_what_a_client_says_itself_is_told_as_it_said_it(production: GatewayClient) -> None:
    (error,) = asked(production, '{ creditNotes(filter: { statuses: "x Did you mean y?" }) { totalCount } }').json()["errors"]
    assert "Did you mean y?" in error["message"]


def test_production_has_no_explorer(production: GatewayClient) -> None:
    assert page(production).status_code == 406
    assert asked(production, "{ accounts { name } }").status_code == 200


def test_each_of_them_can_be_switched_on_in_production(opened: GatewayClient) -> None:
    assert asked(opened, get_introspection_query()).json()["data"]["__schema"]
    assert "Did you mean" in asked(opened, "{ acounts { name } }").json()["errors"][0]["message"]
    assert page(opened).headers["content-type"].startswith("text/html")


def test_without_a_word_all_of_them_are_on(gateway: GatewayClient) -> None:
    assert asked(gateway, get_introspection_query()).json()["data"]["__schema"]
    assert "Did you mean" in asked(gateway, "{ acounts { name } }").json()["errors"][0]["message"]
    assert page(gateway).headers["content-type"].startswith("text/html")

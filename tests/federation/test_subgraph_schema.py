"""The subgraph's two schemas: what it answers, and what a supergraph is composed of."""

from __future__ import annotations

import httpx
import pytest
from click.testing import CliRunner
from graphql import GraphQLObjectType, build_schema, find_breaking_changes, parse, print_ast
from graphql.language import DirectiveNode, ObjectTypeDefinitionNode, TypeDefinitionNode

from app.api.federation import sdl
from app.api.schema import make_schema, printed
from app.cli import main
from tests.federation.conftest import schema
from tests.support.console import running_command
from tests.support.markdown import ROOT
from tests.support.running import GatewayClient

COMMITTED = ROOT / "docs" / "subgraph.graphql"
SDL = "{ _service { sdl } }"
FOR_ROUTERS = {"_Any", "_Entity", "_Service"}


@pytest.fixture(scope="module")
def composed() -> dict[str, TypeDefinitionNode]:
    """The types of the SDL by name."""
    definitions = parse(sdl(schema())).definitions
    return {one.name.value: one for one in definitions if isinstance(one, TypeDefinitionNode)}


def directives(type: TypeDefinitionNode) -> list[DirectiveNode]:
    return [one for one in type.directives or () if one.name.value in {"key", "shareable"}]


def fields(type: TypeDefinitionNode) -> dict[str, str]:
    assert isinstance(type, ObjectTypeDefinitionNode)
    return {field.name.value: print_ast(field) for field in type.fields or ()}


def test_the_committed_sdl_is_the_one_printed_and_served(asked: GatewayClient) -> None:
    told = "if that is meant, run `make schema` and commit docs/subgraph.graphql"
    assert sdl(schema()) == COMMITTED.read_text(), told
    assert asked.gql(SDL)["_service"]["sdl"] == COMMITTED.read_text()
    result = CliRunner().invoke(main, ["schema", "--subgraph"])
    assert (result.exit_code, result.output) == (0, COMMITTED.read_text())


def test_the_sdl_says_what_is_an_entity_and_what_may_be_shared(composed: dict[str, TypeDefinitionNode]) -> None:
    said = {name: [print_ast(one) for one in directives(type)] for name, type in composed.items() if directives(type)}
    assert said == {"CreditNote": ['@key(fields: "id")'], "Invoice": ['@key(fields: "id")'], "PageInfo": ["@shareable"]}


def test_the_sdl_is_the_published_schema_but_for_looking_up_any_id(composed: dict[str, TypeDefinitionNode]) -> None:
    published = {one.name.value: one for one in parse(printed(make_schema())).definitions if isinstance(one, TypeDefinitionNode)}
    assert set(composed) == set(published)
    for name, type in published.items():
        if name == "Query":
            kept = {field: text for field, text in fields(type).items() if field not in {"node", "nodes"}}
            assert fields(composed[name]) == kept
        elif not directives(composed[name]):
            assert print_ast(composed[name]) == print_ast(type)
        else:
            assert fields(composed[name]) == fields(type)


def test_a_subgraph_answers_all_that_a_gateway_does_and_two_fields_more() -> None:
    without, with_routers = build_schema(printed(make_schema())), build_schema(printed(schema()))
    assert find_breaking_changes(without, with_routers) == []
    assert set(with_routers.type_map) - set(without.type_map) == FOR_ROUTERS
    more, before = with_routers.type_map["Query"], without.type_map["Query"]
    assert isinstance(more, GraphQLObjectType)
    assert isinstance(before, GraphQLObjectType)
    added = {name: field for name, field in more.fields.items() if name not in before.fields}
    assert {name: str(field.type) for name, field in added.items()} == {"_entities": "[_Entity]!", "_service": "_Service!"}
    assert {name: str(argument.type) for name, argument in added["_entities"].args.items()} == {"representations": "[_Any!]!"}
    assert with_routers.mutation_type is not None
    assert with_routers.subscription_type is not None


def test_serve_answers_routers_only_where_it_is_told_to() -> None:
    with running_command("serve", "--port", "0", "--subgraph") as told, running_command("serve", "--port", "0") as untold:
        first = httpx.post(f"{told.address('GraphiQL')}/graphql", json={"query": SDL}, timeout=60)
        second = httpx.post(f"{untold.address('GraphiQL')}/graphql", json={"query": SDL}, timeout=60)
    assert first.json() == {"data": {"_service": {"sdl": COMMITTED.read_text()}}}
    assert second.json()["errors"][0]["extensions"]["code"] == "INVALID_INPUT"
    assert "data" not in second.json()


def test_a_subgraph_may_be_chosen_by_the_environment() -> None:
    environment = {"CREDIT_NOTES_SUBGRAPH": "yes"}
    with running_command("serve", "--port", "0", environment=environment) as child:
        answer = httpx.post(f"{child.address('GraphiQL')}/graphql", json={"query": SDL}, timeout=60)
    assert answer.json()["data"]["_service"]["sdl"] == COMMITTED.read_text()

"""What a router asks a subgraph: its SDL, and things by their representations, good and bad."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.federation.conftest import global_id, note
from tests.support.demo import FIRST_NOTES
from tests.support.running import GatewayClient, Json, SandboxControl

ENTITIES = """query($representations: [_Any!]!) { _entities(representations: $representations) {
  __typename ... on CreditNote { id number total { amount } } ... on Invoice { id providerId } } }"""
DEEP = """query($representations: [_Any!]!) { _entities(representations: $representations) {
  ... on Invoice { creditNotes(first: 100) { nodes { lineItems { quantity } } } } } }"""
NUMBERS = "query($representations: [_Any!]!) { _entities(representations: $representations) { ... on CreditNote { number } } }"
INVOICE = global_id("i:chargebee-demo:INV-1004")
LIST = ("chargebee", "GET", "/api/v2/credit_notes")

anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**31), 2**31)
    | st.text(max_size=10)
    | st.sampled_from(["CreditNote", "Invoice", note(1)]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["__typename", "id", "total", ""]), inner, max_size=4)
    ),
    max_leaves=6,
).filter(lambda value: value is not None)  # what must not be null is refused by the type


def of(type: str, id: object) -> Json:
    return {"__typename": type, "id": id}


def entities(client: GatewayClient, *representations: Any, query: str = ENTITIES) -> list[Any]:
    found: list[Any] = client.gql(query, representations=representations)["_entities"]
    return found


def test_things_come_by_their_representations_in_the_order_asked(asked: GatewayClient) -> None:
    found = entities(asked, of("Invoice", INVOICE), of("CreditNote", note(2)), of("CreditNote", note(1)), of("CreditNote", note(2)))
    assert [one["__typename"] for one in found] == ["Invoice", "CreditNote", "CreditNote", "CreditNote"]
    assert [one["id"] for one in found] == [INVOICE, note(2), note(1), note(2)]
    alone = asked.gql("query($id: ID!) { creditNote(id: $id) { __typename id number total { amount } } }", id=note(2))
    assert found[1] == alone["creditNote"]


def test_a_representation_may_stand_in_the_document(asked: GatewayClient) -> None:
    query = 'query($id: ID!) { _entities(representations: [{ __typename: CreditNote, id: $id }, { __typename: "Invoice", id: %s }]) { __typename } }'
    found = asked.gql(query % f'"{INVOICE}"', id=note(1))
    assert found == {"_entities": [{"__typename": "CreditNote"}, {"__typename": "Invoice"}]}


def test_fields_beside_the_key_are_nothing_to_us(asked: GatewayClient) -> None:
    assert entities(asked, {**of("CreditNote", note(1)), "total": {"amount": "9"}, "info": 1}) == entities(
        asked, of("CreditNote", note(1))
    )


def test_many_representations_cost_what_as_many_ids_do(subgraph: GatewayClient, sandbox: SandboxControl) -> None:
    found = entities(subgraph, *(of("CreditNote", note(number)) for number in range(1, 101)), query=NUMBERS)
    assert found == [{"number": f"CN-{number:04}"} for number in range(1, 61)] + [None] * 40
    assert sandbox.requests() == {LIST: 1}


def test_what_does_not_exist_is_null_without_an_error(asked: GatewayClient) -> None:
    gone = [of("CreditNote", note(999)), of("CreditNote", note(1, "nowhere")), of("Invoice", global_id("i:nowhere:INV-1004"))]
    assert entities(asked, *gone) == [None, None, None]


@pytest.mark.parametrize(
    ("representation", "path", "said"),
    [
        ("CreditNote", [], "a representation must be an object of __typename and id"),
        (7, [], "a representation must be an object of __typename and id"),
        ([of("CreditNote", note(1))], [], "a representation must be an object of __typename and id"),
        ({}, ["__typename"], "__typename must be CreditNote or Invoice"),
        ({"id": note(1)}, ["__typename"], "__typename must be CreditNote or Invoice"),
        (of("Account", global_id("a:chargebee-demo:chargebee-demo")), ["__typename"], "__typename must be CreditNote or Invoice"),
        ({"__typename": ["CreditNote"], "id": note(1)}, ["__typename"], "__typename must be CreditNote or Invoice"),
        ({"__typename": "CreditNote"}, ["id"], "id must be a text"),
        (of("Invoice", None), ["id"], "id must be a text"),
        (of("Invoice", 12), ["id"], "id must be a text"),
        (of("Invoice", {"a": 1}), ["id"], "id must be a text"),
        (of("Invoice", "INV-1004"), ["id"], "this is not an id of this gateway"),
        (of("Invoice", "x" * 5000), ["id"], "this is not an id of this gateway"),
        (of("Invoice", note(1)), ["id"], "this is the id of another kind of thing, not of an invoice"),
        (of("CreditNote", INVOICE), ["id"], "this is the id of another kind of thing, not of a credit note"),
    ],
)
def test_a_bad_representation_is_told_at_its_place_and_leaves_the_others(
    asked: GatewayClient, representation: object, path: list[str], said: str
) -> None:
    good = of("CreditNote", note(1))
    answer = asked.ask(NUMBERS, representations=[good, representation, good])
    assert answer["data"] == {"_entities": [{"number": "CN-0001"}, None, {"number": "CN-0001"}]}
    (error,) = answer["errors"]
    assert (error["message"], error["path"]) == (said, ["_entities", 1])
    assert error["extensions"]["code"] == "INVALID_INPUT"
    assert error["extensions"]["path"] == ["representations", "1", *path]


@given(st.lists(anything, max_size=4))
def test_no_representation_is_too_odd_for_an_answer(asked: GatewayClient, representations: list[Any]) -> None:
    answer = asked.ask(ENTITIES, representations=representations)
    assert len(answer["data"]["_entities"]) == len(representations)
    assert {error["extensions"]["code"] for error in answer.get("errors", [])} <= {"INVALID_INPUT"}


@pytest.mark.parametrize("representations", [None, [None]])
def test_what_must_not_be_null_is_refused_as_a_whole(asked: GatewayClient, representations: object) -> None:
    answer = asked.http.post("/graphql", json={"query": ENTITIES, "variables": {"representations": representations}}).json()
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["INVALID_INPUT"]
    assert answer.get("data") is None


def test_more_than_two_hundred_are_refused_before_any_is_read(subgraph: GatewayClient, sandbox: SandboxControl) -> None:
    error = subgraph.error(NUMBERS, representations=[of("CreditNote", note(1))] * 201)
    assert (error["extensions"]["code"], error["extensions"]["path"]) == ("LIMIT_EXCEEDED", ["representations"])
    assert "201 representations" in error["message"]
    assert len(entities(subgraph, *[of("CreditNote", note(1))] * 200)) == 200
    assert sandbox.requests() == {LIST: 1}


def test_thousands_and_what_hangs_on_each_are_counted_before_any_is_read(subgraph: GatewayClient, sandbox: SandboxControl) -> None:
    for query, many, count in ((DEEP, 50, 50 + 50 + 50 * 100), (NUMBERS, 5000, 5000)):
        asked = {"query": query, "variables": {"representations": [of("Invoice", INVOICE)] * many}}
        (error,) = subgraph.http.post("/graphql", json=asked).json()["errors"]
        assert error["extensions"]["code"] == "LIMIT_EXCEEDED"
        assert f"{count} reads" in error["message"]
    assert sandbox.requests() == {}


def test_a_provider_that_fails_takes_its_own_things_only(subgraph: GatewayClient, sandbox: SandboxControl) -> None:
    sandbox.fault(provider="chargebee", method="GET", fault="status", status=403)
    _, zenskar = FIRST_NOTES["zenskar-demo"]
    answer = subgraph.ask(ENTITIES, representations=[of("CreditNote", note(1)), of("CreditNote", zenskar)])
    assert [one and one["id"] for one in answer["data"]["_entities"]] == [None, zenskar]
    assert [(error["path"], error["extensions"]["code"]) for error in answer["errors"]] == [
        (["_entities", 0], "PROVIDER_FORBIDDEN")
    ]


def test_what_is_not_the_callers_is_as_if_it_did_not_exist(guarded: GatewayClient, keys: dict[str, str]) -> None:
    _, theirs = FIRST_NOTES["vcita-demo"]
    absent = global_id("n:nowhere:cn00000000000001")
    invoice, no_invoice = global_id("i:vcita-demo:inv0000000001001"), global_id("i:nowhere:inv0000000001001")
    representations = [of("CreditNote", theirs), of("CreditNote", absent), of("Invoice", invoice), of("Invoice", no_invoice)]
    assert _entities_of(guarded, keys["acme"], *representations) == {"data": {"_entities": [None] * 4}}
    seen = _entities_of(guarded, keys["globex"], *representations)["data"]["_entities"]
    assert [one and one["id"] for one in seen] == [theirs, None, invoice, None]


def test_who_may_not_read_is_told_nothing(guarded: GatewayClient, keys: dict[str, str]) -> None:
    answer = _entities_of(guarded, keys["writer"], of("CreditNote", note(1)))
    assert answer.get("data") is None
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["FORBIDDEN"]


def _entities_of(client: GatewayClient, key: str, *representations: Json) -> Json:
    body = {"query": ENTITIES, "variables": {"representations": representations}}
    found: Json = client.http.post("/graphql", json=body, headers={"Authorization": f"Bearer {key}"}).json()
    return found

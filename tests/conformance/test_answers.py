"""The check of answers has to notice one that is not of the schema."""

from __future__ import annotations

import pytest
from graphql import GraphQLScalarType

from tests.conformance.answers import FORMS, misfits
from tests.conformance.documents import SCHEMA
from tests.support.running import Json

DOCUMENT = "{ __typename accounts { __typename name called: provider health { __typename status } } }"
ACCOUNT: Json = {
    "__typename": "Account",
    "name": "a",
    "called": "VCITA",
    "health": {"__typename": "AccountHealth", "status": "UNKNOWN"},
}
WRONG: dict[str, Json] = {
    "nothing where something is promised": {"name": None},
    "a number for a text": {"name": 1},
    "a word the enumeration does not have": {"called": "NOBODY"},
    "what was not asked for": {"more": 1},
    "another type": {"__typename": "Invoice"},
    "less than was asked for": {"health": {"__typename": "AccountHealth"}},
    "a list for an object": {"health": [ACCOUNT["health"]]},
}
FORMLESS = {"BigInt": 1, "CurrencyCode": "eur", "Date": "2026-1-1", "DateTime": "2026-01-01T00:00:00", "Decimal": "1E+2"}


def answer(**changed: object) -> Json:
    return {"__typename": "Query", "accounts": [{**ACCOUNT, **changed}]}


def test_an_answer_of_the_schema_fits() -> None:
    assert misfits(SCHEMA, DOCUMENT, answer()) == []


@pytest.mark.parametrize("changed", WRONG.values(), ids=list(WRONG))
def test_any_other_does_not(changed: Json) -> None:
    assert misfits(SCHEMA, DOCUMENT, answer(**changed)) != []


@pytest.mark.parametrize("name", sorted(set(FORMS) - {"JSON"}))
def test_a_value_of_another_form_is_refused(name: str) -> None:
    scalar = SCHEMA.type_map[name]
    assert isinstance(scalar, GraphQLScalarType)
    with pytest.raises((AssertionError, ValueError)):
        scalar.coerce_output_value(FORMLESS[name])

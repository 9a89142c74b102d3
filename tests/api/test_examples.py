"""The example queries work: against the schema, and against the demo data."""

from __future__ import annotations

from typing import Any

import graphql
import pytest

from app.api.schema import make_schema, printed
from tests.api.examples import EXAMPLES, operation
from tests.support.running import GatewayClient


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: str(getattr(operation(example).name, "value", "")))
def test_an_example_is_valid_against_the_schema(example: dict[str, Any]) -> None:
    schema, found = graphql.build_schema(printed(make_schema())), operation(example)
    assert graphql.validate(schema, graphql.DocumentNode(definitions=(found,))) == []
    values = graphql.get_variable_values(schema, found.variable_definitions or (), example.get("variables", {}))
    assert not isinstance(values, list), values


def test_every_example_is_answered_without_an_error_and_with_data(gateway: GatewayClient) -> None:
    for example in EXAMPLES:
        data = gateway.gql("\n".join(example["query"]), **example.get("variables", {}))
        assert None not in data.values()
        for payload in data.values():
            if "errors" in payload:  # a write's or a preview's
                assert (payload["errors"], payload.get("outcome", "APPLIED")) == ([], "APPLIED")

"""The example queries that GraphiQL opens with."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import graphql

EXAMPLES: list[dict[str, Any]] = json.loads((Path(__file__).parents[2] / "app" / "api" / "graphiql" / "examples.json").read_text())


def operation(example: dict[str, Any]) -> graphql.OperationDefinitionNode:
    (found,) = graphql.parse("\n".join(example["query"])).definitions
    assert isinstance(found, graphql.OperationDefinitionNode)
    return found

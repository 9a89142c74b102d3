"""Inputs of issuing, at an account that is not there: nothing is ever sent, and all that can be wrong is the input."""

from __future__ import annotations

import json

from tests.support.running import GatewayClient, Json

ISSUE = "mutation($input: IssueCreditNoteInput!) { issueCreditNote(input: $input) { outcome errors { code path message } } }"


def draft(**more: object) -> Json:
    """An input with nothing wrong, at an account that is not there: nothing is ever sent."""
    return {
        "idempotencyKey": "k",
        "against": {"invoice": {"reference": {"account": "nobody", "providerId": "x"}}},
        "credit": {"remaining": True},
        "reason": "OTHER",
        **more,
    }


def answer(client: GatewayClient, **more: object) -> Json:
    """Numbers as Python writes them: 1e400 stays what it is."""
    body = json.dumps({"query": ISSUE, "variables": {"input": draft(**more)}}).replace("Infinity", "1e400")
    found: Json = client.http.post("/graphql", content=body, headers={"Content-Type": "application/json"}).json()
    return found


def problems(client: GatewayClient, **more: object) -> list[tuple[str, tuple[str, ...]]]:
    found = answer(client, **more)
    assert "errors" not in found, found["errors"]
    return [(problem["code"], tuple(problem["path"])) for problem in found["data"]["issueCreditNote"]["errors"]]


def refused(client: GatewayClient, scalar: str, **more: object) -> None:
    """The whole request, because the value is none of its type."""
    found = answer(client, **more)
    assert "data" not in found
    (error,) = found["errors"]
    assert scalar in error["message"]
    assert (error["extensions"]["code"], error["extensions"]["classification"]) == ("INVALID_INPUT", "BAD_REQUEST")

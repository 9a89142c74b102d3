"""What an answer was made from, told to whoever asks with a header: each call to a provider, and what was kept from before."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from app.edge_settings import EdgeSettings
from app.sandbox.server import Addresses
from tests.support.demo import FIRST_NOTES
from tests.support.running import GatewayClient, SandboxControl, serving, settings

NOTE = {"query": f'{{ creditNote(id: "{FIRST_NOTES["zenskar-demo"][1]}") {{ number }} }}'}
PAGE = {"query": "{ creditNotes(first: 3) { nodes { number } } }"}


def sources(client: GatewayClient, asked: dict[str, str], **headers: str) -> Any:
    answer = client.http.post("/graphql", json=asked, headers=headers).json()
    return answer.get("extensions", {}).get("sources")


def test_nobody_is_told_who_does_not_ask(gateway: GatewayClient) -> None:
    for headers in ({}, {"X-Sources": "0"}, {"X-Sources": "yes"}):
        assert "extensions" not in gateway.http.post("/graphql", json=NOTE, headers=headers).json()


def test_a_call_is_told_with_its_time_and_what_was_kept_with_its_age(gateway: GatewayClient) -> None:
    (cold,) = sources(gateway, NOTE, **{"X-Sources": "1"})
    assert {name: value for name, value in cold.items() if name != "durationMs"} == {
        "account": "zenskar-demo",
        "cached": False,
        "outcome": "200",
    }
    assert cold["durationMs"] > 0
    (kept,) = sources(gateway, NOTE, **{"X-Sources": "1"})
    assert {name: value for name, value in kept.items() if name != "ageSeconds"} == {
        "account": "zenskar-demo",
        "cached": True,
        "kind": "note",
        "count": 1,
    }
    assert kept["ageSeconds"] >= 0


def test_every_account_of_a_page_is_told_and_how_one_failed(gateway: GatewayClient, sandbox: SandboxControl) -> None:
    sandbox.fault(provider="vcita", fault="status", status=403)
    told = sources(gateway, PAGE, **{"X-Sources": "1"})
    assert {(one["account"], one["outcome"]) for one in told if not one["cached"]} == {
        ("chargebee-demo", "200"),
        ("vcita-demo", "403"),
        ("zenskar-demo", "200"),
    }


def test_what_asks_nobody_tells_of_nobody(gateway: GatewayClient) -> None:
    assert sources(gateway, {"query": "{ accounts { name } }"}, **{"X-Sources": "1"}) == []


@pytest.mark.parametrize(("wish", "headers", "is_told"), [("always", {}, True), ("never", {"X-Sources": "1"}, False)])
def test_an_operator_decides_whether_it_is_told_always_or_never(
    addresses: Addresses, sandbox: SandboxControl, wish: str, headers: dict[str, str], is_told: bool
) -> None:
    assert sandbox.requests() == {}
    with serving(replace(settings(addresses), edge=EdgeSettings.model_validate({"sources": wish}))) as client:
        assert (sources(client, NOTE, **headers) is not None) is is_told

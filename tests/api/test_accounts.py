"""Accounts: what each says it can do, how it has answered, and that looking at it costs nothing."""

from __future__ import annotations

import base64

import pytest

from app.sandbox.server import Addresses
from tests.support.demo import ACCOUNTS, FIRST_NOTES, provider
from tests.support.running import GatewayClient, Json, SandboxControl, running

ALL = """{ accounts { id name provider health { status checkedAt retryAfterSeconds }
  capabilities { operations { operation level note } filters orders batchLoad idempotency reasons dispositions issueFields } } }"""
HEALTH = "{ accounts { name health { status checkedAt retryAfterSeconds } } }"
NOTE = "query($id: ID!) { creditNote(id: $id, freshness: { maxAgeSeconds: 0 }) { id } }"
ID_OF_ZENSKAR = "YTp6ZW5za2FyLWRlbW86emVuc2thcg"  # a:zenskar-demo:zenskar


def by_name(gateway: GatewayClient, query: str = ALL) -> dict[str, Json]:
    return {row["name"]: row for row in gateway.gql(query)["accounts"]}


def test_the_three_demo_accounts_come_by_name_without_a_call(gateway: GatewayClient, sandbox: SandboxControl) -> None:
    rows = gateway.gql(ALL)["accounts"]
    assert [(row["name"], row["provider"]) for row in rows] == [
        ("chargebee-demo", "CHARGEBEE"),
        ("vcita-demo", "VCITA"),
        ("zenskar-demo", "ZENSKAR"),
    ]
    assert sandbox.requests() == {}


def test_every_operation_is_listed_and_only_what_the_gateway_offers_today_is_offered(gateway: GatewayClient) -> None:
    everywhere = {"GET", "LIST", "ISSUE", "PREVIEW"}
    offered = {
        name: {row["operation"] for row in account["capabilities"]["operations"] if row["level"] != "UNSUPPORTED"}
        for name, account in by_name(gateway).items()
    }
    assert offered == {
        "chargebee-demo": everywhere | {"ISSUE_WITHOUT_INVOICE", "VOID", "REFUND"},
        "vcita-demo": everywhere | {"REFUND"},
        "zenskar-demo": everywhere | {"VOID"},
    }
    everything = {row["operation"] for row in by_name(gateway)["vcita-demo"]["capabilities"]["operations"]}
    assert everything > offered["chargebee-demo"]


def test_what_the_gateway_computes_itself_is_called_so(gateway: GatewayClient) -> None:
    levels = {
        (row["operation"], row["level"])
        for account in by_name(gateway).values()
        for row in account["capabilities"]["operations"]
        if row["level"] != "UNSUPPORTED"
    }
    assert {operation for operation, level in levels if level == "EMULATED"} == {"PREVIEW"}
    assert ("PREVIEW", "NATIVE") not in levels


def test_each_account_says_what_its_provider_can(gateway: GatewayClient) -> None:
    told = {name: account["capabilities"] for name, account in by_name(gateway).items()}
    assert {name: (can["batchLoad"], can["idempotency"]) for name, can in told.items()} == {
        "chargebee-demo": ("NATIVE", "NATIVE"),
        "vcita-demo": ("FAN_OUT", "GATEWAY_ONLY"),
        "zenskar-demo": ("FAN_OUT", "GATEWAY_ONLY"),
    }
    assert {name: can["dispositions"] for name, can in told.items()} == {
        "chargebee-demo": ["INVOICE_BALANCE", "CUSTOMER_CREDIT", "PAYMENT_REFUND", "EXTERNAL_REFUND"],
        "vcita-demo": [],
        "zenskar-demo": ["INVOICE_BALANCE", "CUSTOMER_CREDIT", "PAYMENT_REFUND", "EXTERNAL_REFUND"],
    }
    assert [name for name, can in told.items() if "LINE_ITEMS" in can["issueFields"]] == ["chargebee-demo", "vcita-demo"]
    assert [name for name, can in told.items() if "NUMBER" in can["issueFields"]] == ["vcita-demo"]


def test_an_account_is_a_node(gateway: GatewayClient) -> None:
    query = "query($id: ID!) { node(id: $id) { __typename ... on Account { name } } }"
    assert gateway.gql(query, id=ID_OF_ZENSKAR)["node"] == {"__typename": "Account", "name": "zenskar-demo"}
    assert gateway.gql(query, id="YTp6ZW5za2FyLWRlbW86dmNpdGE")["node"] is None  # a:zenskar-demo:vcita


def test_nothing_is_known_of_an_account_before_it_is_asked(gateway: GatewayClient) -> None:
    assert {row["health"]["status"] for row in by_name(gateway, HEALTH).values()} == {"UNKNOWN"}


@pytest.mark.parametrize("account", ACCOUNTS)
@pytest.mark.parametrize(
    ("fault", "health"),
    [
        (None, "OK"),
        ({"fault": "status", "status": 401}, "UNAUTHENTICATED"),
        ({"fault": "status", "status": 403}, "UNAUTHENTICATED"),
        ({"fault": "status", "status": 500}, "DEGRADED"),
        ({"fault": "garbage"}, "DEGRADED"),
        ({"fault": "html"}, "DEGRADED"),
    ],
)
def test_health_is_what_was_last_seen_of_that_account_alone(
    gateway: GatewayClient, sandbox: SandboxControl, account: str, fault: Json | None, health: str
) -> None:
    if fault:
        sandbox.fault(provider=provider(account), **fault)
    gateway.ask(NOTE, id=FIRST_NOTES[account][1])
    seen = by_name(gateway, HEALTH)
    assert {name: row["health"]["status"] for name, row in seen.items()} == {
        **dict.fromkeys(ACCOUNTS, "UNKNOWN"),
        account: health,
    }
    assert seen[account]["health"]["checkedAt"] is not None


def test_an_account_that_asks_to_wait_says_for_how_long(gateway: GatewayClient, sandbox: SandboxControl) -> None:
    sandbox.fault(provider="zenskar", fault="status", status=429, retry_after=40)
    assert gateway.error(NOTE, id=FIRST_NOTES["zenskar-demo"][1])["extensions"]["retryAfterSeconds"] == 40
    health = by_name(gateway, HEALTH)["zenskar-demo"]["health"]
    assert health["status"] == "RATE_LIMITED"
    assert 38 <= health["retryAfterSeconds"] <= 40


def test_an_account_that_keeps_failing_is_left_alone_for_a_moment(addresses: Addresses, sandbox: SandboxControl) -> None:
    sandbox.fault(provider="vcita", fault="drop_before")
    ids = [
        base64.urlsafe_b64encode(f"n:vcita-demo:cn000000000000{number}".encode()).decode().rstrip("=") for number in range(10, 60)
    ]
    with running(addresses) as gateway:
        answer = gateway.ask("query($ids: [ID!]!) { creditNotesByIds(ids: $ids) { id } }", ids=ids)
        assert {error["extensions"]["code"] for error in answer["errors"]} == {"PROVIDER_UNAVAILABLE"}
        tried = sandbox.calls("vcita")
        assert tried < 50  # not even once for each
        assert gateway.code(NOTE, id=FIRST_NOTES["vcita-demo"][1]) == "PROVIDER_UNAVAILABLE"
        assert sandbox.calls("vcita") == tried
        assert by_name(gateway, HEALTH)["vcita-demo"]["health"]["status"] == "UNAVAILABLE"
        assert gateway.gql(NOTE, id=FIRST_NOTES["zenskar-demo"][1])["creditNote"] is not None

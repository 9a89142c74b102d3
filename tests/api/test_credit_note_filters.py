"""The filter as clients write it: what each member narrows to, what is refused, and what is said of who applied it."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.support.running import GatewayClient, Json

PAGE = """
query($first: Int, $after: String, $filter: CreditNoteFilter, $orderBy: CreditNoteOrder) {
  creditNotes(first: $first, after: $after, filter: $filter, orderBy: $orderBy) {
    totalCount pageInfo { hasNextPage endCursor }
    nodes { id issuedOn updatedAt settlement reason currency total { amount } customer { providerId } account { name } }
    sources { account { name } count complete emulatedFilters fetchedAt
      error { __typename code message path account retryable ... on UnsupportedProblem { operation supportedBy } } }
  }
}"""
ACME = {"chargebee-demo": "acme", "zenskar-demo": "00000000-0000-4000-8000-00000000ac3e"}


def page(gateway: GatewayClient, **variables: object) -> Json:
    found: Json = gateway.gql(PAGE, **{"first": 100, **variables})["creditNotes"]
    return found


def nodes(gateway: GatewayClient, **filter: object) -> list[Json]:
    """All notes that meet the filter, over all pages; who answers answers wholly."""
    after, found = None, list[Json]()
    while True:
        part = page(gateway, first=40, after=after, filter=filter)
        assert all(source["complete"] or source["error"] for source in part["sources"])
        found += part["nodes"]
        after = part["pageInfo"]["endCursor"]
        if not part["pageInfo"]["hasNextPage"]:
            return found


def sources(found: Json) -> dict[str, Json]:
    return {source["account"]["name"]: source for source in found["sources"]}


@pytest.fixture(scope="module")
def everything(asked: GatewayClient) -> list[Json]:
    return nodes(asked)


def ids(found: list[Json]) -> set[str]:
    return {node["id"] for node in found}


@pytest.mark.parametrize(
    ("member", "wanted", "shows"),
    [
        ("settlements", ["SETTLED"], lambda node: node["settlement"] == "SETTLED"),
        ("settlements", ["UNSETTLED"], lambda node: node["settlement"] == "UNSETTLED"),
        ("settlements", ["UNKNOWN"], lambda node: node["settlement"] == "UNKNOWN"),
        ("reasons", ["WAIVER", "ORDER_CHANGE"], lambda node: node["reason"] in {"WAIVER", "ORDER_CHANGE"}),
        ("reasons", ["UNSPECIFIED"], lambda node: node["reason"] == "UNSPECIFIED"),
        ("reasons", ["OTHER"], lambda node: node["reason"] == "OTHER"),
        ("currencies", ["KWD", "GBP"], lambda node: node["currency"] in {"KWD", "GBP"}),
        ("total", {"currency": "JPY"}, lambda node: node["currency"] == "JPY"),
        (
            "total",
            {"currency": "EUR", "min": "16.42", "max": "40"},
            lambda node: node["currency"] == "EUR" and Decimal("16.42") <= Decimal(node["total"]["amount"]) <= 40,
        ),
    ],
)
def test_a_member_narrows_to_the_notes_that_show_it(
    asked: GatewayClient, everything: list[Json], member: str, wanted: object, shows: Any
) -> None:
    expected = ids([node for node in everything if shows(node)])
    assert expected
    assert ids(nodes(asked, **{member: wanted})) == expected


def test_a_range_of_days_has_both_its_ends(asked: GatewayClient, everything: list[Json]) -> None:
    days = sorted({node["issuedOn"] for node in everything})
    first, last = days[8], days[11]
    found = nodes(asked, issued={"from": first, "to": last})
    assert ids(found) == ids([node for node in everything if first <= node["issuedOn"] <= last])
    assert {first, last} <= {node["issuedOn"] for node in found}
    assert ids(nodes(asked, issued={"to": first})) == ids([node for node in everything if node["issuedOn"] <= first])
    assert ids(nodes(asked, issued={})) == ids(everything)


def test_a_range_of_instants_has_its_start_and_not_its_end(asked: GatewayClient, everything: list[Json]) -> None:
    told = sorted(
        (node for node in everything if node["account"]["name"] == "chargebee-demo"),
        key=lambda node: datetime.fromisoformat(node["updatedAt"]),
    )
    start, end = told[5]["updatedAt"], told[9]["updatedAt"]
    found = nodes(asked, accounts=["chargebee-demo"], updated={"from": start, "until": end})
    assert ids(found) == {node["id"] for node in told if start <= node["updatedAt"] < end}
    assert told[5]["id"] in ids(found)
    assert told[9]["id"] not in ids(found)
    in_another_zone = (datetime.fromisoformat(start) + timedelta(hours=2)).isoformat().replace("+00:00", "+02:00")
    assert ids(nodes(asked, accounts=["chargebee-demo"], updated={"from": in_another_zone, "until": end})) == ids(found)


@pytest.mark.parametrize("account", ACME)
def test_the_notes_of_a_customer_are_those_its_account_knows_by_that_id(
    asked: GatewayClient, everything: list[Json], account: str
) -> None:
    found = nodes(asked, accounts=[account], customerProviderIds=[ACME[account], "nobody"])
    own = [node for node in everything if node["account"]["name"] == account]
    assert ids(found) == ids([node for node in own if node["customer"]["providerId"] == ACME[account]])
    assert 0 < len(found) < len(own)


def test_what_an_account_never_tells_is_refused_by_it_alone(asked: GatewayClient) -> None:
    found = page(asked, filter={"customerProviderIds": ["acme"]})
    assert {node["account"]["name"] for node in found["nodes"]} == {"chargebee-demo"}
    told = sources(found)
    assert told["vcita-demo"]["error"] == {
        "__typename": "UnsupportedProblem",
        "code": "UNSUPPORTED_FILTER",
        "message": "vcita does not tell enough to filter by customerProviderIds",
        "path": ["filter", "customerProviderIds"],
        "account": "vcita-demo",
        "retryable": False,
        "operation": None,
        "supportedBy": ["CHARGEBEE", "ZENSKAR"],
    }
    assert (told["vcita-demo"]["complete"], told["vcita-demo"]["fetchedAt"]) == (False, None)
    assert told["chargebee-demo"]["error"] is told["zenskar-demo"]["error"] is None
    updated = sources(page(asked, filter={"updated": {"from": "2026-01-01T00:00:00Z"}}))
    assert {name: source["error"] and source["error"]["path"] for name, source in updated.items()} == {
        "chargebee-demo": None,
        "vcita-demo": None,
        "zenskar-demo": ["filter", "updated"],
    }


EMULATED: dict[str, tuple[Json, list[str]]] = {
    "CUSTOMER": ({"customerProviderIds": ["acme"]}, []),
    "STATUS": ({"statuses": ["VOIDED"]}, ["vcita-demo"]),
    "SETTLEMENT": ({"settlements": ["SETTLED"]}, ["vcita-demo", "zenskar-demo"]),
    "REASON": ({"reasons": ["WAIVER"]}, ["vcita-demo", "zenskar-demo"]),
    "CURRENCY": ({"currencies": ["EUR"]}, ["chargebee-demo", "vcita-demo", "zenskar-demo"]),
    "ISSUED": ({"issued": {"from": "2001-09-10"}}, ["vcita-demo", "zenskar-demo"]),
    "UPDATED": ({"updated": {"from": "2001-09-10T00:00:00Z"}}, ["vcita-demo"]),
    "TOTAL": ({"total": {"currency": "EUR"}}, ["chargebee-demo", "vcita-demo", "zenskar-demo"]),
}


@pytest.mark.parametrize("filter", EMULATED)
def test_who_applied_a_filter_is_said_and_nobody_else_is_left_where_that_is_asked(asked: GatewayClient, filter: str) -> None:
    wish, here = EMULATED[filter]
    told = {name: source for name, source in sources(page(asked, filter=wish)).items() if source["error"] is None}
    assert {name: source["emulatedFilters"] for name, source in told.items()} == {
        name: [filter] if name in here else [] for name in told
    }
    able = asked.gql("{ accounts { name capabilities { filters } } }")["accounts"]
    declared = {row["name"] for row in able if filter in row["capabilities"]["filters"]}
    assert declared == set(told) - set(here)
    native = page(asked, filter={**wish, "nativeOnly": True})
    for name, source in sources(native).items():
        assert (source["error"] is None) is (name in declared)
        assert source["error"] is None or (source["error"]["code"], source["error"]["account"]) == ("UNSUPPORTED_FILTER", name)
        assert source["emulatedFilters"] == []
    assert {node["account"]["name"] for node in native["nodes"]} <= declared
    assert native["totalCount"] is None


def test_values_a_provider_cannot_ask_for_are_refused_by_its_own_filter_too(asked: GatewayClient) -> None:
    wish = {"accounts": ["zenskar-demo"], "statuses": ["ISSUED"]}  # two of its words
    assert sources(page(asked, filter=wish))["zenskar-demo"]["emulatedFilters"] == ["STATUS"]
    refused = page(asked, filter={**wish, "nativeOnly": True})
    assert (refused["nodes"], sources(refused)["zenskar-demo"]["error"]["code"]) == ([], "UNSUPPORTED_FILTER")
    wish["statuses"] = ["VOIDED"]
    fine = page(asked, filter={**wish, "nativeOnly": True})
    assert (len(fine["nodes"]), fine["totalCount"]) == (4, 4)


@pytest.mark.parametrize(
    ("filter", "code", "path"),
    [
        ({"issued": {"from": "2026-01-02", "to": "2026-01-01"}}, "INVALID_INPUT", ["filter", "issued", "to"]),
        (
            {"updated": {"from": "2026-01-01T00:00:00Z", "until": "2026-01-01T00:30:00+01:00"}},
            "INVALID_INPUT",
            ["filter", "updated", "until"],
        ),
        ({"total": {"currency": "EUR", "min": "2", "max": "1.99"}}, "INVALID_INPUT", ["filter", "total", "max"]),
        ({"customerProviderIds": ["c"] * 201}, "LIMIT_EXCEEDED", ["filter", "customerProviderIds"]),
        ({"invoiceIds": ["i"] * 201}, "LIMIT_EXCEEDED", ["filter", "invoiceIds"]),
        ({"invoiceIds": ["i"]}, "INVALID_INPUT", ["filter", "invoiceIds", "0"]),
    ],
)
def test_a_filter_that_makes_no_sense_is_refused_by_its_place(
    asked: GatewayClient, filter: Json, code: str, path: list[str]
) -> None:
    error = asked.error(PAGE, filter=filter)
    assert (error["extensions"]["code"], error["extensions"]["path"]) == (code, path)


@pytest.mark.parametrize(
    "filter",
    [
        {"total": {"currency": "EUR", "min": "12345678901234567890123456789012345678901"}},
        {"total": {"currency": "XXX"}},
        {"currencies": ["eur"]},
        {"issued": {"from": "2026-02-30"}},
        {"updated": {"from": "2026-02-01T00:00:00"}},
        {"updated": {"from": "0001-01-01T00:00:00+14:00"}},
        {"updated": {"until": "9999-12-31T23:59:59-12:00"}},
    ],
)
def test_a_value_that_is_none_of_its_kind_is_refused(asked: GatewayClient, filter: Json) -> None:
    assert asked.code(PAGE, filter=filter) == "INVALID_INPUT"


def test_ends_far_off_find_what_is_between_them(asked: GatewayClient, everything: list[Json]) -> None:
    wide = {
        "issued": {"from": "0001-01-01", "to": "9999-12-31"},
        "total": {
            "currency": "EUR",
            "min": "-9999999999999999999999999999999999999999",
            "max": "9999999999999999999999999999999999999999",
        },
    }
    assert ids(nodes(asked, **wide)) == ids([node for node in everything if node["currency"] == "EUR"])
    assert nodes(asked, issued={"from": "9999-12-31"}) == nodes(asked, issued={"to": "0001-01-01"}) == []


def test_a_cursor_belongs_to_its_filter(asked: GatewayClient) -> None:
    wish: Json = {"currencies": ["EUR"], "issued": {"from": "2001-01-01"}}
    cursor = page(asked, first=2, filter=wish)["pageInfo"]["endCursor"]
    others: list[Json] = [
        {**wish, "currencies": ["EUR", "USD"]},
        {**wish, "issued": {"from": "2001-01-02"}},
        {**wish, "issued": {"to": "2001-01-01"}},
        {**wish, "nativeOnly": True},
        {**wish, "total": {"currency": "EUR"}},
        {**wish, "reasons": ["WAIVER"]},
    ]
    for other in others:
        error = asked.error(PAGE, first=2, filter=other, after=cursor)
        assert (error["extensions"]["code"], error["extensions"]["path"]) == ("INVALID_INPUT", ["after"])
    assert asked.code(PAGE, first=2, filter=wish, after=cursor, orderBy="ISSUED_ASC") == "INVALID_INPUT"
    assert len(page(asked, first=9, filter={**wish, "currencies": ["EUR", "EUR"], "nativeOnly": False}, after=cursor)["nodes"]) == 9

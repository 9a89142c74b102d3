"""Lists over all accounts: merged, paged by cursor, narrowed by filters, and honest about who did not answer."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import groupby

import pytest

from tests.support.demo import ACCOUNTS, UNPAID, invoice_id
from tests.support.running import GatewayClient, Json, SandboxControl

PAGE = """
query($first: Int, $after: String, $filter: CreditNoteFilter, $orderBy: CreditNoteOrder) {
  creditNotes(first: $first, after: $after, filter: $filter, orderBy: $orderBy) {
    totalCount nodes { id createdAt status account { name } invoice { providerId } } edges { cursor node { id } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    sources { account { name } count complete emulatedFilters fetchedAt error { code message account retryable } }
  }
}"""
OF_INVOICE = """
query($account: String!, $id: String!, $first: Int, $after: String) {
  invoiceByReference(account: $account, by: { providerId: $id }) {
    creditNotes(first: $first, after: $after) { nodes { id } pageInfo { hasNextPage endCursor } } } }"""


def page(gateway: GatewayClient, **variables: object) -> Json:
    found: Json = gateway.gql(PAGE, **variables)["creditNotes"]
    return found


def walk(gateway: GatewayClient, after: str | None = None, **variables: object) -> Iterator[Json]:
    """Every page to the last."""
    while True:
        found = page(gateway, after=after, **variables)
        yield found
        after = found["pageInfo"]["endCursor"]
        if not found["pageInfo"]["hasNextPage"]:
            return


def nodes(pages: Iterator[Json]) -> list[Json]:
    return [node for found in pages for node in found["nodes"]]


def global_invoice_id(gateway: GatewayClient, account: str, number: int) -> str:
    query = "query($a: String!, $p: String!) { invoiceByReference(account: $a, by: { providerId: $p }) { id } }"
    id: str = gateway.gql(query, a=account, p=invoice_id(account, number))["invoiceByReference"]["id"]
    return id


@pytest.mark.parametrize("first", [7, 25, 100])
@pytest.mark.parametrize("order", ["ISSUED_DESC", "ISSUED_ASC"])
def test_a_walk_shows_every_note_once_and_in_order(gateway: GatewayClient, first: int, order: str) -> None:
    found = nodes(walk(gateway, first=first, orderBy=order))
    instants = [datetime.fromisoformat(node["createdAt"]) for node in found]
    assert len({node["id"] for node in found}) == len(found) == 180
    assert sorted(instants, reverse=order == "ISSUED_DESC") == instants
    assert {name: sum(node["account"]["name"] == name for node in found) for name in ACCOUNTS} == dict.fromkeys(ACCOUNTS, 60)


def test_only_the_last_page_says_that_nothing_comes_after_it(gateway: GatewayClient) -> None:
    pages = list(walk(gateway, first=70))
    assert [len(found["nodes"]) for found in pages] == [70, 70, 40]
    assert [found["pageInfo"]["hasNextPage"] for found in pages] == [True, True, False]
    assert [found["pageInfo"]["hasPreviousPage"] for found in pages] == [False, True, True]


def test_a_page_that_ends_with_the_last_note_is_the_last(gateway: GatewayClient) -> None:
    pages = list(walk(gateway, first=60, filter={"accounts": ["vcita-demo"]}))
    assert [len(found["nodes"]) for found in pages] == [60]


def test_every_edge_has_the_cursor_behind_its_note(gateway: GatewayClient) -> None:
    whole = page(gateway, first=10)
    assert [edge["node"]["id"] for edge in whole["edges"]] == [node["id"] for node in whole["nodes"]]
    for index in (0, 4, 8):
        rest = page(gateway, first=10, after=whole["edges"][index]["cursor"])
        assert rest["nodes"][: 9 - index] == whole["nodes"][index + 1 :]
    assert whole["pageInfo"]["startCursor"] == whole["edges"][0]["cursor"]


def test_a_note_issued_during_a_walk_neither_hides_nor_doubles_another(gateway: GatewayClient, sandbox: SandboxControl) -> None:
    first = page(gateway, first=50)
    for account in ACCOUNTS:
        issued = gateway.issue(account, invoice_id(account, UNPAID), {"total": {"amount": "1.00", "currency": "USD"}})
        assert issued["outcome"] == "APPLIED"
    after = first["pageInfo"]["endCursor"]
    rest = []
    while after is not None:
        found = page(gateway, first=50, after=after)
        rest += [node["id"] for node in found["nodes"]]
        after = found["pageInfo"]["endCursor"] if found["pageInfo"]["hasNextPage"] else None
    seen = [node["id"] for node in first["nodes"]] + rest
    assert len(set(seen)) == len(seen) == 180
    newest = {node["account"]["name"] for node in page(gateway, first=3)["nodes"]}
    assert newest == set(ACCOUNTS)


def test_a_page_costs_one_call_for_each_account_and_one_more_where_a_provider_counts_pages(
    gateway: GatewayClient, sandbox: SandboxControl
) -> None:
    first = page(gateway, first=25)
    assert [sandbox.calls(name) for name in ("chargebee", "vcita", "zenskar")] == [1, 1, 1]
    page(gateway, first=25)
    assert [sandbox.calls(name) for name in ("chargebee", "vcita", "zenskar")] == [1, 1, 1]  # kept for a moment
    rest = list(walk(gateway, after=first["pageInfo"]["endCursor"], first=25))
    assert len(rest) == 7
    assert sandbox.calls("chargebee") == 8
    assert max(sandbox.calls(name) for name in ("vcita", "zenskar")) <= 15


@pytest.mark.parametrize("order", ["ISSUED_DESC", "ISSUED_ASC"])
def test_notes_of_one_instant_are_all_shown_and_none_twice(gateway: GatewayClient, sandbox: SandboxControl, order: str) -> None:
    for _ in range(12):  # Chargebee counts in seconds
        sandbox.act("chargebee", "issue", invoice_id=invoice_id("chargebee-demo", UNPAID), minor=100)
    found = nodes(walk(gateway, first=2, orderBy=order, filter={"accounts": ["chargebee-demo"]}))
    assert len({node["id"] for node in found}) == len(found) == 72


def test_account_and_invoice_of_a_listed_note_cost_nothing(gateway: GatewayClient, sandbox: SandboxControl) -> None:
    query = "{ creditNotes(first: 100) { nodes { account { name provider capabilities { reasons } } invoice { id account { name } } } } }"
    gateway.gql(query)
    assert sum(sandbox.requests().values()) == 3


def test_the_notes_of_many_invoices_are_read_together_at_chargebee(gateway: GatewayClient, sandbox: SandboxControl) -> None:
    query = """{ creditNotes(first: 20, filter: { providers: [CHARGEBEE] }) {
        nodes { id invoice { creditNotes(first: 5) { nodes { id } } } } } }"""
    found = gateway.gql(query)["creditNotes"]["nodes"]
    assert [note["invoice"]["creditNotes"]["nodes"] for note in found] == [[{"id": note["id"]}] for note in found]
    assert sandbox.requests() == {("chargebee", "GET", "/api/v2/credit_notes"): 2}


@pytest.mark.parametrize("account", ACCOUNTS)
def test_the_notes_of_one_invoice_are_paged_newest_first(gateway: GatewayClient, account: str) -> None:
    invoice = invoice_id(account, UNPAID)
    issued = [
        gateway.issue(account, invoice, {"total": {"amount": f"{n}.00", "currency": "USD"}})["creditNote"]["id"] for n in (1, 2, 3)
    ]
    first = gateway.gql(OF_INVOICE, account=account, id=invoice, first=2)["invoiceByReference"]["creditNotes"]
    assert [note["id"] for note in first["nodes"]] == [issued[2], issued[1]]
    assert first["pageInfo"]["hasNextPage"]
    rest = gateway.gql(OF_INVOICE, account=account, id=invoice, first=2, after=first["pageInfo"]["endCursor"])
    assert rest["invoiceByReference"]["creditNotes"]["nodes"] == [{"id": issued[0]}]
    assert not rest["invoiceByReference"]["creditNotes"]["pageInfo"]["hasNextPage"]


def test_a_cursor_of_an_invoices_notes_is_not_one_of_another_invoice(gateway: GatewayClient) -> None:
    account = "zenskar-demo"
    first = gateway.gql(OF_INVOICE, account=account, id=invoice_id(account, 2001), first=1)
    cursor = first["invoiceByReference"]["creditNotes"]["pageInfo"]["endCursor"]
    error = gateway.error(OF_INVOICE, account=account, id=invoice_id(account, 2002), after=cursor)
    assert (error["extensions"]["code"], error["extensions"]["path"]) == ("INVALID_INPUT", ["after"])


def test_filters_narrow_together(gateway: GatewayClient) -> None:
    def listed(**filter: object) -> list[Json]:
        return nodes(walk(gateway, first=100, filter=filter))

    by_account = listed(accounts=["zenskar-demo", "vcita-demo", "vcita-demo"])
    assert {name: len(list(rows)) for name, rows in groupby(sorted(node["account"]["name"] for node in by_account))} == {
        "vcita-demo": 60,
        "zenskar-demo": 60,
    }
    assert {node["account"]["name"] for node in listed(providers=["CHARGEBEE", "VCITA"])} == {"chargebee-demo", "vcita-demo"}
    assert listed(providers=["CHARGEBEE"], accounts=["vcita-demo"]) == []
    invoices = [global_invoice_id(gateway, account, 2007) for account in ACCOUNTS]
    of_invoices = listed(invoiceIds=invoices)
    assert [node["invoice"]["providerId"] for node in sorted(of_invoices, key=lambda node: str(node["account"]["name"]))] == [
        invoice_id(account, 2007) for account in ACCOUNTS
    ]
    assert len(listed(invoiceIds=invoices, accounts=["zenskar-demo"])) == 1


@pytest.mark.parametrize(
    "empty",
    ["accounts", "providers", "invoiceIds", "customerProviderIds", "statuses", "settlements", "reasons", "currencies"],
)
def test_an_empty_list_matches_nothing(gateway: GatewayClient, empty: str) -> None:
    found = page(gateway, filter={empty: []})
    assert found["nodes"] == []
    assert found["pageInfo"] == {"hasNextPage": False, "hasPreviousPage": False, "startCursor": None, "endCursor": None}


def test_an_unknown_account_in_a_filter_is_not_found(gateway: GatewayClient) -> None:
    error = gateway.error(PAGE, filter={"accounts": ["vcita-demo", "nobody"]})
    assert (error["extensions"]["code"], error["extensions"]["path"]) == ("NOT_FOUND", ["filter", "accounts", "1"])


def test_an_invoice_of_an_account_that_is_not_there_is_not_found(gateway: GatewayClient, sandbox: SandboxControl) -> None:
    stranger = "aTpzb21lb25lLWVsc2U6SU5WLTEwMDE"  # i:someone-else:INV-1001
    invoices = [global_invoice_id(gateway, "vcita-demo", UNPAID), stranger]
    error = gateway.error(PAGE, filter={"invoiceIds": invoices})
    assert (error["extensions"]["code"], error["extensions"]["path"]) == ("NOT_FOUND", ["filter", "invoiceIds", "1"])
    assert sandbox.requests() == {}


# Every fifteenth of the sixty old notes at each provider was voided, where the provider can void; vcita knows only its own two words.
@pytest.mark.parametrize(("account", "voided"), [("chargebee-demo", 4), ("zenskar-demo", 4), ("vcita-demo", 0)])
def test_a_status_narrows_the_list_at_every_provider(gateway: GatewayClient, account: str, voided: int) -> None:
    found = nodes(walk(gateway, first=2, filter={"accounts": [account], "statuses": ["VOIDED"]}))
    assert len({node["id"] for node in found}) == len(found) == voided
    assert {node["status"] for node in found} <= {"VOIDED"}
    others = nodes(walk(gateway, first=9, filter={"accounts": [account], "statuses": ["ISSUED", "PENDING"]}))
    assert len({node["id"] for node in others}) == len(others) == 60 - voided


def test_a_filter_applied_here_is_named(gateway: GatewayClient) -> None:
    sources = page(gateway, filter={"statuses": ["VOIDED"]})["sources"]
    told = {source["account"]["name"]: source["emulatedFilters"] for source in sources}
    able = {
        row["name"]: row["capabilities"]["filters"]
        for row in gateway.gql("{ accounts { name capabilities { filters } } }")["accounts"]
    }
    assert told == {account: [] if "STATUS" in able[account] else ["STATUS"] for account in ACCOUNTS}
    assert "STATUS" not in able["vcita-demo"]


def test_one_account_that_fails_is_told_and_hides_no_other(gateway: GatewayClient, sandbox: SandboxControl) -> None:
    sandbox.fault(provider="vcita", fault="status", status=401)
    found = page(gateway, first=30)
    sources = {source["account"]["name"]: source for source in found["sources"]}
    assert {node["account"]["name"] for node in found["nodes"]} == {"chargebee-demo", "zenskar-demo"}
    assert [sources[name]["complete"] for name in ACCOUNTS] == [True, False, True]
    assert [sources[name]["count"] for name in ACCOUNTS] == [15, 0, 15]
    assert sources["vcita-demo"]["fetchedAt"] is None
    assert sources["vcita-demo"]["error"]["code"] == "PROVIDER_UNAUTHENTICATED"
    assert sources["vcita-demo"]["error"]["account"] == "vcita-demo"
    assert sources["chargebee-demo"]["error"] is sources["zenskar-demo"]["error"] is None


def test_the_notes_an_account_owed_come_once_it_is_back(gateway: GatewayClient, sandbox: SandboxControl) -> None:
    sandbox.fault(provider="zenskar", fault="status", status=401)
    first = page(gateway, first=90)
    sandbox.reset()
    after = first["pageInfo"]["endCursor"]
    rest = nodes(walk(gateway, after=after, first=90))
    seen = [node["id"] for node in [*first["nodes"], *rest]]
    assert len(set(seen)) == len(seen) == 180


def test_two_hundred_invoices_can_be_walked_by_cursor(gateway: GatewayClient) -> None:
    numbers = list(range(2001, 2061)) + list(range(9000, 9006))
    ids = [global_invoice_id(gateway, account, number) for account in ACCOUNTS for number in numbers]
    found = nodes(walk(gateway, first=20, filter={"invoiceIds": ids}))
    assert len({node["id"] for node in found}) == len(found) == 178  # two of Chargebee's sixty stand without an invoice

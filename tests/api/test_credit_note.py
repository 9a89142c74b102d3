"""Reading notes by id: one, many, any node; what the cache says about itself, and what costs a call."""

from __future__ import annotations

import pytest

from app.sandbox.server import Addresses
from app.timings import Timings
from tests.support.demo import ACCOUNTS, FIRST_NOTES, UNPAID, invoice_id, provider
from tests.support.running import GatewayClient, Json, SandboxControl, running

BY_ID = "query($id: ID!, $fresh: FreshnessInput) { creditNote(id: $id, freshness: $fresh) { providerId source { origin stale fetchedAt } } }"
BY_IDS = "query($ids: [ID!]!) { creditNotesByIds(ids: $ids) { providerId } }"
NODES = "query($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }"
CHARGEBEE_ID, VCITA_ID, ZENSKAR_ID = (FIRST_NOTES[account][1] for account in ACCOUNTS)
ABSENT = "bjpjaGFyZ2ViZWUtZGVtbzpDTi05OTk5"  # n:chargebee-demo:CN-9999
INVOICE_1002 = "aTpjaGFyZ2ViZWUtZGVtbzpJTlYtMTAwMg"  # i:chargebee-demo:INV-1002
STRANGER = "bjpzb21lb25lLWVsc2U6Q04tMDAwMQ"  # n:someone-else:CN-0001


def origin(gateway: GatewayClient, **freshness: object) -> Json:
    source: Json = gateway.gql(BY_ID, id=CHARGEBEE_ID, fresh=freshness or None)["creditNote"]["source"]
    return source


@pytest.mark.parametrize("account", ACCOUNTS)
def test_a_note_of_each_provider_is_read_by_its_global_id(gateway: GatewayClient, account: str) -> None:
    provider_id, id = FIRST_NOTES[account]
    note = gateway.gql(
        """query($id: ID!) { creditNote(id: $id) {
            id providerId provider account { name provider } currency total { amount minorUnits currency exponent }
            invoice { providerId account { name } } lineItems { amount { amount } } raw } }""",
        id=id,
    )["creditNote"]
    assert note.pop("raw")
    assert note == {
        "id": id,
        "providerId": provider_id,
        "provider": provider(account).upper(),
        "account": {"name": account, "provider": provider(account).upper()},
        "currency": "USD",
        "total": {"amount": "11.07", "minorUnits": "1107", "currency": "USD", "exponent": 2},
        "invoice": {"providerId": invoice_id(account, 2001), "account": {"name": account}},
        "lineItems": [{"amount": {"amount": "11.07"}}],
    }


@pytest.mark.parametrize("account", ACCOUNTS)
def test_a_reference_by_the_providers_id_leads_to_the_same_note(gateway: GatewayClient, account: str) -> None:
    provider_id, id = FIRST_NOTES[account]
    query = "query($a: String!, $p: String!) { creditNoteByReference(account: $a, by: { providerId: $p }) { id } }"
    assert gateway.gql(query, a=account, p=provider_id) == {"creditNoteByReference": {"id": id}}


def test_chargebee_finds_a_note_by_its_number_which_is_its_id(gateway: GatewayClient) -> None:
    query = '{ creditNoteByReference(account: "chargebee-demo", by: { number: "CN-0001" }) { id number } }'
    assert gateway.gql(query) == {"creditNoteByReference": {"id": CHARGEBEE_ID, "number": "CN-0001"}}


@pytest.mark.parametrize("account", ["vcita-demo", "zenskar-demo"])
@pytest.mark.parametrize("field", ["creditNoteByReference", "invoiceByReference"])
def test_a_number_is_unsupported_where_the_provider_cannot_find_by_it(
    gateway: GatewayClient, sandbox: SandboxControl, account: str, field: str
) -> None:
    error = gateway.error(f'query($a: String!) {{ {field}(account: $a, by: {{ number: "1" }}) {{ id }} }}', a=account)
    assert error["extensions"]["code"] == "UNSUPPORTED"
    assert error["extensions"]["path"] == ["by", "number"]
    assert error["extensions"]["account"] == account
    assert sandbox.requests() == {}


@pytest.mark.parametrize("field", ["creditNoteByReference", "invoiceByReference"])
def test_an_empty_name_is_refused_with_its_path(gateway: GatewayClient, field: str) -> None:
    error = gateway.error(f'{{ {field}(account: "chargebee-demo", by: {{ providerId: " " }}) {{ id }} }}')
    assert (error["extensions"]["code"], error["extensions"]["path"]) == ("INVALID_INPUT", ["by", "providerId"])


@pytest.mark.parametrize("field", ["creditNoteByReference", "invoiceByReference"])
def test_an_unknown_account_is_not_found(gateway: GatewayClient, field: str) -> None:
    error = gateway.error(f'{{ {field}(account: "nobody", by: {{ providerId: "x" }}) {{ id }} }}')
    assert (error["extensions"]["code"], error["extensions"]["path"]) == ("NOT_FOUND", ["account"])


@pytest.mark.parametrize("id", [ABSENT, STRANGER])
def test_a_note_that_does_not_exist_is_null_without_an_error(gateway: GatewayClient, id: str) -> None:
    assert gateway.gql("query($id: ID!) { creditNote(id: $id) { id } node(id: $id) { id } }", id=id) == {
        "creditNote": None,
        "node": None,
    }


def test_the_id_of_another_kind_of_thing_is_refused(gateway: GatewayClient) -> None:
    assert gateway.code(BY_ID, id=INVOICE_1002) == "INVALID_INPUT"
    assert gateway.code("query($id: ID!) { invoice(id: $id) { id } }", id=CHARGEBEE_ID) == "INVALID_INPUT"


def test_a_node_is_a_note_an_invoice_or_an_account(gateway: GatewayClient) -> None:
    (account,) = (row["id"] for row in gateway.gql("{ accounts { id name } }")["accounts"] if row["name"] == "vcita-demo")
    ids = [account, ZENSKAR_ID, ABSENT, INVOICE_1002, CHARGEBEE_ID]
    names = ["Account", "CreditNote", None, "Invoice", "CreditNote"]
    expected = [name and {"__typename": name, "id": id} for name, id in zip(names, ids, strict=True)]
    assert gateway.gql(NODES, ids=ids) == {"nodes": expected}


def test_many_notes_come_in_the_order_asked_with_null_for_what_is_absent(gateway: GatewayClient) -> None:
    found = gateway.gql(BY_IDS, ids=[ZENSKAR_ID, ABSENT, CHARGEBEE_ID, VCITA_ID, ZENSKAR_ID])["creditNotesByIds"]
    assert [note and note["providerId"] for note in found] == [
        "00000000-0000-4000-8000-000000003001",
        None,
        "CN-0001",
        "cn00000000000001",
        "00000000-0000-4000-8000-000000003001",
    ]


def test_one_failing_account_or_id_leaves_the_others(gateway: GatewayClient, sandbox: SandboxControl) -> None:
    sandbox.fault(provider="vcita", method="GET", fault="status", status=403)
    answer = gateway.ask(BY_IDS, ids=[CHARGEBEE_ID, VCITA_ID, "rubbish", ZENSKAR_ID])
    assert [note and note["providerId"] for note in answer["data"]["creditNotesByIds"]] == [
        "CN-0001",
        None,
        None,
        "00000000-0000-4000-8000-000000003001",
    ]
    told = {tuple(error["path"]): error["extensions"]["code"] for error in answer["errors"]}
    assert told == {("creditNotesByIds", 1): "PROVIDER_FORBIDDEN", ("creditNotesByIds", 2): "INVALID_INPUT"}


def test_the_same_note_asked_in_many_places_costs_one_call(gateway: GatewayClient, sandbox: SandboxControl) -> None:
    fields = " ".join(
        f'f{index}: creditNote(id: "{VCITA_ID}") {{ id account {{ name health {{ status }} }} }}' for index in range(20)
    )
    gateway.gql(f'{{ {fields} node(id: "{VCITA_ID}") {{ id }} }}')
    assert sandbox.requests() == {("vcita", "GET", "/v3/payments/credit_notes/{uid}"): 1}


def test_lines_that_live_elsewhere_are_fetched_only_when_asked_for(gateway: GatewayClient, sandbox: SandboxControl) -> None:
    note = ("zenskar", "GET", "/credit_notes/{credit_note_id}")
    lines = ("zenskar", "GET", "/files/credit_notes/{credit_note_id}/line_items.json")
    gateway.gql(BY_ID, id=ZENSKAR_ID)
    assert sandbox.requests() == {note: 1}
    asked = 'a: creditNote(id: "{0}") {{ lineItems {{ description }} }} b: creditNote(id: "{0}") {{ lineItems {{ description }} }}'
    found = gateway.gql("{" + asked.format(ZENSKAR_ID) + "}")
    assert found["a"] == found["b"] == {"lineItems": [{"description": "Service unsatisfactory"}]}
    assert sandbox.requests() == {note: 1, lines: 1}


def test_lines_that_cannot_be_had_leave_the_rest_of_the_note(gateway: GatewayClient, sandbox: SandboxControl) -> None:
    sandbox.fault(provider="zenskar", path="/files/*", fault="html")
    answer = gateway.ask("query($id: ID!) { creditNote(id: $id) { number lineItems { description } } }", id=ZENSKAR_ID)
    assert answer["data"]["creditNote"] == {"number": "CN-000001", "lineItems": None}
    (error,) = answer["errors"]
    assert error["path"] == ["creditNote", "lineItems"]
    assert error["extensions"]["code"] == "PROVIDER_BAD_PAYLOAD"


def test_an_answer_says_whether_it_was_kept_from_before(gateway: GatewayClient, sandbox: SandboxControl) -> None:
    first, second = origin(gateway), origin(gateway)
    assert (first["origin"], second["origin"]) == ("LIVE", "CACHE")
    assert second["fetchedAt"] == first["fetchedAt"]
    assert first["stale"] is second["stale"] is False
    assert sandbox.calls("chargebee") == 1


def test_an_age_of_zero_asks_the_provider(gateway: GatewayClient, sandbox: SandboxControl) -> None:
    before = origin(gateway)
    now = origin(gateway, maxAgeSeconds=0)
    assert now["origin"] == "LIVE"
    assert now["fetchedAt"] > before["fetchedAt"]
    assert sandbox.calls("chargebee") == 2


def test_an_old_answer_stands_in_for_a_failing_provider_only_where_that_is_wanted(
    gateway: GatewayClient, sandbox: SandboxControl
) -> None:
    before = origin(gateway)
    sandbox.fault(provider="chargebee", fault="drop_before")
    assert gateway.code(BY_ID, id=CHARGEBEE_ID, fresh={"maxAgeSeconds": 0}) == "PROVIDER_UNAVAILABLE"
    assert origin(gateway, maxAgeSeconds=0, allowStaleOnError=True) == {
        "origin": "CACHE",
        "stale": True,
        "fetchedAt": before["fetchedAt"],
    }


def test_an_old_invoice_and_an_old_page_stand_in_as_well_and_say_so(addresses: Addresses, sandbox: SandboxControl) -> None:
    query = """query($id: ID!, $fresh: FreshnessInput) {
      invoice(id: $id, freshness: $fresh) { details { status source { origin stale fetchedAt } } }
      creditNotes(filter: { accounts: ["chargebee-demo"] }, freshness: $fresh) {
        nodes { id source { stale } } sources { count complete fetchedAt error { code } }
      }
    }"""
    with running(addresses, timings=Timings(list_fresh_s=0.05, invoice_fresh_s=0.05)) as gateway:
        wish = {"maxAgeSeconds": 0, "allowStaleOnError": True}
        before = gateway.gql(query, id=INVOICE_1002, fresh=wish)
        for _ in range(8):
            sandbox.fault(provider="chargebee", fault="drop_before")
        after = gateway.gql(query, id=INVOICE_1002, fresh=wish)
        details, old = after["invoice"]["details"], before["invoice"]["details"]
        assert details["source"] == {"origin": "CACHE", "stale": True, "fetchedAt": old["source"]["fetchedAt"]}
        assert details["status"] == old["status"]
        (was,), (source,) = before["creditNotes"]["sources"], after["creditNotes"]["sources"]
        assert was["error"] is None
        assert source == {**was, "complete": False, "error": {"code": "PROVIDER_UNAVAILABLE"}}
        assert [note["id"] for note in after["creditNotes"]["nodes"]] == [note["id"] for note in before["creditNotes"]["nodes"]]
        assert {note["source"]["stale"] for note in after["creditNotes"]["nodes"]} == {True}


@pytest.mark.parametrize(
    "query",
    [
        "query($fresh: FreshnessInput) { creditNotes(freshness: $fresh) { nodes { id } } }",
        f'query($fresh: FreshnessInput) {{ creditNote(id: "{CHARGEBEE_ID}", freshness: $fresh) {{ id }} }}',
        f'query($fresh: FreshnessInput) {{ invoice(id: "{INVOICE_1002}", freshness: $fresh) {{ id }} }}',
    ],
)
def test_a_negative_age_is_refused(gateway: GatewayClient, query: str) -> None:
    error = gateway.error(query, fresh={"maxAgeSeconds": -1})
    assert (error["extensions"]["code"], error["extensions"]["path"]) == ("INVALID_INPUT", ["freshness", "maxAgeSeconds"])


def test_a_note_issued_a_moment_ago_is_read_without_a_call_and_its_invoice_is_read_anew(
    gateway: GatewayClient, sandbox: SandboxControl
) -> None:
    details = 'invoiceByReference(account: "chargebee-demo", by: { providerId: "INV-1002" }) { details { creditable { total { amount } } } }'
    assert gateway.gql(f"{{ {details} }}")["invoiceByReference"]["details"]["creditable"]["total"]["amount"] == "500.00"
    issued = gateway.issue(
        "chargebee-demo", invoice_id("chargebee-demo", UNPAID), {"total": {"amount": "20.00", "currency": "USD"}}
    )
    assert issued["outcome"] == "APPLIED"
    reads = sandbox.calls("chargebee")
    again = gateway.gql("query($id: ID!) { creditNote(id: $id) { providerId } }", id=issued["creditNote"]["id"])
    assert again["creditNote"]["providerId"] == issued["creditNote"]["providerId"]
    assert sandbox.calls("chargebee") == reads
    assert gateway.gql(f"{{ {details} }}")["invoiceByReference"]["details"]["creditable"]["total"]["amount"] == "480.00"

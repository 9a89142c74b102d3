"""Another tenant's account, and all that is in it, is answered exactly as one that does not exist: for every field, id, cursor and key."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from graphql import build_schema
from hypothesis import given
from hypothesis import settings as example_settings
from hypothesis import strategies as st

from app.sandbox.server import Addresses
from tests.api.callers import CHARGEBEE, VCITA, ZENSKAR, KnownCallers, knowing
from tests.api.changing import PREVIEW, REFUND, VOID, global_id
from tests.support.demo import FIRST_NOTES, PAID, UNPAID, invoice_id
from tests.support.markdown import ROOT
from tests.support.running import PAYLOAD, GatewayClient, Json, SandboxControl

NOWHERE = "chargebee-none"
"""As long as the name of the foreign account, which it takes the place of."""
CREDIT = {"total": {"amount": "1.00", "currency": "USD"}}
ISSUE = f"mutation($input: IssueCreditNoteInput!) {{ issueCreditNote(input: $input) {{ {PAYLOAD} }} }}"
OPERATION = """query($account: String!, $key: String!) {
  creditNoteOperation(account: $account, operation: ISSUE, idempotencyKey: $key) { state outcome } }"""
LIST = """query($first: Int, $after: String, $filter: CreditNoteFilter) { creditNotes(first: $first, after: $after, filter: $filter) {
  nodes { id account { name } } sources { account { name } } pageInfo { endCursor hasNextPage } } }"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """An operation about an account, or about something in it."""

    root: str
    query: str
    variables: Json


def by_id(root: str, id: str, selection: str = "{ id }") -> Question:
    return Question(root=root, query=f"query($id: ID!) {{ {root}(id: $id) {selection} }}", variables={"id": id})


def by_ids(root: str, id: str) -> Question:
    query = f"query($ids: [ID!]!) {{ {root}(ids: $ids) {{ id }} }}"
    return Question(root=root, query=query, variables={"ids": [id, id]})


def change(root: str, query: str, **input: object) -> Question:
    return Question(root=root, query=query, variables={"input": {"idempotencyKey": "theirs", **input}})


def about_ids(account: str, external: str) -> list[Question]:
    """Everything that takes a global id."""
    note, invoice, its_account = (global_id(kind, account, external) for kind in "nia")
    listed = {"first": 3, "filter": {"invoiceIds": [invoice]}}
    return [
        *(by_id("node", id) for id in (note, invoice, its_account, global_id("a", account, "chargebee"))),
        *(by_ids("nodes", id) for id in (note, invoice, its_account)),
        by_id("creditNote", note, "{ id total { amount } }"),
        by_ids("creditNotesByIds", note),
        by_id("invoice", invoice, "{ id details { status } creditNotes { nodes { id } } }"),
        change("voidCreditNote", VOID, id=note),
        change("refundCreditNote", REFUND, id=note),
        change("issueCreditNote", ISSUE, against={"invoice": {"id": invoice}}, credit=CREDIT, reason="WAIVER"),
        Question(
            root="previewCreditNote",
            query=PREVIEW,
            variables={"input": {"against": {"invoice": {"id": invoice}}, "credit": CREDIT}},
        ),
        Question(root="creditNotes", query=LIST, variables=listed),
    ]


def about_names(account: str, external: str) -> list[Question]:
    """Everything that takes an account's name."""
    reference = {"reference": {"account": account, "providerId": external}}
    by = {"account": account, "by": {"providerId": external}}
    return [
        Question(
            root="creditNoteByReference",
            query="query($account: String!, $by: CreditNoteReferenceBy!) { creditNoteByReference(account: $account, by: $by) { id } }",
            variables=by,
        ),
        Question(
            root="invoiceByReference",
            query="query($account: String!, $by: InvoiceReferenceBy!) { invoiceByReference(account: $account, by: $by) { id details { status } } }",
            variables=by,
        ),
        Question(root="creditNotes", query=LIST, variables={"first": 3, "filter": {"accounts": [account]}}),
        Question(root="creditNotes", query=LIST, variables={"first": 3, "filter": {"accounts": [VCITA, account]}}),
        change("issueCreditNote", ISSUE, against={"invoice": reference}, credit=CREDIT, reason="WAIVER"),
        change(
            "issueCreditNote",
            ISSUE,
            against={"customer": {"account": account, "providerId": external, "currency": "USD"}},
            credit=CREDIT,
            reason="WAIVER",
        ),
        Question(
            root="previewCreditNote", query=PREVIEW, variables={"input": {"against": {"invoice": reference}, "credit": CREDIT}}
        ),
        Question(root="creditNoteOperation", query=OPERATION, variables={"account": account, "key": "theirs"}),
    ]


def everything(account: str, external: str) -> list[Question]:
    return [*about_ids(account, external), *about_names(account, external)]


def answer(client: GatewayClient, question: Question, account: str) -> Json:
    """As told, with the account's name taken out, and what differs from request to request. Every question is a valid one."""
    response = client.http.post("/graphql", json={"query": question.query, "variables": question.variables})
    found: Json = json.loads(response.text.replace(account, "ACCOUNT"))
    assert (response.status_code, "data" in found) == (200, True), found
    for error in found.get("errors", []):
        del error["extensions"]["requestId"]
    return found


@pytest.fixture(scope="module")
def known(addresses: Addresses, control: SandboxControl) -> Iterator[KnownCallers]:
    """With a note of the other tenant's, issued under the key that everybody here uses."""
    control.reset()
    with knowing(addresses) as found:
        with found.calling("acme") as acme:
            done = acme.issue(CHARGEBEE, invoice_id(CHARGEBEE, UNPAID), CREDIT, idempotencyKey="theirs")
            assert done["outcome"] == "APPLIED"
        yield found


THERE = [FIRST_NOTES[CHARGEBEE][0], invoice_id(CHARGEBEE, UNPAID), invoice_id(CHARGEBEE, PAID), "acme"]


def compare(known: KnownCallers, control: SandboxControl, name: str, external: str) -> None:
    """The foreign account is answered as the one that is not there, and its provider is not called."""
    before = control.calls("chargebee"), control.calls("chargebee", "POST")
    with known.calling(name) as client:
        pairs = zip(everything(CHARGEBEE, external), everything(NOWHERE, external), strict=True)
        for theirs, nobodys in pairs:
            assert answer(client, theirs, CHARGEBEE) == answer(client, nobodys, NOWHERE), theirs
    assert (control.calls("chargebee"), control.calls("chargebee", "POST")) == before


@pytest.mark.parametrize("external", THERE)
@pytest.mark.parametrize("name", ["globex", "narrow", "stranger"])
def test_a_foreign_account_is_as_one_that_is_not_there(
    known: KnownCallers, control: SandboxControl, name: str, external: str
) -> None:
    compare(known, control, name, external)


@example_settings(max_examples=8)
@given(external=st.sampled_from(THERE) | st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=20))
def test_whatever_an_id_holds_a_foreign_account_is_as_one_that_is_not_there(
    known: KnownCallers, control: SandboxControl, external: str
) -> None:
    compare(known, control, "globex", external)


def test_no_field_is_forgotten_here() -> None:
    schema = build_schema((ROOT / "schema.graphql").read_text())
    assert schema.query_type is not None
    assert schema.mutation_type is not None
    fields = {*schema.query_type.fields, *schema.mutation_type.fields}
    assert fields - {question.root for question in everything(CHARGEBEE, "x")} == {"accounts"}


def accounts(client: GatewayClient) -> set[str]:
    return {account["name"] for account in client.gql("{ accounts { name } }")["accounts"]}


def listed(client: GatewayClient, **variables: object) -> Json:
    page: Json = client.gql(LIST, **variables)["creditNotes"]
    return page


@pytest.mark.parametrize(
    ("name", "theirs"),
    [("acme", {CHARGEBEE, ZENSKAR}), ("globex", {VCITA}), ("narrow", {ZENSKAR}), ("stranger", set())],
)
def test_everybody_sees_their_own_accounts_and_no_others(known: KnownCallers, name: str, theirs: set[str]) -> None:
    with known.calling(name) as client:
        assert accounts(client) == theirs
        page = listed(client, first=10)
    assert {node["account"]["name"] for node in page["nodes"]} == theirs
    assert {source["account"]["name"] for source in page["sources"]} == theirs


def test_a_cursor_leads_on_for_those_who_may_see_the_same_and_is_none_for_others(known: KnownCallers) -> None:
    with known.calling("acme") as acme, known.calling("acme-too") as too:
        cursor = listed(acme, first=2)["pageInfo"]["endCursor"]
        following = [node["id"] for node in listed(acme, first=2, after=cursor)["nodes"]]
        assert [node["id"] for node in listed(too, first=2, after=cursor)["nodes"]] == following
    for name in ("globex", "narrow", "stranger"):
        with known.calling(name) as client:
            told = [client.error(LIST, first=2, after=after) for after in (cursor, "x" * len(cursor), "bm9uZQ")]
        messages = {(error["message"], error["extensions"]["code"]) for error in told}
        assert messages == {("this is not a cursor of this gateway", "INVALID_INPUT")}


def test_a_key_that_another_tenant_has_used_is_free(known: KnownCallers, sandbox: SandboxControl) -> None:
    with known.calling("globex") as globex:
        variables = {"account": VCITA, "key": "theirs"}
        assert globex.gql(OPERATION, **variables) == {"creditNoteOperation": None}
        done = globex.issue(VCITA, invoice_id(VCITA, UNPAID), CREDIT, idempotencyKey="theirs")
        assert (done["outcome"], done["replayed"]) == ("APPLIED", False)


def test_a_key_is_shared_by_those_who_share_its_account(known: KnownCallers) -> None:
    with known.calling("acme-too") as too:
        assert too.gql(OPERATION, account=CHARGEBEE, key="theirs") == {
            "creditNoteOperation": {"state": "DONE", "outcome": "APPLIED"}
        }
        again = too.issue(CHARGEBEE, invoice_id(CHARGEBEE, UNPAID), CREDIT, idempotencyKey="theirs")
        assert (again["outcome"], again["replayed"]) == ("APPLIED", True)

"""What a note says may be asked of it: each of that can really be done, and all else is refused; and it changes with the note."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from app.sandbox.server import Addresses
from tests.api.changing import (
    CHARGEBEE,
    PAYMENT,
    REFUNDING,
    VCITA,
    VOIDING,
    ZENSKAR,
    eur,
    global_id,
    refund,
    refundable,
    void,
    voidable,
)
from tests.support.demo import ACCOUNTS
from tests.support.running import GatewayClient, Json, SandboxControl, serving, settings

ALLOWED = "query($id: ID!) { creditNote(id: $id) { allowedActions } }"
DEMO = """query($accounts: [String!]) { creditNotes(first: 60, filter: { accounts: $accounts }) { nodes {
  id status settlement refundStatus dispositions allowedActions providerValues { status type } } } }"""
ONLINE_ONLY = "has no credit from an online payment"
PAID_OUT = "its refund has been paid out"
"""What only the provider knows, and says when it is asked."""


@pytest.fixture
def cautious(addresses: Addresses, sandbox: SandboxControl) -> Iterator[GatewayClient]:
    """A gateway whose accounts have said nothing of what their providers do not publish."""
    made = settings(addresses)
    accounts = {name: replace(account, switches={}) for name, account in made.accounts.items()}
    with serving(replace(made, accounts=accounts)) as client:
        yield client


def allowed(gateway: GatewayClient, id: str) -> list[str]:
    found: list[str] = gateway.gql(ALLOWED, id=id)["creditNote"]["allowedActions"]
    return found


def kinds(gateway: GatewayClient, account: str) -> list[Json]:
    """One demo note of each kind the account has."""
    nodes = gateway.gql(DEMO, accounts=[account])["creditNotes"]["nodes"]
    assert len(nodes) == 60
    return list({str([value for name, value in node.items() if name != "id"]): node for node in nodes}.values())


@pytest.mark.parametrize(
    ("account", "off_the_balance", "kept"),
    [(CHARGEBEE, ["VOID"], ["VOID", "REFUND"]), (VCITA, ["REFUND"], ["REFUND"]), (ZENSKAR, ["VOID"], ["VOID"])],
)
def test_a_new_note_offers_what_its_provider_can_do_with_it(
    gateway: GatewayClient, account: str, off_the_balance: list[str], kept: list[str]
) -> None:
    assert allowed(gateway, voidable(gateway, account)) == off_the_balance
    assert allowed(gateway, refundable(gateway, account)) == kept


@pytest.mark.parametrize("account", VOIDING)
def test_a_voided_note_offers_nothing(gateway: GatewayClient, account: str) -> None:
    id = refundable(gateway, account)
    assert "VOID" in allowed(gateway, id)
    void(gateway, id)
    assert allowed(gateway, id) == []


def test_a_note_that_is_paid_out_offers_what_is_left(gateway: GatewayClient) -> None:
    id = refundable(gateway, CHARGEBEE)
    refund(gateway, id, amount=eur("19.00"))
    assert allowed(gateway, id) == ["REFUND"]  # what was sent back online cannot be undone
    refund(gateway, id)
    assert allowed(gateway, id) == []


@pytest.mark.parametrize("account", ACCOUNTS)
def test_of_every_kind_of_note_what_is_not_offered_is_refused_and_what_is_offered_only_the_provider_refuses(
    gateway: GatewayClient, sandbox: SandboxControl, account: str
) -> None:
    notes = kinds(gateway, account)
    assert len(notes) >= 2
    for note in notes:
        for action, do in (("REFUND", refund), ("VOID", void)):
            sandbox.reset()
            payload = do(gateway, note["id"])
            codes = [problem["code"] for problem in payload["errors"]]
            if action not in note["allowedActions"]:
                offers = account in (VOIDING if action == "VOID" else REFUNDING)
                assert codes == ["WRONG_STATE" if offers else "UNSUPPORTED"], note
                assert {method for _, method, _ in sandbox.requests()} <= {"GET"}, note
            elif codes:
                (problem,) = payload["errors"]
                assert problem["path"] == ["paymentId"] or any(said in problem["message"] for said in (ONLINE_ONLY, PAID_OUT)), note
            else:
                assert payload["outcome"] == "APPLIED"


def test_every_note_of_chargebee_that_offers_a_refund_can_at_least_be_put_on_record(
    gateway: GatewayClient, sandbox: SandboxControl
) -> None:
    notes = [note for note in kinds(gateway, CHARGEBEE) if "REFUND" in note["allowedActions"]]
    assert len(notes) == 3
    for note in notes:
        payload = refund(gateway, note["id"], external=True, method="cash")
        assert (payload["outcome"], payload["errors"]) == ("APPLIED", []), note


@pytest.mark.parametrize("account", REFUNDING)
def test_a_note_that_offers_a_refund_is_refunded_and_one_that_does_not_is_not(gateway: GatewayClient, account: str) -> None:
    id = refundable(gateway, account)
    assert "REFUND" in allowed(gateway, id)
    assert refund(gateway, id, **PAYMENT.get(account, {}))["outcome"] == "APPLIED"
    settled = {CHARGEBEE: "CN-0056", VCITA: "cn00000000000060"}[account]
    assert allowed(gateway, global_id("n", account, settled)) == []
    payload = refund(gateway, global_id("n", account, settled), **PAYMENT.get(account, {}))
    assert [(problem["code"], problem["path"]) for problem in payload["errors"]] == [("WRONG_STATE", ["id"])]


@pytest.mark.parametrize(("account", "offered"), [(CHARGEBEE, ["VOID", "REFUND"]), (VCITA, []), (ZENSKAR, [])])
def test_an_account_that_has_not_said_what_its_provider_does_offers_nothing_unpublished(
    cautious: GatewayClient, account: str, offered: list[str]
) -> None:
    id = refundable(cautious, account)
    assert allowed(cautious, id) == offered
    if not offered:
        for do in (void, refund):
            payload = do(cautious, id, **(PAYMENT.get(account, {}) if do is refund else {}))
            (problem,) = payload["errors"]
            assert (problem["code"], problem["path"], problem["account"]) == ("UNSUPPORTED", ["id"], account)


def test_what_is_offered_is_listed_with_the_account(gateway: GatewayClient, cautious: GatewayClient) -> None:
    asked = "{ accounts { name capabilities { operations { operation level } } } }"
    changing = {"PREVIEW", "VOID", "REFUND"}
    told = [
        {
            (row["name"], each["operation"], each["level"])
            for row in client.gql(asked)["accounts"]
            for each in row["capabilities"]["operations"]
            if each["operation"] in changing and each["level"] != "UNSUPPORTED"
        }
        for client in (gateway, cautious)
    ]
    always = {(account, "PREVIEW", "EMULATED") for account in ACCOUNTS} | {
        (CHARGEBEE, "VOID", "NATIVE"),
        (CHARGEBEE, "REFUND", "NATIVE"),
    }
    assert told == [always | {(VCITA, "REFUND", "NATIVE"), (ZENSKAR, "VOID", "NATIVE")}, always]

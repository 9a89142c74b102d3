"""Invoices: what holding one costs, what it tells, and what it says when its provider fails or contradicts itself."""

from __future__ import annotations

import pytest

from tests.support.demo import ACCOUNTS, PAID, PARTLY_PAID, UNPAID, VOID, YEN, invoice_id, provider
from tests.support.running import GatewayClient, Json, SandboxControl

INVOICE = """
query($account: String!, $id: String!, $fresh: FreshnessInput) {
  invoiceByReference(account: $account, by: { providerId: $id }, freshness: $fresh) {
    id providerId account { name }
    details {
      number status providerStatus total { amount currency } amountDue { amount } amountPaid { amount }
      creditable { total { amount currency } adjustable { amount } refundable { amount } exact }
      payments { providerId amount { amount } refundable { amount } paidAt method }
      source { origin stale }
    }
  }
}"""
HELD = "query($account: String!, $id: String!) { invoiceByReference(account: $account, by: { providerId: $id }) { id providerId externalId account { name } } }"


def details(gateway: GatewayClient, account: str, number: int, **freshness: object) -> Json:
    found: Json = gateway.gql(INVOICE, account=account, id=invoice_id(account, number), fresh=freshness or None)
    return found["invoiceByReference"]["details"]  # type: ignore[no-any-return]  # JSON


@pytest.mark.parametrize("account", ACCOUNTS)
def test_holding_an_invoice_costs_no_call_not_even_an_unknown_one(
    gateway: GatewayClient, sandbox: SandboxControl, account: str
) -> None:
    held = gateway.gql(HELD, account=account, id="nobody-knows")["invoiceByReference"]
    assert (held["providerId"], held["account"]) == ("nobody-knows", {"name": account})
    by_id = gateway.gql("query($id: ID!) { invoice(id: $id) { id providerId } }", id=held["id"])["invoice"]
    assert by_id == {"id": held["id"], "providerId": "nobody-knows"}
    assert sandbox.requests() == {}


def test_an_invoice_of_an_unknown_account_is_null(gateway: GatewayClient) -> None:
    stranger = "aTpzb21lb25lLWVsc2U6SU5WLTEwMDE"  # i:someone-else:INV-1001
    assert gateway.gql("query($id: ID!) { invoice(id: $id) { id } }", id=stranger) == {"invoice": None}


@pytest.mark.parametrize("account", ACCOUNTS)
@pytest.mark.parametrize(
    ("number", "figures"),
    [
        (PAID, ("PAID", "119.00", "0.00", "119.00")),
        (UNPAID, ("OPEN", "500.00", "500.00", "0.00")),
        (YEN, ("PAID", "15000", "0", "15000")),
        (PARTLY_PAID, ("PARTIALLY_PAID", "200.00", "150.00", "50.00")),
    ],
)
def test_figures_are_the_same_at_every_provider(
    gateway: GatewayClient, account: str, number: int, figures: tuple[str, str, str, str]
) -> None:
    found = details(gateway, account, number)
    assert (found["status"], *(found[name]["amount"] for name in ("total", "amountDue", "amountPaid"))) == figures


@pytest.mark.parametrize("account", ACCOUNTS)
def test_a_void_invoice_has_nothing_left(gateway: GatewayClient, account: str) -> None:
    found = details(gateway, account, VOID)
    assert found["status"] == "VOIDED"
    assert found["creditable"]["total"] == {"amount": "0.00", "currency": "EUR"}


@pytest.mark.parametrize("account", ["chargebee-demo", "zenskar-demo"])
def test_payments_are_told_oldest_first_with_this_invoices_part(gateway: GatewayClient, account: str) -> None:
    payments = details(gateway, account, PARTLY_PAID)["payments"]
    assert [payment["amount"]["amount"] for payment in payments] == ["30.00", "20.00"]
    assert payments[0]["paidAt"] < payments[1]["paidAt"]


def test_vcita_tells_no_payments_and_no_parts(gateway: GatewayClient) -> None:
    found = details(gateway, "vcita-demo", PARTLY_PAID)
    assert found["payments"] is None
    assert found["creditable"] == {
        "total": {"amount": "200.00", "currency": "EUR"},
        "adjustable": None,
        "refundable": None,
        "exact": False,
    }


@pytest.mark.parametrize("account", ACCOUNTS)
def test_an_unknown_invoice_has_no_details(gateway: GatewayClient, account: str) -> None:
    answer = gateway.ask(INVOICE, account=account, id=invoice_id(account, 9999))
    assert answer["data"]["invoiceByReference"]["details"] is None
    (error,) = answer["errors"]
    assert (error["path"], error["extensions"]["code"]) == (["invoiceByReference", "details"], "NOT_FOUND")
    assert error["extensions"]["account"] == account


@pytest.mark.parametrize("account", ACCOUNTS)
def test_a_failing_provider_leaves_the_invoice_without_details(
    gateway: GatewayClient, sandbox: SandboxControl, account: str
) -> None:
    sandbox.fault(provider=provider(account), fault="html")
    answer = gateway.ask(INVOICE, account=account, id=invoice_id(account, PAID))
    assert answer["data"]["invoiceByReference"]["providerId"] == invoice_id(account, PAID)
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["PROVIDER_BAD_PAYLOAD"]


def test_figures_that_contradict_each_other_leave_only_the_balance_out(gateway: GatewayClient, sandbox: SandboxControl) -> None:
    sandbox.switch("zenskar", "invoice_total", "original")  # the account's setting says: what remains
    sandbox.act("zenskar", "issue", invoice_id=invoice_id("zenskar-demo", PAID), minor=1900)
    answer = gateway.ask(INVOICE, account="zenskar-demo", id=invoice_id("zenskar-demo", PAID))
    found = answer["data"]["invoiceByReference"]["details"]
    assert found["creditable"] is None
    assert found["amountPaid"] == {"amount": "119.00"}
    (error,) = answer["errors"]
    assert error["path"] == ["invoiceByReference", "details", "creditable"]
    assert (error["extensions"]["code"], error["extensions"]["account"]) == ("PROVIDER_BAD_PAYLOAD", "zenskar-demo")


@pytest.mark.parametrize("account", ACCOUNTS)
def test_details_asked_in_many_places_are_read_once(gateway: GatewayClient, sandbox: SandboxControl, account: str) -> None:
    one = "invoiceByReference(account: $a, by: { providerId: $i }) { details { total { amount } creditable { total { amount } } } }"
    gateway.gql(f"query($a: String!, $i: String!) {{ a: {one} }}", a=account, i=invoice_id(account, PAID))
    once = sandbox.requests()
    sandbox.reset()
    gateway.gql(f"query($a: String!, $i: String!) {{ a: {one} b: {one} c: {one} }}", a=account, i=invoice_id(account, UNPAID))
    assert sandbox.requests() == once


@pytest.mark.parametrize("account", ACCOUNTS)
def test_details_are_kept_for_a_moment_and_read_anew_on_demand(
    gateway: GatewayClient, sandbox: SandboxControl, account: str
) -> None:
    assert details(gateway, account, UNPAID)["source"]["origin"] == "LIVE"
    sandbox.act(provider(account), "issue", invoice_id=invoice_id(account, UNPAID), minor=100_00)
    kept = details(gateway, account, UNPAID)
    assert (kept["source"]["origin"], kept["creditable"]["total"]["amount"]) == ("CACHE", "500.00")
    anew = details(gateway, account, UNPAID, maxAgeSeconds=0)
    assert (anew["source"]["origin"], anew["creditable"]["total"]["amount"]) == ("LIVE", "400.00")
    assert anew["total"]["amount"] == "500.00"  # as first billed


def test_a_notes_invoice_and_the_parts_it_was_taken_off_lead_to_the_invoice(gateway: GatewayClient) -> None:
    unpaid = invoice_id("chargebee-demo", UNPAID)
    issued = gateway.issue("chargebee-demo", unpaid, {"total": {"amount": "12.00", "currency": "USD"}})
    query = """query($id: ID!) { creditNote(id: $id) { invoice { providerId details { amountDue { amount } } }
        allocations { disposition amount { amount } invoice { providerId } } } }"""
    note = gateway.gql(query, id=issued["creditNote"]["id"])["creditNote"]
    assert note["invoice"] == {"providerId": unpaid, "details": {"amountDue": {"amount": "488.00"}}}
    assert note["allocations"] == [
        {"disposition": "INVOICE_BALANCE", "amount": {"amount": "12.00"}, "invoice": {"providerId": unpaid}}
    ]

"""Refunds as a client sees them: the payload, the key, what is refused with its amounts, and a lost answer."""

from __future__ import annotations

import pytest

from tests.api.changing import (
    CHARGEBEE,
    PAYMENT,
    REFUNDING,
    VCITA,
    ZENSKAR,
    eur,
    global_id,
    refund,
    refundable,
    refunds_on,
    said,
)
from tests.support.demo import FIRST_NOTES, PAID, provider
from tests.support.running import GatewayClient, Json, SandboxControl

READ = """query($id: ID!) { creditNote(id: $id) {
  settlement refundStatus refunded { amount } remaining { amount } allowedActions invoice { details { payments { refundable { amount } } } }
} }"""
PATHS = {CHARGEBEE: "*/refund", VCITA: "*/refunds"}


@pytest.mark.parametrize("account", REFUNDING)
def test_a_note_is_paid_out_once_and_the_refund_is_named(gateway: GatewayClient, sandbox: SandboxControl, account: str) -> None:
    id = refundable(gateway, account)
    payload = refund(gateway, id, **PAYMENT.get(account, {}))
    assert (payload["outcome"], payload["replayed"], payload["errors"]) == ("APPLIED", False, [])
    assert payload["creditNote"]["id"] == id
    assert [(row["id"], row["minor"]) for row in refunds_on(sandbox, account, PAID)] == [(payload["refundId"], 119_00)]


def test_a_part_is_paid_out_and_everything_read_afterwards_knows(gateway: GatewayClient, sandbox: SandboxControl) -> None:
    id = refundable(gateway, CHARGEBEE)
    assert gateway.gql(READ, id=id)["creditNote"]["remaining"]["amount"] == "119.00"
    payload = refund(gateway, id, amount=eur("19.00"))
    assert (said(payload), payload["creditNote"]["refunded"]["amount"]) == (("APPLIED", []), "19.00")
    after = gateway.gql(READ, id=id)["creditNote"]
    assert (after["refunded"]["amount"], after["remaining"]["amount"]) == ("19.00", "100.00")
    assert (after["settlement"], after["refundStatus"]) == ("PARTIALLY_SETTLED", "SUCCEEDED")
    assert said(refund(gateway, id, amount={"minorUnits": "10000", "currency": "EUR"})) == ("APPLIED", [])
    assert [row["minor"] for row in refunds_on(sandbox, CHARGEBEE, PAID)] == [19_00, 100_00]


@pytest.mark.parametrize(
    ("account", "more"),
    [
        (CHARGEBEE, {"method": "bank_transfer", "paidOn": "2026-10-01", "reference": "T-1", "note": "by hand"}),
        (VCITA, {"paidOn": "2026-10-01", "reference": "T-1", **PAYMENT[VCITA]}),
    ],
)
def test_money_paid_outside_is_only_put_on_record(
    gateway: GatewayClient, sandbox: SandboxControl, account: str, more: Json
) -> None:
    payload = refund(gateway, refundable(gateway, account), external=True, **more)
    assert said(payload) == ("APPLIED", [])
    (row,) = refunds_on(sandbox, account, PAID)
    assert (row["id"], row["minor"]) == (payload["refundId"], 119_00)
    assert row["online"] is False if account == CHARGEBEE else row["status"] == "recorded"


@pytest.mark.parametrize("account", REFUNDING)
def test_the_same_key_answers_the_same_without_any_call(gateway: GatewayClient, sandbox: SandboxControl, account: str) -> None:
    id, more = refundable(gateway, account), PAYMENT.get(account, {})
    first = refund(gateway, id, idempotencyKey="once", **more)
    before = sandbox.requests()
    spelt: list[Json] = [{}, {"external": False}, {"external": None}, {"amount": None, "note": None}]
    for other in spelt:
        assert refund(gateway, id, idempotencyKey="once", **more, **other) == {**first, "replayed": True}
    assert said(refund(gateway, id, idempotencyKey="once", **more, amount=eur("119.00"))) == (
        "NOT_APPLIED",
        [("IDEMPOTENCY_KEY_REUSED", ["idempotencyKey"])],
    )
    assert sandbox.requests() == before


def test_an_amount_may_be_spelt_differently_in_a_repeat(gateway: GatewayClient) -> None:
    id = refundable(gateway, CHARGEBEE)
    first = refund(gateway, id, idempotencyKey="once", amount=eur("19"))
    again = refund(gateway, id, idempotencyKey="once", amount={"minorUnits": 1900, "currency": "EUR"})
    assert (again["replayed"], again["refundId"]) == (True, first["refundId"])


@pytest.mark.parametrize("account", REFUNDING)
def test_more_than_is_left_is_refused_with_both_amounts(gateway: GatewayClient, sandbox: SandboxControl, account: str) -> None:
    id = refundable(gateway, account)
    payload = refund(gateway, id, amount=eur("119.01"), **PAYMENT.get(account, {}))
    (problem,) = payload["errors"]
    assert said(payload) == ("NOT_APPLIED", [("AMOUNT_EXCEEDS_REFUNDABLE", ["amount"])])
    assert (problem["__typename"], problem["requested"], problem["maximum"]) == ("AmountProblem", eur("119.01"), eur("119.00"))
    assert (problem["account"], problem["retryable"], payload["refundId"]) == (account, False, None)
    assert refunds_on(sandbox, account, PAID) == []


def test_what_is_left_after_a_part_is_the_most(gateway: GatewayClient) -> None:
    id = refundable(gateway, CHARGEBEE)
    refund(gateway, id, amount=eur("19.00"))
    (problem,) = refund(gateway, id, amount=eur("100.01"))["errors"]
    assert problem["maximum"] == eur("100.00")


@pytest.mark.parametrize("account", REFUNDING)
def test_another_currency_is_refused_with_its_path(gateway: GatewayClient, sandbox: SandboxControl, account: str) -> None:
    payload = refund(gateway, refundable(gateway, account), amount={"amount": "1", "currency": "USD"}, **PAYMENT.get(account, {}))
    assert said(payload) == ("NOT_APPLIED", [("CURRENCY_MISMATCH", ["amount", "currency"])])
    assert refunds_on(sandbox, account, PAID) == []


@pytest.mark.parametrize("account", REFUNDING)
def test_what_is_paid_out_is_not_paid_out_again(gateway: GatewayClient, sandbox: SandboxControl, account: str) -> None:
    id, more = refundable(gateway, account), PAYMENT.get(account, {})
    refund(gateway, id, **more)
    where = {CHARGEBEE: ["id"], VCITA: ["paymentId"]}[account]  # a note at vcita does not tell that its payment was given back
    assert said(refund(gateway, id, **more)) == ("NOT_APPLIED", [("WRONG_STATE", where)])
    assert len(refunds_on(sandbox, account, PAID)) == 1


def test_where_it_cannot_be_done_the_answer_names_who_can(gateway: GatewayClient, sandbox: SandboxControl) -> None:
    payload = refund(gateway, FIRST_NOTES[ZENSKAR][1])
    (problem,) = payload["errors"]
    assert said(payload) == ("NOT_APPLIED", [("UNSUPPORTED", ["id"])])
    assert (problem["operation"], problem["supportedBy"], payload["refundId"]) == ("REFUND", ["CHARGEBEE", "VCITA"], None)
    assert sandbox.requests() == {}


@pytest.mark.parametrize("account", [*REFUNDING, "nobody"])
@pytest.mark.parametrize("missing", ["CN-9999", "..", "a/b?c#d", "a,b", "\u00e9", " "])
def test_a_note_that_is_not_there_is_not_found_whatever_its_id(
    gateway: GatewayClient, sandbox: SandboxControl, account: str, missing: str
) -> None:
    payload = refund(gateway, global_id("n", account, missing), **PAYMENT[VCITA])
    assert said(payload) == ("NOT_APPLIED", [("NOT_FOUND", ["id"])])
    assert {method for _, method, _ in sandbox.requests()} <= {"GET"}


@pytest.mark.parametrize("account", REFUNDING)
def test_a_lost_answer_is_found_again_by_the_same_key(gateway: GatewayClient, sandbox: SandboxControl, account: str) -> None:
    id, more = refundable(gateway, account), PAYMENT.get(account, {})
    sandbox.fault(provider=provider(account), path=PATHS[account], fault="drop_after", times=1)
    lost = refund(gateway, id, idempotencyKey="lost", **more)
    assert said(lost) == ("UNKNOWN", [("OUTCOME_UNKNOWN", None)])
    assert (lost["creditNote"], lost["refundId"], lost["errors"][0]["retryable"]) == (None, None, True)
    found = refund(gateway, id, idempotencyKey="lost", **more)
    assert (said(found), found["creditNote"]["id"]) == (("APPLIED", []), id)
    assert refund(gateway, id, idempotencyKey="lost", **more) == {**found, "replayed": True}
    (row,) = refunds_on(sandbox, account, PAID)
    told = {CHARGEBEE: row["id"], VCITA: None}  # vcita tells the id of a refund in its first answer only
    assert found["refundId"] == told[account]

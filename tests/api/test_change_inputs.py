"""Inputs of refunds and previews: each member with its path, all that is wrong at once; first the gateway's word, then the provider's."""

from __future__ import annotations

import pytest

from tests.api.changing import CHARGEBEE, PREVIEW, REFUND, VCITA, VOID, ZENSKAR, eur, global_id, preview, refund, refundable, said
from tests.support.demo import PAID, invoice_id, provider
from tests.support.running import GatewayClient, Json, SandboxControl

ID = global_id("n", "nobody", "x")
NOWHERE: Json = {
    "against": {"invoice": {"reference": {"account": "nobody", "providerId": "x"}}},
    "credit": {"remaining": True},
}


def told(payload: Json) -> list[tuple[str, list[str]]]:
    return [(problem["code"], problem["path"]) for problem in payload["errors"]]


def previewed(client: GatewayClient, **more: object) -> list[tuple[str, list[str]]]:
    """What is wrong with a preview at an account that is not there."""
    payload = client.gql(PREVIEW, input={**NOWHERE, **more})["previewCreditNote"]
    assert payload["preview"] is None
    return told(payload)


@pytest.mark.parametrize(
    ("amount", "path"),
    [
        ({"amount": "0.001", "currency": "EUR"}, ["amount", "amount"]),
        ({"amount": "0.1", "currency": "JPY"}, ["amount", "amount"]),
        ({"amount": "1.0001", "currency": "KWD"}, ["amount", "amount"]),
        ({"amount": "92233720368547758.08", "currency": "EUR"}, ["amount", "amount"]),
        ({"amount": "0.00", "currency": "EUR"}, ["amount"]),
        ({"amount": "-1", "currency": "EUR"}, ["amount"]),
        ({"minorUnits": -1, "currency": "EUR"}, ["amount"]),
        ({"currency": "EUR"}, ["amount"]),
        ({"amount": "1", "minorUnits": 100, "currency": "EUR"}, ["amount"]),
    ],
)
def test_an_amount_of_a_refund_is_exact_positive_and_given_once(asked: GatewayClient, amount: Json, path: list[str]) -> None:
    assert told(refund(asked, ID, amount=amount)) == [("INVALID_INPUT", path)]


def test_everything_that_is_wrong_with_a_refund_is_told_at_once(asked: GatewayClient) -> None:
    payload = refund(asked, "rubbish", idempotencyKey="", amount=eur("-1"))
    assert payload["outcome"] == "NOT_APPLIED"
    assert sorted(path for _, path in told(payload)) == [["amount"], ["id"], ["idempotencyKey"]]
    assert {code for code, _ in told(payload)} == {"INVALID_INPUT"}


@pytest.mark.parametrize("kind", ["i", "a"])
def test_only_a_note_is_refunded(asked: GatewayClient, kind: str) -> None:
    payload = refund(asked, global_id(kind, CHARGEBEE, "CN-0001"))
    assert (said(payload), "another kind" in payload["errors"][0]["message"]) == (
        ("NOT_APPLIED", [("INVALID_INPUT", ["id"])]),
        True,
    )


@pytest.mark.parametrize(
    ("mutation", "input"),
    [
        (VOID, {"id": ID}),
        (VOID, {"idempotencyKey": "k", "id": ID, "amount": eur("1")}),
        (REFUND, {"idempotencyKey": "k"}),
        (REFUND, {"idempotencyKey": "k", "id": ID, "external": "yes"}),
        (REFUND, {"idempotencyKey": "k", "id": ID, "paidOn": "2026-02-30"}),
        (REFUND, {"idempotencyKey": "k", "id": ID, "amount": {"amount": "1", "currency": "EURO"}}),
        (REFUND, {"idempotencyKey": "k", "id": ID, "amount": {"amount": "1e2", "currency": "EUR"}}),
        (REFUND, {"idempotencyKey": "k", "id": ID, "amount": {"minorUnits": str(2**63), "currency": "EUR"}}),
        (PREVIEW, {"against": NOWHERE["against"]}),
        (PREVIEW, {**NOWHERE, "idempotencyKey": "k"}),
        (PREVIEW, {**NOWHERE, "reason": "OTHER"}),
        (PREVIEW, {**NOWHERE, "credit": {"remaining": True, "total": eur("1")}}),
    ],
)
def test_what_is_none_of_its_type_is_refused_as_a_whole(asked: GatewayClient, mutation: str, input: Json) -> None:
    error = asked.error(mutation, input=input)
    assert (error["extensions"]["code"], error["extensions"]["classification"]) == ("INVALID_INPUT", "BAD_REQUEST")


@pytest.mark.parametrize(
    ("wrong", "path"),
    [
        ({"against": {"invoice": {"id": "rubbish"}}}, ["against", "invoice", "id"]),
        ({"against": {"invoice": {"id": ID}}}, ["against", "invoice", "id"]),
        ({"against": {"invoice": {"reference": {"account": "a", "providerId": " "}}}}, ["against", "invoice", "reference", "providerId"]),
        ({"against": {"customer": {"account": "a", "providerId": "", "currency": "EUR"}}}, ["against", "customer", "providerId"]),
        ({"credit": {"remaining": False}}, ["credit", "remaining"]),
        ({"credit": {"lineItems": []}}, ["credit", "lineItems"]),
        ({"credit": {"total": eur("0.001")}}, ["credit", "total", "amount"]),
        ({"credit": {"total": eur("0")}}, ["credit", "total"]),
        ({"dispositions": [{"disposition": "CUSTOMER_CREDIT", "amount": eur("-1")}]}, ["dispositions", "0", "amount"]),
    ],
)  # fmt: skip
def test_a_member_of_a_preview_that_says_nothing_is_named(asked: GatewayClient, wrong: Json, path: list[str]) -> None:
    assert previewed(asked, **wrong) == [("INVALID_INPUT", path)]


def test_everything_that_is_wrong_with_a_preview_is_told_at_once(asked: GatewayClient) -> None:
    line = {"quantity": "0", "unitAmount": "1", "amount": eur("1.001"), "taxes": [{"name": "VAT", "rate": "-1"}]}
    found = previewed(
        asked,
        against={"invoice": {"id": "rubbish"}},
        credit={"lineItems": [line]},
        dispositions=[{"disposition": "CUSTOMER_CREDIT", "amount": eur("-1")}],
    )
    assert {code for code, _ in found} == {"INVALID_INPUT"}
    assert sorted(path for _, path in found) == sorted([
        ["against", "invoice", "id"],
        ["credit", "lineItems", "0", "amount", "amount"],
        ["credit", "lineItems", "0", "quantity"],
        ["credit", "lineItems", "0", "unitAmount"],
        ["credit", "lineItems", "0", "taxes", "0", "rate"],
        ["dispositions", "0", "amount"],
    ])  # fmt: skip


@pytest.mark.parametrize(
    ("account", "given", "problems"),
    [
        (CHARGEBEE, {"method": "cash", "paidOn": "2026-10-01", "reference": "T", "note": "x"},
         {"method": "INVALID_INPUT", "paidOn": "INVALID_INPUT", "reference": "INVALID_INPUT", "note": "UNSUPPORTED"}),
        (CHARGEBEE, {"external": True, "paymentId": "p", "paidOn": "2999-01-01", "reference": "x" * 101, "note": "x" * 301},
         {"paymentId": "UNSUPPORTED", "method": "INVALID_INPUT", "paidOn": "INVALID_INPUT", "reference": "INVALID_INPUT", "note": "INVALID_INPUT"}),
        (CHARGEBEE, {"paymentId": "nobody's"}, {"paymentId": "INVALID_INPUT"}),
        (VCITA, {}, {"paymentId": "INVALID_INPUT"}),
        (VCITA, {"method": "cash", "paidOn": "2026-10-01", "reference": "T", "note": "x"},
         {"method": "UNSUPPORTED", "paidOn": "INVALID_INPUT", "reference": "INVALID_INPUT", "note": "UNSUPPORTED", "paymentId": "INVALID_INPUT"}),
        (VCITA, {"external": True, "paymentId": "p", "paidOn": "2999-01-01", "reference": " "},
         {"paidOn": "INVALID_INPUT", "reference": "INVALID_INPUT"}),
        (VCITA, {"paymentId": "pay0000000001001", "amount": eur("19.00")}, {"amount": "UNSUPPORTED"}),
        (VCITA, {"paymentId": "pay0000000001004"}, {"paymentId": "INVALID_INPUT"}),
    ],
)  # fmt: skip
def test_what_the_provider_cannot_take_with_a_refund_is_told_by_its_path(
    gateway: GatewayClient, sandbox: SandboxControl, account: str, given: Json, problems: dict[str, str]
) -> None:
    id = refundable(gateway, account)
    sent = sandbox.calls(provider(account), "POST")
    payload = refund(gateway, id, **given)
    assert payload["outcome"] == "NOT_APPLIED"
    assert {path[0]: code for code, path in told(payload)} == problems
    assert all(len(path) == 1 for _, path in told(payload))
    assert {problem["account"] for problem in payload["errors"]} == {account}
    assert sandbox.calls(provider(account), "POST") == sent


def test_what_an_account_cannot_honour_is_refused_in_a_preview_before_anything_is_read(
    gateway: GatewayClient, sandbox: SandboxControl
) -> None:
    lines = {"lineItems": [{"unitAmount": "1.00", "taxes": []}]}
    payload = preview(gateway, ZENSKAR, invoice_id(ZENSKAR, PAID), lines, options={"chargebee": {}})
    assert {tuple(problem["path"]): (problem["code"], problem.get("supportedBy")) for problem in payload["errors"]} == {
        ("options", "chargebee"): ("INVALID_INPUT", None),
        ("credit", "lineItems"): ("UNSUPPORTED", ["CHARGEBEE", "VCITA"]),
        ("credit", "lineItems", "0", "taxes"): ("UNSUPPORTED", ["VCITA"]),
    }
    assert sandbox.requests() == {}

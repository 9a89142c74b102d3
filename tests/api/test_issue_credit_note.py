"""Issuing as a client sees it: the payload, the key, every kind of problem, and several mutations in one request."""

from __future__ import annotations

import pytest

from tests.api.unpaid import ISSUING, TEN, issue_unpaid, notes_against
from tests.support.demo import ACCOUNTS, PAID, UNPAID, invoice_id
from tests.support.running import GatewayClient, Json, SandboxControl

TWO = """
mutation($a: IssueCreditNoteInput!, $b: IssueCreditNoteInput!) {
  a: issueCreditNote(input: $a) { outcome creditNote { id invoice { details { creditable { total { amount } } } } } errors { code } }
  b: issueCreditNote(input: $b) { outcome creditNote { id invoice { details { creditable { total { amount } } } } } errors { code } }
}"""


def wanted(account: str, key: str, amount: str) -> Json:
    return {
        "idempotencyKey": key,
        "against": {"invoice": {"reference": {"account": account, "providerId": invoice_id(account, UNPAID)}}},
        "credit": {"total": {"amount": amount, "currency": "USD"}},
        "reason": "OTHER",
        "reasonText": "Agreed by telephone",
    }


@pytest.mark.parametrize("account", ACCOUNTS)
def test_a_note_is_issued_once_and_answered_whole(gateway: GatewayClient, sandbox: SandboxControl, account: str) -> None:
    payload = issue_unpaid(gateway, account)
    assert (payload["outcome"], payload["replayed"], payload["errors"]) == ("APPLIED", False, [])
    note = payload["creditNote"]
    assert note["total"] == {"amount": "10.00", "currency": "USD"}
    assert note["invoice"]["providerId"] == invoice_id(account, UNPAID)
    (booked,) = notes_against(sandbox, account, UNPAID)
    assert (booked["id"], booked["minor"], booked["currency"]) == (note["providerId"], 1000, "USD")
    assert sandbox.requests()[ISSUING[account]] == 1


@pytest.mark.parametrize("account", ACCOUNTS)
def test_more_than_is_left_is_refused_with_both_amounts(gateway: GatewayClient, sandbox: SandboxControl, account: str) -> None:
    payload = issue_unpaid(gateway, account, {"total": {"amount": "500.01", "currency": "USD"}})
    (problem,) = payload["errors"]
    assert (payload["outcome"], problem["code"], problem["__typename"]) == (
        "NOT_APPLIED",
        "AMOUNT_EXCEEDS_CREDITABLE",
        "AmountProblem",
    )
    assert problem["requested"] == {"amount": "500.01", "currency": "USD"}
    assert problem["maximum"] == {"amount": "500.00", "currency": "USD"}
    assert (problem["path"][:1], problem["account"], problem["retryable"]) == (["credit"], account, False)
    assert ISSUING[account] not in sandbox.requests()


@pytest.mark.parametrize("account", ACCOUNTS)
def test_another_currency_is_refused_before_anything_is_sent(gateway: GatewayClient, sandbox: SandboxControl, account: str) -> None:
    payload = issue_unpaid(gateway, account, {"total": {"amount": "10.00", "currency": "EUR"}})
    assert [(problem["code"], problem["path"][:2]) for problem in payload["errors"]] == [("CURRENCY_MISMATCH", ["credit", "total"])]
    assert ISSUING[account] not in sandbox.requests()


def test_what_a_provider_cannot_do_names_the_input_and_who_can(gateway: GatewayClient, sandbox: SandboxControl) -> None:
    payload = issue_unpaid(gateway, "zenskar-demo", number="CN-7", customerNote="Sorry", internalNote="Third time")
    told = {tuple(problem["path"]): (problem["code"], problem["supportedBy"]) for problem in payload["errors"]}
    assert told == {
        ("number",): ("UNSUPPORTED", ["VCITA"]),
        ("customerNote",): ("UNSUPPORTED", ["CHARGEBEE"]),
        ("internalNote",): ("UNSUPPORTED", ["CHARGEBEE"]),
    }
    assert sandbox.requests() == {}


def test_options_of_another_provider_are_refused(gateway: GatewayClient, sandbox: SandboxControl) -> None:
    payload = issue_unpaid(gateway, "zenskar-demo", options={"chargebee": {"skipWebhooks": True}})
    assert [(problem["code"], problem["path"]) for problem in payload["errors"]] == [("INVALID_INPUT", ["options", "chargebee"])]
    assert sandbox.requests() == {}


def test_an_unknown_disposition_is_an_answer_and_not_a_wish(gateway: GatewayClient) -> None:
    payload = issue_unpaid(gateway, "chargebee-demo", dispositions=[{"disposition": "UNKNOWN"}])
    assert [(problem["code"], problem["path"]) for problem in payload["errors"]] == [
        ("INVALID_INPUT", ["dispositions", "0", "disposition"])
    ]


@pytest.mark.parametrize(
    ("against", "path"),
    [
        ({"invoice": {"reference": {"account": "nobody", "providerId": "x"}}}, ["against", "invoice"]),
        ({"customer": {"account": "nobody", "providerId": "x", "currency": "USD"}}, ["against", "customer"]),
        ({"invoice": {"reference": {"account": "vcita-demo", "providerId": "inv0000000009999"}}}, ["against", "invoice"]),
    ],
)
def test_what_is_not_there_cannot_be_credited(gateway: GatewayClient, against: Json, path: list[str]) -> None:
    payload = gateway.issue("", "", TEN, against=against)
    assert payload["outcome"] == "NOT_APPLIED"
    assert [(problem["code"], problem["path"]) for problem in payload["errors"]] == [("NOT_FOUND", path)]


def test_an_invoice_may_be_named_by_its_global_id(gateway: GatewayClient) -> None:
    payload = gateway.issue(
        "", "", TEN, against={"invoice": {"id": "aTpjaGFyZ2ViZWUtZGVtbzpJTlYtMTAwMg"}}
    )  # i:chargebee-demo:INV-1002
    assert (payload["outcome"], payload["creditNote"]["invoice"]["providerId"]) == ("APPLIED", "INV-1002")


def test_a_customer_is_credited_without_an_invoice_where_the_provider_can(gateway: GatewayClient) -> None:
    def against(account: str) -> Json:
        return {"customer": {"account": account, "providerId": "globex", "currency": "USD"}}

    issued = gateway.issue("", "", TEN, against=against("chargebee-demo"), dispositions=[{"disposition": "CUSTOMER_CREDIT"}])
    assert (issued["outcome"], issued["errors"]) == ("APPLIED", [])
    assert (issued["creditNote"]["invoice"], issued["creditNote"]["remaining"]) == (None, {"amount": "10.00"})
    refused = gateway.issue("", "", TEN, against=against("zenskar-demo"))
    (problem,) = refused["errors"]
    assert (problem["code"], problem["path"], problem["supportedBy"]) == ("UNSUPPORTED", ["against", "customer"], ["CHARGEBEE"])


def test_an_answer_a_power_of_ten_off_is_told_with_its_note_and_stops_the_accounts_writes(
    gateway: GatewayClient, sandbox: SandboxControl
) -> None:
    sandbox.switch("zenskar", "amount_unit", "minor")  # 1000.00 would be taken for 10.00
    payload = issue_unpaid(gateway, "zenskar-demo", {"total": {"amount": "100", "currency": "USD"}})
    (problem,) = payload["errors"]
    assert (payload["outcome"], problem["code"]) == ("APPLIED", "INTEGRITY_MISMATCH")
    assert payload["creditNote"]["total"]["amount"] == "1.00"
    assert problem["candidates"] == [{"providerId": payload["creditNote"]["providerId"]}]
    stopped = issue_unpaid(gateway, "zenskar-demo")
    assert [problem["code"] for problem in stopped["errors"]] == ["FEATURE_DISABLED"]
    assert issue_unpaid(gateway, "vcita-demo")["outcome"] == "APPLIED"


def test_several_mutations_of_one_request_run_in_turn_and_each_sees_the_one_before(gateway: GatewayClient) -> None:
    data = gateway.gql(TWO, a=wanted("chargebee-demo", "a", "100.00"), b=wanted("chargebee-demo", "b", "50.00"))
    left = [data[name]["creditNote"]["invoice"]["details"]["creditable"]["total"]["amount"] for name in ("a", "b")]
    assert left == ["400.00", "350.00"]


def test_a_failing_mutation_hides_no_other(gateway: GatewayClient) -> None:
    data = gateway.gql(TWO, a=wanted("vcita-demo", "a", "900.00"), b=wanted("vcita-demo", "b", "50.00"))
    assert (data["a"]["outcome"], data["b"]["outcome"]) == ("NOT_APPLIED", "APPLIED")


def test_a_provider_that_fails_while_the_invoice_is_read_leaves_nothing_written(
    gateway: GatewayClient, sandbox: SandboxControl
) -> None:
    sandbox.fault(provider="zenskar", method="GET", fault="status", status=503)
    payload = issue_unpaid(gateway, "zenskar-demo", idempotencyKey="early")
    (problem,) = payload["errors"]
    assert (payload["outcome"], problem["code"]) == ("NOT_APPLIED", "PROVIDER_UNAVAILABLE")
    assert (problem["retryable"], problem["provider"]["httpStatus"]) == (True, 503)
    sandbox.reset()
    assert issue_unpaid(gateway, "zenskar-demo", idempotencyKey="early")["outcome"] == "APPLIED"


def test_a_refusal_of_the_provider_itself_is_passed_on_beside_our_code(gateway: GatewayClient, sandbox: SandboxControl) -> None:
    sandbox.fault(provider="chargebee", method="POST", fault="status", status=429, retry_after=7)
    payload = issue_unpaid(gateway, "chargebee-demo")
    (problem,) = payload["errors"]
    assert (payload["outcome"], problem["code"], problem["retryAfterSeconds"]) == ("NOT_APPLIED", "PROVIDER_RATE_LIMITED", 7)
    assert problem["provider"]["httpStatus"] == 429
    assert problem["provider"]["code"] == "api_request_limit_exceeded"


def test_what_is_credited_can_be_credited_no_more(gateway: GatewayClient) -> None:
    for account in ACCOUNTS:
        whole = gateway.issue(account, invoice_id(account, PAID), {"remaining": True})
        assert (whole["outcome"], whole["creditNote"]["total"]["amount"]) == ("APPLIED", "119.00")
        more = gateway.issue(account, invoice_id(account, PAID), {"total": {"amount": "0.01", "currency": "EUR"}})
        (problem,) = more["errors"]
        assert (problem["code"], problem["maximum"]["amount"]) == ("AMOUNT_EXCEEDS_CREDITABLE", "0.00")

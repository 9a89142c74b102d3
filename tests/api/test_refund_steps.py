"""Writes of several calls as a client sees them: what is done of them is shown while the rest is not, and what came beside it."""

from __future__ import annotations

from tests.api.changing import CHARGEBEE, VCITA, eur, refund, refunds_on, said
from tests.support.demo import PAID, PARTLY_PAID, invoice_id
from tests.support.running import GatewayClient, SandboxControl

WITH_SOURCES = """mutation($input: RefundCreditNoteInput!) { refundCreditNote(input: $input) {
  outcome creditNote { id source { origin } }
  errors { code ... on OutcomeProblem { candidates { id source { origin fetchedAt } } } } } }"""


def test_an_invoice_paid_in_two_is_half_paid_back_when_the_second_call_is_refused(
    gateway: GatewayClient, sandbox: SandboxControl
) -> None:
    kept = [{"disposition": "CUSTOMER_CREDIT"}]
    issued = gateway.issue(CHARGEBEE, invoice_id(CHARGEBEE, PARTLY_PAID), {"remaining": True}, dispositions=kept)
    id = issued["creditNote"]["id"]
    sandbox.fault(provider="chargebee", path="*/refund", fault="delay", delay_ms=0, times=1)
    sandbox.fault(provider="chargebee", path="*/refund", fault="status", status=429, retry_after=7, times=1)
    half = refund(gateway, id, idempotencyKey="two")
    (problem,) = half["errors"]
    assert (said(half), half["replayed"]) == (("PARTIALLY_APPLIED", [("REFUND_FAILED", None)]), False)
    assert (half["creditNote"]["id"], half["creditNote"]["refunded"]["amount"]) == (id, "30.00")
    assert half["refundId"] is not None
    assert (problem["retryable"], problem["retryAfterSeconds"], problem["provider"]["httpStatus"]) == (True, 7, 429)
    done = refund(gateway, id, idempotencyKey="two")
    assert (said(done), done["creditNote"]["refunded"]["amount"]) == (("APPLIED", []), "50.00")
    assert done["refundId"] not in {None, half["refundId"]}
    assert [row["minor"] for row in refunds_on(sandbox, CHARGEBEE, PARTLY_PAID)] == [30_00, 20_00]


def test_a_note_that_is_issued_and_not_paid_out_is_told_as_that_and_a_repeat_goes_on(
    gateway: GatewayClient, sandbox: SandboxControl
) -> None:
    paid_back = {"idempotencyKey": "two", "dispositions": [{"disposition": "PAYMENT_REFUND"}]}
    sandbox.fault(provider="chargebee", path="*/refund", fault="status", status=403, times=1)
    half = gateway.issue(CHARGEBEE, invoice_id(CHARGEBEE, PAID), {"remaining": True}, **paid_back)
    assert said(half) == ("PARTIALLY_APPLIED", [("REFUND_FAILED", None)])
    assert (half["creditNote"]["total"]["amount"], half["creditNote"]["refunded"]["amount"]) == ("119.00", "0.00")
    done = gateway.issue(CHARGEBEE, invoice_id(CHARGEBEE, PAID), {"remaining": True}, **paid_back)
    assert (said(done), done["creditNote"]["id"]) == (("APPLIED", []), half["creditNote"]["id"])
    assert [row["minor"] for row in refunds_on(sandbox, CHARGEBEE, PAID)] == [119_00]


def test_a_note_the_provider_made_beside_the_refund_is_shown_and_a_repeat_says_how_old_that_is(
    gateway: GatewayClient, sandbox: SandboxControl
) -> None:
    issued = gateway.issue(VCITA, invoice_id(VCITA, PARTLY_PAID), {"total": eur("30.00")})
    sandbox.switch("vcita", "strict_mode", "on")
    input = {"idempotencyKey": "strict", "id": issued["creditNote"]["id"], "paymentId": "pay0000000001004"}
    first, again = (gateway.gql(WITH_SOURCES, input=input)["refundCreditNote"] for _ in range(2))
    for payload, origin in ((first, "LIVE"), (again, "CACHE")):
        (problem,) = payload["errors"]
        assert (payload["outcome"], problem["code"]) == ("APPLIED", "INTEGRITY_MISMATCH")
        assert payload["creditNote"] == {"id": issued["creditNote"]["id"], "source": {"origin": origin}}
        (surplus,) = problem["candidates"]
        assert (surplus["id"] != issued["creditNote"]["id"], surplus["source"]["origin"]) == (True, origin)
    recorded = again["errors"][0]["candidates"][0]["source"]["fetchedAt"]
    later = gateway.gql(WITH_SOURCES, input=input)["refundCreditNote"]
    assert later["errors"][0]["candidates"][0]["source"]["fetchedAt"] == recorded

"""Chargebee refuses in the last moment, because a colleague wrote there between our read and our send: told as what is left now."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.api.streaming import until
from tests.support.demo import UNPAID, invoice_id
from tests.support.running import GatewayClient, Json, SandboxControl

ACCOUNT = "chargebee-demo"
INVOICE = invoice_id(ACCOUNT, UNPAID)
ASKED = {"total": {"amount": "90.00", "currency": "USD"}}


def refused(gateway: GatewayClient, sandbox: SandboxControl, *, colleague: int) -> Json:
    """The only problem of a note of ours that is on its way while a colleague issues one of so many cents."""
    sandbox.act("chargebee", "hold")
    with ThreadPoolExecutor(1) as thread:
        ours = thread.submit(gateway.issue, ACCOUNT, INVOICE, ASKED, idempotencyKey=f"in-the-last-moment-{colleague}")
        try:
            until(lambda: sandbox.calls("chargebee", "POST") > 0)
            sandbox.act("chargebee", "issue", invoice_id=INVOICE, minor=colleague, type="adjustment")
        finally:
            sandbox.act("chargebee", "release")
        payload = ours.result()
    assert payload["outcome"] == "NOT_APPLIED"
    (problem,) = payload["errors"]
    found: Json = problem
    return found


@pytest.mark.parametrize(("colleague", "left"), [(47_000, "30.00"), (50_000, "0.00")])
def test_what_a_colleague_has_left_is_told_as_the_maximum(
    gateway: GatewayClient, sandbox: SandboxControl, colleague: int, left: str
) -> None:
    problem = refused(gateway, sandbox, colleague=colleague)
    assert problem["code"] == "AMOUNT_EXCEEDS_CREDITABLE"
    assert problem["maximum"] == {"amount": left, "currency": "USD"}

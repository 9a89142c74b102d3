"""Repeats of a write: the same key never makes a second note, whatever became of the first answer, and writes take turns."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from app.sandbox.server import Addresses
from app.timings import Timings
from tests.api.unpaid import ISSUING, TEN, issue_unpaid, notes_against
from tests.support.demo import ACCOUNTS, PARTLY_PAID, UNPAID, invoice_id, provider
from tests.support.running import GatewayClient, SandboxControl, running


@pytest.mark.parametrize("account", ACCOUNTS)
def test_the_same_key_answers_the_same_without_any_call(gateway: GatewayClient, sandbox: SandboxControl, account: str) -> None:
    first = issue_unpaid(gateway, account, idempotencyKey="the-same")
    before = sandbox.requests()
    again = issue_unpaid(gateway, account, idempotencyKey="the-same")
    assert again == {**first, "replayed": True}
    assert sandbox.requests() == before


def test_the_same_content_may_be_spelt_differently(gateway: GatewayClient) -> None:
    first = issue_unpaid(gateway, "chargebee-demo", idempotencyKey="k", dispositions=None, notifyCustomer=None)
    spelt = {"total": {"minorUnits": "1000", "currency": "USD"}}
    again = issue_unpaid(gateway, "chargebee-demo", spelt, idempotencyKey="k", dispositions=[])
    assert (again["replayed"], again["creditNote"]) == (True, first["creditNote"])


def test_the_same_key_with_other_content_is_refused(gateway: GatewayClient, sandbox: SandboxControl) -> None:
    issue_unpaid(gateway, "zenskar-demo", idempotencyKey="once")
    eleven = {"total": {"amount": "11.00", "currency": "USD"}}
    payload = issue_unpaid(gateway, "zenskar-demo", eleven, idempotencyKey="once")
    assert (payload["outcome"], payload["creditNote"]) == ("NOT_APPLIED", None)
    assert [problem["code"] for problem in payload["errors"]] == ["IDEMPOTENCY_KEY_REUSED"]
    assert len(notes_against(sandbox, "zenskar-demo", UNPAID)) == 1


def test_keys_of_different_accounts_are_different(gateway: GatewayClient) -> None:
    payloads = [issue_unpaid(gateway, account, idempotencyKey="shared") for account in ACCOUNTS]
    assert [(payload["outcome"], payload["replayed"]) for payload in payloads] == [("APPLIED", False)] * 3


def test_a_refused_key_may_be_used_again_with_corrected_content(gateway: GatewayClient, sandbox: SandboxControl) -> None:
    too_much = {"total": {"amount": "500.01", "currency": "USD"}}
    assert issue_unpaid(gateway, "vcita-demo", too_much, idempotencyKey="retry")["outcome"] == "NOT_APPLIED"
    assert issue_unpaid(gateway, "vcita-demo", TEN, idempotencyKey="retry")["outcome"] == "APPLIED"
    assert len(notes_against(sandbox, "vcita-demo", UNPAID)) == 1


@pytest.mark.parametrize("account", ACCOUNTS)
def test_a_lost_answer_is_found_again_by_the_same_key(gateway: GatewayClient, sandbox: SandboxControl, account: str) -> None:
    sandbox.fault(provider=provider(account), method="POST", fault="drop_after", times=1)
    lost = issue_unpaid(gateway, account, idempotencyKey="lost")
    (problem,) = lost["errors"]
    assert (lost["outcome"], lost["creditNote"], problem["code"]) == ("UNKNOWN", None, "OUTCOME_UNKNOWN")
    assert (problem["retryable"], problem["__typename"]) == (True, "OutcomeProblem")
    found = issue_unpaid(gateway, account, idempotencyKey="lost")
    assert (found["outcome"], found["errors"]) == ("APPLIED", [])
    assert [note["id"] for note in notes_against(sandbox, account, UNPAID)] == [found["creditNote"]["providerId"]]
    assert issue_unpaid(gateway, account, idempotencyKey="lost") == {**found, "replayed": True}


@pytest.mark.parametrize("account", ACCOUNTS)
def test_a_write_that_never_arrived_is_sent_again_once_that_is_certain(
    addresses: Addresses, sandbox: SandboxControl, account: str
) -> None:
    sandbox.fault(provider=provider(account), method="POST", fault="drop_before", times=1)
    with running(addresses, timings=Timings(settling_s=0.001)) as gateway:
        assert issue_unpaid(gateway, account, idempotencyKey="lost")["outcome"] == "UNKNOWN"
        again = issue_unpaid(gateway, account, idempotencyKey="lost")
    assert (again["outcome"], again["errors"]) == ("APPLIED", [])
    assert len(notes_against(sandbox, account, UNPAID)) == 1


@pytest.mark.parametrize("account", ["vcita-demo", "zenskar-demo"])
def test_a_write_that_never_arrived_is_not_sent_again_while_that_is_uncertain(
    gateway: GatewayClient, sandbox: SandboxControl, account: str
) -> None:
    sandbox.fault(provider=provider(account), method="POST", fault="drop_before", times=1)
    issue_unpaid(gateway, account, idempotencyKey="lost")
    again = issue_unpaid(gateway, account, idempotencyKey="lost")
    (problem,) = again["errors"]
    assert (again["outcome"], problem["code"]) == ("UNKNOWN", "OUTCOME_UNKNOWN")
    assert 0 < problem["retryAfterSeconds"] <= 5
    assert sandbox.requests()[ISSUING[account]] == 1


def test_another_write_on_the_invoice_waits_for_the_end_of_a_lost_one(gateway: GatewayClient, sandbox: SandboxControl) -> None:
    sandbox.fault(provider="zenskar", method="POST", fault="drop_after", times=1)
    issue_unpaid(gateway, "zenskar-demo", idempotencyKey="first")
    second = issue_unpaid(gateway, "zenskar-demo", idempotencyKey="second")
    (problem,) = second["errors"]
    assert (second["outcome"], problem["code"], problem["retryable"]) == ("NOT_APPLIED", "CONFLICT", True)
    assert "first" in problem["message"]
    other_invoice = gateway.issue(
        "zenskar-demo", invoice_id("zenskar-demo", PARTLY_PAID), {"total": {"amount": "1.00", "currency": "EUR"}}
    )
    assert other_invoice["outcome"] == "APPLIED"


def test_a_repeat_during_the_first_attempt_is_told_so(gateway: GatewayClient, sandbox: SandboxControl) -> None:
    sandbox.fault(provider="vcita", method="POST", fault="delay", delay_ms=400, after=True, times=1)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(issue_unpaid, gateway, "vcita-demo", idempotencyKey="twice")
        while not sandbox.calls("vcita", "POST"):
            assert not first.done()
        second = issue_unpaid(gateway, "vcita-demo", idempotencyKey="twice")
        (problem,) = second["errors"]
        assert (second["outcome"], problem["code"], problem["retryable"]) == ("UNKNOWN", "IDEMPOTENCY_IN_PROGRESS", True)
        assert problem["retryAfterSeconds"] == 1
        assert first.result()["outcome"] == "APPLIED"
    assert len(notes_against(sandbox, "vcita-demo", UNPAID)) == 1


def test_writes_on_one_invoice_take_turns_and_never_credit_it_twice(gateway: GatewayClient, sandbox: SandboxControl) -> None:
    most = {"total": {"amount": "300.00", "currency": "USD"}}
    with ThreadPoolExecutor(4) as pool:
        payloads = list(pool.map(lambda account: issue_unpaid(gateway, account, most), ["zenskar-demo", "vcita-demo"] * 2))
    assert sorted(payload["outcome"] for payload in payloads) == ["APPLIED", "APPLIED", "NOT_APPLIED", "NOT_APPLIED"]
    refused = {problem["code"]: problem["maximum"]["amount"] for payload in payloads for problem in payload["errors"]}
    assert refused == {"AMOUNT_EXCEEDS_CREDITABLE": "200.00"}

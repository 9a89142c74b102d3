"""What `creditNoteOperation` tells of voids, refunds and writes of two calls, in every state they can be in, and that it only reads."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from app.sandbox.server import Addresses
from app.timings import Timings
from tests.api.changing import CHARGEBEE, PAYMENT, REFUNDING, VOIDING, ZENSKAR, refund, refundable, void, voidable
from tests.api.unpaid import issue_unpaid
from tests.support.demo import PAID, invoice_id, provider
from tests.support.running import GatewayClient, Json, SandboxControl, running

ASKED = """query($account: String!, $operation: Operation!) { creditNoteOperation(account: $account, operation: $operation, idempotencyKey: "k") {
  state operation outcome creditNote { id status refunded { amount } source { origin fetchedAt } } attempts { at code }
  errors { code account retryable __typename ... on OutcomeProblem { candidates { source { origin fetchedAt } } } } } }"""
VERBS = {CHARGEBEE: "POST", ZENSKAR: "PATCH"}


@pytest.fixture
def gateway(addresses: Addresses, sandbox: SandboxControl) -> Iterator[GatewayClient]:
    with running(addresses, timings=Timings(resolver_s=0)) as client:  # nobody else ends what is left open
        yield client


def operation(gateway: GatewayClient, account: str, asked: str) -> Json:
    found: Json = gateway.gql(ASKED, account=account, operation=asked)["creditNoteOperation"]
    return found


def states(told: Json) -> tuple[str, str, list[str | None], list[str]]:
    """State, outcome, the attempts' codes and the problems' codes."""
    return (
        told["state"],
        told["outcome"],
        [attempt["code"] for attempt in told["attempts"]],
        [problem["code"] for problem in told["errors"]],
    )


@pytest.mark.parametrize("account", VOIDING)
def test_a_void_is_told_from_its_loss_to_its_end_without_a_call(
    gateway: GatewayClient, sandbox: SandboxControl, account: str
) -> None:
    id = voidable(gateway, account)
    assert gateway.gql(ASKED, account=account, operation="VOID")["creditNoteOperation"] is None
    sandbox.fault(provider=provider(account), method=VERBS[account], fault="drop_after", times=1)
    void(gateway, id, idempotencyKey="k")
    before = sandbox.requests()
    assert states(operation(gateway, account, "VOID")) == ("UNKNOWN", "UNKNOWN", ["OUTCOME_UNKNOWN"], ["OUTCOME_UNKNOWN"])
    assert sandbox.requests() == before
    void(gateway, id, idempotencyKey="k")
    told = operation(gateway, account, "VOID")
    assert states(told) == ("DONE", "APPLIED", [None], [])
    assert (told["operation"], told["creditNote"]["id"], told["creditNote"]["status"]) == ("VOID", id, "VOIDED")
    assert told["creditNote"]["source"]["origin"] == "CACHE"
    assert gateway.gql(ASKED, account=account, operation="REFUND")["creditNoteOperation"] is None


@pytest.mark.parametrize("account", REFUNDING)
def test_a_refund_that_was_refused_and_then_done_has_both_attempts(
    gateway: GatewayClient, sandbox: SandboxControl, account: str
) -> None:
    id, more = refundable(gateway, account), PAYMENT.get(account, {})
    sandbox.fault(provider=provider(account), path="*/refund*", method="POST", fault="status", status=429, times=1)
    refund(gateway, id, idempotencyKey="k", **more)
    told = operation(gateway, account, "REFUND")
    assert states(told) == ("REFUSED", "NOT_APPLIED", ["PROVIDER_RATE_LIMITED"], ["PROVIDER_RATE_LIMITED"])
    assert (told["creditNote"], told["errors"][0]["account"], told["errors"][0]["retryable"]) == (None, account, True)
    refund(gateway, id, idempotencyKey="k", **more)
    told = operation(gateway, account, "REFUND")
    assert states(told) == ("DONE", "APPLIED", ["PROVIDER_RATE_LIMITED", None], [])
    first, second = (attempt["at"] for attempt in told["attempts"])
    assert first < second


def test_what_was_refused_before_it_was_sent_has_no_attempt(gateway: GatewayClient) -> None:
    id = voidable(gateway, ZENSKAR)
    void(gateway, id)
    void(gateway, id, idempotencyKey="k")
    assert states(operation(gateway, ZENSKAR, "VOID")) == ("REFUSED", "NOT_APPLIED", [], ["WRONG_STATE"])


def test_what_the_account_cannot_do_was_never_an_operation(gateway: GatewayClient) -> None:
    refund(gateway, voidable(gateway, ZENSKAR), idempotencyKey="k")
    assert gateway.gql(ASKED, account=ZENSKAR, operation="REFUND")["creditNoteOperation"] is None


@pytest.mark.parametrize(
    ("slow", "expected"),
    [
        ("GET", ("STARTED", "NOT_APPLIED", [], ["IDEMPOTENCY_IN_PROGRESS"])),
        ("PATCH", ("SENT", "UNKNOWN", [None], ["OUTCOME_UNKNOWN"])),
    ],
)
def test_a_write_under_way_is_told_as_far_as_it_has_come(
    gateway: GatewayClient, sandbox: SandboxControl, slow: str, expected: tuple[str, str, list[str | None], list[str]]
) -> None:
    id = voidable(gateway, ZENSKAR)
    before = sandbox.calls("zenskar", slow)
    sandbox.fault(provider="zenskar", method=slow, fault="delay", delay_ms=600, times=1)
    with ThreadPoolExecutor(1) as pool:
        running_void = pool.submit(void, gateway, id, idempotencyKey="k")
        while sandbox.calls("zenskar", slow) == before:
            assert not running_void.done()
        told = operation(gateway, ZENSKAR, "VOID")
        assert running_void.result()["outcome"] == "APPLIED"
    assert states(told) == expected
    assert (told["creditNote"], told["errors"][0]["retryable"]) == (None, True)


def test_of_two_calls_the_first_is_told_with_its_note_and_how_old_that_is(gateway: GatewayClient, sandbox: SandboxControl) -> None:
    paid_back = {"idempotencyKey": "k", "dispositions": [{"disposition": "PAYMENT_REFUND"}]}
    sandbox.fault(provider="chargebee", path="*/refund", fault="status", status=403, times=1)
    half = gateway.issue(CHARGEBEE, invoice_id(CHARGEBEE, PAID), {"remaining": True}, **paid_back)
    before = sandbox.requests()
    told = operation(gateway, CHARGEBEE, "ISSUE")
    assert states(told) == ("REFUSED", "PARTIALLY_APPLIED", [None, "PROVIDER_FORBIDDEN"], ["REFUND_FAILED"])
    assert (told["creditNote"]["id"], told["creditNote"]["refunded"]["amount"]) == (half["creditNote"]["id"], "0.00")
    assert told["creditNote"]["source"] == {"origin": "CACHE", "fetchedAt": told["attempts"][0]["at"]}
    assert operation(gateway, CHARGEBEE, "ISSUE") == told
    assert sandbox.requests() == before
    gateway.issue(CHARGEBEE, invoice_id(CHARGEBEE, PAID), {"remaining": True}, **paid_back)
    told = operation(gateway, CHARGEBEE, "ISSUE")
    assert states(told) == ("DONE", "APPLIED", [None, "PROVIDER_FORBIDDEN", None], [])
    assert told["creditNote"]["refunded"]["amount"] == "119.00"


def test_of_two_calls_a_lost_second_is_unknown_with_the_note_of_the_first(gateway: GatewayClient, sandbox: SandboxControl) -> None:
    sandbox.fault(provider="chargebee", path="*/refund", fault="drop_after", times=1)
    paid_back = [{"disposition": "PAYMENT_REFUND"}]
    lost = gateway.issue(CHARGEBEE, invoice_id(CHARGEBEE, PAID), {"remaining": True}, idempotencyKey="k", dispositions=paid_back)
    told = operation(gateway, CHARGEBEE, "ISSUE")
    assert states(told) == ("UNKNOWN", "UNKNOWN", [None, "OUTCOME_UNKNOWN"], ["OUTCOME_UNKNOWN"])
    assert (told["creditNote"]["id"], told["creditNote"]["refunded"]["amount"]) == (lost["creditNote"]["id"], "0.00")
    assert told["creditNote"]["source"] == {"origin": "CACHE", "fetchedAt": told["attempts"][0]["at"]}


def test_a_mismatch_is_told_with_its_note_as_old_as_it_is(gateway: GatewayClient, sandbox: SandboxControl) -> None:
    sandbox.switch("zenskar", "amount_unit", "minor")  # 1000.00 would be taken for 10.00
    issue_unpaid(gateway, ZENSKAR, {"total": {"amount": "100", "currency": "USD"}}, idempotencyKey="k")
    told = operation(gateway, ZENSKAR, "ISSUE")
    assert states(told) == ("DONE", "APPLIED", [None], ["INTEGRITY_MISMATCH"])
    (problem,) = told["errors"]
    assert problem["__typename"] == "OutcomeProblem"
    assert problem["candidates"] == [{"source": told["creditNote"]["source"]}]
    assert told["creditNote"]["source"]["origin"] == "CACHE"


@pytest.mark.parametrize("never", ["GET", "LIST", "PREVIEW", "DOCUMENT", "EINVOICE", "EVENTS"])
def test_what_is_no_mutation_has_no_key(gateway: GatewayClient, never: str) -> None:
    issue_unpaid(gateway, ZENSKAR, idempotencyKey="k")
    assert gateway.gql(ASKED, account=ZENSKAR, operation=never)["creditNoteOperation"] is None

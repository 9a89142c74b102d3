"""The query `creditNoteOperation`: what a client that has only its key is told, on the wire."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from app.sandbox.server import Addresses
from app.timings import Timings
from tests.support.demo import ACCOUNTS, UNPAID, invoice_id, provider
from tests.support.running import GatewayClient, Json, SandboxControl, running

ASKED = """query($account: String!, $operation: Operation!, $key: String!) {
  creditNoteOperation(account: $account, operation: $operation, idempotencyKey: $key) {
    state operation outcome creditNote { providerId source { origin } } attempts { code } errors { code account }
  }
}"""


@pytest.fixture
def gateway(addresses: Addresses, sandbox: SandboxControl) -> Iterator[GatewayClient]:
    with running(addresses, timings=Timings(resolver_s=0)) as client:  # nobody else ends what is left open
        yield client


def issue(gateway: GatewayClient, account: str, amount: str) -> Json:
    credit = {"total": {"amount": amount, "currency": "USD"}}
    return gateway.issue(account, invoice_id(account, UNPAID), credit, idempotencyKey="k")


def asked(gateway: GatewayClient, account: str, operation: str = "ISSUE", key: str = "k") -> Json | None:
    told: Json | None = gateway.gql(ASKED, account=account, operation=operation, key=key)["creditNoteOperation"]
    return told


@pytest.mark.parametrize("account", ACCOUNTS)
def test_a_write_is_told_from_its_loss_to_its_end(gateway: GatewayClient, sandbox: SandboxControl, account: str) -> None:
    sandbox.fault(provider=provider(account), method="POST", fault="drop_after", times=1)
    issue(gateway, account, "10.00")
    before = sandbox.requests()
    assert asked(gateway, account) == {
        "state": "UNKNOWN",
        "operation": "ISSUE",
        "outcome": "UNKNOWN",
        "creditNote": None,
        "attempts": [{"code": "OUTCOME_UNKNOWN"}],
        "errors": [{"code": "OUTCOME_UNKNOWN", "account": account}],
    }
    assert sandbox.requests() == before
    found = issue(gateway, account, "10.00")
    assert asked(gateway, account) == {
        "state": "DONE",
        "operation": "ISSUE",
        "outcome": "APPLIED",
        "creditNote": {"providerId": found["creditNote"]["providerId"], "source": {"origin": "CACHE"}},
        "attempts": [{"code": None}],
        "errors": [],
    }


def test_a_refusal_is_told_with_its_code_and_nothing_was_attempted(gateway: GatewayClient) -> None:
    issue(gateway, "zenskar-demo", "900.00")
    assert asked(gateway, "zenskar-demo") == {
        "state": "REFUSED",
        "operation": "ISSUE",
        "outcome": "NOT_APPLIED",
        "creditNote": None,
        "attempts": [],
        "errors": [{"code": "AMOUNT_EXCEEDS_CREDITABLE", "account": "zenskar-demo"}],
    }


def test_a_key_nobody_used_is_null_and_an_account_nobody_has_is_not_found(gateway: GatewayClient) -> None:
    issue(gateway, "zenskar-demo", "10.00")
    assert asked(gateway, "zenskar-demo", "VOID") is None
    assert asked(gateway, "zenskar-demo", key="another") is None
    assert asked(gateway, "zenskar-demo", "ISSUE_WITHOUT_INVOICE") is not None
    error = gateway.error(ASKED, account="nobody", operation="ISSUE", key="k")
    assert (error["extensions"]["code"], error["extensions"]["path"]) == ("NOT_FOUND", ["account"])

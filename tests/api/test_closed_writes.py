"""An account whose writes are all refused says so before it is asked: in its capabilities, and of each of its notes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from app.sandbox.server import Addresses
from tests.support.demo import ACCOUNTS, FIRST_NOTES
from tests.support.running import GatewayClient, SandboxControl, serving, settings

OPERATIONS = "{ accounts { name capabilities { operations { operation level note } } } }"
NOTES = "{ creditNotes(first: 100) { nodes { allowedActions } } }"
WRITING = {"ISSUE", "ISSUE_WITHOUT_INVOICE", "PREVIEW", "VOID", "REFUND"}


@pytest.fixture(params=[False, True], ids=["refuses", "accepts"])
def accepts(request: pytest.FixtureRequest) -> bool:
    """Whether the operator has accepted a ledger that a restart forgets."""
    return bool(request.param)


@pytest.fixture
def real(addresses: Addresses, sandbox: SandboxControl, accepts: bool) -> Iterator[GatewayClient]:
    """A gateway over real accounts, without Redis."""
    made = settings(addresses)
    accounts = {name: replace(account, demo=False) for name, account in made.accounts.items()}
    with serving(replace(made, accounts=accounts, accepts_volatile_ledger=accepts)) as client:
        yield client


def test_capabilities_offer_no_write_that_would_be_refused(real: GatewayClient, accepts: bool) -> None:
    for account in real.gql(OPERATIONS)["accounts"]:
        told = {row["operation"]: row for row in account["capabilities"]["operations"]}
        offered = {operation for operation, row in told.items() if row["level"] != "UNSUPPORTED"}
        assert {"GET", "LIST"} <= offered
        assert bool(offered & WRITING) is accepts
        assert ("CREDIT_NOTES_REDIS_URL" in (told["ISSUE"]["note"] or "")) is not accepts
        assert ("CREDIT_NOTES_REDIS_URL" in (told["PREVIEW"]["note"] or "")) is not accepts
        assert told["GET"]["note"] is None


def test_no_action_is_allowed_that_would_be_refused(real: GatewayClient, accepts: bool) -> None:
    nodes = real.gql(NOTES)["creditNotes"]["nodes"]
    assert any(node["allowedActions"] for node in nodes) is accepts


def test_what_is_offered_is_what_is_done(real: GatewayClient, accepts: bool) -> None:
    assert set(FIRST_NOTES) == set(ACCOUNTS)
    payload = real.issue("vcita-demo", "inv0000000001002", {"total": {"amount": "1.00", "currency": "USD"}})
    codes = [problem["code"] for problem in payload["errors"]]
    assert codes == ([] if accepts else ["FEATURE_DISABLED"])

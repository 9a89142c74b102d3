"""Notes are previewed, issued, voided and paid out at each provider as far as it can, and the books agree with every answer."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest

from tests.acceptance.reading import NOW, balance
from tests.api.changing import (
    CHARGEBEE,
    PAYMENT,
    REFUNDING,
    VOIDING,
    preview,
    refund,
    refunds_on,
    said,
    void,
)
from tests.support.demo import ACCOUNTS, PAID, PARTLY_PAID, UNPAID, invoice_id, provider
from tests.support.running import GatewayClient, Json, SandboxControl

REMAINING: Json = {"remaining": True}
STATE = (
    "query($id: ID!, $now: FreshnessInput) { creditNote(id: $id, freshness: $now) { status allowedActions refunded { amount } } }"
)
OPERATION = """query($account: String!, $operation: Operation!, $key: String!) {
  creditNoteOperation(account: $account, operation: $operation, idempotencyKey: $key) { state outcome creditNote { id } } }"""

_keys = (f"acceptance-{number}" for number in itertools.count(1))  # one gateway for the whole file remembers every key


def state(gateway: GatewayClient, id: str) -> Json:
    """The note as its provider has it now."""
    found: Json = gateway.gql(STATE, id=id, now=NOW)["creditNote"]
    return found


def issued(gateway: GatewayClient, account: str, number: int, credit: Json, **more: object) -> Json:
    """The note, which must come without a problem."""
    payload = gateway.issue(account, invoice_id(account, number), credit, idempotencyKey=next(_keys), **more)
    assert said(payload) == ("APPLIED", [])
    note: Json = payload["creditNote"]
    return note


@pytest.mark.parametrize("account", ACCOUNTS)
def test_what_was_previewed_is_what_is_issued(gateway: GatewayClient, sandbox: SandboxControl, account: str) -> None:
    before = sandbox.books()
    shown = preview(gateway, account, invoice_id(account, PAID), REMAINING)["preview"]
    assert sandbox.books() == before
    note = issued(gateway, account, PAID, REMAINING)
    assert (note["total"], shown["exact"]) == (shown["total"], False)
    assert shown["creditable"]["total"]["amount"] == "119.00"
    assert balance(gateway, account, PAID)[2] == "0.00"


@pytest.mark.parametrize("account", VOIDING)
def test_a_voided_note_gives_its_invoice_back_what_it_had_taken(
    gateway: GatewayClient, sandbox: SandboxControl, account: str
) -> None:
    full = balance(gateway, account, UNPAID)
    note = issued(gateway, account, UNPAID, {"total": {"amount": "25.00", "currency": "USD"}})
    assert balance(gateway, account, UNPAID)[2] == "475.00"
    key = next(_keys)
    assert said(void(gateway, note["id"], idempotencyKey=key)) == ("APPLIED", [])
    assert (state(gateway, note["id"])["status"], state(gateway, note["id"])["allowedActions"]) == ("VOIDED", [])
    assert balance(gateway, account, UNPAID) == full
    (row,) = [row for row in sandbox.books()[provider(account)]["notes"] if row["id"] == note["providerId"]]
    assert row["status"] in {"void", "voided"}
    told = gateway.gql(OPERATION, account=account, operation="VOID", key=key)["creditNoteOperation"]
    assert told == {"state": "DONE", "outcome": "APPLIED", "creditNote": {"id": note["id"]}}


@pytest.mark.parametrize("account", REFUNDING)
def test_a_note_is_paid_out_once(gateway: GatewayClient, sandbox: SandboxControl, account: str) -> None:
    note, key = issued(gateway, account, PAID, REMAINING), next(_keys)
    payloads = [refund(gateway, note["id"], idempotencyKey=key, **PAYMENT.get(account, {})) for _ in range(3)]
    assert [(said(payload), payload["replayed"]) for payload in payloads] == [
        (("APPLIED", []), False),
        (("APPLIED", []), True),
        (("APPLIED", []), True),
    ]
    assert [(row["id"], row["minor"]) for row in refunds_on(sandbox, account, PAID)] == [(payloads[0]["refundId"], 119_00)]
    told = gateway.gql(OPERATION, account=account, operation="REFUND", key=key)["creditNoteOperation"]
    assert told == {"state": "DONE", "outcome": "APPLIED", "creditNote": {"id": note["id"]}}


@pytest.mark.parametrize(("how", "online"), [("PAYMENT_REFUND", True), ("EXTERNAL_REFUND", False)])
def test_a_note_at_chargebee_is_issued_and_paid_out_in_one(
    gateway: GatewayClient, sandbox: SandboxControl, how: str, online: bool
) -> None:
    note = issued(gateway, CHARGEBEE, PARTLY_PAID, REMAINING, dispositions=[{"disposition": how}])
    assert (note["total"]["amount"], note["refunded"]["amount"]) == ("50.00", "50.00")
    assert state(gateway, note["id"])["allowedActions"] == []
    rows = refunds_on(sandbox, CHARGEBEE, PARTLY_PAID)
    assert (sum(row["minor"] for row in rows), {row["online"] for row in rows}) == (50_00, {online})
    assert balance(gateway, CHARGEBEE, PARTLY_PAID) == ("150.00", "0.00", "150.00")


@pytest.mark.parametrize(("account", "change", "supported"), [
    ("vcita-demo", void, ["CHARGEBEE", "ZENSKAR"]),
    ("zenskar-demo", refund, ["CHARGEBEE", "VCITA"]),
])  # fmt: skip
def test_what_a_provider_cannot_do_is_refused_and_its_books_stay_as_they_were(
    gateway: GatewayClient, sandbox: SandboxControl, account: str, change: Callable[..., Json], supported: list[str]
) -> None:
    note = issued(gateway, account, UNPAID, {"total": {"amount": "25.00", "currency": "USD"}})
    before = sandbox.books()
    payload = change(gateway, note["id"], idempotencyKey=next(_keys))
    assert said(payload) == ("NOT_APPLIED", [("UNSUPPORTED", ["id"])])
    assert payload["errors"][0]["supportedBy"] == supported
    assert sandbox.books() == before

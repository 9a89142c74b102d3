"""One deadline for all that a request reads, however many reads come one after another; what is read after a write has a new one."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from app.sandbox.server import Addresses
from app.timings import Timings
from tests.support.running import GatewayClient, SandboxControl, running

READ_S, DELAY_MS = 4.0, 2500
SLACK_S = 2.0  # for a machine that does other things too
NESTED = """{ creditNoteByReference(account: "chargebee-demo", by: { providerId: "CN-0001" }) {
  providerId invoice { providerId details { total { amount } } } } }"""
WRITTEN = """mutation($input: IssueCreditNoteInput!) { issueCreditNote(input: $input) {
  outcome errors { code } creditNote { providerId invoice { details { total { amount } } } } } }"""


@pytest.fixture
def gateway(addresses: Addresses, sandbox: SandboxControl) -> Iterator[GatewayClient]:
    with running(addresses, timings=Timings(read_timeout_s=READ_S, invoice_fresh_s=0)) as client:
        yield client


def test_a_read_that_follows_another_has_what_time_that_has_left(gateway: GatewayClient, sandbox: SandboxControl) -> None:
    sandbox.fault(provider="chargebee", fault="delay", delay_ms=DELAY_MS)
    started = time.monotonic()
    answer = gateway.ask(NESTED)
    assert time.monotonic() - started < READ_S + SLACK_S
    note = answer["data"]["creditNoteByReference"]
    assert (note["providerId"], note["invoice"]["details"]) == ("CN-0001", None)
    (error,) = answer["errors"]
    assert (error["path"], error["extensions"]["code"], error["extensions"]["account"]) == (
        ["creditNoteByReference", "invoice", "details"], "PROVIDER_TIMEOUT", "chargebee-demo",
    )  # fmt: skip


def test_the_same_reads_arrive_where_there_is_time_for_both(gateway: GatewayClient, sandbox: SandboxControl) -> None:
    sandbox.fault(provider="chargebee", fault="delay", delay_ms=100)
    assert gateway.gql(NESTED)["creditNoteByReference"]["invoice"]["details"] is not None


def test_what_is_read_after_a_write_has_a_reads_whole_time(gateway: GatewayClient, sandbox: SandboxControl) -> None:
    sandbox.fault(provider="chargebee", method="POST", fault="delay", delay_ms=round(1.5 * READ_S * 1000), times=1)
    against = {"invoice": {"reference": {"account": "chargebee-demo", "providerId": "INV-2003"}}}
    credit = {"total": {"amount": "1.00", "currency": "EUR"}}
    given = {"idempotencyKey": "deadline", "against": against, "credit": credit, "reason": "ORDER_CHANGE"}
    payload = gateway.gql(WRITTEN, input=given)["issueCreditNote"]
    assert (payload["outcome"], payload["errors"]) == ("APPLIED", [])
    assert payload["creditNote"]["invoice"]["details"] is not None

"""Two gateways over one Redis: what one has written the other's next read shows, also while that Redis is killed and started again."""

from __future__ import annotations

import contextlib
import itertools
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Self

import pytest

from app.sandbox.server import Addresses
from app.secret import Secret
from tests.support.redis_server import RedisServer
from tests.support.running import GatewayClient, serving, settings

pytestmark = pytest.mark.usefixtures("sandbox")

UNPAID = ("chargebee-demo", "INV-1002")
ONE_CENT = {"total": {"amount": "0.01", "currency": "USD"}}
EVERYTHING = """
query($account: String!, $invoice: String!) {
  invoiceByReference(account: $account, by: { providerId: $invoice }) {
    details { amountDue { minorUnits } }
    creditNotes(first: 50) { nodes { providerId } }
  }
  creditNotes(first: 5, filter: { accounts: [$account] }) { nodes { providerId } }
}"""


@pytest.fixture
def durable(tmp_path: Path) -> Iterator[RedisServer]:
    """Comes back with what it had, old values among it."""
    server = RedisServer(tmp_path, "--appendonly", "yes", "--appendfsync", "always").start()
    yield server
    server.stop()


@pytest.fixture
def gateways(durable: RedisServer, addresses: Addresses) -> Iterator[list[GatewayClient]]:
    ours = replace(settings(addresses), redis_url=Secret(durable.url), signing_keys=(Secret("s" * 32),))
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(serving(ours)) for _ in range(2)]


class Shown:
    """What a read shows of the unpaid invoice and its account."""

    def __init__(self, gateway: GatewayClient) -> None:
        data = gateway.gql(EVERYTHING, account=UNPAID[0], invoice=UNPAID[1])
        self.due = int(data["invoiceByReference"]["details"]["amountDue"]["minorUnits"])
        self.on_invoice = {note["providerId"] for note in data["invoiceByReference"]["creditNotes"]["nodes"]}
        self.listed = {note["providerId"] for note in data["creditNotes"]["nodes"]}


def issue(gateway: GatewayClient, key: str) -> str | None:
    """The note; None where it was refused, since the ledger could not be reached."""
    payload = gateway.issue(*UNPAID, ONE_CENT, idempotencyKey=key, dispositions=[{"disposition": "INVOICE_BALANCE"}])
    if payload["outcome"] == "APPLIED":
        made: str = payload["creditNote"]["providerId"]
        return made
    assert {error["code"] for error in payload["errors"]} <= {"GATEWAY_UNAVAILABLE", "OUTCOME_UNKNOWN"}, payload
    return None


def test_what_one_gateway_has_written_the_others_next_read_shows(gateways: list[GatewayClient]) -> None:
    due = {Shown(gateway).due for gateway in gateways}
    assert len(due) == 1
    for index, (writer, reader) in enumerate([*itertools.permutations(gateways)] * 4):
        made = issue(writer, f"seen-{index}")
        shown = Shown(reader)
        assert made in shown.on_invoice
        assert made in shown.listed
        assert shown.due < min(due)
        due.add(shown.due)


class Readers:
    """One for each gateway, reading all the time: what was answered before a read has to be on it."""

    def __init__(self, gateways: list[GatewayClient]) -> None:
        self.answered: set[str] = set()
        self.reads = 0
        self.wrong: list[str] = []
        self._ended = threading.Event()
        self._threads = [threading.Thread(target=self._read, args=(gateway,)) for gateway in gateways]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join()

    def _read(self, gateway: GatewayClient) -> None:
        while not self._ended.is_set():
            least = set(self.answered)
            try:
                missing = least - Shown(gateway).on_invoice
            except AssertionError as failed:
                self.wrong.append(str(failed))
                return
            if missing:
                self.wrong.append(f"{missing} not shown, though answered before")
            self.reads += 1


def test_a_redis_killed_and_started_again_fails_no_read_and_brings_back_nothing_old(
    gateways: list[GatewayClient], durable: RedisServer
) -> None:
    with Readers(gateways) as readers:
        for index in range(12):
            if index % 4 == 1:
                durable.stop()
            made = issue(gateways[index % 2], f"killed-{index}")
            if made is not None:
                readers.answered.add(made)
            if index % 4 == 2:
                durable.start()
    assert readers.wrong == []
    assert len(readers.answered) >= 4
    assert readers.reads > 20

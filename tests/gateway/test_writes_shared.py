"""Many writes at once, in one process and in two over one Redis: one note for a key, and never more than the invoice has room for."""

from __future__ import annotations

import asyncio
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import TypeAlias

import pytest

from app.accounts_file import demo_accounts
from app.asgi import Process, make_process
from app.domain.commands import IssueCreditNote
from app.domain.errors import AmountTooHigh
from app.domain.money import Money
from app.gateway.results import WriteResult
from app.providers.contract import AccountSettings
from app.sandbox.server import Addresses
from app.secret import Secret
from app.settings import Settings
from tests.gateway.writing import CALLER, command, ids, notes_on, said
from tests.support.demo import ACCOUNTS, provider
from tests.support.running import SandboxControl

pytestmark = [pytest.mark.anyio, pytest.mark.rounds]

Gateways: TypeAlias = Callable[[int, IssueCreditNote], Awaitable[WriteResult]]
"""Gives a write to one of them: to the first for 0, to the next for 1 ..."""


@pytest.fixture(params=["one process", "two over Redis"])
async def gateways(request: pytest.FixtureRequest, addresses: Addresses) -> AsyncIterator[Gateways]:
    accounts = _of_a_tenant_of_its_own(demo_accounts(addresses.providers))
    processes = [make_process(Settings(accounts=accounts))]
    if request.param == "two over Redis":
        redis_url = Secret(request.getfixturevalue("redis_url"))
        processes = [make_process(Settings(accounts=accounts, redis_url=redis_url)) for _ in range(2)]

    async def issue(number: int, command: IssueCreditNote) -> WriteResult:
        return await processes[number % len(processes)].services.writes.issue(CALLER, command)

    async with AsyncExitStack() as stack:
        for process in processes:
            stack.push_async_callback(process.aclose)
        yield issue


def _of_a_tenant_of_its_own(accounts: Mapping[str, AccountSettings]) -> dict[str, AccountSettings]:
    """So that tests on one Redis do not meet."""
    tenant = uuid.uuid4().hex
    return {name: replace(settings, tenant=tenant) for name, settings in accounts.items()}


@pytest.mark.parametrize("account", ACCOUNTS)
async def test_two_hundred_requests_with_one_key_make_one_note(gateways: Gateways, sandbox: SandboxControl, account: str) -> None:
    results = await asyncio.gather(*(gateways(number, command(account, key="one")) for number in range(200)))
    told = Counter(said(result) for result in results)
    assert set(told) <= {("APPLIED", None), ("UNKNOWN", "IDEMPOTENCY_IN_PROGRESS")}
    assert [result.replayed for result in results if said(result) == ("APPLIED", None)].count(False) == 1
    again = await asyncio.gather(*(gateways(number, command(account, key="one")) for number in range(200)))
    assert {(said(result), result.replayed) for result in again} == {(("APPLIED", None), True)}
    (note,) = {result.note.ref.external_id for result in (*results, *again) if result.note is not None}
    assert ids(notes_on(sandbox, account)) == [note]
    assert sandbox.calls(provider(account), "POST") == 1


@pytest.mark.parametrize("account", ACCOUNTS)
async def test_two_hundred_keys_on_an_invoice_with_room_for_ten_make_ten_notes(
    gateways: Gateways, sandbox: SandboxControl, account: str
) -> None:
    results = await asyncio.gather(*(gateways(number, command(account, "50.00")) for number in range(200)))
    assert Counter(said(result) for result in results) == {
        ("APPLIED", None): 10,
        ("NOT_APPLIED", "AMOUNT_EXCEEDS_CREDITABLE"): 190,
    }
    refused = [error for result in results for error in result.errors]
    assert {error.maximum for error in refused if isinstance(error, AmountTooHigh)} == {Money(0, "USD")}
    assert [note["minor"] for note in notes_on(sandbox, account)] == [50_00] * 10
    assert sandbox.calls(provider(account), "POST") == 10


async def test_what_one_process_left_open_another_brings_to_its_end(gateways: Gateways, sandbox: SandboxControl) -> None:
    sandbox.fault(method="POST", fault="drop_after", times=3)
    first = [await gateways(0, command(account, key="k")) for account in ACCOUNTS]
    assert {said(result) for result in first} == {("UNKNOWN", "OUTCOME_UNKNOWN")}
    others = [await gateways(1, command(account, key="other")) for account in ACCOUNTS]
    assert {said(result) for result in others} == {("NOT_APPLIED", "CONFLICT")}
    found = [await gateways(1, command(account, key="k")) for account in ACCOUNTS]
    assert {(said(result), result.replayed) for result in found} == {(("APPLIED", None), True)}
    assert [len(notes_on(sandbox, account)) for account in ACCOUNTS] == [1, 1, 1]
    replays = [await gateways(0, command(account, key="k")) for account in ACCOUNTS]
    assert [result.note for result in replays] == [result.note for result in found]


@pytest.mark.parametrize("url", ["redis://127.0.0.1:9/0"])
async def test_without_its_redis_a_gateway_writes_nothing(addresses: Addresses, sandbox: SandboxControl, url: str) -> None:
    process: Process = make_process(Settings(accounts=demo_accounts(addresses.providers), redis_url=Secret(url)))
    results = [await process.services.writes.issue(CALLER, command(account)) for account in ACCOUNTS]
    await process.aclose()
    assert {said(result) for result in results} == {("NOT_APPLIED", "GATEWAY_UNAVAILABLE")}
    assert sandbox.requests() == {}

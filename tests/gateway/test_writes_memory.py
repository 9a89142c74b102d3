"""The memory of writes: failing at any step, left behind by a process that died, or taken over while somebody was reading."""

from __future__ import annotations

import asyncio

import pytest

from app.domain.vocabulary import Operation
from app.gateway.entries import EntryKeys, subject
from app.store import Lease
from app.store.memory import MemoryStore
from app.timings import Timings
from tests.gateway.writing import APPLIED, UNKNOWN, Desk, Desks, command, ids, notes_on, said, until
from tests.support.clock import Clock
from tests.support.demo import ACCOUNTS, UNPAID, invoice_id, provider
from tests.support.running import SandboxControl
from tests.support.stores import Mishap, ShakyStore, away

pytestmark = [pytest.mark.anyio, pytest.mark.rounds]

UNAVAILABLE = ("NOT_APPLIED", "GATEWAY_UNAVAILABLE")


@pytest.mark.parametrize("account", ACCOUNTS)
async def test_without_its_memory_the_gateway_asks_and_writes_nothing(desks: Desks, sandbox: SandboxControl, account: str) -> None:
    desk = desks.open(ledger=away(MemoryStore()))
    result = await desk.issue(command(account))
    assert (said(result), result.errors[0].retryable) == (UNAVAILABLE, True)
    assert sandbox.requests() == {}


@pytest.mark.parametrize(
    ("account", "mishap", "for_good"),
    [
        ("chargebee-demo", "before", False),
        ("chargebee-demo", "after", False),
        ("zenskar-demo", "after", False),
        ("zenskar-demo", "before", True),
    ],
)
async def test_wherever_the_memory_fails_the_answer_is_true_and_the_key_makes_one_note(
    desks: Desks, sandbox: SandboxControl, account: str, mishap: Mishap, *, for_good: bool
) -> None:
    failing = 0
    while True:
        sandbox.reset()
        clock = Clock()
        store = ShakyStore(MemoryStore(clock=clock))
        desk = desks.open(ledger=store, clock=clock)
        failing += 1
        _fail_at(store, failing, mishap, for_good=for_good)
        first = await desk.issue(command(account, key="k"))
        made = notes_on(sandbox, account)
        assert len(made) <= 1
        assert (first.outcome.value, bool(made)) in {
            ("APPLIED", True),
            ("NOT_APPLIED", False),
            ("UNKNOWN", True),
            ("UNKNOWN", False),
        }
        calls = len(store.calls)
        store.come_back()
        clock.advance(200)
        again = await desk.issue(command(account, key="k"))
        assert said(again) == APPLIED, (failing, said(first), said(again))
        assert again.note is not None
        assert ids(notes_on(sandbox, account)) == [again.note.ref.external_id]
        assert said(await desk.issue(command(account))) == APPLIED
        if calls < failing:
            assert failing > 6
            return


def _fail_at(store: ShakyStore, number: int, mishap: Mishap, *, for_good: bool) -> None:
    def decide(_: str) -> Mishap:
        now = len(store.calls)
        return mishap if now == number or (for_good and now > number) else "none"

    store.mishap = decide


@pytest.mark.parametrize("made", [True, False], ids=["made", "not made"])
@pytest.mark.parametrize("account", ACCOUNTS)
async def test_a_process_that_dies_while_sending_leaves_a_key_that_the_next_one_brings_to_its_end(
    desks: Desks, sandbox: SandboxControl, account: str, *, made: bool
) -> None:
    sandbox.fault(provider=provider(account), method="POST", fault="delay", delay_ms=300, after=made, times=1)
    clock = Clock()
    store = MemoryStore(clock=clock)
    line = ShakyStore(store)
    dying = desks.open(ledger=line, clock=clock)
    waiting = asyncio.create_task(dying.issue(command(account, key="k")))
    await until(lambda: sandbox.calls(provider(account), "POST") == 1)
    line.go_away()  # and with it the last word about the leases
    await dying.writes.background.drain(0)
    with pytest.raises(asyncio.CancelledError):
        await waiting

    desk = desks.open(ledger=store, clock=clock)
    assert said(await desk.issue(command(account, key="k"))) == ("UNKNOWN", "IDEMPOTENCY_IN_PROGRESS")
    clock.advance(45)
    after_lease = await desk.issue(command(account, key="k"))
    assert said(after_lease) == (APPLIED if made else UNKNOWN)
    assert said(await desk.issue(command(account, key="other"))) == (APPLIED if made else ("NOT_APPLIED", "CONFLICT"))
    assert sandbox.calls(provider(account), "POST") == 1 + made
    clock.advance(30 + 120 - 45)
    ended = await desk.issue(command(account, key="k"))
    assert (said(ended), ended.replayed) == (APPLIED, made)
    assert len(notes_on(sandbox, account)) == 1 + made


async def test_an_invoice_whose_turn_does_not_come_in_time_is_not_written_to(desks: Desks, sandbox: SandboxControl) -> None:
    store = MemoryStore()
    desk = desks.open(ledger=store, timings=Timings(write_timeout_s=0.2))
    lease = await Lease.acquire(store, _turn(desk, "zenskar-demo"), 60)
    assert lease is not None
    result = await desk.issue(command("zenskar-demo", key="k"))
    assert (said(result), result.errors[0].retryable) == (UNAVAILABLE, True)
    assert sandbox.requests() == {}
    await lease.release()
    assert said(await desk.issue(command("zenskar-demo", key="k"))) == APPLIED


@pytest.mark.parametrize("account", ACCOUNTS)
async def test_who_lost_the_invoices_lease_while_reading_sends_nothing(desks: Desks, sandbox: SandboxControl, account: str) -> None:
    store = MemoryStore()
    desk = desks.open(ledger=store)
    sandbox.fault(provider=provider(account), method="GET", fault="delay", delay_ms=200)
    waiting = asyncio.create_task(desk.issue(command(account, key="k")))
    await until(lambda: bool(sandbox.requests()))
    await store.delete([_turn(desk, account)])
    assert said(await waiting) == UNAVAILABLE
    assert sandbox.calls(provider(account), "POST") == 0


def _turn(desk: Desk, account: str) -> str:
    keys = EntryKeys(account=desk.account(account), operation=Operation.ISSUE, key="any")
    return keys.turn(subject(command(account)))


@pytest.mark.parametrize("account", ACCOUNTS)
async def test_a_lost_write_repeated_long_after_is_planned_anew_against_the_invoice_as_it_is(
    desks: Desks, sandbox: SandboxControl, account: str
) -> None:
    desk = desks.open()
    sandbox.fault(provider=provider(account), method="POST", fault="drop_before", times=1)
    assert said(await desk.issue(command(account, "300.00", key="k"))) == UNKNOWN
    sandbox.act(provider(account), "issue", invoice_id=invoice_id(account, UNPAID), minor=400_00)
    desk.clock.advance(600)
    assert said(await desk.issue(command(account, "300.00", key="k"))) == ("NOT_APPLIED", "AMOUNT_EXCEEDS_CREDITABLE")
    assert said(await desk.issue(command(account, "100.00", key="k"))) == APPLIED
    assert sorted(note["minor"] for note in notes_on(sandbox, account)) == [100_00, 400_00]

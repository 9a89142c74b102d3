"""The look in the background: a write whose client never comes back finds its end without anything being sent."""

from __future__ import annotations

import asyncio

import pytest

from app.domain.commands import VoidCreditNote
from app.domain.vocabulary import Operation
from app.gateway.watch import Watch
from app.store.memory import MemoryStore
from tests.gateway.operating import lost, paid_back, state
from tests.gateway.writing import APPLIED, UNKNOWN, Desk, Desks, command, ids, notes_on, said, until
from tests.support.clock import Clock
from tests.support.demo import ACCOUNTS, UNPAID, invoice_id, provider
from tests.support.running import SandboxControl
from tests.support.stores import ShakyStore

pytestmark = pytest.mark.anyio

SETTLING_S, ABSENT_AFTER_S = 5, 600


@pytest.mark.parametrize("account", ACCOUNTS)
async def test_a_lost_write_nobody_repeats_is_found_and_its_invoice_is_free_again(
    desk: Desk, sandbox: SandboxControl, account: str
) -> None:
    await lost(desk, sandbox, account, made=True)
    assert said(await desk.issue(command(account, key="other"))) == ("NOT_APPLIED", "CONFLICT")
    desk.clock.advance(SETTLING_S)
    await desk.watch().round()
    assert await state(desk, account) == ("done", "APPLIED")
    assert sandbox.calls(provider(account), "POST") == 1
    calls = sandbox.requests()
    again = await desk.issue(command(account, key="k"))
    assert (said(again), again.replayed, sandbox.requests()) == (APPLIED, True, calls)
    assert again.note is not None
    assert ids(notes_on(sandbox, account)) == [again.note.ref.external_id]
    assert said(await desk.issue(command(account, key="other"))) == APPLIED


@pytest.mark.parametrize("account", ACCOUNTS)
async def test_a_write_that_never_came_is_called_so_after_ten_minutes_and_its_key_issues_anew(
    desk: Desk, sandbox: SandboxControl, account: str
) -> None:
    await lost(desk, sandbox, account, made=False)
    watch = desk.watch()
    desk.clock.advance(ABSENT_AFTER_S - 1)
    await watch.round()
    assert await state(desk, account) == ("unknown", "UNKNOWN")
    assert said(await desk.issue(command(account, key="other"))) == ("NOT_APPLIED", "CONFLICT")
    desk.clock.advance(ABSENT_AFTER_S)  # by when the watch is due again, however far it has backed off
    await watch.round()
    assert await state(desk, account) == ("refused", "NOT_APPLIED")
    assert sandbox.calls(provider(account), "POST") == 1
    assert said(await desk.issue(command(account, key="other"))) == APPLIED
    anew = await desk.issue(command(account, "11.00", key="k"))
    assert (said(anew), anew.replayed) == (APPLIED, False)
    assert sorted(note["minor"] for note in notes_on(sandbox, account)) == [10_00, 11_00]


@pytest.mark.parametrize("account", ACCOUNTS)
async def test_nothing_is_looked_for_before_the_provider_can_show_it(desk: Desk, sandbox: SandboxControl, account: str) -> None:
    await lost(desk, sandbox, account, made=True)
    before = sandbox.requests()
    watch = desk.watch()
    desk.clock.advance(SETTLING_S - 0.001)
    await watch.round()
    assert sandbox.requests() == before
    desk.clock.advance(0.001)
    await watch.round()
    assert await state(desk, account) == ("done", "APPLIED")


async def test_what_a_person_must_decide_is_left_to_a_person_however_long_it_takes(desk: Desk, sandbox: SandboxControl) -> None:
    await lost(desk, sandbox, "zenskar-demo", made=True)
    sandbox.act("zenskar", "issue", invoice_id=invoice_id("zenskar-demo", UNPAID), minor=10_00)
    watch = desk.watch()
    for _ in range(3):
        desk.clock.advance(ABSENT_AFTER_S)
        await watch.round()
    assert await state(desk, "zenskar-demo") == ("unknown", "UNKNOWN")
    assert said(await desk.issue(command("zenskar-demo", key="other"))) == ("NOT_APPLIED", "CONFLICT")
    assert sandbox.calls("zenskar", "POST") == 1


@pytest.mark.parametrize("account", ACCOUNTS)
async def test_what_cannot_be_read_is_not_called_absent(desk: Desk, sandbox: SandboxControl, account: str) -> None:
    await lost(desk, sandbox, account, made=True)
    sandbox.fault(provider=provider(account), method="GET", fault="status", status=403)
    watch = desk.watch()
    for _ in range(3):
        desk.clock.advance(ABSENT_AFTER_S)
        await watch.round()
    assert await state(desk, account) == ("unknown", "UNKNOWN")


@pytest.mark.parametrize("account", ACCOUNTS)
async def test_a_write_whose_sender_is_still_waiting_is_left_alone(desk: Desk, sandbox: SandboxControl, account: str) -> None:
    sandbox.fault(provider=provider(account), method="POST", fault="delay", delay_ms=400, after=True, times=1)
    waiting = asyncio.create_task(desk.issue(command(account, key="k")))
    await until(lambda: sandbox.calls(provider(account), "POST") == 1)
    before = sandbox.requests()
    desk.clock.advance(2 * ABSENT_AFTER_S)
    await desk.watch().round()
    assert not waiting.done()
    assert await state(desk, account) == ("sent", "UNKNOWN")
    assert sandbox.requests() == before
    told = await waiting
    assert (said(told), told.replayed) == (APPLIED, False)


@pytest.mark.parametrize("made", [True, False], ids=["made", "not made"])
@pytest.mark.parametrize("account", ACCOUNTS)
async def test_what_a_process_sent_that_died_is_brought_to_its_end(
    desks: Desks, sandbox: SandboxControl, account: str, *, made: bool
) -> None:
    clock = Clock()
    store = MemoryStore(clock=clock)
    await _die_while_sending(desks, ShakyStore(store), clock, sandbox, account, made=made)
    desk = desks.open(ledger=store, clock=clock)
    watch: Watch = desk.watch()
    clock.advance(SETTLING_S)
    await watch.round()
    assert await state(desk, account) == ("sent", "UNKNOWN")  # its lease is not over yet
    clock.advance(45)
    await watch.round()
    assert await state(desk, account) == (("done", "APPLIED") if made else ("sent", "UNKNOWN"))
    clock.advance(ABSENT_AFTER_S)
    await watch.round()
    assert await state(desk, account) == (("done", "APPLIED") if made else ("refused", "NOT_APPLIED"))
    assert sandbox.calls(provider(account), "POST") == 1
    assert said(await desk.issue(command(account, key="other"))) == APPLIED


async def _die_while_sending(
    desks: Desks, line: ShakyStore, clock: Clock, sandbox: SandboxControl, account: str, *, made: bool
) -> None:
    fault = {"fault": "delay", "delay_ms": 300, "after": True} if made else {"fault": "drop_before"}
    sandbox.fault(provider=provider(account), method="POST", times=1, **fault)
    dying = desks.open(ledger=line, clock=clock)
    line.mishap = lambda _: "before" if sandbox.calls(provider(account), "POST") else "none"  # with the last word about its leases
    waiting = asyncio.create_task(dying.issue(command(account, key="k")))
    await until(lambda: sandbox.calls(provider(account), "POST") == 1)
    await dying.writes.background.drain(0)
    with pytest.raises(asyncio.CancelledError):
        await waiting
    await until(lambda: len(notes_on(sandbox, account)) == made)


@pytest.mark.parametrize(("account", "method"), [("chargebee-demo", "POST"), ("zenskar-demo", "PATCH")])
async def test_a_lost_void_is_found(desk: Desk, sandbox: SandboxControl, account: str, method: str) -> None:
    issued = await desk.issue(command(account))
    assert issued.note is not None
    sandbox.fault(provider=provider(account), method=method, fault="drop_after", times=1)
    assert said(await desk.void(VoidCreditNote(key="k", note=issued.note.ref))) == UNKNOWN
    sent = sandbox.calls(provider(account), method)
    desk.clock.advance(SETTLING_S)
    await desk.watch().round()
    assert await state(desk, account, Operation.VOID) == ("done", "APPLIED")
    assert sandbox.calls(provider(account), method) == sent


async def test_the_first_of_two_steps_is_found_and_the_second_waits_for_the_client(desk: Desk, sandbox: SandboxControl) -> None:
    sandbox.fault(provider="chargebee", method="POST", fault="drop_after", times=1)
    assert said(await desk.issue(paid_back("k"))) == UNKNOWN
    desk.clock.advance(SETTLING_S)
    watch = desk.watch()
    await watch.round()
    assert await state(desk, "chargebee-demo") == ("started", "PARTIALLY_APPLIED")
    desk.clock.advance(ABSENT_AFTER_S)
    await watch.round()
    assert sandbox.calls("chargebee", "POST") == 1
    ended = await desk.issue(paid_back("k"))
    assert said(ended) == APPLIED
    assert ended.refund_id is not None
    assert sandbox.calls("chargebee", "POST") == 2


async def test_a_lost_refund_is_found_and_belongs_to_its_write_alone(desk: Desk, sandbox: SandboxControl) -> None:
    issued = await desk.issue(paid_back("first"))
    sandbox.fault(provider="chargebee", method="POST", path="*/refund", fault="drop_after", times=1)
    assert said(await desk.issue(paid_back("k")))[0] == "UNKNOWN"
    desk.clock.advance(SETTLING_S)
    await desk.watch().round()
    assert await state(desk, "chargebee-demo") == ("done", "APPLIED")
    found = await desk.issue(paid_back("k"))
    assert found.refund_id not in {None, issued.refund_id}

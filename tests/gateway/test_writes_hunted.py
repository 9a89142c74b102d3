"""Ways to a double or an untrue answer that were found by looking for them: each was real once."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.domain.errors import InvalidInput
from app.domain.vocabulary import Operation
from app.gateway.decisions import Decisions
from app.gateway.operations import remembered
from app.providers.policy import Deadline
from app.store.memory import MemoryStore
from app.timings import Timings
from tests.gateway.altering import refundable, voidable
from tests.gateway.mishaps import LONG_PAST_S, SETTLING_S
from tests.gateway.writing import APPLIED, UNKNOWN, Desk, Desks, command, notes_on, said
from tests.support.clock import Clock
from tests.support.demo import provider
from tests.support.running import SandboxControl

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("account", ["vcita-demo", "zenskar-demo"])
async def test_absence_read_while_the_provider_may_be_at_work_proves_nothing_however_late_the_answer_comes(
    desks: Desks, sandbox: SandboxControl, account: str
) -> None:
    clock = Clock()
    desk = desks.open(clock=clock, timings=Timings(settling_s=5))
    sandbox.fault(provider=provider(account), method="POST", fault="drop_before", times=1)
    assert said(await desk.issue(command(account, key="k"))) == UNKNOWN
    clock.advance(4)
    opened = desk.account(account)
    hold = opened.line.client.event_hooks["response"]

    async def time_passes(_: object) -> None:
        clock.advance(2)

    opened.line.client.event_hooks = {"response": [*hold, time_passes], "request": []}
    assert said(await desk.issue(command(account, key="k"))) == UNKNOWN
    assert sandbox.calls(provider(account), "POST") == 1


async def test_what_is_open_is_looked_up_although_the_account_may_not_do_it_any_more(desks: Desks, sandbox: SandboxControl) -> None:
    store, clock = MemoryStore(), Clock()
    desk = desks.open(ledger=store, clock=clock)
    note = await voidable(desk, "zenskar-demo")
    sandbox.fault(provider="zenskar", method="PATCH", fault="drop_after", times=1)
    assert said(await desk.void(note.void("v"))) == UNKNOWN
    without = {name: replace(one, switches={}) for name, one in desks.demo.items()}
    later = desks.open(ledger=store, clock=clock, accounts=without)
    assert said(await later.void(note.void("v"))) == APPLIED
    assert said(await later.void(note.void("other"))) == ("NOT_APPLIED", "UNSUPPORTED")


async def test_one_key_text_of_two_operations_is_two_keys(desk: Desk, sandbox: SandboxControl) -> None:
    note = await voidable(desk, "zenskar-demo")
    sandbox.fault(provider="zenskar", method="POST", fault="drop_before", times=1)
    assert said(await desk.issue(command("zenskar-demo", key="same"))) == UNKNOWN
    assert said(await desk.void(note.void("same"))) == ("NOT_APPLIED", "CONFLICT")
    desk.clock.advance(LONG_PAST_S)
    assert said(await desk.issue(command("zenskar-demo", key="same"))) == APPLIED
    assert said(await desk.void(note.void("same"))) == APPLIED


@pytest.mark.parametrize("account", ["vcita-demo", "zenskar-demo"])
async def test_accepted_but_not_done_means_that_the_provider_is_at_work(desk: Desk, sandbox: SandboxControl, account: str) -> None:
    sandbox.fault(provider=provider(account), method="POST", fault="status", status=202, times=1)
    first = await desk.issue(command(account, key="k"))
    assert (said(first), first.errors[0].retry_after) == (UNKNOWN, 120)
    desk.clock.advance(SETTLING_S)
    assert said(await desk.issue(command(account, key="k"))) == UNKNOWN
    assert notes_on(sandbox, account) == []


async def test_a_lost_void_of_a_note_that_is_gone_ends(desk: Desk, sandbox: SandboxControl) -> None:
    note = await voidable(desk, "chargebee-demo")
    sandbox.fault(provider="chargebee", path="*/void", fault="drop_before", times=1)
    assert said(await desk.void(note.void("v"))) == UNKNOWN
    opened = desk.account("chargebee-demo")
    url = f"{opened.line.base_url}/api/v2/credit_notes/{note.id}/delete"
    assert (await opened.line.client.post(url, headers=dict(opened.line.headers))).status_code == 200
    desk.clock.advance(SETTLING_S)
    assert said(await desk.void(note.void("v"))) == UNKNOWN
    desk.clock.advance(LONG_PAST_S)
    assert said(await desk.void(note.void("v"))) == ("NOT_APPLIED", "NOT_FOUND")
    assert said(await desk.issue(command("chargebee-demo", "1.00", key="other"))) == APPLIED


async def test_a_client_that_repeats_a_refused_write_all_day_does_not_make_its_entry_grow(
    desk: Desk, sandbox: SandboxControl
) -> None:
    sandbox.fault(provider="vcita", method="POST", fault="status", status=429, times=70)
    for _ in range(70):
        assert said(await desk.issue(command("vcita-demo", key="k"))) == ("NOT_APPLIED", "PROVIDER_RATE_LIMITED")
    entry = await desk.writes.ledger.entry(remembered(desk.account("vcita-demo"), Operation.ISSUE, "k"))
    assert entry is not None
    assert len(entry.attempts) <= 51


@pytest.mark.parametrize("kind", [Operation.VOID, Operation.REFUND])
async def test_a_persons_word_is_not_taken_for_what_the_note_itself_denies(
    desk: Desk, sandbox: SandboxControl, kind: Operation
) -> None:
    note = await (voidable if kind is Operation.VOID else refundable)(desk, "chargebee-demo")
    sandbox.fault(provider="chargebee", path="*/void" if kind is Operation.VOID else "*/refund", fault="drop_before", times=1)
    lost = await (desk.void(note.void("k")) if kind is Operation.VOID else desk.refund(note.refund("k")))
    assert said(lost) == UNKNOWN
    desk.clock.advance(LONG_PAST_S)
    keys = remembered(desk.account("chargebee-demo"), kind, "k")
    with pytest.raises(InvalidInput):
        await Decisions(writes=desk.writes).decide(keys, note_id=note.id, deadline=Deadline(5))

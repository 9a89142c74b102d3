"""What a write does besides sending: what its key stands for, whom it refuses, and what stops an account's writes."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from app.domain.money import Money
from app.domain.vocabulary import Reason
from app.gateway.accounts import Caller
from app.store.memory import MemoryStore
from tests.gateway.operating import standalone
from tests.gateway.writing import APPLIED, UNKNOWN, Desk, Desks, command, ids, notes_on, said, until
from tests.support.demo import ACCOUNTS, PARTLY_PAID, UNPAID, invoice_id, provider
from tests.support.running import SandboxControl

pytestmark = pytest.mark.anyio

DISABLED = ("NOT_APPLIED", "FEATURE_DISABLED")


@pytest.mark.parametrize("account", ACCOUNTS)
async def test_the_same_key_is_answered_from_the_ledger_without_any_call(desk: Desk, sandbox: SandboxControl, account: str) -> None:
    first = await desk.issue(command(account, key="k"))
    before = sandbox.requests()
    again = await desk.issue(command(account, key="k"))
    assert (said(first), first.replayed, first.recorded_at) == (APPLIED, False, None)
    assert (said(again), again.replayed, again.note) == (APPLIED, True, first.note)
    assert again.recorded_at is not None
    assert sandbox.requests() == before


async def test_a_key_used_for_something_else_is_refused_wherever_the_difference_is(desk: Desk, sandbox: SandboxControl) -> None:
    await desk.issue(command("vcita-demo", key="k"))
    before = sandbox.requests()
    others = [
        command("vcita-demo", "10.01", key="k"),
        command("vcita-demo", "10.00", key="k", invoice=PARTLY_PAID),
        replace(command("vcita-demo", key="k"), reason=Reason.FRAUDULENT),
        replace(command("vcita-demo", key="k"), reason_text="because"),
        replace(command("vcita-demo", key="k"), notify_customer=False),
    ]
    results = [await desk.issue(other) for other in others]
    assert {(said(result), result.errors[0].path) for result in results} == {
        (("NOT_APPLIED", "IDEMPOTENCY_KEY_REUSED"), ("idempotencyKey",))
    }
    assert sandbox.requests() == before


async def test_keys_of_two_accounts_and_of_two_tenants_are_not_the_same_key(desks: Desks, sandbox: SandboxControl) -> None:
    store = MemoryStore()
    here = desks.demo
    there = {name: replace(settings, tenant="other") for name, settings in here.items()}
    both = [desks.open(ledger=store, accounts=accounts) for accounts in (here, there)]
    results = [await desk.issue(command(account, key="k")) for desk in both for account in ACCOUNTS]
    assert [(said(result), result.replayed) for result in results] == [(APPLIED, False)] * 6
    assert [len(notes_on(sandbox, account)) for account in ACCOUNTS] == [2, 2, 2]


async def test_an_account_that_is_not_the_callers_is_not_found(desk: Desk, sandbox: SandboxControl) -> None:
    result = await desk.writes.issue(Caller(name="stranger", tenant="elsewhere"), command("vcita-demo"))
    assert (said(result), result.errors[0].path) == (("NOT_APPLIED", "NOT_FOUND"), ("against", "invoice"))
    assert sandbox.requests() == {}


@pytest.mark.parametrize("account", ACCOUNTS)
async def test_a_client_that_goes_away_does_not_stop_its_write(desk: Desk, sandbox: SandboxControl, account: str) -> None:
    sandbox.fault(provider=provider(account), method="POST", fault="delay", delay_ms=200, times=1)
    waiting = asyncio.create_task(desk.issue(command(account, key="k")))
    await until(lambda: sandbox.calls(provider(account), "POST") == 1)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    await desk.writes.background.drain(10)
    again = await desk.issue(command(account, key="k"))
    assert (said(again), again.replayed) == (APPLIED, True)
    assert again.note is not None
    assert ids(notes_on(sandbox, account)) == [again.note.ref.external_id]
    assert sandbox.calls(provider(account), "POST") == 1


@pytest.mark.parametrize("account", ACCOUNTS)
async def test_a_real_account_writes_only_with_a_memory_that_outlives_the_process(
    desks: Desks, sandbox: SandboxControl, account: str
) -> None:
    real = {name: replace(settings, demo=False) for name, settings in desks.demo.items()}
    refused = await desks.open(accounts=real).issue(command(account, key="k"))
    assert said(refused) == DISABLED
    assert "CREDIT_NOTES_VOLATILE_LEDGER=accept" in refused.errors[0].message
    assert sandbox.requests() == {}
    assert said(await desks.open(accounts=real, accepts_volatile=True).issue(command(account, key="k"))) == APPLIED


@pytest.fixture
def counts_in_minor_units(sandbox: SandboxControl) -> SandboxControl:
    """A Zenskar that reads an amount as cents, so that 10.00 asked for is 0.10 credited."""
    sandbox.switch("zenskar", "amount_unit", "minor")
    return sandbox


async def test_an_amount_a_power_of_ten_off_stops_the_accounts_writes_until_somebody_has_looked(
    desk: Desk, counts_in_minor_units: SandboxControl
) -> None:
    sandbox = counts_in_minor_units
    off = await desk.issue(command("zenskar-demo", key="k"))
    assert said(off) == ("APPLIED", "INTEGRITY_MISMATCH")
    assert off.note is not None
    assert off.note.total == Money(10, "USD")
    stopped = await desk.issue(command("zenskar-demo", "1.00", key="next", invoice=PARTLY_PAID, currency="EUR"))
    assert (said(stopped), stopped.errors[0].account) == (DISABLED, "zenskar-demo")
    assert sandbox.calls("zenskar", "POST") == 1
    assert said(await desk.issue(command("vcita-demo"))) == APPLIED
    again = await desk.issue(command("zenskar-demo", key="k"))
    assert (said(again), again.replayed) == (("APPLIED", "INTEGRITY_MISMATCH"), True)

    sandbox.switch("zenskar", "amount_unit", "major")
    assert await desk.units.confirm(desk.account("zenskar-demo"))
    assert not await desk.units.confirm(desk.account("zenskar-demo"))
    assert said(await desk.issue(command("zenskar-demo", "1.00", key="next", invoice=PARTLY_PAID, currency="EUR"))) == APPLIED


async def test_a_lost_note_a_power_of_ten_off_is_not_made_twice(desk: Desk, counts_in_minor_units: SandboxControl) -> None:
    counts_in_minor_units.fault(provider="zenskar", method="POST", fault="drop_after", times=1)
    assert said(await desk.issue(command("zenskar-demo", key="k"))) == UNKNOWN
    desk.clock.advance(200)
    again = await desk.issue(command("zenskar-demo", key="k"))
    assert len(notes_on(counts_in_minor_units, "zenskar-demo")) == 1
    assert said(again) == UNKNOWN
    assert [note.total for note in again.errors[0].candidates] == [Money(10, "USD")]  # type: ignore[attr-defined]  # as its code says


async def test_where_several_notes_fit_a_person_must_decide(desk: Desk, sandbox: SandboxControl) -> None:
    sandbox.fault(provider="zenskar", method="POST", fault="drop_after", times=1)
    await desk.issue(command("zenskar-demo", key="k"))
    sandbox.act("zenskar", "issue", invoice_id=invoice_id("zenskar-demo", UNPAID), minor=10_00)
    desk.clock.advance(200)
    again = await desk.issue(command("zenskar-demo", key="k"))
    assert said(again) == UNKNOWN
    found = again.errors[0].candidates  # type: ignore[attr-defined]  # an OutcomeUnknown, as its code says
    assert sorted(note.ref.external_id for note in found) == sorted(ids(notes_on(sandbox, "zenskar-demo")))
    assert sandbox.calls("zenskar", "POST") == 1


async def test_without_an_invoice_writes_for_one_customer_take_turns_and_each_key_makes_its_own_note(
    desk: Desk, sandbox: SandboxControl
) -> None:
    before = set(ids(sandbox.books()["chargebee"]["notes"]))
    sandbox.fault(provider="chargebee", method="POST", fault="drop_after", times=1)
    assert said(await desk.issue(standalone("a"))) == UNKNOWN
    assert said(await desk.issue(standalone("b"))) == ("NOT_APPLIED", "CONFLICT")
    a, b = [await desk.issue(standalone(key)) for key in "ab"]
    assert (said(a), said(b)) == (APPLIED, APPLIED)
    assert a.note is not None
    assert b.note is not None
    assert set(ids(sandbox.books()["chargebee"]["notes"])) - before == {a.note.ref.external_id, b.note.ref.external_id}
    assert a.note.ref != b.note.ref


async def test_a_colleagues_note_of_the_same_amount_is_not_taken_for_ours_where_its_reason_differs(
    desk: Desk, sandbox: SandboxControl
) -> None:
    """Chargebee gives the reason back: a note issued by hand, without one, is a question for a person."""
    sandbox.fault(provider="chargebee", method="POST", fault="drop_before", times=1)
    await desk.issue(command("chargebee-demo", key="k"))
    sandbox.act("chargebee", "issue", invoice_id=invoice_id("chargebee-demo", UNPAID), minor=10_00)
    told = await desk.issue(command("chargebee-demo", key="k"))
    assert said(told) == UNKNOWN
    assert "a person must decide" in told.errors[0].message
    assert len(notes_on(sandbox, "chargebee-demo")) == 1

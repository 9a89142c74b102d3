"""A note whose value is paid out by calls of their own: each step once, and what has been done is told while the rest is not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest

from app.domain.commands import CreditTotal, DispositionPart, IssueCreditNote
from app.domain.money import Money
from app.domain.vocabulary import Disposition, Operation
from app.store.memory import MemoryStore
from tests.gateway.altering import all_of, held
from tests.gateway.mishaps import LONG_PAST_S, LOST, REFUSED, SETTLING_S, Lost
from tests.gateway.writing import APPLIED, CALLER, HALF, UNKNOWN, Desk, Desks, command, ids, notes_on, said
from tests.support.demo import PAID, PARTLY_PAID
from tests.support.running import Json, SandboxControl
from tests.support.stores import Mishap, ShakyStore

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("short_timeouts")]

HERE = "chargebee-demo"


def paid_out(key: str = "k", how: Disposition = Disposition.PAYMENT_REFUND, invoice: int = PAID) -> IssueCreditNote:
    return all_of(HERE, key, how, invoice=invoice)


def refunds(sandbox: SandboxControl, number: int = PAID) -> list[Json]:
    notes = ids(notes_on(sandbox, HERE, number))
    return [one for one in sandbox.books()["chargebee"]["refunds"] if one["note_id"] in notes]


@pytest.mark.parametrize(("how", "online"), [(Disposition.PAYMENT_REFUND, True), (Disposition.EXTERNAL_REFUND, False)])
async def test_a_note_is_issued_and_its_value_paid_out(desk: Desk, sandbox: SandboxControl, how: Disposition, online: bool) -> None:
    done = await desk.issue(paid_out(how=how))
    assert said(done) == APPLIED
    assert done.note is not None
    assert str(done.note.refunded) == "119.00 EUR"
    assert [(one["minor"], one["online"], one["id"]) for one in refunds(sandbox)] == [(119_00, online, done.refund_id)]
    calls = sandbox.requests()
    again = await desk.issue(paid_out(how=how))
    assert (said(again), again.replayed, again.note) == (APPLIED, True, done.note)
    assert sandbox.requests() == calls


async def test_an_invoice_paid_in_two_is_paid_back_in_two_calls(desk: Desk, sandbox: SandboxControl) -> None:
    done = await desk.issue(paid_out(invoice=PARTLY_PAID))
    assert said(done) == APPLIED
    assert [one["minor"] for one in refunds(sandbox, PARTLY_PAID)] == [30_00, 20_00]
    assert len(notes_on(sandbox, HERE, PARTLY_PAID)) == 1


async def test_a_part_is_paid_out_and_the_rest_stays_as_credit(desk: Desk, sandbox: SandboxControl) -> None:
    parts = (
        DispositionPart(disposition=Disposition.PAYMENT_REFUND, amount=Money.from_major(Decimal("19.00"), "EUR")),
        DispositionPart(disposition=Disposition.CUSTOMER_CREDIT),
    )
    done = await desk.issue(
        replace(paid_out(), credit=CreditTotal(total=Money.from_major(Decimal("100.00"), "EUR")), dispositions=parts)
    )
    assert said(done) == APPLIED
    assert done.note is not None
    assert (str(done.note.total), str(done.note.refunded), str(done.note.remaining)) == ("100.00 EUR", "19.00 EUR", "81.00 EUR")


@pytest.mark.parametrize(("status", "code"), REFUSED.items())
async def test_a_refused_payout_is_told_with_the_note_and_a_repeat_goes_on_with_it(
    desk: Desk, sandbox: SandboxControl, status: int, code: str
) -> None:
    sandbox.fault(provider="chargebee", path="*/refund", fault="status", status=status, times=1)
    half = await desk.issue(paid_out())
    assert said(half) == HALF
    assert half.note is not None
    assert half.errors[0].provider is not None
    assert half.errors[0].provider.http_status == status
    assert (ids(notes_on(sandbox, HERE, PAID)), refunds(sandbox)) == ([half.note.ref.external_id], [])
    other = replace(paid_out(), reason_text="something else")
    assert said(await desk.issue(other)) == ("NOT_APPLIED", "IDEMPOTENCY_KEY_REUSED")
    done = await desk.issue(paid_out())
    assert said(done) == APPLIED
    assert ids(notes_on(sandbox, HERE, PAID)) == [half.note.ref.external_id]
    assert [one["minor"] for one in refunds(sandbox)] == [119_00]


@pytest.mark.parametrize("lost", LOST.values(), ids=LOST)
async def test_a_lost_payout_is_unknown_with_the_note_and_ends_in_the_truth(
    desk: Desk, sandbox: SandboxControl, lost: Lost
) -> None:
    sandbox.fault(provider="chargebee", path="*/refund", times=1, **lost.rule)
    first = await desk.issue(paid_out())
    assert said(first) == UNKNOWN
    assert first.note is not None
    assert said(await desk.issue(command(HERE, "1.00", key="other", invoice=PAID, currency="EUR"))) == ("NOT_APPLIED", "CONFLICT")
    desk.clock.advance(lost.settles_s)
    assert said(await desk.issue(paid_out())) == APPLIED
    assert ids(notes_on(sandbox, HERE, PAID)) == [first.note.ref.external_id]
    assert [one["minor"] for one in refunds(sandbox)] == [119_00]


@pytest.mark.parametrize("lost", LOST.values(), ids=LOST)
async def test_a_lost_note_is_found_or_made_and_then_paid_out(desk: Desk, sandbox: SandboxControl, lost: Lost) -> None:
    sandbox.fault(provider="chargebee", path="*/credit_notes", method="POST", times=1, **lost.rule)
    first = await desk.issue(paid_out())
    assert (said(first), first.note) == (UNKNOWN, None)
    assert refunds(sandbox) == []
    desk.clock.advance(lost.settles_s)
    done = await desk.issue(paid_out())
    assert said(done) == APPLIED
    assert done.note is not None
    assert ids(notes_on(sandbox, HERE, PAID)) == [done.note.ref.external_id]
    assert [one["minor"] for one in refunds(sandbox)] == [119_00]


async def test_the_second_of_two_refunds_fails_alone(desk: Desk, sandbox: SandboxControl) -> None:
    sandbox.fault(provider="chargebee", path="*/refund", fault="delay", delay_ms=0, times=1)
    sandbox.fault(provider="chargebee", path="*/refund", fault="status", status=403, times=1)
    half = await desk.issue(paid_out(invoice=PARTLY_PAID))
    assert said(half) == HALF
    assert half.refund_id is not None
    assert [one["minor"] for one in refunds(sandbox, PARTLY_PAID)] == [30_00]
    assert said(await desk.issue(paid_out(invoice=PARTLY_PAID))) == APPLIED
    assert [one["minor"] for one in refunds(sandbox, PARTLY_PAID)] == [30_00, 20_00]


async def test_a_payout_that_somebody_else_made_meanwhile_is_refused_and_not_repeated(desk: Desk, sandbox: SandboxControl) -> None:
    sandbox.fault(provider="chargebee", path="*/refund", fault="status", status=403, times=1)
    half = await desk.issue(paid_out())
    note = held(HERE, half)
    assert said(await desk.refund(note.refund("by hand"))) == APPLIED
    assert said(await desk.issue(paid_out())) == HALF
    assert [one["minor"] for one in refunds(sandbox)] == [119_00]


async def test_what_is_half_done_is_never_forgotten(desks: Desks, sandbox: SandboxControl) -> None:
    clock = desks.open().clock
    store = MemoryStore(clock=clock)
    desk = desks.open(ledger=store, clock=clock)
    sandbox.fault(provider="chargebee", path="*/refund", fault="status", status=403, times=1)
    assert said(await desk.issue(paid_out())) == HALF
    clock.advance(400 * 86_400)
    assert said(await desk.issue(paid_out())) == APPLIED
    assert len(notes_on(sandbox, HERE, PAID)) == 1


async def test_a_watch_finds_the_note_and_leaves_the_payout_to_the_client(desk: Desk, sandbox: SandboxControl) -> None:
    sandbox.fault(provider="chargebee", path="*/credit_notes", method="POST", fault="drop_after", times=1)
    assert said(await desk.issue(paid_out())) == UNKNOWN
    desk.clock.advance(SETTLING_S)
    await desk.watch().round()
    assert refunds(sandbox) == []
    assert said(await desk.issue(paid_out())) == APPLIED
    assert len(notes_on(sandbox, HERE, PAID)) == 1
    assert [one["minor"] for one in refunds(sandbox)] == [119_00]


async def test_a_payout_that_never_came_is_half_done_for_the_watch_and_anew_for_the_client(
    desk: Desk, sandbox: SandboxControl
) -> None:
    sandbox.fault(provider="chargebee", path="*/refund", fault="drop_before", times=1)
    assert said(await desk.issue(paid_out())) == UNKNOWN
    desk.clock.advance(LONG_PAST_S)
    await desk.watch().round()
    calls = sandbox.calls("chargebee", "POST")
    recorded = await desk.operations.find(CALLER, HERE, Operation.ISSUE, "k")
    assert recorded is not None
    assert said(recorded.result) == HALF
    assert sandbox.calls("chargebee", "POST") == calls
    assert said(await desk.issue(paid_out())) == APPLIED
    assert [one["minor"] for one in refunds(sandbox)] == [119_00]


@pytest.mark.rounds
@pytest.mark.parametrize("mishap", ["before", "after"])
async def test_a_ledger_that_goes_away_between_the_steps_loses_nothing(
    desks: Desks, sandbox: SandboxControl, mishap: Mishap
) -> None:
    """At every call of the store in turn."""
    for at in range(1, 20):
        sandbox.reset()
        clock = desks.open().clock
        line = ShakyStore(MemoryStore(clock=clock))
        desk = desks.open(ledger=line, clock=clock)
        line.mishap = _once(line, at, mishap)
        told = await desk.issue(paid_out())
        line.come_back()
        clock.advance(LONG_PAST_S)
        ended = await desk.issue(paid_out())
        assert said(ended) == APPLIED, (at, said(told))
        assert len(notes_on(sandbox, HERE, PAID)) == 1, at
        assert [one["minor"] for one in refunds(sandbox)] == [119_00], at


def _once(line: ShakyStore, at: int, mishap: Mishap) -> Callable[[str], Mishap]:
    """At this call of the store, and at no other."""
    return lambda _: mishap if len(line.calls) == at else "none"

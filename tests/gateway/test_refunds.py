"""Paying out a note at every provider that can: once, whatever is lost, and with the truth at the end."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.domain.errors import AmountTooHigh, IntegrityMismatch
from tests.gateway.altering import REFUND_PATH, REFUNDING, Held, held, refundable
from tests.gateway.mishaps import LOST, NATIVE, REFUSED, SETTLING_S, Lost
from tests.gateway.writing import APPLIED, UNKNOWN, Desk, command, said
from tests.support.demo import PARTLY_PAID, provider
from tests.support.running import SandboxControl

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("short_timeouts")]


def sent(sandbox: SandboxControl, note: Held) -> int:
    """Calls that were to pay it out."""
    end = REFUND_PATH[note.account].removeprefix("*")
    return sum(count for (_, method, path), count in sandbox.requests().items() if method == "POST" and path.endswith(end))


@pytest.mark.parametrize("account", REFUNDING)
async def test_a_note_is_paid_out_once_and_a_repeat_answers_without_a_call(
    desk: Desk, sandbox: SandboxControl, account: str
) -> None:
    note = await refundable(desk, account)
    first = await desk.refund(note.refund("r"))
    assert (said(first), first.replayed) == (APPLIED, False)
    (booked,) = note.refunds(sandbox)
    assert (booked["minor"], first.refund_id) == (119_00, booked["id"])
    calls = sandbox.requests()
    again = await desk.refund(note.refund("r"))
    assert (said(again), again.replayed, again.refund_id, again.note) == (APPLIED, True, first.refund_id, first.note)
    assert sandbox.requests() == calls


@pytest.mark.parametrize("account", REFUNDING)
async def test_another_key_finds_nothing_left_to_pay_out(desk: Desk, sandbox: SandboxControl, account: str) -> None:
    note = await refundable(desk, account)
    await desk.refund(note.refund("one"))
    assert said(await desk.refund(note.refund("two"))) == ("NOT_APPLIED", "WRONG_STATE")
    assert sent(sandbox, note) == 1


@pytest.mark.parametrize("account", REFUNDING)
@pytest.mark.parametrize("lost", LOST.values(), ids=LOST)
async def test_a_lost_refund_is_unknown_and_is_found_or_sent_again_but_never_booked_twice(
    desk: Desk, sandbox: SandboxControl, account: str, lost: Lost
) -> None:
    note = await refundable(desk, account)
    sandbox.fault(provider=provider(account), path=REFUND_PATH[account], times=1, **lost.rule)
    first = await desk.refund(note.refund("r"))
    assert (said(first), first.errors[0].retry_after) == (UNKNOWN, lost.settles_s)
    assert said(await desk.refund(note.refund("other"))) == ("NOT_APPLIED", "CONFLICT")
    at_once = await desk.refund(note.refund("r"))
    known_at_once = lost.made or (account in NATIVE and lost.settles_s == SETTLING_S)
    assert said(at_once) == (APPLIED if known_at_once else UNKNOWN)
    desk.clock.advance(lost.settles_s)
    assert said(await desk.refund(note.refund("r"))) == APPLIED
    assert [one["minor"] for one in note.refunds(sandbox)] == [119_00]
    assert sent(sandbox, note) == 2 - lost.made


@pytest.mark.parametrize("account", REFUNDING)
@pytest.mark.parametrize(("status", "code"), REFUSED.items())
async def test_a_refused_refund_moves_nothing_and_its_key_may_be_used_again(
    desk: Desk, sandbox: SandboxControl, account: str, status: int, code: str
) -> None:
    note = await refundable(desk, account)
    sandbox.fault(provider=provider(account), path=REFUND_PATH[account], fault="status", status=status, times=1)
    assert said(await desk.refund(note.refund("r"))) == ("NOT_APPLIED", code)
    assert note.refunds(sandbox) == []
    assert said(await desk.refund(note.refund("r"))) == APPLIED


async def test_where_refunds_go_with_issuing_nothing_is_asked(desk: Desk, sandbox: SandboxControl) -> None:
    note = await refundable(desk, "zenskar-demo")
    calls = sandbox.requests()
    assert said(await desk.refund(note.refund("r"))) == ("NOT_APPLIED", "UNSUPPORTED")
    assert sandbox.requests() == calls


async def test_a_refund_in_strict_mode_that_made_a_note_of_its_own_is_told_with_that_note(
    desk: Desk, sandbox: SandboxControl
) -> None:
    note = held("vcita-demo", await desk.issue(command("vcita-demo", "30.00", invoice=PARTLY_PAID, currency="EUR")))
    sandbox.switch("vcita", "strict_mode", "on")
    wanted = replace(note.refund("r"), payment_id="pay0000000001004")
    refunded = await desk.refund(wanted)
    (problem,) = refunded.errors
    assert said(refunded) == ("APPLIED", "INTEGRITY_MISMATCH")
    assert isinstance(problem, IntegrityMismatch)
    assert problem.note.ref.external_id != note.id
    again = await desk.refund(wanted)
    assert (said(again), again.replayed) == (("APPLIED", "INTEGRITY_MISMATCH"), True)
    assert len(note.refunds(sandbox)) == 1


async def test_parts_of_a_note_are_paid_out_one_after_the_other_and_not_beyond_it(desk: Desk, sandbox: SandboxControl) -> None:
    note = await refundable(desk, "chargebee-demo")
    assert said(await desk.refund(note.refund("a", "19.00"))) == APPLIED
    assert said(await desk.refund(note.refund("b", "60.00"))) == APPLIED
    beyond = await desk.refund(note.refund("c", "40.01"))
    assert (said(beyond), beyond.errors[0].path) == (("NOT_APPLIED", "AMOUNT_EXCEEDS_REFUNDABLE"), ("amount",))
    assert isinstance(beyond.errors[0], AmountTooHigh)
    assert str(beyond.errors[0].maximum) == "40.00 EUR"
    assert said(await desk.refund(note.refund("c", "40.00"))) == APPLIED
    assert [one["minor"] for one in note.refunds(sandbox)] == [19_00, 60_00, 40_00]


async def test_two_lost_refunds_of_one_amount_by_hand_are_left_to_a_person(desk: Desk, sandbox: SandboxControl) -> None:
    """Somebody pays out as much by hand while ours is lost: nothing tells which is whose."""
    note = await refundable(desk, "chargebee-demo")
    sandbox.fault(provider="chargebee", path="*/refund", fault="drop_after", times=1)
    assert said(await desk.refund(note.refund("r", "10.00"))) == UNKNOWN
    other = desk.account("chargebee-demo")
    answer = await other.line.client.post(
        f"{other.line.base_url}/api/v2/credit_notes/{note.id}/refund",
        data={"refund_amount": "1000"},
        headers=dict(other.line.headers),
    )
    assert answer.status_code == 200
    told = await desk.refund(note.refund("r", "10.00"))
    assert said(told) == UNKNOWN
    assert "a person must decide" in told.errors[0].message

"""A payout that its note can't have any more: told without the advice to repeat, and ended by a person's word."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.domain.errors import Conflict, InvalidInput
from app.domain.vocabulary import Operation
from app.gateway.decisions import Decisions
from app.gateway.results import WriteResult
from app.providers.policy import Deadline
from app.store.memory import MemoryStore
from tests.gateway.altering import Held, held
from tests.gateway.operating import found, keys_of, paid_back
from tests.gateway.writing import APPLIED, CALLER, HALF, UNKNOWN, Desk, Desks, said
from tests.support.running import SandboxControl

pytestmark = pytest.mark.anyio

HERE = "chargebee-demo"
GO_ON = "repeat with the same idempotency key to go on"


@pytest.fixture
async def note(desk: Desk, sandbox: SandboxControl) -> Held:
    """EUR 10.00, issued with the key k, and not paid back as that write was to."""
    sandbox.fault(provider="chargebee", method="POST", path="*/refund", fault="status", status=400, times=1)
    half = await desk.issue(paid_back("k"))
    assert said(half) == HALF
    assert half.errors[0].message.endswith(GO_ON)
    return held(HERE, half)


async def _decide(desk: Desk, note_id: str | None) -> None:
    await Decisions(writes=desk.writes).decide(keys_of(desk, HERE), note_id=note_id, deadline=Deadline(5))


async def _give_up(desk: Desk) -> None:
    await Decisions(writes=desk.writes).give_up(keys_of(desk, HERE))


async def _told(desk: Desk) -> WriteResult:
    """By a repeat, and in the same words by the ledger."""
    repeat = await desk.issue(paid_back("k"))
    recorded = (await found(desk, HERE)).result
    assert [error.message for error in recorded.errors] == [error.message for error in repeat.errors]
    assert said(repeat) == HALF
    assert not repeat.errors[0].retryable
    return repeat


async def test_what_another_key_has_paid_out_is_not_asked_for_again(desk: Desk, sandbox: SandboxControl, note: Held) -> None:
    assert said(await desk.refund(note.refund("other"))) == APPLIED
    told = await _told(desk)
    why = "nothing is left of the note by now, so no repeat pays it out"
    assert told.errors[0].message == f"the credit note was issued and its refund was not made: {why}"
    assert told.note is not None
    assert str(told.note.refunded) == "10.00 EUR"
    assert len(note.refunds(sandbox)) == 1


async def test_what_another_key_has_voided_is_not_asked_for_again(desk: Desk, note: Held) -> None:
    assert said(await desk.void(note.void("other"))) == APPLIED
    told = await _told(desk)
    assert "the note is voided by now" in told.errors[0].message
    assert GO_ON not in told.errors[0].message


async def test_less_than_is_to_be_paid_out_is_told_with_both_figures(desk: Desk, note: Held) -> None:
    assert said(await desk.refund(note.refund("other", "4.00"))) == APPLIED
    told = await _told(desk)
    assert "only 6.00 EUR is left of the note by now, and 10.00 EUR was to be paid out" in told.errors[0].message


async def test_a_person_says_that_it_was_paid_out_in_another_way(desk: Desk, sandbox: SandboxControl, note: Held) -> None:
    assert said(await desk.refund(note.refund("other"))) == APPLIED
    assert said(await desk.issue(paid_back("k"))) == HALF
    await _decide(desk, note.id)
    again = await desk.issue(paid_back("k"))
    assert (said(again), again.replayed) == (APPLIED, True)
    assert again.note is not None
    assert str(again.note.refunded) == "10.00 EUR"
    assert len(note.refunds(sandbox)) == 1


async def test_what_the_note_does_not_show_is_not_believed(desk: Desk, note: Held) -> None:
    with pytest.raises(InvalidInput, match="does not show that"):
        await _decide(desk, note.id)
    assert said(await desk.refund(note.refund("other", "4.00"))) == APPLIED
    with pytest.raises(InvalidInput, match="does not show that"):
        await _decide(desk, note.id)
    with pytest.raises(InvalidInput, match="the note of this write is"):
        await _decide(desk, "CN-0001")
    with pytest.raises(InvalidInput, match="nothing of this write is under way"):
        await _decide(desk, None)
    assert (await found(desk, HERE)).entry.is_between_steps


async def test_a_note_that_was_voided_was_not_paid_out(desk: Desk, note: Held) -> None:
    assert said(await desk.void(note.void("other"))) == APPLIED
    with pytest.raises(InvalidInput, match="is VOIDED"):
        await _decide(desk, note.id)


async def test_a_person_gives_up_what_is_missing(desk: Desk, sandbox: SandboxControl, note: Held) -> None:
    await _give_up(desk)
    calls = sandbox.requests()
    told = await _told(desk)
    assert (told.replayed, sandbox.requests()) == (True, calls)
    why = "a person has said that it will not be done, so no repeat pays it out"
    assert told.errors[0].message == f"the credit note was issued and its refund was not made: {why}"
    assert (await found(desk, HERE)).entry.state == "done"
    other = replace(paid_back("k"), reason_text="other content")
    assert said(await desk.issue(other)) == ("NOT_APPLIED", "IDEMPOTENCY_KEY_REUSED")


async def test_what_is_given_up_is_forgotten_in_time(desks: Desks, sandbox: SandboxControl) -> None:
    clock = desks.open().clock
    desk = desks.open(ledger=MemoryStore(clock=clock), clock=clock)
    sandbox.fault(provider="chargebee", method="POST", path="*/refund", fault="status", status=400, times=1)
    assert said(await desk.issue(paid_back("k"))) == HALF
    await _give_up(desk)
    clock.advance(29 * 86_400)
    assert (await found(desk, HERE)).entry.state == "done"
    clock.advance(2 * 86_400)
    assert await desk.operations.find(CALLER, HERE, Operation.ISSUE, "k") is None


async def test_what_may_still_be_under_way_is_not_given_up(desk: Desk, sandbox: SandboxControl) -> None:
    sandbox.fault(provider="chargebee", method="POST", path="*/refund", fault="drop_after", times=1)
    assert said(await desk.issue(paid_back("k"))) == UNKNOWN
    with pytest.raises(Conflict, match="say that first"):
        await _give_up(desk)
    assert said(await desk.issue(paid_back("k"))) == APPLIED

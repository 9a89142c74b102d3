"""The ledger alone: every step an entry may take, and who may take it."""

from __future__ import annotations

import pytest

from app.domain.errors import Conflict, InProgress, InvalidInput, KeyReused, ProviderFault, Rejected
from app.domain.vocabulary import Operation
from app.gateway.changes import Change
from app.gateway.entries import EntryKeys
from app.gateway.held import LeaseLost
from app.gateway.turns import Turn
from app.store import Lease
from tests.gateway.ledgers import ACCOUNT, LEASE_S, PLAN, SETTLES_AFTER_A_CRASH_S, STEPS, SUBJECT, Desk, keys
from tests.gateway.stub import account, note
from tests.support.clock import Clock

pytestmark = pytest.mark.anyio


@pytest.fixture
def desk(clock: Clock) -> Desk:
    return Desk(clock)


async def test_a_new_entry_is_started_and_nothing_is_said_to_be_pending(desk: Desk) -> None:
    assert await desk.ledger.finished(keys(), "content") is None
    async with desk.hold() as held:
        assert (held.entry.state, held.entry.generation, held.entry.attempts) == ("started", 1, ())
        assert not held.is_open
        assert await desk.pending() is None
    assert await desk.ledger.finished(keys(), "content") is None


async def test_a_second_request_with_the_key_is_told_that_the_first_one_runs_until_it_ends(desk: Desk) -> None:
    async with desk.hold():
        for content in ("content", "other"):
            with pytest.raises(InProgress) as told:
                await desk.crash(content=content)
            assert (told.value.retryable, told.value.account) == (True, "acme")
        async with desk.hold("another"):
            pass
    async with desk.hold():
        pass


async def test_who_sends_has_it_on_record_before_with_all_that_is_needed_to_find_it(desk: Desk) -> None:
    async with desk.hold() as held:
        await desk.send(held)
        sent = held.entry
        assert await desk.pending() == keys().mark
    assert (sent.state, sent.plan, sent.snapshot, sent.subject, sent.at_work) == ("sent", PLAN, ("old",), SUBJECT, True)
    assert (sent.sent_at, sent.settles_at) == (desk.clock(), desk.clock() + SETTLES_AFTER_A_CRASH_S)
    assert [attempt.at for attempt in sent.attempts] == [desk.clock()]
    assert await desk.entry() == sent


async def test_a_done_entry_is_replayed_both_ways_and_only_for_its_content(desk: Desk) -> None:
    async with desk.hold() as held:
        await desk.send(held)
        await held.done(Change(note=note("n-1"), request_id="r-1"))
    assert await desk.pending() is None
    found = await desk.ledger.finished(keys(), "content")
    assert found is not None
    assert (found.state, found.note, found.ended_at) == ("done", note("n-1"), desk.clock())
    assert [(attempt.code, attempt.provider_request_id) for attempt in found.attempts] == [("OK", "r-1")]
    assert await desk.entry() == found
    with pytest.raises(KeyReused) as told:
        await desk.ledger.finished(keys(), "other")
    assert told.value.path == ("idempotencyKey",)
    with pytest.raises(KeyReused):
        await desk.crash(content="other")
    async with desk.hold() as again:  # the refused request let go
        assert again.entry == found


@pytest.mark.parametrize("state", ["sent", "unknown"])
async def test_an_open_entry_is_for_its_content_alone(desk: Desk, state: str) -> None:
    async with desk.hold() as held:
        await desk.send(held)
        if state == "unknown":
            await held.unknown("OUTCOME_UNKNOWN", settle_s=5, at_work=False)
    assert (await desk.entry()).state == state
    assert await desk.ledger.finished(keys(), "content") is None
    with pytest.raises(KeyReused):
        await desk.ledger.finished(keys(), "other")
    with pytest.raises(KeyReused):
        await desk.crash(content="other")


async def test_a_key_whose_first_holder_never_sent_is_free_for_other_content_and_keeps_its_provider_key(desk: Desk) -> None:
    await desk.crash()
    with pytest.raises(InProgress):
        await desk.crash()
    desk.clock.advance(LEASE_S)
    async with desk.hold(content="other") as held:
        assert (held.entry.state, held.entry.generation, held.entry.fingerprint) == ("started", 1, "other")


async def test_a_holder_that_died_after_sending_leaves_the_entry_open_with_what_it_knew(desk: Desk) -> None:
    held, _ = await desk.crash()
    await desk.send(held, snapshot=("a", "b"))
    desk.clock.advance(LEASE_S)
    async with desk.hold() as found:
        assert found.is_open
        assert (found.entry.state, found.entry.snapshot, found.entry.at_work) == ("sent", ("a", "b"), True)
        assert found.settles_in_s == SETTLES_AFTER_A_CRASH_S - LEASE_S
        assert not found.is_long_past
        desk.clock.advance(600 - LEASE_S - 1)
        assert not found.is_long_past
        desk.clock.advance(1)
        assert found.is_long_past


async def test_a_refusal_frees_the_key_for_other_content_under_another_provider_key(desk: Desk) -> None:
    async with desk.hold() as held:
        await desk.send(held)
        await held.refused(Rejected("no", provider=ProviderFault(request_id="r-1")))
    assert await desk.pending() is None
    async with desk.hold(content="other") as held:
        entry = held.entry
        assert (entry.state, entry.generation, entry.fingerprint, entry.snapshot) == ("started", 2, "other", ())
        assert [(attempt.code, attempt.provider_request_id) for attempt in entry.attempts] == [("PROVIDER_REJECTED", "r-1")]
        await held.refused(InvalidInput("no"))  # before anything was sent
        assert [attempt.code for attempt in held.entry.attempts] == ["PROVIDER_REJECTED"]
    assert (await desk.entry()).generation == 3


async def test_an_unknown_outcome_keeps_the_provider_key_and_the_first_snapshot_through_every_resend(desk: Desk) -> None:
    first_sent = desk.clock()
    for number in range(3):
        async with desk.hold() as held:
            await desk.send(held, snapshot=(f"before {number}",))
            await held.unknown("OUTCOME_UNKNOWN", settle_s=5, at_work=False, request_id=f"r-{number}")
        entry = await desk.entry()
        assert (entry.state, entry.generation, entry.snapshot, entry.sent_at) == ("unknown", 1, ("before 0",), first_sent)
        assert (entry.settles_at, entry.at_work) == (desk.clock() + 5, False)
        assert await desk.pending() == keys().mark
        desk.clock.advance(10)
    assert [attempt.provider_request_id for attempt in entry.attempts] == ["r-0", "r-1", "r-2"]


async def test_what_is_certainly_absent_begins_anew_with_a_snapshot_of_its_own(desk: Desk) -> None:
    async with desk.hold() as held:
        await desk.send(held)
        await held.absent()
        entry = held.entry
        assert (entry.state, entry.generation, entry.plan, entry.snapshot, entry.sent_at) == ("started", 2, None, (), None)
        assert [attempt.code for attempt in entry.attempts] == ["PROVIDER_UNAVAILABLE"]
        assert await desk.pending() is None
        await desk.send(held, snapshot=("new",))
        assert (held.entry.snapshot, held.entry.generation) == (("new",), 2)
        assert await desk.pending() == keys().mark


def test_each_generation_and_step_has_a_provider_key_of_its_own_which_is_not_the_clients_text() -> None:
    made = [keys().provider_key(generation, step) for generation in (1, 2, 11) for step in (1, 11)]
    # sha256 of default, acme, ISSUE, k, 1, 1 with a zero byte between two: what a provider has on its books already
    assert made[0] == keys().provider_key(1, 1) == "40926613e6438bb42bee030150b2518d6744f009459e69258b3da6e6d067a2c7"
    elsewhere = [
        EntryKeys(account=account(tenant="other"), operation=Operation.ISSUE, key="k"),
        EntryKeys(account=account(name="other"), operation=Operation.ISSUE, key="k"),
        EntryKeys(account=ACCOUNT, operation=Operation.VOID, key="k"),
        keys("k2"),
    ]
    made += [other.provider_key(1, 1) for other in elsewhere]
    assert len(set(made)) == len(made) == 10


async def test_a_pending_write_stops_every_other_key_on_its_subject_but_not_its_own(desk: Desk) -> None:
    async with desk.hold() as held:
        await desk.send(held)
    with pytest.raises(Conflict) as told:
        await desk.ledger.refuse_if_pending(keys("other"), SUBJECT)
    assert "'k'" in told.value.message
    await desk.ledger.refuse_if_pending(keys(), SUBJECT)
    await desk.ledger.refuse_if_pending(keys("other"), "invoice:inv-2")
    async with desk.hold("other", "content") as other:
        with pytest.raises(LeaseLost):
            await desk.send(other)
    async with desk.hold() as held:
        await held.refused(Rejected("no"))
    await desk.ledger.refuse_if_pending(keys("other"), SUBJECT)


async def test_one_note_cannot_belong_to_two_entries(desk: Desk) -> None:
    async with desk.hold("one") as held:
        await desk.send(held)
        await held.done(Change(note=note("n-1")))
    assert await desk.ledger.claimed(keys("two"), ["n-0", "n-1"]) == {"n-1"}
    assert await desk.ledger.claimed(keys("one"), ["n-0", "n-1"]) == set()
    async with desk.hold("two") as held:
        await desk.send(held)
        with pytest.raises(LeaseLost):
            await held.done(Change(note=note("n-1")))
        assert held.entry.state == "sent"
        await held.done(Change(note=note("n-2")))
    assert await desk.ledger.claimed(keys("three"), ["n-1", "n-2"]) == {"n-1", "n-2"}


@pytest.mark.parametrize("step", STEPS)
async def test_who_lost_the_lease_cannot_move_the_entry(desk: Desk, step: str) -> None:
    late, _ = await desk.crash()
    await desk.send(late)
    desk.clock.advance(LEASE_S)
    before = await desk.entry()
    with pytest.raises(LeaseLost):
        await STEPS[step](late)
    async with desk.hold():  # somebody else's now
        with pytest.raises(LeaseLost):
            await STEPS[step](late)
    assert await desk.entry() == before
    assert await desk.pending() == keys().mark
    assert await desk.ledger.claimed(keys("other"), ["n-1"]) == set()


async def test_who_lost_the_lease_or_the_turn_or_never_had_it_does_not_send(desk: Desk) -> None:
    turn = await Lease.acquire(desk.store, keys().turn(SUBJECT), 15)
    assert turn is not None
    late, _ = await desk.crash()
    desk.clock.advance(15)
    with pytest.raises(LeaseLost):
        await late.sending(PLAN, snapshot=(), turn=Turn(subject=SUBJECT, lease=turn))
    desk.clock.advance(LEASE_S - 15)
    with pytest.raises(LeaseLost):
        await desk.send(late)
    assert await desk.pending() is None


async def test_who_lost_the_lease_does_not_release_the_next_holders(desk: Desk) -> None:
    _, stack = await desk.crash()
    desk.clock.advance(LEASE_S)
    async with desk.hold():
        await stack.aclose()
        with pytest.raises(InProgress):
            await desk.crash()

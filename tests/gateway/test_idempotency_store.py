"""The ledger over a store that loses answers, goes away or forgets: nothing is believed that is not on record."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.errors import InProgress, OutcomeUnknown, Rejected, StoreUnavailable
from app.gateway.changes import Change
from app.gateway.turns import Turn
from app.store import Lease, Put, StoreFailure
from app.store.memory import MemoryStore
from tests.gateway.ledgers import KEEP_S, LEASE_S, PLAN, STEPS, SUBJECT, Desk, keys
from tests.gateway.stub import note
from tests.support.clock import Clock
from tests.support.stores import Mishap, ShakyStore, away
from tests.support.virtual_time import VIRTUAL_TIME

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def anyio_backend() -> tuple[str, Mapping[str, Any]]:
    return VIRTUAL_TIME  # what waits between two tries takes no time


@pytest.fixture
def desk(clock: Clock) -> Desk:
    return Desk(clock)


def failing(store: ShakyStore, mishap: Mishap, *, always: bool) -> None:
    """The next commit loses its answer; or every one does."""
    left = [None if always else 1]

    def decide(call: str) -> Mishap:
        if call != "commit" or left[0] == 0:
            return "none"
        left[0] = None if left[0] is None else left[0] - 1
        return mishap

    store.mishap = decide


@pytest.mark.parametrize("mishap", ["before", "after"])
@pytest.mark.parametrize("step", STEPS)
async def test_a_step_whose_answer_is_lost_is_looked_up_and_repeated(clock: Clock, step: str, mishap: Mishap) -> None:
    store = ShakyStore(MemoryStore(clock=clock))
    desk = Desk(clock, store)
    async with desk.hold() as held:
        await desk.send(held)
        failing(store, mishap, always=False)
        await STEPS[step](held)
        store.come_back()
        after = held.entry
        assert after.state == {"absent": "started"}.get(step, step)
        stored = await store.get_many([keys().entry, keys().pending(SUBJECT)])
        assert stored == [held._raw, keys().mark if step == "unknown" else None]
        if step == "absent":
            await desk.send(held)  # what it holds is what is stored


@pytest.mark.parametrize("mishap", ["before", "after"])
async def test_a_send_whose_record_has_no_answer_is_looked_up_and_repeated(clock: Clock, mishap: Mishap) -> None:
    store = ShakyStore(MemoryStore(clock=clock))
    desk = Desk(clock, store)
    async with desk.hold() as held:
        turn = await Lease.acquire(store, keys().turn(SUBJECT), 15)
        assert turn is not None
        failing(store, mishap, always=False)
        await held.sending(PLAN, snapshot=(), turn=Turn(subject=SUBJECT, lease=turn))
        assert held.is_open
    assert (await desk.entry()).state == "sent"


@pytest.mark.parametrize("mishap", ["before", "after"])
@pytest.mark.parametrize("step", STEPS)
async def test_a_step_that_never_gets_an_answer_is_not_believed(clock: Clock, step: str, mishap: Mishap) -> None:
    store = ShakyStore(MemoryStore(clock=clock))
    desk = Desk(clock, store)
    held, _ = await desk.crash()
    await desk.send(held)
    before = held.entry
    store.mishap = lambda call: mishap if call == "commit" else "before"
    with pytest.raises(StoreFailure):
        await STEPS[step](held)
    assert held.entry == before
    assert store.calls[-5:] == ["commit"] * 5


@pytest.mark.parametrize("mishap", ["before", "after"])
async def test_an_entry_that_could_not_be_opened_is_the_next_ones_to_open(clock: Clock, mishap: Mishap) -> None:
    store = ShakyStore(MemoryStore(clock=clock))
    desk = Desk(clock, store)
    for number in (1, 2):  # the lease, the entry
        made = 0

        def decide(call: str, number: int = number) -> Mishap:
            nonlocal made
            made += call == "commit"
            return mishap if call == "commit" and made == number else "none"

        store.mishap = decide
        with pytest.raises(StoreUnavailable):
            await desk.crash()
        store.come_back()
        clock.advance(LEASE_S)
        assert (await desk.entry()).generation == 1


async def test_out_of_reach_nothing_is_opened_and_nothing_is_said(clock: Clock) -> None:
    desk = Desk(clock, away(MemoryStore(clock=clock)))
    for call in (
        desk.ledger.finished(keys(), "content"),
        desk.crash(),
        desk.ledger.claimed(keys(), ["n-1"]),
        desk.ledger.refuse_if_pending(keys(), SUBJECT),
    ):
        with pytest.raises(StoreUnavailable):
            await call


async def test_a_lease_that_cannot_be_released_ends_by_itself(clock: Clock) -> None:
    store = ShakyStore(MemoryStore(clock=clock))
    desk = Desk(clock, store)
    async with desk.hold():
        store.go_away()
    store.come_back()
    with pytest.raises(InProgress):
        await desk.crash()
    clock.advance(LEASE_S)
    async with desk.hold():
        pass


async def test_what_has_ended_is_forgotten_after_its_time_and_what_is_open_never(desk: Desk) -> None:
    async with desk.hold("done") as held:
        await desk.send(held)
        await held.done(Change(note=note("n-1")))
    async with desk.hold("refused") as held:
        await desk.send(held)
        await held.refused(Rejected("no"))
    async with desk.hold("open") as held:
        await desk.send(held)
    desk.clock.advance(KEEP_S - 1)
    assert await desk.ledger.finished(keys("done"), "content") is not None
    assert await desk.ledger.claimed(keys("open"), ["n-1"]) == {"n-1"}
    assert (await desk.store.get_many([keys("refused").entry]))[0] is not None
    desk.clock.advance(1)
    assert await desk.ledger.finished(keys("done"), "content") is None
    assert await desk.ledger.claimed(keys("open"), ["n-1"]) == set()
    desk.clock.advance(100 * KEEP_S)
    assert (await desk.entry("open")).state == "sent"
    assert await desk.pending() == keys("open").mark
    async with desk.hold("open") as held:
        await held.unknown("OUTCOME_UNKNOWN", settle_s=5, at_work=False)
    desk.clock.advance(100 * KEEP_S)
    assert (await desk.entry("open")).state == "unknown"
    assert (await desk.store.get_many([keys("refused").entry, keys("done").entry])) == [None, None]


async def test_an_entry_this_version_cannot_read_is_never_begun_anew(desk: Desk) -> None:
    await desk.store.put_many({keys().entry: Put(b"\x63from another version")})
    with pytest.raises(OutcomeUnknown):
        await desk.crash()
    assert (await desk.store.get_many([keys().entry, keys().lease])) == [b"\x63from another version", None]


@given(key=st.text(min_size=1, max_size=20), subject=st.text(min_size=1, max_size=20))
def test_all_that_is_kept_of_an_account_lies_in_one_place_of_a_cluster(key: str, subject: str) -> None:
    one = keys(key)
    for kept in (one.entry, one.lease, one.turn(subject), one.pending(subject), one.claim(subject)):
        opened = kept.index("{")
        assert kept[opened + 1 : kept.index("}", opened)] == "default/acme"

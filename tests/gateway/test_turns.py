"""Turns on one invoice: fair in one process, one at a time over all, never held for good. In a time that passes by itself."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from app.domain.errors import StoreUnavailable
from app.domain.vocabulary import Operation
from app.gateway.entries import EntryKeys
from app.gateway.turns import Turns
from app.providers.policy import Deadline
from app.store import Store
from app.store.memory import MemoryStore
from tests.gateway.stub import account
from tests.support.stores import ShakyStore, away
from tests.support.virtual_time import VIRTUAL_TIME, now

pytestmark = pytest.mark.anyio

LEASE_S = 15.0
KEYS = EntryKeys(account=account(), operation=Operation.ISSUE, key="k")
SUBJECT = "invoice:inv-1"


@pytest.fixture(scope="module")
def anyio_backend() -> tuple[str, Mapping[str, Any]]:
    return VIRTUAL_TIME


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore(clock=now)


class Desk:
    """Takes turns in one process, and says when."""

    def __init__(self, store: Store, seen: list[tuple[str, float]]) -> None:
        self.turns = Turns(store, LEASE_S)
        self.seen = seen

    async def work(self, name: str, *, takes: float = 1, within: float = 600, subject: str = SUBJECT) -> None:
        async with self.turns.turn(KEYS, subject, Deadline(within, now)):
            self.seen.append((f"{name} in", now()))
            await asyncio.sleep(takes)
            self.seen.append((f"{name} out", now()))


async def held(store: Store, subject: str = SUBJECT) -> bytes | None:
    return (await store.get_many([KEYS.turn(subject)]))[0]


async def test_in_one_process_who_came_first_is_served_first_and_nobody_waits_longer_than_needed(store: MemoryStore) -> None:
    desk = Desk(store, [])
    async with asyncio.TaskGroup() as group:
        for name in "abc":
            group.create_task(desk.work(name))
    assert desk.seen == [("a in", 0), ("a out", 1), ("b in", 1), ("b out", 2), ("c in", 2), ("c out", 3)]
    assert desk.turns._queues == {}


async def test_over_two_processes_one_works_at_a_time(store: MemoryStore) -> None:
    seen: list[tuple[str, float]] = []
    desks = [Desk(store, seen), Desk(store, seen)]
    async with asyncio.TaskGroup() as group:
        for number in range(10):
            group.create_task(desks[number % 2].work(str(number)))
    entered, left = [name for name, _ in seen[::2]], [name for name, _ in seen[1::2]]
    assert [name.replace("in", "out") for name in entered] == left
    assert sorted(entered) == [f"{number} in" for number in range(10)]
    assert seen[-1][1] <= 10 + 9 * 0.075 + 0.001
    assert [desk.turns._queues for desk in desks] == [{}, {}]


async def test_another_invoice_does_not_wait(store: MemoryStore) -> None:
    desk = Desk(store, [])
    async with asyncio.TaskGroup() as group:
        group.create_task(desk.work("a"))
        group.create_task(desk.work("b", subject="invoice:inv-2"))
    assert desk.seen == [("a in", 0), ("b in", 0), ("a out", 1), ("b out", 1)]


async def test_a_turn_lasts_as_long_as_its_work_and_its_lease_is_renewed(store: MemoryStore) -> None:
    seen: list[tuple[str, float]] = []
    here, there = Desk(store, seen), Desk(store, seen)
    async with asyncio.TaskGroup() as group:
        group.create_task(here.work("long", takes=10 * LEASE_S))
        group.create_task(there.work("other"))
    assert [name for name, _ in seen] == ["long in", "long out", "other in", "other out"]
    assert await held(store) is None


async def test_a_renewal_the_store_did_not_answer_is_tried_again(store: MemoryStore) -> None:
    shaky = ShakyStore(store)
    desk = Desk(shaky, [])
    working = asyncio.create_task(desk.work("long", takes=4 * LEASE_S))
    await asyncio.sleep(1)
    shaky.go_away()
    await asyncio.sleep(LEASE_S / 3)
    shaky.come_back()
    await asyncio.sleep(2 * LEASE_S)
    assert await held(store) is not None
    await working
    assert await held(store) is None


async def test_a_lost_lease_is_not_taken_back_nor_the_next_holders_given_away(store: MemoryStore) -> None:
    here, there = Turns(store, LEASE_S), Turns(store, LEASE_S)
    async with here.turn(KEYS, SUBJECT, Deadline(1, now)) as lost:
        await store.delete([KEYS.turn(SUBJECT)])
        async with there.turn(KEYS, SUBJECT, Deadline(1, now)) as taken:
            await asyncio.sleep(LEASE_S)
            await lost.lease.release()
            assert await held(store) == taken.lease.token != lost.lease.token
    assert await held(store) is None


@pytest.mark.parametrize("in_one_process", [True, False])
async def test_a_turn_that_does_not_come_in_time_is_told_so_and_leaves_no_trace(
    store: MemoryStore, *, in_one_process: bool
) -> None:
    desk = Desk(store, [])
    late = desk if in_one_process else Desk(store, desk.seen)
    working = asyncio.create_task(desk.work("a", takes=10))
    await asyncio.sleep(0)
    with pytest.raises(StoreUnavailable) as told:
        await late.work("late", within=2)
    assert now() == pytest.approx(2, abs=0.1)
    assert (told.value.retryable, told.value.retry_after) == (True, 1.0)
    await working
    assert [name for name, _ in desk.seen] == ["a in", "a out"]
    assert (desk.turns._queues, late.turns._queues) == ({}, {})
    await late.work("after", within=0)
    assert [name for name, _ in desk.seen[2:]] == ["after in", "after out"]


async def test_without_the_store_there_is_no_turn_and_the_next_one_does_not_wait_for_it(store: MemoryStore) -> None:
    shaky = away(store)
    desk = Desk(shaky, [])
    with pytest.raises(StoreUnavailable):
        await desk.work("a")
    assert (desk.seen, desk.turns._queues) == ([], {})
    shaky.come_back()
    await desk.work("b", within=1)
    assert [name for name, _ in desk.seen] == ["b in", "b out"]


async def test_an_error_gives_the_turn_back(store: MemoryStore) -> None:
    turns = Turns(store, LEASE_S)
    with pytest.raises(KeyError):
        async with turns.turn(KEYS, SUBJECT, Deadline(1, now)):
            raise KeyError
    assert (await held(store), turns._queues) == (None, {})


@pytest.mark.parametrize("who", ["holder", "first waiting", "second waiting"])
async def test_whoever_is_cancelled_the_others_go_on(store: MemoryStore, who: str) -> None:
    desk = Desk(store, [])
    names = ["holder", "first waiting", "second waiting"]
    tasks = {name: asyncio.create_task(desk.work(name)) for name in names}
    await asyncio.sleep(0.5)
    tasks[who].cancel()
    ended = await asyncio.gather(*tasks.values(), return_exceptions=True)
    assert [isinstance(end, asyncio.CancelledError) for end in ended] == [name == who for name in names]
    assert [name for name, _ in desk.seen if name.endswith("out")] == [f"{name} out" for name in names if name != who]
    assert (await held(store), desk.turns._queues) == (None, {})


async def test_who_waits_in_another_process_and_is_cancelled_holds_nothing(store: MemoryStore) -> None:
    here, there = Desk(store, []), Desk(store, [])
    working = asyncio.create_task(here.work("a"))
    await asyncio.sleep(0)
    waiting = asyncio.create_task(there.work("b"))
    await asyncio.sleep(0.5)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    await working
    assert (await held(store), there.turns._queues, there.seen) == (None, {}, [])


async def test_a_turn_whose_end_the_store_did_not_hear_of_ends_by_itself(store: MemoryStore) -> None:
    shaky = ShakyStore(store)
    desk = Desk(shaky, [])
    working = asyncio.create_task(desk.work("a", takes=1))
    await asyncio.sleep(0.5)
    shaky.go_away()
    await working
    shaky.come_back()
    await desk.work("b")
    assert [name for name, _ in desk.seen] == ["a in", "a out", "b in", "b out"]
    assert desk.seen[2][1] == pytest.approx(LEASE_S, abs=0.1)

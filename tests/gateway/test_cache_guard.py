"""A store that is slow or gone costs reads its patience once, and is used again when it answers again."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

import pytest

from app.domain.errors import NotFound
from app.gateway.cache import Fetched
from app.gateway.cache.guard import PATIENCE_S, REST_S
from app.gateway.pacing import AccountPacer
from app.providers.contract import Limits
from app.store import Put, Store, StoreFailure
from app.store.gate import Passage, Step
from app.store.memory import MemoryStore
from tests.gateway.cached import World, clock
from tests.gateway.stub import StubAdapter, note
from tests.support.stores import ShakyStore, away
from tests.support.virtual_time import VIRTUAL_TIME, now

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> object:
    return VIRTUAL_TIME


class FrozenStore(MemoryStore):
    """Keeps the line open and answers nothing, while it is frozen."""

    def __init__(self) -> None:
        super().__init__(clock=now)
        self.frozen_until = 0.0
        self.asked: list[str] = []

    async def get_many(self, keys: Sequence[str]) -> list[bytes | None]:
        await self._thawed("get")
        return await super().get_many(keys)

    async def put_many(self, values: Mapping[str, Put]) -> None:
        await self._thawed("put")
        await super().put_many(values)

    async def ping(self) -> None:
        await self._thawed("ping")

    async def _thawed(self, what: str) -> None:
        self.asked.append(what)
        await asyncio.sleep(max(0.0, self.frozen_until - now()))


def world(store: Store, ledger: Store | None = None) -> World:
    return World(store, clock, StubAdapter(notes={id: note(id) for id in "abc"}), ledger=ledger)


async def test_a_store_that_does_not_answer_costs_the_patience_once() -> None:
    store = FrozenStore()
    process = world(store)
    store.frozen_until = 100.0
    for _ in range(20):
        assert (await process.one()).cached is False
        await asyncio.sleep(1)
    assert now() == 20 + PATIENCE_S
    assert process.loads == 20


async def test_whose_turn_it_is_at_the_account_is_not_asked_for_in_vain_a_second_time() -> None:
    class Shared(FrozenStore):
        is_shared = True

        async def gate(self, key: str, step: Step) -> Passage:
            await self._thawed("gate")
            return await super().gate(key, step)

    store = Shared()
    process = world(store)
    pacer = AccountPacer(process.memory.way(process.account.tag), "gate", Limits(per_minute=60), now)
    store.frozen_until = 100.0
    await process.one()
    assert (await pacer.take(within_s=1, paced=True)).given
    assert store.asked == ["get"]
    assert now() == pytest.approx(PATIENCE_S)
    await asyncio.sleep(100)
    await process.one()
    await process.settle()
    assert (await pacer.take(within_s=1, paced=True)).given
    assert store.asked[-1] == "gate"


async def test_what_is_kept_late_is_told_and_does_not_take_the_accounts_turns_apart(capsys: pytest.CaptureFixture[str]) -> None:
    class Slow(MemoryStore):
        is_shared = True
        steps = 0

        async def put_many(self, values: Mapping[str, Put]) -> None:
            await asyncio.sleep(2 * PATIENCE_S)
            await super().put_many(values)

        async def gate(self, key: str, step: Step) -> Passage:
            self.steps += 1
            return await super().gate(key, step)

    store = Slow(clock=now)
    process = world(store)
    pacer = AccountPacer(process.memory.way(process.account.tag), "gate", Limits(per_minute=60), now)
    for turns in range(1, 11):
        await process.one()
        await asyncio.sleep(0.4)
        await pacer.take(within_s=1, paced=True)
        assert store.steps == turns
    assert "store out of reach" in capsys.readouterr().out


async def test_many_at_once_wait_for_it_together() -> None:
    store = FrozenStore()
    process = world(store)
    store.frozen_until = 100.0
    await asyncio.gather(*(process.one(id) for id in "abc" for _ in range(50)))
    assert now() <= 2 * PATIENCE_S


async def test_without_its_store_it_asks_the_provider_each_time_and_harms_nobody() -> None:
    process = world(away(MemoryStore(clock=now)))
    for calls in (1, 2):
        found = await process.get("a", "missing")
        assert isinstance(found["a"], Fetched)
        assert isinstance(found["missing"], NotFound)
        assert process.loads == calls
    await process.cache.put_many(process.account, {"a": note("a")}, await process.cache.epoch(process.account))


async def test_without_its_store_many_callers_still_share_one_flight() -> None:
    process = world(away(MemoryStore(clock=now)))
    process.provider.gate = asyncio.Event()
    asking = [asyncio.create_task(process.one()) for _ in range(20)]
    await asyncio.sleep(0.01)
    process.provider.gate.set()
    await asyncio.gather(*asking)
    assert process.loads == 1


async def test_it_is_back_by_itself_and_nobody_waits_for_the_trial() -> None:
    store = FrozenStore()
    process = world(store)
    store.frozen_until = 3.0
    await process.one()
    moments = []
    while not (await process.one()).cached and now() < 10:
        moments.append(now())
        await asyncio.sleep(0.1)
    assert moments == pytest.approx([PATIENCE_S + 0.1 * step for step in range(len(moments))])
    assert 3.0 < now() < 3.0 + REST_S + PATIENCE_S + 0.3
    assert store.asked.count("ping") <= 4


async def test_one_that_is_left_alone_is_asked_nothing() -> None:
    store = ShakyStore(MemoryStore(clock=now))
    process = world(store)
    store.go_away()
    await process.one()
    store.calls.clear()
    await asyncio.gather(*(process.get("a", "b") for _ in range(20)))
    assert store.calls == []


async def test_what_was_read_while_it_was_away_is_not_believed_when_it_is_back() -> None:
    """A write of another process may have come between: nobody could tell."""
    store = ShakyStore(MemoryStore(clock=now))
    process = world(store)
    await process.one("b")
    store.go_away()
    await process.one()
    store.come_back()
    await asyncio.sleep(REST_S)
    await process.one("c")  # finds that it is back
    await asyncio.sleep(0)
    assert (await process.one("a")).cached is False
    assert (await process.one("b")).cached is True


async def test_only_the_epochs_store_away_means_that_nothing_is_believed() -> None:
    values, ledger = MemoryStore(clock=now), ShakyStore(MemoryStore(clock=now))
    process = world(values, ledger)
    await process.one()
    assert (await process.one()).cached is True
    ledger.go_away()
    assert (await process.one()).cached is False


async def test_only_the_store_of_values_away_leaves_what_this_process_holds_and_one_flight_for_all() -> None:
    values, ledger = ShakyStore(MemoryStore(clock=now)), MemoryStore(clock=now)
    process = world(values, ledger)
    values.go_away()
    await asyncio.gather(*(process.one() for _ in range(20)))
    assert process.loads == 1
    assert (await process.one()).cached is True


async def test_a_write_is_not_answered_where_its_epoch_could_not_begin() -> None:
    store = ShakyStore(MemoryStore(clock=now))
    process = world(store)
    await process.one()
    store.go_away()
    with pytest.raises(StoreFailure):
        await process.cache.written(process.account, {"a": note("a", minor=2_00)})


async def test_a_process_that_was_busy_itself_does_not_blame_the_store() -> None:
    """A burst of requests holds up the loop for longer than the patience; the answer was there all the time."""
    store = FrozenStore()
    process = world(store)
    await process.one()

    def hold_up() -> None:
        loop = asyncio.get_running_loop()
        loop._jumping.now += 10 * PATIENCE_S  # type: ignore[attr-defined]  # the virtual clock

    store.frozen_until = now() + 0.01
    reading = asyncio.create_task(process.get("b"))
    await asyncio.sleep(0)
    hold_up()
    await reading
    assert (await process.one("b")).cached is True

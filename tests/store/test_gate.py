"""A gate's promises, asked of the process's own and of a real Redis alike: how often, how many, and nobody while it is held."""

from __future__ import annotations

import asyncio
import secrets

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.store import Put, Store, StoreFailure
from app.store.gate import Gate, Hold, Leave, Passage, Take
from app.store.memory import MemoryStore
from app.store.redis import RedisStore
from tests.support.clock import Clock
from tests.support.store_kinds import store_of

pytestmark = pytest.mark.anyio

FOR_EVER = float("inf")
SLACK_S = 2.0  # a server's clock goes on while a test asks


store = store_of("memory", "redis", still=True)


@pytest.fixture
def key() -> str:
    """A key nobody else uses."""
    return f"test:{{{secrets.token_hex(8)}}}"


def about(seconds: float) -> object:
    return pytest.approx(seconds, abs=SLACK_S)


async def test_without_bounds_every_turn_is_now(store: Store, key: str) -> None:
    assert [await store.gate(key, Take(within_s=0)) for _ in range(50)] == [Passage()] * 50


async def test_a_burst_is_given_at_once_and_later_turns_one_after_another(store: Store, key: str) -> None:
    turns = [await store.gate(key, Take(within_s=FOR_EVER, every_s=100, burst=3)) for _ in range(6)]
    assert [(turn.state, turn.wait_s) for turn in turns] == [("given", about(wait)) for wait in (0, 0, 0, 100, 200, 300)]
    assert all(turn.wait_s == 0 for turn in turns[:3])


async def test_a_turn_that_comes_too_late_is_not_taken(store: Store, key: str) -> None:
    first = Take(within_s=50, every_s=100)
    assert await store.gate(key, first) == Passage()
    for _ in range(3):
        late = await store.gate(key, first)
        assert (late.state, late.wait_s) == ("late", about(100))
    assert (await store.gate(key, Take(within_s=101, every_s=100))).state == "given"


async def test_everybody_is_held_up_by_a_hold_and_told_for_how_long(store: Store, key: str) -> None:
    await store.gate(key, Hold(60))
    held = await store.gate(key, Take(within_s=0))
    assert (held.state, held.wait_s, held.held_s) == ("late", about(60), about(60))
    patient = await store.gate(key, Take(within_s=70))
    assert (patient.state, patient.wait_s) == ("given", about(60))


async def test_a_longer_hold_stays(store: Store, key: str) -> None:
    await store.gate(key, Hold(600))
    await store.gate(key, Hold(1))
    assert (await store.gate(key, Take(within_s=0))).held_s == about(600)


async def test_after_a_hold_no_more_come_at_once_than_ever(store: Store, key: str) -> None:
    await store.gate(key, Hold(1000))
    turns = [await store.gate(key, Take(within_s=FOR_EVER, every_s=100, burst=2)) for _ in range(4)]
    assert [turn.wait_s for turn in turns] == [about(wait) for wait in (1000, 1000, 1100, 1200)]


async def test_a_hold_is_over_by_itself(key: str) -> None:
    clock = Clock()
    store = MemoryStore(clock=clock)
    await store.gate(key, Hold(60))
    clock.advance(60)
    assert await store.gate(key, Take(within_s=0)) == Passage()


async def test_no_more_places_are_held_than_there_are(store: Store, key: str) -> None:
    asked = [Take(within_s=0, places=2, holder=name, keep_s=1000) for name in "abc"]
    assert [(await store.gate(key, take)).state for take in asked] == ["given", "given", "full"]
    await store.gate(key, Leave("a"))
    await store.gate(key, Leave("nobody"))
    assert [(await store.gate(key, take)).state for take in asked[::-1]] == ["given", "full", "full"]


async def test_of_many_at_once_no_more_get_a_place_than_there_are(store: Store, key: str) -> None:
    takes = (store.gate(key, Take(within_s=0, places=7, holder=str(number), keep_s=1000)) for number in range(40))
    assert [passage.state for passage in await asyncio.gather(*takes)].count("given") == 7


async def test_of_many_at_once_each_has_a_turn_of_its_own(store: Store, key: str) -> None:
    passages = await asyncio.gather(*(store.gate(key, Take(within_s=FOR_EVER, every_s=100)) for _ in range(20)))
    assert sorted(passage.wait_s for passage in passages) == [about(100 * number) for number in range(20)]


async def test_a_place_nobody_leaves_is_free_again_after_its_time(store: Store, key: str) -> None:
    assert (await store.gate(key, Take(within_s=0, places=1, holder="a", keep_s=0))).state == "given"
    await store.gate(key, Hold(0.001))  # something else keeps the gate
    await asyncio.sleep(0.002)
    assert (await store.gate(key, Take(within_s=1, places=1, holder="b", keep_s=100))).state == "given"
    assert (await store.gate(key, Take(within_s=1, places=1, holder="c", keep_s=100))).state == "full"


async def test_whoever_finds_no_place_uses_up_no_turn(store: Store, key: str) -> None:
    take = Take(within_s=0, every_s=100, burst=2, places=1, holder="a", keep_s=1000)
    assert [(await store.gate(key, take)).state for _ in range(4)] == ["given", "full", "full", "full"]
    await store.gate(key, Leave("a"))
    assert (await store.gate(key, take)).state == "given"


async def test_gates_of_two_keys_know_nothing_of_each_other(store: Store, key: str) -> None:
    await store.gate(f"{key}:a", Hold(60))
    assert await store.gate(f"{key}:b", Take(within_s=0, every_s=100)) == Passage()


async def test_where_something_else_stands_there_is_no_gate(store: Store, key: str) -> None:
    await store.put_many({key: Put(b"value")})
    with pytest.raises(StoreFailure):
        await store.gate(key, Hold(1))
    assert await store.get_many([key]) == [b"value"]


async def test_a_gate_at_which_nothing_matters_any_more_is_gone(redis_url: str, key: str) -> None:
    store = RedisStore(redis_url)
    await store.gate(key, Take(within_s=0, every_s=0.01, places=1, holder="a", keep_s=0.01))
    await store.gate(key, Hold(0.01))
    async with asyncio.timeout(5):
        while [found async for found in store.find(key)]:  # noqa: ASYNC110 - a server tells nobody that a key has expired
            await asyncio.sleep(0.005)
    await store.aclose()


@given(
    st.lists(st.tuples(st.floats(0, 50), st.one_of(st.floats(0, 200).map(Hold), st.just(Take(within_s=300, every_s=10, burst=4)))))
)
def test_in_no_time_come_more_turns_than_the_burst_and_its_pace_and_none_in_a_hold(steps: list[tuple[float, Hold | Take]]) -> None:
    gate, now, turns, held_until = Gate(), 0.0, list[float](), 0.0
    for pause, step in steps:
        now += pause
        passage = gate.step(step, now)
        if isinstance(step, Hold):
            held_until = max(held_until, now + step.seconds)
        elif passage.state == "given":
            turns.append(now + passage.wait_s)
            assert turns[-1] >= held_until - 1e-6
    for index, start in enumerate(turns):
        for later in range(index, len(turns)):
            assert later - index + 1 <= 4 + (turns[later] - start) / 10 + 1e-6

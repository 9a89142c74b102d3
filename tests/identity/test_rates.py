"""How much one caller may ask in a minute: of the process's own memory and a real Redis alike."""

from __future__ import annotations

import asyncio
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.gateway.accounts import Caller
from app.identity.rates import Rates, What
from app.store import Store
from app.store.memory import MemoryStore
from tests.support.clock import Clock
from tests.support.store_kinds import store_of
from tests.support.stores import away

pytestmark = pytest.mark.anyio

WHATS: tuple[What, What] = ("requests", "reads")


store = store_of("memory", "redis", still=True)


@pytest.fixture
def ann() -> Caller:
    """Nobody else: a Redis is shared by the whole session."""
    return Caller(name=f"key:{uuid.uuid4().hex}")


async def test_a_minutes_worth_is_given_at_once_and_then_no_more(store: Store, ann: Caller) -> None:
    rates = Rates(store=store, requests=3, reads=0)
    grants = [await rates.take(ann, "requests", 1) for _ in range(4)]
    assert [(grant.left, grant.wait_s is None) for grant in grants if grant] == [(2, True), (1, True), (0, True), (0, False)]
    assert grants[3] is not None
    assert grants[3].wait_s == pytest.approx(20, abs=2)
    assert grants[2] is not None
    assert grants[2].full_after_s == pytest.approx(60, abs=2)


async def test_reads_are_counted_by_how_many_they_are(store: Store, ann: Caller) -> None:
    rates = Rates(store=store, requests=0, reads=100)
    assert [(await rates.take(ann, "reads", count)) is not None for count in (0, 70)] == [False, True]
    refused = await rates.take(ann, "reads", 31)
    assert refused is not None
    assert refused.wait_s == pytest.approx(0.6, abs=0.6)
    given = await rates.take(ann, "reads", 30)
    assert given is not None
    assert (given.wait_s, given.left) == (None, 0)


async def test_more_than_the_whole_limit_is_never_given(store: Store, ann: Caller) -> None:
    grant = await Rates(store=store, requests=0, reads=10).take(ann, "reads", 11)
    assert grant is not None
    assert grant.wait_s == float("inf")


async def test_callers_and_kinds_have_limits_of_their_own(store: Store, ann: Caller) -> None:
    rates = Rates(store=store, requests=1, reads=1)
    other = Caller(name=f"{ann.name}2")
    grants = [await rates.take(who, what, 1) for who in (ann, other) for what in WHATS]
    assert [grant.wait_s for grant in grants if grant] == [None] * 4


async def test_of_many_at_once_no_more_get_through_than_there_are(store: Store, ann: Caller) -> None:
    rates = Rates(store=store, requests=10, reads=0)
    grants = await asyncio.gather(*(rates.take(ann, "requests", 1) for _ in range(40)))
    assert sum(grant is not None and grant.wait_s is None for grant in grants) == 10


async def test_without_a_limit_nothing_is_asked_and_a_store_that_is_away_refuses_nobody(ann: Caller) -> None:
    store = away(MemoryStore())
    assert await Rates(store=store, requests=0, reads=0).take(ann, "requests", 1) is None
    assert store.calls == []
    assert await Rates(store=store, requests=1, reads=1).take(ann, "requests", 1) is None
    assert store.calls == ["gate"]


@given(
    limit=st.integers(1, 50),
    asked=st.lists(st.tuples(st.integers(0, 60), st.floats(0, 40)), max_size=30),
)
async def test_in_no_minute_is_more_given_than_what_was_saved_up_and_what_came_since(
    limit: int, asked: list[tuple[int, float]]
) -> None:
    clock = Clock(1_000_000.0)
    rates = Rates(store=MemoryStore(clock=clock), requests=0, reads=limit)
    given_at: list[tuple[float, int]] = []
    for count, pause in asked:
        clock.advance(pause)
        grant = await rates.take(Caller(name="ann"), "reads", count)
        if grant is not None and grant.wait_s is None:
            given_at.append((clock.now, count))
            assert 0 <= grant.left <= limit - count
    for start, _ in given_at:
        for end in (at for at, _ in given_at if at >= start):
            given = sum(count for at, count in given_at if start <= at <= end)
            assert given <= limit + (end - start) * limit / 60 + 1e-3


async def test_what_is_told_to_be_left_is_left(ann: Caller) -> None:
    rates = Rates(store=MemoryStore(clock=Clock()), requests=0, reads=97)
    first = await rates.take(ann, "reads", 13)
    assert first is not None
    second = await rates.take(ann, "reads", first.left)
    assert second is not None
    assert (second.wait_s, second.left) == (None, 0)

"""Waits between attempts, deadlines and the budget of retries, by a clock that stands still."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.providers.policy import Deadline, RetryBudget, RetryPolicy
from tests.support.clock import Clock


def test_a_deadline_counts_down_to_nothing_and_not_below() -> None:
    clock = Clock(1000)
    deadline = Deadline(10, clock)
    assert deadline.left() == 10
    clock.advance(9.5)
    assert deadline.left() == 0.5
    clock.advance(100)
    assert deadline.left() == 0


def test_a_part_of_a_deadline_ends_before_it() -> None:
    clock = Clock(1000)
    deadline = Deadline(10, clock)
    clock.advance(2)
    part = deadline.part(0.75)
    clock.advance(1)
    assert (part.left(), deadline.left()) == (5, 7)


@pytest.mark.parametrize(("attempt", "longest"), [(1, 0.1), (2, 0.2), (3, 0.4), (5, 1.6), (6, 2.0), (60, 2.0)])
def test_waits_double_up_to_a_bound(attempt: int, longest: float) -> None:
    policy = RetryPolicy()
    assert policy.wait(attempt, None, chance=lambda: 1.0) == pytest.approx(longest)
    assert policy.wait(attempt, None, chance=lambda: 0.0) == 0
    assert policy.wait(attempt, None, chance=lambda: 0.5) == pytest.approx(longest / 2)


@given(st.integers(1, 500), st.floats(0, 1))
def test_no_wait_is_longer_than_the_longest(attempt: int, chance: float) -> None:
    assert 0 <= RetryPolicy().wait(attempt, None, chance=lambda: chance) <= 2.0


@pytest.mark.parametrize("asked", [0.0, 0.5, 30.0])
def test_the_wait_a_provider_asks_for_is_kept_exactly(asked: float) -> None:
    assert RetryPolicy().wait(1, asked) == asked


def test_retries_are_refused_once_the_reserve_is_used_up() -> None:
    budget = RetryBudget(reserve=5, clock=Clock(0))
    assert [budget.spend() for _ in range(7)] == [True] * 5 + [False] * 2


def test_ten_calls_earn_a_retry() -> None:
    budget = RetryBudget(reserve=1, clock=Clock(0))
    assert budget.spend()
    allowed = []
    for _ in range(30):
        budget.called()
        allowed.append(budget.spend())
    assert allowed.count(True) in {2, 3}


def test_the_reserve_comes_back_with_time_and_no_further() -> None:
    clock = Clock(0)
    budget = RetryBudget(reserve=3, per_second=1, clock=clock)
    while budget.spend():
        pass
    clock.advance(1.5)
    assert [budget.spend() for _ in range(2)] == [True, False]
    clock.advance(10_000)
    assert [budget.spend() for _ in range(4)] == [True] * 3 + [False]


def test_what_many_calls_have_earned_is_bounded() -> None:
    budget = RetryBudget(reserve=4, clock=Clock(0))
    for _ in range(100_000):
        budget.called()
    assert sum(budget.spend() for _ in range(1000)) == 20


@given(st.lists(st.tuples(st.floats(0, 5), st.integers(0, 30), st.integers(0, 30)), max_size=40))
def test_retries_are_never_more_than_a_tenth_of_the_calls_beside_the_reserve(rounds: list[tuple[float, int, int]]) -> None:
    clock = Clock(0)
    budget, calls, retries = RetryBudget(reserve=10, per_second=1, clock=clock), 0, 0
    for pause, called, wanted in rounds:
        clock.advance(pause)
        for _ in range(called):
            budget.called()
        calls += called
        retries += sum(budget.spend() for _ in range(wanted))
        assert retries <= 10 + clock.now + calls / 10 + 1e-6

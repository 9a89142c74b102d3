"""What is remembered of documents never grows beyond its bound, whatever is sent."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from app.api.bounded_memory import BoundedMemory

CAPACITY = 10
steps = st.tuples(st.integers(0, 5), st.integers(0, 12))


@given(st.lists(steps, max_size=40))
def test_it_holds_the_latest_that_fit_and_no_more(puts: list[tuple[int, int]]) -> None:
    memory: BoundedMemory[int, int] = BoundedMemory(CAPACITY)
    latest: dict[int, int] = {}
    for key, weight in puts:
        memory.put(key, weight, weight=weight)
        latest.pop(key, None)
        latest[key] = weight
        while sum(latest.values()) > CAPACITY:
            latest.pop(next(iter(latest)))
    assert {key: memory.get(key) for key in range(6)} == {key: latest.get(key) for key in range(6)}


def test_what_is_asked_for_stays_longest() -> None:
    memory: BoundedMemory[str, int] = BoundedMemory(2)
    memory.put("a", 1, weight=1)
    memory.put("b", 2, weight=1)
    assert memory.get("a") == 1
    memory.put("c", 3, weight=1)
    assert (memory.get("a"), memory.get("b"), memory.get("c")) == (1, None, 3)

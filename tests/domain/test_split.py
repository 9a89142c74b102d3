"""Dividing an amount: nothing is lost, nothing is made, and nobody gets a unit more than their share."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.money import MoneyError, split

amounts = st.integers(-(10**20), 10**20)
weights = st.lists(st.integers(0, 10**12), min_size=1, max_size=30).filter(any)


@given(amounts, weights)
def test_the_parts_add_up(amount: int, weights: list[int]) -> None:
    parts = split(amount, weights)
    assert sum(parts) == amount
    assert len(parts) == len(weights)


@given(amounts, weights)
def test_every_part_is_less_than_one_unit_from_its_share(amount: int, weights: list[int]) -> None:
    for part, weight in zip(split(amount, weights), weights, strict=True):
        assert abs(part - Fraction(amount * weight, sum(weights))) < 1


@given(amounts, weights)
def test_no_weight_gets_nothing_and_a_greater_weight_never_gets_less(amount: int, weights: list[int]) -> None:
    shares = sorted(zip(weights, (abs(part) for part in split(amount, weights)), strict=True))
    assert all(part == 0 for weight, part in shares if weight == 0)
    by_weight: dict[int, list[int]] = {}
    for weight, part in shares:
        by_weight.setdefault(weight, []).append(part)
    ordered = list(by_weight.values())
    assert all(max(lower) <= min(higher) for lower, higher in pairwise(ordered))


@given(amounts, weights)
def test_a_negative_amount_is_divided_as_the_positive_one(amount: int, weights: list[int]) -> None:
    assert split(-amount, weights) == [-part for part in split(amount, weights)]


@pytest.mark.parametrize(
    ("amount", "weights", "parts"),
    [
        (100, [1, 1, 1], [34, 33, 33]),
        (-100, [1, 1, 1], [-34, -33, -33]),
        (101, [1, 1], [51, 50]),
        (2, [1, 1, 1, 1], [1, 1, 0, 0]),
        (0, [3, 4], [0, 0]),
        (7, [0, 5], [0, 7]),
        (100, [333, 333, 334], [33, 33, 34]),
        (1, [1, 2], [0, 1]),
    ],
)
def test_what_is_over_goes_to_the_largest_remainder_and_in_a_tie_to_the_earlier(
    amount: int, weights: list[int], parts: list[int]
) -> None:
    assert split(amount, weights) == parts


@pytest.mark.parametrize("weights", [[], [0], [0, 0], [1, -1], [2, -1]])
def test_an_amount_cannot_be_divided_by_nothing_or_less(weights: list[int]) -> None:
    with pytest.raises(MoneyError):
        split(100, weights)

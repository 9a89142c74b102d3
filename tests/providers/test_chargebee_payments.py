"""How a refund at Chargebee is divided among the payments behind its note: a call for each, the oldest first, none for too much."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.commands import RefundCreditNote
from app.domain.errors import AmountTooHigh, GatewayError, InvalidInput, Path, Unsupported
from app.domain.invoice import Payment
from app.domain.plans import Payout, WritePlan
from app.domain.vocabulary import ErrorCode, IssueField
from app.providers.chargebee.refunding import Wanted, recorded, sent_back
from tests.providers.chargebee import form, money, settings
from tests.providers.chargebee.noted import NOW, external, noted, payment, refund
from tests.providers.readings import refusal_of


def planned(command: RefundCreditNote, *, paid: tuple[Payment, ...], refunded: int = 0) -> WritePlan:
    wanted = Wanted.of(command, noted(), settings(), now=NOW)
    return recorded(wanted) if command.external else sent_back(wanted, paid, money(refunded))


def refusal(command: RefundCreditNote, **given: Any) -> GatewayError:
    return refusal_of(planned, command, **given)


ONE, TWO = payment(30_00, "txn_a", 1), payment(20_00, "txn_b", 2)


@pytest.mark.parametrize(
    ("id", "paid", "error", "path"),
    [
        ("txn_9", (payment(200_00),), None, None),
        ("txn_8", (payment(200_00),), InvalidInput, ("paymentId",)),
        ("txn_8", (ONE, TWO), InvalidInput, ("paymentId",)),
        ("txn_8", (), InvalidInput, ("paymentId",)),
        ("txn_a", (ONE, TWO), Unsupported, ("paymentId",)),
    ],
)
def test_a_payment_can_be_named_where_there_is_no_other(
    id: str, paid: tuple[Payment, ...], error: type[GatewayError] | None, path: Path | None
) -> None:
    if error is None:
        assert planned(refund(1, payment_id=id), paid=paid) == planned(refund(1), paid=paid)
        return
    refused = refusal(refund(1, payment_id=id), paid=paid)
    assert (type(refused), refused.path) == (error, path)
    assert getattr(refused, "ability", None) in {None, IssueField.PAYMENT_SPLIT}


@pytest.mark.parametrize(
    ("minor", "refunded", "parts"),
    [
        (50_00, 0, [30_00, 20_00]),
        (30_00, 0, [30_00]),
        (30_01, 0, [30_00, 1]),
        (20_00, 0, [20_00]),
        (30_00, 20_00, [10_00, 20_00]),
        (20_00, 30_00, [20_00]),
        (1, 49_99, [1]),
    ],
)
@pytest.mark.parametrize("paid", [(ONE, TWO), (TWO, ONE)])
def test_each_payment_has_a_call_of_its_own_the_oldest_first(
    minor: int, refunded: int, parts: list[int], paid: tuple[Payment, ...]
) -> None:
    plan = planned(refund(minor), paid=paid, refunded=refunded)
    assert form(plan) == {"refund_amount": str(parts[0])}
    assert plan.expected.refund == money(parts[0])
    assert plan.then == tuple(Payout(amount=money(part)) for part in parts[1:])


@pytest.mark.parametrize(
    ("minor", "paid", "refunded", "maximum"),
    [
        (50_01, (ONE, TWO), 0, 50_00),
        (30_01, (ONE, TWO), 20_00, 30_00),
        (1, (ONE, TWO), 50_00, 0),
        (1, (ONE, TWO), 70_00, 0),
        (None, (ONE, TWO), 0, 50_00),
        (1, (), 0, 0),  # paid by credit alone
        (30_01, (ONE,), 0, 30_00),
    ],
)
def test_more_than_the_payments_hold_is_refused_with_what_they_do(
    minor: int | None, paid: tuple[Payment, ...], refunded: int, maximum: int
) -> None:
    error = refusal(refund(minor), paid=paid, refunded=refunded)
    assert isinstance(error, AmountTooHigh)
    assert (error.code, error.path) == (ErrorCode.AMOUNT_EXCEEDS_REFUNDABLE, ("amount",))
    assert (error.requested, error.maximum) == (None if minor is None else money(minor), money(maximum))


def test_what_is_left_of_the_only_payment_is_known_best_at_chargebee() -> None:
    assert planned(refund(30_00), paid=(ONE,), refunded=30_00).expected.refund == money(30_00)


def test_a_recorded_payout_is_one_call_although_there_are_several_payments() -> None:
    assert planned(external(50_00), paid=(ONE, TWO)).then == ()


@given(
    held=st.lists(st.integers(1, 10**9), min_size=2, max_size=6),
    refunded=st.integers(0, 10**9),
    minor=st.integers(1, 100_00),
)
def test_the_calls_add_up_and_none_is_more_than_a_payment_holds(held: list[int], refunded: int, minor: int) -> None:
    paid = tuple(payment(amount, f"txn_{index}", index + 1) for index, amount in enumerate(held))
    try:
        plan = planned(refund(minor), paid=paid, refunded=refunded)
    except AmountTooHigh:
        assert minor > sum(held) - refunded
        return
    assert plan.expected.refund is not None
    parts = [plan.expected.refund.minor, *(payout.amount.minor for payout in plan.then if payout.amount is not None)]
    assert sum(parts) == minor <= sum(held) - refunded
    assert len(parts) <= len(held)
    assert all(part <= max(held) for part in parts)
    assert all(not payout.external for payout in plan.then)

"""Refunds out of named payments at Zenskar."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.commands import DispositionPart
from app.domain.errors import AmountTooHigh, GatewayError, InvalidInput, Unsupported
from app.domain.invoice import Invoice
from app.domain.money import Money
from app.domain.vocabulary import Disposition, ErrorCode, IssueField
from tests.providers.zenskar import bill, body, command, demo, eur, planned, refused

HALF = bill(150_00, 30_00, 20_00)
PAID = bill(0, 30_00, 20_00)
BALANCE = DispositionPart(disposition=Disposition.INVOICE_BALANCE)


def out_of(payment: int, minor: int | None = None, disposition: Disposition = Disposition.PAYMENT_REFUND) -> DispositionPart:
    return DispositionPart(disposition=disposition, amount=None if minor is None else eur(minor), payment_id=demo(payment))


def split(minor: int, *parts: DispositionPart, invoice: Invoice = PAID, unit: str = "major") -> list[tuple[str, str]]:
    sent = body(planned(command(minor, dispositions=parts), invoice, split_unit=unit))
    assert sent["refund_destination"] == "original_payment_method"
    return [(part["payment_id"], part["amount"]) for part in sent["refund_amount_split"]]


def problem_of(minor: int, *parts: DispositionPart, unit: str = "major") -> GatewayError:
    (problem,) = refused(command(minor, dispositions=parts), PAID, split_unit=unit)
    return problem


def test_named_payments_are_sent_as_a_split() -> None:
    assert split(45_00, out_of(7000, 30_00), out_of(7001, 15_00)) == [(demo(7000), "30.00"), (demo(7001), "15.00")]
    assert split(45_00, out_of(7000, 30_00), out_of(7001)) == [(demo(7000), "30.00"), (demo(7001), "15.00")]
    assert split(12_34, out_of(7001)) == [(demo(7001), "12.34")]
    assert split(170_00, BALANCE, out_of(7001), invoice=HALF) == [(demo(7001), "20.00")]


def test_the_split_is_in_the_unit_the_account_says() -> None:
    assert split(12_34, out_of(7001), unit="minor") == [(demo(7001), "1234")]


def test_without_named_payments_there_is_no_split() -> None:
    wanted = command(45_00, dispositions=(DispositionPart(disposition=Disposition.PAYMENT_REFUND),))
    assert "refund_amount_split" not in body(planned(wanted, PAID, split_unit="unset"))


def test_a_split_needs_an_account_that_knows_its_unit() -> None:
    problem = problem_of(10_00, out_of(7000), unit="unset")
    assert isinstance(problem, Unsupported)
    assert (problem.path, problem.ability) == (("dispositions", "0", "paymentId"), IssueField.PAYMENT_SPLIT)


@pytest.mark.parametrize("disposition", [Disposition.CUSTOMER_CREDIT, Disposition.EXTERNAL_REFUND])
def test_only_a_refund_of_payments_names_them(disposition: Disposition) -> None:
    problem = problem_of(10_00, out_of(7000, disposition=disposition))
    assert isinstance(problem, Unsupported)
    assert problem.path == ("dispositions", "0", "paymentId")


def test_more_than_a_payment_has_left_is_refused_with_the_maximum() -> None:
    problem = problem_of(45_00, out_of(7000, 20_00), out_of(7001, 25_00))
    assert isinstance(problem, AmountTooHigh)
    assert (problem.code, problem.path) == (ErrorCode.AMOUNT_EXCEEDS_REFUNDABLE, ("dispositions", "1", "amount"))
    assert (problem.requested, problem.maximum) == (eur(25_00), eur(20_00))


def test_a_payment_of_another_invoice_is_refused() -> None:
    problem = problem_of(10_00, out_of(7009))
    assert (type(problem), problem.path) == (InvalidInput, ("dispositions", "0", "paymentId"))


@pytest.mark.parametrize(
    "parts",
    [
        (out_of(7000, 30_00), out_of(7001, 10_00)),
        (out_of(7000, 30_00), out_of(7001, 20_00)),
        (out_of(7000, 45_00), out_of(7001)),
    ],
)
def test_a_split_that_does_not_add_up_is_unsupported(parts: tuple[DispositionPart, ...]) -> None:
    problem = problem_of(45_00, *parts)
    assert (type(problem), problem.path) == (Unsupported, ("dispositions",))


@pytest.mark.parametrize(
    ("parts", "path"),
    [
        ((out_of(7000, 10_00), out_of(7000, 10_00)), ("dispositions", "1")),
        ((out_of(7000), out_of(7001)), ("dispositions",)),
        ((out_of(7000, 10_00), DispositionPart(disposition=Disposition.PAYMENT_REFUND)), ("dispositions",)),
    ],
)
def test_a_split_that_makes_no_sense_is_invalid(parts: tuple[DispositionPart, ...], path: tuple[str, ...]) -> None:
    problem = problem_of(20_00, *parts)
    assert (type(problem), problem.path) == (InvalidInput, path)


@given(st.data(), st.sampled_from(["EUR", "JPY", "KWD"]))
def test_the_parts_sent_add_up_to_the_rest(data: st.DataObject, currency: str) -> None:
    due = data.draw(st.integers(min_value=0, max_value=10**9))
    first, second = (data.draw(st.integers(min_value=1, max_value=10**12)) for _ in range(2))
    out = data.draw(st.integers(min_value=1, max_value=first))
    parts = (
        *([BALANCE] if due else []),
        DispositionPart(disposition=Disposition.PAYMENT_REFUND, amount=Money(out, currency), payment_id=demo(7000)),
        DispositionPart(disposition=Disposition.PAYMENT_REFUND, payment_id=demo(7001)),
    )
    invoice = bill(due, first, second, currency=currency)
    sent = body(planned(command(due + out + second, currency, dispositions=parts), invoice))
    amounts = [Money.from_major(Decimal(part["amount"]), currency).minor for part in sent["refund_amount_split"]]
    assert amounts == [out, second]
    assert Money.from_major(Decimal(sent["credit_note_amount"]), currency).minor == due + sum(amounts)

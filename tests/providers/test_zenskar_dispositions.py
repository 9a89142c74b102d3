"""Where the value of a note goes on a Zenskar invoice."""

from __future__ import annotations

import pytest

from app.domain.commands import CreditRemaining, DispositionPart
from app.domain.errors import AmountTooHigh, Unsupported
from app.domain.invoice import Invoice
from app.domain.vocabulary import Disposition, ErrorCode, IssueField
from tests.providers.zenskar import bill, body, command, eur, planned, refused, to

BALANCE, CREDIT = Disposition.INVOICE_BALANCE, Disposition.CUSTOMER_CREDIT
REFUND, EXTERNAL = Disposition.PAYMENT_REFUND, Disposition.EXTERNAL_REFUND


UNPAID, PAID, HALF = bill(500_00), bill(0, 119_00), bill(150_00, 30_00, 20_00)


@pytest.mark.parametrize(
    ("invoice", "minor", "dispositions", "destination"),
    [
        (UNPAID, 500_00, (), None),
        (PAID, 119_00, (), "credits"),
        (HALF, 150_00, (), None),
        (HALF, 150_01, (), "credits"),
        (HALF, 200_00, (), "credits"),
        (UNPAID, 10_00, (to(BALANCE),), None),
        (UNPAID, 10_00, (to(BALANCE, 10_00),), None),
        (PAID, 10_00, (to(CREDIT),), "credits"),
        (PAID, 10_00, (to(CREDIT, 10_00),), "credits"),
        (PAID, 10_00, (to(REFUND),), "original_payment_method"),
        (PAID, 10_00, (to(EXTERNAL),), "external"),
        (PAID, 10_00, (to(BALANCE), to(EXTERNAL)), "external"),
        (HALF, 170_00, (to(BALANCE), to(REFUND)), "original_payment_method"),
        (HALF, 170_00, (to(BALANCE, 150_00), to(EXTERNAL, 20_00)), "external"),
        (HALF, 170_00, (to(CREDIT, 20_00), to(BALANCE)), "credits"),
        (HALF, 100_00, (to(BALANCE), to(REFUND)), None),
    ],
)
def test_only_what_is_beyond_the_due_part_gets_a_destination(
    invoice: Invoice, minor: int, dispositions: tuple[DispositionPart, ...], destination: str | None
) -> None:
    made = planned(command(minor, dispositions=dispositions), invoice)
    assert body(made).get("refund_destination") == destination
    assert made.expected.total == eur(minor)


@pytest.mark.parametrize(
    ("invoice", "minor", "dispositions"),
    [
        (HALF, 10_00, (to(CREDIT),)),
        (HALF, 170_00, (to(REFUND),)),
        (HALF, 170_00, (to(BALANCE, 100_00), to(CREDIT, 70_00))),
        (HALF, 170_00, (to(BALANCE), to(CREDIT, 30_00))),
        (HALF, 170_00, (to(BALANCE, 170_00), to(CREDIT))),
        (HALF, 100_00, (to(BALANCE), to(CREDIT, 10_00))),
        (HALF, 100_00, (to(BALANCE), to(REFUND, payment=7000))),
        (HALF, 100_00, (to(BALANCE, 90_00),)),
        (PAID, 20_00, (to(CREDIT, 10_00),)),
        (HALF, 170_00, (to(BALANCE), to(CREDIT), to(REFUND))),
        (PAID, 20_00, (to(EXTERNAL, 10_00), to(REFUND, 10_00))),
        (bill(0, 30_00, wallet=40_00), 10_00, (to(REFUND),)),
    ],
)
def test_dispositions_one_note_cannot_honour_are_unsupported(
    invoice: Invoice, minor: int, dispositions: tuple[DispositionPart, ...]
) -> None:
    (problem,) = refused(command(minor, dispositions=dispositions), invoice)
    assert isinstance(problem, Unsupported)
    assert (problem.path, problem.ability) == (("dispositions",), IssueField.DISPOSITIONS)


def test_a_destination_named_alone_is_told_both_figures() -> None:
    (problem,) = refused(command(10_00, dispositions=(to(CREDIT),)), HALF)
    assert "150.00 EUR" in problem.message
    assert "50.00 EUR paid" in problem.message


@pytest.mark.parametrize(
    ("invoice", "minor", "dispositions", "maximum"),
    [
        (UNPAID, 500_01, (), 500_00),
        (HALF, 200_01, (), 200_00),
        (PAID, 119_01, (to(REFUND),), 119_00),
        (PAID, 119_00, (to(BALANCE),), 0),
        (PAID, 119_00, (to(BALANCE, 119_00),), 0),
        (HALF, 150_01, (to(BALANCE),), 150_00),
        (HALF, 300_00, (to(BALANCE, 150_00), to(CREDIT, 150_00)), 200_00),
        (bill(0), 1, (), 0),
    ],
)
def test_more_than_is_left_is_refused_with_the_maximum(
    invoice: Invoice, minor: int, dispositions: tuple[DispositionPart, ...], maximum: int
) -> None:
    (problem,) = refused(command(minor, dispositions=dispositions), invoice)
    assert isinstance(problem, AmountTooHigh)
    assert (problem.code, problem.path) == (ErrorCode.AMOUNT_EXCEEDS_CREDITABLE, ("credit", "total"))
    assert (problem.requested, problem.maximum) == (eur(minor), eur(maximum))


@pytest.mark.parametrize(
    ("invoice", "dispositions", "minor", "destination"),
    [
        (HALF, (), 200_00, "credits"),
        (HALF, (to(BALANCE),), 150_00, None),
        (HALF, (to(BALANCE), to(EXTERNAL)), 200_00, "external"),
        (PAID, (to(EXTERNAL),), 119_00, "external"),
        (UNPAID, (), 500_00, None),
    ],
)
def test_all_that_is_left_is_resolved_to_an_amount(
    invoice: Invoice, dispositions: tuple[DispositionPart, ...], minor: int, destination: str | None
) -> None:
    made = planned(command(credit=CreditRemaining(), dispositions=dispositions), invoice)
    assert made.expected.total == eur(minor)
    assert body(made).get("refund_destination") == destination


@pytest.mark.parametrize(("invoice", "dispositions"), [(bill(0), ()), (PAID, (to(BALANCE),))])
def test_nothing_left_is_no_amount(invoice: Invoice, dispositions: tuple[DispositionPart, ...]) -> None:
    (problem,) = refused(command(credit=CreditRemaining(), dispositions=dispositions), invoice)
    assert isinstance(problem, AmountTooHigh)
    assert (problem.path, problem.requested, problem.maximum) == (("credit", "remaining"), None, eur(0))

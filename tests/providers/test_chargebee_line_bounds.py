"""Line items at Chargebee that are no amount of their currency: too many digits, or parts of a unit."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from app.domain.commands import CreditLine, CreditLines
from app.domain.errors import GatewayError, InvalidInput, Path
from app.domain.invoice import Invoice
from tests.providers.chargebee import amount, bill, columns, command, customer, planned
from tests.providers.readings import problems, refusal_of

OPEN = bill(238_00, 0)


def sent(*asked: CreditLine, invoice: Invoice | None = OPEN, **given: Any) -> dict[str, str]:
    return columns(planned(command(CreditLines(lines=asked), **given), invoice))


def refusal(*asked: CreditLine, invoice: Invoice | None = OPEN, **given: Any) -> GatewayError:
    return refusal_of(planned, command(CreditLines(lines=asked), **given), invoice)


@pytest.mark.parametrize(
    ("asked", "path"),
    [
        (CreditLine(unit_amount=Decimal(10**19)), ("unitAmount",)),
        (CreditLine(unit_amount=Decimal(2**63) / 100), ("unitAmount",)),
        (CreditLine(unit_amount=Decimal("1E+5000")), ("unitAmount",)),
        (amount(10**19), ("amount",)),
        (amount(2**17_000), ("amount",)),
        (CreditLine(unit_amount=Decimal(10**16), quantity=Decimal(2**31 - 1)), ()),
    ],
)
@pytest.mark.parametrize("invoice", [OPEN, None])
def test_a_line_beyond_64_bits_is_invalid(asked: CreditLine, path: Path, invoice: Invoice | None) -> None:
    place: dict[str, Any] = {} if invoice else {"target": customer()}
    error = refusal(amount(1), asked, invoice=invoice, **place)
    assert (type(error), error.path) == (InvalidInput, ("credit", "lineItems", "1", *path))


def test_lines_that_are_too_much_together_are_invalid_as_a_whole() -> None:
    half = 2**62
    assert refusal(amount(half), amount(half), invoice=None, target=customer()).path == ("credit", "lineItems")
    assert sent(amount(half), amount(half - 1), invoice=None, target=customer())["[unit_amount][1]"] == str(half - 1)
    paths = [one.path for one in problems(refusal(amount(0), amount(half), amount(half)))]
    assert paths == [("credit", "lineItems", "0", "amount")]


def test_lines_that_make_no_whole_amount_of_a_currency_without_parts_are_invalid() -> None:
    halves = CreditLine(unit_amount=Decimal("0.5"))
    assert refusal(halves, invoice=bill(100, 0, currency="CLP")).path == ("credit", "lineItems", "0")
    two = CreditLine(unit_amount=Decimal("0.5"), quantity=Decimal(2))
    assert sent(two, invoice=bill(100, 0, currency="CLP")) == {"[unit_amount][0]": "50", "[quantity][0]": "2"}


def test_a_third_decimal_is_refused_where_chargebee_counts_two() -> None:
    invoice = bill(10**6, 0, currency="KWD")
    assert refusal(amount(1_531, "KWD"), invoice=invoice).path == ("credit", "lineItems", "0", "amount")
    assert sent(amount(1_530, "KWD"), invoice=invoice)["[unit_amount][0]"] == "153"

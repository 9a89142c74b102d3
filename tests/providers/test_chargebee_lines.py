"""Line items asked for at Chargebee: the columns sent, their bounds, and what the answer has to say."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.commands import CreditLine, CreditLines, DispositionPart
from app.domain.errors import AmountTooHigh, GatewayError, InvalidInput, Path, Unsupported
from app.domain.invoice import Invoice
from app.domain.vocabulary import Disposition
from app.providers.chargebee.options import ChargebeeCreditNoteType as NoteType
from app.providers.chargebee.options import ChargebeeOptions
from tests.providers.chargebee import amount, bill, columns, command, customer, form, line, money, planned
from tests.providers.readings import problems, refusal_of

BALANCE = (DispositionPart(disposition=Disposition.INVOICE_BALANCE),)
CREDIT = (DispositionPart(disposition=Disposition.CUSTOMER_CREDIT),)


def taxed(due: int, held: int, **given: Any) -> Invoice:
    """An invoice of 200.00 net, 19 % throughout unless told."""
    return bill(due, held, **{"lines": (line("li_1", 150_00, "19"), line("li_2", 50_00, "19")), **given})


OPEN, PAID = taxed(238_00, 0), taxed(0, 238_00)
MIXED = taxed(230_00, 0, lines=(line("li_1", 150_00, "10", "5"), line("li_2", 50_00)))


def lines(*asked: CreditLine) -> CreditLines:
    return CreditLines(lines=asked)


def sent(*asked: CreditLine, invoice: Invoice | None = OPEN, **given: Any) -> dict[str, str]:
    return columns(planned(command(lines(*asked), **given), invoice))


def refusal(*asked: CreditLine, invoice: Invoice | None = OPEN, **given: Any) -> GatewayError:
    return refusal_of(planned, command(lines(*asked), **given), invoice)


def test_columns_have_the_index_last_and_may_be_sparse() -> None:
    described = amount(
        10_00,
        invoice_line_item_id="li_2",
        description="Half a day & more",
        period_start=date(2026, 11, 1),
        period_end=date(2026, 11, 1),
    )
    assert sent(amount(20_00), described) == {
        "[unit_amount][0]": "2000",
        "[quantity][0]": "1",
        "[reference_line_item_id][1]": "li_2",
        "[unit_amount][1]": "1000",
        "[quantity][1]": "1",
        "[description][1]": "Half a day & more",
        "[date_from][1]": "1793491200",
        "[date_to][1]": "1793491200",
    }


def test_a_total_is_not_sent_beside_lines() -> None:
    assert "total" not in form(planned(command(lines(amount(1))), OPEN))


@pytest.mark.parametrize(
    ("asked", "unit_amount", "quantity"),
    [
        (amount(20_00), "2000", "1"),
        (amount(20_00, quantity=Decimal(4)), "500", "4"),
        (CreditLine(unit_amount=Decimal("5.00")), "500", "1"),
        (CreditLine(unit_amount=Decimal(5), quantity=Decimal("4.0")), "500", "4"),
    ],
)
def test_an_amount_is_the_lines_and_a_unit_amount_is_per_piece(asked: CreditLine, unit_amount: str, quantity: str) -> None:
    assert sent(asked) == {"[unit_amount][0]": unit_amount, "[quantity][0]": quantity}


@pytest.mark.parametrize(
    ("asked", "error", "path"),
    [
        (CreditLine(), InvalidInput, ()),
        (CreditLine(amount=money(1), unit_amount=Decimal(1)), InvalidInput, ()),
        (amount(0), InvalidInput, ("amount",)),
        (amount(-1), InvalidInput, ("amount",)),
        (amount(10_00, quantity=Decimal(3)), InvalidInput, ("quantity",)),
        (amount(1, quantity=Decimal(0)), InvalidInput, ("quantity",)),
        (amount(1, quantity=Decimal(-1)), InvalidInput, ("quantity",)),
        (amount(1, quantity=Decimal(2**31)), InvalidInput, ("quantity",)),
        (amount(1, quantity=Decimal("NaN")), InvalidInput, ("quantity",)),
        (amount(1, quantity=Decimal("0.5")), Unsupported, ("quantity",)),
        (CreditLine(unit_amount=Decimal("0.005")), Unsupported, ("unitAmount",)),
        (CreditLine(unit_amount=Decimal(0)), InvalidInput, ("unitAmount",)),
        (CreditLine(unit_amount=Decimal("1E+75")), InvalidInput, ("unitAmount",)),
        (amount(1, taxes=()), Unsupported, ("taxes",)),
        (amount(1, description="d" * 251), InvalidInput, ("description",)),
        (amount(1, description=""), InvalidInput, ("description",)),
        (amount(1, description=" "), InvalidInput, ("description",)),
        (amount(1, description="half \ud83d"), InvalidInput, ("description",)),
        (amount(1, period_start=date(1969, 12, 31)), InvalidInput, ("periodStart",)),
        (amount(1, period_end=date(9999, 12, 31)), InvalidInput, ("periodEnd",)),
        (amount(1, invoice_line_item_id="li_9"), InvalidInput, ("invoiceLineItemId",)),
        (amount(1, period_start=date(2026, 11, 2), period_end=date(2026, 11, 1)), InvalidInput, ("periodEnd",)),
        (amount(1, "USD"), InvalidInput, ("amount", "currency")),
    ],
)
def test_a_line_that_cannot_be_sent_as_it_was_asked_is_refused(asked: CreditLine, error: type[GatewayError], path: Path) -> None:
    refused = refusal(amount(1), asked)
    assert (type(refused), refused.path) == (error, ("credit", "lineItems", "1", *path))


def test_every_wrong_line_is_named() -> None:
    paths = [one.path for one in problems(refusal(amount(0), amount(1), CreditLine()))]
    assert paths == [("credit", "lineItems", "0", "amount"), ("credit", "lineItems", "2")]


def test_no_lines_are_no_credit() -> None:
    assert refusal().path == ("credit", "lineItems")


def test_a_line_of_an_invoice_whose_lines_are_not_told_cannot_be_named() -> None:
    error = refusal(amount(1, invoice_line_item_id="li_1"), invoice=bill(1_00, 0, lines=()))
    assert isinstance(error, Unsupported)
    assert error.path == ("credit", "lineItems", "0", "invoiceLineItemId")


@pytest.mark.parametrize(
    ("invoice", "options", "asked", "total", "net", "tolerance"),
    [
        # One rate throughout: the tax of any line is known up to a cent.
        (OPEN, None, [amount(100_00)], 119_00, 100_00, 1),
        (OPEN, None, [amount(50_00), amount(50_01, invoice_line_item_id="li_1")], 119_01, 100_01, 2),
        # Several rates: which is taken for a line of its own is not published, so the total is left to Chargebee.
        (MIXED, None, [amount(100_00)], None, 100_00, 1),
        # Prices with tax: the sum of the lines is the total.
        (taxed(200_00, 0, tax_inclusive=True), None, [amount(100_00), amount(1_00)], 101_00, None, 0),
        # No tax anywhere, and store credit, which carries none.
        (bill(238_00, 0), None, [amount(100_00)], 100_00, 100_00, 1),
        (PAID, ChargebeeOptions(type=NoteType.STORE), [amount(100_00)], 100_00, 100_00, 0),
        # Lines that are not told.
        (bill(238_00, 0, lines=()), None, [amount(100_00)], None, 100_00, 1),
    ],
)
def test_the_answer_has_to_say_what_can_be_known(
    invoice: Invoice, options: ChargebeeOptions | None, asked: list[CreditLine], total: int | None, net: int | None, tolerance: int
) -> None:
    told = planned(command(lines(*asked), options=options), invoice).expected
    assert told.total == (None if total is None else money(total))
    assert told.net == (None if net is None else money(net))
    assert told.tolerance == tolerance


@pytest.mark.parametrize(
    ("invoice", "asked", "fits"),
    [
        (OPEN, [amount(200_00)], True),
        (OPEN, [amount(200_01)], True),  # 238.01, within a cent a line
        (OPEN, [amount(200_02)], False),
        (OPEN, [amount(100_00), amount(100_02)], True),
        (taxed(200_00, 0, tax_inclusive=True), [amount(200_00)], True),
        (taxed(200_00, 0, tax_inclusive=True), [amount(200_01)], False),
        (MIXED, [amount(200_00, invoice_line_item_id="li_1")], True),  # 15 %
        (MIXED, [amount(200_02, invoice_line_item_id="li_1")], False),
        (MIXED, [amount(230_00, invoice_line_item_id="li_2")], True),  # untaxed, so there is nothing to round
        (MIXED, [amount(230_01, invoice_line_item_id="li_2")], False),
        (MIXED, [amount(206_74)], True),  # 22.50 on 200.00
        (MIXED, [amount(206_76)], False),
        (bill(0, 0), [amount(1)], False),
    ],
)
def test_lines_are_held_against_the_part_with_the_invoices_taxes(invoice: Invoice, asked: list[CreditLine], *, fits: bool) -> None:
    if fits:
        planned(command(lines(*asked)), invoice)
        return
    error = refusal(*asked, invoice=invoice)
    assert isinstance(error, AmountTooHigh)
    assert error.path == ("credit", "lineItems")
    assert invoice.creditable is not None
    assert error.maximum == invoice.creditable.total


def test_lines_go_off_what_is_owed_first_and_never_into_two_parts() -> None:
    partly = taxed(119_00, 119_00)
    assert form(planned(command(lines(amount(100_00))), partly))["type"] == "adjustment"
    assert form(planned(command(lines(amount(100_00)), dispositions=CREDIT), partly))["type"] == "refundable"
    assert form(planned(command(lines(amount(100_00))), PAID))["type"] == "refundable"
    assert refusal(amount(150_00), invoice=partly).path == ("dispositions",)
    assert isinstance(refusal(amount(150_00), invoice=partly, dispositions=BALANCE), AmountTooHigh)


def test_the_destination_of_lines_has_no_amount_of_its_own() -> None:
    part = DispositionPart(disposition=Disposition.INVOICE_BALANCE, amount=money(119_00))
    error = refusal(amount(100_00), dispositions=(part,))
    assert isinstance(error, Unsupported)
    assert error.path == ("dispositions", "0", "amount")


def test_a_customer_can_be_credited_by_lines() -> None:
    told = planned(command(lines(amount(10_00)), target=customer()), None)
    assert form(told)["line_items[unit_amount][0]"] == "1000"
    assert (told.expected.total, told.expected.net) == (None, money(10_00))
    error = refusal(amount(1, invoice_line_item_id="li_1"), invoice=None, target=customer())
    assert error.path == ("credit", "lineItems", "0", "invoiceLineItemId")


@given(
    amounts=st.lists(st.tuples(st.integers(1, 10**7), st.integers(1, 1000)), min_size=1, max_size=8),
    currency=st.sampled_from(["EUR", "JPY", "KWD"]),
)
def test_the_columns_add_up_to_what_was_asked(amounts: list[tuple[int, int]], currency: str) -> None:
    step = 10 if currency == "KWD" else 1
    asked = [amount(unit * quantity * step, currency, quantity=Decimal(quantity)) for unit, quantity in amounts]
    told = planned(command(lines(*asked)), bill(10**15, 0, currency=currency))
    columns = form(told)
    net = sum(
        int(columns[f"line_items[unit_amount][{index}]"]) * int(columns[f"line_items[quantity][{index}]"])
        for index in range(len(asked))
    )
    assert told.expected.net == money(net * step, currency)
    assert net == sum(unit * quantity for unit, quantity in amounts)

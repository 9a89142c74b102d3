"""The lines of a note at vcita: copied, priced and taxed exactly, from an amount or as a caller wants them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.commands import CreditLine, CreditLines, CreditTotal, LineTax
from app.domain.errors import BadPayload, GatewayError, InvalidInput, InvalidInputs, Unsupported
from app.domain.invoice import Invoice
from app.domain.money import Money, exponent
from app.domain.plans import WritePlan
from app.domain.vocabulary import ErrorCode
from app.providers.vcita import wire
from app.providers.vcita.issuing import issue_plan
from app.providers.vcita.lines import lines_of_amount
from tests.providers.readings import refusal_of
from tests.providers.vcita import command, euro, invoice, line, settings, tax

PLAIN = invoice(line(80_00, tax("19", 15_20), id="itm1", quantity="2"), line(20_00, tax("19", 3_80), id="itm2"))
MIXED = invoice(
    line(134_73, tax("19", 25_60), tax("2.5", 3_37, name="City tax"), id="itm1", quantity="3"),
    line(100_00, tax("19", 19_00), id="itm2"),
    line(9_30, id="itm3", quantity="7"),
)
INCLUSIVE = invoice(
    line(119_00, tax("19", 19_00), id="itm1", quantity="2"), line(10_70, tax("7", 70), id="itm2"), tax_inclusive=True
)  # fmt: skip


def plan(against: Invoice, *lines: CreditLine) -> WritePlan:
    return issue_plan(command(CreditLines(lines=lines)), against, settings())


def sent(made: WritePlan) -> list[dict[str, Any]]:
    stored = msgspec.json.decode(made.request, type=wire.StoredCall)
    rows: list[dict[str, Any]] = msgspec.json.Decoder(float_hook=Decimal).decode(stored.body)["line_items"]
    return rows


def one(against: Invoice, wanted: CreditLine) -> tuple[str, Any, Any, list[Any]]:
    (row,) = sent(plan(against, wanted))
    return row["name"], row["quantity"], row["unit_amount"], [part["tax_total"] for part in row["taxes"]]


def refusal(against: Invoice, *lines: CreditLine) -> GatewayError:
    return refusal_of(plan, against, *lines)


def test_an_invoice_line_is_copied_with_name_price_and_its_own_tax() -> None:
    assert one(PLAIN, CreditLine(invoice_line_item_id="itm1")) == ("Line itm1", 2, 40, [Decimal("15.2")])
    assert one(MIXED, CreditLine(invoice_line_item_id="itm1")) == (
        "Line itm1",
        3,
        Decimal("44.91"),
        [Decimal("25.6"), Decimal("3.37")],
    )


def test_a_line_that_does_not_divide_is_copied_as_one_piece() -> None:
    assert one(MIXED, CreditLine(invoice_line_item_id="itm3")) == ("Line itm3", 1, Decimal("9.3"), [])


def test_a_part_of_a_line_keeps_its_name_and_rates() -> None:
    wanted = CreditLine(invoice_line_item_id="itm1", quantity=Decimal(1))
    assert one(PLAIN, wanted) == ("Line itm1", 1, 40, [Decimal("7.6")])
    amount = CreditLine(invoice_line_item_id="itm1", amount=euro(10_01), description="Partly")
    assert one(PLAIN, amount) == ("Partly", 1, Decimal("10.01"), [Decimal("1.9")])


def test_free_lines_have_the_taxes_the_caller_gives() -> None:
    taxes = (LineTax(name="VAT", rate=Decimal(19)), LineTax(name="Levy", rate=Decimal(1), amount=euro(7)))
    wanted = CreditLine(description="Goodwill", quantity=Decimal("1.5"), unit_amount=Decimal("10.50"), taxes=taxes)
    assert one(PLAIN, wanted) == ("Goodwill", Decimal("1.5"), Decimal("10.5"), [Decimal("2.99"), Decimal("0.07")])
    assert one(PLAIN, CreditLine(description="Goodwill", amount=euro(5_00))) == ("Goodwill", 1, 5, [])


def test_tax_is_rounded_half_up() -> None:
    half = CreditLine(description="x", amount=euro(10), taxes=(LineTax(name="VAT", rate=Decimal(5)),))
    assert one(PLAIN, half)[3] == [Decimal("0.01")]


def test_what_is_expected_is_the_sum_of_the_lines() -> None:
    made = plan(PLAIN, CreditLine(invoice_line_item_id="itm2"), CreditLine(description="Goodwill", amount=euro(5_00)))
    expected = made.expected
    assert (expected.net, expected.total, expected.tolerance) == (euro(25_00), euro(28_80), 0)
    assert expected.descriptions == ("Line itm2", "Goodwill")


def test_on_a_tax_inclusive_invoice_the_line_is_gross_and_the_tax_lies_in_it() -> None:
    made = plan(INCLUSIVE, CreditLine(invoice_line_item_id="itm1"), CreditLine(invoice_line_item_id="itm2", amount=euro(5_35)))
    assert [(row["quantity"], row["unit_amount"], row["taxes"][0]["tax_total"]) for row in sent(made)] == [
        (2, Decimal("59.5"), 19),
        (1, Decimal("5.35"), Decimal("0.35")),
    ]
    assert (made.expected.total, made.expected.net) == (euro(124_35), None)


def test_a_product_finer_than_the_currency_is_sent_as_it_is_with_a_tolerance() -> None:
    made = plan(PLAIN, CreditLine(description="Minutes", quantity=Decimal(3), unit_amount=Decimal("0.333")))
    assert sent(made)[0]["unit_amount"] == Decimal("0.333")
    assert (made.expected.total, made.expected.net, made.expected.tolerance) == (euro(1_00), None, 1)


BAD_TAX = (
    LineTax(name="VAT", rate=Decimal(101)),
    LineTax(name=" ", rate=Decimal(1)),
    LineTax(name="VAT", rate=Decimal(1), amount=euro(-1)),
)


@pytest.mark.parametrize(
    ("members", "path"),
    [
        ({"quantity": Decimal(0)}, ("quantity",)),
        ({"quantity": Decimal(-1)}, ("quantity",)),
        ({"quantity": Decimal("NaN")}, ("quantity",)),
        ({"quantity": Decimal("1E+900")}, ("quantity",)),
        ({"quantity": Decimal(3)}, ("quantity",)),  # 5.00 by three
        ({"amount": euro(0)}, ("amount",)),
        ({"amount": euro(-5)}, ("amount",)),
        ({"amount": None}, ()),
        ({"amount": None, "unit_amount": Decimal(-1)}, ("unitAmount",)),
        ({"amount": None, "unit_amount": Decimal("0.001")}, ()),
        ({"unit_amount": Decimal(1)}, ("unitAmount",)),
        ({"description": None}, ("description",)),
        ({"description": " "}, ("description",)),
        ({"invoice_line_item_id": "nobody"}, ("invoiceLineItemId",)),
        ({"taxes": BAD_TAX[:1]}, ("taxes", "0", "rate")),
        ({"taxes": BAD_TAX[1:2]}, ("taxes", "0", "name")),
        ({"taxes": BAD_TAX[2:]}, ("taxes", "0", "amount")),
    ],
)
def test_a_line_nobody_can_reckon_with_is_refused_by_name(members: dict[str, Any], path: tuple[str, ...]) -> None:
    given_line: dict[str, Any] = {"description": "Goodwill", "amount": euro(5_00), **members}
    error = refusal(PLAIN, CreditLine(**given_line))
    assert (type(error), error.path) == (InvalidInput, ("credit", "lineItems", "0", *path))


def test_a_quantity_of_a_line_that_does_not_divide_is_refused_rather_than_rounded() -> None:
    error = refusal(MIXED, CreditLine(invoice_line_item_id="itm3", quantity=Decimal(2)))
    assert (type(error), error.path) == (InvalidInput, ("credit", "lineItems", "0", "quantity"))


def test_dates_of_a_line_are_not_taken() -> None:
    error = refusal(PLAIN, CreditLine(description="x", amount=euro(1), period_start=date(2026, 1, 1), period_end=date(2026, 2, 1)))
    assert isinstance(error, InvalidInputs)
    assert {type(problem) for problem in error.problems} == {Unsupported}
    assert [problem.path for problem in error.problems] == [
        ("credit", "lineItems", "0", name) for name in ("periodStart", "periodEnd")
    ]


def test_every_bad_line_is_named() -> None:
    error = refusal(PLAIN, CreditLine(amount=euro(1)), CreditLine(description="good", amount=euro(1)), CreditLine(description="x"))
    assert isinstance(error, InvalidInputs)
    assert [problem.path for problem in error.problems] == [
        ("credit", "lineItems", "0", "description"),
        ("credit", "lineItems", "2"),
    ]


def test_a_note_needs_a_line() -> None:
    assert refusal(PLAIN).path == ("credit", "lineItems")


def test_amounts_of_lines_and_taxes_are_in_the_invoices_currency() -> None:
    dollars = Money(1, "USD")
    foreign = CreditLine(description="x", amount=dollars, taxes=(LineTax(name="VAT", rate=Decimal(1), amount=dollars),))
    error = refusal(PLAIN, foreign)
    assert isinstance(error, InvalidInputs)
    assert {problem.code for problem in error.problems} == {ErrorCode.CURRENCY_MISMATCH}
    at = ("credit", "lineItems", "0")
    assert [problem.path for problem in error.problems] == [(*at, "amount", "currency"), (*at, "taxes", "0", "amount", "currency")]


def test_without_ids_of_lines_none_can_be_copied() -> None:
    unnamed = invoice(line(100_00, tax("19", 19_00)))
    error = refusal(unnamed, CreditLine(invoice_line_item_id="itm1"))
    assert isinstance(error, Unsupported)
    assert error.path == ("credit", "lineItems", "0", "invoiceLineItemId")
    assert plan(unnamed, CreditLine(description="Goodwill", amount=euro(1)))


def test_taxes_cannot_exceed_the_line_that_includes_them() -> None:
    taxes = (LineTax(name="VAT", rate=Decimal(19), amount=euro(2)),)
    error = refusal(INCLUSIVE, CreditLine(description="x", amount=euro(1), taxes=taxes))
    assert error.path == ("credit", "lineItems", "0", "taxes")


def test_an_amount_is_spread_over_the_tax_sets_by_what_they_come_to() -> None:
    rows = lines_of_amount(MIXED, euro(100_00))
    gross = [row.amount + row.tax for row in rows]
    assert gross == [56_06, 40_75, 3_19]  # 163.70 : 119.00 : 9.30 of 292.00, the last cent to the largest remainder
    assert [row.sent.name for row in rows] == [
        "Credit for invoice 1001 (City tax 2.5 % + VAT 19 %)",
        "Credit for invoice 1001 (VAT 19 %)",
        "Credit for invoice 1001 (no tax)",
    ]


def test_lines_that_come_to_nothing_tell_no_tax() -> None:
    with pytest.raises(BadPayload):
        lines_of_amount(invoice(line(0, tax("19", 0))), euro(1))


SETS = st.lists(
    st.tuples(st.integers(1, 10**9), st.lists(st.sampled_from(["0", "2.5", "7", "19", "5.125"]), max_size=3, unique=True)),
    min_size=1, max_size=6,
)  # fmt: skip


@given(SETS, st.sampled_from(["EUR", "JPY", "KWD"]), st.booleans(), st.integers(1, 10**6))
def test_the_parts_of_an_amount_add_up_to_it_exactly(
    sets: list[tuple[int, list[str]]], currency: str, inclusive: bool, per_million: int
) -> None:
    """Whatever the taxes, the currency and the way of reckoning: what is sent comes to what was asked, to the last unit."""
    rows = [line(net, *(tax(rate, net // 7, currency=currency) for rate in rates), currency=currency) for net, rates in sets]
    against = invoice(*rows, tax_inclusive=inclusive)
    asked = Money(max(1, against.total.minor * per_million // 10**6), currency)
    made = issue_plan(command(CreditTotal(total=asked)), against, settings())
    digits = exponent(currency)
    net = sum(Decimal(row["quantity"]) * Decimal(row["unit_amount"]) for row in sent(made))
    taxes = sum(Decimal(part["tax_total"]) for row in sent(made) for part in row["taxes"])
    assert (net if inclusive else net + taxes) == asked.major
    assert made.expected.total == asked
    assert all(Decimal(row["unit_amount"]).scaleb(digits) % 1 == 0 and row["unit_amount"] > 0 for row in sent(made))


@given(st.decimals("0.5", "1000", places=3), st.decimals("0.01", "5000", places=2), st.sampled_from(["0", "7", "19", "12.345"]))
def test_what_is_sent_is_what_was_reckoned(quantity: Decimal, unit: Decimal, rate: str) -> None:
    ample = invoice(line(10**12, id="itm1"))
    wanted = CreditLine(description="x", quantity=quantity, unit_amount=unit, taxes=(LineTax(name="VAT", rate=Decimal(rate)),))
    made = plan(ample, wanted)
    (row,) = sent(made)
    assert (Decimal(row["quantity"]), Decimal(row["unit_amount"])) == (quantity, unit)
    assert made.expected.total is not None
    away = abs(quantity * unit + Decimal(row["taxes"][0]["tax_total"]) - made.expected.total.major)
    assert away <= (Decimal("0.005") if made.expected.tolerance else 0)

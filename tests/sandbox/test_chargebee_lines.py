"""Lines and taxes of the Chargebee sandbox's notes: prorated by total, or asked for line by line."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.sandbox.chargebee.proration import Prorater
from app.sandbox.chargebee.records import Invoice, InvoiceStatus, Line
from tests.sandbox import test_chargebee
from tests.sandbox.test_chargebee import Answer, Site

site = test_chargebee.site

REFUNDABLE = {"reference_invoice_id": "INV-1001", "type": "refundable"}


def by_lines(site: Site, columns: dict[str, list[object]], **form: object) -> Answer:
    """A note by lines, sent the way the clients send them: by column, the index last."""
    sent = {f"line_items[{name}][{index}]": value for name, column in columns.items() for index, value in enumerate(column)}
    return dict(site.post("/credit_notes", {**REFUNDABLE, **form, **sent})["credit_note"])


def test_a_total_is_spread_over_the_invoices_lines_and_taxes(site: Site) -> None:
    note = site.issue(total=5000)
    assert (note["sub_total"], note["taxes"]) == (4202, [{"object": "tax", "name": "VAT", "amount": 798}])
    shown = [(line["reference_line_item_id"], line["amount"], line["tax_amount"], line["tax_rate"]) for line in note["line_items"]]
    assert shown == [("li_1001_1", 3362, 638, 19), ("li_1001_2", 840, 160, 19)]
    taxes = [(tax["line_item_id"], tax["taxable_amount"], tax["tax_amount"]) for tax in note["line_item_taxes"]]
    assert taxes == [(line["id"], line["amount"], line["tax_amount"]) for line in note["line_items"]]


def test_how_taxes_are_rounded_is_not_published(site: Site) -> None:
    assert site.issue(total=1004)["taxes"][0]["amount"] == 160  # 160.3
    assert site.issue(total=1003)["taxes"][0]["amount"] == 160  # 160.1
    assert site.issue(total=1002)["taxes"][0]["amount"] == 160  # 159.98
    site.switch(tax_rounding="down")
    assert site.issue(total=1002)["taxes"][0]["amount"] == 159


def test_all_of_an_invoice_is_credited_line_by_line_as_it_was_billed(site: Site) -> None:
    note, invoice = site.issue(total=11900), site.invoice("INV-1001")
    assert (note["sub_total"], note["taxes"]) == (invoice["sub_total"], invoice["taxes"])
    assert [line["amount"] for line in note["line_items"]] == [line["amount"] for line in invoice["line_items"]]


def test_a_line_that_comes_to_nothing_is_left_out(site: Site) -> None:
    assert [line["amount"] for line in site.issue(total=1)["line_items"]] == [1]


def test_a_line_that_names_an_invoice_line_is_taxed_as_that(site: Site) -> None:
    note = by_lines(site, {"reference_line_item_id": ["li_1001_1"], "unit_amount": [1250], "quantity": [2]})
    line = note["line_items"][0]
    assert (note["sub_total"], note["total"]) == (2500, 2975)
    assert (line["unit_amount"], line["quantity"], line["tax_rate"], line["tax_amount"]) == (1250, 2, 19, 475)
    assert (line["description"], line["reference_line_item_id"]) == ("Team plan", "li_1001_1")


@pytest.mark.parametrize("reference", ["li_1001_1", ""])
def test_how_a_lines_tax_is_rounded_is_not_published_either(site: Site, reference: str) -> None:
    columns: dict[str, list[object]] = {"unit_amount": [1003], "reference_line_item_id": [reference]}
    assert by_lines(site, columns)["line_items"][0]["tax_amount"] == 191  # 190.57
    site.switch(tax_rounding="down")
    assert by_lines(site, columns)["line_items"][0]["tax_amount"] == 190


def test_a_line_of_its_own_gets_the_invoices_blended_tax(site: Site) -> None:
    note = by_lines(site, {"unit_amount": [1001], "description": ["Goodwill"], "entity_type": ["adhoc"]})
    line = note["line_items"][0]
    assert (note["total"], line["tax_amount"], line["tax_rate"]) == (1191, 190, 19)
    assert "reference_line_item_id" not in line
    assert (line["description"], line["quantity"]) == ("Goodwill", 1)


def test_whether_a_line_must_name_an_invoice_line_is_not_published(site: Site) -> None:
    site.switch(line_reference="required")
    refusal = site.refused("/credit_notes", {**REFUNDABLE, "line_items[unit_amount][0]": 100})
    assert refusal == (400, "param_wrong_value", "line_items[reference_line_item_id][0]")


def test_columns_may_have_holes_and_indexes_may_jump(site: Site) -> None:
    form = {
        **REFUNDABLE, "line_items[unit_amount][7]": 250, "line_items[unit_amount][2]": 1000, "line_items[date_from][7]": 1_700_000_000,
        "line_items[quantity][7]": 2, "line_items[reference_line_item_id][2]": "li_1001_2", "line_items[description][2]": "",
    }  # fmt: skip
    lines = site.post("/credit_notes", form)["credit_note"]["line_items"]
    assert [(line["unit_amount"], line["quantity"], line["description"]) for line in lines] == [
        (1000, 1, "Support"),
        (250, 2, "Credit"),
    ]
    assert lines[1]["date_from"] == 1_700_000_000
    assert lines[0]["date_from"] == lines[0]["date_to"] > 1_700_000_000


def test_lines_are_bound_by_what_is_left_with_their_tax(site: Site) -> None:
    assert site.refused("/credit_notes", {**REFUNDABLE, "line_items[unit_amount][0]": 10001}) == (400, "param_wrong_value", "total")
    assert by_lines(site, {"unit_amount": [10000]})["total"] == 11900


def test_store_lines_carry_no_tax(site: Site) -> None:
    note = by_lines(site, {"unit_amount": [1000], "reference_line_item_id": ["li_1001_1"]}, type="store")
    assert (note["total"], note["taxes"], note["line_items"][0]["is_taxed"]) == (1000, [], False)


def test_lines_of_a_customers_note_carry_no_tax(site: Site) -> None:
    form = {"type": "refundable", "customer_id": "acme", "currency_code": "EUR", "line_items[unit_amount][0]": 1000}
    note = site.post("/credit_notes", form)["credit_note"]
    assert (note["total"], note["line_item_taxes"], note["line_items"][0]["entity_type"]) == (1000, [], "adhoc")


@pytest.mark.parametrize(("column", "value"), [
    ("unit_amount", "1.5"), ("unit_amount", "-1"), ("quantity", "0"), ("quantity", "two"), ("reference_line_item_id", "li_1004_1"),
    ("description", "x" * 251), ("entity_type", "plan"), ("date_from", "x"), ("amount", "100"), ("entity_id", "x" * 101),
])  # fmt: skip
@pytest.mark.parametrize(("choice", "param"), [("indexed", "line_items[{}][0]"), ("plain", "line_items[{}]")])
def test_the_column_at_fault_is_named(site: Site, column: str, value: str, choice: str, param: str) -> None:
    site.switch(list_param=choice)
    form = {**REFUNDABLE, "line_items[unit_amount][0]": "100", f"line_items[{column}][0]": value}
    assert site.refused("/credit_notes", form) == (400, "param_wrong_value", param.format(column))


def test_a_line_needs_an_amount(site: Site) -> None:
    refusal = site.refused("/credit_notes", {**REFUNDABLE, "line_items[quantity][3]": 1})
    assert refusal == (400, "param_wrong_value", "line_items[unit_amount][3]")


@pytest.mark.parametrize("column", ["unit_amount_in_decimal", "quantity_in_decimal"])
def test_decimals_need_multi_decimal_pricing(site: Site, column: str) -> None:
    assert site.refused("/credit_notes", {**REFUNDABLE, f"line_items[{column}][0]": "1.25"})[1] == "configuration_incompatible"


LINES = st.lists(st.tuples(st.integers(1, 10**6), st.sampled_from([0, 7, 19])), min_size=1, max_size=4)


@settings(max_examples=60, deadline=None)
@given(priced=LINES, share=st.fractions(min_value=0, max_value=1), rounding=st.sampled_from(["nearest", "down"]))
def test_whatever_the_total_its_parts_add_up_and_the_tax_is_the_invoices_scaled(
    priced: list[tuple[int, int]], share: Fraction, rounding: str
) -> None:
    invoice = invoice_of(priced)
    total = max(1, int(invoice.total * share))
    lines = Prorater(taxed=True, rounding=rounding, new_id=lambda: "li", date=0).by_total(total, invoice)
    tax = sum(line.tax for line in lines)
    assert sum(line.net for line in lines) + tax == total
    assert all(line.net >= 0 and line.tax >= 0 for line in lines)
    off = Fraction(total * invoice.tax, invoice.total) - tax
    assert 0 <= off < 1 if rounding == "down" else abs(off) <= Fraction(1, 2)


def invoice_of(priced: list[tuple[int, int]]) -> Invoice:
    lines = tuple(
        Line(
            id=f"li_{index}", description="", quantity=1, unit_amount=net, net=net, tax=net * rate // 100, tax_rate=Decimal(rate),
            date_from=0, date_to=0,
        )
        for index, (net, rate) in enumerate(priced)
    )  # fmt: skip
    owed = sum(line.net + line.tax for line in lines)
    return Invoice(
        id="INV",
        sequence=1,
        customer_id="acme",
        currency="EUR",
        date=0,
        lines=lines,
        status=InvoiceStatus.PAYMENT_DUE,
        amount_due=owed,
    )

"""Issuing notes at the Chargebee sandbox: what each type may do to which invoice, how far, and how it is refused."""

from __future__ import annotations

import httpx
import pytest

from app.sandbox.seed import DAY
from tests.sandbox import test_chargebee
from tests.sandbox.test_chargebee import Site

site = test_chargebee.site


def test_an_adjustment_lowers_what_is_owed(site: Site) -> None:
    answer = site.post("/credit_notes", {"reference_invoice_id": "INV-1002", "type": "adjustment", "total": 12000})
    note, invoice = answer["credit_note"], answer["invoice"]
    assert (note["status"], note["total"], note["amount_allocated"], note["amount_available"]) == ("adjusted", 12000, 12000, 0)
    assert (invoice["amount_due"], invoice["amount_to_collect"], invoice["amount_adjusted"]) == (38000, 38000, 12000)
    assert invoice["status"] == "payment_due"
    assert [entry["cn_id"] for entry in invoice["adjustment_credit_notes"]] == [note["id"]]
    assert note["allocations"][0] | {"allocated_at": 0, "invoice_date": 0} == {
        "invoice_id": "INV-1002", "allocated_amount": 12000, "allocated_at": 0, "invoice_date": 0, "invoice_status": "payment_due",
        "tax_application": "post_tax",
    }  # fmt: skip


def test_an_adjustment_of_all_that_is_owed_makes_the_invoice_paid(site: Site) -> None:
    site.issue("INV-1002", 50000)
    invoice = site.invoice("INV-1002")
    assert (invoice["status"], invoice["amount_due"], invoice["amount_paid"]) == ("paid", 0, 0)
    assert invoice["paid_at"] >= invoice["date"]


def test_a_refundable_note_leaves_what_is_owed_alone(site: Site) -> None:
    answer = site.post("/credit_notes", {"reference_invoice_id": "INV-1004", "type": "refundable", "total": 5000})
    note, invoice = answer["credit_note"], answer["invoice"]
    assert (note["status"], note["amount_available"], note["amount_allocated"]) == ("refund_due", 5000, 0)
    assert (invoice["amount_due"], invoice["status"]) == (15000, "payment_due")
    assert [entry["cn_total"] for entry in invoice["issued_credit_notes"]] == [5000]
    assert note["allocations"] == []


@pytest.mark.parametrize(("invoice", "type", "total"), [
    ("INV-1001", "refundable", 11900), ("INV-1001", "store", 11900), ("INV-1002", "adjustment", 50000), ("INV-1003", "refundable", 15000),
    ("INV-1004", "adjustment", 15000), ("INV-1004", "refundable", 5000),
])  # fmt: skip
def test_a_note_may_take_exactly_what_is_left_and_no_unit_more(site: Site, invoice: str, type: str, total: int) -> None:
    form = {"reference_invoice_id": invoice, "type": type}
    assert site.refused("/credit_notes", {**form, "total": total + 1}) == (400, "param_wrong_value", "total")
    site.post("/credit_notes", {**form, "total": total})
    refusal = site.refused("/credit_notes", {**form, "total": 1})
    assert refusal in {(400, "param_wrong_value", "total"), (409, "invalid_state_for_request", None)}


def test_what_was_credited_once_does_not_come_back_when_it_is_paid_out(site: Site) -> None:
    id = site.issue(total=11900)["id"]
    site.act("settle", note_id=id)
    assert site.note(id)["status"] == "refunded"
    form = {"reference_invoice_id": "INV-1001", "type": "refundable", "total": 1}
    assert site.refused("/credit_notes", form) == (400, "param_wrong_value", "total")


def test_the_code_of_an_amount_too_large_is_not_published(site: Site) -> None:
    site.switch(amount_error="invalid_request")
    form = {"reference_invoice_id": "INV-1002", "type": "adjustment", "total": 50001}
    assert site.refused("/credit_notes", form) == (400, "invalid_request", "total")


@pytest.mark.parametrize(("invoice", "type"), [
    ("INV-1001", "adjustment"), ("INV-1005", "adjustment"), ("INV-1005", "refundable"), ("INV-1005", "store"),
])  # fmt: skip
@pytest.mark.parametrize(
    ("choice", "expected"), [("409", (409, "invalid_state_for_request", None)), ("400", (400, "invalid_request", None))]
)
def test_the_state_of_the_invoice_decides_first(
    site: Site, invoice: str, type: str, choice: str, expected: tuple[int, str, None]
) -> None:
    site.switch(state_error=choice)
    assert site.refused("/credit_notes", {"reference_invoice_id": invoice, "type": type, "total": 1}) == expected


def test_a_pending_invoice_takes_no_note(site: Site) -> None:
    id = site.act("bill", customer_id="acme", currency="EUR", minor=1000, status="pending")["invoice"]["id"]
    assert site.refused("/credit_notes", {"reference_invoice_id": id, "type": "adjustment", "total": 1})[0] == 409


def test_a_payment_on_its_way_is_no_longer_to_be_adjusted(site: Site) -> None:
    site.act("pay", invoice_id="INV-1002", minor=20000, in_progress=True)
    invoice = site.invoice("INV-1002")
    assert (invoice["amount_due"], invoice["amount_to_collect"], invoice["amount_paid"]) == (50000, 30000, 0)
    form = {"reference_invoice_id": "INV-1002", "type": "adjustment"}
    assert site.refused("/credit_notes", {**form, "total": 30001}) == (400, "param_wrong_value", "total")
    site.post("/credit_notes", {**form, "total": 30000})


def test_a_payment_on_its_way_may_block_adjustments(site: Site) -> None:
    site.switch(payment_in_progress="blocks")
    site.act("pay", invoice_id="INV-1002", minor=20000, in_progress=True)
    assert site.refused("/credit_notes", {"reference_invoice_id": "INV-1002", "type": "adjustment", "total": 1})[0] == 409


def test_a_note_without_an_invoice_is_the_customers(site: Site) -> None:
    form = {"type": "refundable", "customer_id": "globex", "currency_code": "KWD", "total": 12345}
    answer = site.post("/credit_notes", form)
    note = answer["credit_note"]
    assert "invoice" not in answer
    assert "reference_invoice_id" not in note
    assert (note["customer_id"], note["total"], note["sub_total"], note["taxes"]) == ("globex", 12345, 12345, [])
    row = next(row for row in site.sandbox.books()["notes"] if row["id"] == note["id"])
    assert row["minor"] == 123450  # hundredths of a dinar there, thousandths here


@pytest.mark.parametrize(("form", "param"), [
    ({}, "type"), ({"type": "credit"}, "type"), ({"type": "Refundable"}, "type"), ({"type": ""}, "type"),
    ({"type": "adjustment", "total": 1}, "reference_invoice_id"), ({"type": "store", "total": 1}, "reference_invoice_id"),
    ({"type": "refundable", "total": 1}, "customer_id"), ({"type": "refundable", "total": 1, "customer_id": "acme"}, "currency_code"),
    ({"type": "refundable", "total": 1, "customer_id": "acme", "currency_code": "CHF"}, "currency_code"),
    ({"type": "refundable", "total": 1, "customer_id": "acme", "currency_code": "EURO"}, "currency_code"),
])  # fmt: skip
def test_what_a_note_needs_is_asked_for(site: Site, form: dict[str, object], param: str) -> None:
    assert site.refused("/credit_notes", form) == (400, "param_wrong_value", param)


@pytest.mark.parametrize(("form", "param"), [
    ({"total": "1.5"}, "total"), ({"total": "-1"}, "total"), ({"total": 0}, "total"), ({}, "total"), ({"total": "1e3"}, "total"),
    ({"total": 2**60}, "total"), ({"total": "\uff11\uff12"}, "total"), ({"total": 1, "customer_id": "globex"}, "customer_id"),
    ({"total": 1, "currency_code": "USD"}, "currency_code"), ({"total": 1, "reason_code": "write_off"}, "reason_code"),
    ({"total": 1, "reason_code": "chargeback"}, "reason_code"), ({"total": 1, "create_reason_code": "waiver"}, "create_reason_code"),
    ({"total": 1, "create_reason_code": "x" * 101}, "create_reason_code"), ({"total": 1, "comment": "x" * 301}, "comment"),
    ({"total": 1, "customer_notes": "x" * 2001}, "customer_notes"), ({"total": 1, "date": "yesterday"}, "date"),
    ({"total": 1, "date": 99_999_999_999}, "date"), ({"total": 1, "date": 4_102_444_800}, "date"), ({"total": 1, "date": 1}, "date"),
])  # fmt: skip
def test_a_value_that_does_not_fit_is_named(site: Site, form: dict[str, object], param: str) -> None:
    whole = {"reference_invoice_id": "INV-1001", "type": "refundable", **form}
    assert site.refused("/credit_notes", whole) == (400, "param_wrong_value", param)


def test_total_and_lines_exclude_each_other(site: Site) -> None:
    form = {"reference_invoice_id": "INV-1001", "type": "refundable", "total": 100, "line_items[unit_amount][0]": 100}
    assert site.refused("/credit_notes", form) == (400, "invalid_request", "total")


@pytest.mark.parametrize("form", [
    {"reference_invoice_id": "INV-9999", "type": "adjustment", "total": 1},
    {"customer_id": "nobody", "type": "refundable", "total": 1, "currency_code": "EUR"},
])  # fmt: skip
def test_an_unknown_invoice_or_customer_is_not_found(site: Site, form: dict[str, object]) -> None:
    assert site.refused("/credit_notes", form) == (404, "resource_not_found", None)


def test_the_site_may_demand_a_reason_of_its_own(site: Site) -> None:
    site.switch(create_reason_required="yes")
    form = {"reference_invoice_id": "INV-1001", "type": "refundable", "total": 1}
    assert site.refused("/credit_notes", form) == (400, "param_wrong_value", "create_reason_code")
    assert site.issue(total=1, create_reason_code="Order Change")["create_reason_code"] == "Order Change"


def test_store_notes_need_the_sites_feature_and_carry_no_tax(site: Site) -> None:
    form = {"reference_invoice_id": "INV-1001", "type": "store", "total": 5950}
    note = site.post("/credit_notes", form)["credit_note"]
    assert (note["status"], note["sub_total"], note["taxes"], note["line_item_taxes"]) == ("refund_due", 5950, [], [])
    site.switch(store_notes="off")
    assert site.refused("/credit_notes", form) == (400, "configuration_incompatible", None)


def test_words_and_custom_fields_are_kept_as_they_were_sent(site: Site) -> None:
    words = {
        "customer_notes": "Sorry & thanks é",
        "comment": "internal",
        "cf_Ticket": "T-1",
        "cf_empty": "",
        "reason_code": "waiver",
    }
    note = site.issue(total=500, **words)
    assert (note["notes"], note["cf_Ticket"], note["reason_code"]) == (["Sorry & thanks é"], "T-1", "waiver")
    assert not {"comment", "cf_empty", "create_reason_code", "voided_at", "refunded_at"} & set(note)
    assert next(row for row in site.sandbox.books()["notes"] if row["id"] == note["id"])["comment"] == "internal"


def test_a_blank_is_sent_either_way(site: Site) -> None:
    body = b"reference_invoice_id=INV-1001&type=refundable&total=1&customer_notes=a+b%20c&cf_x=%C3%A9"
    answer: httpx.Response = site.client.post(
        "/credit_notes", content=body, headers={"Content-Type": "application/x-www-form-urlencoded"}
    )
    note = answer.json()["credit_note"]
    assert (note["notes"], note["cf_x"]) == (["a b c"], "é")


def test_a_note_can_be_dated_back_to_its_invoice(site: Site) -> None:
    date = site.invoice("INV-1001")["date"]
    note = site.issue(total=1, date=date)
    assert (note["date"], note["generated_at"]) == (date, date)
    assert note["updated_at"] > date + 9 * DAY
    assert site.refused("/credit_notes", {"reference_invoice_id": "INV-1001", "type": "refundable", "total": 1, "date": date - 1}) == (
        400, "param_wrong_value", "date",
    )  # fmt: skip


def test_the_site_numbers_the_notes_and_never_twice(site: Site) -> None:
    first, second = site.issue(total=1)["id"], site.issue(total=1)["id"]
    site.sandbox.reset()
    third = site.issue(total=1)["id"]
    assert first < second < third
    assert first.startswith("CN-")

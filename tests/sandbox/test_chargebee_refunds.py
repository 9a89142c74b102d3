"""Money that leaves notes at the Chargebee sandbox: through the gateway, or recorded."""

from __future__ import annotations

import pytest

from tests.sandbox import test_chargebee
from tests.sandbox.test_chargebee import Answer, Site

site = test_chargebee.site

DATE = 1_700_000_000
RECORD = {"transaction[payment_method]": "bank_transfer", "transaction[date]": DATE}


def partly_paid(site: Site) -> str:
    """A refundable note over the 50.00 paid of INV-1004 in two payments."""
    form = {"reference_invoice_id": "INV-1004", "type": "refundable", "total": 5000}
    return str(site.post("/credit_notes", form)["credit_note"]["id"])


def paid_offline(site: Site) -> str:
    """A refundable note of an invoice paid by bank transfer."""
    id = site.act("bill", customer_id="acme", currency="EUR", minor=1000)["invoice"]["id"]
    site.act("pay", invoice_id=id, minor=1000, method="bank_transfer")
    return str(site.act("issue", invoice_id=id, minor=1000)["credit_note"]["id"])


def refunded_of(site: Site) -> dict[str, int]:
    rows = site.sandbox.books()["payments"]
    return {str(row["id"]): int(str(row["refunded_minor"])) for row in rows if row["invoice_id"] == "INV-1004"}


def test_an_online_refund_gives_back_one_payment_at_a_time_the_oldest_first(site: Site) -> None:
    id = partly_paid(site)
    first = site.post(f"/credit_notes/{id}/refund")
    assert (first["transaction"]["amount"], first["transaction"]["refunded_txn_id"]) == (3000, "txn_1004_1")
    assert (first["credit_note"]["amount_available"], first["credit_note"]["status"]) == (2000, "refund_due")
    second = site.post(f"/credit_notes/{id}/refund")
    assert (second["transaction"]["amount"], second["transaction"]["refunded_txn_id"]) == (2000, "txn_1004_2")
    assert (second["credit_note"]["amount_refunded"], second["credit_note"]["status"]) == (5000, "refunded")
    assert second["credit_note"]["refunded_at"] == second["credit_note"]["updated_at"]
    assert refunded_of(site) == {"txn_1004_1": 3000, "txn_1004_2": 2000}


def test_a_refund_above_what_its_payment_allows_is_refused(site: Site) -> None:
    id = partly_paid(site)
    assert site.refused(f"/credit_notes/{id}/refund", {"refund_amount": 3001}) == (400, "param_wrong_value", "refund_amount")
    assert site.refused(f"/credit_notes/{id}/refund", {"refund_amount": 0}) == (400, "param_wrong_value", "refund_amount")


def test_part_of_a_note_can_be_refunded(site: Site) -> None:
    id = site.issue()["id"]
    answer = site.post(f"/credit_notes/{id}/refund", {"refund_amount": 100, "refund_reason_code": "Other"})
    note, transaction = answer["credit_note"], answer["transaction"]
    assert (note["amount_available"], note["amount_refunded"], note["status"]) == (4900, 100, "refund_due")
    assert "refunded_at" not in note
    assert note["linked_refunds"] == [{
        "txn_id": transaction["id"], "applied_amount": 100, "applied_at": transaction["date"], "txn_status": "success",
        "txn_date": transaction["date"], "txn_amount": 100, "refund_reason_code": "Other",
    }]  # fmt: skip
    assert (transaction["type"], transaction["payment_method"], transaction["gateway"]) == ("refund", "card", "chargebee")
    assert transaction["linked_credit_notes"][0]["cn_id"] == id


@pytest.mark.parametrize("operation", ["refund", "record_refund"])
@pytest.mark.parametrize("type", ["adjustment", "store"])
def test_only_refundable_notes_are_refunded(site: Site, operation: str, type: str) -> None:
    invoice = {"adjustment": "INV-1002", "store": "INV-1001"}[type]
    id = site.post("/credit_notes", {"reference_invoice_id": invoice, "type": type, "total": 100})["credit_note"]["id"]
    assert site.refused(f"/credit_notes/{id}/{operation}", RECORD) == (409, "invalid_state_for_request", None)


@pytest.mark.parametrize("operation", ["refund", "record_refund"])
def test_a_note_that_is_used_up_or_voided_is_not_refunded(site: Site, operation: str) -> None:
    used, voided = site.issue(total=1)["id"], site.issue(total=1)["id"]
    site.post(f"/credit_notes/{used}/refund")
    site.post(f"/credit_notes/{voided}/void")
    for id in (used, voided):
        assert site.refused(f"/credit_notes/{id}/{operation}", RECORD)[0] == 409


def test_money_that_came_offline_cannot_go_back_online(site: Site) -> None:
    id = paid_offline(site)
    assert site.refused(f"/credit_notes/{id}/refund") == (409, "invalid_state_for_request", None)
    assert site.post(f"/credit_notes/{id}/record_refund", RECORD)["credit_note"]["status"] == "refunded"


def test_a_note_without_an_invoice_can_only_be_recorded_as_refunded(site: Site) -> None:
    form = {"type": "refundable", "customer_id": "acme", "currency_code": "EUR", "total": 700}
    id = site.post("/credit_notes", form)["credit_note"]["id"]
    assert site.refused(f"/credit_notes/{id}/refund")[0] == 409
    answer = site.post(f"/credit_notes/{id}/record_refund", {**RECORD, "transaction[amount]": 300})
    assert answer["credit_note"]["amount_available"] == 400
    assert site.sandbox.violations() == []


def test_a_recorded_refund_is_booked_against_the_payments_oldest_first(site: Site) -> None:
    id = partly_paid(site)
    answer = site.post(
        f"/credit_notes/{id}/record_refund", {**RECORD, "transaction[amount]": 3500, "transaction[reference_number]": "R1"}
    )
    transaction: Answer = answer["transaction"]
    assert refunded_of(site) == {"txn_1004_1": 3000, "txn_1004_2": 500}
    assert (transaction["date"], transaction["reference_number"], transaction["gateway"]) == (DATE, "R1", "not_applicable")
    assert (transaction["payment_method"], transaction["amount"], transaction["status"]) == ("bank_transfer", 3500, "success")
    assert answer["credit_note"]["linked_refunds"][0]["txn_date"] == DATE


def test_a_recorded_refund_takes_all_that_is_left_unless_told_otherwise(site: Site) -> None:
    id = site.issue(total=900)["id"]
    assert site.post(f"/credit_notes/{id}/record_refund", RECORD)["transaction"]["amount"] == 900


@pytest.mark.parametrize(("change", "param"), [
    ({"transaction[payment_method]": ""}, "transaction[payment_method]"), ({"transaction[payment_method]": "card"}, "transaction[payment_method]"),
    ({"transaction[date]": ""}, "transaction[date]"), ({"transaction[date]": "2026-01-01"}, "transaction[date]"),
    ({"transaction[date]": 4_102_444_800}, "transaction[date]"), ({"transaction[amount]": 5001}, "transaction[amount]"),
    ({"transaction[amount]": 0}, "transaction[amount]"), ({"transaction[amount]": -1}, "transaction[amount]"),
    ({"transaction[reference_number]": "x" * 101}, "transaction[reference_number]"), ({"comment": "x" * 301}, "comment"),
    ({"refund_reason_code": "x" * 101}, "refund_reason_code"),
])  # fmt: skip
def test_what_a_recorded_refund_gets_wrong_is_named(site: Site, change: dict[str, object], param: str) -> None:
    id = site.issue()["id"]
    assert site.refused(f"/credit_notes/{id}/record_refund", {**RECORD, **change}) == (400, "param_wrong_value", param)


def test_a_refund_may_be_under_way_for_days(site: Site) -> None:
    site.switch(refund_result="in_progress")
    id = site.issue()["id"]
    answer = site.post(f"/credit_notes/{id}/refund")
    assert answer["transaction"]["status"] == "in_progress"
    assert (answer["credit_note"]["status"], answer["credit_note"]["amount_available"]) == ("refunded", 0)
    settled = site.act("settle", id=answer["transaction"]["id"])["credit_note"]
    assert settled["linked_refunds"][0]["txn_status"] == "success"
    assert settled["resource_version"] > answer["credit_note"]["resource_version"]


@pytest.mark.parametrize(("choice", "amount"), [("counted", 5000), ("not_counted", 0)])
def test_whether_a_refund_under_way_counts_is_not_published(site: Site, choice: str, amount: int) -> None:
    site.switch(refund_result="in_progress", refund_in_progress=choice)
    id = site.issue()["id"]
    answer = site.post(f"/credit_notes/{id}/refund")
    assert answer["credit_note"]["amount_refunded"] == amount
    assert site.act("settle", note_id=id)["credit_note"]["amount_refunded"] == 5000


def test_a_refund_that_fails_gives_the_credit_back(site: Site) -> None:
    site.switch(refund_result="in_progress")
    id = site.issue()["id"]
    refund = site.post(f"/credit_notes/{id}/refund")["transaction"]["id"]
    note = site.act("fail", id=refund)["credit_note"]
    assert (note["status"], note["amount_available"], note["amount_refunded"]) == ("refund_due", 5000, 0)
    assert note["linked_refunds"][0]["txn_status"] == "failure"
    assert "refunded_at" not in note
    assert site.post(f"/credit_notes/{id}/refund")["transaction"]["amount"] == 5000
    assert site.sandbox.violations() == []


def test_settling_a_note_leaves_nothing_open_on_it(site: Site) -> None:
    note = site.act("settle", note_id=site.issue()["id"])["credit_note"]
    assert (note["status"], note["amount_available"]) == ("refunded", 0)

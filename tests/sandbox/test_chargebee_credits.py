"""Credit used against invoices at the Chargebee sandbox, by call, by renewal, and what others do behind a caller's back."""

from __future__ import annotations

import pytest

from app.sandbox.kernel import BadControl, Json
from tests.sandbox import test_chargebee
from tests.sandbox.test_chargebee import Answer, Site

site = test_chargebee.site


def credit(site: Site, total: int, **form: object) -> str:
    whole = {"type": "refundable", "customer_id": "acme", "currency_code": "EUR", "total": total, **form}
    return str(site.post("/credit_notes", whole)["credit_note"]["id"])


def bill(site: Site, minor: int, **arguments: Json) -> str:
    return str(site.act("bill", customer_id="acme", currency="EUR", minor=minor, **arguments)["invoice"]["id"])


def test_a_renewal_uses_open_credit_without_being_asked(site: Site) -> None:
    id = credit(site, 3000)
    before = site.note(id)
    invoice = site.act("renew", customer_id="acme", currency="EUR", minor=2000)["invoice"]
    note = site.note(id)
    assert (invoice["status"], invoice["credits_applied"], invoice["amount_due"]) == ("paid", 2000, 0)
    assert (note["status"], note["amount_allocated"], note["amount_available"]) == ("refund_due", 2000, 1000)
    assert [(one["invoice_id"], one["allocated_amount"]) for one in note["allocations"]] == [(invoice["id"], 2000)]
    assert note["resource_version"] > before["resource_version"]
    second = site.act("renew", customer_id="acme", currency="EUR", minor=2000)["invoice"]
    assert (second["status"], second["credits_applied"], second["amount_due"]) == ("payment_due", 1000, 1000)
    assert site.note(id)["status"] == "refunded"
    assert site.note(id)["amount_refunded"] == 0


def test_a_renewal_uses_store_credit_first_and_only_its_own_customers(site: Site) -> None:
    others = credit(site, 500, customer_id="globex")
    refundable = credit(site, 500)
    form = {"reference_invoice_id": "INV-1001", "type": "store", "total": 500}
    store = site.post("/credit_notes", form)["credit_note"]["id"]
    invoice = site.act("renew", customer_id="acme", currency="EUR", minor=700)["invoice"]
    used = [(one["cn_id"], one["applied_amount"], one["tax_application"]) for one in invoice["applied_credits"]]
    assert used == [(store, 500, "pre_tax"), (refundable, 200, "post_tax")]
    assert site.note(others)["amount_available"] == 500


def test_credit_can_be_applied_and_taken_off_again(site: Site) -> None:
    id, invoice = credit(site, 800), bill(site, 500)
    applied = site.post(f"/invoices/{invoice}/apply_credits", {"credit_notes[id][0]": id})["invoice"]
    assert (applied["status"], applied["credits_applied"]) == ("paid", 500)
    answer = site.post(f"/invoices/{invoice}/remove_credit_note", {"credit_note[id]": id})
    assert (answer["invoice"]["status"], answer["invoice"]["amount_due"]) == ("not_paid", 500)
    assert (answer["credit_note"]["amount_available"], answer["credit_note"]["allocations"]) == (800, [])
    assert site.refused(f"/invoices/{invoice}/remove_credit_note", {"credit_note[id]": id})[0] == 404


def test_without_names_all_open_credit_is_applied_oldest_first(site: Site) -> None:
    first, second, invoice = credit(site, 300), credit(site, 300), bill(site, 400)
    applied = site.post(f"/invoices/{invoice}/apply_credits")["invoice"]["applied_credits"]
    assert [(one["cn_id"], one["applied_amount"], one["cn_status"]) for one in applied] == [
        (first, 300, "refunded"), (second, 100, "refund_due"),
    ]  # fmt: skip


def test_what_a_payment_on_its_way_will_pay_is_left_to_it(site: Site) -> None:
    id, invoice = credit(site, 400), bill(site, 400)
    payment = site.act("pay", invoice_id=invoice, minor=300, in_progress=True)["payment_id"]
    applied = site.post(f"/invoices/{invoice}/apply_credits", {"credit_notes[id][0]": id})["invoice"]
    assert (applied["credits_applied"], applied["amount_due"], applied["amount_to_collect"]) == (100, 300, 0)
    assert site.act("settle", id=payment)["invoice"]["status"] == "paid"
    assert site.sandbox.violations() == []


def test_credit_of_another_customer_currency_or_kind_is_not_applied(site: Site) -> None:
    invoice = bill(site, 400)
    other = credit(site, 300, customer_id="globex")
    yen = credit(site, 300, currency_code="JPY")
    store = site.post("/credit_notes", {"reference_invoice_id": "INV-1001", "type": "store", "total": 5})["credit_note"]["id"]
    path = f"/invoices/{invoice}/apply_credits"
    for id in (other, yen):
        assert site.refused(path, {"credit_notes[id][0]": id}) == (400, "param_wrong_value", "credit_notes[id][0]")
    assert site.refused(path, {"credit_notes[id][0]": store})[0] == 409
    assert site.refused(path, {"credit_notes[id][0]": "CN-none"})[0] == 404


def test_a_paid_invoice_takes_no_credit(site: Site) -> None:
    assert site.refused("/invoices/INV-1001/apply_credits", {"credit_notes[id][0]": credit(site, 5)})[0] == 409


def test_credit_that_notes_were_issued_for_cannot_be_taken_off(site: Site) -> None:
    id = credit(site, 500)
    invoice = bill(site, 500)
    site.post(f"/invoices/{invoice}/apply_credits")
    assert site.invoice(invoice)["credits_applied"] == 500
    site.post("/credit_notes", {"reference_invoice_id": invoice, "type": "refundable", "total": 100})
    assert site.refused(f"/invoices/{invoice}/remove_credit_note", {"credit_note[id]": id})[0] == 409


def test_taking_off_an_adjustment_voids_it(site: Site) -> None:
    id = site.issue("INV-1002", 100)["id"]
    answer = site.post("/invoices/INV-1002/remove_credit_note", {"credit_note[id]": id})
    assert (answer["credit_note"]["status"], answer["invoice"]["amount_due"]) == ("voided", 50000)


def test_a_write_off_is_an_adjustment_over_all_that_is_owed(site: Site) -> None:
    answer = site.post("/invoices/INV-1004/write_off", {"comment": "lost"})
    note, invoice = answer["credit_note"], answer["invoice"]
    assert (note["total"], note["reason_code"], note["create_reason_code"]) == (15000, "write_off", "Write Off")
    assert (invoice["status"], invoice["write_off_amount"], invoice["amount_adjusted"]) == ("paid", 15000, 15000)
    assert site.refused("/invoices/INV-1004/write_off")[0] == 409
    undone = site.post("/invoices/INV-1004/remove_credit_note", {"credit_note[id]": note["id"]})["invoice"]
    assert (undone["status"], undone["write_off_amount"], undone["amount_due"]) == ("not_paid", 0, 15000)


def test_a_payment_on_its_way_keeps_an_invoice_from_being_written_off(site: Site) -> None:
    payment = site.act("pay", invoice_id="INV-1002", minor=50000, in_progress=True)["payment_id"]
    assert site.refused("/invoices/INV-1002/write_off")[0] == 409
    invoice = site.act("settle", id=payment)["invoice"]
    assert (invoice["status"], invoice["amount_paid"], invoice["linked_payments"][0]["txn_status"]) == ("paid", 50000, "success")


def test_a_payment_that_fails_is_still_owed(site: Site) -> None:
    payment = site.act("pay", invoice_id="INV-1002", minor=50000, in_progress=True)["payment_id"]
    invoice = site.act("fail", id=payment)["invoice"]
    assert (invoice["status"], invoice["amount_to_collect"], invoice["amount_paid"]) == ("payment_due", 50000, 0)


def test_a_payment_makes_more_refundable_and_less_adjustable(site: Site) -> None:
    site.act("pay", invoice_id="INV-1004", minor=15000)
    row = next(row for row in site.sandbox.books()["invoices"] if row["id"] == "INV-1004")
    assert (row["status"], row["adjustable_minor"], row["refundable_minor"]) == ("paid", 0, 20000)


def test_others_issue_notes_too(site: Site) -> None:
    adjusting = site.act("issue", invoice_id="INV-1004", minor=15000)["credit_note"]
    refunding = site.act("issue", invoice_id="INV-1004", minor=5000)["credit_note"]
    assert (adjusting["type"], refunding["type"]) == ("adjustment", "refundable")
    assert site.act("void", note_id=adjusting["id"])["credit_note"]["status"] == "voided"
    assert site.act("issue", invoice_id="INV-1001", minor=1, type="store")["credit_note"]["type"] == "store"


@pytest.mark.parametrize(("choice", "due"), [("kept", 50000), ("zero", 0)])
def test_what_a_voided_invoice_shows_as_owed_is_not_published(site: Site, choice: str, due: int) -> None:
    site.switch(voided_due=choice)
    invoice: Answer = site.act("void_invoice", invoice_id="INV-1002")["invoice"]
    assert (invoice["status"], invoice["amount_due"], invoice["amount_to_collect"]) == ("voided", due, due)


@pytest.mark.parametrize(("action", "arguments"), [
    ("dance", {}), ("pay", {}), ("pay", {"invoice_id": "INV-1002"}), ("pay", {"invoice_id": "INV-1002", "minor": True}),
    ("pay", {"invoice_id": "INV-1002", "minor": 50001}), ("pay", {"invoice_id": "INV-9999", "minor": 1}),
    ("issue", {"invoice_id": "INV-1001", "minor": 1, "type": "gift"}), ("issue", {"invoice_id": "INV-1005", "minor": 1}),
    ("void_invoice", {"invoice_id": "INV-1001"}), ("settle", {"id": "txn_1004_1"}), ("settle", {"id": "txn_none"}), ("fail", {"id": 1}),
    ("renew", {"customer_id": "nobody", "currency": "EUR", "minor": 1}), ("renew", {"customer_id": "acme", "currency": "XXX", "minor": 1}),
    ("bill", {"customer_id": "acme", "currency": "KWD", "minor": 1}), ("pay", {"invoice_id": "INV-1005", "minor": 1}),
])  # fmt: skip
def test_what_cannot_be_done_is_a_bad_control(site: Site, action: str, arguments: dict[str, Json]) -> None:
    with pytest.raises(BadControl):
        site.sandbox.act(action, arguments)
    assert site.sandbox.violations() == []


def test_an_unknown_action_is_answered_with_the_known_ones(site: Site) -> None:
    with pytest.raises(BadControl, match=r"pay, issue, void, settle, fail, renew, bill, void_invoice, hold, release"):
        site.sandbox.act("dance", {})

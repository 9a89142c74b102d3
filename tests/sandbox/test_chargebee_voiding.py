"""Voiding, deleting and updating notes at the Chargebee sandbox."""

from __future__ import annotations

import pytest

from app.sandbox.chargebee import notes
from app.sandbox.chargebee.books import Occasion
from tests.sandbox import test_chargebee
from tests.sandbox.test_chargebee import Site

site = test_chargebee.site

RECORD = {"transaction[payment_method]": "cash", "transaction[date]": 1_700_000_000}


def test_a_voided_adjustment_is_owed_again_and_the_invoice_not_paid(site: Site) -> None:
    id = site.issue("INV-1002", 50000)["id"]
    note = site.post(f"/credit_notes/{id}/void", {"comment": "mistake"})["credit_note"]
    invoice = site.invoice("INV-1002")
    assert (note["status"], note["voided_at"]) == ("voided", note["updated_at"])
    assert (invoice["status"], invoice["amount_due"], invoice["amount_adjusted"]) == ("not_paid", 50000, 0)
    assert "paid_at" not in invoice


def test_a_voided_refundable_note_can_be_issued_again(site: Site) -> None:
    id = site.issue(total=11900)["id"]
    site.post(f"/credit_notes/{id}/void")
    assert site.issue(total=11900)["status"] == "refund_due"


@pytest.mark.parametrize(("choice", "amount"), [("kept", 5000), ("zero", 0)])
def test_what_a_voided_note_shows_is_not_published(site: Site, choice: str, amount: int) -> None:
    site.switch(voided_amounts=choice)
    id = site.issue("INV-1002", 5000)["id"]
    note = site.post(f"/credit_notes/{id}/void")["credit_note"]
    assert (note["amount_allocated"], note["total"], note["allocations"]) == (amount, 5000, [])


@pytest.mark.parametrize(("choice", "entries"), [("kept", [("voided", 5000)]), ("dropped", [])])
def test_whether_the_invoice_still_lists_it_is_not_published(site: Site, choice: str, entries: list[object]) -> None:
    site.switch(voided_entries=choice)
    site.post(f"/credit_notes/{site.issue('INV-1002', 5000)['id']}/void")
    listed = site.invoice("INV-1002")["adjustment_credit_notes"]
    assert [(entry["cn_status"], entry["cn_total"]) for entry in listed] == entries


def test_a_note_is_voided_once(site: Site) -> None:
    id = site.issue()["id"]
    site.post(f"/credit_notes/{id}/void")
    assert site.refused(f"/credit_notes/{id}/void") == (409, "invalid_state_for_request", None)


def test_a_used_up_note_cannot_be_voided_nor_deleted(site: Site) -> None:
    id = site.issue()["id"]
    site.post(f"/credit_notes/{id}/record_refund", RECORD)
    assert site.refused(f"/credit_notes/{id}/void")[0] == 409
    assert site.refused(f"/credit_notes/{id}/delete")[0] == 409


def test_a_note_with_a_refund_must_lose_it_first(site: Site) -> None:
    id = site.issue()["id"]
    site.post(f"/credit_notes/{id}/refund", {"refund_amount": 1})
    assert site.refused(f"/credit_notes/{id}/void")[0] == 409
    assert site.refused(f"/credit_notes/{id}/delete")[0] == 409


def test_a_note_with_an_allocation_must_lose_it_first(site: Site) -> None:
    id = site.issue()["id"]
    renewal = site.act("renew", customer_id="acme", currency="EUR", minor=1000)["invoice"]["id"]
    assert site.refused(f"/credit_notes/{id}/void")[0] == 409
    site.post(f"/invoices/{renewal}/remove_credit_note", {"credit_note[id]": id})
    assert site.post(f"/credit_notes/{id}/void")["credit_note"]["status"] == "voided"


def test_a_failed_refund_does_not_stand_in_the_way(site: Site) -> None:
    site.switch(refund_result="in_progress")
    id = site.issue()["id"]
    refund = site.post(f"/credit_notes/{id}/refund")["transaction"]["id"]
    assert site.refused(f"/credit_notes/{id}/void")[0] == 409
    site.act("fail", id=refund)
    assert site.post(f"/credit_notes/{id}/void")["credit_note"]["status"] == "voided"


def test_a_comment_has_its_limit(site: Site) -> None:
    id = site.issue()["id"]
    for operation in ("void", "delete", "update"):
        assert site.refused(f"/credit_notes/{id}/{operation}", {"comment": "x" * 301}) == (400, "param_wrong_value", "comment")


@pytest.mark.parametrize("operation", ["update", "void", "delete", "refund", "record_refund", "pdf", "send_einvoice"])
def test_an_unknown_note_is_not_found(site: Site, operation: str) -> None:
    assert site.refused(f"/credit_notes/CN-none/{operation}", RECORD) == (404, "resource_not_found", None)


def test_a_deleted_note_frees_its_invoice_and_leaves_the_lists(site: Site) -> None:
    id = site.issue("INV-1002", 5000)["id"]
    note = site.post(f"/credit_notes/{id}/delete")["credit_note"]
    assert (note["deleted"], note["status"], note["total"]) == (True, "adjusted", 5000)
    assert note["id"].startswith(f"{id}_")
    assert site.client.get(f"/credit_notes/{id}").status_code == 404
    assert site.client.get(f"/credit_notes/{note['id']}").status_code == 404
    assert site.invoice("INV-1002")["adjustment_credit_notes"] == []
    assert site.invoice("INV-1002")["amount_due"] == 50000
    query = {"reference_invoice_id[is]": "INV-1002"}
    assert site.get("/credit_notes", **query)["list"] == []
    assert [entry["credit_note"]["id"] for entry in site.get("/credit_notes", include_deleted="true", **query)["list"]] == [
        note["id"]
    ]
    assert site.sandbox.violations() == []


def test_what_becomes_of_a_deleted_notes_id_is_not_published(site: Site) -> None:
    site.switch(deleted_id="kept", deleted_retrieve="shown")
    id = site.issue()["id"]
    assert site.post(f"/credit_notes/{id}/delete")["credit_note"]["id"] == id
    assert site.note(id)["deleted"] is True
    assert site.refused(f"/credit_notes/{id}/delete") == (404, "resource_not_found", None)
    assert site.sandbox.violations() == []


def test_whether_a_voided_note_can_be_deleted_is_not_published(site: Site) -> None:
    first, second = site.issue(total=1)["id"], site.issue(total=1)["id"]
    for id in (first, second):
        site.post(f"/credit_notes/{id}/void")
    assert site.post(f"/credit_notes/{first}/delete")["credit_note"]["deleted"] is True
    site.switch(delete_voided="refused")
    assert site.refused(f"/credit_notes/{second}/delete") == (409, "invalid_state_for_request", None)


def test_an_update_changes_what_it_names_and_nothing_else(site: Site) -> None:
    before = site.issue(cf_a="1", cf_b="2")
    after = site.post(f"/credit_notes/{before['id']}/update", {"comment": "seen", "cf_b": "3", "total": 1})["credit_note"]
    assert after["resource_version"] > before["resource_version"]
    assert after == {**before, "cf_b": "3", "resource_version": after["resource_version"], "updated_at": after["updated_at"]}


def test_an_update_of_nothing_changes_nothing(site: Site) -> None:
    before = site.issue()
    assert site.post(f"/credit_notes/{before['id']}/update")["credit_note"] == before


def test_versions_grow_with_every_change_even_within_a_millisecond(site: Site) -> None:
    books = site.sandbox._books
    note, moment = books.notes["CN-0001"], Occasion(at=site.clock.now())
    versions = []
    for _ in range(3):
        notes.update(books, note, "seen", {}, moment)
        versions.append(note.resource_version)
    assert sorted(set(versions)) == versions
    assert versions[0] == int(moment.at * 1000)


def test_a_use_by_others_moves_the_version_of_note_and_invoice_too(site: Site) -> None:
    note = site.issue(total=500)
    before = site.invoice("INV-1001")
    site.clock.advance(5)
    site.act("renew", customer_id="acme", currency="EUR", minor=100)
    assert site.note(note["id"])["resource_version"] > note["resource_version"]
    assert site.note(note["id"])["updated_at"] > note["updated_at"]
    assert site.invoice("INV-1001")["resource_version"] > before["resource_version"]


def test_a_pdf_link_lasts_an_hour(site: Site) -> None:
    download = site.post("/credit_notes/CN-0001/pdf")["download"]
    assert 3590 < download["valid_till"] - site.clock.now() <= 3600
    assert site.refused("/credit_notes/CN-0001/pdf", {"disposition_type": "x"}) == (400, "param_wrong_value", "disposition_type")


@pytest.mark.parametrize(("operation", "expected"), [
    ("resend_einvoice", (400, "configuration_incompatible", None)), ("send_einvoice", (400, "configuration_incompatible", None)),
    ("send_email", (400, "configuration_incompatible", None)),
    ("remove_tax_withheld_refund", (400, "param_wrong_value", "tax_withheld[id]")),
])  # fmt: skip
def test_what_the_site_has_not_switched_on_is_refused(site: Site, operation: str, expected: tuple[int, str, str | None]) -> None:
    assert site.refused(f"/credit_notes/CN-0001/{operation}") == expected


def test_imports_need_a_right_the_key_lacks(site: Site) -> None:
    assert site.refused("/credit_notes/import_credit_note", {"id": "X"}) == (403, "api_authorization_failed", None)
    assert site.refused("/credit_notes/CN-0001/remove_tax_withheld_refund", {"tax_withheld[id]": "tax_wh_1"})[0] == 404
    assert site.client.get("/credit_notes/CN-0001/download_einvoice").json()["api_error_code"] == "configuration_incompatible"

"""Lists of the Chargebee sandbox: pages, tokens, order, and the lists of invoices, events and a customer's notes."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from tests.sandbox import test_chargebee
from tests.sandbox.test_chargebee import Answer, Site

site = test_chargebee.site


def pages(site: Site, path: str, query: Mapping[str, str]) -> list[Answer]:
    """Every entry of a list, page after page, the token passed back unchanged."""
    entries: list[Answer] = []
    given = dict(query)
    while True:
        page = site.get(path, **given)
        entries += [dict(next(iter(entry.values()))) for entry in page["list"]]
        if "next_offset" not in page:
            return entries
        given["offset"] = page["next_offset"]


def refused(site: Site, path: str, **query: str) -> tuple[int, str, str | None]:
    answer = site.client.get(path, params=query)
    body = answer.json()
    return answer.status_code, body["api_error_code"], body.get("param")


@pytest.mark.parametrize("limit", ["1", "7", "60", "100"])
@pytest.mark.parametrize("order", [{}, {"sort_by[asc]": "date"}, {"sort_by[desc]": "date"}])
def test_the_pages_of_a_list_hold_everything_once(site: Site, limit: str, order: dict[str, str]) -> None:
    ids = [entry["id"] for entry in pages(site, "/credit_notes", {"limit": limit, **order})]
    expected = [f"CN-{index:04d}" for index in range(1, 61)]
    assert ids == (expected[::-1] if "sort_by[desc]" in order else expected)


def test_a_page_has_ten_entries_unless_told_otherwise(site: Site) -> None:
    assert len(site.get("/credit_notes")["list"]) == 10


def test_the_token_is_a_string_that_looks_like_a_list_of_strings(site: Site) -> None:
    token = site.get("/credit_notes", limit="1")["next_offset"]
    millisecond, sequence = json.loads(token)
    assert isinstance(token, str)
    assert (len(millisecond), millisecond[-3:], len(sequence)) == (13, "000", 12)


def test_the_last_page_has_no_token(site: Site) -> None:
    assert "next_offset" not in site.get("/credit_notes", limit="60")
    assert "next_offset" in site.get("/credit_notes", limit="59")


def test_what_comes_in_between_pages_moves_nothing(site: Site) -> None:
    first = site.get("/credit_notes", limit="5", **{"sort_by[desc]": "date"})
    site.issue(total=1)
    second = site.get("/credit_notes", limit="5", offset=first["next_offset"], **{"sort_by[desc]": "date"})
    assert [entry["credit_note"]["id"] for entry in second["list"]] == [f"CN-{index:04d}" for index in range(55, 50, -1)]


@pytest.mark.parametrize("limit", ["0", "101", "-1", "ten", "1.5"])
def test_a_limit_outside_one_to_a_hundred_is_refused(site: Site, limit: str) -> None:
    assert refused(site, "/credit_notes", limit=limit) == (400, "param_wrong_value", "limit")


@pytest.mark.parametrize(("limit", "count"), [("0", 1), ("101", 71), ("-5", 1)])
def test_or_it_is_capped(site: Site, limit: str, count: int) -> None:
    site.switch(limit_outside="capped")
    assert len(site.get("/invoices", limit=limit)["list"]) == count


@pytest.mark.parametrize(
    "offset", ["x", "[]", '["a","b"]', "[1]", "{}", "[1e999,1]", "[" * 900, "null", "5", "[[1],2]", "1" * 1001]
)
def test_a_token_of_ones_own_making_is_refused(site: Site, offset: str) -> None:
    assert refused(site, "/credit_notes", offset=offset) == (400, "param_wrong_value", "offset")


@pytest.mark.parametrize(("path", "order"), [
    ("/credit_notes", {"sort_by[asc]": "updated_at"}), ("/credit_notes", {"sort_by[desc]": "total"}), ("/invoices", {"sort_by[asc]": "total"}),
    ("/invoices", {"sort_by[up]": "date"}), ("/credit_notes", {"sort_by": "date"}), ("/events", {"sort_by[asc]": "date"}),
])  # fmt: skip
def test_an_order_that_is_not_offered_is_refused(site: Site, path: str, order: dict[str, str]) -> None:
    assert refused(site, path, **order) == (400, "param_wrong_value", next(iter(order)))


def test_the_order_without_sorting_is_not_published(site: Site) -> None:
    site.switch(default_order="newest_first")
    ids = [entry["id"] for entry in pages(site, "/credit_notes", {"limit": "25"})]
    assert ids == [f"CN-{index:04d}" for index in range(60, 0, -1)]


def test_invoices_can_be_sorted_by_their_last_change(site: Site) -> None:
    site.clock.advance(2)
    site.issue("INV-1001", 1)
    assert site.get("/invoices", limit="1", **{"sort_by[desc]": "updated_at"})["list"][0]["invoice"]["id"] == "INV-1001"
    changes = [invoice["updated_at"] for invoice in pages(site, "/invoices", {"limit": "20", "sort_by[asc]": "updated_at"})]
    assert changes == sorted(changes)
    assert len(changes) == 71


def test_a_customers_list_takes_pages_only(site: Site) -> None:
    entries = pages(site, "/customers/acme/credit_notes", {"limit": "9", "status[is]": "voided", "sort_by[desc]": "date"})
    assert len(entries) == 30
    assert {entry["customer_id"] for entry in entries} == {"acme"}
    assert {entry["status"] for entry in entries} == {"adjusted", "refund_due", "refunded", "voided"}
    assert refused(site, "/customers/nobody/credit_notes")[0] == 404


def test_what_a_list_shows_is_what_a_read_shows(site: Site) -> None:
    for note in pages(site, "/credit_notes", {"limit": "100"}):
        assert site.note(note["id"]) == note


def test_the_demonstration_has_every_kind_and_state(site: Site) -> None:
    notes = pages(site, "/credit_notes", {"limit": "100"})
    assert {(note["type"], note["status"]) for note in notes} == {
        ("adjustment", "adjusted"), ("adjustment", "voided"), ("refundable", "refund_due"), ("refundable", "refunded"),
        ("store", "refund_due"), ("store", "refunded"),
    }  # fmt: skip
    assert sum("reference_invoice_id" not in note for note in notes) == 2
    assert {note["currency_code"] for note in notes} == {"EUR", "USD", "GBP", "JPY"}
    assert any(0 < note["amount_refunded"] < note["total"] for note in notes)
    assert any(0 < note["amount_allocated"] < note["total"] for note in notes)
    assert any(note["linked_refunds"] and note["status"] == "refunded" for note in notes)
    assert {"reason_code" in note for note in notes} == {"create_reason_code" not in note for note in notes} == {True, False}


@pytest.mark.parametrize(("id", "adjustable", "refundable"), [
    ("INV-1001", 0, 11900), ("INV-1002", 50000, 0), ("INV-1003", 0, 15000), ("INV-1004", 15000, 5000), ("INV-1005", 0, 0),
])  # fmt: skip
def test_the_demonstration_invoices_can_be_credited_as_told(site: Site, id: str, adjustable: int, refundable: int) -> None:
    row = next(row for row in site.sandbox.books()["invoices"] if row["id"] == id)
    assert (row["adjustable_minor"], row["refundable_minor"]) == (adjustable, refundable)


def test_a_reset_and_a_restart_give_the_same_demonstration(site: Site) -> None:
    def without_time(notes: list[Answer]) -> list[Answer]:
        return [{name: value for name, value in note.items() if isinstance(value, str)} for note in notes]

    query = {"limit": "100"}
    before = without_time(pages(site, "/credit_notes", query))
    invoices = without_time(pages(site, "/invoices", query))
    site.issue("INV-1002", 1)
    site.sandbox.reset()
    assert without_time(pages(site, "/credit_notes", query)) == before
    with test_chargebee.opened() as restarted:
        assert without_time(pages(restarted, "/credit_notes", query)) == before
        assert without_time(pages(restarted, "/invoices", query)) == invoices
        assert restarted.sandbox.violations() == []


def test_the_books_show_every_row_as_all_sandboxes_do(site: Site) -> None:
    books = site.sandbox.books()
    assert set(books) == {"invoices", "notes", "payments", "refunds"}
    for rows in books.values():
        assert all({"id", "invoice_id", "currency", "status", "minor"} <= set(row) for row in rows)
    assert all({"customer_id", "created_at"} <= set(row) for row in books["notes"])
    assert json.dumps(books)

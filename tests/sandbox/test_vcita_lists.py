"""The list of notes at the vcita sandbox: pages, order, the one filter."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.sandbox.test_vcita_desk import NOTES, Desk, bearer, data, errors, invoice_uid, open_desk


@pytest.fixture(scope="module")
def opened() -> Iterator[Desk]:
    with open_desk() as desk:
        yield desk


@pytest.fixture
def desk(opened: Desk) -> Iterator[Desk]:
    yield opened.fresh()
    assert opened.sandbox.violations() == []


def listed(desk: Desk, **query: str | int) -> list[dict[str, Any]]:
    notes: list[dict[str, Any]] = data(desk.client.get(NOTES, params=query))["credit_notes"]
    return notes


def test_a_page_has_twenty_five_notes_newest_update_first(desk: Desk) -> None:
    notes = listed(desk)
    assert len(notes) == 25
    assert [note["updated_at"] for note in notes] == sorted((note["updated_at"] for note in notes), reverse=True)


def test_the_answer_tells_neither_a_total_nor_a_next_page(desk: Desk) -> None:
    assert desk.get(NOTES).json().keys() == {"success", "data"}
    assert data(desk.get(NOTES)).keys() == {"credit_notes"}


@pytest.mark.parametrize("size", [1, 7, 30, 100])
def test_pages_hold_every_note_once_and_the_last_is_short(desk: Desk, size: int) -> None:
    pages = [listed(desk, per_page=size, page=page) for page in range(1, 60 // size + 2)]
    uids = [note["uid"] for page in pages for note in page]
    assert len(uids) == len(set(uids)) == 60
    assert len(pages[-1]) == 60 % size
    assert listed(desk, per_page=size, page=10_000) == []


@pytest.mark.parametrize("name", ["page", "per_page"])
@pytest.mark.parametrize("value", ["0", "-1", "10001", "1.5", "x", "", "٣", "9" * 40])
def test_a_page_out_of_bounds_is_400(desk: Desk, name: str, value: str) -> None:
    answer = desk.client.get(NOTES, params={name: value})
    assert answer.status_code == 400
    assert errors(answer)[0]["field"] == name


def test_a_page_of_more_than_a_hundred_is_400(desk: Desk) -> None:
    assert desk.get(NOTES, per_page=101).status_code == 400


@pytest.mark.parametrize("sort", ["colour:asc", "created_at", "created_at:up", "created_at:asc,", ":", "created_at:asc:desc"])
def test_an_unknown_order_is_422(desk: Desk, sort: str) -> None:
    answer = desk.get(NOTES, sort=sort)
    assert answer.status_code == 422
    assert [(error["field"], error["code"]) for error in errors(answer)] == [("sort", "invalid")]


def test_the_order_can_be_by_several_fields(desk: Desk) -> None:
    notes = listed(desk, sort="status:desc,created_at:asc", per_page=100)
    assert notes == sorted(sorted(notes, key=lambda note: note["created_at"]), key=lambda note: note["status"], reverse=True)
    assert [note["status"] for note in notes] == ["SETTLED"] * 15 + ["ISSUED"] * 45


def test_oldest_first_leaves_earlier_pages_alone_when_notes_are_added(desk: Desk) -> None:
    first = listed(desk, sort="created_at:asc", per_page=20)
    desk.issued(1002, 5)
    assert listed(desk, sort="created_at:asc", per_page=20) == first
    assert [note["unique_number"] for note in first] == [str(number) for number in range(1, 21)]


def test_notes_of_the_same_instant_keep_one_order_over_all_pages(desk: Desk) -> None:
    for _ in range(5):
        desk.issued(1002, 1)
    ascending = [note["uid"] for note in listed(desk, sort="issue_date:asc", per_page=100)]
    descending = [note["uid"] for note in listed(desk, sort="issue_date:desc", per_page=100)]
    assert descending == ascending[::-1]
    assert [
        note["uid"] for page in range(1, 6) for note in listed(desk, sort="issue_date:asc", per_page=13, page=page)
    ] == ascending


def test_a_settled_note_moves_to_the_front(desk: Desk) -> None:
    desk.act("settle", note_id="cn00000000000001")
    assert listed(desk, per_page=1)[0]["uid"] == "cn00000000000001"
    assert listed(desk, sort="created_at:desc", per_page=1)[0]["uid"] == "cn00000000000060"


def test_the_list_can_be_that_of_one_invoice(desk: Desk) -> None:
    own = [desk.issued(1002, amount)["uid"] for amount in (1, 2)]
    desk.issued(1001, 1)
    assert {note["uid"] for note in listed(desk, invoice_uid=invoice_uid(1002))} == set(own)
    assert listed(desk, invoice_uid=invoice_uid(9999)) == []


def test_other_filters_do_nothing(desk: Desk) -> None:
    assert listed(desk, status="SETTLED", number="1") == listed(desk)


def test_a_client_token_lists_the_notes_of_its_own_matter(desk: Desk) -> None:
    answer = desk.get(NOTES, per_page=100, headers=bearer("client-acme-token"))
    own = {row["id"] for row in desk.sandbox.books()["notes"] if row["customer_id"] == "client00000acme0"}
    assert {note["uid"] for note in data(answer)["credit_notes"]} == own
    assert len(own) == 30

"""Zenskar's sandbox: what its books hold from the start, and how invoices and customers read."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from app.sandbox.kernel import Clock
from app.sandbox.zenskar import ZenskarSandbox
from tests.sandbox.test_zenskar import ACME, GLOBEX, Zenskar, demo, running


@pytest.fixture(scope="module")
def server() -> Iterator[Zenskar]:
    with running() as zenskar:
        yield zenskar


@pytest.fixture
def zenskar(server: Zenskar) -> Zenskar:
    server.control.reset()
    return server


@pytest.mark.parametrize(
    ("tail", "status", "currency", "expected"),
    [
        (1001, "paid", "EUR", (0, 11_900, 11_900)),
        (1002, "approved", "USD", (50_000, 0, 50_000)),
        (1003, "paid", "JPY", (0, 15_000, 15_000)),
        (1004, "partially_paid", "EUR", (15_000, 5_000, 20_000)),
        (1005, "void", "EUR", (0, 0, 0)),
        (1006, "draft", "EUR", (6_000, 0, 6_000)),
        (1007, "partially_paid", "EUR", (2_000, 7_000, 9_000)),
        (1008, "paid", "EUR", (0, 7_000, 7_000)),
        (1009, "paid", "EUR", (0, 5_000, 5_000)),
    ],
)
def test_the_demonstration_invoices_read_as_published(
    zenskar: Zenskar, tail: int, status: str, currency: str, expected: tuple[int, int, int]
) -> None:
    invoice = zenskar.invoice(tail)
    assert (invoice["status"], invoice["currency"]) == (status, currency)
    assert zenskar.creditable(tail) == expected


def test_every_read_of_the_old_invoices_fits_the_others(zenskar: Zenskar) -> None:
    for tail in range(2001, 2061):
        due, refundable, remaining = zenskar.creditable(tail)
        assert due + refundable == remaining


def test_the_demonstration_ids_are_fixed(zenskar: Zenskar) -> None:
    before = {kind: {row["id"] for row in rows} for kind, rows in zenskar.sandbox.books().items()}
    assert {demo(3000 + index) for index in range(1, 61)} == before["notes"]
    assert [payment["id"] for payment in zenskar.originals(1004)] == [demo(11004), demo(21004)]
    zenskar.issued(1002, 25)
    zenskar.sandbox.reset()
    again = ZenskarSandbox(Clock())
    for sandbox in (zenskar.sandbox, again):
        assert {kind: {row["id"] for row in rows} for kind, rows in sandbox.books().items()} == before


def test_numbers_go_on_across_a_reset(zenskar: Zenskar) -> None:
    before = zenskar.issued(1002, 25)
    zenskar.sandbox.reset()
    after = zenskar.issued(1002, 25)
    assert int(before["credit_note_number"].removeprefix("CN-")) < int(after["credit_note_number"].removeprefix("CN-"))
    assert before["id"] != after["id"]


def test_the_old_notes_show_every_state_and_several_currencies(zenskar: Zenskar) -> None:
    notes = zenskar.get("/credit_notes", limit=100)["results"]
    assert {note["status"] for note in notes} == {"in_progress", "issued", "void", "paid"}
    assert {note["currency"] for note in notes} == {"EUR", "USD", "JPY", "GBP", "KWD"}
    assert {note["repayment_method"] for note in notes} >= {"invoice_adjusted", "external_payment", "original_payment_method"}


def test_a_customer_is_shown_with_the_merchants_own_name_for_it(zenskar: Zenskar) -> None:
    note = zenskar.issued(1001, 1, refund_destination="external")
    assert note["customer"] == {"id": ACME, "name": "Acme GmbH", "email": "billing@acme.example", "external_id": "acme"}
    assert zenskar.invoice(1002)["customer_id"] == GLOBEX


def test_an_invoice_is_found_by_its_external_id(zenskar: Zenskar) -> None:
    assert zenskar.get("/invoices/external_id/inv-1004")["id"] == demo(1004)
    assert zenskar.http.get("/invoices/external_id/inv-0").status_code == 404


def test_line_items_come_in_major_units(zenskar: Zenskar) -> None:
    lines = zenskar.get(f"/invoices/{demo(1001)}/line_items")["lines"]
    assert [line["subtotal"] for line in lines] == [
        {"value": 80.0, "unit": "EUR", "display": "€80.00"},
        {"value": 20.0, "unit": "EUR", "display": "€20.00"},
    ]
    assert lines[0]["quantity"] == {"value": 2, "unit": "unit", "display": "2"}
    assert set(lines[0]) == {"name", "quantity", "subtotal", "pricing_model", "features"}
    assert zenskar.get(f"/invoices/{demo(1001)}", include_line_items="true")["line_items"] == {"lines": lines}
    assert "line_items" not in zenskar.invoice(1001)


def test_the_lines_of_a_note_are_served_by_the_sandbox_without_a_key(zenskar: Zenskar) -> None:
    note = zenskar.issued(1002, 25)
    assert note["line_items_url"].startswith(str(zenskar.http.base_url))
    served_lines = httpx.get(note["line_items_url"])
    assert served_lines.json() == [{"name": "Order change", "amount": 2500, "currency": "USD"}]

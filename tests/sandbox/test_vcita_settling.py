"""How notes become settled at the vcita sandbox, what refunds do to notes in Strict Mode, and the control calls."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from app.sandbox.kernel import BadControl
from tests.sandbox.test_vcita_desk import BUSINESS, NOTES, Desk, data, errors, invoice_uid, line, open_desk


@pytest.fixture(scope="module")
def opened() -> Iterator[Desk]:
    with open_desk() as desk:
        yield desk


@pytest.fixture
def desk(opened: Desk) -> Iterator[Desk]:
    yield opened.fresh()
    assert opened.sandbox.violations() == []


def sourced(desk: Desk, amount: object) -> dict[str, Any]:
    note: dict[str, Any] = data(desk.note(1001, line(amount), source_payment_uid="pay0000000001001"))
    return note


def read(desk: Desk, uid: str) -> dict[str, Any]:
    note: dict[str, Any] = data(desk.get(f"{NOTES}/{uid}"))
    return note


def notes_of(desk: Desk, number: int) -> list[dict[str, Any]]:
    notes: list[dict[str, Any]] = data(desk.get(NOTES, invoice_uid=invoice_uid(number)))["credit_notes"]
    return notes


def test_naming_the_payment_moves_no_money_and_settles_nothing(desk: Desk) -> None:
    note = sourced(desk, 10)
    desk.clock.advance(86_400)
    assert read(desk, note["uid"]) == note
    assert desk.sandbox.books()["refunds"] == []


def test_naming_the_payment_can_settle_at_once(desk: Desk) -> None:
    desk.sandbox.switches.set("source_payment", "settles")
    assert sourced(desk, 10)["status"] == "SETTLED"
    assert desk.issued(1001, 10)["status"] == "ISSUED"


def test_naming_the_payment_can_settle_a_minute_later(desk: Desk) -> None:
    desk.sandbox.switches.set("source_payment", "settles_after_60_s")
    note = sourced(desk, 10)
    assert note["status"] == "ISSUED"
    desk.clock.advance(61)
    later = read(desk, note["uid"])
    assert later["status"] == "SETTLED"
    assert later["updated_at"] > note["updated_at"]
    assert {**later, "status": "ISSUED", "updated_at": note["updated_at"]} == note


def test_naming_the_payment_can_settle_when_it_is_refunded(desk: Desk) -> None:
    desk.sandbox.switches.set("source_payment", "settles_on_refund")
    note, other = sourced(desk, 10), desk.issued(1001, 10)
    desk.post(f"{BUSINESS}/refunds", {"refund": {"payment_uid": "pay0000000001001", "amount": 10}})
    assert (read(desk, note["uid"])["status"], read(desk, other["uid"])["status"]) == ("SETTLED", "ISSUED")


def test_naming_the_payment_can_refund_it(desk: Desk) -> None:
    desk.sandbox.switches.set("source_payment", "refunds")
    assert sourced(desk, 100)["status"] == "SETTLED"
    [refund] = desk.sandbox.books()["refunds"]
    assert (refund["payment_id"], refund["minor"]) == ("pay0000000001001", 100_00)


def test_a_note_cannot_refund_more_than_is_left_of_its_payment(desk: Desk) -> None:
    desk.act("refund", payment_id="pay0000000001001", minor=100_00)
    desk.sandbox.switches.set("source_payment", "refunds")
    answer = desk.note(1001, line(20), source_payment_uid="pay0000000001001")
    assert (answer.status_code, errors(answer)[0]["field"]) == (422, "source_payment_uid")
    assert notes_of(desk, 1001) == []


def test_outside_strict_mode_a_refund_makes_no_note(desk: Desk) -> None:
    desk.act("refund", payment_id="pay0000000001001", minor=100_00)
    assert notes_of(desk, 1001) == []


def test_in_strict_mode_a_refund_makes_a_settled_note_of_the_same_amount(desk: Desk) -> None:
    desk.sandbox.switches.set("strict_mode", "on")
    desk.post(f"{BUSINESS}/refunds", {"refund": {"payment_uid": "pay0000000001001", "amount": Decimal("11.90")}})
    [note] = notes_of(desk, 1001)
    assert (note["status"], note["grand_total"], note["net_total"]) == ("SETTLED", Decimal("11.9"), 10)
    assert note["taxes"] == [{"name": "VAT", "rate": 19, "tax_total": Decimal("1.9")}]


def test_in_strict_mode_a_note_and_a_refund_together_credit_twice_as_far_as_the_balance_goes(desk: Desk) -> None:
    desk.sandbox.switches.set("strict_mode", "on")
    desk.issued(1003, 10_000)
    desk.act("refund", payment_id="pay0000000001003", minor=10_000)
    assert sorted(note["grand_total"] for note in notes_of(desk, 1003)) == [5_000, 10_000]
    desk.act("refund", payment_id="pay0000000001003", minor=5_000)
    assert len(notes_of(desk, 1003)) == 2


def test_a_control_call_pays_issues_settles_refunds_and_cancels(desk: Desk) -> None:
    payment = desk.act("pay", invoice_id=invoice_uid(1004), minor=150_00)["payment_id"]
    assert desk.row("invoices", invoice_uid(1004))["paid_minor"] == 200_00
    note = desk.act("issue", invoice_id=invoice_uid(1006), minor=282_70)["note_id"]
    assert read(desk, note)["grand_total"] == Decimal("282.7")
    assert desk.act("settle", note_id=note)["status"] == read(desk, note)["status"] == "SETTLED"
    desk.act("refund", payment_id=payment, minor=150_00)
    assert desk.row("payments", payment)["status"] == "refunded"
    assert desk.act("cancel", invoice_id=invoice_uid(1002)) == {"invoice_id": invoice_uid(1002), "status": "CANCELLED"}


def test_settling_twice_is_settling_once(desk: Desk) -> None:
    desk.act("settle", note_id="cn00000000000001")
    settled = read(desk, "cn00000000000001")
    desk.clock.advance(60)
    desk.act("settle", note_id="cn00000000000001")
    assert read(desk, "cn00000000000001") == settled


@pytest.mark.parametrize(
    ("action", "arguments", "word"),
    [
        ("renew", {}, "cancel"),
        ("pay", {"invoice_id": "nothing", "minor": 1}, "invoice_id"),
        ("pay", {"invoice_id": invoice_uid(1002)}, "minor"),
        ("pay", {"invoice_id": invoice_uid(1002), "minor": True}, "minor"),
        ("pay", {"invoice_id": invoice_uid(1002), "minor": 500_01}, "left to pay"),
        ("pay", {"invoice_id": invoice_uid(1008), "minor": 1}, "DRAFT"),
        ("issue", {"invoice_id": invoice_uid(1005), "minor": 1}, "creditable"),
        ("issue", {"invoice_id": invoice_uid(1002), "minor": 500_01}, "creditable"),
        ("settle", {"note_id": 5}, "note_id"),
        ("refund", {"payment_id": "pay0000000001001", "minor": 119_01}, "left of the payment"),
    ],
)
def test_a_control_call_that_cannot_be_done_says_why(desk: Desk, action: str, arguments: dict[str, Any], word: str) -> None:
    with pytest.raises(BadControl, match=word):
        desk.act(action, **arguments)

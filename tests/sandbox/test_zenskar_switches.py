"""Zenskar's sandbox: what the documents leave open, each choice the other way round."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from app.sandbox.kernel import BadControl
from app.sandbox.zenskar.switches import SWITCHES
from tests.sandbox.test_zenskar import ACME, Zenskar, demo, running


@pytest.fixture(scope="module")
def server() -> Iterator[Zenskar]:
    with running() as zenskar:
        yield zenskar


@pytest.fixture
def zenskar(server: Zenskar) -> Zenskar:
    server.control.reset()
    return server


def test_the_control_surface_lists_every_switch_with_its_default(zenskar: Zenskar) -> None:
    shown = zenskar.sandbox.switches.as_json()
    assert shown == {name: {"value": values[0], "values": list(values)} for name, values in SWITCHES.items()}
    with pytest.raises(BadControl):
        zenskar.switch(amount_unit="cents")


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in SWITCHES.items() for value in values])
def test_the_demonstration_is_the_same_under_every_switch(zenskar: Zenskar, name: str, value: str) -> None:
    before = [(row["id"], row["status"]) for rows in zenskar.sandbox.books().values() for row in rows if "status" in row]
    zenskar.switch(**{name: value})
    zenskar.sandbox.reset()
    assert [(row["id"], row["status"]) for rows in zenskar.sandbox.books().values() for row in rows if "status" in row] == before
    assert zenskar.sandbox.switches[name] == value
    assert zenskar.sandbox.violations() == []


def test_amounts_can_be_read_as_minor_units(zenskar: Zenskar) -> None:
    zenskar.switch(amount_unit="minor")
    assert zenskar.issued(1002, 25)["amount"] == 25
    assert zenskar.issue(1002, 25.1).status_code == 422


def test_split_amounts_can_be_read_as_minor_units(zenskar: Zenskar) -> None:
    zenskar.switch(split_unit="minor")
    parts = [{"payment_id": demo(21004), "amount": 1_000}]
    zenskar.issued(1004, 160, refund_destination="external", refund_amount_split=parts)
    assert [payment["amount_refunded"] for payment in zenskar.originals(1004)] == ["0", "1000"]


def test_payments_can_be_shown_in_major_units(zenskar: Zenskar) -> None:
    zenskar.switch(payment_unit="major")
    assert [payment["amount"] for payment in zenskar.originals(1004)] == ["30.00", "20.00"]
    assert zenskar.originals(1003)[0]["invoices"][0]["amount"] == "15000"
    assert zenskar.originals(2005)[0]["amount"].endswith(".000")


@pytest.mark.parametrize(("amount", "minor"), [(25.005, 2_501), (25.0049, 2_500)])
def test_extra_decimals_can_be_rounded(zenskar: Zenskar, amount: float, minor: int) -> None:
    zenskar.switch(extra_decimals="rounded")
    assert zenskar.issued(1002, amount)["amount"] == minor
    assert zenskar.issue(1002, 0.001).status_code == 422


def test_an_invoice_can_be_without_its_currency(zenskar: Zenskar) -> None:
    zenskar.switch(invoice_currency="absent")
    assert "currency" not in zenskar.invoice(1001)


def test_the_total_of_an_invoice_can_stay_what_it_was(zenskar: Zenskar) -> None:
    zenskar.switch(invoice_total="original")
    zenskar.issued(1004, 170, refund_destination="credits")
    assert zenskar.invoice(1004)["invoice_total"] == 20_000
    assert zenskar.originals(1004)[0]["invoices"][0]["invoice_total"] == "20000"
    assert zenskar.invoice(1005)["invoice_total"] == 0


def test_full_crediting_can_need_the_call_to_void(zenskar: Zenskar) -> None:
    zenskar.switch(full_credit="explicit")
    note = zenskar.issued(1002, 500)
    assert (zenskar.invoice(1002)["status"], zenskar.invoice(1002)["invoice_total"]) == ("approved", 0)
    assert zenskar.issue(1002, 1).json()["detail"].startswith("CREDIT_NOTE_AMOUNT_TOO_HIGH")
    assert zenskar.http.patch(f"/invoices/{demo(1002)}/void").json()["status"] == "void"
    assert zenskar.http.patch(f"/invoices/{demo(1002)}/void").json()["detail"].startswith("INVOICE_CANNOT_BE_VOIDED")
    zenskar.act("void", note_id=note["id"])
    assert (zenskar.invoice(1002)["status"], zenskar.creditable(1002)) == ("approved", (50_000, 0, 50_000))
    assert zenskar.sandbox.violations() == []


def test_notes_can_be_impossible_to_void(zenskar: Zenskar) -> None:
    zenskar.switch(patch_void="refused")
    note = zenskar.issued(1002, 25)
    answer = zenskar.http.patch(f"/credit_notes/{note['id']}", json={"status": "void"})
    assert (answer.status_code, answer.json()["detail"].partition(":")[0]) == (400, "CREDIT_NOTE_CANNOT_BE_VOIDED")


def test_payments_turned_into_credits_can_be_told_in_other_words(zenskar: Zenskar) -> None:
    zenskar.switch(credits_method="credits", credits_status="paid", credits_returned="applied_only", note_details="null")
    note = zenskar.issued(1001, 19, refund_destination="credits")
    assert (note["repayment_method"], note["status"], note["credits_returned"]) == ("credits", "paid", None)
    assert (note["customer"], note["invoice"]) == (None, None)
    assert zenskar.http.patch(f"/credit_notes/{note['id']}", json={"status": "void"}).json()["status"] == "void"


def test_payments_can_go_back_before_wallet_credits(zenskar: Zenskar) -> None:
    zenskar.switch(wallet_credits="returned_last")
    assert zenskar.issue(1007, 50).status_code == 400
    note = zenskar.issued(1007, 60, refund_destination="credits")
    assert (note["credits_returned"], zenskar.row("notes", note["id"])["returned"]) == (4_000, 1_000)
    due, refundable, remaining = zenskar.creditable(1007)
    assert due + refundable == remaining == 3_000


def test_the_applied_balance_can_fall_with_what_is_given_back(zenskar: Zenskar) -> None:
    zenskar.issued(1007, 50)
    assert zenskar.invoice(1007)["applied_balance"] == 4_000
    zenskar.switch(applied_balance="what_is_left")
    assert zenskar.invoice(1007)["applied_balance"] == 1_000


def test_a_preset_id_can_be_taken_for_good(zenskar: Zenskar) -> None:
    zenskar.switch(preset_id="conflict")
    body = {
        "id": demo(1), "amount": 1, "currency": "EUR", "customer_id": ACME, "status": "issued", "repayment_method": "credits",
        "line_items": {},
    }  # fmt: skip
    assert [zenskar.http.post("/credit_notes", json=body).status_code for _ in range(2)] == [200, 409]


@pytest.mark.parametrize(
    ("delay", "first", "later"), [("0", "paid", "paid"), ("5", "in_progress", "paid"), ("never", "in_progress", "in_progress")]
)
def test_a_refund_takes_as_long_as_switched(zenskar: Zenskar, delay: str, first: str, later: str) -> None:
    zenskar.switch(refund_delay_s=delay)
    note = zenskar.issued(1001, 19, refund_destination="original_payment_method")
    assert note["status"] == first
    zenskar.clock.advance(6)
    assert zenskar.get(f"/credit_notes/{note['id']}")["status"] == later


def test_refunds_can_count_once_completed(zenskar: Zenskar) -> None:
    zenskar.switch(refund_counted="when_completed")
    zenskar.issued(1001, 19, refund_destination="original_payment_method")
    assert (zenskar.originals(1001)[0]["amount_refunded"], zenskar.creditable(1001)) == ("0", (0, 10_000, 10_000))
    zenskar.act("settle")
    assert (zenskar.originals(1001)[0]["amount_refunded"], zenskar.creditable(1001)) == ("1900", (0, 10_000, 10_000))


def test_credits_can_leave_the_payment_untouched(zenskar: Zenskar) -> None:
    zenskar.switch(credits_refund="wallet_only")
    zenskar.issued(1001, 119, refund_destination="credits")
    [payment] = zenskar.originals(1001)
    assert (payment["status"], payment["amount_refunded"]) == ("success", "0")
    assert zenskar.get("/payments", parent_id=demo(11001))["results"] == []
    assert zenskar.creditable(1001) == (0, 0, 0)


def test_the_payments_of_an_invoice_can_be_a_page(zenskar: Zenskar) -> None:
    array = zenskar.originals(1004)
    zenskar.switch(invoice_payments="page")
    page: Any = zenskar.originals(1004)
    assert page == {"results": array, "next": None, "previous": None, "total_count": 2}


def test_refund_rows_and_refunded_originals_can_be_missing(zenskar: Zenskar) -> None:
    zenskar.issued(1004, 180, refund_destination="external")
    assert len(zenskar.get(f"/payments/invoice/{demo(1004)}")) == 3
    zenskar.switch(refund_rows="missing", refunded_originals="left_out")
    assert len(zenskar.get(f"/payments/invoice/{demo(1004)}")) == 2
    assert [payment["id"] for payment in zenskar.originals(1004)] == [demo(21004)]


def test_an_offset_cursor_shifts_when_a_note_is_issued(zenskar: Zenskar) -> None:
    zenskar.switch(cursor="offset")
    first = zenskar.get("/credit_notes")
    zenskar.issued(1002, 25)
    assert zenskar.get("/credit_notes", cursor=first["next"])["results"][0] == first["results"][-1]


def test_lists_can_be_stricter_laxer_and_silent(zenskar: Zenskar) -> None:
    zenskar.switch(bad_cursor="ignored", limit_above_100="refused", search="ignored", total_count="null")
    first = zenskar.get("/credit_notes")
    assert first["total_count"] is None
    assert zenskar.get("/credit_notes", cursor="x", search="currency=jpy") == first
    assert zenskar.http.get("/credit_notes", params={"limit": 101}).json()["detail"][0]["loc"] == ["query", "limit"]


def test_currencies_can_be_in_lower_case_and_instants_in_seconds(zenskar: Zenskar) -> None:
    zenskar.switch(currency_case="lower", created_at="seconds")
    note = zenskar.issued(1002, 25)
    assert note["currency"] == zenskar.invoice(1002)["currency"] == "usd"
    assert zenskar.originals(1001)[0]["currency_code"] == "eur"
    assert len(note["created_at"]) == len("2026-11-21T00:00:00Z")


@pytest.mark.parametrize("status", ["400", "409", "422"])
def test_a_business_refusal_can_have_another_status(zenskar: Zenskar, status: str) -> None:
    zenskar.switch(refusal_status=status)
    assert zenskar.issue(1001, 120, refund_destination="credits").status_code == int(status)


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ("detail_text", {"detail": "REFUND_DESTINATION_REQUIRED: 100 minor units of payments have to be refunded"}),
        (
            "detail_object",
            {"detail": {"code": "REFUND_DESTINATION_REQUIRED", "message": "100 minor units of payments have to be refunded"}},
        ),
        ("message", {"code": "REFUND_DESTINATION_REQUIRED", "message": "100 minor units of payments have to be refunded"}),
    ],
)
def test_a_refusal_can_have_another_envelope(zenskar: Zenskar, shape: str, expected: object) -> None:
    zenskar.switch(error_shape=shape)
    assert zenskar.issue(1001, 1).json() == expected


def test_a_refusal_can_be_plain_text(zenskar: Zenskar) -> None:
    zenskar.switch(error_shape="plain_text")
    answer = zenskar.issue(1001, 1)
    assert (answer.headers["content-type"], answer.text[:11]) == ("text/plain; charset=utf-8", "REFUND_DEST")
    assert zenskar.http.get("/nowhere").text == "Not Found"


def test_validation_can_speak_the_older_words(zenskar: Zenskar) -> None:
    zenskar.switch(validation_words="older")
    [problem] = zenskar.issue(1002, 1, reason=None).json()["detail"]
    assert problem == {"loc": ["body", "reason"], "msg": "input should be a valid string", "type": "type_error.string_type"}
    answer = zenskar.http.post(f"/invoices/{demo(1002)}/credit_note")
    assert answer.json()["detail"] == [{"loc": ["body"], "msg": "field required", "type": "value_error.missing"}]

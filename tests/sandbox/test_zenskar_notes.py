"""Zenskar's sandbox: notes written down directly, changed, and voided; the two ways an invoice becomes void."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.sandbox.test_zenskar import ACME, GLOBEX, Zenskar, demo, running


@pytest.fixture(scope="module")
def server() -> Iterator[Zenskar]:
    with running() as zenskar:
        yield zenskar


@pytest.fixture
def zenskar(server: Zenskar) -> Zenskar:
    server.control.reset()
    return server


def refusal(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["detail"].partition(":")[0]


def change(zenskar: Zenskar, note_id: str, **members: object) -> httpx.Response:
    return zenskar.http.patch(f"/credit_notes/{note_id}", json=members)


def record(zenskar: Zenskar, **more: object) -> httpx.Response:
    body = {
        "amount": 2500, "currency": "EUR", "customer_id": ACME, "status": "issued", "repayment_method": "credits",
        "line_items": {}, "credits_returned": 2500,
    }  # fmt: skip
    return zenskar.http.post("/credit_notes", json={**body, **more})


def standing(zenskar: Zenskar, tail: int) -> tuple[str, tuple[int, int, int]]:
    status: str = zenskar.invoice(tail)["status"]
    return status, zenskar.creditable(tail)


@pytest.mark.parametrize(
    ("tail", "amount", "destination"),
    [
        (1002, 200, None),
        (1002, 500, None),
        (1001, 19, "credits"),
        (1001, 119, "credits"),
        (1001, 19, "original_payment_method"),
        (1001, 119, "original_payment_method"),
        (1004, 170, "credits"),
        (1004, 200, "original_payment_method"),
        (1007, 50, None),
        (1007, 90, "credits"),
    ],
)
def test_a_void_note_gives_everything_back(zenskar: Zenskar, tail: int, amount: float, destination: str | None) -> None:
    before, wallets = standing(zenskar, tail), zenskar.sandbox.books()["wallets"]
    note = zenskar.issued(tail, amount, refund_destination=destination)
    assert standing(zenskar, tail) != before
    answer = change(zenskar, note["id"], status="void")
    assert (answer.status_code, answer.json()) == (200, {**note, "status": "void"})
    assert standing(zenskar, tail) == before
    assert zenskar.sandbox.books()["wallets"] == wallets
    assert zenskar.sandbox.violations() == []


def test_the_refund_of_a_void_note_is_cancelled(zenskar: Zenskar) -> None:
    note = zenskar.issued(1001, 19, refund_destination="original_payment_method")
    change(zenskar, note["id"], status="void")
    [row] = zenskar.get("/payments", parent_id=demo(11001))["results"]
    assert row["status"] == "canceled"
    zenskar.clock.advance(3600)
    assert zenskar.get(f"/credit_notes/{note['id']}")["status"] == "void"


def test_a_note_that_was_paid_out_is_not_voided(zenskar: Zenskar) -> None:
    external = zenskar.issued(1001, 19, refund_destination="external")
    original = zenskar.issued(1001, 19, refund_destination="original_payment_method")
    zenskar.act("settle", note_id=original["id"])
    for note in (external, original):
        assert refusal(change(zenskar, note["id"], status="void")) == (400, "CREDIT_NOTE_CANNOT_BE_VOIDED")
    assert standing(zenskar, 1001) == ("paid", (0, 8_100, 8_100))


def test_a_note_whose_credits_were_spent_is_not_voided(zenskar: Zenskar) -> None:
    note = zenskar.issued(1001, 60, refund_destination="credits")
    for invoice in zenskar.get("/invoices", customer_id=ACME, status="approved", limit=100)["results"]:
        if zenskar.row("invoices", invoice["id"])["currency"] == "EUR":
            held = zenskar.row("wallets", f"{ACME}:EUR")["minor"]
            zenskar.act("apply_credits", invoice_id=invoice["id"], minor=min(held, invoice["amount_due"]) or 1)
            if held <= invoice["amount_due"]:
                break
    before = zenskar.sandbox.books()
    assert zenskar.row("wallets", f"{ACME}:EUR")["minor"] == 0
    assert refusal(change(zenskar, note["id"], status="void")) == (400, "CREDIT_NOTE_CANNOT_BE_VOIDED")
    assert zenskar.sandbox.books() == before


def test_void_is_the_end_of_a_note(zenskar: Zenskar) -> None:
    note = zenskar.act("void", note_id=zenskar.issued(1002, 25)["id"])
    assert change(zenskar, note["id"], status="void").status_code == 200
    assert refusal(change(zenskar, note["id"], status="issued")) == (400, "CREDIT_NOTE_CANNOT_BE_CHANGED")
    assert standing(zenskar, 1002) == ("approved", (50_000, 0, 50_000))


def test_of_two_notes_that_voided_an_invoice_one_can_be_taken_back(zenskar: Zenskar) -> None:
    first = zenskar.issued(1004, 150)
    zenskar.issued(1004, 50, refund_destination="external")
    assert standing(zenskar, 1004) == ("void", (0, 0, 0))
    change(zenskar, first["id"], status="void")
    assert standing(zenskar, 1004) == ("approved", (15_000, 0, 15_000))


def test_the_note_of_a_paid_invoice_leaves_it_partly_paid_when_voided(zenskar: Zenskar) -> None:
    note = zenskar.issued(1002, 200)
    zenskar.act("pay", invoice_id=demo(1002), minor=30_000)
    assert zenskar.invoice(1002)["status"] == "paid"
    change(zenskar, note["id"], status="void")
    assert standing(zenskar, 1002) == ("partially_paid", (20_000, 30_000, 50_000))


def test_custom_data_and_line_items_can_be_added_later(zenskar: Zenskar) -> None:
    note = zenskar.issued(1002, 25)
    data = {"key": "k-1", "weight": 0.1, "deep": [{"a": None, "emoji": "☂"}]}
    changed = change(zenskar, note["id"], custom_data=data, line_items={"a": 1}).json()
    assert changed == {**note, "custom_data": data}
    assert zenskar.get(f"/credit_notes/{note['id']}") == changed
    assert change(zenskar, note["id"]).json() == changed


@pytest.mark.parametrize("member", [{"amount": 1}, {"currency": "EUR"}, {"repayment_method": "credits"}, {"status": "paid"}])
def test_the_money_of_an_issued_note_is_fixed(zenskar: Zenskar, member: dict[str, object]) -> None:
    note = zenskar.issued(1002, 25)
    assert refusal(change(zenskar, note["id"], **member)) == (400, "CREDIT_NOTE_CANNOT_BE_CHANGED")
    same = {"amount": 2500, "currency": "usd", "repayment_method": "invoice_adjusted", "status": "issued"}
    assert change(zenskar, note["id"], **same).json() == note


def test_marking_a_note_paid_completes_its_refund(zenskar: Zenskar) -> None:
    note = zenskar.issued(1001, 19, refund_destination="original_payment_method")
    assert change(zenskar, note["id"], status="paid").json()["status"] == "paid"
    assert zenskar.get("/payments", parent_id=demo(11001))["results"][0]["status"] == "success"


@pytest.mark.parametrize(
    ("member", "loc"), [({"status": "lost"}, "status"), ({"amount": 2.5}, "amount"), ({"custom_data": []}, "custom_data")]
)
def test_a_malformed_change_is_refused(zenskar: Zenskar, member: dict[str, object], loc: str) -> None:
    answer = change(zenskar, demo(3001), **member)
    assert (answer.status_code, answer.json()["detail"][0]["loc"]) == (422, ["body", loc])


def test_a_change_needs_a_body_and_a_note(zenskar: Zenskar) -> None:
    assert zenskar.http.patch(f"/credit_notes/{demo(3001)}").json()["detail"][0]["loc"] == ["body"]
    assert change(zenskar, str(uuid.uuid4())).status_code == 404


def test_a_note_written_down_touches_no_invoice(zenskar: Zenskar) -> None:
    note = record(zenskar, invoice_id=demo(1001)).json()
    assert (note["amount"], note["status"], note["repayment_method"]) == (2500, "issued", "credits")
    assert (note["invoice_id"], note["invoice"]["id"], note["credits_returned"]) == (demo(1001), demo(1001), 2500)
    assert zenskar.get("/credit_notes", invoice_id=demo(1001))["results"] == [note]
    invoice = zenskar.invoice(1001)
    assert (invoice["invoice_total"], invoice["amount_due"]) == (11_900, 0)
    assert change(zenskar, note["id"], status="paid", amount=1, currency="USD").json()["currency"] == "USD"
    assert change(zenskar, note["id"], status="void").json()["status"] == "void"


def test_a_note_can_be_without_an_invoice(zenskar: Zenskar) -> None:
    note = record(zenskar, credit_note_number="MY-1", custom_data={"a": 1}).json()
    assert (note["invoice_id"], note["invoice"], note["credit_note_number"]) == (None, None, "MY-1")
    assert refusal(record(zenskar, credit_note_number="MY-1")) == (400, "DUPLICATE_CREDIT_NOTE_NUMBER")


def test_a_preset_id_makes_the_call_repeatable(zenskar: Zenskar) -> None:
    preset = str(uuid.uuid4())
    first = record(zenskar, id=preset)
    assert (first.status_code, first.json()["id"]) == (200, preset)
    assert record(zenskar, id=preset).json() == first.json()
    assert refusal(record(zenskar, id=preset, amount=1)) == (409, "CREDIT_NOTE_ALREADY_EXISTS")


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"customer_id": str(uuid.uuid4())}, "INVALID_CUSTOMER"),
        ({"invoice_id": str(uuid.uuid4())}, "INVALID_INVOICE"),
        ({"invoice_id": demo(1001), "customer_id": GLOBEX}, "INVALID_INVOICE"),
        ({"refund_amount": 5, "refund_amount_split": [{"amount": 4}]}, "INVALID_REFUND_SPLIT"),
        ({"refund_amount": 5}, "INVALID_REFUND_SPLIT"),
        ({"refund_amount_split": [{"amount": 4}]}, "INVALID_REFUND_SPLIT"),
    ],
)
def test_a_note_that_does_not_fit_is_not_written_down(zenskar: Zenskar, more: dict[str, object], code: str) -> None:
    assert refusal(record(zenskar, **more)) == (400, code)


def test_a_split_that_adds_up_is_written_down(zenskar: Zenskar) -> None:
    assert record(zenskar, refund_amount=5, refund_amount_split=[{"amount": 4}, {"amount": 1}]).status_code == 200


def test_six_members_are_required_of_a_note_written_down(zenskar: Zenskar) -> None:
    answer = zenskar.http.post("/credit_notes", json={})
    missing: list[dict[str, Any]] = answer.json()["detail"]
    expected = ["amount", "currency", "customer_id", "status", "repayment_method", "line_items"]
    assert [problem["loc"] for problem in missing] == [["body", name] for name in expected]


def test_a_draft_is_approved_once(zenskar: Zenskar) -> None:
    path = f"/invoices/{demo(1006)}/approve"
    assert zenskar.http.patch(path).status_code == 422
    assert (
        zenskar.http.patch(path, json={"check_duplicate_invoice": True}, params={"send_email": "false"}).json()["status"]
        == "approved"
    )
    assert refusal(zenskar.http.patch(path, json={})) == (400, "INVOICE_CANNOT_BE_APPROVED")
    assert zenskar.issued(1006, 10)["amount"] == 1_000


@pytest.mark.parametrize("tail", [1001, 1002, 1004, 1005, 1006])
def test_an_invoice_with_something_left_is_not_voided(zenskar: Zenskar, tail: int) -> None:
    assert refusal(zenskar.http.patch(f"/invoices/{demo(tail)}/void", json={})) == (400, "INVOICE_CANNOT_BE_VOIDED")


def test_an_unpaid_invoice_can_be_voided_by_hand(zenskar: Zenskar) -> None:
    note = zenskar.issued(1002, 25)
    zenskar.act("void_invoice", invoice_id=demo(1002))
    assert standing(zenskar, 1002) == ("void", (0, 0, 0))
    assert refusal(change(zenskar, note["id"], status="void")) == (400, "CREDIT_NOTE_CANNOT_BE_VOIDED")
    with pytest.raises(ValueError, match="INVOICE_CANNOT_BE_VOIDED"):
        zenskar.act("void_invoice", invoice_id=demo(1004))

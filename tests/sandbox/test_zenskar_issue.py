"""Zenskar's sandbox: a credit note against an invoice, accepted and refused."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import httpx
import pytest

from tests.sandbox.test_zenskar import GLOBEX, Zenskar, demo, running

MEMBERS = {
    "id", "amount", "credits_returned", "currency", "customer_id", "customer", "invoice", "invoice_id", "status", "repayment_method",
    "line_items_url", "custom_data", "created_at", "credit_note_number",
}  # fmt: skip


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


def test_a_note_takes_off_what_is_due(zenskar: Zenskar) -> None:
    note = zenskar.issued(1002, 25.1)
    assert set(note) == MEMBERS
    assert (note["amount"], note["currency"], note["customer_id"], note["invoice_id"]) == (2510, "USD", GLOBEX, demo(1002))
    assert (note["status"], note["repayment_method"], note["credits_returned"]) == ("issued", "invoice_adjusted", None)
    assert note["created_at"].endswith("Z")
    invoice = zenskar.invoice(1002)
    assert (invoice["status"], invoice["invoice_total"], invoice["amount_due"]) == ("approved", 47_490, 47_490)
    assert zenskar.get(f"/credit_notes/{note['id']}") == note


@pytest.mark.parametrize(
    ("tail", "amount", "minor"), [(1003, "15000", 15_000), (2005, "1.234", 1_234), (1001, "119", 11_900), (1001, "1.19e2", 11_900)]
)
def test_an_amount_is_in_major_units_of_the_invoices_currency(zenskar: Zenskar, tail: int, amount: str, minor: int) -> None:
    body = f'{{"credit_note_amount": {amount}, "reason": "x", "refund_destination": "credits"}}'
    headers = {"content-type": "application/json"}
    note = zenskar.http.post(f"/invoices/{demo(tail)}/credit_note", content=body, headers=headers).json()
    assert note["amount"] == minor


@pytest.mark.parametrize(
    ("tail", "amount"), [(1002, "25.001"), (1003, "1.5"), (2005, "0.0001"), (1002, "0.000000000000000000000000001")]
)
def test_more_decimals_than_the_currency_has_are_refused(zenskar: Zenskar, tail: int, amount: str) -> None:
    body = f'{{"credit_note_amount": {amount}, "reason": "x", "refund_destination": "credits"}}'
    headers = {"content-type": "application/json"}
    answer = zenskar.http.post(f"/invoices/{demo(tail)}/credit_note", content=body, headers=headers)
    assert (answer.status_code, answer.json()["detail"][0]["loc"]) == (422, ["body", "credit_note_amount"])


@pytest.mark.parametrize(
    ("body", "locs"),
    [
        ({}, [["body", "credit_note_amount"], ["body", "reason"]]),
        ({"credit_note_amount": None, "reason": None}, [["body", "credit_note_amount"], ["body", "reason"]]),
        ({"credit_note_amount": 0, "reason": "x"}, [["body", "credit_note_amount"]]),
        ({"credit_note_amount": -1, "reason": "x"}, [["body", "credit_note_amount"]]),
        ({"credit_note_amount": "25", "reason": "x"}, [["body", "credit_note_amount"]]),
        ({"credit_note_amount": True, "reason": 5}, [["body", "credit_note_amount"], ["body", "reason"]]),
        ({"credit_note_amount": 1, "reason": "x", "refund_destination": "bank"}, [["body", "refund_destination"]]),
        ({"credit_note_amount": 1, "reason": "x", "refund_amount_split": {}}, [["body", "refund_amount_split"]]),
        (
            {"credit_note_amount": 1, "reason": "x", "refund_amount_split": [{"amount": 0}, {"payment_id": "p", "amount": 1}]},
            [
                ["body", "refund_amount_split", 0, "payment_id"],
                ["body", "refund_amount_split", 0, "amount"],
                ["body", "refund_amount_split", 1, "payment_id"],
            ],
        ),
    ],
)
def test_all_faults_of_a_body_are_told_with_their_places(zenskar: Zenskar, body: dict[str, object], locs: list[object]) -> None:
    answer = zenskar.http.post(f"/invoices/{demo(1002)}/credit_note", json=body)
    assert answer.status_code == 422
    assert [problem["loc"] for problem in answer.json()["detail"]] == locs


def test_faults_of_the_path_and_the_body_come_together(zenskar: Zenskar) -> None:
    answer = zenskar.http.post("/invoices/1002/credit_note", json={"reason": "x"})
    assert [problem["loc"] for problem in answer.json()["detail"]] == [["path", "invoice_id"], ["body", "credit_note_amount"]]


def test_members_nobody_knows_are_let_through(zenskar: Zenskar) -> None:
    assert zenskar.issue(1002, 1, currency="EUR", number="X").status_code == 200


def test_an_unknown_invoice_is_not_found(zenskar: Zenskar) -> None:
    answer = zenskar.http.post(f"/invoices/{uuid.uuid4()}/credit_note", json={"credit_note_amount": 1, "reason": "x"})
    assert refusal(answer) == (404, "NOT_FOUND")


@pytest.mark.parametrize("tail", [1005, 1006])
def test_drafts_and_void_invoices_take_no_note(zenskar: Zenskar, tail: int) -> None:
    assert refusal(zenskar.issue(tail, 1, refund_destination="credits")) == (400, "INVOICE_CANNOT_BE_CREDITED")


@pytest.mark.parametrize(("tail", "amount"), [(1001, 119.01), (1002, 500.01), (1003, 15_001), (1004, 200.01), (1007, 90.01)])
def test_no_more_can_be_credited_than_is_left(zenskar: Zenskar, tail: int, amount: float) -> None:
    assert refusal(zenskar.issue(tail, amount, refund_destination="credits")) == (400, "CREDIT_NOTE_AMOUNT_TOO_HIGH")
    assert zenskar.sandbox.violations() == []


@pytest.mark.parametrize(("tail", "amount"), [(1001, 0.01), (1004, 150.01), (1007, 60.01)])
def test_a_note_that_refunds_a_payment_needs_a_destination(zenskar: Zenskar, tail: int, amount: float) -> None:
    before = zenskar.sandbox.books()
    assert refusal(zenskar.issue(tail, amount)) == (400, "REFUND_DESTINATION_REQUIRED")
    assert refusal(zenskar.issue(tail, amount, refund_destination=None)) == (400, "REFUND_DESTINATION_REQUIRED")
    assert zenskar.sandbox.books() == before


@pytest.mark.parametrize(("tail", "amount"), [(1002, 500), (1004, 150), (1007, 60)])
def test_a_note_that_refunds_nothing_needs_none(zenskar: Zenskar, tail: int, amount: float) -> None:
    assert zenskar.issued(tail, amount)["repayment_method"] in {"invoice_adjusted", "credits"}


@pytest.mark.parametrize(
    ("destination", "method", "status", "returned"),
    [
        ("credits", "credits_against_payment", "issued", 2_000),
        ("external", "external_payment", "paid", None),
        ("original_payment_method", "original_payment_method", "in_progress", None),
    ],
)
def test_a_note_above_what_is_due_lowers_both_parts(
    zenskar: Zenskar, destination: str, method: str, status: str, returned: int | None
) -> None:
    note = zenskar.issued(1004, 170, refund_destination=destination)
    assert (note["amount"], note["repayment_method"], note["status"]) == (17_000, method, status)
    assert note["credits_returned"] == returned
    assert zenskar.row("notes", note["id"])["adjusted"] == 15_000
    assert zenskar.creditable(1004) == (0, 3_000, 3_000)
    assert zenskar.invoice(1004)["status"] == "partially_paid"


def test_wallet_credits_on_the_invoice_go_back_before_payments(zenskar: Zenskar) -> None:
    note = zenskar.issued(1007, 50)
    assert (note["repayment_method"], note["credits_returned"], note["status"]) == ("credits", 3_000, "issued")
    due, refundable, remaining = zenskar.creditable(1007)
    assert (due, refundable, remaining) == (0, 4_000, 4_000)
    rest = zenskar.issued(1007, 40, refund_destination="original_payment_method")
    assert (rest["repayment_method"], rest["credits_returned"]) == ("original_payment_method", 1_000)
    assert zenskar.row("notes", rest["id"])["refunded"] == 3_000
    assert zenskar.creditable(1007) == (0, 0, 0)


@pytest.mark.parametrize(("tail", "amount"), [(1001, 119), (1002, 500), (1003, 15_000), (1004, 200), (1007, 90), (1008, 70)])
def test_crediting_all_of_an_invoice_makes_it_void(zenskar: Zenskar, tail: int, amount: float) -> None:
    zenskar.issued(tail, amount, refund_destination="external")
    invoice = zenskar.invoice(tail)
    assert (invoice["status"], invoice["invoice_total"], invoice["amount_due"]) == ("void", 0, 0)
    assert zenskar.creditable(tail) == (0, 0, 0)
    assert refusal(zenskar.issue(tail, 1, refund_destination="external")) == (400, "INVOICE_CANNOT_BE_CREDITED")


def test_the_same_request_twice_makes_two_notes(zenskar: Zenskar) -> None:
    first, second = zenskar.issued(1002, 200), zenskar.issued(1002, 200)
    assert first["id"] != second["id"]
    assert first["credit_note_number"] != second["credit_note_number"]
    assert refusal(zenskar.issue(1002, 200)) == (400, "CREDIT_NOTE_AMOUNT_TOO_HIGH")


def test_of_two_simultaneous_notes_only_one_fits(zenskar: Zenskar) -> None:
    with ThreadPoolExecutor(max_workers=8) as pool:
        answers = list(pool.map(lambda _: zenskar.issue(1004, 120, refund_destination="external").status_code, range(8)))
    assert sorted(answers) == [200, *[400] * 7]
    assert zenskar.sandbox.violations() == []


def test_a_note_issued_behind_the_back_shows_like_any_other(zenskar: Zenskar) -> None:
    row = zenskar.act("issue", invoice_id=demo(1004), minor=17_000)
    note = zenskar.get("/credit_notes", invoice_id=demo(1004))["results"][0]
    assert (note["id"], note["amount"], note["repayment_method"]) == (row["id"], 17_000, "credits_against_payment")


def test_money_stays_exact_beyond_what_a_binary_fraction_holds(zenskar: Zenskar) -> None:
    amounts = [Decimal("0.1"), Decimal("0.2"), Decimal("0.7"), Decimal("1.15"), Decimal("8.03")]
    assert [zenskar.issued(1002, float(amount))["amount"] for amount in amounts] == [10, 20, 70, 115, 803]
    assert zenskar.invoice(1002)["amount_due"] == 50_000 - 1_018

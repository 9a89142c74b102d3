"""Zenskar's sandbox: payments, refunds without a note, wallet credits."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from tests.sandbox.test_zenskar import ACME, GLOBEX, Zenskar, demo, running

FIRST = demo(11004)


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


def pay(zenskar: Zenskar, minor: float, *tails: int, **more: object) -> httpx.Response:
    parts = [{"invoice_id": demo(tail), "amount": minor // len(tails)} for tail in tails]
    body = {"amount": minor, "currency_code": "EUR", "payment_parts": parts, "status": "success", **more}
    return zenskar.http.post("/payments", json=body)


def test_a_payment_behind_the_back_lowers_what_is_due(zenskar: Zenskar) -> None:
    zenskar.act("pay", invoice_id=demo(1002), minor=20_000)
    assert (zenskar.creditable(1002), zenskar.invoice(1002)["status"]) == ((30_000, 20_000, 50_000), "partially_paid")
    zenskar.act("pay", invoice_id=demo(1002), minor=30_000)
    assert (zenskar.creditable(1002), zenskar.invoice(1002)["status"]) == ((0, 50_000, 50_000), "paid")


def test_a_manual_payment_is_recorded_for_several_invoices(zenskar: Zenskar) -> None:
    zenskar.act("approve", invoice_id=demo(1006))
    payment = pay(zenskar, 4_000, 1006, 1007, payment_method="cash", external_id="slip-1", timestamp="2026-01-02T03:04:05Z").json()
    assert (payment["amount"], payment["customer_id"], payment["payment_method"]) == ("4000", ACME, "cash")
    assert (payment["external_id"], payment["timestamp"]) == ("slip-1", "2026-01-02T03:04:05.000000Z")
    assert (zenskar.invoice(1006)["amount_due"], zenskar.invoice(1007)["status"]) == (4_000, "paid")


def test_a_payment_that_has_not_succeeded_moves_nothing(zenskar: Zenskar) -> None:
    assert pay(zenskar, 1_000, 1004, status="in_progress").json()["status"] == "in_progress"
    assert zenskar.creditable(1004) == (15_000, 5_000, 20_000)
    assert len(zenskar.originals(1004)) == 2


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (lambda z: pay(z, 15_001, 1004), (400, "INVOICE_CANNOT_BE_PAID")),
        (lambda z: pay(z, 1_000, 1006), (400, "INVOICE_CANNOT_BE_PAID")),
        (lambda z: pay(z, 2_000, 1004, 1004), (400, "INVALID_PAYMENT_PARTS")),
        (lambda z: pay(z, 2_000, 1004, amount=1_999), (400, "INVALID_PAYMENT_PARTS")),
        (lambda z: pay(z, 2_000, 9999), (400, "INVALID_PAYMENT_PARTS")),
        (lambda z: pay(z, 2_000, 1004, currency_code="USD"), (400, "INVALID_PAYMENT_PARTS")),
        (lambda z: pay(z, 2_000, 1004, customer_id=ACME), (400, "INVALID_CUSTOMER")),
        (lambda z: pay(z, 2_000, 1004, type="refund"), (400, "INVALID_PAYMENT_TYPE")),
        (lambda z: pay(z, 2_000, 1004, status="refunded"), (400, "INVALID_PAYMENT_STATUS")),
    ],
)
def test_a_payment_that_cannot_be_is_refused(zenskar: Zenskar, answer: object, expected: tuple[int, str]) -> None:
    before = zenskar.sandbox.books()
    assert callable(answer)
    assert refusal(answer(zenskar)) == expected
    assert zenskar.sandbox.books() == before


@pytest.mark.parametrize(
    ("more", "loc"),
    [
        ({"amount": 10.5}, ["body", "amount"]),
        ({"amount": 0}, ["body", "amount"]),
        ({"currency_code": "EURO"}, ["body", "currency_code"]),
        ({"payment_parts": [{"amount": 1}]}, ["body", "payment_parts", 0, "invoice_id"]),
        ({"payment_method": "shells"}, ["body", "payment_method"]),
        ({"timestamp": "2026-01-02T03:04:05"}, ["body", "timestamp"]),
        ({"timestamp": "9999-12-31T23:59:59-14:00"}, ["body", "timestamp"]),
    ],
)
def test_a_malformed_payment_is_refused(zenskar: Zenskar, more: dict[str, object], loc: list[object]) -> None:
    answer = pay(zenskar, 1_000, 1004, **more)
    assert (answer.status_code, answer.json()["detail"][0]["loc"]) == (422, loc)


def refund(zenskar: Zenskar, payment_id: str, **more: object) -> httpx.Response:
    body = {"refund_destination": "external", "writeoff_invoices": False, **more}
    return zenskar.http.post(f"/payments/{payment_id}/refund", json=body)


def test_a_refund_without_a_note_makes_the_invoice_owed_again(zenskar: Zenskar) -> None:
    assert refund(zenskar, demo(11001), refund_amount=1_900).json() == {}
    assert (zenskar.invoice(1001)["status"], zenskar.creditable(1001)) == ("partially_paid", (1_900, 10_000, 11_900))
    assert refund(zenskar, demo(11001), refund_amount=0).status_code == 200
    assert (zenskar.invoice(1001)["status"], zenskar.creditable(1001)) == ("approved", (11_900, 0, 11_900))
    assert refusal(refund(zenskar, demo(11001))) == (400, "REFUND_AMOUNT_TOO_HIGH")


def test_a_refund_can_write_the_invoice_off_instead(zenskar: Zenskar) -> None:
    refund(zenskar, demo(11001), refund_amount=1_900, writeoff_invoices=True)
    assert (zenskar.invoice(1001)["status"], zenskar.creditable(1001)) == ("paid", (0, 10_000, 10_000))


def test_a_refund_goes_over_the_parts_of_a_payment_in_order(zenskar: Zenskar) -> None:
    refund(zenskar, demo(11008), refund_amount=8_000)
    assert zenskar.creditable(1008) == (7_000, 0, 7_000)
    assert zenskar.creditable(1009) == (1_000, 4_000, 5_000)
    parts = [{"invoice_id": demo(1009), "amount": 4_000}]
    assert refund(zenskar, demo(11008), refund_payment_part_amounts=parts, refund_amount=4_000).status_code == 200
    assert zenskar.creditable(1009) == (5_000, 0, 5_000)


@pytest.mark.parametrize(
    ("payment_id", "more", "expected"),
    [
        (demo(11001), {"refund_amount": 11_901}, (400, "REFUND_AMOUNT_TOO_HIGH")),
        (demo(11008), {"refund_amount": 12_001}, (400, "REFUND_AMOUNT_TOO_HIGH")),
        (
            demo(11008),
            {"refund_payment_part_amounts": [{"invoice_id": demo(1009), "amount": 5_001}]},
            (400, "REFUND_AMOUNT_TOO_HIGH"),
        ),
        (
            demo(11008),
            {"refund_amount": 2, "refund_payment_part_amounts": [{"invoice_id": demo(1009), "amount": 1}]},
            (400, "INVALID_REFUND_PARTS"),
        ),
        (
            demo(11008),
            {"refund_payment_part_amounts": [{"invoice_id": demo(1009), "amount": 1}] * 2},
            (400, "INVALID_REFUND_PARTS"),
        ),
        ("cac1f549-fbbc-4e69-9d4e-cbcce2f8870f", {}, (404, "NOT_FOUND")),
    ],
)
def test_no_payment_is_refunded_beyond_what_is_left_of_it(
    zenskar: Zenskar, payment_id: str, more: dict[str, object], expected: tuple[int, str]
) -> None:
    assert refusal(refund(zenskar, payment_id, **more)) == expected
    assert zenskar.sandbox.violations() == []


def test_a_payment_that_never_succeeded_is_not_refunded(zenskar: Zenskar) -> None:
    waiting = pay(zenskar, 1_000, 1004, status="created").json()["id"]
    assert refusal(refund(zenskar, waiting)) == (400, "PAYMENT_CANNOT_BE_REFUNDED")
    loose = zenskar.http.post("/payments", json={"amount": 500, "currency_code": "EUR", "status": "success"}).json()
    assert (loose["invoices"], loose["customer_id"]) == ([], None)
    assert refusal(refund(zenskar, loose["id"], refund_destination="credits")) == (400, "PAYMENT_CANNOT_BE_REFUNDED")
    assert refund(zenskar, loose["id"]).status_code == 200
    assert zenskar.get(f"/payments/{loose['id']}")["status"] == "refunded"


def test_a_refund_of_a_payment_can_become_wallet_credits_for_another_invoice(zenskar: Zenskar) -> None:
    zenskar.act("refund", payment_id=FIRST, minor=3_000, refund_destination="credits")
    row = zenskar.act("apply_credits", invoice_id=demo(1004), minor=3_000)
    assert (row["due"], row["applied"]) == (15_000, 3_000)
    assert zenskar.creditable(1004) == (15_000, 5_000, 20_000)
    with pytest.raises(ValueError, match="NOT_ENOUGH_CREDITS"):
        zenskar.act("apply_credits", invoice_id=demo(1004), minor=1)
    assert zenskar.act("top_up", customer_id=GLOBEX, currency="eur", minor=5)["minor"] == 5

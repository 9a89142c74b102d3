"""Zenskar's sandbox: how notes refund payments."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import httpx
import pytest

from tests.sandbox.test_zenskar import Zenskar, demo, running

FIRST, SECOND = demo(11004), demo(21004)


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


def split(*parts: tuple[str, float]) -> list[dict[str, object]]:
    return [{"payment_id": payment_id, "amount": amount} for payment_id, amount in parts]


def test_without_a_split_the_oldest_payment_goes_first(zenskar: Zenskar) -> None:
    zenskar.issued(1004, 190, refund_destination="external")
    first, second = zenskar.originals(1004)
    assert (first["id"], first["status"], first["amount_refunded"]) == (FIRST, "refunded", "3000")
    assert (second["id"], second["status"], second["amount_refunded"]) == (SECOND, "partially_refunded", "1000")


def test_a_split_is_followed(zenskar: Zenskar) -> None:
    parts = split((SECOND, 20), (FIRST, 5))
    zenskar.issued(1004, 175, refund_destination="original_payment_method", refund_amount_split=parts)
    assert [payment["amount_refunded"] for payment in zenskar.originals(1004)] == ["500", "2000"]


def test_one_payment_named_twice_is_added_up(zenskar: Zenskar) -> None:
    zenskar.issued(1004, 175, refund_destination="external", refund_amount_split=split((FIRST, 20), (FIRST, 5)))
    assert [payment["amount_refunded"] for payment in zenskar.originals(1004)] == ["2500", "0"]


@pytest.mark.parametrize(
    "parts",
    [
        [],
        split((FIRST, 24)),
        split((FIRST, 26)),
        split((FIRST, 4), (SECOND, 21)),
        split((SECOND, 15), (SECOND, 10)),
        split((demo(11001), 25)),
        split((str(uuid.uuid4()), 25)),
    ],
)
def test_a_split_must_fit_the_refund_and_the_payments(zenskar: Zenskar, parts: list[dict[str, object]]) -> None:
    before = zenskar.sandbox.books()
    answer = zenskar.issue(1004, 175, refund_destination="external", refund_amount_split=parts)
    assert refusal(answer) == (400, "INVALID_REFUND_SPLIT")
    assert zenskar.sandbox.books() == before


def test_a_split_where_nothing_is_refunded_is_refused(zenskar: Zenskar) -> None:
    answer = zenskar.issue(1004, 150, refund_destination="external", refund_amount_split=split((FIRST, 1)))
    assert refusal(answer) == (400, "INVALID_REFUND_SPLIT")


def test_a_split_amount_keeps_to_the_currencys_digits(zenskar: Zenskar) -> None:
    answer = zenskar.issue(1004, 175, refund_destination="external", refund_amount_split=split((FIRST, 24.999)))
    assert answer.json()["detail"][0]["loc"] == ["body", "refund_amount_split", 0, "amount"]


def test_refunds_are_rows_of_the_payment_list(zenskar: Zenskar) -> None:
    zenskar.issued(1004, 160, refund_destination="external")
    [row] = zenskar.get("/payments", parent_id=FIRST)["results"]
    assert (row["type"], row["status"], row["amount"], row["currency_code"]) == ("refund", "success", "1000", "EUR")
    assert [(part["invoice_id"], part["amount"]) for part in row["invoices"]] == [(demo(1004), "1000")]
    assert zenskar.get(f"/payments/{row['id']}") == row
    assert row["id"] in {each["id"] for each in zenskar.get(f"/payments/invoice/{demo(1004)}")}
    assert row["id"] not in {each["id"] for each in zenskar.originals(1004)}
    assert zenskar.get(f"/invoices/{demo(1004)}/payments") == zenskar.get(f"/payments/invoice/{demo(1004)}")


def test_a_refund_to_the_original_method_is_under_way_until_its_time(zenskar: Zenskar) -> None:
    note = zenskar.issued(1001, 19, refund_destination="original_payment_method")
    assert note["status"] == "in_progress"
    [row] = zenskar.get("/payments", parent_id=demo(11001))["results"]
    assert (row["status"], row["payment_method"]) == ("in_progress", "card")
    assert row["id"] not in {each["id"] for each in zenskar.get(f"/payments/invoice/{demo(1001)}")}
    zenskar.clock.advance(61)
    assert zenskar.get(f"/credit_notes/{note['id']}")["status"] == "paid"
    assert zenskar.get(f"/payments/{row['id']}")["status"] == "success"


def test_settling_completes_refunds_early(zenskar: Zenskar) -> None:
    note = zenskar.issued(1001, 19, refund_destination="original_payment_method")
    [refund] = zenskar.act("settle", note_id=note["id"])
    assert zenskar.row("refunds", refund)["status"] == "success"
    assert zenskar.get(f"/credit_notes/{note['id']}")["status"] == "paid"
    with pytest.raises(ValueError, match="NOTHING_TO_SETTLE"):
        zenskar.act("settle", note_id=note["id"])
    assert len(zenskar.act("settle")) == 10
    assert zenskar.get("/credit_notes", status="in_progress")["total_count"] == 0


def test_a_note_over_two_payments_is_paid_once_both_refunds_are(zenskar: Zenskar) -> None:
    note = zenskar.issued(1004, 200, refund_destination="original_payment_method")
    refunds = [row["id"] for row in zenskar.sandbox.books()["refunds"] if row["note_id"] == note["id"]]
    zenskar.act("settle", refund_id=refunds[0])
    assert zenskar.get(f"/credit_notes/{note['id']}")["status"] == "in_progress"
    zenskar.act("settle", refund_id=refunds[1])
    assert zenskar.get(f"/credit_notes/{note['id']}")["status"] == "paid"


def test_of_a_shared_payment_only_the_invoices_own_part_is_refunded(zenskar: Zenskar) -> None:
    zenskar.issued(1009, 50, refund_destination="external")
    [payment] = zenskar.originals(1008)
    assert (payment["amount"], payment["amount_refunded"], payment["status"]) == ("12000", "5000", "partially_refunded")
    assert [(part["invoice_id"], part["amount_refunded"]) for part in payment["invoices"]] == [
        (demo(1008), "0"),
        (demo(1009), "5000"),
    ]
    assert zenskar.creditable(1008) == (0, 7_000, 7_000)
    assert zenskar.creditable(1009) == (0, 0, 0)

"""The older interfaces of the vcita sandbox: refunds and webhooks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal

import httpx
import pytest

from tests.sandbox.test_vcita_desk import BUSINESS, PLATFORM, Desk, data, errors, invoice_uid, open_desk


@pytest.fixture(scope="module")
def opened() -> Iterator[Desk]:
    with open_desk() as desk:
        yield desk


@pytest.fixture
def desk(opened: Desk) -> Iterator[Desk]:
    yield opened.fresh()
    assert opened.sandbox.violations() == []


REFUNDS = f"{BUSINESS}/refunds"
SUBSCRIBE, UNSUBSCRIBE = f"{PLATFORM}/webhook/subscribe", f"{PLATFORM}/webhook/unsubscribe"
TARGET = "https://partner.example/hook"


def refunded(desk: Desk, **members: object) -> httpx.Response:
    return desk.post(REFUNDS, {"refund": members})


def test_a_refund_gives_back_what_is_left_unless_told_how_much(desk: Desk) -> None:
    first = refunded(desk, payment_uid="pay0000000001001", amount=Decimal("19.5"))
    assert first.status_code == 201
    assert (data(first)["refund"]["amount"], data(first)["refund"]["provider_refund_id"]) == ("19.5", None)
    assert desk.row("payments", "pay0000000001001")["status"] == "paid"
    assert data(refunded(desk, payment_uid="pay0000000001001"))["refund"]["amount"] == "99.5"
    assert desk.row("payments", "pay0000000001001")["status"] == "refunded"
    assert desk.row("invoices", invoice_uid(1001))["paid_minor"] == 0


def test_a_refund_finds_its_payment_by_the_transaction_too(desk: Desk) -> None:
    transaction = data(desk.get(f"{BUSINESS}/payments/pay0000000001003"))["data"]["payment"]["provider_transaction_id"]
    assert data(refunded(desk, provider_transaction_id=transaction))["refund"]["payment_uid"] == "pay0000000001003"


def test_a_refund_made_elsewhere_is_recorded(desk: Desk) -> None:
    members = {"record_refund": True, "provider_refund_id": "re_1", "refund_time": "2026-01-02T03:04:05Z"}
    refund = data(refunded(desk, payment_uid="pay0000000001001", amount=1, **members))["refund"]
    assert (refund["provider_refund_id"], refund["refund_time"]) == ("re_1", "2026-01-02T03:04:05Z")
    assert desk.row("refunds", refund["uid"])["status"] == "recorded"


@pytest.mark.parametrize(
    ("members", "field"),
    [
        ({}, "refund.payment_uid"),
        ({"payment_uid": 5}, "refund.payment_uid"),
        ({"payment_uid": "pay0000000001001", "amount": "5"}, "refund.amount"),
        ({"payment_uid": "pay0000000001001", "amount": 0}, "amount"),
        ({"payment_uid": "pay0000000001001", "amount": Decimal("0.001")}, "refund.amount"),
        ({"payment_uid": "pay0000000001001", "amount": Decimal("119.01")}, "amount"),
        ({"payment_uid": "pay0000000001001", "provider_refund_id": "re_1"}, "refund.record_refund"),
        ({"payment_uid": "pay0000000001001", "record_refund": True, "refund_time": "noon"}, "refund.refund_time"),
        ({"payment_uid": "nothing"}, "payment_uid"),
    ],
)
def test_a_refund_that_breaks_a_rule_is_422(desk: Desk, members: dict[str, object], field: str) -> None:
    answer = refunded(desk, **members)
    assert (answer.status_code, errors(answer)[0]["field"]) == (422, field)
    assert desk.sandbox.books()["refunds"] == []


def test_a_refund_must_be_there_and_a_refunded_payment_is_not_refunded_again(desk: Desk) -> None:
    assert desk.post(REFUNDS, {}).status_code == 422
    assert refunded(desk, payment_uid="pay0000000001001").status_code == 201
    assert errors(refunded(desk, payment_uid="pay0000000001001"))[0]["field"] == "payment_uid"


def subscribed(desk: Desk, event: object, target: object = TARGET, path: str = SUBSCRIBE) -> httpx.Response:
    return desk.post(path, {"event": event, "target_url": target})


def test_a_webhook_is_subscribed_once_listed_and_unsubscribed(desk: Desk) -> None:
    answer = subscribed(desk, "payment/refunded")
    assert (answer.status_code, answer.json()["status"]) == (201, "OK")
    assert subscribed(desk, "payment/refunded").status_code == 422
    [webhook] = desk.get(f"{PLATFORM}/webhooks").json()["data"]["webhooks"]
    assert webhook == {**answer.json()["data"], "event": "payment/refunded", "target_url": TARGET}
    answer = subscribed(desk, "payment/refunded", path=UNSUBSCRIBE)
    assert (answer.status_code, answer.json()) == (200, {"response": "Unsubscribed"})
    assert desk.get(f"{PLATFORM}/webhooks").json()["data"]["webhooks"] == []


@pytest.mark.parametrize(
    ("event", "target", "status"),
    [("credit_note/created", TARGET, 500), ("nonsense", TARGET, 400), ("payment/paid", "nowhere", 400), (7, TARGET, 400)],
)
def test_there_is_no_webhook_about_credit_notes(desk: Desk, event: object, target: str, status: int) -> None:
    answer = subscribed(desk, event, target)
    assert answer.status_code == status
    assert answer.json().get("response") == ("Not Subscribed" if status == 500 else None)


def test_what_would_be_delivered_can_be_read_in_the_books(desk: Desk) -> None:
    subscribed(desk, "payment/refunded")
    subscribed(desk, "invoice/updated")
    refunded(desk, payment_uid="pay0000000001001", amount=5)
    desk.act("cancel", invoice_id=invoice_uid(1002))
    payment, invoice = (json.loads(str(row["body"])) for row in desk.sandbox.books()["deliveries"])
    assert (payment["entity_name"], payment["event_type"], payment["data"]["payment_id"]) == (
        "payment",
        "refunded",
        "pay0000000001001",
    )
    assert payment["data"]["payment_requests"] == [{"type": "Invoice", "id": invoice_uid(1001)}]
    assert (invoice["entity_name"], invoice["data"]["id"], invoice["data"]["status"]) == (
        "invoice",
        invoice_uid(1002),
        "cancelled",
    )

"""Making, changing and cancelling invoices at the vcita sandbox, in Flex and in Strict Mode."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import httpx
import pytest

from tests.sandbox.test_vcita_desk import BUSINESS, INVOICES, Desk, data, errors, exact, invoice_uid, line, open_desk


@pytest.fixture(scope="module")
def opened() -> Iterator[Desk]:
    with open_desk() as desk:
        yield desk


@pytest.fixture
def desk(opened: Desk) -> Iterator[Desk]:
    yield opened.fresh()
    assert opened.sandbox.violations() == []


VAT, CITY = "tax0000000000019", "tax0000000000025"


def wanted(**members: Any) -> dict[str, Any]:
    lines = [{"name": "Hosting", "quantity": 3, "unit_amount": Decimal("49.90"), "tax_uids": [VAT, CITY]}]
    return {
        "matter_uid": "matter00000acme0",
        "issue_date": "2026-03-01",
        "due_date": "2026-03-15",
        "currency": "EUR",
        "line_items": lines,
        **members,
    }


def made(desk: Desk, **members: Any) -> dict[str, Any]:
    answer = desk.post(INVOICES, wanted(**members))
    assert answer.status_code == 201, answer.text
    invoice: dict[str, Any] = data(answer)
    return invoice


def changed(desk: Desk, uid: str, **members: Any) -> httpx.Response:
    return desk.put(f"{INVOICES}/{uid}", wanted(**members))


def test_a_new_invoice_is_issued_with_its_totals(desk: Desk) -> None:
    invoice = made(desk)
    assert invoice["status"] == "ISSUED"
    assert (invoice["net_total"], invoice["taxes"], invoice["grand_total"]) == (
        Decimal("149.7"),
        Decimal("32.18"),  # 28.443 and 3.7425, each rounded
        Decimal("181.88"),
    )
    assert desk.note(1002, line(1)).status_code == 201
    body = {"invoice_uid": invoice["uid"], "line_items": [line(Decimal("181.88"))]}
    assert desk.post("/v3/payments/credit_notes", body).status_code == 201


@pytest.mark.parametrize(
    ("discount", "net"),
    [({"discount_type": "percent", "amount": 10}, "134.73"), ({"discount_type": "amount", "amount": Decimal("49.70")}, "100")],
)
def test_a_discount_comes_off_before_tax(desk: Desk, discount: dict[str, object], net: str) -> None:
    lines = [{"name": "Hosting", "quantity": 3, "unit_amount": Decimal("49.90"), "tax_uids": [VAT], "discount": discount}]
    invoice = made(desk, line_items=lines)
    assert invoice["net_total"] == Decimal(net)
    assert invoice["line_items"][0]["discount"] == discount


def test_an_invoice_of_an_inclusive_business_has_its_tax_inside(desk: Desk) -> None:
    desk.sandbox.switches.set("tax_mode", "include")
    invoice = made(desk, line_items=[{"name": "Ticket", "quantity": 1, "unit_amount": Decimal(119), "tax_uids": [VAT]}])
    assert (invoice["net_total"], invoice["taxes"], invoice["grand_total"]) == (100, 19, 119)
    assert data(desk.get(f"{BUSINESS}/invoices/{invoice['uid']}"))["invoice"]["metadata"]["tax_mode"] == "include"


def test_lines_can_stand_in_groups(desk: Desk) -> None:
    groups = [{"name": "May", "line_item_group_index": 0, "line_items": wanted()["line_items"]}]
    invoice = made(desk, line_items=None, line_item_groups=groups)
    assert "line_items" not in invoice
    assert invoice["line_item_groups"][0]["line_items"][0]["name"] == "Hosting"
    shown = data(desk.get(f"{BUSINESS}/invoices/{invoice['uid']}"))["invoice"]
    assert shown["items"] == []
    assert shown["sections"][0]["total_amount"] == "181.88"
    assert invoice["grand_total"] == Decimal("181.88")


def test_what_only_looks_depend_on_comes_back_as_it_was_sent(desk: Desk) -> None:
    looks = {"note": "Thanks", "allow_online_payment": True, "additional_recipients": ["a@acme.example"], "purchase_order": "PO-1"}
    invoice = made(desk, **looks, notify_recipient=True)
    assert {name: invoice[name] for name in looks} == looks


@pytest.mark.parametrize(
    ("members", "status", "field"),
    [
        ({"matter_uid": None}, 400, "matter_uid"),
        ({"currency": 7}, 400, "currency"),
        ({"line_items": None}, 400, "line_items"),
        ({"line_items": []}, 422, "line_items"),
        ({"due_date": "soon"}, 422, "due_date"),
        ({"due_date": "2026-02-01"}, 422, "due_date"),
        ({"matter_uid": "matter0000000000"}, 422, "matter_uid"),
        ({"currency": "EURO"}, 422, "currency"),
        ({"status": "CANCELLED"}, 422, "status"),
        ({"status": "PAID"}, 422, "status"),
        ({"unique_number": "1001"}, 422, "unique_number"),
        ({"line_items": [{"name": "x", "quantity": 0, "unit_amount": 1}]}, 422, "line_items.0.quantity"),
        ({"line_items": [{"name": "x", "quantity": 1, "unit_amount": 1, "tax_uids": ["none"]}]}, 422, "line_items.0.tax_uids"),
        ({"line_items": [{"name": "x", "quantity": 1, "unit_amount": 1, "tax_uids": [VAT] * 4}]}, 422, "line_items.0.tax_uids"),
        ({"line_items": [{"name": "x", "quantity": 10**11, "unit_amount": 10**11}]}, 422, "line_items"),
        (
            {"line_items": [{"name": "x", "quantity": 1, "unit_amount": 1, "discount": {"discount_type": "amount", "amount": 2}}]},
            422,
            "line_items",
        ),
        (
            {
                "line_items": [
                    {"name": "x", "quantity": 1, "unit_amount": 1, "discount": {"discount_type": "percent", "amount": 101}}
                ]
            },
            422,
            "line_items.0.discount.amount",
        ),
    ],
)
def test_an_invoice_that_breaks_a_rule_is_refused(desk: Desk, members: dict[str, Any], status: int, field: str) -> None:
    before = desk.sandbox.books()
    answer = desk.post(INVOICES, wanted(**members))
    assert (answer.status_code, errors(answer)[0]["field"]) == (status, field)
    assert desk.sandbox.books() == before


def test_an_update_keeps_the_lines_it_names(desk: Desk) -> None:
    invoice = made(desk)
    kept = {**invoice["line_items"][0], "quantity": 1}
    answer = changed(desk, invoice["uid"], line_items=[kept, wanted()["line_items"][0]])
    assert answer.status_code == 200
    lines = data(answer)["line_items"]
    assert lines[0]["uid"] == kept["uid"] != lines[1]["uid"]
    assert data(answer)["grand_total"] == Decimal("60.63") + Decimal("181.88")
    assert errors(changed(desk, invoice["uid"], line_items=[{**kept, "uid": "strange"}]))[0]["code"] == "invalid_reference"


def test_a_draft_becomes_an_invoice_by_an_update(desk: Desk) -> None:
    invoice = made(desk, status="DRAFT")
    assert desk.row("invoices", invoice["uid"])["creditable_minor"] == 0
    assert data(changed(desk, invoice["uid"], status="ISSUED"))["status"] == "ISSUED"
    assert errors(changed(desk, invoice["uid"], status="DRAFT"))[0]["field"] == "status"


def test_an_unknown_invoice_cannot_be_changed(desk: Desk) -> None:
    assert changed(desk, "nothing").status_code == 404


@pytest.mark.parametrize("number", [1001, 2003])
def test_an_invoice_with_payments_or_notes_is_neither_changed_nor_cancelled(desk: Desk, number: int) -> None:
    assert changed(desk, invoice_uid(number)).status_code == 422
    assert desk.put(f"{BUSINESS}/invoices/{invoice_uid(number)}/cancel", {}).status_code == 422


def test_cancelling_answers_the_invoice_as_the_business_api_shows_it(desk: Desk) -> None:
    answer = desk.client.put(f"{BUSINESS}/invoices/{invoice_uid(1002)}/cancel")
    assert answer.status_code == 200
    assert exact(answer)["data"]["invoice"]["status"] == "CANCELLED"
    assert desk.row("invoices", invoice_uid(1002))["creditable_minor"] == 0
    assert desk.put(f"{BUSINESS}/invoices/{invoice_uid(1002)}/cancel", {"unlink_activities": True}).status_code == 422


def test_cancelling_looks_at_its_body_and_at_the_invoice(desk: Desk) -> None:
    assert desk.put(f"{BUSINESS}/invoices/{invoice_uid(1002)}/cancel", {"unlink_activities": "yes"}).status_code == 400
    assert desk.put(f"{BUSINESS}/invoices/nothing/cancel", {}).status_code == 422


def test_an_update_can_cancel(desk: Desk) -> None:
    assert data(changed(desk, invoice_uid(1002), status="CANCELLED"))["status"] == "CANCELLED"
    assert changed(desk, invoice_uid(1002)).status_code == 422


def test_in_strict_mode_an_issued_invoice_stays_as_it_is_and_only_a_draft_is_cancelled(desk: Desk) -> None:
    desk.sandbox.switches.set("strict_mode", "on")
    assert changed(desk, invoice_uid(1002)).status_code == 422
    assert desk.put(f"{BUSINESS}/invoices/{invoice_uid(1002)}/cancel", {}).status_code == 422
    assert desk.put(f"{BUSINESS}/invoices/{invoice_uid(1008)}/cancel", {}).status_code == 200
    desk.sandbox.reset()  # the demonstration is the same in Strict Mode
    assert desk.row("invoices", invoice_uid(1005))["status"] == "CANCELLED"

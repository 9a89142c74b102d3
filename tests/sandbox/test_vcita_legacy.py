"""The older interfaces of the vcita sandbox: odd shapes of invoices, payments and payment requests."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from tests.sandbox.test_vcita_desk import BUSINESS, PLATFORM, Desk, data, errors, exact, invoice_uid, open_desk


@pytest.fixture(scope="module")
def opened() -> Iterator[Desk]:
    with open_desk() as desk:
        yield desk


@pytest.fixture
def desk(opened: Desk) -> Iterator[Desk]:
    yield opened.fresh()
    assert opened.sandbox.violations() == []


def business(desk: Desk, number: int) -> dict[str, Any]:
    invoice: dict[str, Any] = data(desk.get(f"{BUSINESS}/invoices/{invoice_uid(number)}"))["invoice"]
    return invoice


def platform(desk: Desk, number: int) -> dict[str, Any]:
    answer = exact(desk.get(f"{PLATFORM}/invoices/{invoice_uid(number)}"))
    assert answer["status"] == "OK"
    invoice: dict[str, Any] = answer["data"]["invoice"]
    return invoice


def test_the_business_invoice_mixes_strings_and_numbers(desk: Desk) -> None:
    invoice = business(desk, 1001)
    assert (invoice["subtotal"], invoice["total"], invoice["total_tax"]) == ("100.0", 119, 19)
    assert invoice["taxes"] == [{"name": "VAT", "rate": 19, "tax_total": 19}]
    plan, support = invoice["items"]
    assert (plan["name"], plan["quantity"], plan["unit_amount"], plan["sub_total"], plan["grand_total"]) == (
        "Team plan",
        2,
        "40.0",
        "80.0",
        "95.2",
    )
    assert plan["taxes"] == [{"name": "VAT", "rate": 19, "tax_total": Decimal("15.2")}]
    assert (plan["discount"], support["unit_amount"]) == (None, "20.0")
    assert invoice["metadata"]["tax_mode"] == "exclude"
    assert (invoice["matter_uid"], invoice["payment_status_uid"]) == ("matter00000acme0", "prq0000000001001")


def test_the_business_invoice_shows_discounts_and_several_taxes(desk: Desk) -> None:
    hosting = business(desk, 1006)["items"][0]
    assert hosting["discount"] == {"amount": "14.97", "percent": "10.0"}
    assert (hosting["sub_total"], hosting["grand_total"]) == ("134.73", "163.7")
    assert [(tax["name"], tax["rate"], tax["tax_total"]) for tax in hosting["taxes"]] == [
        ("VAT", 19, Decimal("25.6")),
        ("City tax", Decimal("2.5"), Decimal("3.37")),
    ]


def test_the_business_invoice_says_when_tax_is_included(desk: Desk) -> None:
    invoice = business(desk, 1007)
    assert invoice["metadata"]["tax_mode"] == "include"
    assert (invoice["subtotal"], invoice["total"], invoice["total_tax"]) == ("110.0", Decimal("129.7"), Decimal("19.7"))
    assert (invoice["items"][0]["unit_amount"], invoice["items"][0]["grand_total"]) == ("59.5", "119.0")


@pytest.mark.parametrize(("number", "status"), [(1001, "ISSUED"), (1005, "CANCELLED"), (1008, "DRAFT")])
def test_the_business_invoice_has_the_status_of_the_invoice(desk: Desk, number: int, status: str) -> None:
    assert business(desk, number)["status"] == status


@pytest.mark.parametrize(("number", "text"), [(1003, "15000.0"), (2005, "105.0")])
def test_money_as_a_string_has_at_least_one_decimal_in_any_currency(desk: Desk, number: int, text: str) -> None:
    assert business(desk, number)["subtotal"] == text


def test_the_older_money_can_be_numbers_throughout(desk: Desk) -> None:
    desk.sandbox.switches.set("legacy_money", "numbers")
    assert business(desk, 1001)["subtotal"] == 100
    assert business(desk, 1001)["items"][0]["unit_amount"] == 40


@pytest.mark.parametrize("path", ["invoices/nothing", "payments/nothing", "payment_requests/nothing"])
def test_what_the_business_api_does_not_find_is_422_or_by_switch_404(desk: Desk, path: str) -> None:
    answer = desk.get(f"{BUSINESS}/{path}")
    assert (answer.status_code, errors(answer)[0]["code"], errors(answer)[0]["message"]) == (422, "missing", "Not Found")
    desk.sandbox.switches.set("legacy_missing", "404")
    assert desk.get(f"{BUSINESS}/{path}").status_code == 404


def test_a_platform_read_is_answered_201_or_by_switch_200(desk: Desk) -> None:
    path = f"{PLATFORM}/invoices/{invoice_uid(1001)}"
    assert desk.get(path).status_code == desk.get(f"{PLATFORM}/invoices").status_code == 201
    desk.sandbox.switches.set("platform_status", "200")
    assert desk.get(path).status_code == desk.get(f"{PLATFORM}/invoices").status_code == 200


def test_the_platform_invoice_has_numbers_and_no_ids_of_lines(desk: Desk) -> None:
    invoice = platform(desk, 1006)
    assert (invoice["id"], invoice["amount"], invoice["client_id"]) == (
        invoice_uid(1006),
        Decimal("282.7"),
        "client00000acme0",
    )
    assert invoice["items"][0] == {
        "title": "Hosting",
        "description": None,
        "amount": Decimal("49.9"),
        "quantity": 3,
        "discount": Decimal("14.97"),
        "taxes": [{"name": "VAT", "rate": 19}, {"name": "City tax", "rate": Decimal("2.5")}],
    }
    assert not invoice["created_at"].endswith("Z")


@pytest.mark.parametrize(
    ("number", "balance", "state", "status"),
    [
        (1001, 0, "paid", "issued"),
        (1004, 150, "pending", "issued"),
        (1005, 0, "cancelled", "cancelled"),
        (1008, 90, "pending", "draft"),
    ],
)
def test_the_platform_invoice_tells_what_is_left_to_pay(desk: Desk, number: int, balance: int, state: str, status: str) -> None:
    invoice = platform(desk, number)
    assert (invoice["payment_balance"], invoice["payment_state"], invoice["status"]) == (balance, state, status)


def test_a_note_lowers_the_balance_unless_the_switch_says_otherwise(desk: Desk) -> None:
    desk.issued(1004, 100)
    assert (platform(desk, 1004)["payment_balance"], platform(desk, 1004)["amount"]) == (50, 200)
    desk.issued(1004, 100)
    assert (platform(desk, 1004)["payment_balance"], platform(desk, 1004)["payment_state"]) == (0, "paid")
    desk.sandbox.switches.set("note_lowers_balance", "no")
    assert (platform(desk, 1004)["payment_balance"], platform(desk, 1004)["payment_state"]) == (150, "pending")


def test_an_unknown_platform_invoice_is_refused_in_the_old_envelope(desk: Desk) -> None:
    answer = desk.get(f"{PLATFORM}/invoices/nothing")
    assert answer.status_code == 422
    assert answer.json() == {"status": "Error", "error": "Invoice not found", "error_code": "not_found"}


def test_the_platform_list_has_pages_an_order_and_a_filter(desk: Desk) -> None:
    def listed(**query: object) -> list[str]:
        answer = desk.client.get(f"{PLATFORM}/invoices", params={name: str(value) for name, value in query.items()})
        return [invoice["id"] for invoice in answer.json()["data"]["invoices"]]

    assert len(listed()) == 25
    assert len(listed(per_page=100)) == 68
    assert listed(per_page=1, sort="created_at:asc") == [invoice_uid(2001)]
    assert listed(**{"filter[state][in]": "draft"}) == [invoice_uid(1008)]
    assert desk.get(f"{PLATFORM}/invoices", per_page=0).status_code == 400


def test_a_payment_is_wrapped_twice_unless_the_switch_says_otherwise(desk: Desk) -> None:
    path = f"{BUSINESS}/payments/pay0000000011004"
    payment = data(desk.get(path))["data"]["payment"]
    assert (payment["amount"], payment["currency"], payment["state"], payment["payment_request_uid"]) == (
        20,
        "EUR",
        "paid",
        "prq0000000001004",
    )
    desk.sandbox.switches.set("payment_nesting", "single")
    assert data(desk.get(path)) == {"payment": payment}


def test_a_payment_has_its_share_of_the_taxes(desk: Desk) -> None:
    payment = data(desk.get(f"{BUSINESS}/payments/pay0000000001001"))["data"]["payment"]
    assert (payment["amount"], payment["net_total"]) == (119, 100)
    assert payment["taxes"] == [{"name": "VAT", "rate": 19, "tax_total": 19}]


def test_a_payment_request_tells_what_was_asked_and_paid(desk: Desk) -> None:
    request = data(desk.get(f"{BUSINESS}/payment_requests/prq0000000001004"))["payment_request"]
    assert {name: request[name] for name in ("amount", "amount_paid", "amount_pending", "state", "payable_uid")} == {
        "amount": "200.0",
        "amount_paid": 50,
        "amount_pending": None,
        "state": "pending",
        "payable_uid": invoice_uid(1004),
    }
    assert request["created_at"].endswith("+00:00")

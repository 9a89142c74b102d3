"""Issuing and reading notes at the vcita sandbox: shapes, totals, rounding, dates, numbers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from xml.etree import ElementTree as ET

import pytest

from tests.sandbox.test_vcita_desk import NOTES, Desk, data, invoice_uid, line, open_desk, tax


@pytest.fixture(scope="module")
def opened() -> Iterator[Desk]:
    with open_desk() as desk:
        yield desk


@pytest.fixture
def desk(opened: Desk) -> Iterator[Desk]:
    yield opened.fresh()
    assert opened.sandbox.violations() == []


def test_a_new_note_is_answered_201_with_the_note_itself_as_data(desk: Desk) -> None:
    answer = desk.note(1001, line(100, tax(19, 19), quantity=1), notes="Late delivery", notify_recipient=False)
    assert answer.status_code == 201
    note = data(answer)
    assert {name: note[name] for name in ("invoice_uid", "status", "currency", "notes")} == {
        "invoice_uid": invoice_uid(1001),
        "status": "ISSUED",
        "currency": "EUR",
        "notes": "Late delivery",
    }
    assert (note["net_total"], note["grand_total"], note["total_amount"]) == (100, 119, 119)
    assert note["taxes"] == [{"name": "VAT", "rate": 19, "tax_total": 19}]


def test_a_note_is_issued_today_and_dated_in_iso_8601_with_z(desk: Desk) -> None:
    note = desk.issued(1002, 10)
    now = datetime.fromtimestamp(desk.clock.now(), UTC)
    assert note["issue_date"] == now.date().isoformat()
    assert note["created_at"] == note["updated_at"]
    assert note["created_at"].endswith("Z")
    assert abs((datetime.fromisoformat(note["created_at"]) - now).total_seconds()) < 60


@pytest.mark.parametrize(("zone", "ahead"), [("UTC", 0), ("UTC+14", 14), ("UTC-11", -11)])
def test_the_issue_date_is_that_of_the_zone_of_the_business(desk: Desk, zone: str, ahead: int) -> None:
    desk.sandbox.switches.set("business_zone", zone)
    note = desk.issued(1002, 10)
    created = datetime.fromisoformat(note["created_at"])
    assert note["issue_date"] == datetime.fromtimestamp(created.timestamp() + ahead * 3600, UTC).date().isoformat()


def test_a_note_is_read_as_it_was_answered(desk: Desk) -> None:
    note = data(desk.note(1001, line("1") | {"unit_amount": Decimal("12.34")}, notes="x"))
    assert data(desk.get(f"{NOTES}/{note['uid']}")) == note


def test_the_amount_of_a_line_is_quantity_times_unit_amount_without_its_tax(desk: Desk) -> None:
    note = data(desk.note(1001, line(Decimal("12.5"), tax(19, Decimal("4.75")), quantity=2)))
    assert note["line_items"] == [
        {
            "name": "Goodwill",
            "quantity": 2,
            "unit_amount": Decimal("12.5"),
            "total_amount": 25,
            "taxes": [{"name": "VAT", "rate": 19, "tax_total": Decimal("4.75")}],
        }
    ]


def test_taxes_are_summed_per_name_and_rate(desk: Desk) -> None:
    lines = [
        line(10, tax(19, Decimal("1.90")), tax(Decimal("2.5"), Decimal("0.25"), "City tax")),
        line(20, tax(Decimal("19.0"), Decimal("3.80"))),
        line(30, tax(7, Decimal("2.10"))),
        line(5),
    ]
    note = data(desk.note(1004, *lines))
    assert note["taxes"] == [
        {"name": "VAT", "rate": 19, "tax_total": Decimal("5.7")},
        {"name": "City tax", "rate": Decimal("2.5"), "tax_total": Decimal("0.25")},
        {"name": "VAT", "rate": 7, "tax_total": Decimal("2.1")},
    ]
    assert (note["net_total"], note["grand_total"]) == (65, Decimal("73.05"))


@pytest.mark.parametrize(
    ("invoice", "unit_amount", "quantity", "total"),
    [
        (1001, "0.335", "1", "0.34"),
        (1001, "3.333", "1.5", "5"),
        (1001, "0.004", "1", None),
        (1003, "10.5", "1", "11"),
        (1003, "99.49", "1", "99"),
        (2005, "1.2345", "1", "1.235"),
    ],
)
def test_amounts_are_rounded_half_up_to_the_digits_of_the_currency(
    desk: Desk, invoice: int, unit_amount: str, quantity: str, total: str | None
) -> None:
    answer = desk.note(invoice, line(Decimal(unit_amount), quantity=Decimal(quantity)))
    if total is None:
        assert answer.status_code == 422  # rounded to nothing
    else:
        assert data(answer)["total_amount"] == Decimal(total)


def test_kuwaiti_dinars_have_three_decimals(desk: Desk) -> None:
    note = data(desk.get(f"{NOTES}/cn00000000000005"))
    assert (note["currency"], note["total_amount"]) == ("KWD", Decimal("15.035"))


def test_a_note_to_a_tax_inclusive_invoice_has_its_tax_inside_the_unit_amounts(desk: Desk) -> None:
    note = data(desk.note(1007, line(Decimal("59.50"), tax(19, Decimal("9.50")))))
    assert (note["net_total"], note["grand_total"], note["total_amount"]) == (50, Decimal("59.5"), Decimal("59.5"))


def test_the_tax_mode_can_be_the_same_for_all_invoices(desk: Desk) -> None:
    desk.sandbox.switches.set("tax_mode", "exclude")
    assert data(desk.note(1007, line(50, tax(19, Decimal("9.50")))))["grand_total"] == Decimal("59.5")
    desk.sandbox.switches.set("tax_mode", "include")
    assert data(desk.note(1001, line(50, tax(19, Decimal("7.98")))))["net_total"] == Decimal("42.02")


def test_read_only_and_unknown_members_are_ignored(desk: Desk) -> None:
    members = {"status": "SETTLED", "currency": "USD", "uid": "mine", "grand_total": 1, "colour": [1], "issue_date": "1999-01-01"}
    note = data(desk.note(1001, {**line(10), "total_amount": 99, "discount": 5}, **members))
    assert (note["status"], note["currency"], note["grand_total"]) == ("ISSUED", "EUR", 10)
    assert note["uid"] != "mine"
    assert "colour" not in note


def test_the_source_payment_and_the_wish_to_notify_are_never_returned(desk: Desk) -> None:
    note = data(desk.note(1001, line(10), source_payment_uid="pay0000000001001", notify_recipient=True))
    assert note["status"] == "ISSUED"
    assert not {"source_payment_uid", "notify_recipient"} & {*note, *data(desk.get(f"{NOTES}/{note['uid']}"))}


def test_numbers_count_up_and_a_number_of_ones_own_does_not_move_them(desk: Desk) -> None:
    first = int(desk.issued(1002, 1)["unique_number"])
    assert data(desk.note(1002, line(1), unique_number="MY-7"))["unique_number"] == "MY-7"
    assert data(desk.note(1002, line(1), unique_number=str(first + 1)))["unique_number"] == str(first + 1)
    assert int(desk.issued(1002, 1)["unique_number"]) == first + 2


def test_numbers_can_restart_every_year_with_four_digits(desk: Desk) -> None:
    desk.sandbox.switches.set("numbering", "reset_yearly")
    year = datetime.fromtimestamp(desk.clock.now(), UTC).year
    before = [desk.issued(1002, 1)["unique_number"] for _ in range(2)]
    assert before == [f"{year}-{int(before[0][-4:]):04d}", f"{year}-{int(before[0][-4:]) + 1:04d}"]
    desk.clock.advance(366 * 86_400)
    assert desk.issued(1002, 1)["unique_number"] == f"{year + 1}-0001"


def test_numbers_can_have_a_prefix(desk: Desk) -> None:
    desk.sandbox.switches.set("number_prefix", "CN-")
    assert desk.issued(1002, 1)["unique_number"].startswith("CN-")


def test_every_note_is_announced_once_on_the_event_bus(desk: Desk) -> None:
    note = desk.issued(1002, Decimal("12.30"))
    [event] = [event for event in desk.sandbox.books()["events"] if event["note_id"] == note["uid"]]
    headers = event["headers"]
    assert isinstance(headers, dict)
    assert event["name"] == "billing.credit_note.created"
    assert (headers["entity_type"], headers["event_type"], headers["version"]) == ("credit_note", "created", "v1")
    payload = json.loads(str(event["payload"]), parse_float=Decimal)
    assert payload == {"data": note, "schema_ref": "credit_note@v1"}


@pytest.mark.parametrize("invoice", [1006, 1007])
def test_the_xml_of_a_note_says_what_the_note_says_and_only_a_control_call_shows_it(desk: Desk, invoice: int) -> None:
    note = data(desk.note(invoice, line(Decimal("10.70"), tax(7, Decimal("0.70")), name="A < B & \x07 C"), notes="Sorry"))
    root = ET.fromstring(desk.act("document", note_id=note["uid"])["xml"].encode())

    def amount(name: str) -> Decimal:
        found = root.find(f".//{{*}}LegalMonetaryTotal/{{*}}{name}")
        assert found is not None
        return Decimal(found.text or "")

    assert root.findtext("{*}ID") == note["unique_number"]
    assert root.findtext(".//{*}InvoiceDocumentReference/{*}ID") == str(invoice)
    assert (amount("TaxExclusiveAmount"), amount("PayableAmount")) == (note["net_total"], note["grand_total"])
    assert root.findtext(".//{*}CreditNoteLine/{*}Item/{*}Name") == "A < B &  C"
    assert desk.get(f"{NOTES}/{note['uid']}/xml").status_code == 404

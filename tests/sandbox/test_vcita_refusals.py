"""What the vcita sandbox refuses, with status and body; nothing malformed may shake it."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest

from tests.sandbox.test_vcita_desk import (
    BUSINESS,
    INVOICES,
    NOTES,
    PLATFORM,
    Desk,
    bearer,
    data,
    errors,
    invoice_uid,
    line,
    open_desk,
    tax,
)


@pytest.fixture(scope="module")
def opened() -> Iterator[Desk]:
    with open_desk() as desk:
        yield desk


@pytest.fixture
def desk(opened: Desk) -> Iterator[Desk]:
    yield opened.fresh()
    assert opened.sandbox.violations() == []


GOOD = line(10, tax(19, Decimal("1.90")))


@pytest.mark.parametrize(
    ("members", "field", "code"),
    [
        ({"invoice_uid": None}, "invoice_uid", "required"),
        ({"invoice_uid": 7}, "invoice_uid", "invalid"),
        ({"line_items": None}, "line_items", "required"),
        ({"line_items": {}}, "line_items", "invalid"),
        ({"line_items": ["x"]}, "line_items.0", "invalid"),
        ({"line_items": [GOOD, {**GOOD, "name": None}]}, "line_items.1.name", "required"),
        ({"line_items": [{**GOOD, "quantity": "1"}]}, "line_items.0.quantity", "invalid"),
        ({"line_items": [{**GOOD, "quantity": True}]}, "line_items.0.quantity", "invalid"),
        ({"line_items": [{**GOOD, "unit_amount": None}]}, "line_items.0.unit_amount", "required"),
        ({"line_items": [{**GOOD, "taxes": 3}]}, "line_items.0.taxes", "invalid"),
        ({"line_items": [{**GOOD, "taxes": [{"name": "VAT", "rate": 19}]}]}, "line_items.0.taxes.0.tax_total", "required"),
        ({"line_items": [{**GOOD, "taxes": [{"rate": 19, "tax_total": 1}]}]}, "line_items.0.taxes.0.name", "required"),
        ({"notes": 5}, "notes", "invalid"),
        ({"unique_number": 5}, "unique_number", "invalid"),
        ({"source_payment_uid": 5}, "source_payment_uid", "invalid"),
        ({"notify_recipient": "yes"}, "notify_recipient", "invalid"),
    ],
)
def test_what_is_missing_or_of_the_wrong_type_is_400(desk: Desk, members: dict[str, object], field: str, code: str) -> None:
    answer = desk.post(NOTES, {"invoice_uid": invoice_uid(1001), "line_items": [GOOD], **members})
    assert answer.status_code == 400
    assert [(error["field"], error["code"]) for error in errors(answer)] == [(field, code)]


@pytest.mark.parametrize(
    ("members", "field"),
    [
        ({"line_items": []}, "line_items"),
        ({"line_items": [{**GOOD, "name": " "}]}, "line_items.0.name"),
        ({"line_items": [{**GOOD, "quantity": 0}]}, "line_items.0.quantity"),
        ({"line_items": [{**GOOD, "quantity": -1}]}, "line_items.0.quantity"),
        ({"line_items": [{**GOOD, "unit_amount": 0}]}, "line_items.0.unit_amount"),
        ({"line_items": [{**GOOD, "unit_amount": -5}]}, "line_items.0.unit_amount"),
        ({"line_items": [{**GOOD, "unit_amount": 10**40}]}, "line_items.0.unit_amount"),
        ({"line_items": [{**GOOD, "unit_amount": Decimal("1E-30")}]}, "line_items.0.unit_amount"),
        ({"line_items": [line(10, tax(101, 1))]}, "line_items.0.taxes.0.rate"),
        ({"line_items": [line(10, tax(19, -1))]}, "line_items.0.taxes.0.tax_total"),
        ({"notes": "x" * 201}, "notes"),
        ({"unique_number": ""}, "unique_number"),
    ],
)
def test_a_broken_rule_is_422(desk: Desk, members: dict[str, object], field: str) -> None:
    answer = desk.post(NOTES, {"invoice_uid": invoice_uid(1001), "line_items": [GOOD], **members})
    assert answer.status_code == 422
    assert [(error["field"], error["code"]) for error in errors(answer)] == [(field, "invalid")]


def test_all_complaints_come_at_once(desk: Desk) -> None:
    answer = desk.post(NOTES, {"line_items": [{"name": 1}]})
    assert [error["field"] for error in errors(answer)] == [
        "invoice_uid",
        "line_items.0.name",
        "line_items.0.quantity",
        "line_items.0.unit_amount",
    ]


def test_notes_may_have_two_hundred_characters(desk: Desk) -> None:
    assert desk.note(1001, GOOD, notes="é" * 200).status_code == 201


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"[]", b"null", b"\xff\xfe", b'"\\ud800"', b"NaN", b'{"invoice_uid": Infinity}', b"[" * 100_000,
        b'{"line_items": [{"quantity": 1e99999999999999999999}]}', b'{"invoice_uid": "\x00"}',
    ],
)  # fmt: skip
@pytest.mark.parametrize("path", [NOTES, INVOICES, f"{BUSINESS}/refunds", f"{PLATFORM}/webhook/subscribe"])
def test_a_body_that_is_not_a_json_object_is_refused(desk: Desk, body: bytes, path: str) -> None:
    assert desk.post(path, body).status_code in {400, 422}


def test_more_than_the_creditable_balance_is_refused_and_changes_nothing(desk: Desk) -> None:
    desk.issued(1002, 200)
    before = desk.sandbox.books()
    answer = desk.note(1002, line(Decimal("300.01")))
    assert answer.status_code == 422
    assert [(error["field"], error["code"]) for error in errors(answer)] == [("line_items", "invalid")]
    assert desk.sandbox.books() == before
    assert desk.note(1002, line(300)).status_code == 201
    assert desk.note(1002, line(Decimal("0.01"))).status_code == 422


def test_tax_counts_towards_the_creditable_balance(desk: Desk) -> None:
    assert desk.note(1001, line(100, tax(19, Decimal("19.01")))).status_code == 422
    assert desk.note(1001, line(100, tax(19, 19))).status_code == 201


def test_too_much_can_be_refused_with_400_instead(desk: Desk) -> None:
    desk.sandbox.switches.set("over_creditable", "400")
    assert desk.note(1002, line(501)).status_code == 400


@pytest.mark.parametrize("invoice", [1005, 1008])
def test_a_cancelled_or_draft_invoice_takes_no_note(desk: Desk, invoice: int) -> None:
    answer = desk.note(invoice, line(1))
    assert answer.status_code == 422
    assert errors(answer)[0]["field"] == "invoice_uid"


def test_tax_cannot_be_more_than_the_tax_inclusive_amount_it_lies_in(desk: Desk) -> None:
    assert desk.note(1007, line(1, tax(100, 2))).status_code == 422


@pytest.mark.parametrize("path", [f"{NOTES}/nothing", f"{NOTES}/cn00000000000061"])
def test_an_unknown_note_is_404(desk: Desk, path: str) -> None:
    answer = desk.get(path)
    assert answer.status_code == 404
    assert errors(answer) == [{"code": "not_found", "message": "Credit note not found", "field": "uid"}]


def test_an_unknown_invoice_or_source_payment_is_404(desk: Desk) -> None:
    unknown = desk.note(9999, GOOD)
    assert (unknown.status_code, errors(unknown)[0]["field"]) == (404, "invoice_uid")
    unknown = desk.note(1001, GOOD, source_payment_uid="pay0000000009999")
    assert (unknown.status_code, errors(unknown)[0]["field"]) == (404, "source_payment_uid")


def test_the_payment_of_another_invoice_is_refused(desk: Desk) -> None:
    answer = desk.note(1001, GOOD, source_payment_uid="pay0000000001004")
    assert (answer.status_code, errors(answer)[0]["field"]) == (422, "source_payment_uid")


def test_a_number_in_use_is_taken(desk: Desk) -> None:
    assert desk.note(1001, GOOD, unique_number="A-1").status_code == 201
    answer = desk.note(1002, GOOD, unique_number="A-1")
    assert (answer.status_code, errors(answer)[0]["code"], errors(answer)[0]["field"]) == (422, "taken", "unique_number")
    assert desk.note(1002, GOOD, unique_number="17").status_code == 422  # an older note has it


def test_a_number_in_use_can_be_accepted_instead(desk: Desk) -> None:
    desk.sandbox.switches.set("duplicate_number", "accepted")
    notes = [data(desk.note(1001, GOOD, unique_number="A-1")) for _ in range(2)]
    assert [note["unique_number"] for note in notes] == ["A-1", "A-1"]
    assert notes[0]["uid"] != notes[1]["uid"]


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_a_note_cannot_be_changed_or_withdrawn(desk: Desk, method: str) -> None:
    answer = desk.client.request(method, f"{NOTES}/cn00000000000001")
    assert answer.status_code == 405
    assert errors(answer)[0]["code"] == "method_not_allowed"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", f"{INVOICES}/{invoice_uid(1001)}", 405),
        ("GET", INVOICES, 405),
        ("GET", "/v3/payments", 404),
        ("GET", f"{NOTES}/", 404),
        ("GET", "/v3/payments/business_policy_settings", 404),
        ("POST", "/%ff/%00", 404),
    ],
)
def test_what_is_not_there_is_said_so(desk: Desk, method: str, path: str, status: int) -> None:
    answer = desk.client.request(method, path)
    assert answer.status_code == status
    assert answer.json()["success"] is False


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 418, 422, 429, 500, 503, 504, 599])
def test_a_refusal_on_demand_has_the_status_and_a_body_of_the_kind(desk: Desk, status: int) -> None:
    answer = desk.sandbox.refusal(status)
    assert answer.status_code == status
    assert b'"success":false' in answer.body
    assert b'"code":"' in answer.body


def test_a_bad_gateway_is_plain_text_and_no_content_has_no_body(desk: Desk) -> None:
    bad_gateway = desk.sandbox.refusal(502)
    assert (bad_gateway.status_code, bad_gateway.body, bad_gateway.media_type) == (502, b"Bad Gateway", "text/plain")
    assert desk.sandbox.refusal(204).body == b""


@pytest.mark.parametrize(
    ("style", "body"),
    [
        ("message_array", {"success": False, "errors": [{"code": "forbidden", "message": ["Forbidden"]}]}),
        ("no_code", {"success": False, "errors": [{"message": "Forbidden"}]}),
        ("error_text", {"success": False, "error": "Forbidden"}),
    ],
)
def test_error_bodies_can_have_the_other_shapes_that_were_seen(desk: Desk, style: str, body: object) -> None:
    desk.sandbox.switches.set("error_body", style)
    answer = desk.client.post(INVOICES, json={}, headers=bearer("a-client-token"))
    assert (answer.status_code, answer.json()) == (403, body)

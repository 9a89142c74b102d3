"""Zenskar's sandbox against the specification extract: answers of every described operation, and the requests sent to them.

Where extract and published facts disagree the test says so; today they do not: what is unverified there is a switch here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import jsonschema
import pytest

from tests.sandbox.test_zenskar import ACME, Zenskar, demo, running

Json = dict[str, Any]


@pytest.fixture(scope="module")
def server() -> Iterator[Zenskar]:
    with running() as zenskar:
        yield zenskar


@pytest.fixture
def zenskar(server: Zenskar) -> Zenskar:
    server.control.reset()
    return server


@pytest.fixture(scope="module")
def document(specification: Callable[[str], Json]) -> Json:
    return specification("zenskar-credit-notes.openapi.json")


def check(document: Json, schema: Json, value: object) -> None:
    rooted = {"components": document["components"], **schema}
    jsonschema.Draft202012Validator(rooted, format_checker=jsonschema.FormatChecker()).validate(value)


def operation(document: Json, method: str, path: str) -> Json:
    for template, operations in document["paths"].items():
        if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), path) and method.lower() in operations:
            found: Json = operations[method.lower()]
            return found
    pytest.fail(f"{method} {path} is not in the extract")


def checked(document: Json, zenskar: Zenskar, method: str, path: str, body: object = None, **query: str) -> httpx.Response:
    """One call whose request and answer both fit the extract."""
    described = operation(document, method, path)
    if body is not None:
        check(document, described["requestBody"]["content"]["application/json"]["schema"], body)
    known = {parameter["name"]: parameter["schema"] for parameter in described.get("parameters", ())}
    for name, value in query.items():
        check(document, known[name], int(value) if name == "limit" else value)
    answer = zenskar.http.request(method, path, json=body, params=query)
    promised = described["responses"][str(answer.status_code)]
    if "content" in promised:
        check(document, promised["content"]["application/json"]["schema"], answer.json())
    return answer


OPERATIONS: list[tuple[str, str, object]] = [
    ("POST", f"/invoices/{demo(1002)}/credit_note", {"credit_note_amount": 25.5, "reason": "x"}),
    ("POST", f"/invoices/{demo(1004)}/credit_note", {"credit_note_amount": 160, "reason": "x", "refund_destination": "external",
        "refund_amount_split": [{"payment_id": demo(21004), "amount": 10, "refund_id": None}]}),
    ("GET", "/credit_notes", None),
    ("POST", "/credit_notes", {"amount": 1, "currency": "EUR", "customer_id": ACME, "status": "issued", "repayment_method": "credits",
        "line_items": {}, "custom_data": {"a": 1}, "refund_amount": 1, "refund_amount_split": [{"amount": 1, "connector_id": demo(1)}]}),
    ("GET", f"/credit_notes/{demo(3001)}", None),
    ("PATCH", f"/credit_notes/{demo(3003)}", {"status": "void", "custom_data": {"a": [1.5]}}),
    ("GET", "/invoices", None),
    ("GET", f"/invoices/{demo(1007)}", None),
    ("PATCH", f"/invoices/{demo(1006)}/approve", {"check_duplicate_invoice": False}),
    ("GET", "/payments", None),
    ("POST", "/payments", {"amount": 100, "currency_code": "EUR", "status": "success", "type": "payment", "payment_method": "check",
        "payment_parts": [{"invoice_id": demo(1007), "amount": 100}]}),
    ("GET", f"/payments/{demo(11004)}", None),
    ("GET", f"/payments/{demo(92004)}", None),
    ("GET", f"/payments/invoice/{demo(1004)}", None),
    ("GET", f"/payments/invoice/{demo(1004)}/without_refunds", None),
    ("POST", f"/payments/{demo(11001)}/refund", {"refund_destination": "external", "writeoff_invoices": False, "refund_amount": 5}),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path", "body"), OPERATIONS)
def test_every_operation_takes_and_answers_what_the_extract_describes(
    document: Json, zenskar: Zenskar, method: str, path: str, body: object
) -> None:
    assert checked(document, zenskar, method, path, body).status_code == 200


@pytest.mark.parametrize("switches", [
    {"currency_case": "lower", "created_at": "seconds", "payment_unit": "major", "note_details": "null", "total_count": "null"},
    {"credits_method": "credits", "invoice_total": "original", "invoice_currency": "absent", "cursor": "offset"},
    {"validation_words": "older", "credits_status": "paid", "applied_balance": "what_is_left", "credits_refund": "wallet_only"},
])  # fmt: skip
def test_no_switch_leaves_the_extract(document: Json, zenskar: Zenskar, switches: dict[str, str]) -> None:
    zenskar.switch(**switches)
    for method, path, body in OPERATIONS:
        assert checked(document, zenskar, method, path, body).status_code == 200


def test_an_explicit_void_answers_as_described(document: Json, zenskar: Zenskar) -> None:
    zenskar.switch(full_credit="explicit")
    zenskar.issued(1002, 500)
    assert checked(document, zenskar, "PATCH", f"/invoices/{demo(1002)}/void", {}).status_code == 200


def test_whole_lists_fit_the_extract_page_by_page(document: Json, zenskar: Zenskar) -> None:
    for path in ("/credit_notes", "/invoices", "/payments"):
        page = checked(document, zenskar, "GET", path, limit="40").json()
        while page["next"]:
            page = checked(document, zenskar, "GET", path, limit="40", cursor=page["next"]).json()


def test_every_typed_parameter_of_a_list_is_read(document: Json, zenskar: Zenskar) -> None:
    for path in ("/credit_notes", "/invoices", "/payments"):
        for parameter in document["paths"][path]["get"]["parameters"]:
            name, schema = parameter["name"], parameter["schema"]
            typed = "$ref" in schema or "format" in schema or schema.get("type") == "number" or name in {"limit", "apiversion"}
            value = {name: "?"}
            sent = (value, None) if parameter["in"] == "query" else (None, value)
            answer = zenskar.http.get(path, params=sent[0], headers=sent[1])
            if typed:
                assert (answer.status_code, answer.json()["detail"][0]["loc"]) == (422, [parameter["in"], name])
            else:
                assert answer.status_code in {200, 400} or name == "status__in"


REFUSED: list[tuple[str, str, object, int]] = [
    ("POST", f"/invoices/{demo(1002)}/credit_note", {"credit_note_amount": 501, "reason": "x"}, 400),
    ("POST", f"/invoices/{demo(1)}/credit_note", {"credit_note_amount": 1, "reason": "x"}, 404),
    ("POST", f"/invoices/{demo(1003)}/credit_note", {"credit_note_amount": 1.5, "reason": "x"}, 422),
    ("GET", f"/credit_notes/{demo(1)}", None, 404),
    ("GET", "/credit_notes/1", None, 422),
    ("PATCH", f"/invoices/{demo(1001)}/void", {}, 400),
]


@pytest.mark.parametrize(("method", "path", "body", "status"), REFUSED)
def test_refusals_are_of_described_statuses_and_shapes(
    document: Json, zenskar: Zenskar, method: str, path: str, body: object, status: int
) -> None:
    assert checked(document, zenskar, method, path, body).status_code == status


@pytest.mark.parametrize(("header", "status"), [("x-api-key", 401), ("organisation", 403)])
def test_refusals_at_the_door_are_described_too(document: Json, zenskar: Zenskar, header: str, status: int) -> None:
    answer = zenskar.http.get("/credit_notes", headers={header: "wrong"})
    promised = operation(document, "GET", "/credit_notes")["responses"][str(answer.status_code)]
    assert answer.status_code == status
    if "content" in promised:
        check(document, promised["content"]["application/json"]["schema"], answer.json())


def test_a_note_has_exactly_the_described_members(document: Json, zenskar: Zenskar) -> None:
    described = document["components"]["schemas"]["CreditNoteResponseSchema"]["properties"]
    assert set(zenskar.get(f"/credit_notes/{demo(3001)}")) == set(described)
    listed = document["components"]["schemas"]["Invoice"]["properties"]
    assert set(zenskar.get("/invoices")["results"][0]) == set(listed)
    payment = document["components"]["schemas"]["Payment"]["properties"]
    assert set(zenskar.originals(1001)[0]) == set(payment)

"""Who may do what at the vcita sandbox: kinds of tokens, acting for a business, and how a 401 looks."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.sandbox.test_vcita_desk import (
    BUSINESS,
    INVOICES,
    NOTES,
    PLATFORM,
    Desk,
    as_json,
    bearer,
    errors,
    invoice_uid,
    line,
    open_desk,
)


@pytest.fixture(scope="module")
def opened() -> Iterator[Desk]:
    with open_desk() as desk:
        yield desk


@pytest.fixture
def desk(opened: Desk) -> Iterator[Desk]:
    yield opened.fresh()
    assert opened.sandbox.violations() == []


UNKNOWN = {"success": False, "errors": [{"code": "unauthorized", "message": "401 Unauthorized"}]}
WRONG_BUSINESS = {"success": False, "errors": [{"code": "unauthorized", "message": "Unauthorized"}]}
ON_BEHALF = {"X-On-Behalf-Of": "business00000001"}
NOTE = f"{NOTES}/cn00000000000002"  # Acme's
OPERATIONS = [
    ("POST", NOTES),
    ("GET", NOTES),
    ("GET", NOTE),
    ("POST", INVOICES),
    ("PUT", f"{INVOICES}/{invoice_uid(1002)}"),
    ("GET", f"{BUSINESS}/invoices/{invoice_uid(1001)}"),
    ("PUT", f"{BUSINESS}/invoices/{invoice_uid(1002)}/cancel"),
    ("GET", f"{BUSINESS}/payments/pay0000000001001"),
    ("GET", f"{BUSINESS}/payment_requests/prq0000000001001"),
    ("POST", f"{BUSINESS}/refunds"),
    ("GET", f"{PLATFORM}/invoices"),
    ("GET", f"{PLATFORM}/invoices/{invoice_uid(1001)}"),
    ("POST", f"{PLATFORM}/webhook/subscribe"),
    ("POST", f"{PLATFORM}/webhook/unsubscribe"),
    ("GET", f"{PLATFORM}/webhooks"),
]


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_no_operation_without_a_good_token(desk: Desk, method: str, path: str) -> None:
    for authorization in (None, "", "Bearer", "Bearer wrong", "Basic dGVzdA==", "staff-token"):
        request = desk.client.build_request(method, path, content=b"{}")
        del request.headers["Authorization"]
        if authorization is not None:
            request.headers["Authorization"] = authorization
        answer = desk.client.send(request)
        assert (answer.status_code, answer.json()) == (401, UNKNOWN), authorization


@pytest.mark.parametrize(
    ("shape", "body"),
    [("message", {"message": "401 Unauthorized", "status": "Failure"}), ("error", {"error": "Unauthorized"})],
)
def test_a_401_can_have_the_other_shapes_that_were_seen(desk: Desk, shape: str, body: object) -> None:
    desk.sandbox.switches.set("unauthorized_body", shape)
    answer = desk.get(NOTES, headers=bearer("wrong"))
    assert (answer.status_code, answer.json()) == (401, body)


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_a_token_of_the_wrong_kind_is_403(desk: Desk, method: str, path: str) -> None:
    staff_only = {OPERATIONS[index] for index in (3, 4, 5, 7, 8)}
    not_for_clients = staff_only | {OPERATIONS[index] for index in (6, 9, 12, 13, 14)}
    directory = desk.client.request(method, path, content=b"{}", headers=bearer("directory-token", **ON_BEHALF))
    client = desk.client.request(method, path, content=b"{}", headers=bearer("client-acme-token"))
    assert (directory.status_code == 403) == ((method, path) in staff_only)
    assert (client.status_code == 403) == ((method, path) in not_for_clients)


def test_the_body_of_a_403_says_forbidden(desk: Desk) -> None:
    answer = desk.get(f"{BUSINESS}/payments/pay0000000001001", headers=bearer("client-acme"))
    assert errors(answer) == [{"code": "forbidden", "message": "Forbidden"}]


@pytest.mark.parametrize("path", [NOTES, NOTE, f"{PLATFORM}/invoices", f"{PLATFORM}/webhooks"])
def test_a_directory_token_needs_the_business_it_acts_for(desk: Desk, path: str) -> None:
    answer = desk.get(path, headers=bearer("directory-token"))
    assert (answer.status_code, answer.json()) == (401, WRONG_BUSINESS)
    assert desk.get(path, headers=bearer("directory-token", **ON_BEHALF)).is_success


def test_a_directory_token_with_the_wrong_business_is_401_in_a_body_of_its_own(desk: Desk) -> None:
    answer = desk.get(NOTES, headers=bearer("directory-token", **{"X-On-Behalf-Of": "wrong"}))
    assert (answer.status_code, answer.json()) == (401, {"error": "Unauthorized"})


def test_a_directory_token_may_be_excused_from_naming_the_business(desk: Desk) -> None:
    desk.sandbox.switches.set("on_behalf_of", "optional")
    assert desk.get(NOTES, headers=bearer("directory-token")).status_code == 200


def test_naming_the_business_can_be_refused_where_it_is_not_declared(desk: Desk) -> None:
    desk.sandbox.switches.set("on_behalf_of", "refused")
    assert desk.get(NOTES, headers=bearer("directory-token", **ON_BEHALF)).json() == WRONG_BUSINESS
    assert desk.get(NOTES, headers=bearer("directory-token")).status_code == 200
    assert desk.get(f"{PLATFORM}/invoices", headers=bearer("directory-token", **ON_BEHALF)).is_success


def test_a_staff_token_may_name_its_business(desk: Desk) -> None:
    assert desk.get(NOTES, headers=ON_BEHALF).status_code == 200


def test_a_directory_token_issues_notes(desk: Desk) -> None:
    body = as_json({"invoice_uid": invoice_uid(1002), "line_items": [line(1)]})
    assert desk.client.post(NOTES, content=body, headers=bearer("directory-token", **ON_BEHALF)).status_code == 201


def test_a_client_token_sees_only_its_own_matter(desk: Desk) -> None:
    acme, globex, nobody = (bearer(f"client-{name}") for name in ("acme", "globex", "stranger"))
    assert desk.get(NOTE, headers=acme).status_code == 200
    assert desk.get(NOTE, headers=globex).status_code == 404
    assert desk.get(NOTE, headers=nobody).status_code == 404
    assert desk.get(f"{PLATFORM}/invoices/{invoice_uid(1001)}", headers=acme).is_success
    assert desk.get(f"{PLATFORM}/invoices/{invoice_uid(1001)}", headers=globex).status_code == 422
    listed = desk.get(f"{PLATFORM}/invoices", headers=globex, per_page=100).json()["data"]["invoices"]
    assert {invoice["client_id"] for invoice in listed} == {"client000globex0"}


def test_a_client_token_credits_only_its_own_matter(desk: Desk) -> None:
    body = as_json({"invoice_uid": invoice_uid(1002), "line_items": [line(1)]})
    assert desk.client.post(NOTES, content=body, headers=bearer("client-globex")).status_code == 201
    assert desk.client.post(NOTES, content=body, headers=bearer("client-acme")).status_code == 404


def test_the_list_can_be_for_staff_only(desk: Desk) -> None:
    desk.sandbox.switches.set("notes_list", "staff_only")
    assert desk.get(NOTES).status_code == 200
    assert desk.get(NOTES, headers=bearer("client-acme")).status_code == 403
    assert desk.get(NOTE, headers=bearer("client-acme")).status_code == 200


def test_the_public_gateway_can_refuse_staff_tokens_with_422(desk: Desk) -> None:
    desk.sandbox.switches.set("notes_list", "gateway_refuses_staff")
    desk.sandbox.switches.set("platform_staff", "refused")
    for path in (NOTES, f"{PLATFORM}/invoices", f"{PLATFORM}/invoices/{invoice_uid(1001)}"):
        answer = desk.get(path)
        assert (answer.status_code, answer.json()) == (422, {"status": "Error", "error": "Unauthorized"})
        assert desk.get(path, headers=bearer("client-acme")).is_success
    assert desk.get(NOTE).status_code == 200

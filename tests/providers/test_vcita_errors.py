"""vcita's refusals in our words, in every shape they come in."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.errors import AccountRefused, GatewayError, NotFound, Path, RateLimited, Rejected, Unavailable
from app.domain.vocabulary import ErrorCode
from app.providers.answers import Explain, Explanation, Refusal
from app.providers.vcita.errors import explain, explain_issue, explain_refund
from tests.providers.vcita import reply

NUMBERED = explain_issue(numbered=True)
UNNUMBERED = explain_issue(numbered=False)
REFERENCED = explain_refund(referenced=True)
UNREFERENCED = explain_refund(referenced=False)


def told(status: int, body: object, meaning: Explain = explain) -> Explanation:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return meaning(Refusal(status=status, body=raw, request_id="req-1"))


def v3(code: str, field: str | None = None) -> dict[str, object]:
    return {"success": False, "errors": [{"code": code, "message": "no", **({} if field is None else {"field": field})}]}


@pytest.mark.parametrize(
    ("status", "code", "field", "kind", "ours", "path"),
    [
        (401, "unauthorized", None, AccountRefused, ErrorCode.PROVIDER_UNAUTHENTICATED, None),
        (403, "forbidden", None, AccountRefused, ErrorCode.PROVIDER_FORBIDDEN, None),
        (404, "not_found", "uid", NotFound, ErrorCode.NOT_FOUND, None),
        (422, "missing", None, NotFound, ErrorCode.NOT_FOUND, None),
        (404, "not_found", "invoice_uid", NotFound, ErrorCode.NOT_FOUND, ("against", "invoice")),
        (404, "not_found", "source_payment_uid", NotFound, ErrorCode.NOT_FOUND, ("options", "vcita", "sourcePaymentUid")),
        (422, "taken", "unique_number", Rejected, ErrorCode.DUPLICATE, ("number",)),
        (422, "taken", None, Rejected, ErrorCode.DUPLICATE, ("number",)),
        (409, "duplicate", None, Rejected, ErrorCode.DUPLICATE, ("number",)),
        (409, "DUPLICATE", "unique_number", Rejected, ErrorCode.DUPLICATE, ("number",)),
        (422, "invalid", "line_items", Rejected, ErrorCode.PROVIDER_REJECTED, ("credit",)),
        (422, "invalid", "line_items.0.taxes.1.rate", Rejected, ErrorCode.PROVIDER_REJECTED, ("credit",)),
        (422, "invalid", "notes", Rejected, ErrorCode.PROVIDER_REJECTED, ("reasonText",)),
        (400, "required", "invoice_uid", Rejected, ErrorCode.PROVIDER_REJECTED, ("against", "invoice")),
        (400, "missing_field", "unheard_of", Rejected, ErrorCode.PROVIDER_REJECTED, None),
        (422, "invalid_reference", "source_payment_uid", Rejected, ErrorCode.PROVIDER_REJECTED,
         ("options", "vcita", "sourcePaymentUid")),
        (429, "rate_limit_exceeded", None, RateLimited, ErrorCode.PROVIDER_RATE_LIMITED, None),
        (429, "too_many_requests", None, RateLimited, ErrorCode.PROVIDER_RATE_LIMITED, None),
        (500, "unexpected", None, Unavailable, ErrorCode.PROVIDER_UNAVAILABLE, None),
    ],
)  # fmt: skip
def test_a_machine_code_decides(
    status: int, code: str, field: str | None, kind: type[GatewayError], ours: ErrorCode, path: Path | None
) -> None:
    explained = told(status, v3(code, field), NUMBERED)
    error = explained.error
    assert (explained.by_code, explained.definite) == (True, None)
    assert (type(error), error.code, error.path) == (kind, ours, path)
    assert error.provider is not None
    assert (error.provider.http_status, error.provider.code, error.provider.field) == (status, code, field)


@pytest.mark.parametrize(("status", "code"), [(409, "duplicate"), (422, "taken"), (400, "duplicate"), (409, "taken")])
@pytest.mark.parametrize("field", [None, "unique_number"])
def test_what_gave_nothing_that_must_be_unique_can_only_be_a_duplicate_of_itself(status: int, code: str, field: str | None) -> None:
    for meaning in (UNNUMBERED, UNREFERENCED):
        explained = told(status, v3(code, field), meaning)
        assert (explained.error.code, explained.by_code, explained.definite) == (ErrorCode.DUPLICATE, True, False)


def test_other_refusals_of_a_note_without_a_number_prove_what_they_always_do() -> None:
    assert told(422, v3("invalid", "line_items"), UNNUMBERED).definite is None
    assert told(409, v3("brand_new"), UNNUMBERED).definite is None


@pytest.mark.parametrize(
    ("code", "field", "kind", "path"),
    [
        ("missing", "payment_uid", NotFound, ("paymentId",)),
        ("invalid", "refund.payment_uid", Rejected, ("paymentId",)),
        ("invalid", "refund.amount", Rejected, ("amount",)),
        ("invalid", "amount", Rejected, ("amount",)),
        ("invalid", "refund.record_refund", Rejected, ("external",)),
        ("invalid", "refund.refund_time", Rejected, ("paidOn",)),
        ("invalid", "refund.provider_refund_id", Rejected, ("reference",)),
        ("duplicate", None, Rejected, ("reference",)),
        ("taken", "payment_uid", Rejected, ("paymentId",)),
        ("invalid", "invoice_uid", Rejected, None),
    ],
)
def test_a_refusal_of_a_refund_blames_the_inputs_of_a_refund(
    code: str, field: str | None, kind: type[GatewayError], path: Path | None
) -> None:
    explained = told(422, v3(code, field), REFERENCED)
    assert (type(explained.error), explained.error.path, explained.definite) == (kind, path, None)


def test_the_refusal_of_a_read_blames_no_input() -> None:
    assert told(422, v3("invalid", "invoice_uid")).error.path is None


def test_the_machine_code_goes_before_the_status() -> None:
    assert isinstance(told(400, v3("unauthorized")).error, AccountRefused)


@pytest.mark.parametrize(
    ("status", "body", "kind", "message"),
    [
        (401, {"message": "401 Unauthorized", "status": "Failure"}, AccountRefused, "401 Unauthorized"),
        (401, {"error": "Unauthorized"}, AccountRefused, "Unauthorized"),
        (404, {"success": False, "error": "no such thing"}, NotFound, "no such thing"),
        (422, {"status": "Error", "error": "Unauthorized"}, Rejected, "Unauthorized"),
        (422, {"success": False, "errors": [{"message": ["a", "b"], "field": "notes"}]}, Rejected, "a; b"),
        (400, {"statusCode": 400, "message": ["x must be a string"], "error": "Bad Request"}, Rejected, "x must be a string"),
        (422, {"success": False, "errors": ["first", "second"]}, Rejected, "first; second"),
        (422, {"success": False, "errors": [{"code": "brand_new", "message": "hm"}]}, Rejected, "hm"),
        (409, {"success": False, "errors": [{"message": "again"}]}, Rejected, "again"),
        (500, {"response": "Not Subscribed"}, Unavailable, "Not Subscribed"),
        (502, b"Bad Gateway", Unavailable, "Bad Gateway"),
        (503, b"<html><body>maintenance</body></html>", Unavailable, None),
        (422, b"", Rejected, None),
        (400, b"[]", Rejected, "[]"),
    ],
)
def test_without_a_known_code_the_status_decides_and_never_the_text(
    status: int, body: object, kind: type[GatewayError], message: str | None
) -> None:
    explained = told(status, body)
    assert not explained.by_code
    assert type(explained.error) is kind
    assert explained.error.provider is not None
    assert explained.error.provider.message == message


@pytest.mark.parametrize("body", [
    {"status": "Error", "error": "gone", "error_code": "not_found"},
    {"error": {"code": "not_found", "message": "gone"}},
    {"errors": [{"code": "odd"}, {"code": "not_found", "message": "gone"}]},
])  # fmt: skip
def test_a_known_code_is_found_wherever_the_envelope_has_it(body: object) -> None:
    explained = told(422, body)
    assert explained.by_code
    assert isinstance(explained.error, NotFound)
    assert explained.error.message == "gone"


@pytest.mark.parametrize(
    ("meaning", "code"),
    [
        ("absent", ErrorCode.NOT_FOUND),
        ("rejected", ErrorCode.PROVIDER_REJECTED),
        ("over_balance", ErrorCode.PROVIDER_REJECTED),  # its own code is not published: the balance is read before sending
        ("unauthorized", ErrorCode.PROVIDER_UNAUTHENTICATED),
        ("rate_limited", ErrorCode.PROVIDER_RATE_LIMITED),
        ("broken", ErrorCode.PROVIDER_UNAVAILABLE),
    ],
)
def test_the_recorded_refusals_mean_what_they_are_called(meaning: str, code: ErrorCode) -> None:
    recorded = reply(meaning)
    body = recorded["body"].encode() if isinstance(recorded["body"], str) else recorded["body"]
    assert told(recorded["status"], body).error.code is code


@given(st.integers(400, 599), st.binary(max_size=60))
def test_any_bytes_have_a_meaning(status: int, body: bytes) -> None:
    assert isinstance(told(status, body).error, GatewayError)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["errors", "error", "code", "message", "field", "error_code", "status"]), inner, max_size=4
        )
    ),
    max_leaves=8,
)


@given(st.integers(400, 599), JSON)
def test_any_json_has_a_meaning(status: int, body: object) -> None:
    explained = told(status, body)
    assert explained.error.provider is not None
    assert explained.error.provider.http_status == status


def test_a_body_nested_without_end_has_a_meaning() -> None:
    assert isinstance(told(422, b'{"error":' * 5000 + b"1" + b"}" * 5000).error, Rejected)

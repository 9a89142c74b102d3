"""What Zenskar's refusals mean."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.errors import (
    AccountRefused,
    GatewayError,
    InvalidInput,
    InvalidInputs,
    NotFound,
    RateLimited,
    Rejected,
    Unavailable,
    WrongState,
)
from app.domain.vocabulary import ErrorCode
from app.providers.answers import Explanation, Refusal
from app.providers.zenskar.errors import explain


def explained(status: int, body: object) -> Explanation:
    return explain(Refusal(status=status, body=body if isinstance(body, bytes) else json.dumps(body).encode()))


@pytest.mark.parametrize(
    ("status", "body", "kind", "code"),
    [
        (401, {"detail": "Invalid API key"}, AccountRefused, ErrorCode.PROVIDER_UNAUTHENTICATED),
        (403, {"Message": "User is not authorized"}, AccountRefused, ErrorCode.PROVIDER_FORBIDDEN),
        (404, {"detail": "Not found"}, NotFound, ErrorCode.NOT_FOUND),
        (429, {"detail": "Too many"}, RateLimited, ErrorCode.PROVIDER_RATE_LIMITED),
        (400, {"detail": "no"}, Rejected, ErrorCode.PROVIDER_REJECTED),
        (409, {"message": "no"}, Rejected, ErrorCode.PROVIDER_REJECTED),
        (422, {"detail": "no"}, Rejected, ErrorCode.PROVIDER_REJECTED),
        (500, b"Internal Server Error", Unavailable, ErrorCode.PROVIDER_UNAVAILABLE),
    ],
)
def test_a_refusal_without_a_known_code_goes_by_its_status(
    status: int, body: object, kind: type[GatewayError], code: ErrorCode
) -> None:
    explanation = explained(status, body)
    assert type(explanation.error) is kind
    assert explanation.error.code is code
    assert not explanation.by_code


@pytest.mark.parametrize(
    "body",
    [
        {"detail": "SOME_CODE: the words"},
        {"detail": {"code": "SOME_CODE", "message": "SOME_CODE: the words"}},
        {"code": "SOME_CODE", "message": "SOME_CODE: the words"},
        {"error": {"code": "SOME_CODE", "message": "SOME_CODE: the words"}},
        {"error": "SOME_CODE: the words"},
        "SOME_CODE: the words",
        b"SOME_CODE: the words",
    ],
)
def test_code_and_words_are_found_in_every_known_envelope(body: object) -> None:
    fault = explained(400, body).error.provider
    assert fault is not None
    assert (fault.http_status, fault.code, fault.message) == (400, "SOME_CODE", "SOME_CODE: the words")


@pytest.mark.parametrize("body", [{"detail": "INVOICE_CANNOT_BE_VOIDED"}, {"code": "INVOICE_CANNOT_BE_VOIDED"}])
def test_a_published_code_decides_whatever_the_status(body: object) -> None:
    explanation = explained(409, body)
    assert isinstance(explanation.error, WrongState)
    assert explanation.by_code


@pytest.mark.parametrize(
    ("loc", "path"),
    [
        (["body", "credit_note_amount"], ("credit", "total")),
        (["body", "reason"], ("reasonText",)),
        (["body", "refund_destination"], ("dispositions",)),
        (["body", "refund_amount_split", 0, "payment_id"], ("dispositions",)),
        (["path", "invoice_id"], ("against", "invoice")),
        (["query", "invoice_id"], ("filter", "invoiceIds")),
    ],
)
@pytest.mark.parametrize("words", [("Field required", "missing"), ("field required", "value_error.missing")])
def test_a_validation_fault_names_the_input(loc: list[str | int], path: tuple[str, ...], words: tuple[str, str]) -> None:
    error = explained(422, {"detail": [{"loc": loc, "msg": words[0], "type": words[1]}]}).error
    assert isinstance(error, InvalidInput)
    assert error.path == path
    assert error.provider is not None
    assert (error.provider.code, error.provider.field) == (words[1], ".".join(map(str, loc)))


def test_several_validation_faults_are_told_at_once() -> None:
    faults = [
        {"loc": ["body", name], "msg": "Field required", "type": "missing"} for name in ("reason", "credit_note_amount", "new")
    ]
    error = explained(422, {"detail": faults}).error
    assert isinstance(error, InvalidInputs)
    assert [problem.path for problem in error.problems] == [("reasonText",), ("credit", "total")]
    assert error.provider is not None
    assert "body.new" in str(error.provider.message)


def test_a_fault_of_no_input_is_a_plain_refusal() -> None:
    error = explained(422, {"detail": [{"loc": ["query", "limit"], "msg": "too high", "type": "less_than_equal"}]}).error
    assert type(error) is Rejected


def test_a_page_of_html_is_not_passed_on() -> None:
    fault = explained(502, b"<html><body>Bad gateway</body></html>").error.provider
    assert fault is not None
    assert fault.message is None


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["detail", "message", "loc", "code", "msg", "x"]), inner)
    ),
    max_leaves=8,
)


@given(
    st.integers(min_value=300, max_value=599), st.binary(max_size=40) | json_values.map(lambda value: json.dumps(value).encode())
)
def test_any_body_gives_an_explanation(status: int, body: bytes) -> None:
    assert isinstance(explained(status, body).error, GatewayError)


def test_a_body_nested_beyond_reason_gives_an_explanation() -> None:
    assert isinstance(explained(400, b"[" * 200_000).error, Rejected)
    assert isinstance(explained(400, b'{"detail":' * 500 + b"1" + b"}" * 500).error, Rejected)

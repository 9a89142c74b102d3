"""What Chargebee's refusals mean: by its machine code first, by status second, whatever the body."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.errors import (
    AccountRefused,
    AmountTooHigh,
    GatewayError,
    InvalidInput,
    NotFound,
    Path,
    RateLimited,
    RefundFailed,
    Rejected,
    Unavailable,
    WrongState,
)
from app.domain.vocabulary import ErrorCode
from app.providers.answers import Explain, Explanation, Refusal
from app.providers.chargebee.errors import ERRORS, explain, explain_issue, explain_refund, explain_void
from tests.providers.chargebee import reply

PUBLISHED = {
    400: [
        "param_wrong_value", "invalid_request", "duplicate_entry", "configuration_incompatible", "resource_limit_exhausted",
        "resource_limit_exceeded", "payment_processing_failed", "payment_method_verification_failed", "payment_method_not_present",
        "payment_gateway_currency_incompatible", "payment_intent_invalid", "payment_intent_invalid_amount",
    ],
    401: ["api_authentication_failed", "basic_authentication_failed"],
    403: ["request_blocked", "api_authorization_failed"],
    404: ["resource_not_found", "site_not_found"],
    405: ["http_method_not_supported"],
    409: ["invalid_state_for_request"],
    422: ["unable_to_process_request"],
    429: ["api_request_limit_exceeded", "third_party_api_request_limit_exceeded", "lock_timeout"],
    500: ["internal_error"],
    503: ["db_connection_failure", "site_read_only_mode", "site_not_ready", "internal_temporary_error"],
}  # fmt: skip
TOO_MUCH = ErrorCode.AMOUNT_EXCEEDS_REFUNDABLE
CODES = [(status, code) for status, codes in PUBLISHED.items() for code in codes]


def refusal(status: int, body: Any) -> Refusal:
    return Refusal(status=status, body=body if isinstance(body, bytes) else json.dumps(body).encode(), request_id="req-1")


def refused(status: int, code: str, param: str | None = None) -> Refusal:
    return refusal(status, {"message": "No.", "type": "x", "api_error_code": code, "param": param})


def test_every_published_code_is_in_the_table() -> None:
    assert {code for _, code in CODES} == set(ERRORS)


@pytest.mark.parametrize(("status", "code"), CODES)
def test_a_published_code_decides_and_its_words_are_kept(status: int, code: str) -> None:
    told = explain(refused(status, code, "p"))
    assert told.by_code
    assert isinstance(told.error, ERRORS[code].error)
    fault = told.error.provider
    assert fault is not None
    assert (fault.http_status, fault.code, fault.message, fault.field, fault.request_id) == (status, code, "No.", "p", "req-1")


@pytest.mark.parametrize(
    ("meaning", "error", "code"),
    [
        ("rejected", Rejected, ErrorCode.PROVIDER_REJECTED),
        ("unauthorized", AccountRefused, ErrorCode.PROVIDER_UNAUTHENTICATED),
        ("rate_limited", RateLimited, ErrorCode.PROVIDER_RATE_LIMITED),
        ("broken", Unavailable, ErrorCode.PROVIDER_UNAVAILABLE),
        ("over_balance", AmountTooHigh, ErrorCode.AMOUNT_EXCEEDS_CREDITABLE),
    ],
)
def test_the_recorded_refusals_are_understood(meaning: str, error: type[GatewayError], code: ErrorCode) -> None:
    recorded = reply(meaning)
    told = explain_issue(refusal(recorded["status"], recorded["body"]))
    assert type(told.error) is error
    assert (told.error.code, told.by_code) == (code, True)


@pytest.mark.parametrize(
    ("status", "code", "error", "ours"),
    [
        (403, "request_blocked", AccountRefused, ErrorCode.PROVIDER_FORBIDDEN),
        (404, "resource_not_found", NotFound, ErrorCode.NOT_FOUND),
        (404, "site_not_found", AccountRefused, ErrorCode.PROVIDER_UNAUTHENTICATED),
        (400, "duplicate_entry", Rejected, ErrorCode.DUPLICATE),
        (409, "invalid_state_for_request", WrongState, ErrorCode.WRONG_STATE),
        (429, "lock_timeout", RateLimited, ErrorCode.PROVIDER_RATE_LIMITED),
        (422, "unable_to_process_request", Rejected, ErrorCode.PROVIDER_REJECTED),
    ],
)
def test_a_code_has_the_class_of_what_it_says(status: int, code: str, error: type[GatewayError], ours: ErrorCode) -> None:
    told = explain(refused(status, code))
    assert (type(told.error), told.error.code) == (error, ours)


@pytest.mark.parametrize(
    ("status", "code", "param", "error", "path"),
    [
        (400, "param_wrong_value", "total", AmountTooHigh, ("credit", "total")),
        (400, "invalid_request", "total", AmountTooHigh, ("credit", "total")),
        (400, "param_wrong_value", "date", InvalidInput, ("issuedOn",)),
        (400, "param_wrong_value", "create_reason_code", InvalidInput, ("reason",)),
        (400, "param_wrong_value", "line_items[unit_amount][2]", InvalidInput, ("credit", "lineItems", "2", "unitAmount")),
        (400, "param_wrong_value", "line_items[entity_id][2]", InvalidInput, ("credit", "lineItems", "2")),
        (400, "param_wrong_value", "line_items[unit_amount]", InvalidInput, ("credit", "lineItems")),
        (400, "param_wrong_value", "line_items", InvalidInput, ("credit", "lineItems")),
        (400, "param_wrong_value", "comment", Rejected, None),
        (400, "param_wrong_value", None, Rejected, None),
        (400, "invalid_request", None, Rejected, None),
        (409, "invalid_state_for_request", None, WrongState, ("against", "invoice")),
        (404, "resource_not_found", None, NotFound, ("against",)),
    ],
)
def test_a_refused_issue_names_the_input(
    status: int, code: str, param: str | None, error: type[GatewayError], path: Path | None
) -> None:
    told = explain_issue(refused(status, code, param))
    assert (type(told.error), told.error.path, told.by_code) == (error, path, True)


@pytest.mark.parametrize(
    ("explained", "status", "code", "param", "error", "ours", "path"),
    [
        (explain_void, 409, "invalid_state_for_request", None, WrongState, ErrorCode.WRONG_STATE, ("id",)),
        (explain_void, 404, "resource_not_found", None, NotFound, ErrorCode.NOT_FOUND, ("id",)),
        (explain_void, 400, "param_wrong_value", "comment", InvalidInput, ErrorCode.INVALID_INPUT, ("note",)),
        (explain_void, 400, "param_wrong_value", "refund_amount", Rejected, ErrorCode.PROVIDER_REJECTED, None),
        (explain_void, 400, "invalid_request", None, Rejected, ErrorCode.PROVIDER_REJECTED, None),
        (explain_refund, 409, "invalid_state_for_request", None, WrongState, ErrorCode.WRONG_STATE, ("id",)),
        (explain_refund, 404, "resource_not_found", None, NotFound, ErrorCode.NOT_FOUND, ("id",)),
        (explain_refund, 400, "param_wrong_value", "refund_amount", AmountTooHigh, TOO_MUCH, ("amount",)),
        (explain_refund, 400, "invalid_request", "transaction[amount]", AmountTooHigh, TOO_MUCH, ("amount",)),
        (explain_refund, 409, "invalid_state_for_request", "refund_amount", WrongState, ErrorCode.WRONG_STATE, ("id",)),
        (explain_refund, 400, "param_wrong_value", "transaction[payment_method]", InvalidInput, ErrorCode.INVALID_INPUT, ("method",)),
        (explain_refund, 400, "param_wrong_value", "transaction[date]", InvalidInput, ErrorCode.INVALID_INPUT, ("paidOn",)),
        (explain_refund, 400, "param_wrong_value", "transaction[reference_number]", InvalidInput, ErrorCode.INVALID_INPUT, ("reference",)),
        (explain_refund, 400, "param_wrong_value", "comment", InvalidInput, ErrorCode.INVALID_INPUT, ("note",)),
        (explain_refund, 400, "param_wrong_value", "refund_reason_code", Rejected, ErrorCode.PROVIDER_REJECTED, None),
        (explain_refund, 400, "payment_processing_failed", None, RefundFailed, ErrorCode.REFUND_FAILED, None),
        (explain_refund, 429, "lock_timeout", None, RateLimited, ErrorCode.PROVIDER_RATE_LIMITED, None),
        (explain_refund, 401, "api_authentication_failed", None, AccountRefused, ErrorCode.PROVIDER_UNAUTHENTICATED, None),
    ],
)  # fmt: skip
def test_a_refused_void_or_refund_names_the_note_or_the_input(
    *, explained: Explain, status: int, code: str, param: str | None, error: type[GatewayError], ours: ErrorCode, path: Path | None
) -> None:
    told = explained(refused(status, code, param))
    assert (type(told.error), told.error.code, told.error.path, told.by_code) == (error, ours, path, True)
    assert told.error.provider is not None


@pytest.mark.parametrize("param", ["total", "comment", "type", "create_reason_code"])
def test_a_refused_parameter_of_several_inputs_names_the_one_it_came_from(param: str) -> None:
    told = explain_issue(refused(400, "param_wrong_value", param), {param: ("where", "it", "was")})
    assert told.error.path == ("where", "it", "was")
    assert isinstance(told.error, AmountTooHigh if param == "total" else InvalidInput)


def test_an_invoice_that_takes_no_note_now_is_not_creditable() -> None:
    assert explain_issue(refused(409, "invalid_state_for_request")).error.code is ErrorCode.INVOICE_NOT_CREDITABLE


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (502, b"<html>Bad Gateway</html>", Unavailable),
        (503, b"", Unavailable),
        (429, b"slow down", RateLimited),
        (401, {"message": "no type, no code"}, AccountRefused),
        (404, [], NotFound),
        (400, {"api_error_code": "made_up_today", "param": "total"}, Rejected),
        (400, {"api_error_code": 7, "message": ["?"]}, Rejected),
        (409, {"api_error_code": None}, Rejected),
    ],
)
def test_without_a_known_code_the_status_decides(status: int, body: Any, error: type[GatewayError]) -> None:
    for told in (explain(refusal(status, body)), explain_issue(refusal(status, body))):
        assert isinstance(told.error, error)
        assert not told.by_code


def test_the_text_for_people_decides_nothing() -> None:
    told = explain_issue(refusal(400, {"message": "api_request_limit_exceeded", "api_error_code": "invalid_request"}))
    assert type(told.error) is Rejected


@given(status=st.integers(300, 599), body=st.binary(max_size=200))
def test_any_garbage_is_explained(status: int, body: bytes) -> None:
    for explained in (explain_issue, explain_void, explain_refund):
        told = explained(Refusal(status=status, body=body))
        assert isinstance(told, Explanation)
        assert told.error.provider is not None


@given(
    body=st.recursive(
        st.none() | st.text() | st.integers(),
        lambda inner: st.dictionaries(st.sampled_from(["message", "api_error_code", "param"]), inner),
    )
)
def test_any_json_is_explained(body: Any) -> None:
    assert not explain_issue(refusal(400, body)).by_code or body["api_error_code"] in ERRORS

"""The error tree: every code has one class that carries it, and says truly whether trying again can help."""

from __future__ import annotations

import pytest

from app.domain import errors
from app.domain.errors import (
    AccountRefused,
    AmountTooHigh,
    BadPayload,
    Conflict,
    Forbidden,
    GatewayError,
    InProgress,
    IntegrityMismatch,
    InvalidInput,
    InvalidInputs,
    KeyReused,
    LimitExceeded,
    NotFound,
    OutcomeUnknown,
    RateLimited,
    RefundFailed,
    Rejected,
    StoreUnavailable,
    Unauthenticated,
    Unavailable,
    Unsupported,
    WrongState,
)
from app.domain.money import Money
from app.domain.vocabulary import ErrorCode

CODES: dict[type[GatewayError], set[str]] = {
    InvalidInput: {"INVALID_INPUT", "CURRENCY_MISMATCH"},
    InvalidInputs: {"INVALID_INPUT"},
    Unauthenticated: {"UNAUTHENTICATED"},
    Forbidden: {"FORBIDDEN"},
    LimitExceeded: {"LIMIT_EXCEEDED"},
    Unsupported: {"UNSUPPORTED", "UNSUPPORTED_FILTER", "FEATURE_DISABLED"},
    NotFound: {"NOT_FOUND"},
    Rejected: {"PROVIDER_REJECTED", "DUPLICATE", "CONFLICT"},
    Conflict: {"CONFLICT"},
    AmountTooHigh: {"AMOUNT_EXCEEDS_CREDITABLE", "AMOUNT_EXCEEDS_REFUNDABLE"},
    WrongState: {"WRONG_STATE", "INVOICE_NOT_CREDITABLE"},
    RefundFailed: {"REFUND_FAILED"},
    KeyReused: {"IDEMPOTENCY_KEY_REUSED"},
    InProgress: {"IDEMPOTENCY_IN_PROGRESS"},
    Unavailable: {"PROVIDER_UNAVAILABLE", "PROVIDER_TIMEOUT"},
    RateLimited: {"PROVIDER_RATE_LIMITED"},
    StoreUnavailable: {"GATEWAY_UNAVAILABLE"},
    AccountRefused: {"PROVIDER_UNAUTHENTICATED", "PROVIDER_FORBIDDEN"},
    BadPayload: {"PROVIDER_BAD_PAYLOAD"},
    IntegrityMismatch: {"INTEGRITY_MISMATCH"},
    OutcomeUnknown: {"OUTCOME_UNKNOWN"},
}
# Where the same request may succeed later without anybody changing anything.
RETRYABLE = {Conflict, InProgress, Unavailable, RateLimited, StoreUnavailable, OutcomeUnknown}

PLAIN = [kind for kind in CODES if kind not in {InvalidInputs, IntegrityMismatch}]


def test_every_error_is_in_the_table_and_every_code_has_an_error() -> None:
    tree = {kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, GatewayError)}
    assert tree - {GatewayError} == set(CODES)
    assert set().union(*CODES.values()) == {code.value for code in ErrorCode} - {"INTERNAL"}


@pytest.mark.parametrize("kind", CODES)
def test_an_error_carries_its_own_codes_only(kind: type[GatewayError]) -> None:
    assert {code.value for code in {kind.code, *kind.allowed}} == CODES[kind]


@pytest.mark.parametrize("kind", PLAIN)
def test_another_code_is_refused_where_the_error_is_born(kind: type[GatewayError]) -> None:
    for code in ErrorCode:
        if code.value in CODES[kind]:
            assert kind("", code=code).code is code
        else:
            with pytest.raises(TypeError):
                kind("", code=code)


@pytest.mark.parametrize("kind", CODES)
def test_only_what_may_succeed_later_is_called_retryable(kind: type[GatewayError]) -> None:
    assert kind.retryable is (kind in RETRYABLE)


@pytest.mark.parametrize("kind", [AmountTooHigh, WrongState, RefundFailed, Conflict])
def test_what_a_provider_refused_is_rejected(kind: type[GatewayError]) -> None:
    assert issubclass(kind, Rejected)


def test_a_rate_limit_is_one_way_of_being_unavailable() -> None:
    assert issubclass(RateLimited, Unavailable)


def test_an_unknown_outcome_is_none_of_those_that_say_nothing_happened() -> None:
    assert not issubclass(OutcomeUnknown, (Rejected, Unavailable, BadPayload))


def test_over_the_balance_both_figures_are_told() -> None:
    error = AmountTooHigh.of(Money(170_00, "EUR"), Money(150_00, "EUR"), path=("credit", "total"))
    assert error.message == "170.00 EUR is more than the 150.00 EUR that can still be credited on this invoice"
    assert (error.requested, error.maximum, error.path) == (Money(170_00, "EUR"), Money(150_00, "EUR"), ("credit", "total"))
    assert error.code is ErrorCode.AMOUNT_EXCEEDS_CREDITABLE


def test_several_problems_are_one_error_that_keeps_them_apart() -> None:
    first, second = InvalidInput("too long", path=("reasonText",)), Unsupported("not here", path=("number",))
    both = InvalidInputs([first, second])
    assert (both.message, both.problems) == ("too long; not here", (first, second))

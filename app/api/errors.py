"""The one place where a failure becomes an entry of `errors[]`. What is not an expected failure is a bug: logged, and masked."""

from __future__ import annotations

from typing import Any

from graphql import GraphQLError
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError

from app import telemetry
from app.api.problems import retry_after_seconds
from app.domain.errors import GatewayError
from app.domain.vocabulary import ErrorCode

LONGEST_MESSAGE = 300

_ABORTED = " aborted."
"""How the library ends what it says of a document that is over a limit: parsing, validation or execution aborted."""

CALLERS_FAULT = frozenset({
    ErrorCode.UNAUTHENTICATED, ErrorCode.FORBIDDEN, ErrorCode.LIMIT_EXCEEDED, ErrorCode.INVALID_INPUT, ErrorCode.CURRENCY_MISMATCH,
    ErrorCode.NOT_FOUND, ErrorCode.UNSUPPORTED, ErrorCode.UNSUPPORTED_FILTER,
})  # fmt: skip


def present(error: GraphQLError, request_id: str | None) -> None:
    """Rewrite one error in place: message and extensions."""
    cause = error.original_error
    while isinstance(cause, GraphQLError) and cause.original_error is not None:
        cause = cause.original_error
    if isinstance(cause, GatewayError):
        error.message = cause.message[:LONGEST_MESSAGE]
        error.extensions = _extensions(cause)
    elif cause is None or isinstance(cause, (GraphQLError, CannotGetOperationTypeError, InvalidOperationTypeError)):
        error.message = error.message[:LONGEST_MESSAGE]  # the document's or the variables' own fault
        code = ErrorCode.LIMIT_EXCEEDED if error.message.endswith(_ABORTED) else ErrorCode.INVALID_INPUT
        error.extensions = {"code": code.value, "retryable": False, "classification": "BAD_REQUEST"}
    else:
        telemetry.internal_error(cause)
        error.message = "Internal error"
        error.extensions = {"code": ErrorCode.INTERNAL.value, "retryable": False}
    if request_id is not None:
        error.extensions["requestId"] = request_id


def _extensions(error: GatewayError) -> dict[str, Any]:
    fault = error.provider
    said: dict[str, Any] = {
        "code": error.code.value,
        "path": None if error.path is None else list(error.path),
        "retryable": error.retryable,
        "retryAfterSeconds": retry_after_seconds(error),
        "account": error.account,
        "provider": None
        if fault is None
        else {
            "httpStatus": fault.http_status,
            "code": fault.code,
            "message": fault.message,
            "field": fault.field,
            "requestId": fault.request_id,
        },
    }
    if error.code in CALLERS_FAULT:
        said["classification"] = "BAD_REQUEST"
    return said

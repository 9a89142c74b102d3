"""What a client is sent: results and refusals, in the media type and with the status that GraphQL over HTTP gives them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from strawberry.types import ExecutionResult

from app import telemetry
from app.api import media_types
from app.api.http_request import Refused
from app.domain.vocabulary import ErrorCode

VARY = {"Vary": "Accept"}
_STATUSES = {ErrorCode.INTERNAL: 500, ErrorCode.FORBIDDEN: 403}


def result(result: ExecutionResult, media_type: str, sources: Sequence[telemetry.Source] | None = None) -> Response:
    """A result of the schema. Where nothing was executed there is no `data`, and the newer media type says so by its status."""
    errors = [error.formatted for error in result.errors or ()]
    body: dict[str, Any] = {"data": result.data, "errors": errors} if errors else {"data": result.data}
    if sources is not None:
        body["extensions"] = {"sources": sources}
    status = 200
    if _is_request_error(result):
        del body["data"]
        told = {error.get("extensions", {}).get("code") for error in errors}
        status = next((status for code, status in _STATUSES.items() if code.value in told), 400)
    return _answer(body, media_type, status=200 if media_type == media_types.JSON else status)


def _is_request_error(result: ExecutionResult) -> bool:
    """Whether the document or its variables were at fault: an error of execution has a path."""
    return result.data is None and bool(result.errors) and all(error.path is None for error in result.errors or ())


def refusal(refused: Refused, media_type: str) -> Response:
    """What never came to be a GraphQL request."""
    return _answer({"errors": [refusal_error(refused)]}, media_type, status=refused.status, headers=refused.headers)


def refusal_error(refused: Refused) -> dict[str, Any]:
    """The same as an entry of `errors`."""
    extensions: dict[str, Any] = {"code": refused.code.value, "retryable": refused.retry_after_s is not None}
    if refused.retry_after_s is not None:
        extensions["retryAfterSeconds"] = refused.retry_after_s
    if refused.status < 500:
        extensions["classification"] = "BAD_REQUEST"
    return _error(refused.message, extensions)


async def astray(request: Request, refused: Exception) -> Response:
    """What the routes refuse before anybody of ours is asked: an address that is not there, a method that it does not take."""
    if not isinstance(refused, HTTPException):
        return failure(media_types.JSON)
    messages = {404: "there is nothing at this address", 405: f"this address does not take {request.method}"}
    code = ErrorCode.NOT_FOUND if refused.status_code == 404 else ErrorCode.INVALID_INPUT
    message = messages.get(refused.status_code, refused.detail)
    return refusal(Refused(refused.status_code, message, code=code, headers=refused.headers), media_types.JSON)


def failure(media_type: str) -> Response:
    """A bug: logged, and masked."""
    return _answer({"errors": [failure_error()]}, media_type, status=500)


def failure_error() -> dict[str, Any]:
    """The same as an entry of `errors`."""
    return _error("Internal error", {"code": ErrorCode.INTERNAL.value, "retryable": False})


def _error(message: str, extensions: Mapping[str, Any]) -> dict[str, Any]:
    return {"message": message, "extensions": {**extensions, "requestId": telemetry.request_id.get()}}


def _answer(body: object, media_type: str, *, status: int, headers: Mapping[str, str] | None = None) -> Response:
    # JSON is UTF-8 by itself; for the newer type GraphQL over HTTP wants the encoding said.
    said = f"{media_type}; charset=utf-8" if media_type == media_types.GRAPHQL else media_types.JSON
    return Response(msgspec.json.encode(body), status_code=status, headers={**VARY, "Content-Type": said, **(headers or {})})

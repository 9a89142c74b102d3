"""How Chargebee says no: one exception, and the published pairs of status, type and code (docs: API errors).

The wording of a message is never a published fact.
"""

from __future__ import annotations

from starlette.responses import HTMLResponse, JSONResponse, Response

from app.sandbox.kernel import Json, Switches

# The type and the commonest code of each status.
PUBLISHED = {
    400: ("invalid_request", "invalid_request"),
    401: ("untyped", "api_authentication_failed"),
    403: ("untyped", "api_authorization_failed"),
    404: ("invalid_request", "resource_not_found"),
    405: ("invalid_request", "http_method_not_supported"),
    409: ("invalid_request", "invalid_state_for_request"),
    422: ("invalid_request", "unable_to_process_request"),
    429: ("operation_failed", "api_request_limit_exceeded"),
    500: ("operation_failed", "internal_error"),
    503: ("operation_failed", "internal_temporary_error"),
}
EDGE = frozenset({502, 504})  # answered before Chargebee's own servers, so not as JSON


class Refusal(Exception):
    """A request that is not carried out; nothing in the books has changed."""

    def __init__(self, status: int, message: str, *, code: str | None = None, param: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.param = param
        self.type, usual = PUBLISHED[status]
        self.code = code or usual

    def body(self) -> dict[str, Json]:
        """The error object."""
        body: dict[str, Json] = {"message": self.message, "type": self.type, "api_error_code": self.code}
        if self.param is not None:
            body["param"] = self.param
        return body

    def response(self, switches: Switches) -> Response:
        """The answer as it goes out."""
        body = self.body()
        if self.status == 401 and switches["unauthorized_type"] == "absent":
            del body["type"]
        return JSONResponse(body, status_code=self.status)


def wrong_value(*, param: str, why: str) -> Refusal:
    """A parameter that cannot be read, or may not have this value."""
    return Refusal(400, f"{param} : {why}", code="param_wrong_value", param=param)


def not_configured(*, why: str) -> Refusal:
    """Something this site has not switched on."""
    return Refusal(400, why, code="configuration_incompatible")


def not_found(*, kind: str, id: str) -> Refusal:
    """No such resource."""
    return Refusal(404, f"{kind} {id[:60]} not found")


def wrong_state(switches: Switches, why: str) -> Refusal:
    """The resource's state forbids it."""
    return Refusal(int(switches["state_error"]), why)


def too_much(switches: Switches, param: str, why: str) -> Refusal:
    """An amount above what is left."""
    return Refusal(400, f"{param} : {why}", code=switches["amount_error"], param=param)


def refusal(status: int, switches: Switches) -> Response:
    """An answer with this status and the body Chargebee would send with it, whatever the status."""
    if status in EDGE or (status == 503 and switches["code_503"] == "html"):
        return HTMLResponse(f"<html><head><title>{status}</title></head><body><h1>{status}</h1></body></html>", status_code=status)
    if status in PUBLISHED:
        code = switches[f"code_{status}"] if status in {403, 429, 503} else None
        return Refusal(status, f"The request was answered with {status}", code=code).response(switches)
    if status < 400:
        return Response(status_code=status)
    type, code = PUBLISHED[500] if status >= 500 else PUBLISHED[400]
    return JSONResponse(
        {"message": f"The request was answered with {status}", "type": type, "api_error_code": code}, status_code=status
    )

"""How vcita says no: one exception, and the bodies its services put it in. Which rule refuses is decided elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from starlette.responses import PlainTextResponse, Response

from app.sandbox.kernel import Switches
from app.sandbox.vcita.answers import Shown, answer


class Family(Enum):
    """The generations of the API; each has error bodies of its own."""

    V3 = "v3"
    BUSINESS = "business"
    PLATFORM = "platform"
    WEBHOOK = "webhook"


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaint:
    """One thing that is wrong."""

    code: str
    message: str
    field: str | None = None


class Refused(Exception):
    """The request is not carried out; nothing was changed."""

    def __init__(self, status: int, *complaints: Complaint) -> None:
        super().__init__("; ".join(complaint.message for complaint in complaints))
        self.status = status
        self.complaints = complaints


class Denial(Enum):
    """What is wrong with a token; each is answered in its own way (developers-hub: 401 returns in core)."""

    UNKNOWN = "missing, or known to nobody"
    BUSINESS = "fine, but not the business it should act for"
    MISMATCH = "a directory's, with another directory's business"


class Unauthorized(Refused):
    """A 401, whose bodies differ by what is wrong with the token."""

    def __init__(self, denial: Denial) -> None:
        message = "401 Unauthorized" if denial is Denial.UNKNOWN else "Unauthorized"
        super().__init__(401, Complaint(code="unauthorized", message=message))
        self.denial = denial


class GatewayRefused(Refused):
    """The public gateway in front of the services: 422 in the old envelope, whatever the path."""

    def __init__(self) -> None:
        super().__init__(422, Complaint(code="unauthorized", message="Unauthorized"))


class NotSubscribed(Refused):
    """docs: Subscribe to webhook; a rule of the business refused."""

    def __init__(self) -> None:
        super().__init__(500, Complaint(code="unexpected", message="Not Subscribed"))


def refusal(status: int, field: str, message: str, *, code: str = "invalid") -> Refused:
    """A refusal over one member."""
    return Refused(status, Complaint(code=code, message=message, field=field))


# docs: API policies and conventions, plus the codes seen in v3 answers; a status without a known code gets "unexpected".
_CODES = {
    400: ("invalid", "Bad Request"), 401: ("unauthorized", "401 Unauthorized"), 403: ("forbidden", "Forbidden"),
    404: ("not_found", "Not Found"), 405: ("method_not_allowed", "Method Not Allowed"), 409: ("duplicate", "Duplicate"),
    422: ("invalid", "Unprocessable Entity"), 429: ("rate_limit_exceeded", "Too many requests"),
    500: ("unexpected", "Unexpected error"), 503: ("unexpected", "Service Unavailable"), 504: ("unexpected", "Gateway Timeout"),
}  # fmt: skip


def bare_status(status: int) -> Refused:
    """A refusal that has nothing to say but its status."""
    code, message = _CODES.get(status, ("unexpected", "Unexpected error"))
    return Refused(status, Complaint(code=code, message=message))


def refusal_answer(refused: Refused, family: Family, switches: Switches) -> Response:
    """The refusal in the body its service would send."""
    if refused.status < 200 or refused.status in {204, 304}:
        return Response(status_code=refused.status)  # HTTP allows these no body
    if refused.status == 502:
        return PlainTextResponse("Bad Gateway", status_code=502)
    return answer(_body(refused, family, switches), refused.status)


def _body(refused: Refused, family: Family, switches: Switches) -> Shown:
    text = str(refused)
    match refused:
        case Unauthorized() if refused.denial is Denial.MISMATCH or switches["unauthorized_body"] == "error":
            return {"error": "Unauthorized"}
        case Unauthorized() if switches["unauthorized_body"] == "message":
            return {"message": text, "status": "Failure"}
        case GatewayRefused():
            return {"status": "Error", "error": text}
        case NotSubscribed():
            return {"response": text}
        case Unauthorized():
            return _errors(refused, "documented")
        case _ if family is Family.PLATFORM:
            return {"status": "Error", "error": text, "error_code": refused.complaints[0].code}
        case _ if family is Family.WEBHOOK:
            return {"status": "Failure", "message": text}
        case _:
            return _errors(refused, switches["error_body"])


def _errors(refused: Refused, style: str) -> Shown:
    if style == "error_text":
        return {"success": False, "error": str(refused)}
    return {"success": False, "errors": [_error(complaint, style) for complaint in refused.complaints]}


def _error(complaint: Complaint, style: str) -> Shown:
    shown: dict[str, Shown] = {} if style == "no_code" else {"code": complaint.code}
    shown["message"] = [complaint.message] if style == "message_array" else complaint.message
    if complaint.field is not None:
        shown["field"] = complaint.field
    return shown

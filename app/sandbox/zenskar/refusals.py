"""How Zenskar says no: business rules, validation, the front gateway, and any status on demand. No rule is decided here."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from http import HTTPStatus

import msgspec
from starlette.responses import Response

from app.sandbox.kernel import Switches
from app.sandbox.zenskar.kinds import Value
from app.sandbox.zenskar.problems import Problem, Wrong

# docs: Authentication (older revision), the front gateway's words, with its capital M.
FORBIDDEN = "User is not authorized to access this resource with an explicit deny"
BODILESS = frozenset({204, 205, 304})

_encoder = msgspec.json.Encoder(decimal_format="number")


class Code(StrEnum):
    """The machine words of refusals. Only the first is published; the others are ours, and nobody should rely on them."""

    INVOICE_CANNOT_BE_VOIDED = "INVOICE_CANNOT_BE_VOIDED"
    CREDIT_NOTE_ALREADY_EXISTS = "CREDIT_NOTE_ALREADY_EXISTS"
    CREDIT_NOTE_AMOUNT_TOO_HIGH = "CREDIT_NOTE_AMOUNT_TOO_HIGH"
    CREDIT_NOTE_CANNOT_BE_CHANGED = "CREDIT_NOTE_CANNOT_BE_CHANGED"
    CREDIT_NOTE_CANNOT_BE_VOIDED = "CREDIT_NOTE_CANNOT_BE_VOIDED"
    DUPLICATE_CREDIT_NOTE_NUMBER = "DUPLICATE_CREDIT_NOTE_NUMBER"
    INVALID_CURSOR = "INVALID_CURSOR"
    INVALID_CUSTOMER = "INVALID_CUSTOMER"
    INVALID_INVOICE = "INVALID_INVOICE"
    INVALID_ORDER = "INVALID_ORDER"
    INVALID_PAYMENT_PARTS = "INVALID_PAYMENT_PARTS"
    INVALID_PAYMENT_STATUS = "INVALID_PAYMENT_STATUS"
    INVALID_PAYMENT_TYPE = "INVALID_PAYMENT_TYPE"
    INVALID_REFUND_PARTS = "INVALID_REFUND_PARTS"
    INVALID_REFUND_SPLIT = "INVALID_REFUND_SPLIT"
    INVALID_SEARCH = "INVALID_SEARCH"
    INVOICE_CANNOT_BE_APPROVED = "INVOICE_CANNOT_BE_APPROVED"
    INVOICE_CANNOT_BE_CREDITED = "INVOICE_CANNOT_BE_CREDITED"
    INVOICE_CANNOT_BE_PAID = "INVOICE_CANNOT_BE_PAID"
    NOTHING_TO_SETTLE = "NOTHING_TO_SETTLE"
    NOT_ENOUGH_CREDITS = "NOT_ENOUGH_CREDITS"
    NOT_FOUND = "NOT_FOUND"
    PAYMENT_CANNOT_BE_REFUNDED = "PAYMENT_CANNOT_BE_REFUNDED"
    REFUND_AMOUNT_TOO_HIGH = "REFUND_AMOUNT_TOO_HIGH"
    REFUND_DESTINATION_REQUIRED = "REFUND_DESTINATION_REQUIRED"


class Refused(Exception):
    """What a rule forbids. Without a status of its own it is answered as the switch `refusal_status` says."""

    def __init__(self, code: Code, message: str, status: int | None = None) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status


def missing(id: str, what: str) -> Refused:
    """Nothing under this id."""
    return Refused(Code.NOT_FOUND, f"{what} {id} not found", 404)


def answer(value: Value, status: int = 200) -> Response:
    """JSON with exact numbers."""
    return Response(_encoder.encode(value), status, media_type="application/json")


def refused(refusal: Refused, switches: Switches) -> Response:
    """A business refusal."""
    status = int(switches["refusal_status"]) if refusal.status is None else refusal.status
    return _said(status, refusal.code, refusal.message, switches)


def unprocessable(problems: Sequence[Problem], switches: Switches) -> Response:
    """The documented 422 body; its wording is one of two, which nobody should read."""
    detail: list[Value] = []
    for problem in problems:
        kind, message = problem.wrong.value
        if switches["validation_words"] == "older":
            kind = "value_error.missing" if kind == "missing" else f"type_error.{kind}"
            message = message.lower()
        detail.append({"loc": list(problem.loc), "msg": message, "type": kind})
    return answer({"detail": detail}, 422)


def on_demand(status: int, switches: Switches) -> Response:
    """An answer with this status and the body that goes with it, without anything having happened."""
    if status < 200 or status in BODILESS:
        return Response(status_code=status)
    match status:
        case 403:
            return answer({"Message": FORBIDDEN}, 403)
        case 422:
            problem = Problem(loc=("body", "credit_note_amount"), wrong=Wrong.MISSING)
            return unprocessable([problem], switches)
    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:
        phrase = "Refused"
    return _said(status, None, phrase, switches)


def _said(status: int, code: Code | None, message: str, switches: Switches) -> Response:
    sentence = message if code is None else f"{code}: {message}"
    coded: dict[str, Value] = {} if code is None else {"code": code}
    match switches["error_shape"]:
        case "plain_text":
            return Response(sentence, status, media_type="text/plain")
        case "message":
            return answer({**coded, "message": message}, status)
        case "detail_object":
            return answer({"detail": {**coded, "message": message}}, status)
        case _:
            return answer({"detail": sentence}, status)

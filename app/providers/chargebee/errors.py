"""What Chargebee's refusals mean (docs: API errors): by `api_error_code` first, by status second, never by the text for people."""

from __future__ import annotations

import re
from dataclasses import dataclass

import msgspec

from app.domain.errors import (
    AccountRefused,
    AmountTooHigh,
    GatewayError,
    InvalidInput,
    NotFound,
    Path,
    ProviderFault,
    RateLimited,
    Rejected,
    Unavailable,
    WrongState,
)
from app.domain.vocabulary import ErrorCode
from app.providers.answers import Explanation, Refusal, by_status
from app.providers.chargebee import wire


@dataclass(frozen=True, slots=True)
class Meaning:
    """The class of error a code stands for, and its code where the class has several."""

    error: type[GatewayError]
    code: ErrorCode | None = None


ERRORS = {
    "param_wrong_value": Meaning(Rejected),  # with a known `param`: InvalidInput or AmountTooHigh
    "invalid_request": Meaning(Rejected),  # the same
    "duplicate_entry": Meaning(Rejected, ErrorCode.DUPLICATE),
    "configuration_incompatible": Meaning(Rejected),
    "resource_limit_exhausted": Meaning(Rejected),
    "resource_limit_exceeded": Meaning(Rejected),
    "payment_processing_failed": Meaning(Rejected),
    "payment_method_verification_failed": Meaning(Rejected),
    "payment_method_not_present": Meaning(Rejected),
    "payment_gateway_currency_incompatible": Meaning(Rejected),
    "payment_intent_invalid": Meaning(Rejected),
    "payment_intent_invalid_amount": Meaning(Rejected),
    "api_authentication_failed": Meaning(AccountRefused),
    "basic_authentication_failed": Meaning(AccountRefused),
    "request_blocked": Meaning(AccountRefused, ErrorCode.PROVIDER_FORBIDDEN),
    "api_authorization_failed": Meaning(AccountRefused, ErrorCode.PROVIDER_FORBIDDEN),
    "resource_not_found": Meaning(NotFound),
    "site_not_found": Meaning(AccountRefused),  # nothing of the account can be reached, so no note is "not found"
    "http_method_not_supported": Meaning(Rejected),
    "invalid_state_for_request": Meaning(WrongState),
    "unable_to_process_request": Meaning(Rejected),
    "api_request_limit_exceeded": Meaning(RateLimited),
    "third_party_api_request_limit_exceeded": Meaning(RateLimited),
    "lock_timeout": Meaning(RateLimited),
    "internal_error": Meaning(Unavailable),
    "db_connection_failure": Meaning(Unavailable),
    "site_read_only_mode": Meaning(Unavailable),
    "site_not_ready": Meaning(Unavailable),
    "internal_temporary_error": Meaning(Unavailable),
}

ABOUT_PARAMETERS = frozenset({"param_wrong_value", "invalid_request"})

# Parameters of "Create a credit note" and the inputs they are made from. `comment` has two and is left out.
INPUTS: dict[str, Path] = {
    "reference_invoice_id": ("against", "invoice"),
    "customer_id": ("against", "customer"),
    "currency_code": ("against", "customer", "currency"),
    "date": ("issuedOn",),
    "customer_notes": ("customerNote",),
    "create_reason_code": ("reason",),
    "reason_code": ("reason",),
    "type": ("dispositions",),
    "line_items": ("credit", "lineItems"),
}
COLUMNS = {
    "reference_line_item_id": "invoiceLineItemId",
    "unit_amount": "unitAmount",
    "quantity": "quantity",
    "description": "description",
    "date_from": "periodStart",
    "date_to": "periodEnd",
}
_COLUMN = re.compile(r"line_items\[(\w+)\](?:\[([0-9]{1,4})\])?")


def explain(refusal: Refusal) -> Explanation:
    """Say what a refused read means."""
    said = _read(refusal.body)
    fault = _fault(refusal, said)
    meaning = ERRORS.get(fault.code or "")
    if meaning is None:
        return Explanation(error=by_status(refusal.status, fault), by_code=False)
    return Explanation(error=meaning.error(_message(fault), code=meaning.code, provider=fault), by_code=True)


def explain_issue(refusal: Refusal) -> Explanation:
    """Say what a refused issue means: here the parameters are those of the note, and the state is the invoice's."""
    general = explain(refusal)
    fault = general.error.provider
    if not general.by_code or fault is None:
        return general
    return Explanation(error=_issue_error(general.error, fault), by_code=True)


def _issue_error(general: GatewayError, fault: ProviderFault) -> GatewayError:
    if isinstance(general, WrongState):
        return WrongState(general.message, code=ErrorCode.INVOICE_NOT_CREDITABLE, path=("against", "invoice"), provider=fault)
    if isinstance(general, NotFound):
        return NotFound(general.message, path=("against",), provider=fault)
    if fault.code not in ABOUT_PARAMETERS or fault.field is None:
        return general
    if fault.field == "total":  # it was a whole number above zero when it was sent: what is left to refuse is its size
        return AmountTooHigh(general.message, path=("credit", "total"), provider=fault)
    path = _input(fault.field)
    return general if path is None else InvalidInput(general.message, path=path, provider=fault)


def _input(parameter: str) -> Path | None:
    column = _COLUMN.fullmatch(parameter)
    if column is None:
        return INPUTS.get(parameter)
    name, index = COLUMNS.get(column[1]), column[2]
    if index is None:
        return INPUTS["line_items"]
    return (*INPUTS["line_items"], index) if name is None else (*INPUTS["line_items"], index, name)


def _read(body: bytes) -> wire.Refusal:
    try:
        return msgspec.json.decode(body, type=wire.Refusal)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return wire.Refusal()  # HTML from the edge, nothing at all, or no object: the status has to do


def _fault(refusal: Refusal, said: wire.Refusal) -> ProviderFault:
    return ProviderFault(
        http_status=refusal.status,
        code=_text(said.api_error_code),
        message=_text(said.message),
        field=_text(said.param),
        request_id=refusal.request_id,
    )


def _text(value: object) -> str | None:
    return value[:500] if isinstance(value, str) and value else None


def _message(fault: ProviderFault) -> str:
    return fault.message or f"the provider answered {fault.code}"

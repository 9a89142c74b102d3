"""What Chargebee's refusals mean (docs: API errors): by `api_error_code` first, by status second, never by the text for people."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

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
    RefundFailed,
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

# Parameters of "Create a credit note" and the inputs they are made from; of those with several inputs the plan keeps which.
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
NOT_KEPT: Mapping[str, Path] = MappingProxyType({})
VOID_INPUTS: dict[str, Path] = {"comment": ("note",)}
# docs: Refund a credit note, Record refund for a credit note.
REFUND_INPUTS: dict[str, Path] = {
    "comment": ("note",),
    "transaction[payment_method]": ("method",),
    "transaction[date]": ("paidOn",),
    "transaction[reference_number]": ("reference",),
}
AMOUNTS_OF_REFUNDS = frozenset({"refund_amount", "transaction[amount]"})
_COLUMN = re.compile(r"line_items\[(\w+)\](?:\[([0-9]{1,4})\])?")


def explain(refusal: Refusal) -> Explanation:
    """Say what a refused read means."""
    said = _read(refusal.body)
    fault = _fault(refusal, said)
    meaning = ERRORS.get(fault.code or "")
    if meaning is None:
        return Explanation(error=by_status(refusal.status, fault), by_code=False)
    return Explanation(error=meaning.error(_message(fault), code=meaning.code, provider=fault), by_code=True)


def explain_issue(refusal: Refusal, inputs: Mapping[str, Path] = NOT_KEPT) -> Explanation:
    """Say what a refused issue means: here the parameters are those of the note, and the state is the invoice's."""
    return _explained(refusal, lambda general, fault: _issue_error(general, fault, inputs))


def explain_void(refusal: Refusal) -> Explanation:
    """Say what a refused void means: the state is the note's."""
    return _explained(refusal, lambda general, fault: _note_error(general, fault, VOID_INPUTS))


def explain_refund(refusal: Refusal) -> Explanation:
    """Say what a refused refund means: the state is the note's, and an amount that was valid can only be too high."""
    return _explained(refusal, _refund_error)


def _explained(refusal: Refusal, of: Callable[[GatewayError, ProviderFault], GatewayError]) -> Explanation:
    general = explain(refusal)
    fault = general.error.provider
    if not general.by_code or fault is None:
        return general
    return Explanation(error=of(general.error, fault), by_code=True)


def _issue_error(general: GatewayError, fault: ProviderFault, inputs: Mapping[str, Path]) -> GatewayError:
    if isinstance(general, WrongState):
        return WrongState(general.message, code=ErrorCode.INVOICE_NOT_CREDITABLE, path=("against", "invoice"), provider=fault)
    if isinstance(general, NotFound):
        return NotFound(general.message, path=("against",), provider=fault)
    if fault.code not in ABOUT_PARAMETERS or fault.field is None:
        return general
    if fault.field == "total":  # it was a whole number above zero when it was sent: what is left to refuse is its size
        return AmountTooHigh(general.message, path=inputs.get("total", ("credit", "total")), provider=fault)
    path = inputs.get(fault.field) or _input(fault.field)
    return general if path is None else InvalidInput(general.message, path=path, provider=fault)


def _refund_error(general: GatewayError, fault: ProviderFault) -> GatewayError:
    if fault.code in ABOUT_PARAMETERS and fault.field in AMOUNTS_OF_REFUNDS:
        code = ErrorCode.AMOUNT_EXCEEDS_REFUNDABLE
        return AmountTooHigh(general.message, code=code, path=("amount",), provider=fault)
    if fault.code == "payment_processing_failed":  # asked of the payment's gateway, which did not do it
        return RefundFailed(general.message, provider=fault)
    return _note_error(general, fault, REFUND_INPUTS)


def _note_error(general: GatewayError, fault: ProviderFault, inputs: Mapping[str, Path]) -> GatewayError:
    if isinstance(general, (WrongState, NotFound)):
        general.path = ("id",)
        return general
    path = inputs.get(fault.field or "") if fault.code in ABOUT_PARAMETERS else None
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

"""What vcita's refusals mean: by machine code first, by status second, never by their text. Total: any body has a meaning."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import msgspec

from app.domain.errors import (
    AccountRefused,
    GatewayError,
    NotFound,
    Path,
    ProviderFault,
    RateLimited,
    Rejected,
    Unavailable,
)
from app.domain.vocabulary import ErrorCode
from app.providers.answers import Explain, Explanation, Refusal, by_status


@dataclass(frozen=True, slots=True)
class _Meaning:
    error: type[GatewayError]
    code: ErrorCode | None = None


# docs: API policies and conventions; the v3 samples add the codes of single members. The code for more than the creditable
# balance is not published: `invalid` says no more than that something is, and the gateway has read the balance before.
ERRORS = {
    "unauthorized": _Meaning(AccountRefused),
    "forbidden": _Meaning(AccountRefused, ErrorCode.PROVIDER_FORBIDDEN),
    "not_found": _Meaning(NotFound),
    "missing": _Meaning(NotFound),
    "taken": _Meaning(Rejected, ErrorCode.DUPLICATE),
    "duplicate": _Meaning(Rejected, ErrorCode.DUPLICATE),
    "invalid": _Meaning(Rejected),
    "required": _Meaning(Rejected),
    "missing_field": _Meaning(Rejected),
    "invalid_reference": _Meaning(Rejected),
    "rate_limit_exceeded": _Meaning(RateLimited),
    "too_many_requests": _Meaning(RateLimited),
    "unexpected": _Meaning(Unavailable),
}

# The first word of the refused member -> the input it was made from.
ISSUE_PATHS: dict[str, Path] = {
    "invoice_uid": ("against", "invoice"),
    "line_items": ("credit",),
    "notes": ("reasonText",),
    "unique_number": ("number",),
    "source_payment_uid": ("options", "vcita", "sourcePaymentUid"),
    "notify_recipient": ("notifyCustomer",),
}
REFUND_PATHS: dict[str, Path] = {
    "payment_uid": ("paymentId",),
    "amount": ("amount",),
    "record_refund": ("external",),
    "refund_time": ("paidOn",),
    "provider_refund_id": ("reference",),
}


@dataclass(frozen=True, slots=True)
class _Complaint:
    code: str | None = None
    message: str | None = None
    field: str | None = None


def explain(refusal: Refusal) -> Explanation:
    """Say what the refusal of a read means, whatever its body."""
    return _explained(refusal, {})


def explain_issue(*, numbered: bool) -> Explain:
    """Of a note to be issued, with a number of the caller's or without."""
    return _of_write(ISSUE_PATHS, ("number",) if numbered else None)


def explain_refund(*, referenced: bool) -> Explain:
    """Of a refund to be made, with a reference of the caller's or without."""
    return _of_write(REFUND_PATHS, ("reference",) if referenced else None)


def _of_write(paths: Mapping[str, Path], unique: Path | None) -> Explain:
    """Where the caller gave nothing that must be unique, only the write itself can be a duplicate: it may have happened already."""

    def explained(refusal: Refusal) -> Explanation:
        told = _explained(refusal, paths)
        if told.error.code is not ErrorCode.DUPLICATE:
            return told
        if unique is None:
            return replace(told, definite=False)
        told.error.path = told.error.path or unique
        return told

    return explained


def _explained(refusal: Refusal, paths: Mapping[str, Path]) -> Explanation:
    complaints = _complaints(refusal.body)
    known = next((one for one in complaints if one.code is not None and one.code.lower() in ERRORS), None)
    first = known or next(iter(complaints), _Complaint())
    messages = [one.message for one in complaints if one.message]
    fault = ProviderFault(
        http_status=refusal.status,
        code=first.code,
        message="; ".join(messages) or None,
        field=first.field,
        request_id=refusal.request_id,
    )
    if known is None or known.code is None:
        return Explanation(error=by_status(refusal.status, fault), by_code=False)
    return Explanation(error=_meant(ERRORS[known.code.lower()], fault, paths), by_code=True)


def _meant(meaning: _Meaning, fault: ProviderFault, paths: Mapping[str, Path]) -> GatewayError:
    path = paths.get((fault.field or "").removeprefix("refund.").partition(".")[0])
    message = fault.message or f"the provider refused: {fault.code}"
    return meaning.error(message, code=meaning.code, path=path, provider=fault)


def _complaints(body: bytes) -> list[_Complaint]:
    """Every complaint in the shapes seen: `errors[]`, one error by itself, the older envelopes, plain text."""
    try:
        told: object = msgspec.json.decode(body)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return _plain(body)
    if not isinstance(told, dict):
        return _plain(body)
    listed = told.get("errors")
    if isinstance(listed, list) and listed:
        return [_complaint(one) for one in listed]
    return [_complaint(told)]


def _complaint(told: object) -> _Complaint:
    if not isinstance(told, dict):
        return _Complaint(message=_text(told))
    nested = told.get("error")
    inner = nested if isinstance(nested, dict) else told
    return _Complaint(
        code=_text(inner.get("code")) or _text(inner.get("error_code")),
        message=_text(inner.get("message")) or _text(nested) or _text(inner.get("response")),
        field=_text(inner.get("field")),
    )


def _text(told: object) -> str | None:
    """A text, or several told as a list."""
    if isinstance(told, list):
        return "; ".join(part for part in told if isinstance(part, str)) or None
    return told or None if isinstance(told, str) else None


def _plain(body: bytes) -> list[_Complaint]:
    """A short plain text is worth showing, a page of HTML is not."""
    text = body.decode("utf-8", "replace").strip()
    return [_Complaint(message=text[:200])] if text and not text.startswith("<") else []

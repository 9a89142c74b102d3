"""What Zenskar's refusals mean: by machine code first, by status second, never by a sentence.

The envelope of business refusals is published nowhere: every known form is tried, and any body gives an answer.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

import msgspec

from app.domain.errors import GatewayError, InvalidInput, InvalidInputs, Path, ProviderFault, WrongState
from app.providers.answers import Explanation, Refusal, by_status

# Official MCP server, `voidInvoice`. No code of the credit-note operations is published; what is not here goes by its status.
ERRORS: Mapping[str, type[GatewayError]] = {"INVOICE_CANNOT_BE_VOIDED": WrongState}

# docs: Create a credit note against an invoice, Update credit note by ID: their members, and the inputs they come from.
INPUTS: Mapping[tuple[str, str], Path] = {
    ("body", "credit_note_amount"): ("credit", "total"),
    ("body", "reason"): ("reasonText",),
    ("body", "refund_amount_split"): ("dispositions",),
    ("body", "refund_destination"): ("dispositions",),
    ("path", "credit_note_id"): ("id",),
    ("path", "invoice_id"): ("against", "invoice"),
    ("query", "invoice_id"): ("filter", "invoiceIds"),
}

_MACHINE_WORD = re.compile(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+(?=:|$)")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fault:
    """One entry of `detail[]`; docs: Overview: `type` and `msg` are worded in two ways, `loc` is the same in both."""

    loc: tuple[str, ...]
    type: str | None
    message: str | None

    @property
    def field(self) -> str:
        return ".".join(self.loc)

    @property
    def path(self) -> Path | None:
        return INPUTS.get((self.loc[0], self.loc[1])) if len(self.loc) > 1 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Said:
    code: str | None = None
    message: str | None = None
    faults: tuple[_Fault, ...] = ()


def explain(refusal: Refusal) -> Explanation:
    """Say what this refusal means."""
    said = _said(refusal.body)
    fault = ProviderFault(
        http_status=refusal.status,
        code=said.code,
        message=said.message,
        field=said.faults[0].field if said.faults else None,
        request_id=refusal.request_id,
    )
    known = ERRORS.get(said.code or "")
    if known is not None:
        return Explanation(error=known(said.message or "the provider refuses this", provider=fault), by_code=True)
    wrong = [each for each in said.faults if each.path is not None] if refusal.status == 422 else []
    return Explanation(error=_invalid(wrong, fault) if wrong else by_status(refusal.status, fault), by_code=False)


def _invalid(wrong: Sequence[_Fault], fault: ProviderFault) -> GatewayError:
    if len(wrong) == 1:
        return InvalidInput(
            f"the provider does not accept this: {wrong[0].message or wrong[0].field}", path=wrong[0].path, provider=fault
        )
    error = InvalidInputs(
        [
            InvalidInput(
                "the provider does not accept this",
                path=each.path,
                provider=ProviderFault(
                    http_status=fault.http_status, code=each.type, field=each.field, request_id=fault.request_id
                ),
            )
            for each in wrong
        ]
    )
    error.provider = fault
    return error


def _said(body: bytes) -> _Said:
    try:
        decoded: object = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _sentence(body.decode(errors="replace").strip())
    return _read(decoded)


def _read(value: object) -> _Said:
    match value:
        case str():
            return _sentence(value)
        case list():
            return _faults(value)
        case dict():
            return _envelope(cast("dict[str, object]", value))
        case _:
            return _Said()


def _envelope(members: Mapping[str, object]) -> _Said:
    """`detail` of the framework, `message` of business refusals, `Message` of the front gateway; one may hold another."""
    code = members.get("code")
    for name in ("detail", "message", "Message", "error"):
        value = members.get(name)
        if isinstance(value, dict):  # one level: refusals are not deeper, and a body may be anything
            value = {inner: each for inner, each in value.items() if not isinstance(each, dict)}
        inner = _read(value)
        if inner != _Said():
            return _Said(code=_word(code) or inner.code, message=inner.message, faults=inner.faults)
    return _Said(code=_word(code))


def _word(value: object) -> str | None:
    return value[:100] if isinstance(value, str) else None


def _sentence(text: str) -> _Said:
    """A sentence, which may begin with a machine word; a page of HTML says nothing."""
    if not text or text.startswith("<"):
        return _Said()
    word = _MACHINE_WORD.match(text)
    return _Said(code=word.group() if word else None, message=text)


def _faults(entries: Sequence[object]) -> _Said:
    faults = tuple(_fault(cast("dict[str, object]", entry)) for entry in entries if isinstance(entry, dict))
    told = [f"{each.field}: {each.message}" for each in faults]
    return _Said(code=faults[0].type if faults else None, message="; ".join(told) or None, faults=faults)


def _fault(entry: Mapping[str, object]) -> _Fault:
    loc, kind, message = entry.get("loc"), entry.get("type"), entry.get("msg")
    return _Fault(
        loc=tuple(str(step)[:100] for step in loc) if isinstance(loc, list) else (),
        type=_word(kind),
        message=message if isinstance(message, str) else None,
    )

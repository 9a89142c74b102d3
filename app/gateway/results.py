"""What the caller of a write is told."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime

from app.domain.credit_note import CreditNote
from app.domain.errors import GatewayError, IntegrityMismatch, OutcomeUnknown, RefundFailed
from app.domain.vocabulary import ErrorCode, WriteOutcome
from app.gateway.entries import Entry
from app.gateway.payouts import Unpayable

GIVEN_UP = "a person has said that it will not be done"


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteResult:
    """What became of a write. `replayed`: an earlier request with the same key had done it."""

    outcome: WriteOutcome
    note: CreditNote | None = None
    refund_id: str | None = None
    replayed: bool = False
    recorded_at: datetime | None = None
    """When the ledger was told of the note, where the answer comes from there."""
    errors: tuple[GatewayError, ...] = ()
    provider_request_id: str | None = None
    """Of the last call that changed something, or was to."""


def applied(entry: Entry, *, account: str, replayed: bool) -> WriteResult:
    """The note of a finished entry, with what it differs in from what was asked; or without its payouts, where they were given up."""
    if entry.payouts:
        return replace(partly(entry, Unpayable(GIVEN_UP), account=account), replayed=replayed)
    recorded_at = _instant(entry.ended_at) if replayed else None
    return WriteResult(
        outcome=WriteOutcome.APPLIED,
        note=entry.note,
        refund_id=entry.refund_id,
        replayed=replayed,
        recorded_at=recorded_at,
        errors=_differences(entry, account),
        provider_request_id=entry.attempts[-1].provider_request_id if entry.attempts else None,
    )


def partly(entry: Entry, error: GatewayError | None, *, account: str) -> WriteResult:
    """The steps that have succeeded, and why the next one has not."""
    errors = _differences(entry, account)
    if error is not None:
        failed = RefundFailed(_missing(entry, error), account=account, provider=error.provider, retry_after=error.retry_after)
        failed.retryable = error.retryable
        errors = (failed, *errors)
    result = WriteResult(
        outcome=WriteOutcome.PARTIALLY_APPLIED,
        note=entry.note,
        refund_id=entry.refund_id,
        recorded_at=_instant(_last_success(entry)),
        errors=errors,
    )
    now = error.note if isinstance(error, Unpayable) else None
    return result if now is None else replace(result, note=now, recorded_at=None)


def _missing(entry: Entry, error: GatewayError) -> str:
    """What was not done, why, and whether a repeat may help."""
    is_part = entry.refund_id is not None
    if isinstance(error, Unpayable):  # the note itself may not stand any more
        what = "a part was refunded and the rest was not" if is_part else "the credit note was issued and its refund was not made"
        return f"{what}: {error.message}, so no repeat pays it out"
    what = "a part was refunded and the rest was not" if is_part else "the credit note stands and its refund does not"
    return f"{what}: {error.message}; repeat with the same idempotency key to go on"


def not_applied(error: GatewayError) -> WriteResult:
    """Nothing happened at the provider."""
    return WriteResult(outcome=WriteOutcome.NOT_APPLIED, errors=(error,), provider_request_id=_request_id(error))


def unknown(error: GatewayError, entry: Entry | None = None) -> WriteResult:
    """A send has no known end; what earlier steps of it have done is told."""
    result = WriteResult(outcome=WriteOutcome.UNKNOWN, errors=(error,), provider_request_id=_request_id(error))
    if entry is None or entry.note is None:
        return result
    return replace(result, note=entry.note, refund_id=entry.refund_id, recorded_at=_instant(_last_success(entry)))


def stopped(error: GatewayError, *, account: str) -> WriteResult:
    """What kept a request from sending anything itself; open where another attempt with its key may have."""
    error.account = error.account or account
    is_open = error.code in {ErrorCode.OUTCOME_UNKNOWN, ErrorCode.IDEMPOTENCY_IN_PROGRESS}
    return unknown(error) if is_open else not_applied(error)


def still_unknown(why: str, cause: GatewayError | None = None) -> OutcomeUnknown:
    """The problem that asks for a repeat."""
    provider = None if cause is None else cause.provider
    retry_after = None if cause is None else cause.retry_after
    return OutcomeUnknown(f"{why}; repeat with the same idempotency key", provider=provider, retry_after=retry_after)


def _differences(entry: Entry, account: str) -> tuple[GatewayError, ...]:
    note = entry.surplus or entry.note
    if entry.difference is None or note is None:
        return ()
    message = f"the provider did something else than asked: {entry.difference}"
    return (IntegrityMismatch(message, note=note, account=account),)


def _request_id(error: GatewayError) -> str | None:
    return error.provider.request_id if error.provider else None


def _last_success(entry: Entry) -> float | None:
    """When the last step that succeeded was sent: as it was then the ledger's note is."""
    return max((attempt.at for attempt in entry.attempts if attempt.code == "OK"), default=None)


def _instant(at: float | None) -> datetime | None:
    return None if at is None else datetime.fromtimestamp(at, UTC)

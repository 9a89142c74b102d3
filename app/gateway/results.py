"""What the caller of a write is told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from app.domain.credit_note import CreditNote
from app.domain.errors import GatewayError, IntegrityMismatch, OutcomeUnknown
from app.domain.vocabulary import ErrorCode, WriteOutcome
from app.gateway.entries import Entry
from app.gateway.recall import mismatch


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteResult:
    """What became of a write. `replayed`: an earlier request with the same key had done it."""

    outcome: WriteOutcome
    note: CreditNote | None = None
    replayed: bool = False
    recorded_at: datetime | None = None
    """When the ledger was told of the note, where the answer comes from there."""
    errors: tuple[GatewayError, ...] = ()


def applied(entry: Entry, *, account: str, replayed: bool) -> WriteResult:
    """The note of a finished entry, with what it differs in from what was asked."""
    errors: tuple[GatewayError, ...] = ()
    if entry.note is not None and entry.plan is not None:
        difference = mismatch(entry.plan.expected, entry.note)
        if difference is not None:
            message = f"the provider did something else than asked: {difference}"
            errors = (IntegrityMismatch(message, note=entry.note, account=account),)
    recorded_at = datetime.fromtimestamp(entry.ended_at, UTC) if replayed and entry.ended_at is not None else None
    return WriteResult(outcome=WriteOutcome.APPLIED, note=entry.note, replayed=replayed, recorded_at=recorded_at, errors=errors)


def not_applied(error: GatewayError) -> WriteResult:
    """Nothing happened at the provider."""
    return WriteResult(outcome=WriteOutcome.NOT_APPLIED, errors=(error,))


def unknown(error: GatewayError) -> WriteResult:
    """An earlier send has no known end."""
    return WriteResult(outcome=WriteOutcome.UNKNOWN, errors=(error,))


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

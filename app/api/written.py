"""The note of a write's result as clients see it."""

from __future__ import annotations

from app.api.source import SourceInfo
from app.api.types import CreditNote
from app.gateway.results import WriteResult


def shown_note(result: WriteResult) -> CreditNote | None:
    """Live where this request did it, with its age where the ledger remembers it."""
    if result.note is None:
        return None
    if result.recorded_at is not None:
        return CreditNote.of(result.note, SourceInfo.of(result.recorded_at, cached=True, stale=False))
    return CreditNote.live(result.note)

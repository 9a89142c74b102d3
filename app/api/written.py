"""The note and the problems of a write's result as clients see them."""

from __future__ import annotations

from app.api.problems import Problem, problems
from app.api.types import CreditNote
from app.gateway.results import WriteResult


def shown_note(result: WriteResult) -> CreditNote | None:
    """Live where this request did it, with its age where the ledger remembers it."""
    if result.note is None:
        return None
    if result.recorded_at is not None:
        return CreditNote.recorded(result.note, result.recorded_at)
    return CreditNote.live(result.note)


def shown_problems(result: WriteResult) -> list[Problem]:
    """What went wrong; the notes in question are as old as the result's own."""
    return problems(result.errors, recorded_at=result.recorded_at)

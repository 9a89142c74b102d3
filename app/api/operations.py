"""What became of a mutation, as clients see it."""

from __future__ import annotations

from datetime import UTC, datetime

import strawberry

from app.api.problems import Problem
from app.api.types import CreditNote
from app.api.words import OperationState
from app.api.written import shown_note, shown_problems
from app.domain.vocabulary import ErrorCode, Operation, WriteOutcome
from app.gateway.entries import Attempt
from app.gateway.operations import Recorded

_OK = "OK"
"""An attempt that has succeeded, beside the codes of errors."""


@strawberry.type(description="One call that changed something, or was to.")
class OperationAttempt:
    """An attempt."""

    at: datetime = strawberry.field(description="When it was sent.")
    code: ErrorCode | None = strawberry.field(description="What it failed with; null where it did not, or has no end yet.")
    provider_request_id: str | None = strawberry.field(description="The provider's own id of the call, for its support.")

    @classmethod
    def of(cls, attempt: Attempt) -> OperationAttempt:
        """The attempt as shown."""
        code = None if attempt.code in {None, _OK} else ErrorCode(attempt.code)
        return cls(at=datetime.fromtimestamp(attempt.at, UTC), code=code, provider_request_id=attempt.provider_request_id)


@strawberry.type(description="A mutation as the gateway remembers it.")
class CreditNoteOperation:
    """One entry of the ledger."""

    state: OperationState = strawberry.field(description="How far it has come.")
    operation: Operation = strawberry.field(description="What was asked.")
    outcome: WriteOutcome = strawberry.field(description="Whether anything happened at the provider, as far as is known now.")
    credit_note: CreditNote | None = strawberry.field(description="The note, where there is one.")
    attempts: list[OperationAttempt] = strawberry.field(description="What was sent, oldest first.")
    errors: list[Problem] = strawberry.field(description="What went wrong; empty when nothing did.")

    @classmethod
    def of(cls, recorded: Recorded) -> CreditNoteOperation:
        """The entry as shown."""
        entry, result = recorded.entry, recorded.result
        return cls(
            state=OperationState[entry.state.upper()],
            operation=Operation(entry.operation),
            outcome=result.outcome,
            credit_note=shown_note(result),
            attempts=[OperationAttempt.of(attempt) for attempt in entry.attempts],
            errors=shown_problems(result),
        )

"""The mutations: parse, call, wrap. Nullable, so that one failing mutation of a request never hides what another has done."""

from __future__ import annotations

from typing import Annotated

import strawberry

from app.api.context import Info
from app.api.inputs import IssueCreditNoteInput
from app.api.problems import Problem, problems
from app.api.source import SourceInfo
from app.api.types import CreditNote
from app.domain.errors import GatewayError
from app.domain.vocabulary import WriteOutcome
from app.gateway.results import WriteResult, not_applied


@strawberry.type(description="What became of issuing.")
class IssueCreditNotePayload:
    """A write's answer."""

    credit_note: CreditNote | None = strawberry.field(description="The note, where there is one.")
    outcome: WriteOutcome = strawberry.field(description="Whether anything happened at the provider.")
    replayed: bool = strawberry.field(description="An earlier request with this key had done it.")
    errors: list[Problem] = strawberry.field(description="What went wrong; empty when nothing did.")

    @classmethod
    def of(cls, result: WriteResult) -> IssueCreditNotePayload:
        """The result as shown."""
        note = None
        if result.note is not None and result.recorded_at is not None:
            note = CreditNote.of(result.note, SourceInfo.of(result.recorded_at, cached=True, stale=False))
        elif result.note is not None:
            note = CreditNote.live(result.note)
        return cls(credit_note=note, outcome=result.outcome, replayed=result.replayed, errors=problems(result.errors))


@strawberry.type(description="All that can be done. What a caller can act on comes as data, in the payload's `errors`.")
class Mutation:
    """Everything that can be done."""

    @strawberry.mutation(description="Issue one credit note, at most once for each idempotency key.")
    async def issue_credit_note(
        self, info: Info, input: Annotated[IssueCreditNoteInput, strawberry.argument(description="What to issue.")]
    ) -> IssueCreditNotePayload | None:
        """Issue."""
        try:
            command = input.to_command()
        except GatewayError as wrong:
            return IssueCreditNotePayload.of(not_applied(wrong))
        result = await info.context.services.writes.issue(info.context.caller, command)
        info.context.loaders.forget(command.account)
        return IssueCreditNotePayload.of(result)

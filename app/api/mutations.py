"""The mutations: parse, call, wrap. Nullable, so that one failing mutation of a request never hides what another has done."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, Protocol, Self, TypeVar

import strawberry

from app.api.change_inputs import RefundCreditNoteInput, VoidCreditNoteInput
from app.api.context import Info
from app.api.departure import hear_of_departure
from app.api.inputs import IssueCreditNoteInput
from app.api.problems import Problem
from app.api.types import CreditNote
from app.api.written import shown_note, shown_problems
from app.domain.commands import IssueCreditNote, RefundCreditNote, VoidCreditNote
from app.domain.errors import GatewayError
from app.domain.vocabulary import Scope, WriteOutcome
from app.gateway.accounts import Caller
from app.gateway.results import WriteResult, not_applied

_NOTE = "The note, where there is one."
_OUTCOME = "Whether anything happened at the provider."
_REPLAYED = "An earlier request with this key had done it."
_ERRORS = "What went wrong; empty when nothing did."

Command = TypeVar("Command", IssueCreditNote, VoidCreditNote, RefundCreditNote)
Command_co = TypeVar("Command_co", IssueCreditNote, VoidCreditNote, RefundCreditNote, covariant=True)


@strawberry.type
class _Payload:
    credit_note: CreditNote | None = strawberry.field(description=_NOTE)
    outcome: WriteOutcome = strawberry.field(description=_OUTCOME)
    replayed: bool = strawberry.field(description=_REPLAYED)
    errors: list[Problem] = strawberry.field(description=_ERRORS)

    @classmethod
    def of(cls, result: WriteResult) -> Self:
        """The result as shown."""
        shown = shown_problems(result)
        return cls(credit_note=shown_note(result), outcome=result.outcome, replayed=result.replayed, errors=shown)


@strawberry.type(description="What became of issuing.")
class IssueCreditNotePayload(_Payload):
    """A write's answer."""


@strawberry.type(description="What became of voiding.")
class VoidCreditNotePayload(_Payload):
    """A write's answer."""


@strawberry.type(description="What became of a refund.")
class RefundCreditNotePayload:
    """A write's answer."""

    credit_note: CreditNote | None = strawberry.field(description=_NOTE)
    refund_id: str | None = strawberry.field(description="The provider's id of the refund, of the last one where it took several.")
    outcome: WriteOutcome = strawberry.field(description=_OUTCOME)
    replayed: bool = strawberry.field(description=_REPLAYED)
    errors: list[Problem] = strawberry.field(description=_ERRORS)

    @classmethod
    def of(cls, result: WriteResult) -> RefundCreditNotePayload:
        """The result as shown."""
        return cls(
            credit_note=shown_note(result),
            refund_id=result.refund_id,
            outcome=result.outcome,
            replayed=result.replayed,
            errors=shown_problems(result),
        )


class _Input(Protocol[Command_co]):
    def to_command(self) -> Command_co: ...


@strawberry.type(description="All that can be done. What a caller can act on comes as data, in the payload's `errors`.")
class Mutation:
    """Everything that can be done."""

    @strawberry.mutation(description="Issue one credit note, at most once for each idempotency key.")
    async def issue_credit_note(
        self, info: Info, input: Annotated[IssueCreditNoteInput, strawberry.argument(description="What to issue.")]
    ) -> IssueCreditNotePayload | None:
        """Issue."""
        return IssueCreditNotePayload.of(await _result(info, input, info.context.services.writes.issue))

    @strawberry.mutation(description="Void one credit note, where the account can (`capabilities`, `allowedActions`).")
    async def void_credit_note(
        self, info: Info, input: Annotated[VoidCreditNoteInput, strawberry.argument(description="What to void.")]
    ) -> VoidCreditNotePayload | None:
        """Void."""
        return VoidCreditNotePayload.of(await _result(info, input, info.context.services.writes.void))

    @strawberry.mutation(
        description="Pay out a credit note or a part of it, where the account can, at most once for each idempotency key."
    )
    async def refund_credit_note(
        self, info: Info, input: Annotated[RefundCreditNoteInput, strawberry.argument(description="What to pay out.")]
    ) -> RefundCreditNotePayload | None:
        """Refund."""
        return RefundCreditNotePayload.of(await _result(info, input, info.context.services.writes.refund))


async def _result(info: Info, given: _Input[Command], write: Callable[[Caller, Command], Awaitable[WriteResult]]) -> WriteResult:
    """Parse and call; nothing read before in this request is shown after it."""
    try:
        info.context.caller.require(Scope.WRITE)
        command = given.to_command()
    except GatewayError as wrong:
        return not_applied(wrong)
    await hear_of_departure()
    result = await write(info.context.caller, command)
    info.context.loaders.forget(command.account)
    return result

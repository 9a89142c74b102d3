"""The queries about writes: what one would do, and what became of one."""

from __future__ import annotations

from typing import Annotated

import strawberry

from app.api.change_inputs import PreviewCreditNoteInput
from app.api.context import Info
from app.api.operations import CreditNoteOperation
from app.api.previews import CreditNotePreview, PreviewCreditNotePayload
from app.domain.errors import GatewayError, NotFound
from app.domain.vocabulary import Operation


@strawberry.type
class WriteQueries:
    """Part of the query type."""

    @strawberry.field(description="What issuing would do, without doing it.")
    async def preview_credit_note(
        self, info: Info, input: Annotated[PreviewCreditNoteInput, strawberry.argument(description="What would be issued.")]
    ) -> PreviewCreditNotePayload | None:
        """Expected refusals are data, as issuing's are."""
        try:
            command = input.to_command()
            previewed = await info.context.services.previews.preview(info.context.caller, command)
        except GatewayError as refused:
            return PreviewCreditNotePayload.refused(refused)
        return PreviewCreditNotePayload(preview=CreditNotePreview.of(previewed, command.account), errors=[])

    @strawberry.field(description="What became of a mutation: for a person who has only its key.")
    async def credit_note_operation(
        self,
        info: Info,
        account: Annotated[str, strawberry.argument(description="The account's name.")],
        operation: Annotated[Operation, strawberry.argument(description="ISSUE, VOID or REFUND.")],
        idempotency_key: Annotated[str, strawberry.argument(description="The mutation's key.")],
    ) -> CreditNoteOperation | None:
        """Null where no mutation had this key."""
        operations = info.context.services.operations
        try:
            recorded = await operations.find(info.context.caller, account, operation, idempotency_key)
        except NotFound as missing:
            missing.path = ("account",)
            raise
        return None if recorded is None else CreditNoteOperation.of(recorded)

"""What issuing would do, as clients see it."""

from __future__ import annotations

import strawberry

from app.api.invoices import CreditableBalance
from app.api.money import Money
from app.api.parts import Allocation
from app.api.problems import Problem, problems
from app.domain.errors import GatewayError
from app.gateway.previews import Previewed


@strawberry.type(description="A note that was not issued.")
class CreditNotePreview:
    """The figures of a note to be."""

    exact: bool = strawberry.field(description="True only where the provider computed it.")
    total: Money = strawberry.field(description="What it would come to, taxes included.")
    subtotal: Money | None = strawberry.field(description="Before taxes.")
    tax: Money | None = strawberry.field(description="The taxes.")
    creditable: CreditableBalance | None = strawberry.field(description="What can be credited now; null without an invoice.")
    allocations: list[Allocation] = strawberry.field(description="Where its value would go.")

    @classmethod
    def of(cls, previewed: Previewed, account: str) -> CreditNotePreview:
        """The preview as shown. None of the providers computes one."""
        preview = previewed.preview
        return cls(
            exact=False,
            total=Money.of(preview.total),
            subtotal=Money.maybe(preview.subtotal),
            tax=Money.maybe(preview.tax),
            creditable=None if previewed.creditable is None else CreditableBalance.of(previewed.creditable),
            allocations=[Allocation.of(part, account) for part in preview.allocations],
        )


@strawberry.type(description="What issuing would do, or what it would be refused with.")
class PreviewCreditNotePayload:
    """A preview's answer."""

    preview: CreditNotePreview | None = strawberry.field(description="The note it would be.")
    errors: list[Problem] = strawberry.field(description="What issuing would be refused with; empty when it would not.")

    @classmethod
    def refused(cls, error: GatewayError) -> PreviewCreditNotePayload:
        """Issuing would be refused."""
        return cls(preview=None, errors=problems([error]))

"""What a client gives to void or refund a note, and to ask what issuing would do; `to_command()` says all that is wrong with it at once."""

from __future__ import annotations

from datetime import date

import strawberry

from app.api.ids import Kind, decode_ref
from app.api.inputs import CreditInput, DispositionInput, check_key, read_asked
from app.api.money import MoneyInput
from app.api.problem_list import ProblemList
from app.api.provider_options import ProviderOptionsInput
from app.api.target_inputs import CreditNoteTargetInput
from app.domain.commands import IssueCreditNote, RefundCreditNote, VoidCreditNote
from app.domain.credit_note import Ref
from app.domain.errors import Path
from app.domain.vocabulary import Reason

_KEY = "A repeat with the same key answers the first result; with other content it is refused."


@strawberry.input(description="Void one credit note.")
class VoidCreditNoteInput:
    """Which note, and why."""

    idempotency_key: str = strawberry.field(description=_KEY)
    id: strawberry.ID = strawberry.field(description="The note's global id.")
    note: str | None = strawberry.field(default=None, description="Why, for colleagues.")

    def to_command(self) -> VoidCreditNote:
        """The command; raises InvalidInput or, for several problems, InvalidInputs."""
        problems = ProblemList()
        check_key(self.idempotency_key, problems)
        return VoidCreditNote(key=self.idempotency_key, note=_note(self.id, problems), text=self.note)


@strawberry.input(description="Pay out what is left of a credit note, or a part of it.")
class RefundCreditNoteInput:
    """Which note, how much, and how."""

    idempotency_key: str = strawberry.field(description=_KEY)
    id: strawberry.ID = strawberry.field(description="The note's global id.")
    amount: MoneyInput | None = strawberry.field(default=None, description="Left out: all that is left of it.")
    external: bool | None = strawberry.field(default=False, description="The money was paid outside, and is only put on record.")
    payment_id: str | None = strawberry.field(default=None, description="The payment to pay back.")
    method: str | None = strawberry.field(default=None, description="For an external refund: how, in the provider's word.")
    paid_on: date | None = strawberry.field(default=None, description="For an external refund: when; left out: now.")
    reference: str | None = strawberry.field(default=None, description="For an external refund: which, by its own number.")
    note: str | None = strawberry.field(default=None, description="Why, for colleagues.")

    def to_command(self) -> RefundCreditNote:
        """The command; raises InvalidInput or, for several problems, InvalidInputs."""
        problems = ProblemList()
        check_key(self.idempotency_key, problems)
        amount = None if self.amount is None else problems.collect(self.amount.to_money, ("amount",))
        if amount is not None and amount.minor <= 0:
            problems.add("the amount must be positive", ("amount",))
        return RefundCreditNote(
            key=self.idempotency_key,
            note=_note(self.id, problems),
            amount=amount,
            external=bool(self.external),
            payment_id=self.payment_id,
            method=self.method,
            paid_on=self.paid_on,
            reference=self.reference,
            text=self.note,
        )


@strawberry.input(description="What would be issued.")
class PreviewCreditNoteInput:
    """The members of issuing that decide about money."""

    against: CreditNoteTargetInput = strawberry.field(description="What would be credited.")
    credit: CreditInput = strawberry.field(description="How much.")
    dispositions: list[DispositionInput] | None = strawberry.field(default=None, description="Where the value would go.")
    options: ProviderOptionsInput | None = strawberry.field(default=None, description="What only one provider has.")

    def to_command(self) -> IssueCreditNote:
        """The command it would be; raises InvalidInput or, for several problems, InvalidInputs."""
        problems = ProblemList()
        asked = read_asked(self, problems)
        # Every provider takes this reason, and none computes with it.
        return IssueCreditNote(
            key="",
            target=asked.target,
            credit=asked.credit,
            reason=Reason.OTHER,
            dispositions=asked.dispositions,
            options=asked.options,
        )


def _note(id: str, problems: ProblemList) -> Ref:
    """The note's place; raises all problems there are."""

    def read(path: Path) -> Ref:
        return decode_ref(id, Kind.NOTE, path=path)

    found = problems.collect(read, ("id",))
    problems.refuse()
    if found is None:
        message = "an id without a problem names a note"
        raise RuntimeError(message)
    return found

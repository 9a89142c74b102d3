"""What a client gives to issue a note; `to_command()` says all that is wrong with it at once."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import NamedTuple, Protocol

import strawberry

from app.api.money import MoneyInput
from app.api.problem_list import ProblemList
from app.api.provider_options import ProviderOptionsInput
from app.api.target_inputs import CreditNoteTargetInput
from app.domain.commands import (
    CreditLine,
    CreditLines,
    CreditRemaining,
    CreditTotal,
    CustomerTarget,
    DispositionPart,
    InvoiceTarget,
    IssueCreditNote,
    LineTax,
    ProviderOptions,
)
from app.domain.errors import Path
from app.domain.vocabulary import Disposition, Reason

LONGEST_KEY = 200


def check_key(key: str, problems: ProblemList) -> None:
    """Note what is wrong with an idempotency key."""
    if not 1 <= len(key) <= LONGEST_KEY or not key.isprintable():
        problems.add(f"1 to {LONGEST_KEY} printable characters", ("idempotencyKey",))


@strawberry.input(description="One tax of a line.")
class LineTaxInput:
    """A tax as given."""

    name: str = strawberry.field(description="What it is called.")
    rate: Decimal = strawberry.field(description="In percent.")
    amount: MoneyInput | None = strawberry.field(default=None, description="Left out: computed from the rate.")


@strawberry.input(description="One line to credit.")
class CreditLineItemInput:
    """A line as given."""

    invoice_line_item_id: str | None = strawberry.field(default=None, description="The invoice's line it credits.")
    description: str | None = strawberry.field(default=None, description="What it is for.")
    quantity: Decimal | None = strawberry.field(default=None, description="How many; 1 when left out.")
    unit_amount: Decimal | None = strawberry.field(default=None, description="May have more digits than the currency.")
    amount: MoneyInput | None = strawberry.field(default=None, description="The whole line.")
    taxes: list[LineTaxInput] | None = strawberry.field(default=None, description="Its taxes.")
    period_start: date | None = strawberry.field(default=None, description="First day of the period it is for.")
    period_end: date | None = strawberry.field(default=None, description="Last day of the period it is for.")

    def to_line(self, path: Path, problems: ProblemList) -> CreditLine:
        """As the gateway takes it."""
        amount = None if self.amount is None else problems.collect(self.amount.to_money, (*path, "amount"))
        if self.quantity is not None and self.quantity <= 0:
            problems.add("a quantity must be positive", (*path, "quantity"))
        if self.amount is not None and self.unit_amount is not None:
            problems.add("either amount or unitAmount", (*path, "unitAmount"))
        if self.period_start is not None and self.period_end is not None and self.period_end < self.period_start:
            problems.add("the period ends before it starts", (*path, "periodEnd"))
        taxes = None
        if self.taxes is not None:
            taxes = tuple(_tax(tax, (*path, "taxes", str(index)), problems) for index, tax in enumerate(self.taxes))
        return CreditLine(
            invoice_line_item_id=self.invoice_line_item_id,
            description=self.description,
            quantity=self.quantity,
            unit_amount=self.unit_amount,
            amount=amount,
            taxes=taxes,
            period_start=self.period_start,
            period_end=self.period_end,
        )


def _tax(tax: LineTaxInput, path: Path, problems: ProblemList) -> LineTax:
    amount = None if tax.amount is None else problems.collect(tax.amount.to_money, (*path, "amount"))
    if tax.rate < 0:
        problems.add("a rate must not be negative", (*path, "rate"))
    return LineTax(name=tax.name, rate=tax.rate, amount=amount)


@strawberry.input(one_of=True, description="How much is credited.")
class CreditInput:
    """An amount, lines, or all that is left."""

    total: strawberry.Maybe[MoneyInput] = strawberry.field(description="So much, taxes included.")
    line_items: strawberry.Maybe[list[CreditLineItemInput]] = strawberry.field(
        description="Net where the invoice is tax-exclusive; per line `amount`, or `unitAmount` times `quantity` (1)."
    )
    remaining: strawberry.Maybe[bool] = strawberry.field(description="All that is left; only `true` makes sense.")

    def to_credit(self, path: Path, problems: ProblemList) -> CreditTotal | CreditLines | CreditRemaining | None:
        """As the gateway takes it."""
        if self.total is not None:
            total = problems.collect(self.total.value.to_money, (*path, "total"))
            if total is not None and total.minor <= 0:
                problems.add("the amount must be positive", (*path, "total"))
            return None if total is None else CreditTotal(total=total)
        if self.line_items is not None:
            place = (*path, "lineItems")
            lines = tuple(line.to_line((*place, str(index)), problems) for index, line in enumerate(self.line_items.value))
            if not lines:
                problems.add("at least one line", place)
            return CreditLines(lines=lines)
        if self.remaining is None or not self.remaining.value:
            problems.add("only true makes sense", (*path, "remaining"))
        return CreditRemaining()


@strawberry.input(description="Where a part of the value goes.")
class DispositionInput:
    """A place for a part."""

    disposition: Disposition = strawberry.field(description="The place.")
    amount: MoneyInput | None = strawberry.field(default=None, description="How much; left out: what is left for it.")
    payment_id: str | None = strawberry.field(default=None, description="The payment to pay back.")

    def to_part(self, path: Path, problems: ProblemList) -> DispositionPart:
        """As the gateway takes it."""
        amount = None if self.amount is None else problems.collect(self.amount.to_money, (*path, "amount"))
        if amount is not None and amount.minor <= 0:
            problems.add("the amount must be positive", (*path, "amount"))
        return DispositionPart(disposition=self.disposition, amount=amount, payment_id=self.payment_id)


class _Given(Protocol):
    against: CreditNoteTargetInput
    credit: CreditInput
    dispositions: list[DispositionInput] | None
    options: ProviderOptionsInput | None


class Asked(NamedTuple):
    """The part of an input that decides about money."""

    target: InvoiceTarget | CustomerTarget
    credit: CreditTotal | CreditLines | CreditRemaining
    dispositions: tuple[DispositionPart, ...]
    options: ProviderOptions | None


def read_asked(given: _Given, problems: ProblemList) -> Asked:
    """As the gateway takes it; raises all problems there are by then."""
    target = problems.collect(given.against.to_target, ("against",))
    credit = given.credit.to_credit(("credit",), problems)
    parts = tuple(part.to_part(("dispositions", str(index)), problems) for index, part in enumerate(given.dispositions or ()))
    options = None if given.options is None else problems.collect(given.options.to_options, ("options",))
    problems.refuse()
    if target is None or credit is None:
        message = "an input without a problem has a target and a credit"
        raise RuntimeError(message)
    return Asked(target, credit, parts, options)


@strawberry.input(description="Issue one credit note.")
class IssueCreditNoteInput:
    """All that can be said when a note is issued."""

    idempotency_key: str = strawberry.field(
        description="A repeat with the same key answers the first result; with other content it is refused."
    )
    against: CreditNoteTargetInput = strawberry.field(description="What is credited.")
    credit: CreditInput = strawberry.field(description="How much.")
    reason: Reason = strawberry.field(description="Why.")
    reason_text: str | None = strawberry.field(default=None, description="The same in words.")
    dispositions: list[DispositionInput] | None = strawberry.field(
        default=None,
        description=(
            "Where the value goes. Left out: off what is owed first, credit for the customer for the rest. "
            "Money never leaves unless PAYMENT_REFUND or EXTERNAL_REFUND is named."
        ),
    )
    number: str | None = strawberry.field(default=None, description="The number to print on it.")
    issued_on: date | None = strawberry.field(default=None, description="The day of issue; left out: today.")
    customer_note: str | None = strawberry.field(default=None, description="Text for the customer.")
    internal_note: str | None = strawberry.field(default=None, description="Text for colleagues.")
    notify_customer: bool | None = strawberry.field(default=None, description="Left out: as the provider does by itself.")
    options: ProviderOptionsInput | None = strawberry.field(default=None, description="What only one provider has.")

    def to_command(self) -> IssueCreditNote:
        """The command; raises InvalidInput or, for several problems, InvalidInputs with all of them."""
        problems = ProblemList()
        check_key(self.idempotency_key, problems)
        asked = read_asked(self, problems)
        return IssueCreditNote(
            key=self.idempotency_key,
            target=asked.target,
            credit=asked.credit,
            reason=self.reason,
            reason_text=self.reason_text,
            dispositions=asked.dispositions,
            number=self.number,
            issued_on=self.issued_on,
            customer_note=self.customer_note,
            internal_note=self.internal_note,
            notify_customer=self.notify_customer,
            options=asked.options,
        )

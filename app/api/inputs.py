"""What a client gives to issue a note; `to_command()` says all that is wrong with it at once."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import strawberry

from app.api.ids import Kind, decode_ref
from app.api.money import MoneyInput
from app.api.problem_list import ProblemList
from app.api.provider_options import ProviderOptionsInput
from app.api.scalars import CurrencyCode
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
)
from app.domain.credit_note import Ref
from app.domain.errors import InvalidInput, Path
from app.domain.vocabulary import Disposition, Reason

LONGEST_KEY = 200


def check_key(key: str, problems: ProblemList) -> None:
    """Note what is wrong with an idempotency key."""
    if not 1 <= len(key) <= LONGEST_KEY or not key.isprintable():
        problems.add(f"1 to {LONGEST_KEY} printable characters", ("idempotencyKey",))


@strawberry.input(description="An invoice by what the provider calls it.")
class ProviderReferenceInput:
    """Account and id."""

    account: str = strawberry.field(description="The account's name.")
    provider_id: str = strawberry.field(description="The provider's id of the invoice.")


@strawberry.input(one_of=True, description="One invoice.")
class InvoiceIdentifierInput:
    """An invoice by either id."""

    id: strawberry.Maybe[strawberry.ID] = strawberry.field(description="Its global id.")
    reference: strawberry.Maybe[ProviderReferenceInput] = strawberry.field(description="Account and provider's id.")

    def to_ref(self, path: Path) -> Ref:
        """Where it lives."""
        if self.id is not None:
            return decode_ref(self.id.value, Kind.INVOICE, path=(*path, "id"))
        if self.reference is None or not self.reference.value.provider_id.strip():
            message = "the provider's id must not be empty"
            raise InvalidInput(message, path=(*path, "reference", "providerId"))
        return Ref(self.reference.value.account, self.reference.value.provider_id)


@strawberry.input(description="A customer by what the provider calls it.")
class CustomerIdentifierInput:
    """A customer to be credited without an invoice."""

    account: str = strawberry.field(description="The account's name.")
    provider_id: str = strawberry.field(description="The provider's id of the customer.")
    currency: CurrencyCode = strawberry.field(description="The currency of the note.")


@strawberry.input(one_of=True, description="What is credited.")
class CreditNoteTargetInput:
    """An invoice, or a customer."""

    invoice: strawberry.Maybe[InvoiceIdentifierInput] = strawberry.field(description="An invoice.")
    customer: strawberry.Maybe[CustomerIdentifierInput] = strawberry.field(description="A customer, without an invoice.")

    def to_target(self, path: Path) -> InvoiceTarget | CustomerTarget:
        """As the gateway takes it."""
        if self.invoice is not None:
            return InvoiceTarget(invoice=self.invoice.value.to_ref((*path, "invoice")))
        if self.customer is None or not self.customer.value.provider_id.strip():
            message = "the provider's id must not be empty"
            raise InvalidInput(message, path=(*path, "customer", "providerId"))
        customer = self.customer.value
        return CustomerTarget(customer=Ref(customer.account, customer.provider_id), currency=customer.currency)


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
        target = problems.collect(self.against.to_target, ("against",))
        credit = self.credit.to_credit(("credit",), problems)
        dispositions = tuple(
            part.to_part(("dispositions", str(index)), problems) for index, part in enumerate(self.dispositions or ())
        )
        options = None if self.options is None else problems.collect(self.options.to_options, ("options",))
        problems.refuse()
        if target is None or credit is None:
            message = "an input without a problem has a target and a credit"
            raise RuntimeError(message)
        return IssueCreditNote(
            key=self.idempotency_key,
            target=target,
            credit=credit,
            reason=self.reason,
            reason_text=self.reason_text,
            dispositions=dispositions,
            number=self.number,
            issued_on=self.issued_on,
            customer_note=self.customer_note,
            internal_note=self.internal_note,
            notify_customer=self.notify_customer,
            options=options,
        )

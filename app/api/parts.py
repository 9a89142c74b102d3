"""The parts of a note as clients see them: lines, taxes, allocations, the customer."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import strawberry

from app.api.invoices import Invoice
from app.api.money import Money
from app.domain import credit_note as domain
from app.domain.credit_note import Ref
from app.domain.vocabulary import Disposition, RefundStatus


@strawberry.type(description="One tax.")
class TaxAmount:
    """A tax."""

    name: str | None = strawberry.field(description="As the provider calls it.")
    rate: Decimal | None = strawberry.field(description="In percent.")
    amount: Money = strawberry.field(description="The tax itself.")
    taxable: Money | None = strawberry.field(description="What it was computed on.")

    @classmethod
    def of(cls, tax: domain.TaxLine) -> TaxAmount:
        """The tax as shown."""
        return cls(name=tax.name, rate=tax.rate, amount=Money.of(tax.amount), taxable=Money.maybe(tax.taxable))


@strawberry.type(description="One line of a note.")
class CreditNoteLineItem:
    """A line."""

    provider_id: str | None = strawberry.field(description="The provider's id of the line.")
    description: str | None = strawberry.field(description="What it is for.")
    quantity: Decimal | None = strawberry.field(description="How many.")
    unit_amount: Decimal | None = strawberry.field(
        description="For one, in major units; it may have more digits than the currency."
    )
    amount: Money = strawberry.field(description="What the provider calls the line's amount.")
    tax: Money | None = strawberry.field(description="All taxes of the line.")
    taxes: list[TaxAmount] | None = strawberry.field(description="The taxes one by one, as far as the provider tells.")
    discount: Money | None = strawberry.field(description="What was taken off.")
    period_start: date | None = strawberry.field(description="First day of the period it is for.")
    period_end: date | None = strawberry.field(description="Last day of the period it is for.")
    invoice_line_item_id: str | None = strawberry.field(description="The invoice's line that it credits.")

    @classmethod
    def of(cls, line: domain.LineItem) -> CreditNoteLineItem:
        """The line as shown."""
        return cls(
            provider_id=line.provider_id,
            description=line.description,
            quantity=line.quantity,
            unit_amount=line.unit_amount,
            amount=Money.of(line.amount),
            tax=Money.maybe(line.tax),
            taxes=None if line.taxes is None else [TaxAmount.of(tax) for tax in line.taxes],
            discount=Money.maybe(line.discount),
            period_start=line.period_start,
            period_end=line.period_end,
            invoice_line_item_id=line.invoice_line_item_id,
        )


@strawberry.type(description="One part of a note's value, and where it went.")
class Allocation:
    """A part."""

    disposition: Disposition = strawberry.field(description="Where it went.")
    amount: Money = strawberry.field(description="How much of it.")
    invoice: Invoice | None = strawberry.field(description="The invoice it was taken off.")
    refund_id: str | None = strawberry.field(description="The provider's id of the refund.")
    payment_id: str | None = strawberry.field(description="The payment paid back.")
    at: datetime | None = strawberry.field(description="When.")
    status: RefundStatus | None = strawberry.field(description="How the refund stands.")

    @classmethod
    def of(cls, part: domain.Allocation, account: str) -> Allocation:
        """The part as shown."""
        return cls(
            disposition=part.disposition,
            amount=Money.of(part.amount),
            invoice=None if part.invoice_id is None else Invoice.of(Ref(account, part.invoice_id)),
            refund_id=part.refund_id,
            payment_id=part.payment_id,
            at=part.at,
            status=part.status,
        )


@strawberry.type(description="The customer, as far as the provider tells.")
class Customer:
    """Who the note is for."""

    provider_id: str = strawberry.field(description="The provider's id.")
    external_id: str | None = strawberry.field(description="Your own id of the customer, where the provider keeps it.")
    name: str | None = strawberry.field(description="The name.")
    email: str | None = strawberry.field(description="The e-mail address.")

    @classmethod
    def of(cls, party: domain.Party) -> Customer:
        """The customer as shown."""
        return cls(provider_id=party.provider_id, external_id=party.external_id, name=party.name, email=party.email)


@strawberry.type(description="The values the gateway translated, as the provider spells them.")
class ProviderValues:
    """The provider's words."""

    status: str | None = strawberry.field(description="Its status.")
    type: str | None = strawberry.field(description="Its kind of note.")
    reason: str | None = strawberry.field(description="Its reason.")
    refund_status: str | None = strawberry.field(description="Its refund status.")
    disposition: str | None = strawberry.field(description="Its word for where the value goes.")

    @classmethod
    def of(cls, values: domain.ProviderValues) -> ProviderValues:
        """The words as shown."""
        return cls(
            status=values.status,
            type=values.type,
            reason=values.reason,
            refund_status=values.refund_status,
            disposition=values.disposition,
        )

"""What a client credits: an invoice by either id, or a customer."""

from __future__ import annotations

import strawberry

from app.api.ids import Kind, decode_ref
from app.api.scalars import CurrencyCode
from app.domain.commands import CustomerTarget, InvoiceTarget
from app.domain.credit_note import Ref
from app.domain.errors import InvalidInput, Path


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

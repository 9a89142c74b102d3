"""Invoices as clients see them. Holding one costs no call; only `details` and `creditNotes` do."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from app.api.accounts import Account
from app.api.context import Info
from app.api.freshness import FreshnessInput, freshness
from app.api.ids import Kind, encode_id
from app.api.money import Money
from app.api.node import Node
from app.api.source import SourceInfo
from app.domain import invoice as domain
from app.domain.credit_note import Ref
from app.domain.errors import BadPayload
from app.domain.vocabulary import InvoiceStatus
from app.gateway.cache import Fetched, Freshness

if TYPE_CHECKING:
    from app.api.connection import CreditNoteConnection


@strawberry.type(description="What may still be credited.")
class CreditableBalance:
    """What is left of an invoice."""

    total: Money = strawberry.field(
        description="The sum of the parts. One note may not reach it where a provider needs one note per part (Chargebee)."
    )
    adjustable: Money | None = strawberry.field(description="Part that can be taken off what is still owed.")
    refundable: Money | None = strawberry.field(description="Part that can be refunded or kept as credit.")
    exact: bool = strawberry.field(
        description="True where it follows from the provider's published rule, false where the gateway inferred it."
    )

    @classmethod
    def of(cls, balance: domain.CreditableBalance) -> CreditableBalance:
        """The balance as shown."""
        return cls(
            total=Money.of(balance.total),
            adjustable=Money.maybe(balance.adjustable),
            refundable=Money.maybe(balance.refundable),
            exact=balance.exact,
        )


@strawberry.type(description="Money received for an invoice.")
class Payment:
    """A payment."""

    provider_id: str = strawberry.field(description="The provider's id.")
    amount: Money = strawberry.field(description="The part of it that paid this invoice.")
    refundable: Money | None = strawberry.field(description="What of that can still be paid back.")
    paid_at: datetime | None = strawberry.field(description="When.")
    method: str | None = strawberry.field(description="How, in the provider's word.")

    @classmethod
    def of(cls, payment: domain.Payment) -> Payment:
        """The payment as shown."""
        return cls(
            provider_id=payment.provider_id,
            amount=Money.of(payment.amount),
            refundable=Money.maybe(payment.refundable),
            paid_at=payment.paid_at,
            method=payment.method,
        )


@strawberry.type(description="What the provider tells about an invoice.")
class InvoiceDetails:
    """An invoice's figures."""

    number: str | None = strawberry.field(description="The number printed on it.")
    status: InvoiceStatus = strawberry.field(description="How far it has come.")
    provider_status: str = strawberry.field(description="The provider's word for that.")
    total: Money = strawberry.field(description="As first billed: notes do not lower it.")
    amount_due: Money | None = strawberry.field(description="What is still owed.")
    amount_paid: Money | None = strawberry.field(description="What was paid.")
    payments: list[Payment] | None = strawberry.field(description="The payments; null where the provider does not tell them.")
    source: SourceInfo = strawberry.field(description="Where this answer comes from.")
    invoice: strawberry.Private[domain.Invoice]

    @strawberry.field(
        description="What may still be credited. Null, with an error, where the provider's figures contradict each other."
    )
    def creditable(self) -> CreditableBalance | None:
        """The balance, or the contradiction as an error."""
        if self.invoice.conflict is not None:
            raise BadPayload(self.invoice.conflict, account=self.invoice.ref.account)
        return None if self.invoice.creditable is None else CreditableBalance.of(self.invoice.creditable)

    @classmethod
    def of(cls, fetched: Fetched[domain.Invoice]) -> InvoiceDetails:
        """The details as shown."""
        invoice = fetched.value
        return cls(
            number=invoice.number,
            status=invoice.status,
            provider_status=invoice.provider_status,
            total=Money.of(invoice.total),
            amount_due=Money.maybe(invoice.amount_due),
            amount_paid=Money.maybe(invoice.amount_paid),
            payments=None if invoice.payments is None else [Payment.of(payment) for payment in invoice.payments],
            source=SourceInfo.of(fetched.fetched_at, cached=fetched.cached, stale=fetched.stale),
            invoice=invoice,
        )


@strawberry.type(description="Holding one costs no call; only `details` and `creditNotes` do.")
class Invoice(Node):
    """An invoice."""

    provider_id: str = strawberry.field(description="The provider's id.")
    external_id: str | None = strawberry.field(description="Your own id of it, where whatever led here told it.")
    ref: strawberry.Private[Ref]
    freshness: strawberry.Private[Freshness]

    @strawberry.field(description="The account it lives in.")
    def account(self, info: Info) -> Account:
        """Known without a call."""
        return Account.of(info.context.services.accounts.find(info.context.caller, self.ref.account))

    @strawberry.field(description="Null, with an error, when the provider cannot be asked.")
    async def details(self, info: Info) -> InvoiceDetails | None:
        """Through a loader."""
        return InvoiceDetails.of(await info.context.loaders.invoice(self.ref, self.freshness))

    @strawberry.field(description="The notes against it, newest first.")
    async def credit_notes(
        self,
        info: Info,
        first: Annotated[int | None, strawberry.argument(description="How many, at most 100.")] = 25,
        after: Annotated[str | None, strawberry.argument(description="The cursor to go on from.")] = None,
    ) -> Annotated["CreditNoteConnection", strawberry.lazy("app.api.connection")] | None:  # noqa: UP037 - the framework resolves the text
        """Through a loader."""
        from app.api.connection import CreditNoteConnection, checked_first  # noqa: PLC0415 - notes hold invoices

        page = await info.context.loaders.notes_of(self.ref, checked_first(first), after)
        return CreditNoteConnection.of(page, info.context.services.cursors)

    @classmethod
    def of(cls, ref: Ref, external_id: str | None = None, wanted: FreshnessInput | None = None) -> Invoice:
        """The invoice, unasked."""
        id = strawberry.ID(encode_id(Kind.INVOICE, ref))
        return cls(id=id, provider_id=ref.external_id, external_id=external_id, ref=ref, freshness=freshness(wanted))

"""Output types for notes. Thin: fields are attributes, computed once from a domain value; a resolver only where a further call is needed."""

from __future__ import annotations

import json
from datetime import date, datetime

import strawberry
from strawberry.scalars import JSON

from app.api.accounts import Account
from app.api.context import Info
from app.api.ids import Kind, encode_id
from app.api.invoices import Invoice
from app.api.money import Money
from app.api.node import Node
from app.api.parts import Allocation, CreditNoteLineItem, Customer, ProviderValues, TaxAmount
from app.api.provider import Provider
from app.api.scalars import CurrencyCode
from app.api.source import SourceInfo
from app.domain import credit_note as domain
from app.domain.credit_note import Ref
from app.domain.vocabulary import Disposition, NoteAction, Reason, RefundStatus, Settlement, Status
from app.gateway.cache import Fetched

_WRITING = frozenset({NoteAction.VOID, NoteAction.REFUND})


@strawberry.type(description="One credit note of any provider. Null says that the provider does not tell.")
class CreditNote(Node):
    """A note."""

    provider_id: str = strawberry.field(description="The provider's id.")
    number: str | None = strawberry.field(description="The number printed on the document.")
    status: Status = strawberry.field(description="What the document is.")
    settlement: Settlement = strawberry.field(description="What is left of its value.")
    refund_status: RefundStatus = strawberry.field(description="Whether money went back.")
    reason: Reason = strawberry.field(description="Why it was issued.")
    reason_text: str | None = strawberry.field(description="The same in words.")
    dispositions: list[Disposition] = strawberry.field(description="Where its value goes.")
    currency: CurrencyCode = strawberry.field(description="The currency of all its amounts.")
    total: Money = strawberry.field(description="The amount credited, taxes included.")
    subtotal: Money | None = strawberry.field(description="Before taxes, as the provider counts it.")
    tax: Money | None = strawberry.field(description="All taxes.")
    discount: Money | None = strawberry.field(description="What was taken off.")
    remaining: Money | None = strawberry.field(description="Credit not used yet.")
    refunded: Money | None = strawberry.field(description="Money that went back.")
    taxes: list[TaxAmount] | None = strawberry.field(description="The taxes one by one, as far as the provider tells.")
    allocations: list[Allocation] = strawberry.field(description="The parts of its value, and where they went.")
    invoice: Invoice | None = strawberry.field(description="The invoice credited.")
    customer: Customer | None = strawberry.field(description="Who it is for.")
    issued_on: date | None = strawberry.field(description="The day of issue.")
    created_at: datetime | None = strawberry.field(description="When the provider made it.")
    updated_at: datetime | None = strawberry.field(description="When it last changed.")
    voided_at: datetime | None = strawberry.field(description="When it was voided.")
    customer_note: str | None = strawberry.field(description="Text for the customer.")
    internal_note: str | None = strawberry.field(description="Text for colleagues.")
    provider_values: ProviderValues = strawberry.field(
        description="The values the gateway translated, as the provider spells them."
    )
    source: SourceInfo = strawberry.field(description="Where this answer comes from.")
    note: strawberry.Private[domain.CreditNote]

    @strawberry.field(description="The account it lives in.")
    def account(self, info: Info) -> Account:
        """Known without a call."""
        return Account.of(info.context.services.accounts.find(info.context.caller, self.note.ref.account))

    @strawberry.field(description="The vendor.")
    def provider(self, info: Info) -> Provider:
        """Known without a call."""
        return Account.of(info.context.services.accounts.find(info.context.caller, self.note.ref.account)).provider

    @strawberry.field(
        description="Needs a further call at some providers (Zenskar's line_items_url): null with an error when that call fails."
    )
    async def line_items(self, info: Info) -> list[CreditNoteLineItem] | None:
        """Through a loader where the note did not bring them along."""
        lines = self.note.line_items
        if lines is None and self.note.line_items_url is not None:
            lines = (await info.context.loaders.lines(self.note)).value
        return None if lines is None else [CreditNoteLineItem.of(line) for line in lines]

    @strawberry.field(description="What may be asked of this note now.")
    def allowed_actions(self, info: Info) -> list[NoteAction]:
        """By its state and by what the account offers."""
        services = info.context.services
        account = services.accounts.find(info.context.caller, self.note.ref.account)
        allowed = account.allowed_actions(self.note)
        if services.writes.why_closed(account) is not None:
            allowed -= _WRITING
        return [action for action in NoteAction if action in allowed]

    @strawberry.field(description="The provider's object as received.")
    def raw(self) -> JSON | None:
        """Decoded only when asked for."""
        return JSON(json.loads(self.note.raw, parse_float=str)) if self.note.raw else None

    @strawberry.field(description="Zenskar's custom_data, Chargebee's cf_ fields.")
    def custom_fields(self) -> JSON | None:
        """Decoded only when asked for."""
        return None if self.note.custom_fields is None else JSON(json.loads(self.note.custom_fields, parse_float=str))

    @classmethod
    def live(cls, note: domain.CreditNote) -> CreditNote:
        """A note that was just read or made."""
        return cls.of(note, SourceInfo.of(datetime.now().astimezone(), cached=False, stale=False))

    @classmethod
    def recorded(cls, note: domain.CreditNote, at: datetime) -> CreditNote:
        """A note as the ledger remembers it since then."""
        return cls.of(note, SourceInfo.of(at, cached=True, stale=False))

    @classmethod
    def fetched(cls, fetched: Fetched[domain.CreditNote]) -> CreditNote:
        """A note from the gateway, with its age."""
        return cls.of(fetched.value, SourceInfo.of(fetched.fetched_at, cached=fetched.cached, stale=fetched.stale))

    @classmethod
    def of(cls, note: domain.CreditNote, source: SourceInfo) -> CreditNote:
        """The note as shown."""
        account = note.ref.account
        invoice = None if note.invoice_id is None else Invoice.of(Ref(account, note.invoice_id), note.invoice_external_id)
        return cls(
            id=strawberry.ID(encode_id(Kind.NOTE, note.ref)),
            provider_id=note.ref.external_id,
            number=note.number,
            status=note.status,
            settlement=note.settlement,
            refund_status=note.refund_status,
            reason=note.reason,
            reason_text=note.reason_text,
            dispositions=list(note.dispositions),
            currency=CurrencyCode(note.currency),
            total=Money.of(note.total),
            subtotal=Money.maybe(note.subtotal),
            tax=Money.maybe(note.tax),
            discount=Money.maybe(note.discount),
            remaining=Money.maybe(note.remaining),
            refunded=Money.maybe(note.refunded),
            taxes=None if note.taxes is None else [TaxAmount.of(tax) for tax in note.taxes],
            allocations=[Allocation.of(part, account) for part in note.allocations],
            invoice=invoice,
            customer=None if note.customer is None else Customer.of(note.customer),
            issued_on=note.issued_on,
            created_at=note.created_at,
            updated_at=note.updated_at,
            voided_at=note.voided_at,
            customer_note=note.customer_note,
            internal_note=note.internal_note,
            provider_values=ProviderValues.of(note.provider_values),
            source=source,
            note=note,
        )

"""Which of Chargebee's endpoints answers what. No rule, no word and no figure of Chargebee's is known here."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import TypeVar
from urllib.parse import quote

from msgspec import Raw

from app.domain.commands import CreditNoteFilter, IssueCreditNote, Page, PageRequest, RefundCreditNote, VoidCreditNote
from app.domain.credit_note import CreditNote
from app.domain.errors import BadPayload, GatewayError, NotFound, OutcomeUnknown, WrongState
from app.domain.invoice import Invoice
from app.domain.money import Money
from app.domain.plans import Preview, Refund, Refunded, WritePlan
from app.domain.vocabulary import NoteAction, Order
from app.providers.answers import of_list
from app.providers.chargebee import invoices, issuing, listing, mapping, order, receipts, refunding, voiding, wire
from app.providers.chargebee.actions import allows
from app.providers.chargebee.errors import explain, explain_issue, explain_refund, explain_void
from app.providers.chargebee.issue import Issue
from app.providers.chargebee.preview import preview
from app.providers.contract import AccountSettings
from app.providers.upstream import Upstream

NOTES = order.PATH
INVOICES = "/api/v2/invoices"
_ALL = (("limit", "100"), listing.sorting(Order.ISSUED_DESC))
_DELETED_TOO = ("include_deleted", "true")


Chunk = TypeVar("Chunk", wire.NoteList, wire.InvoiceList)


class Chargebee:
    """Chargebee's credit notes, for one account."""

    def __init__(self, upstream: Upstream, settings: AccountSettings) -> None:
        self._up = upstream
        self._settings = settings

    async def fetch_many(self, ids: Sequence[str]) -> Mapping[str, CreditNote | GatewayError]:
        """Every requested id is a key; deleted notes are absent."""
        found: dict[str, CreditNote | GatewayError] = {id: self._up.absent(id) for id in ids}
        askable = [id for id in found if listing.is_id(id)]
        if askable:
            for raw in await self._all(NOTES, [listing.named("id", askable), *_ALL], wire.NoteList):
                id = self._named(raw).id
                if id in found:
                    found[id] = self._note_or_error(raw)
        return found

    async def list(self, where: CreditNoteFilter, page: PageRequest) -> Page:
        """One page in the order asked."""
        place = listing.token(page)
        selected = listing.selection(where, place, page.order, self._settings.reason_codes)
        if selected.is_empty:
            return Page(notes=(), token=place.encoded())
        answer = await self._listed(NOTES, selected.params, wire.NoteList)
        return Page(
            notes=tuple(self._note(raw) for raw in answer.objects),
            token=place.encoded(),
            next=place.at(answer.next_offset).encoded() if answer.next_offset else None,
            unapplied=selected.unapplied,
            rough=selected.rough,
        )

    async def invoices(self, ids: Sequence[str]) -> Mapping[str, Invoice | GatewayError]:
        """Every requested id is a key; invoices and the notes against them are read at the same time."""
        found: dict[str, Invoice | GatewayError] = {id: self._up.absent(id) for id in ids}
        askable = [id for id in found if listing.is_id(id)]
        if askable:
            reads = (self._invoice_objects(askable), self._note_ids(askable))
            objects, note_ids = await asyncio.gather(*reads, return_exceptions=True)  # so that neither outlives this call
            if isinstance(objects, BaseException):
                raise objects
            if isinstance(note_ids, BaseException):
                raise note_ids
            for raw in objects:
                id = self._named(raw).id
                if id in found:
                    found[id] = self._invoice_or_error(raw, note_ids.get(id, ()))
        return found

    def plan(self, command: IssueCreditNote, invoice: Invoice | None) -> WritePlan:
        """Resolve a command against the invoice as read."""
        today = datetime.now(UTC).date()
        return issuing.plan(Issue.of(command, invoice, self._settings, today=today))

    async def issue(self, plan: WritePlan, *, key: str) -> CreditNote:
        """Send a plan, once, under the provider key."""
        explain_refusal = partial(explain_issue, inputs=order.inputs(plan.request))
        answer = await self._up.write(order.call(plan.request, key=key), into=wire.NoteEntry, explain=explain_refusal)
        return self._written(answer.credit_note)

    def preview(self, command: IssueCreditNote, invoice: Invoice | None) -> Preview:
        """What the plan of this command would come to."""
        today = datetime.now(UTC).date()
        return preview(Issue.of(command, invoice, self._settings, today=today))

    def allows(self, note: CreditNote) -> frozenset[NoteAction]:
        """What the note's state permits."""
        return allows(note)

    def plan_void(self, command: VoidCreditNote, note: CreditNote) -> WritePlan:
        """Resolve against the note as read."""
        return voiding.plan(command, note, self._settings)

    async def void(self, plan: WritePlan, *, key: str) -> CreditNote:
        """Send a plan, once, under the provider key."""
        answer = await self._up.write(order.call(plan.request, key=key), into=wire.NoteEntry, explain=explain_void)
        return self._written(answer.credit_note)

    async def plan_refund(self, command: RefundCreditNote, note: CreditNote) -> WritePlan:
        """Resolve against the note as read; sent back online, also against the payments of its invoice and what has gone back."""
        wanted = refunding.Wanted.of(command, note, self._settings, now=datetime.now(UTC))
        if command.external:
            return refunding.recorded(wanted)
        invoice = await self._invoice_of(note)
        payments, gone_back = invoice.payments or (), Money.zero(note.currency)
        if len(payments) > 1:
            against = await self._notes_against([invoice.ref.external_id])
            gone_back = receipts.gone_back([self._note(raw) for raw in against], note.currency)
        return refunding.sent_back(wanted, payments, gone_back)

    async def refund(self, plan: WritePlan, *, key: str) -> Refunded:
        """Send a plan, once, under the provider key. Raises RefundFailed for money that did not move although the answer is a note."""
        answer = await self._up.write(order.call(plan.request, key=key), into=wire.RefundEntry, explain=explain_refund)
        receipts.refuse_failed(answer.transaction, account=self._up.account)
        return receipts.refunded(plan, answer.transaction, self._written(answer.credit_note))

    async def refunds(self, plan: WritePlan) -> Sequence[Refund]:
        """The refunds of the plan's note."""
        return receipts.made(plan, await self._retrieved(plan))

    async def refunded(self, plan: WritePlan, refund: Refund) -> Refunded:
        """The plan's note as it is now."""
        return Refunded(note=await self._retrieved(plan), refund_id=refund.id, amount=refund.amount)

    async def candidates(self, plan: WritePlan) -> Sequence[CreditNote]:
        """All notes against the plan's invoice, or all of its customer's without one, deleted ones too; newest first."""
        params = [*listing.around(plan.expected), *_ALL, _DELETED_TOO]
        return [self._note(raw) for raw in await self._all(NOTES, params, wire.NoteList)]

    async def probe(self) -> None:
        """The newest note, if there is one."""
        params = [("limit", "1"), listing.sorting(Order.ISSUED_DESC)]
        await self._listed(NOTES, params, wire.NoteList)

    async def _all(self, path: str, params: Sequence[tuple[str, str]], into: type[Chunk]) -> Sequence[Raw]:
        """What is on all pages; filters and order stay the same from page to page."""
        objects: list[Raw] = []
        place = [*params]
        seen: set[str] = set()
        while True:
            chunk = await self._listed(path, place, into)
            objects += chunk.objects
            if not chunk.next_offset:
                return objects
            if chunk.next_offset in seen:
                message = "the provider's pages lead back to themselves"
                raise BadPayload(message, account=self._up.account)
            seen.add(chunk.next_offset)
            place = [*params, ("offset", chunk.next_offset)]

    async def _listed(self, path: str, params: Sequence[tuple[str, str]], into: type[Chunk]) -> Chunk:
        """One page."""
        return await self._up.read(path, params=params, into=into, explain=of_list(explain))

    async def _retrieved(self, plan: WritePlan) -> CreditNote:
        """The note a plan changes, by itself: how soon lists show a change is not published."""
        answer = await self._up.read(order.note_path(plan.expected.note_id or ""), into=wire.NoteEntry, explain=explain)
        note = self._note(answer.credit_note)
        if note.ref.external_id != plan.expected.note_id:
            message = "the provider answered with another note than the one asked for"
            raise BadPayload(message, account=self._up.account)
        return note

    async def _invoice_of(self, note: CreditNote) -> Invoice:
        """With its payments, to which money is sent back."""
        for raw in await self._invoice_objects([note.invoice_id or ""]):
            found = self._invoice_or_error(raw, ())
            if isinstance(found, Invoice) and found.ref.external_id == note.invoice_id:
                return found
            if isinstance(found, BadPayload):
                raise found
        message = "the invoice of the note is gone, and with it the way back to its payments: a refund can only be put on record"
        raise WrongState(message, path=("id",), account=self._up.account)

    async def _invoice_objects(self, ids: Sequence[str]) -> Sequence[Raw]:
        """A single one is retrieved: how soon lists show a change is not published, and money is decided by this."""
        if len(ids) > 1:
            return await self._all(INVOICES, [listing.named("id", ids), *_ALL], wire.InvoiceList)
        try:
            answer = await self._up.read(f"{INVOICES}/{quote(ids[0], safe='')}", into=wire.InvoiceEntry, explain=explain)
        except NotFound:
            return ()
        return (answer.invoice,)

    async def _note_ids(self, invoice_ids: Sequence[str]) -> Mapping[str, Sequence[str]]:
        """The notes against each invoice, whatever their state: an invoice's own lists may leave some out."""
        by_invoice: dict[str, list[str]] = defaultdict(list)
        for raw in await self._notes_against(invoice_ids):
            note = self._named(raw)
            by_invoice[note.reference_invoice_id or ""].append(note.id)
        return by_invoice

    async def _notes_against(self, invoice_ids: Sequence[str]) -> Sequence[Raw]:
        return await self._all(NOTES, [listing.named("reference_invoice_id", invoice_ids), *_ALL, _DELETED_TOO], wire.NoteList)

    def _written(self, raw: Raw) -> CreditNote:
        try:
            return self._note(raw)
        except BadPayload as unreadable:  # there is a note, and it cannot be told which
            message = "the write was answered with something that can't be read; repeat it with the same idempotency key"
            raise OutcomeUnknown(message, account=self._up.account) from unreadable

    def _note(self, raw: Raw) -> CreditNote:
        said = mapping.decoded(raw, wire.CreditNote, self._up.account)
        for what, word in mapping.unknown_words(said):
            self._up.unknown_value(what, word)
        return mapping.credit_note(said, bytes(raw), account=self._up.account, reasons=self._settings.reason_codes)

    def _note_or_error(self, raw: Raw) -> CreditNote | GatewayError:
        try:
            return self._note(raw)
        except BadPayload as unreadable:
            return unreadable

    def _invoice_or_error(self, raw: Raw, note_ids: Sequence[str]) -> Invoice | GatewayError:
        try:
            said = mapping.decoded(raw, wire.Invoice, self._up.account)
            if said.deleted:
                return self._up.absent(said.id)
            for what, word in invoices.unknown_words(said):
                self._up.unknown_value(what, word)
            return invoices.invoice(said, account=self._up.account, note_ids=note_ids)
        except BadPayload as unreadable:
            return unreadable

    def _named(self, raw: Raw) -> wire.Named:
        return mapping.decoded(raw, wire.Named, self._up.account)

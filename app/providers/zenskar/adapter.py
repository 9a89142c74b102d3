"""Which endpoint of Zenskar serves which verb. No status, code or amount is interpreted here."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar, cast
from urllib.parse import quote

import msgspec

from app.domain.commands import CreditNoteFilter, IssueCreditNote, Page, PageRequest, VoidCreditNote
from app.domain.credit_note import CreditNote, LineItem
from app.domain.errors import BadPayload, GatewayError, NotFound, OutcomeUnknown
from app.domain.invoice import Invoice
from app.domain.plans import Preview, WritePlan
from app.domain.vocabulary import Disposition, Filter, NoteAction, Order, Status
from app.providers.answers import Call, of_list
from app.providers.contract import AccountSettings
from app.providers.upstream import Upstream
from app.providers.zenskar import invoices, issuing, listing, mapping, voiding, wire
from app.providers.zenskar.errors import explain
from app.providers.zenskar.invoices import Bill

T = TypeVar("T")
Result = Mapping[str, T | GatewayError]

CALLS_AT_ONCE = 8
READS_OF_AN_INVOICE = 3
ALL = 100  # notes a page where all of them are wanted; the highest limit is published nowhere

JSON = "application/json"

_PAYMENTS = cast("type[wire.Payments]", wire.Payments)
_LINES = cast("type[wire.Lines]", wire.Lines)


class Zenskar:
    """One account at Zenskar."""

    def __init__(self, upstream: Upstream, settings: AccountSettings) -> None:
        self._up = upstream
        self._settings = settings

    async def fetch_many(self, ids: Sequence[str]) -> Result[CreditNote]:
        """One call an id: there is no read of several."""
        return await _each(ids, self._fetch, at_once=CALLS_AT_ONCE)

    async def list(self, where: CreditNoteFilter, page: PageRequest) -> Page:
        """One page. A cursor may point at a place that shifts, so a page beyond the one looked for is answered from the start."""
        query = listing.query(where, page.size, page.order)
        if query is None:
            return Page(notes=(), total_count=0)
        if page.resume is None:
            return await self._page(query, page.token)
        found = await self._page(query, page.resume.token)
        if page.resume.token is not None and query.is_past(found.notes, page.resume.at):
            return await self._page(query, None)
        return found

    async def invoices(self, ids: Sequence[str]) -> Result[Invoice]:
        """Each from the invoice itself, its payments and its notes."""
        return await _each(ids, self._invoice, at_once=CALLS_AT_ONCE // READS_OF_AN_INVOICE)

    async def lines(self, notes: Sequence[CreditNote]) -> Result[Sequence[LineItem]]:
        """One call a note, wherever the provider keeps its lines."""
        known = {note.ref.external_id: note for note in notes}
        return await _each(tuple(known), lambda note_id: self._lines(known[note_id]), at_once=CALLS_AT_ONCE)

    def plan(self, command: IssueCreditNote, invoice: Invoice | None) -> WritePlan:
        """Resolve a command; pure."""
        return issuing.plan(self._settings, command, invoice)

    def preview(self, command: IssueCreditNote, invoice: Invoice | None) -> Preview:
        """What the plan of this command would come to; pure."""
        return issuing.preview(self._settings, command, invoice)

    def allows(self, note: CreditNote) -> frozenset[NoteAction]:
        """What may be asked of a note in its state; pure."""
        return voiding.allows(note)

    async def issue(self, plan: WritePlan, *, key: str) -> CreditNote:
        """Send a plan, once. docs: Idempotent requests: the header exists for usage events only, so no key goes with it."""
        del key
        request = msgspec.json.decode(plan.request, type=issuing.Request)
        return await self._written(Call(path=request.path, content=request.body.encode(), content_type=JSON))

    def plan_void(self, command: VoidCreditNote, note: CreditNote) -> WritePlan:
        """Resolve a command; pure."""
        return voiding.plan(command, note)

    async def void(self, plan: WritePlan, *, key: str) -> CreditNote:
        """Send a plan, once; without a key, as `issue`."""
        del key
        request = msgspec.json.decode(plan.request, type=voiding.Request)
        call = Call(method="PATCH", path=request.path, content=request.body.encode(), content_type=JSON)
        return await self._written(call, note_id=request.note_id)

    async def candidates(self, plan: WritePlan) -> Sequence[CreditNote]:
        """All notes of the plan's invoice."""
        request = msgspec.json.decode(plan.request, type=issuing.Request)
        return await self._notes_of(request.invoice_id)

    async def probe(self) -> None:
        """The shortest list there is."""
        await self._up.read("/credit_notes", into=wire.NotePage, explain=of_list(explain), params={"limit": "1"})

    async def _written(self, call: Call, *, note_id: str | None = None) -> CreditNote:
        """The note a write was answered with: this one, where it was done to one. Anything else tells nothing of the write."""
        answer = await self._up.write(call, into=msgspec.Raw, explain=explain)
        try:
            note = self._note(answer)
            _check_id(note.ref.external_id, note_id or note.ref.external_id, self._up.account)
        except BadPayload as unreadable:
            message = f"the write was answered, but {unreadable.message}"
            raise OutcomeUnknown(message, account=self._up.account) from unreadable
        return note

    async def _fetch(self, id: str) -> CreditNote:
        self._check_askable(id)
        answer = await self._up.read(f"/credit_notes/{quote(id, safe='')}", into=msgspec.Raw, explain=explain)
        note = self._note(answer)
        _check_id(note.ref.external_id, id, self._up.account)
        return note

    async def _page(self, query: listing.Query, cursor: str | None) -> Page:
        found = await self._up.read("/credit_notes", into=wire.NotePage, explain=of_list(explain), params=query.params(cursor))
        notes = tuple(self._note(each) for each in found.results)
        unapplied = query.unapplied | query.ignored(notes)
        return Page(
            notes=notes,
            token=cursor,
            next=found.next or None,
            unapplied=unapplied,
            total_count=None if unapplied else found.total_count,
        )

    async def _notes_of(self, invoice_id: str) -> tuple[CreditNote, ...]:
        """All of them, newest first. Never somebody else's: they would be counted against this invoice."""
        query = listing.Query(size=ALL, order=Order.ISSUED_DESC, invoice_id=invoice_id)
        found: dict[str, CreditNote] = {}
        cursor: str | None = None
        seen: set[str | None] = set()
        while cursor not in seen:
            seen.add(cursor)
            page = await self._page(query, cursor)
            if Filter.INVOICE in page.unapplied:
                message = "the provider answered notes of other invoices too"
                raise BadPayload(message, account=self._up.account)
            found |= {note.ref.external_id: note for note in page.notes}
            if page.next is None:
                return tuple(found.values())
            cursor = page.next
        message = "the provider's pages lead back to themselves"
        raise BadPayload(message, account=self._up.account)

    async def _invoice(self, id: str) -> Invoice:
        self._check_askable(id)
        bill = await self._bill(id)
        if invoices.lacks_payments(self._settings, bill):
            found = self._told(await _value(self._payments(f"/payments/invoice/{quote(id, safe='')}")), "all of its payments")
            bill = replace(bill, payments=invoices.united(bill.payments, found))
        invoice = invoices.invoice(self._settings, bill)
        if bill.invoice.status not in invoices.STATUS:
            self._up.unknown_value("invoice status", bill.invoice.status)
        return invoice

    async def _bill(self, id: str) -> Bill:
        escaped = quote(id, safe="")
        invoice, payments, notes = await asyncio.gather(
            _value(self._up.read(f"/invoices/{escaped}", into=wire.Invoice, explain=explain)),
            _value(self._payments(f"/payments/invoice/{escaped}/without_refunds")),
            _value(self._notes_of(id)),
        )
        if isinstance(invoice, GatewayError):  # first: where there is no invoice, the others say so in ways of their own
            raise invoice
        _check_id(invoice.id, id, self._up.account)
        return Bill(invoice=invoice, payments=self._told(payments, "its payments"), notes=self._told(notes, "its notes"))

    def _told(self, found: T | GatewayError, what: str) -> T:
        """A list of an invoice that is there. An absent list is no absent invoice."""
        if isinstance(found, NotFound):
            message = f"the provider finds the invoice and not {what}"
            raise BadPayload(message, account=self._up.account, provider=found.provider) from found
        if isinstance(found, GatewayError):
            raise found
        return found

    def _check_askable(self, id: str) -> None:
        if not listing.is_id(id):
            raise self._up.absent(id)

    async def _payments(self, path: str) -> tuple[wire.Payment, ...]:
        found = await self._up.read(path, into=_PAYMENTS, explain=explain)
        payments: list[wire.Payment] = []
        seen: set[str] = set()
        while isinstance(found, wire.PaymentPage):
            payments += found.results
            if not found.next:
                return tuple(payments)
            if found.next in seen:
                message = "the provider's pages lead back to themselves"
                raise BadPayload(message, account=self._up.account)
            seen.add(found.next)
            found = await self._up.read(path, into=_PAYMENTS, explain=explain, params={"cursor": found.next})
        return (*payments, *found)

    async def _lines(self, note: CreditNote) -> Sequence[LineItem]:
        url = note.line_items_url or ""
        if not url.startswith(("/", "https://", "http://")):  # glued to the account's address it could name another host
            message = "the provider does not say where the line items are"
            raise BadPayload(message, account=self._up.account)
        return mapping.line_items(note, await self._up.read(url, into=_LINES, explain=explain))

    def _note(self, answer: msgspec.Raw) -> CreditNote:
        note = mapping.credit_note(self._up.account, bytes(answer))
        told = note.provider_values
        if note.status is Status.UNKNOWN and told.status is not None:
            self._up.unknown_value("status", told.status)
        if Disposition.UNKNOWN in note.dispositions and told.disposition is not None:
            self._up.unknown_value("repayment_method", told.disposition)
        return note


async def _each(ids: Sequence[str], one: Callable[[str], Awaitable[T]], *, at_once: int) -> dict[str, T | GatewayError]:
    gate = asyncio.Semaphore(at_once)
    wanted = list(dict.fromkeys(ids))
    return dict(zip(wanted, await asyncio.gather(*(_in_turn(gate, id, one) for id in wanted)), strict=True))


async def _in_turn(gate: asyncio.Semaphore, id: str, one: Callable[[str], Awaitable[T]]) -> T | GatewayError:
    async with gate:
        return await _value(one(id))


async def _value(wanted: Awaitable[T]) -> T | GatewayError:
    try:
        return await wanted
    except GatewayError as error:
        return error


def _check_id(found: str, wanted: str, account: str) -> None:
    if found.lower() != wanted.lower():
        message = "the provider answered something else than was asked for"
        raise BadPayload(message, account=account)

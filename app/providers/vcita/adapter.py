"""Which endpoint of vcita serves which verb. What is sent and what it means are decided in the pure modules beside this one."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TypeVar
from urllib.parse import quote

import msgspec

from app.domain.commands import CreditNoteFilter, IssueCreditNote, IssuePlan, Page, PageRequest
from app.domain.credit_note import CreditNote
from app.domain.errors import AccountRefused, BadPayload, GatewayError, NotFound, OutcomeUnknown, Rejected
from app.domain.invoice import Invoice
from app.domain.money import MoneyError
from app.domain.vocabulary import Filter, Order
from app.providers.answers import Call
from app.providers.contract import AccountSettings
from app.providers.upstream import Upstream
from app.providers.vcita import invoice_lines, invoices, mapping, wire
from app.providers.vcita.errors import explain
from app.providers.vcita.issuing import issue_plan
from app.providers.vcita.pages import Sheet

NOTES = "/v3/payments/credit_notes"
BUSINESS_INVOICES = "/business/payments/v1/invoices"
PLATFORM_INVOICES = "/platform/v1/invoices"
AT_ONCE = 8

_T = TypeVar("_T")
_NOTE = msgspec.json.Decoder(wire.Note)
_STORED = msgspec.json.Decoder(wire.StoredCall)


class Vcita:
    """vcita's credit notes, for one account."""

    def __init__(self, upstream: Upstream, settings: AccountSettings) -> None:
        self._up = upstream
        self._settings = settings

    async def fetch_many(self, ids: Sequence[str]) -> Mapping[str, CreditNote | GatewayError]:
        """One call per id: vcita has no batch. Absence is NotFound, as a value."""
        gate = asyncio.Semaphore(AT_ONCE)
        wanted = list(dict.fromkeys(ids))
        return dict(zip(wanted, await asyncio.gather(*(self._fetch(id, gate) for id in wanted)), strict=True))

    async def list(self, where: CreditNoteFilter, page: PageRequest) -> Page:
        """One page by number; only the invoice narrows it upstream."""
        sheet = Sheet.of(page)
        notes = await self._listed(sheet, page.order, where.invoice_ids)
        after = sheet.after(len(notes))
        return Page(
            notes=notes,
            token=sheet.token,
            next=None if after is None else after.token,
            unapplied=frozenset({Filter.STATUS}) if where.statuses else frozenset(),
        )

    async def invoices(self, ids: Sequence[str]) -> Mapping[str, Invoice | GatewayError]:
        """From the two older APIs and all pages of the notes; payments are not told."""
        gate = asyncio.Semaphore(AT_ONCE)
        wanted = list(dict.fromkeys(ids))
        return dict(zip(wanted, await asyncio.gather(*(self._invoice(id, gate) for id in wanted)), strict=True))

    def plan(self, command: IssueCreditNote, invoice: Invoice | None) -> IssuePlan:
        """Resolve a command against the invoice as read; raises what must be refused before anything is sent."""
        return issue_plan(command, invoice, self._settings)

    async def issue(self, plan: IssuePlan, *, key: str) -> CreditNote:  # noqa: ARG002 - vcita takes no idempotency key
        """Send a plan, once. An answer that cannot be read may still have made the note."""
        stored = _STORED.decode(plan.request)
        call = Call(path=stored.path, content=stored.body.encode(), content_type="application/json")
        answer = await self._up.write(call, into=wire.NoteAnswer, explain=explain)
        try:
            return self._note(answer.data)
        except BadPayload as unreadable:
            message = "the write was answered by something that can't be read; repeat it with the same idempotency key"
            raise OutcomeUnknown(message, account=self._up.account) from unreadable

    async def candidates(self, plan: IssuePlan) -> Sequence[CreditNote]:
        """All notes of the plan's invoice now, newest first."""
        notes = await self._notes_of(_STORED.decode(plan.request).invoice_uid)
        return tuple(reversed(notes))

    async def probe(self) -> None:
        """One note of the list, or none."""
        await self._listed(Sheet(size=1), Order.ISSUED_DESC, ())

    async def _fetch(self, id: str, gate: asyncio.Semaphore) -> CreditNote | GatewayError:
        answer = await _tried(self._read_note, id, gate)
        return self._absent(id, answer) if isinstance(answer, NotFound) else answer

    async def _read_note(self, id: str) -> CreditNote:
        answer = await self._up.read(self._at(NOTES, id), into=wire.NoteAnswer, explain=explain)
        note = self._note(answer.data)
        if note.ref.external_id != id:
            message = "the provider answered with another note than the one asked for"
            raise BadPayload(message, account=self._up.account)
        return note

    async def _invoice(self, id: str, gate: asyncio.Semaphore) -> Invoice | GatewayError:
        business, platform, notes = await asyncio.gather(
            _tried(self._business, id, gate), _tried(self._platform, id, gate), _tried(self._notes_of, id, gate)
        )
        try:
            invoice = self._joined(business, platform, () if isinstance(notes, GatewayError) else notes)
        except MoneyError as wrong:
            return self._unreadable(wrong)
        match invoice, notes:
            case NotFound(), _:
                return self._absent(id, invoice)
            case Invoice(), NotFound():
                return BadPayload("the provider finds the invoice and not the list of its notes", account=self._up.account)
            case Invoice(), GatewayError():
                return notes
            case _:
                return invoice

    def _joined(
        self,
        business: wire.BusinessInvoice | GatewayError | None,
        platform: wire.PlatformInvoice | GatewayError,
        notes: Sequence[CreditNote],
    ) -> Invoice | GatewayError:
        """The business API tells tax mode and ids of lines, the platform API what is left to pay; not every token may ask both.

        So a refusal of one leaves unknown what only it tells; that one of them fails to answer does not.
        """
        account = self._up.account
        match business, platform:
            case wire.BusinessInvoice(), wire.PlatformInvoice():
                return invoices.business_invoice(account, business, notes, platform)
            case wire.BusinessInvoice(), AccountRefused() | Rejected() | NotFound():
                return invoices.business_invoice(account, business, notes, None)
            case ((None | AccountRefused()), wire.PlatformInvoice()):
                return invoices.platform_invoice(account, platform, notes)
            case Rejected(), NotFound():  # the business API may refuse without a code what it does not have
                return platform
            case GatewayError(), _:
                return business
            case _, GatewayError():
                return platform
        raise AssertionError  # every pair is above

    async def _business(self, id: str) -> wire.BusinessInvoice | None:
        """None for a directory's token, which may not ask (docs: Get Invoice, staff tokens)."""
        if self._settings.options.get("on_behalf_of"):
            return None
        answer = await self._up.read(self._at(BUSINESS_INVOICES, id), into=wire.BusinessAnswer, explain=explain)
        invoice = answer.data.invoice
        mode = invoice.metadata.tax_mode if invoice.metadata else None
        if mode is not None and mode not in invoice_lines.TAX_MODES:
            self._up.unknown_value("tax_mode", mode)
        self._check_status(invoice.status)
        return invoice

    async def _platform(self, id: str) -> wire.PlatformInvoice:
        answer = await self._up.read(self._at(PLATFORM_INVOICES, id), into=wire.PlatformAnswer, explain=explain)
        self._check_status(answer.data.invoice.status)
        return answer.data.invoice

    async def _notes_of(self, invoice_id: str) -> tuple[CreditNote, ...]:
        """All notes of an invoice, oldest first, so that one issued meanwhile comes last instead of moving the others."""
        found: dict[str, CreditNote] = {}
        sheet: Sheet | None = Sheet()
        while sheet is not None:
            notes = await self._listed(sheet, Order.ISSUED_ASC, (invoice_id,))
            before = len(found)
            found.update((note.ref.external_id, note) for note in notes)
            if notes and len(found) == before:
                message = "the provider answers the same page of notes again and again"
                raise BadPayload(message, account=self._up.account)
            sheet = sheet.after(len(notes))
        return tuple(found.values())

    async def _listed(self, sheet: Sheet, order: Order, invoice_ids: tuple[str, ...]) -> tuple[CreditNote, ...]:
        params = sheet.params(order, tuple(self._sayable(id) for id in invoice_ids))
        answer = await self._up.read(NOTES, params=params, into=wire.NoteListAnswer, explain=explain)
        notes = tuple(self._note(raw) for raw in answer.data.credit_notes)
        if invoice_ids and any(note.invoice_id not in invoice_ids for note in notes):
            message = "the provider lists notes of other invoices than the one asked for"
            raise BadPayload(message, account=self._up.account)
        return notes

    def _note(self, raw: msgspec.Raw) -> CreditNote:
        try:
            told = _NOTE.decode(raw)
            note = mapping.credit_note(self._up.account, told, bytes(raw))
        except (msgspec.DecodeError, UnicodeDecodeError, MoneyError) as wrong:
            raise self._unreadable(wrong) from wrong
        if told.status not in mapping.STATUS:
            self._up.unknown_value("status", told.status or "")
        return note

    def _check_status(self, word: str) -> None:
        if word.upper() not in invoices.STATUS:
            self._up.unknown_value("invoice status", word)

    def _at(self, collection: str, id: str) -> str:
        return f"{collection}/{quote(self._sayable(id), safe='')}"

    def _sayable(self, id: str) -> str:
        """The id, if a URL can carry it: no published form rules anything else out."""
        if not id.isprintable() or not id.strip(". "):
            raise self._up.absent(id)
        return id

    def _absent(self, id: str, told: NotFound) -> NotFound:
        absent = self._up.absent(id)
        absent.provider = told.provider
        return absent

    def _unreadable(self, wrong: Exception) -> BadPayload:
        return BadPayload(f"the provider answered something that can't be read: {wrong}", account=self._up.account)


async def _tried(read: Callable[[str], Awaitable[_T]], id: str, gate: asyncio.Semaphore) -> _T | GatewayError:
    """What is read under this id, or the failure as a value."""
    try:
        async with gate:
            return await read(id)
    except GatewayError as failed:
        return failed

"""What is read of vcita for one account: notes, invoices, payments. What they mean is decided in the pure modules beside this one."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar
from urllib.parse import quote

import msgspec

from app.domain.credit_note import CreditNote
from app.domain.errors import BadPayload, GatewayError, InvalidInput, NotFound
from app.domain.invoice import Invoice
from app.domain.money import MoneyError
from app.domain.plans import Refund
from app.domain.vocabulary import Order
from app.providers.answers import of_list
from app.providers.contract import AccountSettings
from app.providers.upstream import Upstream
from app.providers.vcita import invoice_lines, invoices, mapping, refund_wire, refunding, wire
from app.providers.vcita.errors import explain
from app.providers.vcita.pages import Sheet

NOTES = "/v3/payments/credit_notes"
BUSINESS_INVOICES = "/business/payments/v1/invoices"
PLATFORM_INVOICES = "/platform/v1/invoices"
PAYMENTS = "/business/payments/v1/payments"
AT_ONCE = 8

_T = TypeVar("_T")
_NOTE = msgspec.json.Decoder(wire.Note)


class Reader:
    """An account's eyes. With `_or_error` in its name a method gives the failure as a value; the others raise it."""

    def __init__(self, upstream: Upstream, settings: AccountSettings) -> None:
        self._up = upstream
        self._settings = settings
        self._gate = asyncio.Semaphore(AT_ONCE)

    async def note_or_error(self, id: str) -> CreditNote | GatewayError:
        """One note; absence is NotFound."""
        answer = await self._tried(self._read_note, id)
        return self._absent(id, answer) if isinstance(answer, NotFound) else answer

    async def invoice_or_error(self, id: str) -> Invoice | GatewayError:
        """One invoice, from the two older APIs and all pages of its notes; payments are not told."""
        business, platform, notes = await asyncio.gather(
            self._tried(self._business, id), self._tried(self._platform, id), self._tried(self.notes_of, id)
        )
        try:
            invoice = invoices.joined(self._up.account, business, platform, () if isinstance(notes, GatewayError) else notes)
        except MoneyError as wrong:
            return self._unreadable(wrong)
        match invoice, notes:
            case NotFound(), _:
                return self._absent(id, invoice)
            case Invoice(), GatewayError():
                return notes
            case _:
                return invoice

    async def grounds(self, payment_uid: str, invoice_uid: str) -> refunding.Grounds:
        """What a refund of this payment, for a note against this invoice, is decided on."""
        payment, invoice, notes = await asyncio.gather(
            self._tried(self._payment, payment_uid),
            self._tried(self._business, invoice_uid),
            self._tried(self.notes_of, invoice_uid),
        )
        if isinstance(payment, NotFound):
            message = f"there is no payment {payment_uid[:100]!r} at this account"
            raise InvalidInput(message, path=("paymentId",), account=self._up.account, provider=payment.provider)
        if isinstance(payment, GatewayError):
            raise payment
        told = self._there(invoice)
        return refunding.Grounds(
            payment=payment,
            invoice_uid=invoice_uid,
            request_uid=None if told is None else told.payment_status_uid,
            note_uids=tuple(note.ref.external_id for note in self._there(notes)),
        )

    async def refunds_of(self, payment_uid: str) -> tuple[Refund, ...]:
        """The refund that the payment's state proves, if it does."""
        payment = await self._payment(payment_uid)
        try:
            return refunding.refunds_of(payment)
        except MoneyError as wrong:
            raise self._unreadable(wrong) from wrong

    async def note_and_all(self, id: str, invoice_uid: str) -> tuple[CreditNote, tuple[CreditNote, ...]]:
        """A note, and all notes of its invoice, oldest first."""
        note, notes = await asyncio.gather(self._tried(self._read_note, id), self._tried(self.notes_of, invoice_uid))
        return self._there(note), self._there(notes)

    async def notes_of(self, invoice_id: str) -> tuple[CreditNote, ...]:
        """All notes of an invoice, oldest first, so that one issued meanwhile comes last instead of moving the others."""
        found: dict[str, CreditNote] = {}
        sheet: Sheet | None = Sheet()
        while sheet is not None:
            notes = await self.listed(sheet, Order.ISSUED_ASC, (invoice_id,))
            before = len(found)
            found.update((note.ref.external_id, note) for note in notes)
            if notes and len(found) == before:
                message = "the provider answers the same page of notes again and again"
                raise BadPayload(message, account=self._up.account)
            sheet = sheet.after(len(notes))
        return tuple(found.values())

    async def listed(self, sheet: Sheet, order: Order, invoice_ids: tuple[str, ...]) -> tuple[CreditNote, ...]:
        """One page of notes."""
        params = sheet.params(order, tuple(self._sayable(id) for id in invoice_ids))
        answer = await self._up.read(NOTES, params=params, into=wire.NoteListAnswer, explain=of_list(explain))
        notes = tuple(self.note_of(raw) for raw in answer.data.credit_notes)
        if invoice_ids and any(note.invoice_id not in invoice_ids for note in notes):
            message = "the provider lists notes of other invoices than the one asked for"
            raise BadPayload(message, account=self._up.account)
        return notes

    def note_of(self, raw: msgspec.Raw) -> CreditNote:
        """A note as it came."""
        try:
            told = _NOTE.decode(raw)
            note = mapping.credit_note(self._up.account, told, bytes(raw))
        except (msgspec.DecodeError, UnicodeDecodeError, MoneyError) as wrong:
            raise self._unreadable(wrong) from wrong
        if told.status not in mapping.STATUS:
            self._up.unknown_value("status", told.status or "")
        return note

    async def _read_note(self, id: str) -> CreditNote:
        answer = await self._up.read(self._at(NOTES, id), into=wire.NoteAnswer, explain=explain)
        note = self.note_of(answer.data)
        if note.ref.external_id != id:
            message = "the provider answered with another note than the one asked for"
            raise BadPayload(message, account=self._up.account)
        return note

    async def _business(self, id: str) -> wire.BusinessInvoice | None:
        """None for a directory's token, which may not ask (docs: Get Invoice, staff tokens)."""
        if self._settings.options.get("on_behalf_of"):
            return None
        answer = await self._up.read(self._at(BUSINESS_INVOICES, id), into=wire.BusinessAnswer, explain=explain)
        invoice = self._asked_for(answer.data.invoice, answer.data.invoice.uid, id)
        mode = invoice.metadata.tax_mode if invoice.metadata else None
        if mode is not None and mode not in invoice_lines.TAX_MODES:
            self._up.unknown_value("tax_mode", mode)
        self._check_status(invoice.status)
        return invoice

    async def _platform(self, id: str) -> wire.PlatformInvoice:
        answer = await self._up.read(self._at(PLATFORM_INVOICES, id), into=wire.PlatformAnswer, explain=explain)
        self._check_status(answer.data.invoice.status)
        return self._asked_for(answer.data.invoice, answer.data.invoice.id, id)

    def _asked_for(self, found: _T, uid: str, id: str) -> _T:
        """Money is credited on what was asked for, not on what was answered."""
        if uid != id:
            message = "the provider answered with another invoice than the one asked for"
            raise BadPayload(message, account=self._up.account)
        return found

    async def _payment(self, id: str) -> refund_wire.Payment:
        answer = await self._up.read(self._at(PAYMENTS, id), into=refund_wire.PaymentAnswer, explain=explain)
        if answer.payment is None or answer.payment.uid != id:
            message = "the provider answered with no payment, or another than the one asked for"
            raise BadPayload(message, account=self._up.account)
        return answer.payment

    async def _tried(self, read: Callable[[str], Awaitable[_T]], id: str) -> _T | GatewayError:
        """What is read under this id, or the failure as a value."""
        try:
            async with self._gate:
                return await read(id)
        except GatewayError as failed:
            return failed

    def _there(self, told: _T | GatewayError) -> _T:
        """What must be there because something that is there names it."""
        if isinstance(told, NotFound):
            message = f"the provider does not find what it names itself: {told.message}"
            raise BadPayload(message, account=self._up.account, provider=told.provider)
        if isinstance(told, GatewayError):
            raise told
        return told

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

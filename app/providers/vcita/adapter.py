"""Which verb is served by which call to vcita. What is sent and what it means are decided in the pure modules beside this one."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import msgspec

from app.domain.commands import CreditNoteFilter, IssueCreditNote, Page, PageRequest, RefundCreditNote
from app.domain.credit_note import CreditNote
from app.domain.errors import BadPayload, GatewayError, OutcomeUnknown
from app.domain.filters import asked
from app.domain.invoice import Invoice
from app.domain.money import MoneyError
from app.domain.plans import Preview, Refund, Refunded, WritePlan
from app.domain.vocabulary import Filter, NoteAction, Order
from app.providers.answers import Call
from app.providers.contract import AccountSettings
from app.providers.upstream import Upstream
from app.providers.vcita import refund_wire, refunding, wire
from app.providers.vcita.errors import explain_issue, explain_refund
from app.providers.vcita.issuing import issue_plan, issue_preview
from app.providers.vcita.pages import Sheet
from app.providers.vcita.reader import Reader

JSON = "application/json"
_STORED = msgspec.json.Decoder(wire.StoredCall)


class Vcita:
    """vcita's credit notes, for one account."""

    def __init__(self, upstream: Upstream, settings: AccountSettings) -> None:
        self._up = upstream
        self._settings = settings
        self._reader = Reader(upstream, settings)

    async def fetch_many(self, ids: Sequence[str]) -> Mapping[str, CreditNote | GatewayError]:
        """One call per id: vcita has no batch. Absence is NotFound, as a value."""
        wanted = list(dict.fromkeys(ids))
        return dict(zip(wanted, await asyncio.gather(*map(self._reader.note_or_error, wanted)), strict=True))

    async def list(self, where: CreditNoteFilter, page: PageRequest) -> Page:
        """One page by number; only the invoice narrows it upstream."""
        sheet = Sheet.of(page)
        notes = await self._reader.listed(sheet, page.order, where.invoice_ids)
        after = sheet.after(len(notes))
        return Page(
            notes=notes,
            token=sheet.token,
            next=None if after is None else after.token,
            unapplied=asked(where) - {Filter.INVOICE},
        )

    async def invoices(self, ids: Sequence[str]) -> Mapping[str, Invoice | GatewayError]:
        """From the two older APIs and all pages of the notes; payments are not told."""
        wanted = list(dict.fromkeys(ids))
        return dict(zip(wanted, await asyncio.gather(*map(self._reader.invoice_or_error, wanted)), strict=True))

    def plan(self, command: IssueCreditNote, invoice: Invoice | None) -> WritePlan:
        """Resolve a command against the invoice as read; raises what must be refused before anything is sent."""
        return issue_plan(command, invoice, self._settings)

    def preview(self, command: IssueCreditNote, invoice: Invoice | None) -> Preview:
        """What the plan of this command would come to."""
        return issue_preview(command, invoice, self._settings)

    def allows(self, note: CreditNote) -> frozenset[NoteAction]:
        """A refund, until the note is settled; nothing withdraws a note."""
        return frozenset({NoteAction.REFUND}) if refunding.is_refundable(note, self._settings) else frozenset()

    async def issue(self, plan: WritePlan, *, key: str) -> CreditNote:  # noqa: ARG002 - vcita takes no idempotency key
        """Send a plan, once. An answer that cannot be read may still have made the note."""
        stored = _STORED.decode(plan.request)
        call = Call(path=stored.path, content=stored.body.encode(), content_type=JSON)
        meaning = explain_issue(numbered=plan.expected.number is not None)
        answer = await self._up.write(call, into=wire.NoteAnswer, explain=meaning)
        try:
            return self._reader.note_of(answer.data)
        except BadPayload as unreadable:
            why = "the write was answered by something that can't be read"
            raise self._unknown(why) from unreadable

    async def candidates(self, plan: WritePlan) -> Sequence[CreditNote]:
        """All notes of the plan's invoice now, newest first."""
        notes = await self._reader.notes_of(_STORED.decode(plan.request).invoice_uid)
        return tuple(reversed(notes))

    async def plan_refund(self, command: RefundCreditNote, note: CreditNote) -> WritePlan:
        """Resolve against the payment named, the note's invoice and its notes, all read now."""
        now = datetime.now(UTC)
        payment_uid = refunding.payment_named(command, note, self._settings, now.date())
        grounds = await self._reader.grounds(payment_uid, note.invoice_id or "")
        try:
            return refunding.refund_plan(command, note, grounds, now)
        except MoneyError as wrong:
            message = f"the provider tells a payment that can't be read: {wrong}"
            raise BadPayload(message, account=self._up.account) from wrong

    async def refund(self, plan: WritePlan, *, key: str) -> Refunded:  # noqa: ARG002 - vcita takes no idempotency key
        """Send a plan, once. Once it is booked, whatever can't be read of it leaves its outcome unknown."""
        stored = refunding.stored_refund(plan)
        call = Call(path=stored.path, method=stored.method, content=stored.body.encode(), content_type=JSON)
        meaning = explain_refund(referenced=refunding.is_referenced(stored))
        answer = await self._up.write(call, into=refund_wire.RefundAnswer, explain=meaning)
        if not refunding.is_as_asked(plan, answer.data.refund):
            why = "the provider says that it gave back something else than was asked for"
            raise self._unknown(why)
        return await self._after(stored, answer.data.refund.uid)

    async def refunds(self, plan: WritePlan) -> Sequence[Refund]:
        """One, if the plan's payment has been given back; only whole payments are."""
        return await self._reader.refunds_of(refunding.stored_refund(plan).payment_uid)

    async def refunded(self, plan: WritePlan, refund: Refund) -> Refunded:  # noqa: ARG002 - a plan has one payment, and that one refund
        """The note now; the refund's own id is told by its first answer only."""
        return await self._after(refunding.stored_refund(plan), None)

    async def probe(self) -> None:
        """One note of the list, or none."""
        await self._reader.listed(Sheet(size=1), Order.ISSUED_DESC, ())

    async def _after(self, stored: refund_wire.StoredRefund, refund_id: str | None) -> Refunded:
        """The note after its refund. Notes of its invoice that were not there before are the refund's own (support: Strict Mode)."""
        try:
            note, notes = await self._reader.note_and_all(stored.note_uid, stored.invoice_uid)
        except GatewayError as unreadable:
            why = f"the refund was made, and its note could not be read ({unreadable.message})"
            raise self._unknown(why) from unreadable
        known = {stored.note_uid, *stored.note_uids}
        surplus = tuple(one for one in notes if one.ref.external_id not in known)
        return Refunded(note=note, refund_id=refund_id, surplus=surplus)

    def _unknown(self, why: str) -> OutcomeUnknown:
        return OutcomeUnknown(f"{why}; repeat it with the same idempotency key", account=self._up.account)

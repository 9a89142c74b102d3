"""What a mutation wants, as the flow of a write needs to know it: on what it writes, and the plan of its first call."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from app.domain.commands import InvoiceTarget, IssueCreditNote, RefundCreditNote, VoidCreditNote
from app.domain.credit_note import CreditNote, Ref
from app.domain.errors import GatewayError, Path
from app.domain.invoice import Invoice
from app.domain.plans import Payout, WritePlan
from app.domain.vocabulary import ErrorCode, Operation
from app.gateway.accounts import Account
from app.gateway.changes import unable
from app.gateway.entries import Entry, fingerprint, subject, subject_of
from app.gateway.payouts import refuse_unpayable
from app.gateway.resolution import note_now
from app.gateway.support import refuse_unsupported
from app.providers.contract import CanRecall, CanRefund, CanVoid
from app.providers.policy import Deadline


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A call ready to be recorded and sent, with what there was before it."""

    plan: WritePlan
    snapshot: tuple[str, ...]


class Task(Protocol):
    """One mutation."""

    @property
    def operation(self) -> Operation:
        """Under which its key is remembered."""

    @property
    def account(self) -> str:
        """The account it asks."""

    @property
    def key(self) -> str:
        """The client's."""

    @property
    def path(self) -> Path:
        """Where the input names what it is done to."""

    @property
    def content(self) -> str:
        """The fingerprint of all that is asked."""

    def refuse_unsupported(self, account: Account) -> None:
        """Raises what the account does not offer, before anything is read."""

    async def subject(self, account: Account, deadline: Deadline) -> str:
        """What it writes on; may have to read."""

    async def prepare(self, account: Account, deadline: Deadline) -> Prepared:
        """Read what decides, live, and plan the first call; raises what must be refused."""


Command = TypeVar("Command", IssueCreditNote, VoidCreditNote | RefundCreditNote)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Commanded(Generic[Command]):
    """What every task has of its command."""

    command: Command

    @property
    def account(self) -> str:
        """The account that is asked."""
        return self.command.account

    @property
    def key(self) -> str:
        """The client's."""
        return self.command.key

    @property
    def content(self) -> str:
        """The fingerprint of the command."""
        return fingerprint(self.command)


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue(_Commanded[IssueCreditNote]):
    """Issue a note."""

    operation: Operation = Operation.ISSUE

    @property
    def path(self) -> Path:
        """The target."""
        return ("against", "invoice" if isinstance(self.command.target, InvoiceTarget) else "customer")

    def refuse_unsupported(self, account: Account) -> None:
        """By the account's declared capabilities."""
        refuse_unsupported(account, self.command)

    async def subject(self, account: Account, deadline: Deadline) -> str:
        """The invoice, or the customer; known without a read."""
        del account, deadline
        return subject(self.command)

    async def prepare(self, account: Account, deadline: Deadline) -> Prepared:
        """Against the invoice as it is now."""
        invoice = await self.invoice(account, deadline)
        adapter = account.adapter(deadline)
        plan = adapter.plan(self.command, invoice)
        if invoice is not None:
            return Prepared(plan=plan, snapshot=invoice.note_ids)
        notes = await adapter.candidates(plan) if isinstance(adapter, CanRecall) else ()
        return Prepared(plan=plan, snapshot=tuple(note.ref.external_id for note in notes))

    async def invoice(self, account: Account, deadline: Deadline) -> Invoice | None:
        """The invoice as it is now, asked of the provider, never of a cache."""
        if not isinstance(self.command.target, InvoiceTarget):
            return None
        id = self.command.target.invoice.external_id
        with _named_at(self.path):
            found = (await account.adapter(deadline).invoices([id]))[id]
            if isinstance(found, GatewayError):
                raise found
            return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Alteration(_Commanded[VoidCreditNote | RefundCreditNote]):
    """Void or refund a note."""

    @property
    def operation(self) -> Operation:
        """VOID or REFUND."""
        return Operation.VOID if isinstance(self.command, VoidCreditNote) else Operation.REFUND

    @property
    def path(self) -> Path:
        """The note."""
        return ("id",)

    def refuse_unsupported(self, account: Account) -> None:
        """By what the account offers."""
        if not account.offers(self.operation):
            raise unable(account, self.operation)

    async def subject(self, account: Account, deadline: Deadline) -> str:
        """What the note was issued on."""
        return subject_of(await self._note(account, deadline))

    async def prepare(self, account: Account, deadline: Deadline) -> Prepared:
        """Against the note as it is now."""
        note = await self._note(account, deadline)
        if isinstance(self.command, RefundCreditNote):
            return await _refund(account, self.command, note, deadline)
        adapter = account.adapter(deadline)
        if not isinstance(adapter, CanVoid):
            raise unable(account, Operation.VOID)
        return Prepared(plan=adapter.plan_void(self.command, note), snapshot=())

    async def _note(self, account: Account, deadline: Deadline) -> CreditNote:
        with _named_at(self.path):
            return await note_now(account, self.command.note.external_id, deadline)


@contextmanager
def _named_at(path: Path) -> Iterator[None]:
    """Whatever is not there, or can't be, was named at this place of the input."""
    try:
        yield
    except GatewayError as failed:
        if failed.code in {ErrorCode.NOT_FOUND, ErrorCode.INVALID_INPUT}:
            failed.path = path
        raise


async def prepare_payout(account: Account, entry: Entry, deadline: Deadline) -> Prepared:
    """The next step of an entry whose earlier steps have succeeded. Raises Unpayable where the note has become one that can't have it."""
    payout: Payout = entry.payouts[0]
    if entry.note is None:
        message = "a step after the first has the note of the one before"
        raise RuntimeError(message)
    note = await note_now(account, entry.note.ref.external_id, deadline)
    refuse_unpayable(note, payout)
    command = RefundCreditNote(
        key=entry.key,
        note=Ref(account.name, note.ref.external_id),
        amount=payout.amount,
        external=payout.external,
        method=payout.method,
    )
    return await _refund(account, command, note, deadline)


async def _refund(account: Account, command: RefundCreditNote, note: CreditNote, deadline: Deadline) -> Prepared:
    adapter = account.adapter(deadline)
    if not isinstance(adapter, CanRefund):
        raise unable(account, Operation.REFUND)
    plan = await adapter.plan_refund(command, note)
    return Prepared(plan=plan, snapshot=plan.before)

"""What one call has changed at a provider, and how it is performed, looked for and compared: by the kind of its plan."""

from __future__ import annotations

from dataclasses import dataclass

from app.domain.credit_note import CreditNote
from app.domain.errors import Unsupported
from app.domain.money import Money
from app.domain.plans import Refunded, WritePlan
from app.domain.vocabulary import Operation, Status
from app.gateway.accounts import Account
from app.gateway.recall import mismatch
from app.providers.contract import Adapter, CanRefund, CanVoid
from app.providers.policy import Deadline


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What came of one call: the note after it."""

    note: CreditNote
    refund_id: str | None = None
    surplus: CreditNote | None = None
    """A note the provider made by itself, beside what was asked."""
    difference: str | None = None
    """How it differs from what was asked."""
    request_id: str | None = None
    """The provider's, of the call."""

    def made(self, plan: WritePlan | None) -> str | None:
        """What the call has brought into being, to be claimed by one entry alone: a note, or a refund of one."""
        if plan is None or plan.kind is Operation.ISSUE:
            return self.note.ref.external_id
        return None if self.refund_id is None else refund_claim(self.refund_id)

    @classmethod
    def of(cls, plan: WritePlan, note: CreditNote, *, request_id: str | None = None) -> Change:
        """A note issued or voided, compared with what was asked."""
        return cls(note=note, difference=difference(plan, note), request_id=request_id)

    @classmethod
    def of_refund(cls, plan: WritePlan, refunded: Refunded, *, request_id: str | None = None) -> Change:
        """A refund, compared with what was asked."""
        surplus = refunded.surplus[0] if refunded.surplus else None
        differs = difference(plan, refunded.note, refund_id=refunded.refund_id, refunded=refunded.amount)
        if surplus is not None:
            differs = f"the refund made another credit note, {surplus.ref.external_id!r}"
        return cls(note=refunded.note, refund_id=refunded.refund_id, surplus=surplus, difference=differs, request_id=request_id)


def refund_claim(refund_id: str) -> str:
    """Under what a refund is claimed; no note's id looks like it."""
    return f"refund/{refund_id}"


async def perform(account: Account, plan: WritePlan, deadline: Deadline, *, key: str) -> Change:
    """Send the plan's call, once. Raises as the adapter does."""
    upstream = account.upstream(deadline)
    adapter = account.adapter_on(upstream)
    if plan.kind is Operation.REFUND:
        refunded = await _refunding(adapter, account).refund(plan, key=key)
        return Change.of_refund(plan, refunded, request_id=upstream.request_id)
    note = await (_voiding(adapter, account).void if plan.kind is Operation.VOID else adapter.issue)(plan, key=key)
    return Change.of(plan, note, request_id=upstream.request_id)


def difference(plan: WritePlan, note: CreditNote, *, refund_id: str | None = None, refunded: Money | None = None) -> str | None:
    """How the note after the call differs from what was asked; None where it does not, or nothing tells."""
    asked = plan.expected
    if asked.note_id is not None and note.ref.external_id != asked.note_id:
        return f"asked for note {asked.note_id!r}, answered with {note.ref.external_id!r}"
    match plan.kind:
        case Operation.VOID:
            return None if note.status is Status.VOIDED else f"asked to void it, answered {note.status.value}"
        case Operation.REFUND:
            told = [part.amount for part in note.allocations if refund_id is not None and part.refund_id == refund_id]
            told = told if refunded is None else [refunded]
            is_same = not told or asked.refund is None or told[0] == asked.refund
            return None if is_same else f"asked to refund {asked.refund}, answered {told[0]}"
        case _:
            return mismatch(asked, note)


def _voiding(adapter: Adapter, account: Account) -> CanVoid:
    if isinstance(adapter, CanVoid):
        return adapter
    raise unable(account, Operation.VOID)


def _refunding(adapter: Adapter, account: Account) -> CanRefund:
    if isinstance(adapter, CanRefund):
        return adapter
    raise unable(account, Operation.REFUND)


def unable(account: Account, operation: Operation) -> Unsupported:
    """What to answer where the account does not offer the operation."""
    what = {Operation.VOID: "void credit notes", Operation.REFUND: "refund credit notes"}[operation]
    message = f"account {account.name!r} cannot {what}"
    note = account.capabilities.notes.get(operation)
    return Unsupported(f"{message}: {note}" if note else message, path=("id",), account=account.name, ability=operation)

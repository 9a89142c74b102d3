"""How a write whose answer was lost finds its end: look for what it made; only if that is certainly absent may it be sent again."""

from __future__ import annotations

from app.domain.credit_note import CreditNote
from app.domain.errors import GatewayError, NotFound, OutcomeUnknown
from app.domain.plans import Refund, WritePlan
from app.domain.vocabulary import Operation, Status
from app.gateway.accounts import Account
from app.gateway.changes import Change, refund_claim, unable
from app.gateway.held import Held
from app.gateway.idempotency import Ledger
from app.gateway.recall import could_be, fits, is_younger, newcomers
from app.gateway.results import still_unknown
from app.providers.contract import CanRecall, CanRefund
from app.providers.policy import Deadline


class Resolver:
    """Looks, never sends."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    async def look(self, account: Account, held: Held, plan: WritePlan, deadline: Deadline) -> Change | None:
        """What this entry's last call made; None where it made nothing and may be sent again. Raises OutcomeUnknown where that can't be told."""
        wait = held.settles_in_s  # before the look: what is read inside that time proves no absence, however late its answer comes
        found = await self._found(account, held, plan, deadline)
        if found is not None:
            return found
        # What a provider does with a key whose first request still runs is not published: after a time-out or a crash it is given its
        # time, while a cut connection or an error answer may be repeated at once where the provider knows the repeat by its key.
        if wait > 0 and not (account.capabilities.native_idempotency and not held.entry.at_work):
            error = still_unknown("the first attempt's answer was lost, and the provider may still be at work on it")
            error.retry_after = wait
            raise error
        return None

    async def _found(self, account: Account, held: Held, plan: WritePlan, deadline: Deadline) -> Change | None:
        was_long_past = held.is_long_past
        try:
            match plan.kind:
                case Operation.VOID:
                    return await self._voided(account, plan, deadline)
                case Operation.REFUND:
                    return await self._refunded(account, held, plan, deadline)
                case _:
                    return await self._issued(account, held, plan, deadline)
        except OutcomeUnknown:
            raise
        except NotFound as gone:
            if plan.kind is not Operation.ISSUE and was_long_past:
                return None  # nobody can change a note that is not there any more
            why = "the note is not there any more, and what became of the first attempt cannot be looked up"
            raise still_unknown(why, gone) from gone
        except GatewayError as failed:
            why = f"what became of the first attempt could not be looked up ({failed.message})"
            raise still_unknown(why, failed) from failed

    async def _issued(self, account: Account, held: Held, plan: WritePlan, deadline: Deadline) -> Change | None:
        adapter = account.adapter(deadline)
        if not isinstance(adapter, CanRecall):
            if account.capabilities.native_idempotency:
                return None
            message = "what became of the first attempt cannot be looked up at this provider"
            raise still_unknown(message)
        notes = await adapter.candidates(plan)
        claimed = await self._ledger.claimed(held.keys, [note.ref.external_id for note in notes])
        new = newcomers(held.entry, notes, claimed)
        fitting = [note for note in new if fits(plan.expected, note) and is_younger(held.entry, note)]
        if len(fitting) == 1:
            return Change.of(plan, fitting[0])
        doubtful = fitting or [note for note in new if could_be(plan.expected, note)]
        if doubtful:
            raise _undecided(doubtful)
        return None

    async def _voided(self, account: Account, plan: WritePlan, deadline: Deadline) -> Change | None:
        note = await note_now(account, plan.expected.note_id or "", deadline)
        return Change.of(plan, note) if note.status is Status.VOIDED else None

    async def _refunded(self, account: Account, held: Held, plan: WritePlan, deadline: Deadline) -> Change | None:
        adapter = account.adapter(deadline)
        if not isinstance(adapter, CanRefund):
            raise unable(account, Operation.REFUND)
        refunds = [refund for refund in await adapter.refunds(plan) if not refund.has_failed]
        claimed = await self._ledger.claimed(held.keys, [refund_claim(refund.id) for refund in refunds])
        known = {*held.entry.snapshot}
        new = [one for one in refunds if one.id not in known and refund_claim(one.id) not in claimed and _fits(plan, one)]
        if len(new) > 1:
            note = await note_now(account, plan.expected.note_id or "", deadline)
            raise _undecided([note])
        return Change.of_refund(plan, await adapter.refunded(plan, new[0])) if new else None


async def note_now(account: Account, id: str, deadline: Deadline) -> CreditNote:
    """The note as it is now, asked of the provider, never of a cache; raises NotFound."""
    found = (await account.adapter(deadline).fetch_many([id]))[id]
    if isinstance(found, GatewayError):
        raise found
    return found


def _fits(plan: WritePlan, refund: Refund) -> bool:
    return plan.expected.refund is None or refund.amount == plan.expected.refund


def _undecided(candidates: list[CreditNote]) -> OutcomeUnknown:
    error = still_unknown("what is new there could be what was asked for, and a person must decide")
    error.candidates = tuple(candidates)
    return error

"""A person's word about a write whose end nobody else can tell: checked against all that is known, then put on record. Sends nothing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from functools import partial

from app.domain.errors import Conflict, InvalidInput, NotFound, StoreUnavailable
from app.domain.plans import WritePlan
from app.domain.vocabulary import ErrorCode, Operation, Status
from app.gateway.changes import Change, refund_claim, unable
from app.gateway.entries import Entry, EntryKeys
from app.gateway.held import NEVER_CAME, Held, LeaseLost
from app.gateway.operations import RecordedError, told
from app.gateway.payouts import is_paid_out
from app.gateway.resolution import note_now
from app.gateway.writes import Writes
from app.providers.contract import CanRefund
from app.providers.policy import Deadline
from app.store import StoreFailure

NEVER_HAPPENED = "a person has looked at the provider and says that it was not done"
OPERATOR = "operator"
"""Who decided, in the audit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decisions:
    """Ends what only a person can decide."""

    writes: Writes

    async def decide(self, keys: EntryKeys, *, note_id: str | None, deadline: Deadline) -> Entry:
        """End an open write by a person's word: it made, voided or refunded this note, or (None) it came to nothing.

        One that is done in part is ended by its note, too: what was missing has been paid out of it in another way. Raises NotFound
        where no such write is open or the note does not exist, InvalidInput and Conflict where what is known contradicts
        it, InProgress while a request with the key is running, StoreUnavailable where it can't be put on record.
        """
        return await self._decided(keys, partial(self._said, note_id=note_id, deadline=deadline))

    async def give_up(self, keys: EntryKeys) -> Entry:
        """End a write that is done in part: what is missing will not be done. Raises as `decide` does."""
        return await self._decided(keys, _given_up)

    async def _decided(self, keys: EntryKeys, word: Callable[[Held], Awaitable[None]]) -> Entry:
        async with self.writes.ledger.hold_open(keys, half_done=True) as held:
            if held is None:
                message = "there is no write with this key whose end is not known, or of which a part is missing"
                raise NotFound(message, account=keys.account.name)
            try:
                await word(held)
            except (StoreFailure, LeaseLost) as failed:
                message = "it could not be put on record; look again"
                raise StoreUnavailable(message) from failed
            result = told(held.entry, account=keys.account.name)
        await self.writes.audit.attempted(keys, result, who=OPERATOR, duration_s=0.0)
        return held.entry

    async def _said(self, held: Held, *, note_id: str | None, deadline: Deadline) -> None:
        if not held.is_open:
            await self._paid_otherwise(held, note_id, deadline)
        elif note_id is None:
            await self._absent(held)
        else:
            await self._made(held, note_id, deadline)

    async def _paid_otherwise(self, held: Held, note_id: str | None, deadline: Deadline) -> None:
        """The note decides: a person who says that money went back is believed where the note shows it, or tells nothing of it."""
        known = held.entry.note
        if note_id is None:
            message = "nothing of this write is under way: what is missing of it has been done in another way, or is given up"
            raise InvalidInput(message)
        if known is not None and known.ref.external_id != note_id:
            message = f"the note of this write is {known.ref.external_id!r}, not {note_id!r}"
            raise InvalidInput(message)
        note = await note_now(held.keys.account, note_id, deadline)
        if note.status in {Status.VOIDED, Status.DELETED} or not is_paid_out(held.entry, note):
            message = f"note {note_id!r} is {note.status.value} and does not show that what is missing of this write went back"
            raise InvalidInput(message)
        await self.writes.sender.publish(held.keys.account, {note_id: note})
        await held.paid_otherwise(note)

    async def _absent(self, held: Held) -> None:
        wait = held.settles_in_s
        if wait > 0:
            message = f"the provider may still be at work on it: look again in {wait:.0f} seconds"
            raise Conflict(message, retry_after=wait)
        await held.refused(RecordedError(NEVER_HAPPENED, code=ErrorCode(NEVER_CAME)))

    async def _made(self, held: Held, note_id: str, deadline: Deadline) -> None:
        """A person may know better than what we can read, but not which note a void was about, nor whose a note is."""
        account, plan = held.keys.account, held.entry.plan
        if plan is not None and plan.expected.note_id not in {None, note_id}:
            message = f"this {held.entry.operation} is about note {plan.expected.note_id!r}, not {note_id!r}"
            raise InvalidInput(message)
        note = await note_now(account, note_id, deadline)
        change = Change(note=note)
        match None if plan is None else plan.kind:
            case Operation.ISSUE:
                await self._refuse_other_note(held, change, plan.expected.invoice_id if plan is not None else None)
            case Operation.VOID if note.status is not Status.VOIDED:
                message = f"note {note_id!r} is not void at the provider"
                raise InvalidInput(message)
            case Operation.REFUND if plan is not None:
                change = replace(change, refund_id=await self._new_refund(held, plan, deadline))
        await self.writes.sender.publish(account, {note_id: note})
        await self.writes.sender.end(held, change)

    async def _new_refund(self, held: Held, plan: WritePlan, deadline: Deadline) -> str:
        """The refund of the note that was not there before, of the amount asked for where there are several."""
        adapter = held.keys.account.adapter(deadline)
        if not isinstance(adapter, CanRefund):
            raise unable(held.keys.account, Operation.REFUND)
        found = [one for one in await adapter.refunds(plan) if not one.has_failed and one.id not in held.entry.snapshot]
        taken = await self.writes.ledger.claimed(held.keys, [refund_claim(one.id) for one in found])
        new = [one for one in found if refund_claim(one.id) not in taken]
        if not new:
            message = f"note {plan.expected.note_id!r} shows no refund that was not there before"
            raise InvalidInput(message)
        return next((one.id for one in new if one.amount == plan.expected.refund), new[0].id)

    async def _refuse_other_note(self, held: Held, change: Change, asked: str | None) -> None:
        note = change.note
        id = note.ref.external_id
        if await self.writes.ledger.claimed(held.keys, [id]):
            message = f"note {id!r} belongs to another write"
            raise Conflict(message)
        if id in held.entry.snapshot:
            message = f"note {id!r} was there before this write was sent"
            raise InvalidInput(message)
        if asked is not None and note.invoice_id is not None and note.invoice_id.casefold() != asked.casefold():
            message = f"note {id!r} is on invoice {note.invoice_id!r}, and this write was on {asked!r}"
            raise InvalidInput(message)


async def _given_up(held: Held) -> None:
    if held.is_open:
        message = "what became of this write is not known: say that first"
        raise Conflict(message)
    await held.given_up()

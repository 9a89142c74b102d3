"""How a write whose answer was lost finds its end: look for the note; only if it is certainly absent may it be sent again."""

from __future__ import annotations

from app.domain.commands import IssuePlan
from app.domain.credit_note import CreditNote
from app.domain.errors import GatewayError
from app.gateway.accounts import Account
from app.gateway.held import Held
from app.gateway.idempotency import Ledger
from app.gateway.recall import could_be, fits, newcomers
from app.gateway.results import still_unknown
from app.providers.contract import CanRecall
from app.providers.policy import Deadline
from app.settings import Timings


class Resolver:
    """Looks, never sends."""

    def __init__(self, ledger: Ledger, timings: Timings) -> None:
        self._ledger = ledger
        self._timings = timings

    async def look(self, account: Account, held: Held, plan: IssuePlan, deadline: Deadline) -> CreditNote | None:
        """The note this entry made; None where it made none and may be sent again. Raises OutcomeUnknown where that can't be told."""
        new = await self._newcomers(account, held, plan, deadline)
        fitting = [note for note in new if fits(plan.expected, note)]
        if len(fitting) == 1:
            return fitting[0]
        doubtful = fitting or [note for note in new if could_be(plan.expected, note)]
        if doubtful:
            error = still_unknown(f"{len(doubtful)} new notes could be the one asked for, and a person must decide")
            error.candidates = tuple(doubtful)
            raise error
        # What a provider does with a key whose first request still runs is not published: after a time-out or a crash it is given its
        # time, while a cut connection or an error answer may be repeated at once where the provider knows the repeat by its key.
        wait = held.settles_in_s
        if wait > 0 and not (account.capabilities.native_idempotency and not held.entry.at_work):
            error = still_unknown("the first attempt's answer was lost, and the provider may still be at work on it")
            error.retry_after = wait
            raise error
        return None

    async def _newcomers(self, account: Account, held: Held, plan: IssuePlan, deadline: Deadline) -> list[CreditNote]:
        adapter = account.adapter(deadline)
        if not isinstance(adapter, CanRecall):
            if account.capabilities.native_idempotency:
                return []
            message = "what became of the first attempt cannot be looked up at this provider"
            raise still_unknown(message)
        try:
            notes = await adapter.candidates(plan)
        except GatewayError as failed:
            why = f"what became of the first attempt could not be looked up ({failed.message})"
            raise still_unknown(why, failed) from failed
        claimed = await self._ledger.claimed(held.keys, [note.ref.external_id for note in notes])
        return newcomers(held.entry, notes, claimed)

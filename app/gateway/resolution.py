"""How a write whose answer was lost finds its end: look for the note; only if it is certainly absent may it be sent again."""

from __future__ import annotations

import time
from collections.abc import Callable

from app.domain.commands import IssuePlan
from app.domain.credit_note import CreditNote
from app.domain.errors import GatewayError
from app.gateway.accounts import Account
from app.gateway.idempotency import Held, Ledger
from app.gateway.recall import candidates
from app.gateway.results import still_unknown
from app.providers.contract import CanRecall
from app.providers.policy import Deadline
from app.settings import Timings


class Resolver:
    """Looks, never sends."""

    def __init__(self, ledger: Ledger, timings: Timings, clock: Callable[[], float] = time.time) -> None:
        self._ledger = ledger
        self._timings = timings
        self._clock = clock

    async def look(self, account: Account, held: Held, plan: IssuePlan, deadline: Deadline) -> CreditNote | None:
        """The note this entry made; None where it made none and may be sent again. Raises OutcomeUnknown where that can't be told."""
        found = await self._candidates(account, held, plan, deadline)
        if len(found) == 1:
            return found[0]
        if found:
            error = still_unknown(f"{len(found)} notes could be the one asked for, and a person must decide")
            error.candidates = tuple(found)
            raise error
        wait = held.entry.settles_at - self._clock()
        if wait > 0 and not self._may_replay(account, held, wait):
            error = still_unknown("the first attempt's answer was lost, and the provider may still be at work on it")
            error.retry_after = wait
            raise error
        return None

    async def _candidates(self, account: Account, held: Held, plan: IssuePlan, deadline: Deadline) -> list[CreditNote]:
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
        return candidates(held.entry, notes, claimed)

    def _may_replay(self, account: Account, held: Held, wait: float) -> bool:
        """Whether the provider itself knows the repeat by its key, and is not still at work on the first attempt.

        What a provider does with a key whose first request runs is not published: after a time-out or a crash it is given its time,
        while a cut connection or an error answer may be repeated at once.
        """
        ended = held.entry.state == "unknown" and wait <= self._timings.settling_s
        return account.capabilities.native_idempotency and ended

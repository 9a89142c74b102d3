"""The moment that counts: a planned write leaves once, and whatever comes of it is put on record. Nothing escapes but a result."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from app import telemetry
from app.domain.credit_note import CreditNote
from app.domain.errors import GatewayError, OutcomeUnknown, RateLimited, Unavailable
from app.domain.plans import WritePlan
from app.domain.vocabulary import ErrorCode, Operation
from app.gateway.accounts import Account
from app.gateway.cache import EntityCache
from app.gateway.changes import Change, perform
from app.gateway.feed import Feed, changes_made
from app.gateway.held import Held, LeaseLost
from app.gateway.insistence import insist
from app.gateway.recall import is_power_of_ten_off
from app.gateway.results import WriteResult, applied, not_applied, partly, still_unknown, unknown
from app.gateway.units import UnitAlarms
from app.providers.policy import Deadline
from app.store import StoreFailure
from app.timings import Timings

Why = Callable[[GatewayError], Awaitable[GatewayError]]
"""What a refusal means, where the provider's own code does not tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """Sends what an entry has on record."""

    units: UnitAlarms
    notes: EntityCache[CreditNote]
    timings: Timings
    feed: Feed | None = None
    """Tells of what was done; None: nobody can listen."""

    async def send(
        self, account: Account, held: Held, plan: WritePlan, deadline: Deadline, *, why: Why | None = None
    ) -> WriteResult:
        """Send once. `why` explains a refusal; without it this is a resend, whose refusal proves nothing about the first send."""
        key = held.keys.provider_key(held.entry.generation, held.entry.step)
        try:
            change = await perform(account, plan, deadline, key=key)
            _refuse_older(account, held, plan, change)
            return await self.record(account, held, change, replayed=False)
        except OutcomeUnknown as lost:
            return await self._left_open(account, held, lost, code=lost.code, at_work=lost.timed_out)
        except GatewayError as refused:
            if why is not None:
                return await self.refused(account, held, await why(refused))
            what = (
                "could not be sent" if isinstance(refused, Unavailable) and not isinstance(refused, RateLimited) else "was refused"
            )
            message = f"the repeat {what} ({refused.message}), which does not tell what became of the first attempt"
            # on record by the refusal's own code: this attempt is not at work, only an earlier one may be
            return await self._left_open(account, held, still_unknown(message, refused), code=refused.code, at_work=False)
        except Exception as bug:  # noqa: BLE001 - after sending, whatever goes wrong is an unknown outcome, and is said so
            telemetry.internal_error(bug)
            error = still_unknown("the gateway failed")
            return await self._left_open(account, held, error, code=error.code, at_work=True)

    async def record(self, account: Account, held: Held, change: Change, *, replayed: bool) -> WriteResult:
        """The change is this entry's. What can't be put on record is not claimed: the same key will find it again."""
        plan = held.entry.plan
        try:
            if plan is not None and plan.kind is Operation.ISSUE and is_power_of_ten_off(plan.expected, change.note):
                await self.units.raise_for(account)
            await self.publish(account, {change.note.ref.external_id: change.note})
            await self.end(held, change)
        except StoreFailure as failed:
            telemetry.store_failed(operation="done", error=failed)
            error = still_unknown("it was done, but the gateway could not put it on record")
            error.candidates = (change.note,)
            return unknown(error, held.entry)
        except LeaseLost as lost:  # another request has taken over, or what was answered belongs to another write
            telemetry.store_failed(operation="done", error=lost)
            return unknown(still_unknown("what the provider answered could not be put on record as this write's"), held.entry)
        if held.entry.is_between_steps:
            return partly(held.entry, None, account=account.name)
        return applied(held.entry, account=account.name, replayed=replayed)

    async def end(self, held: Held, change: Change) -> None:
        """Put on record what this step has come to, then tell of it. Raises as the recording does."""
        made = changes_made(held, change)
        await held.done(change)
        try:
            if self.feed is not None:
                self.feed.tell(*made)
        except Exception as bug:  # noqa: BLE001 - it is done and on record, whoever could not be told of it
            telemetry.internal_error(bug)

    async def refused(self, account: Account, held: Held, refused: GatewayError) -> WriteResult:
        """Nothing has come of this step: the key may be used again."""
        refused.account = refused.account or account.name
        try:
            await held.refused(refused)
        except (StoreFailure, LeaseLost) as failed:
            telemetry.store_failed(operation="refused", error=failed)
        return partly(held.entry, refused, account=account.name) if held.entry.step > 1 else not_applied(refused)

    async def _left_open(
        self, account: Account, held: Held, error: OutcomeUnknown, *, code: ErrorCode, at_work: bool
    ) -> WriteResult:
        settle_s = self.timings.settling_after_timeout_s if at_work else self.timings.settling_s
        request_id = error.provider.request_id if error.provider else None
        error.retry_after = max(settle_s, error.retry_after or 0.0)
        try:
            await held.unknown(code.value, settle_s=settle_s, at_work=at_work, request_id=request_id)
        except (StoreFailure, LeaseLost) as failed:  # the entry stays `sent`, which says the same
            telemetry.store_failed(operation="unknown", error=failed)
        try:
            await self.publish(account, {})  # it may have happened
        except StoreFailure as failed:  # nobody is told that it has
            telemetry.store_failed(operation="epoch", error=failed)
        return unknown(error, held.entry)

    async def publish(self, account: Account, notes: Mapping[str, CreditNote]) -> None:
        """Nothing read of the account before this moment is believed after it, but for these notes.

        Raises StoreFailure where that is not certain: then the write may not be answered as done.
        """
        await insist(lambda: self.notes.written(account, notes))


def _refuse_older(account: Account, held: Held, plan: WritePlan, change: Change) -> None:
    """An answer that shows a note from before the send says nothing of ours; where the provider knows our key it may be a replay."""
    is_older = change.note.ref.external_id in held.entry.snapshot
    if plan.kind is Operation.ISSUE and is_older and not account.capabilities.native_idempotency:
        message = "the provider answered with a note that was there before"
        raise still_unknown(message)

"""The moment that counts: a planned write leaves once, and whatever comes of it is put on record. Nothing escapes but a result."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from app import telemetry
from app.domain.commands import IssuePlan
from app.domain.credit_note import CreditNote
from app.domain.errors import GatewayError, OutcomeUnknown, RateLimited, Unavailable
from app.gateway.accounts import Account
from app.gateway.cache import EntityCache, begin_epoch
from app.gateway.held import Held, LeaseLost
from app.gateway.recall import is_power_of_ten_off
from app.gateway.results import WriteResult, applied, not_applied, still_unknown, unknown
from app.gateway.units import UnitAlarms
from app.providers.policy import Deadline
from app.settings import Timings
from app.store import Store, StoreFailure


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """Sends what an entry has on record."""

    units: UnitAlarms
    notes: EntityCache[CreditNote]
    cache: Store
    timings: Timings

    async def send(self, account: Account, held: Held, plan: IssuePlan, deadline: Deadline, *, resend: bool) -> WriteResult:
        """Send once; a refusal of a resend proves nothing about the first send."""
        key = held.keys.provider_key(held.entry.generation, held.entry.step)
        try:
            note = await account.adapter(deadline).issue(plan, key=key)
            return await self.record(account, held, note, replayed=False)
        except OutcomeUnknown as lost:
            return await self._left_open(account, held, lost, at_work=lost.timed_out)
        except GatewayError as refused:
            if not resend:
                return await self.refused(held, refused)
            what = (
                "could not be sent" if isinstance(refused, Unavailable) and not isinstance(refused, RateLimited) else "was refused"
            )
            why = f"the repeat {what} ({refused.message}), which does not tell what became of the first attempt"
            return await self._left_open(account, held, still_unknown(why, refused), at_work=False)
        except Exception as bug:  # noqa: BLE001 - after sending, whatever goes wrong is an unknown outcome, and is said so
            telemetry.internal_error(bug)
            return await self._left_open(account, held, still_unknown("the gateway failed"), at_work=True)

    async def record(self, account: Account, held: Held, note: CreditNote, *, replayed: bool) -> WriteResult:
        """The note is this entry's. What can't be put on record is not claimed: the same key will find it again."""
        if held.entry.plan is not None and is_power_of_ten_off(held.entry.plan.expected, note):
            await self.units.raise_for(account)
        await self._publish(account, {note.ref.external_id: note})
        try:
            await held.done(note)
        except (StoreFailure, LeaseLost) as failed:
            telemetry.store_failed(operation="done", error=failed)
            error = still_unknown("a note was issued, but the gateway could not put it on record")
            error.candidates = (note,)
            return unknown(error)
        return applied(held.entry, account=account.name, replayed=replayed)

    async def refused(self, held: Held, refused: GatewayError) -> WriteResult:
        """Nothing happened: the key may be used again."""
        request_id = refused.provider.request_id if refused.provider else None
        try:
            await held.refused(refused.code.value, request_id=request_id)
        except (StoreFailure, LeaseLost) as failed:
            telemetry.store_failed(operation="refused", error=failed)
        return not_applied(refused)

    async def _left_open(self, account: Account, held: Held, error: OutcomeUnknown, *, at_work: bool) -> WriteResult:
        settle_s = self.timings.settling_after_timeout_s if at_work else self.timings.settling_s
        request_id = error.provider.request_id if error.provider else None
        error.retry_after = max(settle_s, error.retry_after or 0.0)
        try:
            await held.unknown(error.code.value, settle_s=settle_s, at_work=at_work, request_id=request_id)
        except (StoreFailure, LeaseLost) as failed:  # the entry stays `sent`, which says the same
            telemetry.store_failed(operation="unknown", error=failed)
        await self._publish(account, {})  # it may have happened
        return unknown(error)

    async def _publish(self, account: Account, notes: Mapping[str, CreditNote]) -> None:
        """Nothing read of the account before this moment is believed after it, but for these notes."""
        try:
            epoch = await begin_epoch(self.cache, account)
        except StoreFailure as failed:
            telemetry.store_failed(operation="epoch", error=failed)
            return
        await self.notes.put_many(account, notes, epoch)

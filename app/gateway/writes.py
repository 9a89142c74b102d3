"""Every write, at most once per key: the entry is held, the invoice is held, then read, planned, put on record, sent."""

from __future__ import annotations

import time
from collections.abc import Awaitable
from dataclasses import dataclass
from functools import partial

from app import telemetry
from app.domain.commands import IssueCreditNote, RefundCreditNote, VoidCreditNote
from app.domain.errors import AmountTooHigh, GatewayError, StoreUnavailable, Unsupported, WrongState
from app.domain.vocabulary import ErrorCode
from app.gateway.accounts import Account, Accounts, Caller
from app.gateway.audit import Audit
from app.gateway.background import Background
from app.gateway.entries import EntryKeys
from app.gateway.held import Held, LeaseLost
from app.gateway.idempotency import Ledger
from app.gateway.resolution import Resolver
from app.gateway.results import WriteResult, applied, not_applied, partly, still_unknown, stopped, unknown
from app.gateway.sending import Sender
from app.gateway.tasks import Alteration, Issue, Prepared, Task, prepare_payout
from app.gateway.turns import Turn, Turns, unavailable
from app.providers.policy import Deadline
from app.store import StoreFailure

LEAST_SHARE = 0.1
"""Of a write's time: with less left, nothing is sent, since its answer would only be lost to our own clock."""

_MAY_HAVE_CHANGED = frozenset({ErrorCode.PROVIDER_REJECTED, ErrorCode.INVOICE_NOT_CREDITABLE, ErrorCode.WRONG_STATE})
"""Refusals of the provider that may come of what somebody else has written meanwhile."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Course:
    """One attempt that holds its entry and its turn."""

    account: Account
    task: Task
    held: Held
    turn: Turn
    deadline: Deadline


@dataclass(frozen=True, slots=True, kw_only=True)
class Writes:
    """The mutations. What was sent and has no known end is never sent again blindly."""

    accounts: Accounts
    ledger: Ledger
    turns: Turns
    sender: Sender
    background: Background
    audit: Audit
    accepts_volatile: bool

    async def issue(self, caller: Caller, command: IssueCreditNote) -> WriteResult:
        """Issue one credit note, at most once per key. Goes on when the client goes away."""
        return await self._run(caller, Issue(command=command))

    async def void(self, caller: Caller, command: VoidCreditNote) -> WriteResult:
        """Void one credit note."""
        return await self._run(caller, Alteration(command=command))

    async def refund(self, caller: Caller, command: RefundCreditNote) -> WriteResult:
        """Pay out one credit note, or a part of it, at most once per key."""
        return await self._run(caller, Alteration(command=command))

    def why_closed(self, account: Account) -> str | None:
        """Why this process refuses every write of the account: a real one's would be forgotten with it; None where it does not."""
        if account.settings.demo or self.ledger.is_durable or self.accepts_volatile:
            return None
        return (
            "writes need a ledger that outlives the process: set CREDIT_NOTES_REDIS_URL, "
            "or CREDIT_NOTES_VOLATILE_LEDGER=accept to risk doubles after a restart"
        )

    def refuse_volatile(self, account: Account) -> None:
        """Raises Unsupported (FEATURE_DISABLED) where the account's writes are closed."""
        message = self.why_closed(account)
        if message is not None:
            raise Unsupported(message, code=ErrorCode.FEATURE_DISABLED, account=account.name)

    async def _run(self, caller: Caller, task: Task) -> WriteResult:
        try:
            account = self.accounts.find(caller, task.account)
        except GatewayError as missing:
            missing.path = task.path
            return not_applied(missing)
        return await self.background.finish(self._attempt(caller, account, task))

    async def _attempt(self, caller: Caller, account: Account, task: Task) -> WriteResult:
        started = time.monotonic()
        keys = EntryKeys(account=account, operation=task.operation, key=task.key)
        result = unknown(still_unknown("the gateway was stopped before it had ended"))
        try:
            result = await self._result(account, task, keys)
        except Exception:
            result = not_applied(GatewayError("the gateway failed before anything was sent", account=account.name))
            raise
        finally:
            await self.audit.attempted(keys, result, who=caller.name, duration_s=time.monotonic() - started)
        return result

    async def _result(self, account: Account, task: Task, keys: EntryKeys) -> WriteResult:
        content = task.content
        try:
            done = await self.ledger.finished(keys, content)
            if done is not None:
                return applied(done, account=account.name, replayed=True)
            await self._refuse_at_once(account, task, keys)
            async with self.ledger.hold(keys, content) as held:
                return await self._work(account, task, held)
        except GatewayError as error:
            return stopped(error, account=account.name)

    async def _refuse_at_once(self, account: Account, task: Task, keys: EntryKeys) -> None:
        """Raises what the account may not do; not where it has been begun: that is looked up, whatever the account may do today."""
        try:
            task.refuse_unsupported(account)
            self.refuse_volatile(account)
        except GatewayError:
            entry = await self.ledger.entry(keys)
            if entry is None or not (entry.is_open or entry.is_between_steps):
                raise

    async def _work(self, account: Account, task: Task, held: Held) -> WriteResult:
        if held.entry.state == "done":
            return applied(held.entry, account=account.name, replayed=True)
        if held.entry.is_between_steps and held.entry.difference is not None:
            return partly(held.entry, None, account=account.name)  # what was made is not what was asked: a person goes on
        try:
            return await self._in_turn(account, task, held)
        except GatewayError as error:
            error.account = error.account or account.name
            if held.is_open:  # this request sent nothing, but an earlier one with its key did
                return unknown(error, held.entry)
            if held.entry.is_between_steps:
                return partly(held.entry, error, account=account.name)
            raise
        except Exception as bug:
            if not held.is_open and not held.entry.is_between_steps:
                raise
            telemetry.internal_error(bug)
            if held.is_open:
                return unknown(still_unknown("the gateway failed to look up what became of the first attempt"), held.entry)
            return partly(held.entry, GatewayError("the gateway failed before the next step was sent"), account=account.name)

    async def _in_turn(self, account: Account, task: Task, held: Held) -> WriteResult:
        """Alone on the invoice, or on the customer: two writes on one subject could take each other's for their own."""
        deadline = Deadline(self.sender.timings.write_timeout_s)
        written_on = held.entry.subject
        if written_on is None:
            try:
                written_on = await task.subject(account, self._read(deadline))
            except GatewayError as refused:
                return await self.sender.refused(account, held, refused)
        # Waiting may take two thirds of the time: what is sent must have the rest to be answered in.
        async with self.turns.turn(held.keys, written_on, Deadline(self.sender.timings.write_timeout_s * 2 / 3)) as turn:
            await self.ledger.refuse_if_pending(held.keys, written_on)
            course = _Course(account=account, task=task, held=held, turn=turn, deadline=deadline)
            result = await self._step(course)
            while held.entry.state == "started" and held.entry.is_between_steps and not result.errors:
                result = await self._first(course)
            return result

    async def _step(self, course: _Course) -> WriteResult:
        account, held, plan = course.account, course.held, course.held.entry.plan
        if not held.is_open or plan is None:
            return await self._first(course)
        was_long_past = held.is_long_past  # when the look began: what it did not see may have come since
        found = await Resolver(self.ledger).look(account, held, plan, self._read(course.deadline))
        if found is not None:
            return await self.sender.record(account, held, found, replayed=True)
        if was_long_past:
            await _recorded(held.absent())
            return await self._first(course)
        await self.sender.units.refuse_if_raised(account)
        await _recorded(held.sending(plan, snapshot=held.entry.snapshot, turn=course.turn))
        return await self.sender.send(account, held, plan, course.deadline)

    async def _first(self, course: _Course) -> WriteResult:
        """The first send of a step in its generation."""
        account, held, deadline = course.account, course.held, course.deadline
        try:
            await self.sender.units.refuse_if_raised(account)
            prepared = await self._prepared(course)
            if deadline.left() < self.sender.timings.write_timeout_s * LEAST_SHARE:
                message = "too little time was left to send it"
                raise StoreUnavailable(message, retry_after=1.0)
        except GatewayError as refused:
            return await self.sender.refused(account, held, refused)
        try:
            await held.sending(prepared.plan, snapshot=prepared.snapshot, turn=course.turn)
        except StoreFailure as failed:
            raise unavailable() from failed
        except LeaseLost as lost:
            message = "another request took over while this one was getting ready; nothing was sent"
            raise StoreUnavailable(message, retry_after=1.0) from lost
        return await self.sender.send(account, held, prepared.plan, deadline, why=partial(self._why, course))

    async def _why(self, course: _Course, refused: GatewayError) -> GatewayError:
        """A refusal that does not tell all, told by what there is now: somebody else may have written between our read and our send."""
        tells_all = refused.code not in _MAY_HAVE_CHANGED and not (isinstance(refused, AmountTooHigh) and refused.maximum is None)
        if tells_all or course.held.entry.step > 1:
            return refused
        try:
            await course.task.prepare(course.account, self._read(course.deadline))
        except (AmountTooHigh, WrongState) as told:
            told.provider = refused.provider
            return told
        except GatewayError:
            return refused
        return refused

    async def _prepared(self, course: _Course) -> Prepared:
        if course.held.entry.is_between_steps:
            return await prepare_payout(course.account, course.held.entry, self._read(course.deadline))
        return await course.task.prepare(course.account, self._read(course.deadline))

    def _read(self, deadline: Deadline) -> Deadline:
        """A read on the way to a write takes no longer than any read, so that time is left to send."""
        return Deadline(min(self.sender.timings.read_timeout_s, deadline.left()))


async def _recorded(step: Awaitable[None]) -> None:
    """A step of an open entry; what can't be put on record is not done."""
    try:
        await step
    except (StoreFailure, LeaseLost) as failed:
        why = "the repeat could not be put on record, and was not sent"
        raise still_unknown(why) from failed

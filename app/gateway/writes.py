"""Issuing, at most once per key: the entry is held, the invoice is held, then read, planned, put on record, sent."""

from __future__ import annotations

from collections.abc import Awaitable

from app import telemetry
from app.domain.commands import InvoiceTarget, IssueCreditNote, IssuePlan
from app.domain.errors import GatewayError, StoreUnavailable, Unsupported
from app.domain.invoice import Invoice
from app.domain.vocabulary import ErrorCode, Operation
from app.gateway.accounts import Account, Accounts, Caller
from app.gateway.background import Background
from app.gateway.entries import EntryKeys, fingerprint, subject
from app.gateway.held import Held, LeaseLost
from app.gateway.idempotency import Ledger, unavailable
from app.gateway.resolution import Resolver
from app.gateway.results import WriteResult, applied, not_applied, still_unknown, stopped, unknown
from app.gateway.sending import Sender
from app.gateway.support import refuse_unsupported
from app.gateway.turns import Turns
from app.providers.contract import CanRecall
from app.providers.policy import Deadline
from app.settings import Timings
from app.store import Lease, StoreFailure

LEAST_SHARE = 0.1
"""Of a write's time: with less left, nothing is sent, since its answer would only be lost to our own clock."""


class Writes:
    """The mutations. What was sent and has no known end is never sent again blindly."""

    def __init__(
        self, accounts: Accounts, ledger: Ledger, turns: Turns, sender: Sender, background: Background, *, accepts_volatile: bool
    ) -> None:
        self._accounts = accounts
        self._ledger = ledger
        self._turns = turns
        self._sender = sender
        self._background = background
        self._accepts_volatile = accepts_volatile
        self._timings: Timings = sender.timings
        self._resolver = Resolver(ledger, sender.timings)

    async def issue(self, caller: Caller, command: IssueCreditNote) -> WriteResult:
        """Issue one credit note, at most once per key. Goes on when the client goes away."""
        try:
            account = self._accounts.find(caller, command.account)
        except GatewayError as missing:
            missing.path = _target_path(command)
            return not_applied(missing)
        result = await self._background.finish(self._issue(account, command))
        first = result.errors[0] if result.errors else None
        telemetry.write_ended(
            account=account.name,
            operation=Operation.ISSUE.value,
            outcome=result.outcome.value,
            code=first.code.value if first else None,
            provider_request_id=first.provider.request_id if first and first.provider else None,
        )
        return result

    async def _issue(self, account: Account, command: IssueCreditNote) -> WriteResult:
        keys = EntryKeys(account=account, operation=Operation.ISSUE, key=command.key)
        content = fingerprint(command)
        try:
            done = await self._ledger.finished(keys, content)
            if done is not None:
                return applied(done, account=account.name, replayed=True)
            refuse_unsupported(account, command)
            self._refuse_volatile(account)
            async with self._ledger.hold(keys, content) as held:
                return await self._work(account, command, held)
        except GatewayError as error:
            return stopped(error, account=account.name)

    async def _work(self, account: Account, command: IssueCreditNote, held: Held) -> WriteResult:
        if held.entry.state == "done":
            return applied(held.entry, account=account.name, replayed=True)
        try:
            return await self._in_turn(account, command, held)
        except GatewayError as error:
            if not held.is_open:
                raise
            error.account = error.account or account.name
            return unknown(error)  # this request sent nothing, but an earlier one with its key did
        except Exception as bug:
            if not held.is_open:
                raise
            telemetry.internal_error(bug)
            return unknown(still_unknown("the gateway failed to look up what became of the first attempt"))

    async def _in_turn(self, account: Account, command: IssueCreditNote, held: Held) -> WriteResult:
        """Alone on the invoice, or on the customer: two writes on one subject could take each other's notes for their own."""
        deadline = Deadline(self._timings.write_timeout_s)
        written_on = subject(command)
        # Waiting may take two thirds of the time: what is sent must have the rest to be answered in.
        async with self._turns.turn(held.keys, written_on, Deadline(self._timings.write_timeout_s * 2 / 3)) as turn:
            await self._ledger.refuse_if_pending(held.keys, written_on)
            plan = held.entry.plan
            if not held.is_open or plan is None:
                return await self._first(account, command, held, turn, deadline)
            found = await self._resolver.look(account, held, plan, self._read(deadline))
            if found is not None:
                return await self._sender.record(account, held, found, replayed=True)
            if held.is_long_past:
                await _recorded(held.absent())
                return await self._first(account, command, held, turn, deadline)
            await self._sender.units.refuse_if_raised(account)
            await _recorded(held.sending(plan, snapshot=held.entry.snapshot, subject=written_on, turn=turn))
            return await self._sender.send(account, held, plan, deadline, resend=True)

    async def _first(self, account: Account, command: IssueCreditNote, held: Held, turn: Lease, deadline: Deadline) -> WriteResult:
        try:
            await self._sender.units.refuse_if_raised(account)
            invoice = await _invoice(account, command, self._read(deadline))
            plan = account.adapter(deadline).plan(command, invoice)
            snapshot = await _snapshot(account, plan, invoice, self._read(deadline))
            if deadline.left() < self._timings.write_timeout_s * LEAST_SHARE:
                message = "too little time was left to send it"
                raise StoreUnavailable(message, retry_after=1.0)
        except GatewayError as refused:
            refused.account = refused.account or account.name
            return await self._sender.refused(held, refused)
        try:
            await held.sending(plan, snapshot=snapshot, subject=subject(command), turn=turn)
        except StoreFailure as failed:
            raise unavailable() from failed
        except LeaseLost as lost:
            message = "another request took over while this one was getting ready; nothing was sent"
            raise StoreUnavailable(message, retry_after=1.0) from lost
        return await self._sender.send(account, held, plan, deadline, resend=False)

    def _read(self, deadline: Deadline) -> Deadline:
        """A read on the way to a write takes no longer than any read, so that time is left to send."""
        return Deadline(min(self._timings.read_timeout_s, deadline.left()))

    def _refuse_volatile(self, account: Account) -> None:
        if account.settings.demo or self._ledger.is_durable or self._accepts_volatile:
            return
        message = (
            "writes need a ledger that outlives the process: set CREDIT_NOTES_REDIS_URL, "
            "or CREDIT_NOTES_VOLATILE_LEDGER=accept to risk doubles after a restart"
        )
        raise Unsupported(message, code=ErrorCode.FEATURE_DISABLED, account=account.name)


async def _recorded(step: Awaitable[None]) -> None:
    """A step of an open entry; what can't be put on record is not done."""
    try:
        await step
    except (StoreFailure, LeaseLost) as failed:
        why = "the repeat could not be put on record, and was not sent"
        raise still_unknown(why) from failed


async def _invoice(account: Account, command: IssueCreditNote, deadline: Deadline) -> Invoice | None:
    """The invoice as it is now, asked of the provider, never of a cache."""
    if not isinstance(command.target, InvoiceTarget):
        return None
    id = command.target.invoice.external_id
    found = (await account.adapter(deadline).invoices([id]))[id]
    if isinstance(found, GatewayError):
        if found.code in {ErrorCode.NOT_FOUND, ErrorCode.INVALID_INPUT}:
            found.path = _target_path(command)
        raise found
    return found


async def _snapshot(account: Account, plan: IssuePlan, invoice: Invoice | None, deadline: Deadline) -> tuple[str, ...]:
    """The notes there are before the send, so that a new one can be told from them."""
    if invoice is not None:
        return invoice.note_ids
    adapter = account.adapter(deadline)
    if not isinstance(adapter, CanRecall):
        return ()
    return tuple(note.ref.external_id for note in await adapter.candidates(plan))


def _target_path(command: IssueCreditNote) -> tuple[str, ...]:
    return ("against", "invoice" if isinstance(command.target, InvoiceTarget) else "customer")

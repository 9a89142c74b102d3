"""What became of a write, for a person who has only its key; and a person's word where nobody else can tell. Sends nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

from app.domain.errors import GatewayError, NotFound, OutcomeUnknown, StoreUnavailable
from app.domain.vocabulary import ErrorCode, Operation
from app.gateway.accounts import Account, Accounts, Caller
from app.gateway.changes import Change
from app.gateway.entries import Entry, EntryKeys
from app.gateway.held import Held, LeaseLost
from app.gateway.idempotency import Ledger
from app.gateway.resolution import note_now
from app.gateway.results import WriteResult, applied, not_applied, partly, still_unknown, unknown
from app.providers.policy import Deadline
from app.store import StoreFailure

NEVER_HAPPENED = "a person has looked at the provider and says that it was not done"


class RecordedError(GatewayError):
    """An error of an earlier request, as the ledger remembers it."""

    allowed = frozenset(ErrorCode)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """One write as the ledger has it, and what its caller would be told."""

    entry: Entry
    result: WriteResult


@dataclass(frozen=True, slots=True, kw_only=True)
class Operations:
    """Reads the ledger, and ends what only a person can decide."""

    accounts: Accounts
    ledger: Ledger

    async def find(self, caller: Caller, account: str, operation: Operation, key: str) -> Recorded | None:
        """The write with this key; None where there is none. Raises NotFound for the account, StoreUnavailable."""
        keys = self._keys(self.accounts.find(caller, account), operation, key)
        entry = await self.ledger.entry(keys)
        return None if entry is None else Recorded(entry=entry, result=_told(entry, account=keys.account.name))

    async def of_account(self, account: Account, *, only_open: bool) -> AsyncIterator[Entry]:
        """The account's writes: all that are remembered, or only those without a known end."""
        if only_open:
            for entry in (await self.ledger.open_entries(account)).values():
                if entry is not None:
                    yield entry
            return
        async for entry in self.ledger.entries(account):
            yield entry

    async def decide(self, account: Account, operation: Operation, key: str, *, note_id: str | None, deadline: Deadline) -> Entry:
        """End an open write by a person's word: it made, voided or refunded this note, or (None) it came to nothing.

        Raises NotFound where no such write is open or the note does not exist, StoreUnavailable where it can't be put on record.
        """
        async with self.ledger.hold_open(self._keys(account, operation, key)) as held:
            if held is None:
                message = "there is no write with this key whose end is not known"
                raise NotFound(message, account=account.name)
            try:
                await self._decided(account, held, note_id, deadline)
            except (StoreFailure, LeaseLost) as failed:
                message = "it could not be put on record; perhaps the note belongs to another write"
                raise StoreUnavailable(message) from failed
            return held.entry

    async def _decided(self, account: Account, held: Held, note_id: str | None, deadline: Deadline) -> None:
        if note_id is None:
            await held.refused(RecordedError(NEVER_HAPPENED, code=ErrorCode.OUTCOME_UNKNOWN))
            return
        plan = held.entry.plan
        change = Change(note=await note_now(account, note_id, deadline))
        await held.done(change if plan is None else replace(Change.of(plan, change.note), difference=None))

    @staticmethod
    def _keys(account: Account, operation: Operation, key: str) -> EntryKeys:
        remembered = Operation.ISSUE if operation is Operation.ISSUE_WITHOUT_INVOICE else operation
        return EntryKeys(account=account, operation=remembered, key=key)


def _told(entry: Entry, *, account: str) -> WriteResult:
    if entry.state == "done":
        return applied(entry, account=account, replayed=True)
    if entry.is_open:
        return unknown(_open(account), entry)
    refusal = _refusal(entry, account)
    if entry.is_between_steps:
        return partly(entry, refusal, account=account)
    return not_applied(refusal or RecordedError("nothing has been sent", code=ErrorCode.IDEMPOTENCY_IN_PROGRESS, account=account))


def _open(account: str) -> OutcomeUnknown:
    error = still_unknown("it was sent, and no end of it is on record")
    error.account = account
    return error


def _refusal(entry: Entry, account: str) -> GatewayError | None:
    if entry.state != "refused" or entry.refusal is None:
        return None
    return RecordedError(entry.refusal_message or "it was refused", code=ErrorCode(entry.refusal), account=account)

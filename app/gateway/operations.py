"""What became of a write, for a person who has only its key. Reads the ledger, nothing else."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

from app.domain.errors import GatewayError, OutcomeUnknown
from app.domain.vocabulary import ErrorCode, Operation
from app.gateway.accounts import Account, Accounts, Caller
from app.gateway.entries import Entry, EntryKeys
from app.gateway.idempotency import Ledger
from app.gateway.payouts import Unpayable
from app.gateway.results import WriteResult, applied, not_applied, partly, still_unknown, unknown

RETRYABLE = frozenset(
    {
        ErrorCode.CONFLICT,
        ErrorCode.IDEMPOTENCY_IN_PROGRESS,
        ErrorCode.PROVIDER_RATE_LIMITED,
        ErrorCode.PROVIDER_UNAVAILABLE,
        ErrorCode.PROVIDER_TIMEOUT,
        ErrorCode.OUTCOME_UNKNOWN,
        ErrorCode.GATEWAY_UNAVAILABLE,
    }
)


class RecordedError(GatewayError):
    """An error of an earlier request, as the ledger remembers it: by code and message, without its figures."""

    allowed = frozenset(ErrorCode)

    def __init__(self, message: str, *, code: ErrorCode, account: str | None = None) -> None:
        super().__init__(message, code=code, account=account)
        self.retryable = code in RETRYABLE


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """One write as the ledger has it, and what its caller would be told."""

    entry: Entry
    result: WriteResult


@dataclass(frozen=True, slots=True, kw_only=True)
class Operations:
    """Reads the ledger."""

    accounts: Accounts
    ledger: Ledger

    async def find(self, caller: Caller, account: str, operation: Operation, key: str) -> Recorded | None:
        """The write with this key; None where there is none. Raises NotFound for the account, StoreUnavailable."""
        keys = remembered(self.accounts.find(caller, account), operation, key)
        entry = await self.ledger.entry(keys)
        return None if entry is None else Recorded(entry=entry, result=told(entry, account=keys.account.name))

    async def of_account(self, account: Account, *, only_open: bool) -> AsyncIterator[Entry]:
        """The account's writes: all that are remembered, or only those without a known end."""
        if only_open:
            for entry in (await self.ledger.open_entries(account)).values():
                if entry is not None:
                    yield entry
            return
        async for entry in self.ledger.entries(account):
            yield entry


def remembered(account: Account, operation: Operation, key: str) -> EntryKeys:
    """Where a write is remembered: what was issued without an invoice, too, under ISSUE."""
    under = Operation.ISSUE if operation is Operation.ISSUE_WITHOUT_INVOICE else operation
    return EntryKeys(account=account, operation=under, key=key)


def told(entry: Entry, *, account: str) -> WriteResult:
    """What the caller of a remembered write would be told now."""
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
    if entry.is_unpayable:
        return Unpayable(entry.refusal_message or "it was refused", account=account)
    return RecordedError(entry.refusal_message or "it was refused", code=ErrorCode(entry.refusal), account=account)

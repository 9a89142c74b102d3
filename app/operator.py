"""What a person may ask of the ledger, and tell it: the work of `credit-notes operations` and `credit-notes resolve`.

Nothing is sent to a provider from here, and nothing is printed.
"""

from __future__ import annotations

import heapq
import itertools
import shlex
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from app.asgi import Process, make_process
from app.domain.vocabulary import Operation
from app.gateway.accounts import OPEN, Account
from app.gateway.decisions import Decisions
from app.gateway.entries import Entry
from app.gateway.operations import Recorded, remembered, told
from app.providers.policy import Deadline
from app.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One write of the ledger."""

    account: str
    operation: str
    key: str
    state: str
    outcome: str
    at: float | None
    """When it was last attempted, or refused without having been sent."""
    attempts: int
    note_id: str | None
    code: str | None
    """What the last attempt came to."""

    @classmethod
    def of(cls, account: str, recorded: Recorded) -> Row:
        """The write as the ledger has it."""
        entry, result = recorded.entry, recorded.result
        about = entry.plan.expected.note_id if entry.plan is not None else None
        return cls(
            account=account,
            operation=entry.operation,
            key=entry.key,
            state=entry.state.upper(),
            outcome=result.outcome.value,
            at=_last(entry),
            attempts=len(entry.attempts),
            note_id=entry.note.ref.external_id if entry.note is not None else about,
            code=_code(entry),
        )

    @property
    def cells(self) -> tuple[str, ...]:
        """As printed; what is not there is a dash, and the key is written as a shell takes it."""
        age = "-" if self.at is None else _age(time.time() - self.at)
        end = (age, str(self.attempts), self.note_id or "-", self.code or "-")
        return self.account, self.operation, shlex.quote(self.key), self.state, self.outcome, *end


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """The latest writes, newest first, and how many there are besides."""

    rows: list[Row]
    more: int


async def list_operations(
    settings: Settings, *, only_open: bool, account: str | None, limit: int, only_half_done: bool = False
) -> Listing:
    """The writes of one account, or of all. Raises StoreFailure or StoreUnavailable without the ledger, NotFound for the account."""
    async with _process(settings) as process:
        accounts, operations = process.services.accounts, process.services.operations
        asked = accounts.of(OPEN) if account is None else [accounts.find(OPEN, account)]
        latest: list[tuple[float, int, Account, Entry]] = []
        number = itertools.count()  # what is equally old stays as it came
        for one in asked:
            async for entry in operations.of_account(one, only_open=only_open):
                if only_half_done and not entry.is_between_steps:
                    continue
                heapq.heappush(latest, (_last(entry) or 0.0, -next(number), one, entry))
                if len(latest) > limit:
                    heapq.heappop(latest)
        rows = []
        for _, _, one, entry in sorted(latest, reverse=True):
            recorded = await operations.find(OPEN, one.name, Operation(entry.operation), entry.key)
            if recorded is not None and (recorded.entry.is_open or not only_open):  # it may have ended meanwhile
                rows.append(Row.of(one.name, recorded))
        return Listing(rows=rows, more=next(number) - len(latest))


async def resolve(
    settings: Settings, *, account: str, operation: Operation, key: str, note_id: str | None, gives_up: bool = False
) -> Row:
    """End a write by a person's word: this note came of it, or (None) nothing did, or nothing more will. Raises what `Decisions` raises."""
    async with _process(settings) as process:
        services = process.services
        keys = remembered(services.accounts.find(OPEN, account), operation, key)
        deadline = Deadline(settings.timings.read_timeout_s)
        decisions = Decisions(writes=services.writes)
        entry = await (decisions.give_up(keys) if gives_up else decisions.decide(keys, note_id=note_id, deadline=deadline))
        return Row.of(account, Recorded(entry=entry, result=told(entry, account=account)))


@asynccontextmanager
async def _process(settings: Settings) -> AsyncIterator[Process]:
    process = make_process(settings)
    try:
        await process.ledger.ping()
        yield process
    finally:
        await process.aclose()


def _last(entry: Entry) -> float | None:
    return entry.attempts[-1].at if entry.attempts else entry.ended_at


def _code(entry: Entry) -> str | None:
    if entry.state == "refused":
        return entry.refusal
    return entry.attempts[-1].code if entry.attempts else None


def _age(seconds: float) -> str:
    for least, unit, name in ((2 * 86_400, 86_400, "d"), (2 * 3600, 3600, "h"), (120, 60, "min")):
        if seconds >= least:
            return f"{seconds // unit:.0f} {name}"
    return f"{max(0.0, seconds):.0f} s"

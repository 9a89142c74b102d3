"""Writes as a process has them, over the sandboxes on their sockets: with a clock, timings and a store that a test decides about."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias

from app.accounts_file import demo_accounts
from app.domain.commands import CreditTotal, InvoiceTarget, IssueCreditNote, RefundCreditNote, VoidCreditNote
from app.domain.credit_note import Ref
from app.domain.money import Money
from app.domain.vocabulary import Reason
from app.gateway.accounts import Account, Accounts, Caller
from app.gateway.audit import Audit
from app.gateway.background import Background
from app.gateway.cache import Memory
from app.gateway.credit_notes import CreditNotes
from app.gateway.idempotency import Ledger
from app.gateway.operations import Operations
from app.gateway.previews import Previewed, Previews
from app.gateway.results import WriteResult
from app.gateway.sending import Sender
from app.gateway.turns import Turns
from app.gateway.units import UnitAlarms
from app.gateway.watch import Watch
from app.gateway.writes import Writes
from app.providers import PROVIDERS
from app.providers.contract import AccountSettings
from app.sandbox.server import Addresses
from app.store import Store
from app.store.memory import MemoryStore
from app.timings import Timings
from tests.support.clock import Clock
from tests.support.demo import UNPAID, invoice_id, provider
from tests.support.running import Json, SandboxControl

CALLER = Caller(name="test")
TEN = "10.00"
Said: TypeAlias = tuple[str, str | None]
"""Outcome, and the code of the only problem."""
APPLIED: Said = ("APPLIED", None)
UNKNOWN: Said = ("UNKNOWN", "OUTCOME_UNKNOWN")
HALF: Said = ("PARTIALLY_APPLIED", "REFUND_FAILED")
"""Issued, and not paid back."""

_numbers = itertools.count(1)


def command(
    account: str, amount: str = TEN, *, key: str | None = None, invoice: int = UNPAID, currency: str = "USD"
) -> IssueCreditNote:
    """So much off a demo invoice; with a key of its own unless one is given."""
    return IssueCreditNote(
        key=key or f"write-{next(_numbers)}",
        target=InvoiceTarget(invoice=Ref(account, invoice_id(account, invoice))),
        credit=CreditTotal(total=Money.from_major(Decimal(amount), currency)),
        reason=Reason.ORDER_CHANGE,
    )


def said(result: WriteResult) -> Said:
    """What the caller is told, in short."""
    assert len(result.errors) <= 1
    return result.outcome.value, result.errors[0].code.value if result.errors else None


def notes_on(sandbox: SandboxControl, account: str, number: int = UNPAID) -> list[Json]:
    """The notes in the books against a demo invoice; fails where the books break a rule."""
    return [note for note in sandbox.books()[provider(account)]["notes"] if note["invoice_id"] == invoice_id(account, number)]


def ids(notes: list[Json]) -> list[str]:
    """Their ids."""
    return [note["id"] for note in notes]


async def until(happened: Callable[[], bool]) -> None:
    """Wait for what another thread does, which is asked over its socket."""
    async with asyncio.timeout(10):
        while not happened():  # noqa: ASYNC110 - the sandbox has no event to wait for
            await asyncio.sleep(0.005)


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """One process's writes."""

    writes: Writes
    store: Store
    clock: Clock

    @property
    def accounts(self) -> Accounts:
        """Those it writes at."""
        return self.writes.accounts

    @property
    def units(self) -> UnitAlarms:
        """Its alarms."""
        return self.writes.sender.units

    @property
    def audit(self) -> Audit:
        """What it tells of its attempts."""
        return self.writes.audit

    @property
    def operations(self) -> Operations:
        """What became of its writes."""
        return Operations(accounts=self.accounts, ledger=self.writes.ledger)

    def watch(self) -> Watch:
        """Its look in the background, not running."""
        return Watch(writes=self.writes, store=self.store, every_s=1.0, clock=self.clock)

    async def issue(self, command: IssueCreditNote) -> WriteResult:
        """As the mutation does."""
        return await self.writes.issue(CALLER, command)

    async def void(self, command: VoidCreditNote) -> WriteResult:
        """As the mutation does."""
        return await self.writes.void(CALLER, command)

    async def refund(self, command: RefundCreditNote) -> WriteResult:
        """As the mutation does."""
        return await self.writes.refund(CALLER, command)

    async def preview(self, command: IssueCreditNote, caller: Caller = CALLER) -> Previewed:
        """As the query does."""
        return await Previews(accounts=self.accounts, writes=self.writes).preview(caller, command)

    def account(self, name: str) -> Account:
        """One of them, open."""
        return self.accounts.find(CALLER, name)


class Desks:
    """Makes them, and closes them all."""

    def __init__(self, addresses: Addresses) -> None:
        self.demo = demo_accounts(addresses.providers)
        self.timings = Timings()
        """Of those that are opened without any."""
        self._made: list[Desk] = []

    def open(
        self,
        *,
        timings: Timings | None = None,
        ledger: Store | None = None,
        accounts: Mapping[str, AccountSettings] | None = None,
        clock: Clock | None = None,
        accepts_volatile: bool = False,
    ) -> Desk:
        """The demo accounts, unless others are given; the ledger's clock starts at the real time, as the sandbox's."""
        timings, clock, background = timings or self.timings, clock or Clock(), Background()
        store, cache = ledger or MemoryStore(), MemoryStore()
        opened = Accounts(accounts or self.demo, PROVIDERS)
        notes = CreditNotes(Memory(store=cache, background=background), timings)
        units = UnitAlarms(store)
        writes = Writes(
            accounts=opened,
            ledger=Ledger(store, timings, clock),
            turns=Turns(store, timings.invoice_lease_s),
            sender=Sender(units=units, notes=notes.cache, timings=timings),
            background=background,
            audit=Audit(store=cache, most=1_000),
            accepts_volatile=accepts_volatile,
        )
        desk = Desk(writes=writes, store=store, clock=clock)
        self._made.append(desk)
        return desk

    async def aclose(self) -> None:
        """Let what runs end."""
        for desk in self._made:
            await desk.writes.background.drain(10)
            await desk.accounts.aclose()

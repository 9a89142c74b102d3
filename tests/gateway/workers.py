"""Two processes' writes over one store and one provider that answers from memory and fails as told; any of them may die at any step."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

from app.domain.commands import CreditTotal, InvoiceTarget, IssueCreditNote
from app.domain.credit_note import CreditNote, Ref
from app.domain.errors import GatewayError, OutcomeUnknown, RateLimited, Rejected, Unavailable
from app.domain.invoice import Invoice
from app.domain.money import Money
from app.domain.plans import Expected, WritePlan
from app.domain.vocabulary import InvoiceStatus, Reason
from app.gateway.audit import Audit
from app.gateway.background import Background
from app.gateway.cache import Memory
from app.gateway.credit_notes import CreditNotes
from app.gateway.idempotency import Ledger
from app.gateway.results import WriteResult
from app.gateway.sending import Sender
from app.gateway.turns import Turns
from app.gateway.units import UnitAlarms
from app.gateway.writes import Writes
from app.providers.contract import Capabilities
from app.store import Store
from app.store.memory import MemoryStore
from app.timings import Timings
from tests.gateway.stub import CALLER, StubAdapter, accounts, note
from tests.support.stores import Mishap, ShakyStore
from tests.support.virtual_time import now

START = 1_772_366_400.0
TEN = Money(10_00, "EUR")
AT_WORK_S = 119.0
"""The longest a provider works on: anything above the published settling time would be a promise broken by the provider."""

Fate = Literal[
    "answered", "lost", "lost unsent", "late", "refused", "limited", "bug", "bug unsent", "dies", "dies unsent", "dies late"
]
Look = Literal["works", "fails", "bug"]
At = tuple[int, Mishap | Literal["dies"]]
"""What happens at which of a request's calls of the store."""


class Died(BaseException):
    """The process is gone: nothing in it catches that."""


def clock() -> float:
    """The loop's own time, as an epoch."""
    return START + now()


def command(key: str, invoice: str) -> IssueCreditNote:
    """Every key asks for the same, so that nothing but the ledger tells their notes apart."""
    target = InvoiceTarget(invoice=Ref("acme", invoice))
    return IssueCreditNote(key=key, target=target, credit=CreditTotal(total=TEN), reason=Reason.ORDER_CHANGE)


@dataclass(slots=True)
class Books:
    """What has happened at the provider: notes from a moment on, by who asked for them."""

    knows_keys: bool
    notes: list[tuple[float, str, CreditNote]] = field(default_factory=list)
    by_key: dict[str, CreditNote] = field(default_factory=dict)

    def make(self, maker: str, invoice: str, key: str, *, after_s: float = 0.0) -> CreditNote:
        if self.knows_keys and key in self.by_key:
            return self.by_key[key]
        at = clock() + after_s
        made = note(f"n-{len(self.notes)}", at=datetime.fromtimestamp(at, UTC), minor=TEN.minor, invoice_id=invoice)
        self.notes.append((at, maker, made))
        self.by_key[key] = made
        return made

    def on(self, invoice: str) -> list[CreditNote]:
        return [made for at, _, made in self.notes if made.invoice_id == invoice and at <= clock()]

    def of(self, maker: str) -> list[str]:
        """Those that are there, and those that will be."""
        return [made.ref.external_id for _, by, made in self.notes if by == maker]


@dataclass(slots=True, kw_only=True)
class FailingAdapter(StubAdapter):
    """Over the books; what it is told to do next it does once."""

    books: Books
    fate: Fate = "answered"
    look: Look = "works"
    die: Callable[[], None]

    async def invoices(self, ids: Sequence[str]) -> Mapping[str, Invoice | GatewayError]:
        self._looks()
        return {
            id: Invoice(
                ref=Ref("acme", id),
                status=InvoiceStatus.OPEN,
                provider_status="open",
                total=Money(100_000, "EUR"),
                note_ids=tuple(made.ref.external_id for made in self.books.on(id)),
            )
            for id in ids
        }

    async def candidates(self, plan: WritePlan) -> Sequence[CreditNote]:
        self._looks()
        return self.books.on(plan.expected.invoice_id or "")

    def plan(self, command: IssueCreditNote, invoice: Invoice | None) -> WritePlan:
        assert invoice is not None
        return WritePlan(
            request=command.key.encode(), expected=Expected(currency="EUR", total=TEN, invoice_id=invoice.ref.external_id)
        )

    async def issue(self, plan: WritePlan, *, key: str) -> CreditNote:
        fate, self.fate = self.fate, "answered"
        await asyncio.sleep(0.01)  # long enough for the other process to get between
        maker, invoice = plan.request.decode(), plan.expected.invoice_id or ""
        match fate:
            case "refused":
                message = "no"
                raise Rejected(message)
            case "limited":
                message = "later"
                raise RateLimited(message)
            case "late" | "dies late":
                self.books.make(maker, invoice, key, after_s=AT_WORK_S)
            case "answered" | "lost" | "bug" | "dies":
                made = self.books.make(maker, invoice, key)
                if fate == "answered":
                    return made
        if fate.startswith("dies"):
            self.die()
        if fate.startswith("bug"):
            raise RuntimeError(fate)
        lost = OutcomeUnknown("the answer was lost")
        lost.timed_out = fate == "late"
        raise lost

    def _looks(self) -> None:
        look, self.look = self.look, "works"
        if look == "fails":
            message = "the provider does not answer"
            raise Unavailable(message)
        if look == "bug":
            raise RuntimeError(look)


class Worker:
    """One process after another: when one has died, the next one takes its place."""

    def __init__(self, store: Store, books: Books) -> None:
        self._store = store
        self._books = books
        self._start()

    def _start(self) -> None:
        self.died = False
        self.line = ShakyStore(self._store)
        self.adapter = FailingAdapter(books=self._books, die=self._die)
        timings, background, cache = Timings(), Background(), MemoryStore(clock=clock)
        self._background = background
        notes = CreditNotes(Memory(store=cache, background=background), timings)
        self.writes = Writes(
            accounts=accounts({"acme": self.adapter}, {"acme": Capabilities(native_idempotency=self._books.knows_keys)}),
            ledger=Ledger(self.line, timings, clock),
            turns=Turns(self.line, timings.invoice_lease_s),
            sender=Sender(units=UnitAlarms(self.line), notes=notes.cache, timings=timings),
            background=background,
            audit=Audit(store=cache, most=100),
            accepts_volatile=True,
        )

    async def issue(self, key: str, invoice: str, *, fate: Fate, look: Look, at: At | None) -> WriteResult | None:
        """The answer; None from a process that died or, before it had sent anything, failed."""
        self.adapter.fate, self.adapter.look = fate, look
        self.line.calls.clear()
        self.line.mishap = lambda _: self._mishap(at)
        try:
            return await self.writes.issue(CALLER, command(key, invoice))
        except Died:
            await self._background.drain(0)
            self._start()
            return None
        except RuntimeError:
            return None

    def _mishap(self, at: At | None) -> Mishap:
        if self.died:
            raise Died
        if at is None or len(self.line.calls) != at[0]:
            return "none"
        if at[1] == "dies":
            self._die()
        return at[1]  # type: ignore[return-value]  # "dies" has raised

    def _die(self) -> None:
        self.died = True
        raise Died

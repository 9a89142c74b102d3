"""A ledger and who works with it, step by step, for what is tested of it without a provider."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from app.domain.errors import Rejected
from app.domain.money import Money
from app.domain.plans import Expected, WritePlan
from app.domain.vocabulary import Operation
from app.gateway.changes import Change
from app.gateway.entries import Entry, EntryKeys
from app.gateway.held import Held
from app.gateway.idempotency import Ledger
from app.gateway.turns import Turn
from app.store import Lease, Store
from app.store.memory import MemoryStore
from app.timings import Timings
from tests.gateway.stub import account, note
from tests.support.clock import Clock

ACCOUNT = account()
SUBJECT = "invoice:inv-1"
PLAN = WritePlan(request=b"{}", expected=Expected(currency="EUR", total=Money(100, "EUR")))
LEASE_S, SETTLES_AFTER_A_CRASH_S, KEEP_S = 45, 30 + 120, 30 * 86_400

STEPS = {
    "done": lambda held: held.done(Change(note=note("n-1"))),
    "refused": lambda held: held.refused(Rejected("no")),
    "unknown": lambda held: held.unknown("OUTCOME_UNKNOWN", settle_s=5, at_work=False),
    "absent": lambda held: held.absent(),
}


def keys(key: str = "k") -> EntryKeys:
    return EntryKeys(account=ACCOUNT, operation=Operation.ISSUE, key=key)


class Desk:
    """A ledger, with turns for the taking."""

    def __init__(self, clock: Clock, store: Store | None = None) -> None:
        self.clock = clock
        self.store = store or MemoryStore(clock=clock)
        self.ledger = Ledger(self.store, Timings(), clock)

    @asynccontextmanager
    async def hold(self, key: str = "k", content: str = "content") -> AsyncIterator[Held]:
        async with self.ledger.hold(keys(key), content) as held:
            yield held

    async def crash(self, key: str = "k", content: str = "content") -> tuple[Held, AsyncExitStack]:
        """An entry whose holder never says that it has ended."""
        stack = AsyncExitStack()
        return await stack.enter_async_context(self.hold(key, content)), stack

    async def send(self, held: Held, *, snapshot: tuple[str, ...] = ("old",)) -> None:
        turn = await Lease.acquire(self.store, held.keys.turn(SUBJECT), 15)
        assert turn is not None
        await held.sending(PLAN, snapshot=snapshot, turn=Turn(subject=SUBJECT, lease=turn))
        await turn.release()

    async def entry(self, key: str = "k") -> Entry:
        """As the next holder finds it: only in states a look does not change."""
        async with self.hold(key) as held:
            return held.entry

    async def pending(self) -> bytes | None:
        return (await self.store.get_many([keys().pending(SUBJECT)]))[0]

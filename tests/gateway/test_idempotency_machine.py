"""Whatever fails or dies in whatever order, a key makes at most one note, is told the truth, and comes to an end."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack
from typing import get_args

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from structlog.testing import capture_logs

from app.gateway.results import WriteResult
from app.store.memory import MemoryStore
from tests.gateway.workers import At, Books, Fate, Look, Worker, clock
from tests.support.virtual_time import VirtualTimeLoop

INVOICE_OF = {"a": "inv-1", "b": "inv-1", "c": "inv-2"}
KEYS = st.sampled_from(sorted(INVOICE_OF))
FATES = st.sampled_from(get_args(Fate))
LOOKS = st.sampled_from(("works", "works", "works", "fails", "bug"))
AT = st.none() | st.tuples(st.integers(1, 14), st.sampled_from(("before", "after", "dies")))
WORKERS = st.sampled_from((0, 1))


class WritesMachine(RuleBasedStateMachine):
    """Two workers over a provider that does not know a repeat by its key."""

    knows_keys = False

    def __init__(self) -> None:
        super().__init__()
        self.open = ExitStack()
        self.open.enter_context(capture_logs())  # the console's tracebacks take longer than all the writes
        self.runner = asyncio.Runner(loop_factory=VirtualTimeLoop)
        self.books = Books(knows_keys=self.knows_keys)
        store = MemoryStore(clock=clock)
        self.workers = self.runner.run(self._open(store))
        self.applied: dict[str, str] = {}
        """The note each key was told of."""

    async def _open(self, store: MemoryStore) -> list[Worker]:
        return [Worker(store, self.books) for _ in range(2)]

    @rule(worker=WORKERS, key=KEYS, fate=FATES, look=LOOKS, at=AT)
    def write(self, worker: int, key: str, fate: Fate, look: Look, at: At | None) -> None:
        self.told(key, self.runner.run(self.issue(worker, key, fate, look, at)))

    @rule(one=KEYS, other=KEYS, fate=FATES, at=AT)
    def write_at_once(self, one: str, other: str, fate: Fate, at: At | None) -> None:
        async def both() -> tuple[WriteResult | None, WriteResult | None]:
            return await asyncio.gather(self.issue(0, one, fate, "works", at), self.issue(1, other))

        first, second = self.runner.run(both())
        self.told(one, first, alone=one != other)
        self.told(other, second, alone=one != other)

    @rule(seconds=st.sampled_from((1, 6, 16, 46, 121, 151, 601)))
    def pass_time(self, seconds: int) -> None:
        self.runner.run(asyncio.sleep(seconds))

    @invariant()
    def a_key_makes_at_most_one_note(self) -> None:
        for key in INVOICE_OF:
            assert len(self.books.of(key)) <= 1, (key, self.books.notes)

    async def issue(
        self, worker: int, key: str, fate: Fate = "answered", look: Look = "works", at: At | None = None
    ) -> WriteResult | None:
        return await self.workers[worker].issue(key, INVOICE_OF[key], fate=fate, look=look, at=at)

    def told(self, key: str, result: WriteResult | None, *, alone: bool = True) -> None:
        """What a caller is told is so, and stays so."""
        if result is None:
            return
        made = self.books.of(key)
        if result.outcome.value == "APPLIED":
            assert result.note is not None
            assert made == [result.note.ref.external_id]
            assert self.applied.setdefault(key, result.note.ref.external_id) == result.note.ref.external_id
        elif result.outcome.value == "NOT_APPLIED" and result.errors[0].code.value != "GATEWAY_UNAVAILABLE":
            # a gateway without its memory knows of this request only, not of earlier ones with the key
            assert not made or not alone, (key, result.errors)

    def teardown(self) -> None:
        """Faults stop and time passes: every key comes to its end, and to its own note."""
        try:
            for key in INVOICE_OF:
                self.runner.run(asyncio.sleep(601))
                for _ in range(2):
                    ended = self.runner.run(self.issue(0, key))
                    self.told(key, ended)
                    if ended is None or ended.outcome.value != "APPLIED":
                        assert ended is not None
                        assert ended.errors[0].code.value == "CONFLICT", ended.errors
            for key in INVOICE_OF:
                ended = self.runner.run(self.issue(1, key))
                assert ended is not None
                assert ended.outcome.value == "APPLIED", (key, ended.errors)
                self.told(key, ended)
            assert len(self.books.notes) == len(INVOICE_OF)
        finally:
            self.runner.close()
            self.open.close()


class KeyedWritesMachine(WritesMachine):
    """Over a provider that answers a repeat with the note its key made."""

    knows_keys = True


HARD = settings(max_examples=40, stateful_step_count=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
TestWrites = WritesMachine.TestCase
TestWrites.settings = HARD
TestKeyedWrites = KeyedWritesMachine.TestCase
TestKeyedWrites.settings = HARD

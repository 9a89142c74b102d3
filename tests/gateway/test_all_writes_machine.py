"""Issues, voids, refunds and payouts at the real sandboxes, over two gateways, whatever fails: once each, and the truth at the end."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test
from structlog.testing import capture_logs

from app.domain.vocabulary import ErrorCode
from app.gateway.results import WriteResult
from app.sandbox.server import Addresses
from app.store.memory import MemoryStore
from tests.gateway.scenes import KEYS, Scene
from tests.gateway.writing import Desk, Desks
from tests.support.clock import Clock
from tests.support.demo import provider
from tests.support.running import SandboxControl
from tests.support.stores import ShakyStore

MISHAPS: list[dict[str, Any]] = [
    {"fault": "drop_before"},
    {"fault": "drop_after"},
    {"fault": "garbage"},
    {"fault": "status", "status": 500},
    {"fault": "status", "status": 503, "after": True},
    {"fault": "status", "status": 403},
    {"fault": "status", "status": 429},
]
# Reads are tried again, so that a fault of one is seldom seen; most are of what changes something, by either verb.
FAULTS = st.none() | st.builds(
    lambda rule, method: {**rule, "method": method}, st.sampled_from(MISHAPS), st.sampled_from(("POST", "POST", "PATCH", "GET"))
)
NAMES = st.sampled_from(sorted(KEYS))
DESKS = st.sampled_from((0, 1))
CONTENTS = st.sampled_from((0, 0, 0, 1))
AWAY = st.none() | st.integers(1, 16)
SPEAKS_OF_THIS_REQUEST = {
    ErrorCode.IDEMPOTENCY_KEY_REUSED,
    ErrorCode.CONFLICT,
    ErrorCode.GATEWAY_UNAVAILABLE,
    ErrorCode.IDEMPOTENCY_IN_PROGRESS,
}


class AllWrites(RuleBasedStateMachine):
    """Two gateways over one ledger."""

    def __init__(self, addresses: Addresses, control: SandboxControl) -> None:
        super().__init__()
        self.open = ExitStack()
        self.open.enter_context(capture_logs())
        self.runner = asyncio.Runner()
        control.reset()
        self.control = control
        self.scene = Scene(sandbox=control, notes={})
        self.content: dict[str, int] = {}
        self.clock = Clock()
        self.desks_made = Desks(addresses)
        self.lines = [ShakyStore(MemoryStore(clock=self.clock))] * 2
        self.desks: list[Desk] = []

    @initialize()
    def begin(self) -> None:
        store = MemoryStore(clock=self.clock)
        self.lines = [ShakyStore(store), ShakyStore(store)]
        self.desks = [self.desks_made.open(ledger=line, clock=self.clock) for line in self.lines]

    @rule(desk=DESKS, name=NAMES, content=CONTENTS, fault=FAULTS, away=AWAY)
    def write(self, desk: int, name: str, content: int, fault: dict[str, Any] | None, away: int | None) -> None:
        """One request, with one fault at the provider and perhaps a ledger that goes away in the midst of it."""
        key = KEYS[name]
        if fault is not None:
            self.control.fault(provider=provider(key.account), times=1, **fault)
        line = self.lines[desk]
        line.calls.clear()
        line.mishap = lambda _: "before" if away is not None and away <= len(line.calls) <= away + 2 else "none"
        self.told(name, content, self.runner.run(self.ask(desk, name, content)))
        line.come_back()

    @rule(one=NAMES, other=NAMES, fault=FAULTS)
    def write_at_once(self, one: str, other: str, fault: dict[str, Any] | None) -> None:
        """At both gateways."""

        async def both() -> tuple[WriteResult | None, WriteResult | None]:
            return await asyncio.gather(self.ask(0, one, 0), self.ask(1, other, 0))

        if fault is not None:
            self.control.fault(provider=provider(KEYS[one].account), times=1, **fault)
        first, second = self.runner.run(both())
        self.told(one, 0, first, alone=one != other)
        self.told(other, 0, second, alone=one != other)

    @rule(desk=DESKS)
    def watch(self, desk: int) -> None:
        self.runner.run(self.desks[desk].watch().round())

    @rule(seconds=st.sampled_from((1, 6, 46, 121, 601)))
    def pass_time(self, seconds: int) -> None:
        """Here and at the providers; leases end."""
        self.clock.advance(seconds)
        self.control.http.post("/clock", json={"advance_s": seconds}).raise_for_status()

    async def ask(self, desk: int, name: str, content: int) -> WriteResult | None:
        asked = self.scene.ask(self.desks[desk], KEYS[name], content)
        return await asked if asked else None

    def told(self, name: str, content: int, result: WriteResult | None, *, alone: bool = True) -> None:
        """What a caller is told is so, and stays so."""
        if result is None:
            return
        books = self.control.books()
        key, made = KEYS[name], self.scene.done(KEYS[name], books)
        assert len(made) <= 1, (name, made)
        assert self.scene.paid_out(key, books) <= (key.to is not None or key.name.endswith("kept"))
        if result.outcome.value in {"APPLIED", "PARTIALLY_APPLIED"}:
            assert len(made) == 1, (name, result)
            assert result.note is not None
            self.content[name] = content
            if key.void_of is None and key.refund_of is None:
                assert self.scene.notes.setdefault(name, made[0]) == made[0] == result.note.ref.external_id
        elif result.outcome.value == "NOT_APPLIED" and result.errors[0].code not in SPEAKS_OF_THIS_REQUEST:
            assert not made or not alone or name not in self.content, (name, result.errors)

    def teardown(self) -> None:
        """Faults stop and time passes: every key comes to an end, and what was done was done once."""
        try:
            ended: dict[str, WriteResult | None] = {}
            for round_ in range(6):  # rules nobody met yet are used up on the way
                for name in KEYS:
                    content = self.content.get(name, 0)
                    told = ended[name] = self.runner.run(self.ask(round_ % 2, name, content))
                    self.told(name, content, told)
                    if told is not None and told.errors and told.errors[0].code is ErrorCode.IDEMPOTENCY_KEY_REUSED:
                        self.content[name] = 1 - content  # what was lost had the other content
                self.pass_time(601)
            books = self.control.books()
            for name, result in ended.items():
                self.holds(name, result, books)
        finally:
            self.runner.run(self.desks_made.aclose())
            self.runner.close()
            self.open.close()

    def holds(self, name: str, result: WriteResult | None, books: Any) -> None:
        assert result is not None, name
        made = self.scene.done(KEYS[name], books)
        if result.outcome.value == "APPLIED":
            assert len(made) == 1
            assert self.scene.paid_out(KEYS[name], books) == 1 or KEYS[name].to is None or name.endswith("kept")
        else:  # only what really can't be done any more: another key has voided or used up what this one was about
            assert result.outcome.value == "NOT_APPLIED", (name, result.errors)
            assert made == []


# Not shrunk: every step is a dozen real calls.
HARD = settings(
    max_examples=6,
    stateful_step_count=14,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
)


@pytest.mark.rounds
def test_every_write_is_done_once_and_told_truly_whatever_fails(addresses: Addresses, control: SandboxControl) -> None:
    run_state_machine_as_test(partial(AllWrites, addresses, control), settings=HARD)  # type: ignore[arg-type]  # a factory will do


@pytest.fixture(autouse=True)
def _put_back(control: SandboxControl) -> Any:
    yield
    control.reset()

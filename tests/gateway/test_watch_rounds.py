"""How the watch goes round: ever more seldom for the same write, past whatever fails, and in one process at a time."""

from __future__ import annotations

from contextlib import AsyncExitStack
from dataclasses import replace

import pytest

from app.domain.vocabulary import Operation
from app.gateway.entries import Entry, open_entries
from app.gateway.held import CODEC
from app.gateway.watch import Watch
from app.store import Add, Lease, Put
from app.store.memory import MemoryStore
from app.timings import Timings
from tests.gateway.operating import keys_of, lost, state
from tests.gateway.writing import Desk, Desks, command, until
from tests.support.clock import Clock
from tests.support.demo import ACCOUNTS, PARTLY_PAID, provider
from tests.support.running import SandboxControl
from tests.support.stores import Mishap, ShakyStore

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("account", ACCOUNTS)
async def test_each_look_waits_twice_as_long_as_the_one_before(desk: Desk, sandbox: SandboxControl, account: str) -> None:
    await lost(desk, sandbox, account, made=False)
    watch, looks = desk.watch(), []
    for second in range(5, 700, 5):
        desk.clock.advance(5)
        before = sandbox.calls(provider(account))
        await watch.round()
        if sandbox.calls(provider(account)) > before:
            looks.append(second)
    assert looks == [5, 10, 20, 40, 80, 160, 320, 640]
    assert await state(desk, account) == ("refused", "NOT_APPLIED")
    assert sandbox.calls(provider(account), "POST") == 1


async def test_a_look_is_never_more_than_ten_minutes_away_even_after_thousands(desks: Desks, sandbox: SandboxControl) -> None:
    desk = desks.open(timings=Timings(settling_s=5.0))  # a fraction, as it is when it was read from the environment
    await lost(desk, sandbox, "vcita-demo", made=True)
    sandbox.fault(provider="vcita", method="GET", fault="status", status=403, times=1)
    keys = keys_of(desk, "vcita-demo")
    watch = desk.watch()
    watch._looks[f"{keys.account.tag}:{keys.digest}"] = (5_000, 0.0)
    states = []
    for seconds in (600, 599, 1):
        desk.clock.advance(seconds)
        await watch.round()
        states.append((await state(desk, "vcita-demo"))[0])
    assert states == ["unknown", "unknown", "done"]


async def test_an_account_that_fails_does_not_stop_the_others(desk: Desk, sandbox: SandboxControl) -> None:
    for account in ACCOUNTS:
        await lost(desk, sandbox, account, made=True)
    sandbox.fault(provider="chargebee", method="GET", fault="status", status=500)
    desk.clock.advance(5)
    await desk.watch().round()
    assert [await state(desk, account) for account in ACCOUNTS] == [
        ("unknown", "UNKNOWN"),
        ("done", "APPLIED"),
        ("done", "APPLIED"),
    ]


async def test_a_ledger_that_fails_for_one_account_does_not_stop_the_others_and_is_asked_again(
    desks: Desks, sandbox: SandboxControl
) -> None:
    store = ShakyStore(MemoryStore())
    desk = desks.open(ledger=store)
    for account in ACCOUNTS:
        await lost(desk, sandbox, account, made=True)
    desk.clock.advance(5)
    watch, asked = desk.watch(), 0

    def first_fails(name: str) -> Mishap:
        nonlocal asked
        asked += name == "members"
        return "before" if (name, asked) == ("members", 1) else "none"

    store.mishap = first_fails
    await watch.round()
    assert [(await state(desk, account))[0] for account in ACCOUNTS] == ["unknown", "done", "done"]
    await watch.round()
    assert [(await state(desk, account))[0] for account in ACCOUNTS] == ["done", "done", "done"]


async def test_a_write_that_somebody_works_on_does_not_stop_the_accounts_others(desk: Desk, sandbox: SandboxControl) -> None:
    await lost(desk, sandbox, "zenskar-demo", made=True, key="k")
    sandbox.fault(provider="zenskar", method="POST", fault="drop_after", times=1)
    await desk.issue(command("zenskar-demo", "1.00", key="other", invoice=PARTLY_PAID, currency="EUR"))
    busy, other = sorted(["k", "other"], key=lambda key: keys_of(desk, "zenskar-demo", key=key).digest)  # as they are looked for
    assert await Lease.acquire(desk.store, keys_of(desk, "zenskar-demo", key=busy).lease, 60)
    desk.clock.advance(5)
    await desk.watch().round()
    assert await state(desk, "zenskar-demo", key=busy) == ("unknown", "UNKNOWN")
    assert await state(desk, "zenskar-demo", key=other) == ("done", "APPLIED")


async def test_a_store_out_of_reach_ends_no_watch(desks: Desks, sandbox: SandboxControl) -> None:
    store = ShakyStore(MemoryStore())
    desk = desks.open(ledger=store)
    await lost(desk, sandbox, "zenskar-demo", made=True)
    desk.clock.advance(5)
    watch = desk.watch()
    store.go_away()
    await watch.round()
    store.come_back()
    await watch.round()
    assert await state(desk, "zenskar-demo") == ("done", "APPLIED")


@pytest.mark.parametrize("raw", [b"of another version", None, "no operation"], ids=str)
async def test_an_entry_nobody_understands_stops_nothing(desk: Desk, sandbox: SandboxControl, raw: bytes | str | None) -> None:
    for account in ACCOUNTS:
        await lost(desk, sandbox, account, made=True)
    keys = keys_of(desk, "chargebee-demo", Operation.VOID, "odd")
    if isinstance(raw, str):
        raw = CODEC.encode(Entry(state="unknown", operation="BLESS", key="odd", fingerprint="f"))
    held = {} if raw is None else {keys.entry: Put(raw)}
    await desk.store.commit({}, {open_entries(keys.account.tag): Add(keys.digest.encode()), **held})
    desk.clock.advance(5)
    watch = desk.watch()
    for _ in range(2):
        await watch.round()
    assert [(await state(desk, account))[0] for account in ACCOUNTS] == ["done", "done", "done"]


async def _watching(desks: Desks, line: ShakyStore, stack: AsyncExitStack) -> Watch:
    watch = replace(desks.open(ledger=line).watch(), every_s=0.01)
    await stack.enter_async_context(watch.running())
    return watch


def _rounds(line: ShakyStore) -> int:
    return line.calls.count("members")


async def test_of_two_watches_one_goes_round_until_it_ends_and_then_the_other(desks: Desks) -> None:
    shared = MemoryStore()
    first, second = ShakyStore(shared), ShakyStore(shared)
    async with AsyncExitStack() as others:
        async with AsyncExitStack() as stack:
            await _watching(desks, first, stack)
            await until(lambda: _rounds(first) >= 3)
            await _watching(desks, second, others)
            await until(lambda: second.calls.count("commit") >= 5)  # it asks for the lease, over and over
            await until(lambda: _rounds(first) >= 30)
            assert _rounds(second) == 0
        ended = _rounds(first)
        await until(lambda: _rounds(second) >= 3)
        assert _rounds(first) == ended
    assert await shared.get_many([desks.open().watch().lease_key]) == [None]


async def test_when_the_process_that_watches_dies_another_takes_over_as_soon_as_its_lease_is_over(desks: Desks) -> None:
    clock = Clock()
    shared = MemoryStore(clock=clock)
    first, second = ShakyStore(shared), ShakyStore(shared)
    async with AsyncExitStack() as stack:
        await _watching(desks, first, stack)
        await until(lambda: _rounds(first) >= 3)
        first.go_away()
        await _watching(desks, second, stack)
        await until(lambda: second.calls.count("commit") >= 5)
        assert _rounds(second) == 0
        clock.advance(15)
        await until(lambda: _rounds(second) >= 3)
        ended = _rounds(first)
        first.come_back()
        asked = first.calls.count("commit")
        await until(lambda: first.calls.count("commit") >= asked + 3)
        assert _rounds(first) == ended


async def test_a_running_watch_brings_a_lost_write_to_its_end(desks: Desks, sandbox: SandboxControl) -> None:
    line = ShakyStore(MemoryStore())
    desk = desks.open(ledger=line)
    await lost(desk, sandbox, "zenskar-demo", made=True)
    desk.clock.advance(5)
    async with replace(desk.watch(), every_s=0.01).running():
        await until(lambda: sandbox.calls("zenskar") >= 2)
        rounds = _rounds(line)
        await until(lambda: _rounds(line) >= rounds + 3 * len(ACCOUNTS))
    assert await state(desk, "zenskar-demo") == ("done", "APPLIED")


async def test_who_wants_no_watch_has_none(desks: Desks) -> None:
    line = ShakyStore(MemoryStore())
    watch = replace(desks.open(ledger=line).watch(), every_s=0.0)
    async with watch.running():
        await desks.open(ledger=line).watch().round()  # other tasks have had their turn
    assert _rounds(line) == len(ACCOUNTS)
    assert "commit" not in line.calls

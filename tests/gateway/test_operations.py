"""What became of a write, for whoever has only its key."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

import msgspec
import pytest

from app.domain.errors import NotFound, OutcomeUnknown, StoreUnavailable
from app.domain.vocabulary import Operation
from app.gateway.accounts import Caller
from app.gateway.entries import Entry
from app.gateway.held import CODEC
from app.store import Put
from app.store.memory import MemoryStore
from tests.gateway.operating import found, keys_of, lost, paid_back, standalone
from tests.gateway.writing import APPLIED, CALLER, HALF, UNKNOWN, Desk, Desks, command, said
from tests.support.demo import ACCOUNTS, PARTLY_PAID
from tests.support.running import SandboxControl
from tests.support.stores import away

pytestmark = pytest.mark.anyio

Work = Callable[[Desk, SandboxControl], Awaitable[object]]
ZENSKAR = "zenskar-demo"


async def _begun(desk: Desk, sandbox: SandboxControl) -> None:
    async with desk.writes.ledger.hold(keys_of(desk, ZENSKAR), "content"):
        assert sandbox.requests() == {}


async def _sent(desk: Desk, sandbox: SandboxControl) -> None:
    await lost(desk, sandbox, ZENSKAR, made=True)
    keys = keys_of(desk, ZENSKAR)
    entry = await desk.writes.ledger.entry(keys)
    assert entry is not None
    await desk.store.put_many({keys.entry: Put(CODEC.encode(msgspec.structs.replace(entry, state="sent")))})


async def _refused(desk: Desk, sandbox: SandboxControl) -> None:
    await desk.issue(command(ZENSKAR, "900.00", key="k"))


async def _lost(desk: Desk, sandbox: SandboxControl) -> None:
    await lost(desk, sandbox, ZENSKAR, made=True)


async def _done(desk: Desk, sandbox: SandboxControl) -> None:
    await desk.issue(command(ZENSKAR, key="k"))


async def _differing(desk: Desk, sandbox: SandboxControl) -> None:
    sandbox.switch("zenskar", "amount_unit", "minor")
    await desk.issue(command(ZENSKAR, key="k"))


@pytest.mark.parametrize(
    ("work", "state", "told"),
    [
        (_begun, "started", ("NOT_APPLIED", "IDEMPOTENCY_IN_PROGRESS")),
        (_sent, "sent", UNKNOWN),
        (_lost, "unknown", UNKNOWN),
        (_refused, "refused", ("NOT_APPLIED", "AMOUNT_EXCEEDS_CREDITABLE")),
        (_done, "done", APPLIED),
        (_differing, "done", ("APPLIED", "INTEGRITY_MISMATCH")),
    ],
    ids=lambda value: value.__name__.strip("_") if callable(value) else "",
)
async def test_every_state_is_told_with_its_outcome_and_asks_no_provider(
    desk: Desk, sandbox: SandboxControl, work: Work, state: str, told: tuple[str, str | None]
) -> None:
    await work(desk, sandbox)
    before = sandbox.requests()
    recorded = await found(desk, ZENSKAR)
    assert (recorded.entry.state, said(recorded.result)) == (state, told)
    assert {error.account for error in recorded.result.errors} <= {ZENSKAR}
    assert sandbox.requests() == before


@pytest.mark.parametrize("account", ACCOUNTS)
async def test_a_write_that_is_done_is_told_with_its_note_and_its_attempts(
    desk: Desk, sandbox: SandboxControl, account: str
) -> None:
    issued = await desk.issue(command(account, key="k"))
    recorded = await found(desk, account)
    assert (recorded.result.note, recorded.result.replayed) == (issued.note, True)
    assert recorded.result.recorded_at is not None
    assert [(attempt.at, attempt.code) for attempt in recorded.entry.attempts] == [(desk.clock(), "OK")]


async def test_attempts_are_told_in_their_order_with_what_each_came_to(desk: Desk, sandbox: SandboxControl) -> None:
    await lost(desk, sandbox, ZENSKAR, made=False)
    first = desk.clock()
    desk.clock.advance(5)
    sandbox.fault(provider="zenskar", method="POST", fault="status", status=403, times=1)
    await desk.issue(command(ZENSKAR, key="k"))
    desk.clock.advance(5)
    await desk.issue(command(ZENSKAR, key="k"))
    attempts = (await found(desk, ZENSKAR)).entry.attempts
    assert [(attempt.at - first, attempt.code) for attempt in attempts] == [
        (0, "OUTCOME_UNKNOWN"),
        (5, "PROVIDER_FORBIDDEN"),
        (10, "OK"),
    ]


async def test_a_note_that_stands_while_its_refund_does_not_is_told_as_a_part(desk: Desk, sandbox: SandboxControl) -> None:
    sandbox.fault(provider="chargebee", method="POST", path="*/refund", fault="status", status=403, times=1)
    first = await desk.issue(paid_back("k"))
    recorded = await found(desk, "chargebee-demo")
    assert said(recorded.result) == said(first) == HALF
    assert (recorded.entry.state, recorded.entry.step) == ("refused", 2)
    assert recorded.result.note == first.note


async def test_a_refund_whose_answer_was_lost_is_unknown_and_its_note_is_told(desk: Desk, sandbox: SandboxControl) -> None:
    sandbox.fault(provider="chargebee", method="POST", path="*/refund", fault="drop_after", times=1)
    first = await desk.issue(paid_back("k"))
    recorded = await found(desk, "chargebee-demo")
    assert said(recorded.result) == said(first) == UNKNOWN
    assert recorded.result.note == first.note
    assert recorded.result.note is not None


async def test_issuing_without_an_invoice_is_remembered_as_issuing(desk: Desk, sandbox: SandboxControl) -> None:
    await desk.issue(standalone("k"))
    recorded = await found(desk, "chargebee-demo", Operation.ISSUE_WITHOUT_INVOICE)
    assert recorded == await found(desk, "chargebee-demo", Operation.ISSUE)
    assert (recorded.entry.operation, said(recorded.result)) == ("ISSUE", APPLIED)


async def test_what_is_not_there_is_not_found(desk: Desk, sandbox: SandboxControl) -> None:
    await _done(desk, sandbox)
    for account, operation, key in (
        (ZENSKAR, Operation.ISSUE, "K"),
        (ZENSKAR, Operation.VOID, "k"),
        ("vcita-demo", Operation.ISSUE, "k"),
    ):
        assert await desk.operations.find(CALLER, account, operation, key) is None
    with pytest.raises(NotFound, match="no account 'nobody'"):
        await desk.operations.find(CALLER, "nobody", Operation.ISSUE, "k")


async def test_another_tenants_account_is_not_there(desks: Desks, sandbox: SandboxControl) -> None:
    desk = desks.open(accounts={name: replace(settings, tenant="ours") for name, settings in desks.demo.items()})
    await _done(desk, sandbox)
    ours, theirs = Caller(name="us", tenant="ours"), Caller(name="them", tenant="theirs")
    assert await desk.operations.find(ours, ZENSKAR, Operation.ISSUE, "k") is not None
    with pytest.raises(NotFound) as told:
        await desk.operations.find(theirs, ZENSKAR, Operation.ISSUE, "k")
    with pytest.raises(NotFound) as unknown:
        await desk.operations.find(theirs, "zenskar-dem0", Operation.ISSUE, "k")
    assert told.value.message.replace(ZENSKAR, "x") == unknown.value.message.replace("zenskar-dem0", "x")


async def test_without_the_ledger_nothing_is_told(desks: Desks, sandbox: SandboxControl) -> None:
    desk = desks.open(ledger=away(MemoryStore()))
    with pytest.raises(StoreUnavailable):
        await desk.operations.find(CALLER, ZENSKAR, Operation.ISSUE, "k")


async def test_an_entry_of_another_version_is_not_taken_for_none(desk: Desk, sandbox: SandboxControl) -> None:
    await desk.store.put_many({keys_of(desk, ZENSKAR).entry: Put(b"\xc1")})
    with pytest.raises(OutcomeUnknown, match="another version"):
        await desk.operations.find(CALLER, ZENSKAR, Operation.ISSUE, "k")


async def _of(desk: Desk, account: str, *, only_open: bool) -> list[Entry]:
    return [entry async for entry in desk.operations.of_account(desk.account(account), only_open=only_open)]


async def test_an_accounts_writes_are_all_listed_or_only_the_open_ones(desk: Desk, sandbox: SandboxControl) -> None:
    await lost(desk, sandbox, ZENSKAR, made=True, key="open")
    await desk.issue(command(ZENSKAR, "900.00", key="refused", invoice=PARTLY_PAID, currency="EUR"))
    await desk.issue(command(ZENSKAR, "1.00", key="done", invoice=PARTLY_PAID, currency="EUR"))
    await desk.issue(command("vcita-demo", key="elsewhere"))
    listed = {entry.key: entry.state for entry in await _of(desk, ZENSKAR, only_open=False)}
    assert listed == {"open": "unknown", "refused": "refused", "done": "done"}
    assert [entry.key for entry in await _of(desk, ZENSKAR, only_open=True)] == ["open"]
    assert await _of(desk, "chargebee-demo", only_open=False) == []

"""A person's word on a write whose end nobody else can tell: what it ends, and where it is not taken."""

from __future__ import annotations

import pytest

from app.domain.errors import Conflict, InProgress, NotFound, StoreUnavailable
from app.domain.vocabulary import Operation
from app.gateway.decisions import Decisions
from app.gateway.entries import Entry
from app.gateway.operations import remembered
from app.providers.policy import Deadline
from app.store import Lease
from app.store.memory import MemoryStore
from tests.gateway.operating import found, keys_of, lost, paid_back
from tests.gateway.writing import APPLIED, Desk, Desks, command, notes_on, said
from tests.support.demo import ACCOUNTS, PAID, PARTLY_PAID, provider
from tests.support.running import SandboxControl
from tests.support.stores import ShakyStore

pytestmark = pytest.mark.anyio

ZENSKAR = "zenskar-demo"


async def _decide(desk: Desk, note_id: str | None, *, key: str = "k", account: str = ZENSKAR) -> Entry:
    keys = remembered(desk.account(account), Operation.ISSUE, key)
    return await Decisions(writes=desk.writes).decide(keys, note_id=note_id, deadline=Deadline(5))


@pytest.mark.parametrize("account", ACCOUNTS)
async def test_a_person_says_which_note_it_was(desk: Desk, sandbox: SandboxControl, account: str) -> None:
    await lost(desk, sandbox, account, made=True)
    (note,) = notes_on(sandbox, account)
    entry = await _decide(desk, note["id"], account=account)
    assert (entry.state, entry.attempts[-1].code) == ("done", "OK")
    again = await desk.issue(command(account, key="k"))
    assert (said(again), again.replayed) == (APPLIED, True)
    assert again.note is not None
    assert again.note.ref.external_id == note["id"]
    assert said(await desk.issue(command(account, key="other"))) == APPLIED
    assert sandbox.calls(provider(account), "POST") == 2


@pytest.mark.parametrize("account", ACCOUNTS)
async def test_a_person_says_that_it_was_not_done(desk: Desk, sandbox: SandboxControl, account: str) -> None:
    await lost(desk, sandbox, account, made=False)
    with pytest.raises(Conflict, match="may still be at work"):
        await _decide(desk, None, account=account)
    desk.clock.advance(150)
    entry = await _decide(desk, None, account=account)
    assert (entry.state, entry.note) == ("refused", None)
    assert (await found(desk, account)).result.outcome.value == "NOT_APPLIED"
    assert said(await desk.issue(command(account, key="other"))) == APPLIED
    anew = await desk.issue(command(account, "11.00", key="k"))
    assert (said(anew), anew.replayed) == (APPLIED, False)
    assert sandbox.calls(provider(account), "POST") == 3


async def test_a_persons_word_stands_although_the_amount_differs(desk: Desk, sandbox: SandboxControl) -> None:
    sandbox.switch("zenskar", "amount_unit", "minor")
    await lost(desk, sandbox, ZENSKAR, made=True)
    (note,) = notes_on(sandbox, ZENSKAR)
    await _decide(desk, note["id"])
    assert said((await found(desk, ZENSKAR)).result) == APPLIED


async def test_what_is_not_open_cannot_be_decided(desk: Desk, sandbox: SandboxControl) -> None:
    await desk.issue(command(ZENSKAR, key="k"))
    await desk.issue(command(ZENSKAR, "900.00", key="refused"))
    for key in ("k", "refused", "never"):
        for note_id in (None, "any"):
            with pytest.raises(NotFound, match="no write with this key whose end is not known"):
                await _decide(desk, note_id, key=key)
    assert (await found(desk, ZENSKAR)).entry.state == "done"


async def test_a_note_that_is_not_there_decides_nothing(desk: Desk, sandbox: SandboxControl) -> None:
    await lost(desk, sandbox, ZENSKAR, made=True)
    with pytest.raises(NotFound):
        await _decide(desk, "00000000-0000-4000-8000-000000009999")
    assert (await found(desk, ZENSKAR)).entry.state == "unknown"


async def test_a_note_of_another_write_decides_nothing(desk: Desk, sandbox: SandboxControl) -> None:
    await lost(desk, sandbox, ZENSKAR, made=True)
    theirs = await desk.issue(command(ZENSKAR, "1.00", key="theirs", invoice=PARTLY_PAID, currency="EUR"))
    assert theirs.note is not None
    with pytest.raises(Conflict, match="belongs to another write"):
        await _decide(desk, theirs.note.ref.external_id)
    assert (await found(desk, ZENSKAR)).entry.state == "unknown"
    assert said(await desk.issue(command(ZENSKAR, key="other"))) == ("NOT_APPLIED", "CONFLICT")


async def test_while_a_request_holds_it_nobody_decides(desk: Desk, sandbox: SandboxControl) -> None:
    await lost(desk, sandbox, ZENSKAR, made=True)
    assert await Lease.acquire(desk.store, keys_of(desk, ZENSKAR).lease, 60)
    with pytest.raises(InProgress):
        await _decide(desk, None)


async def test_a_word_that_cannot_be_put_on_record_is_not_taken(desks: Desks, sandbox: SandboxControl) -> None:
    store = ShakyStore(MemoryStore())
    desk = desks.open(ledger=store)
    await lost(desk, sandbox, ZENSKAR, made=True)
    (note,) = notes_on(sandbox, ZENSKAR)
    for note_id in (note["id"], None):
        store.go_away()
        with pytest.raises(StoreUnavailable):
            await _decide(desk, note_id)
        store.come_back()
        assert (await found(desk, ZENSKAR)).entry.state == "unknown"


async def test_after_the_first_of_two_steps_was_decided_the_repeat_goes_on_with_the_second(
    desk: Desk, sandbox: SandboxControl
) -> None:
    sandbox.fault(provider="chargebee", method="POST", fault="drop_after", times=1)
    await desk.issue(paid_back("k"))
    (note,) = notes_on(sandbox, "chargebee-demo", PAID)
    entry = await _decide(desk, note["id"], account="chargebee-demo")
    assert (entry.state, entry.step) == ("started", 2)
    assert said((await found(desk, "chargebee-demo")).result) == ("PARTIALLY_APPLIED", None)
    assert sandbox.calls("chargebee", "POST") == 1
    ended = await desk.issue(paid_back("k"))
    assert said(ended) == APPLIED
    assert ended.refund_id is not None


async def test_a_refund_that_was_not_done_leaves_its_note_and_may_be_asked_for_again(desk: Desk, sandbox: SandboxControl) -> None:
    sandbox.fault(provider="chargebee", method="POST", path="*/refund", fault="drop_before", times=1)
    await desk.issue(paid_back("k"))
    desk.clock.advance(5)
    entry = await _decide(desk, None, account="chargebee-demo")
    assert (entry.state, entry.step) == ("refused", 2)
    assert (await found(desk, "chargebee-demo")).result.outcome.value == "PARTIALLY_APPLIED"
    ended = await desk.issue(paid_back("k"))
    assert said(ended) == APPLIED
    assert len(notes_on(sandbox, "chargebee-demo", PAID)) == 1

"""The audit: one event for every attempt at a write, with what is needed to find it again and nothing about people or money."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace

import pytest

from app import telemetry
from app.domain.commands import VoidCreditNote
from app.gateway.audit import STREAM, Audit
from app.store import Put
from app.store.memory import MemoryStore
from tests.gateway.operating import keys_of, lost, paid_back, standalone
from tests.gateway.writing import APPLIED, Desk, command, said
from tests.support.clock import Clock
from tests.support.demo import ACCOUNTS, provider
from tests.support.running import SandboxControl
from tests.support.stores import ShakyStore, away

pytestmark = pytest.mark.anyio

Event = Mapping[str, str]
AT = 1_772_366_400.5


async def events(desk: Desk) -> list[Event]:
    """Oldest first, without what differs from run to run."""
    told: list[Event] = []
    for event in reversed(await desk.audit.store.latest(STREAM, 100)):
        assert float(event["at"]) > 0
        assert event["duration_ms"].isdigit()
        told.append({name: value for name, value in event.items() if name not in {"at", "duration_ms"}})
    return told


def event(account: str, outcome: str, **more: str) -> Event:
    return {
        "who": "test",
        "tenant": "default",
        "account": account,
        "operation": "ISSUE",
        "key": "k",
        "outcome": outcome,
        **more,
    }


@pytest.mark.parametrize("account", ACCOUNTS)
async def test_a_write_that_was_applied_and_its_replay_are_an_event_each(desk: Desk, sandbox: SandboxControl, account: str) -> None:
    issued = await desk.issue(replace(command(account, key="k"), reason_text="For Ada Lovelace"))
    await desk.issue(replace(command(account, key="k"), reason_text="For Ada Lovelace"))
    assert issued.note is not None
    note = {"note": issued.note.ref.external_id}
    sent = {"provider_request_id": issued.provider_request_id} if issued.provider_request_id else {}
    assert await events(desk) == [
        event(account, "APPLIED", **note, **sent),
        event(account, "APPLIED", replayed="yes", **note, **sent),
    ]


async def test_what_is_refused_before_anything_is_sent_is_an_event_too(desk: Desk, sandbox: SandboxControl) -> None:
    attempts = [
        replace(command("vcita-demo", key="k"), customer_note="no such field"),
        command("vcita-demo", "900.00", key="k"),
        command("vcita-demo", key="k", currency="EUR"),
    ]
    for attempt in attempts:
        await desk.issue(attempt)
    assert await events(desk) == [
        event("vcita-demo", "NOT_APPLIED", code=code) for code in ("UNSUPPORTED", "AMOUNT_EXCEEDS_CREDITABLE", "CURRENCY_MISMATCH")
    ]
    assert sandbox.calls("vcita", "POST") == 0


async def test_what_its_own_memory_refuses_is_an_event(desk: Desk, sandbox: SandboxControl) -> None:
    await lost(desk, sandbox, "zenskar-demo", made=True)
    await desk.issue(command("zenskar-demo", "11.00", key="k"))
    async with desk.writes.ledger.hold_open(keys_of(desk, "zenskar-demo")):
        await desk.issue(command("zenskar-demo", key="k"))
    await desk.issue(command("zenskar-demo", key="other"))
    assert [(told["key"], told["outcome"], told["code"]) for told in await events(desk)] == [
        ("k", "UNKNOWN", "OUTCOME_UNKNOWN"),
        ("k", "NOT_APPLIED", "IDEMPOTENCY_KEY_REUSED"),
        ("k", "UNKNOWN", "IDEMPOTENCY_IN_PROGRESS"),
        ("other", "NOT_APPLIED", "CONFLICT"),
    ]


@pytest.mark.parametrize("account", ACCOUNTS)
async def test_what_the_watch_finds_is_told_as_its_own(desk: Desk, sandbox: SandboxControl, account: str) -> None:
    await lost(desk, sandbox, account, made=True)
    watch = desk.watch()
    await watch.round()  # too early: no attempt, no event
    desk.clock.advance(5)
    await watch.round()
    await watch.round()
    first, found = await events(desk)
    assert first == event(account, "UNKNOWN", code="OUTCOME_UNKNOWN")
    assert {name: found[name] for name in ("who", "key", "outcome", "replayed")} == {
        "who": "watch",
        "key": "k",
        "outcome": "APPLIED",
        "replayed": "yes",
    }


@pytest.mark.parametrize("account", ACCOUNTS)
async def test_what_the_watch_gives_up_is_told_once(desk: Desk, sandbox: SandboxControl, account: str) -> None:
    await lost(desk, sandbox, account, made=False)
    watch = desk.watch()
    for _ in range(2):
        desk.clock.advance(600)
        await watch.round()
    _, given_up = await events(desk)
    assert given_up == {**event(account, "NOT_APPLIED", code="PROVIDER_UNAVAILABLE"), "who": "watch"}


async def test_voids_refunds_and_notes_without_an_invoice_are_events(desk: Desk, sandbox: SandboxControl) -> None:
    issued = await desk.issue(standalone("k"))
    assert issued.note is not None
    await desk.void(VoidCreditNote(key="k", note=issued.note.ref))
    paid = await desk.issue(paid_back("two steps"))
    assert paid.note is not None
    assert paid.refund_id is not None
    told = [{name: one[name] for name in ("operation", "key", "note", "refund") if name in one} for one in await events(desk)]
    assert told == [
        {"operation": "ISSUE", "key": "k", "note": issued.note.ref.external_id},
        {"operation": "VOID", "key": "k", "note": issued.note.ref.external_id},
        {"operation": "ISSUE", "key": "two steps", "note": paid.note.ref.external_id, "refund": paid.refund_id},
    ]


async def test_the_request_it_came_with_and_the_time_are_told(desk: Desk, sandbox: SandboxControl) -> None:
    store = MemoryStore()
    audit = Audit(store=store, most=10, clock=Clock(AT))
    token = telemetry.request_id.set("r-1")
    issued = await desk.issue(command("vcita-demo", key="k"))
    await audit.attempted(keys_of(desk, "vcita-demo"), issued, who="somebody", duration_s=0.0124)
    telemetry.request_id.reset(token)
    (told,) = await store.latest(STREAM, 2)
    assert (told["at"], told["request_id"], told["who"], told["duration_ms"]) == (f"{AT:.3f}", "r-1", "somebody", "12")
    (of_desk,) = await desk.audit.store.latest(STREAM, 2)
    assert of_desk["request_id"] == "r-1"


async def test_the_stream_keeps_the_last_events_only(desk: Desk, sandbox: SandboxControl) -> None:
    store = MemoryStore()
    audit = Audit(store=store, most=3)
    issued = await desk.issue(command("vcita-demo", key="k"))
    for number in range(5):
        await audit.attempted(keys_of(desk, "vcita-demo", key=f"k-{number}"), issued, who="test", duration_s=0.0)
    assert [told["key"] for told in await store.latest(STREAM, 100)] == ["k-4", "k-3", "k-2"]


@pytest.mark.parametrize("trouble", ["away", "answer lost", "something else under its name"])
async def test_a_stream_that_cannot_be_written_stops_no_write_and_the_log_has_the_event(
    desk: Desk, sandbox: SandboxControl, capsys: pytest.CaptureFixture[str], trouble: str
) -> None:
    store = away(MemoryStore()) if trouble == "away" else ShakyStore(MemoryStore())
    if trouble == "answer lost":
        store.mishap = lambda _: "after"
    elif trouble != "away":
        await store.put_many({STREAM: Put(b"no stream")})
    writes = replace(desk.writes, audit=Audit(store=store, most=10))
    issued = await replace(desk, writes=writes).issue(command("zenskar-demo", key="k"))
    assert said(issued) == APPLIED
    assert store.calls[-1] == "append"
    logged = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    (written,) = [line for line in logged if line["event"] == "write"]
    (failed,) = [line for line in logged if line["event"] == "store out of reach"]
    assert (written["account"], written["key"], written["outcome"]) == ("zenskar-demo", "k", "APPLIED")
    assert failed["operation"] == "audit"


@pytest.mark.parametrize("account", ACCOUNTS)
async def test_neither_the_stream_nor_the_log_tells_of_people_or_money(
    desk: Desk, sandbox: SandboxControl, capsys: pytest.CaptureFixture[str], account: str
) -> None:
    sandbox.fault(provider=provider(account), method="POST", fault="drop_after", times=1)
    for key, amount in (("a", "123.45"), ("a", "123.45"), ("b", "98765.43")):
        await desk.issue(replace(command(account, amount, key=key), reason_text="For Ada Lovelace"))
    told = capsys.readouterr().out + json.dumps(await events(desk))
    for word in ("123.45", "98765.43", "USD", "Ada", "Acme", "acme", "ORDER_CHANGE"):
        assert word not in told

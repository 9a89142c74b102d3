"""Voiding a note at every provider that can: once, whatever is lost, and with the truth at the end."""

from __future__ import annotations

import pytest

from app.domain.vocabulary import Status
from tests.gateway.altering import VOID_METHOD, VOIDING, Held, refundable, voidable
from tests.gateway.mishaps import LONG_PAST_S, LOST, NATIVE, REFUSED, SETTLING_S, Lost
from tests.gateway.writing import APPLIED, UNKNOWN, Desk, command, said
from tests.support.demo import provider
from tests.support.running import SandboxControl

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("short_timeouts")]


def voids(sandbox: SandboxControl) -> int:
    """Calls that were to void a note."""
    asked = sandbox.requests().items()
    return sum(count for (_, method, path), count in asked if method == "PATCH" or path.endswith("/void"))


@pytest.mark.parametrize("account", VOIDING)
async def test_a_note_is_voided_once_and_a_repeat_answers_without_a_call(desk: Desk, sandbox: SandboxControl, account: str) -> None:
    note = await voidable(desk, account)
    first = await desk.void(note.void("v"))
    assert (said(first), first.replayed) == (APPLIED, False)
    assert first.note is not None
    assert (first.note.ref.external_id, first.note.status) == (note.id, Status.VOIDED)
    assert note.in_books(sandbox)["status"] in {"voided", "void"}
    calls = sandbox.requests()
    again = await desk.void(note.void("v"))
    assert (said(again), again.replayed, again.note) == (APPLIED, True, first.note)
    assert sandbox.requests() == calls
    assert said(await desk.void(note.void("v", text="because"))) == ("NOT_APPLIED", "IDEMPOTENCY_KEY_REUSED")


@pytest.mark.parametrize("account", VOIDING)
async def test_another_key_finds_it_voided_and_sends_nothing(desk: Desk, sandbox: SandboxControl, account: str) -> None:
    note = await voidable(desk, account)
    await desk.void(note.void("one"))
    refused = await desk.void(note.void("two"))
    assert (said(refused), refused.errors[0].path) == (("NOT_APPLIED", "WRONG_STATE"), ("id",))
    assert voids(sandbox) == 1


@pytest.mark.parametrize("account", VOIDING)
@pytest.mark.parametrize("lost", LOST.values(), ids=LOST)
async def test_a_lost_void_is_unknown_blocks_its_invoice_and_ends_in_the_truth(
    desk: Desk, sandbox: SandboxControl, account: str, lost: Lost
) -> None:
    note = await voidable(desk, account)
    sandbox.fault(provider=provider(account), method=VOID_METHOD[account], times=1, **lost.rule)
    first = await desk.void(note.void("v"))
    assert (said(first), first.errors[0].retry_after) == (UNKNOWN, lost.settles_s)
    assert said(await desk.issue(command(account, key="other"))) == ("NOT_APPLIED", "CONFLICT")
    at_once = await desk.void(note.void("v"))
    known_at_once = lost.made or (account in NATIVE and lost.settles_s == SETTLING_S)
    assert said(at_once) == (APPLIED if known_at_once else UNKNOWN)
    desk.clock.advance(lost.settles_s)
    assert said(await desk.void(note.void("v"))) == APPLIED
    assert note.in_books(sandbox)["status"] in {"voided", "void"}
    assert voids(sandbox) == 2 - lost.made
    assert said(await desk.issue(command(account, key="other"))) == APPLIED


@pytest.mark.parametrize("account", VOIDING)
@pytest.mark.parametrize(("status", "code"), REFUSED.items())
async def test_a_refused_void_changes_nothing_and_its_key_may_be_used_again(
    desk: Desk, sandbox: SandboxControl, account: str, status: int, code: str
) -> None:
    note = await voidable(desk, account)
    sandbox.fault(provider=provider(account), method=VOID_METHOD[account], fault="status", status=status, times=1)
    assert said(await desk.void(note.void("v"))) == ("NOT_APPLIED", code)
    assert note.in_books(sandbox)["status"] not in {"voided", "void"}
    assert said(await desk.void(note.void("v"))) == APPLIED


@pytest.mark.parametrize("account", VOIDING)
async def test_a_void_that_never_came_begins_anew_after_ten_minutes(desk: Desk, sandbox: SandboxControl, account: str) -> None:
    note = await voidable(desk, account)
    sandbox.fault(provider=provider(account), method=VOID_METHOD[account], fault="drop_before", times=1)
    await desk.void(note.void("v"))
    desk.clock.advance(LONG_PAST_S)
    ended = await desk.void(note.void("v"))
    assert (said(ended), ended.replayed) == (APPLIED, False)


@pytest.mark.parametrize("account", ["vcita-demo"])
async def test_where_a_note_cannot_be_withdrawn_nothing_is_asked(desk: Desk, sandbox: SandboxControl, account: str) -> None:
    note = await refundable(desk, account)
    calls = sandbox.requests()
    refused = await desk.void(note.void("v"))
    assert (said(refused), refused.errors[0].path) == (("NOT_APPLIED", "UNSUPPORTED"), ("id",))
    assert sandbox.requests() == calls


@pytest.mark.parametrize("account", VOIDING)
async def test_a_note_nobody_has_is_not_found(desk: Desk, account: str) -> None:
    missing = Held(account=account, id="00000000-0000-4000-8000-ffffffffffff")
    refused = await desk.void(missing.void("v"))
    assert (said(refused), refused.errors[0].path) == (("NOT_APPLIED", "NOT_FOUND"), ("id",))


async def test_an_account_nobody_has_is_not_found(desk: Desk) -> None:
    refused = await desk.void(Held(account="nobody", id="n").void("v"))
    assert (said(refused), refused.errors[0].path) == (("NOT_APPLIED", "NOT_FOUND"), ("id",))

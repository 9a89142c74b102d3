"""Every way a provider can fail during a write: what the caller is told, what the books hold, and how the same key ends in the truth."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.sandbox.server import Addresses
from tests.gateway.mishaps import LOST, NATIVE, REFUSED, SETTLING_AFTER_TIMEOUT_S, SETTLING_S, Lost
from tests.gateway.writing import APPLIED, UNKNOWN, Desk, Desks, command, ids, notes_on, said
from tests.support.demo import ACCOUNTS, PARTLY_PAID, provider
from tests.support.running import SandboxControl

pytestmark = [pytest.mark.anyio, pytest.mark.rounds, pytest.mark.usefixtures("short_timeouts")]

UNREADABLE_READS = {
    "cut": ({"fault": "drop_before"}, "PROVIDER_UNAVAILABLE"),
    "500": ({"fault": "status", "status": 500}, "PROVIDER_UNAVAILABLE"),
    "garbage": ({"fault": "garbage"}, "PROVIDER_BAD_PAYLOAD"),
    "html": ({"fault": "html"}, "PROVIDER_BAD_PAYLOAD"),
    "late": ({"fault": "delay", "delay_ms": 1000}, "PROVIDER_TIMEOUT"),
    "401": ({"fault": "status", "status": 401}, "PROVIDER_UNAUTHENTICATED"),
    "403": ({"fault": "status", "status": 403}, "PROVIDER_FORBIDDEN"),
    "429": ({"fault": "status", "status": 429, "retry_after": 60}, "PROVIDER_RATE_LIMITED"),
}


@pytest.mark.parametrize("account", ACCOUNTS)
@pytest.mark.parametrize("lost", LOST.values(), ids=LOST)
async def test_a_lost_answer_is_told_as_unknown_and_the_key_ends_in_the_truth(
    desk: Desk, sandbox: SandboxControl, account: str, lost: Lost
) -> None:
    sandbox.fault(provider=provider(account), method="POST", times=1, **lost.rule)
    first = await desk.issue(command(account, key="lost"))
    assert (said(first), first.note) == (UNKNOWN, None)
    assert first.errors[0].retryable
    assert first.errors[0].retry_after == lost.settles_s
    assert len(notes_on(sandbox, account)) == lost.made

    assert said(await desk.issue(command(account, key="other"))) == ("NOT_APPLIED", "CONFLICT")
    assert said(await desk.issue(command(account, "11.00", key="lost"))) == ("NOT_APPLIED", "IDEMPOTENCY_KEY_REUSED")

    at_once = await desk.issue(command(account, key="lost"))
    known_at_once = lost.made or (account in NATIVE and lost.settles_s == SETTLING_S)
    assert said(at_once) == (APPLIED if known_at_once else UNKNOWN)
    if not known_at_once:
        assert sandbox.calls(provider(account), "POST") == 1

    desk.clock.advance(lost.settles_s)
    found = await desk.issue(command(account, key="lost"))
    assert (said(found), found.replayed) == (APPLIED, known_at_once)
    assert found.note is not None
    assert ids(notes_on(sandbox, account)) == [found.note.ref.external_id]
    assert sandbox.calls(provider(account), "POST") == 2 - lost.made
    assert said(await desk.issue(command(account, key="other"))) == APPLIED


@pytest.mark.parametrize("account", ACCOUNTS)
@pytest.mark.parametrize(("status", "code"), REFUSED.items())
async def test_a_refusal_of_the_first_send_means_nothing_happened_and_the_key_may_be_used_again(
    desk: Desk, sandbox: SandboxControl, account: str, status: int, code: str
) -> None:
    sandbox.fault(provider=provider(account), method="POST", fault="status", status=status, times=1)
    refused = await desk.issue(command(account, key="refused"))
    assert (said(refused), refused.errors[0].account) == (("NOT_APPLIED", code), account)
    assert notes_on(sandbox, account) == []
    assert said(await desk.issue(command(account, key="other"))) == APPLIED
    again = await desk.issue(command(account, "11.00", key="refused"))
    assert (said(again), again.replayed) == (APPLIED, False)
    assert len(notes_on(sandbox, account)) == 2


async def test_a_collision_the_provider_names_is_a_refusal_and_one_it_does_not_name_may_have_been_our_own(
    desk: Desk, sandbox: SandboxControl
) -> None:
    sandbox.fault(method="POST", fault="status", status=409)
    told = {account: said(await desk.issue(command(account, key="collides"))) for account in ACCOUNTS}
    assert told == {
        "chargebee-demo": ("NOT_APPLIED", "INVOICE_NOT_CREDITABLE"),
        "vcita-demo": UNKNOWN,  # no number was asked for: a duplicate can only be our own
        "zenskar-demo": UNKNOWN,
    }
    assert [notes_on(sandbox, account) for account in ACCOUNTS] == [[], [], []]


@pytest.mark.parametrize("account", ACCOUNTS)
async def test_a_refused_repeat_does_not_tell_what_became_of_the_first_attempt(
    desk: Desk, sandbox: SandboxControl, account: str
) -> None:
    sandbox.fault(provider=provider(account), method="POST", fault="drop_before", times=1)
    sandbox.fault(provider=provider(account), method="POST", fault="status", status=403, times=1)
    assert said(await desk.issue(command(account, key="k"))) == UNKNOWN
    desk.clock.advance(SETTLING_S)
    refused = await desk.issue(command(account, key="k"))
    assert said(refused) == UNKNOWN
    assert refused.errors[0].provider is not None
    assert refused.errors[0].provider.http_status == 403
    assert said(await desk.issue(command(account, key="other"))) == ("NOT_APPLIED", "CONFLICT")
    desk.clock.advance(SETTLING_S)
    assert said(await desk.issue(command(account, key="k"))) == APPLIED
    assert len(notes_on(sandbox, account)) == 1


@pytest.mark.parametrize("account", ACCOUNTS)
@pytest.mark.parametrize("fault", UNREADABLE_READS.values(), ids=UNREADABLE_READS)
async def test_an_invoice_that_cannot_be_read_is_not_written_to(
    desk: Desk, sandbox: SandboxControl, account: str, fault: tuple[Mapping[str, Any], str]
) -> None:
    rule, code = fault
    sandbox.fault(provider=provider(account), method="GET", **rule)
    result = await desk.issue(command(account, key="k"))
    assert (said(result), result.errors[0].account) == (("NOT_APPLIED", code), account)
    assert sandbox.calls(provider(account), "POST") == 0


@pytest.mark.parametrize("account", ACCOUNTS)
async def test_a_lost_answer_stays_unknown_while_the_notes_cannot_be_read(
    desk: Desk, sandbox: SandboxControl, account: str
) -> None:
    sandbox.fault(provider=provider(account), method="POST", fault="drop_after", times=1)
    await desk.issue(command(account, key="k"))
    desk.clock.advance(SETTLING_AFTER_TIMEOUT_S)
    sandbox.fault(provider=provider(account), method="GET", fault="status", status=500, times=3)
    assert said(await desk.issue(command(account, key="k"))) == UNKNOWN
    assert sandbox.calls(provider(account), "POST") == 1
    assert said(await desk.issue(command(account, key="k"))) == APPLIED
    assert sandbox.calls(provider(account), "POST") == 1


@pytest.mark.parametrize("account", ACCOUNTS)
async def test_the_conflict_names_the_key_to_repeat_and_spares_other_invoices(
    desk: Desk, sandbox: SandboxControl, account: str
) -> None:
    sandbox.fault(provider=provider(account), method="POST", fault="drop_after", times=1)
    await desk.issue(command(account, key="the-first-key"))
    result = await desk.issue(command(account, key="another"))
    (problem,) = result.errors
    assert (said(result), problem.retryable) == (("NOT_APPLIED", "CONFLICT"), True)
    assert "'the-first-key'" in problem.message
    assert said(await desk.issue(command(account, "1.00", invoice=PARTLY_PAID, currency="EUR"))) == APPLIED


MISHAPS = [lost.rule for lost in LOST.values() if lost.rule["fault"] != "delay"] + [
    {"fault": "status", "status": status} for status in (400, 403, 409, 429, 503)
]


@pytest.mark.parametrize("account", ACCOUNTS)
@given(mishaps=st.lists(st.tuples(st.sampled_from(["POST", "GET"]), st.sampled_from(MISHAPS)), min_size=1, max_size=4))
@settings(max_examples=10)
async def test_no_sequence_of_faults_and_repeats_makes_a_second_note(
    addresses: Addresses, control: SandboxControl, account: str, mishaps: list[tuple[str, Mapping[str, Any]]]
) -> None:
    control.reset()
    desks = Desks(addresses)
    desk = desks.open()
    for method, rule in mishaps:
        control.fault(provider=provider(account), method=method, times=1, **rule)
        result = await desk.issue(command(account, key="one"))
        held = notes_on(control, account)
        assert len(held) <= 1
        assert held or result.note is None
        assert not held or result.outcome.value != "NOT_APPLIED"
        desk.clock.advance(SETTLING_S)
    for _ in mishaps:  # rules that were not met yet
        await desk.issue(command(account, key="one"))
        desk.clock.advance(SETTLING_AFTER_TIMEOUT_S)
    ended = await desk.issue(command(account, key="one"))
    await desks.aclose()
    assert said(ended) == APPLIED
    assert ended.note is not None
    assert ids(notes_on(control, account)) == [ended.note.ref.external_id]

"""`credit-notes operations` and `credit-notes resolve`: what an operator sees of the ledger, and how a person's word ends a write."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner

from app.cli import main
from app.domain.commands import VoidCreditNote
from app.domain.vocabulary import Operation
from app.gateway.audit import STREAM
from app.gateway.entries import EntryKeys
from app.sandbox.server import Addresses, bind
from app.store import Lease
from tests.gateway.operating import lost, paid_back
from tests.gateway.writing import Desk, command, notes_on, said
from tests.support.demo import PARTLY_PAID, invoice_id
from tests.support.installation import HEAD, Site, install, refusal, table
from tests.support.running import SandboxControl

COMMANDS = [("operations",), ("resolve", "zenskar-demo", "ISSUE", "k", "--absent")]


@pytest.fixture
def site(addresses: Addresses, sandbox: SandboxControl, redis_url: str, tmp_path: Path) -> Site:
    return install(addresses, redis_url, tmp_path)


@pytest.fixture
def left_open(site: Site, sandbox: SandboxControl) -> str:
    """The note of a write at Zenskar whose answer was lost."""
    site.writing(lambda desk: lost(desk, sandbox, "zenskar-demo", made=True))
    (note,) = notes_on(sandbox, "zenskar-demo")
    id: str = note["id"]
    return id


async def _three_writes(desk: Desk, sandbox: SandboxControl) -> str:
    done = await desk.issue(command("chargebee-demo", key="first"))
    desk.clock.advance(600)
    await lost(desk, sandbox, "zenskar-demo", made=True, key="it's the second")
    desk.clock.advance(600)
    await desk.issue(command("chargebee-demo", "900.00", key="third"))
    assert done.note is not None
    return done.note.ref.external_id


def test_the_writes_of_all_accounts_are_listed_the_last_attempted_first(site: Site, sandbox: SandboxControl) -> None:
    note = site.writing(lambda desk: _three_writes(desk, sandbox))
    third = ["chargebee-demo", "ISSUE", "third", "REFUSED", "NOT_APPLIED", "40 min", "0", "-", "AMOUNT_EXCEEDS_CREDITABLE"]
    second = ["zenskar-demo", "ISSUE", "'it'\"'\"'s the second'", "UNKNOWN", "UNKNOWN", "50 min", "1", "-", "OUTCOME_UNKNOWN"]
    first = ["chargebee-demo", "ISSUE", "first", "DONE", "APPLIED", "60 min", "1", note, "OK"]
    assert site.rows("operations") == [third, second, first]
    assert site.rows("operations", "--unknown") == [second]
    assert site.rows("operations", "--account", "chargebee-demo") == [third, first]
    assert site.rows("operations", "--account", "chargebee-demo", "--unknown") == []
    limited = site.run("operations", "--limit", "1")
    assert (limited.exit_code, table(limited), limited.stderr) == (0, [HEAD, third], "credit-notes: 2 more; --limit shows them\n")


def test_a_ledger_with_nothing_in_it_is_a_table_without_rows(site: Site) -> None:
    assert site.rows("operations") == []


@pytest.mark.usefixtures("left_open")
def test_listing_asks_no_provider_and_changes_nothing(site: Site, sandbox: SandboxControl) -> None:
    before = sandbox.requests()
    assert site.rows("operations") == site.rows("operations", "--unknown")
    assert sandbox.requests() == before


def test_a_note_a_person_names_ends_its_write_and_frees_the_invoice(site: Site, sandbox: SandboxControl, left_open: str) -> None:
    sent = sandbox.calls("zenskar", "POST")
    (row,) = site.rows("resolve", "zenskar-demo", "issue", "k", "--note", left_open)
    assert row == ["zenskar-demo", "ISSUE", "k", "DONE", "APPLIED", "60 min", "1", left_open, "OK"]
    assert sandbox.calls("zenskar", "POST") == sent
    again = site.writing(lambda desk: desk.issue(command("zenskar-demo", key="k")), at=0)
    assert (said(again), again.replayed) == (("APPLIED", None), True)
    assert again.note is not None
    assert again.note.ref.external_id == left_open
    assert said(site.writing(lambda desk: desk.issue(command("zenskar-demo", key="other")), at=0)) == ("APPLIED", None)
    assert site.rows("operations", "--unknown") == []


def test_a_write_a_person_says_was_not_done_may_be_done_again(site: Site, sandbox: SandboxControl) -> None:
    site.writing(lambda desk: lost(desk, sandbox, "zenskar-demo", made=False))
    (row,) = site.rows("resolve", "zenskar-demo", "ISSUE", "k", "--absent")
    assert row[3:5] == ["REFUSED", "NOT_APPLIED"]
    assert said(site.writing(lambda desk: desk.issue(command("zenskar-demo", "11.00", key="k")), at=0)) == ("APPLIED", None)
    assert [note["minor"] for note in notes_on(sandbox, "zenskar-demo")] == [11_00]


def test_a_persons_word_is_in_the_audit(site: Site, left_open: str) -> None:
    site.rows("resolve", "zenskar-demo", "ISSUE", "k", "--note", left_open)

    async def last(desk: Desk) -> Mapping[str, str]:
        (event,) = await desk.store.latest(STREAM, 1)
        return event

    event = site.writing(last)
    told = {name: event[name] for name in ("who", "account", "operation", "key", "outcome", "note")}
    assert told == {
        "who": "operator",
        "account": "zenskar-demo",
        "operation": "ISSUE",
        "key": "k",
        "outcome": "APPLIED",
        "note": left_open,
    }


def test_after_the_first_of_two_steps_the_client_is_waited_for(site: Site, sandbox: SandboxControl) -> None:
    sandbox.fault(provider="chargebee", method="POST", fault="drop_after", times=1)
    site.writing(lambda desk: desk.issue(paid_back("k")))
    note = sandbox.books()["chargebee"]["notes"][-1]["id"]
    result = site.run("resolve", "chargebee-demo", "ISSUE", "k", "--note", note)
    assert (result.exit_code, table(result)[1][3:5]) == (0, ["STARTED", "PARTIALLY_APPLIED"])
    assert "has not been sent" in result.stderr
    ended = site.writing(lambda desk: desk.issue(paid_back("k")), at=0)
    assert said(ended) == ("APPLIED", None)
    assert ended.refund_id is not None


async def _void_lost(desk: Desk, sandbox: SandboxControl) -> tuple[str, str]:
    one, other = [await desk.issue(command("chargebee-demo")) for _ in range(2)]
    assert one.note is not None
    assert other.note is not None
    sandbox.fault(provider="chargebee", method="POST", fault="drop_after", times=1)
    assert said(await desk.void(VoidCreditNote(key="v", note=one.note.ref))) == ("UNKNOWN", "OUTCOME_UNKNOWN")
    return one.note.ref.external_id, other.note.ref.external_id


def test_a_void_is_about_its_own_note_and_no_other(site: Site, sandbox: SandboxControl) -> None:
    note, other = site.writing(lambda desk: _void_lost(desk, sandbox))
    (row,) = site.rows("operations", "--unknown")
    assert row == ["chargebee-demo", "VOID", "v", "UNKNOWN", "UNKNOWN", "60 min", "1", note, "OUTCOME_UNKNOWN"]
    told = refusal(site.run("resolve", "chargebee-demo", "VOID", "v", "--note", other))
    assert note in told
    assert other in told
    assert site.rows("operations", "--unknown") == [row]
    (row,) = site.rows("resolve", "chargebee-demo", "VOID", "v", "--note", note)
    assert (row[3:5], row[7]) == (["DONE", "APPLIED"], note)


async def _notes_of_others(desk: Desk) -> tuple[str, str]:
    claimed = await desk.issue(command("zenskar-demo", "1.00", key="theirs", invoice=PARTLY_PAID, currency="EUR"))
    assert claimed.note is not None
    return claimed.note.ref.external_id, "00000000-0000-4000-8000-000000003001"


def test_a_note_that_cannot_be_this_writes_is_refused_and_nothing_is_decided(
    site: Site, sandbox: SandboxControl, left_open: str
) -> None:
    theirs, elsewhere = site.writing(_notes_of_others)
    said_of = {
        note: refusal(site.run("resolve", "zenskar-demo", "ISSUE", "k", "--note", note))
        for note in (theirs, elsewhere, "00000000-0000-4000-8000-000000009999")
    }
    assert f"{theirs!r} belongs to another write" in said_of[theirs]
    assert f"is on invoice {invoice_id('zenskar-demo', 2001)!r}" in said_of[elsewhere]
    assert "00000000-0000-4000-8000-000000009999" in said_of["00000000-0000-4000-8000-000000009999"]
    ((*_, state, _outcome, _age, _attempts, _note, _code),) = site.rows("operations", "--unknown")
    assert state == "UNKNOWN"
    assert site.rows("resolve", "zenskar-demo", "ISSUE", "k", "--note", left_open)


def test_only_a_write_without_a_known_end_can_be_decided(site: Site, left_open: str) -> None:
    resolve = ("resolve", "zenskar-demo", "ISSUE", "k")
    site.rows(*resolve, "--note", left_open)
    nothing = "there is no write with this key whose end is not known, or of which a part is missing"
    assert refusal(site.run(*resolve, "--absent")) == nothing
    assert refusal(site.run(*resolve, "--note", left_open)) == nothing
    assert refusal(site.run("resolve", "zenskar-demo", "ISSUE", "another", "--absent")) == nothing
    assert refusal(site.run("resolve", "zenskar-demo", "VOID", "k", "--absent")) == nothing
    assert refusal(site.run("resolve", "chargebee-demo", "ISSUE", "k", "--absent")) == nothing
    ((*_, state, _outcome, _age, _attempts, note, _code),) = site.rows("operations")
    assert (state, note) == ("DONE", left_open)


@pytest.mark.usefixtures("left_open")
def test_while_somebody_works_on_it_nothing_is_decided(site: Site) -> None:
    async def held(desk: Desk) -> None:
        keys = EntryKeys(account=desk.account("zenskar-demo"), operation=Operation.ISSUE, key="k")
        assert await Lease.acquire(desk.store, keys.lease, 60)

    site.writing(held)
    assert "still running" in refusal(site.run("resolve", "zenskar-demo", "ISSUE", "k", "--absent"))


def test_a_write_the_provider_may_still_be_at_is_not_called_absent(site: Site, sandbox: SandboxControl) -> None:
    sandbox.fault(provider="zenskar", method="POST", fault="status", status=408, times=1)
    site.writing(lambda desk: desk.issue(command("zenskar-demo", key="k")), at=0)
    told = refusal(site.run("resolve", "zenskar-demo", "ISSUE", "k", "--absent"))
    assert "still be at work" in told
    assert site.rows("operations", "--unknown")


def test_an_account_that_is_not_there_is_named(site: Site) -> None:
    for arguments in (("operations", "--account", "nobody"), ("resolve", "nobody", "ISSUE", "k", "--absent")):
        assert refusal(site.run(*arguments)) == "no account 'nobody'"


@pytest.mark.parametrize("arguments", COMMANDS, ids=["operations", "resolve"])
def test_without_redis_and_accounts_both_are_asked_for(arguments: tuple[str, ...]) -> None:
    environment = {"CREDIT_NOTES_CONFIG": None, "CREDIT_NOTES_REDIS_URL": None}
    result = CliRunner(env=environment).invoke(main, arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    redis, accounts = result.stderr.splitlines()
    assert redis.startswith("credit-notes: CREDIT_NOTES_REDIS_URL: ")
    assert "own memory" in redis
    assert "CREDIT_NOTES_CONFIG" in accounts


@pytest.mark.parametrize("arguments", COMMANDS, ids=["operations", "resolve"])
def test_a_redis_that_does_not_answer_is_said(site: Site, arguments: tuple[str, ...]) -> None:
    with bind("127.0.0.1", 0) as closed:  # bound and not listening: whoever connects is refused
        away = Site(addresses=site.addresses, config=site.config, redis_url=f"redis://127.0.0.1:{closed.getsockname()[1]}/0")
        assert refusal(away.run(*arguments), 2).startswith("CREDIT_NOTES_REDIS_URL: Redis is out of reach")


@pytest.mark.parametrize(
    "said", [(), ("--note", "n-1", "--absent"), ("--absent", "--given-up")], ids=["none", "a note", "two words"]
)
def test_one_word_is_needed_and_one_only(site: Site, said: tuple[str, ...]) -> None:
    result = site.run("resolve", "zenskar-demo", "ISSUE", "k", *said)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "one of --note NOTE_ID, --absent and --given-up" in result.stderr


@pytest.mark.parametrize("arguments", [["operations", "--limit", "0"], ["resolve", "zenskar-demo", "LIST", "k", "--absent"]])
def test_what_cannot_be_meant_is_refused_with_the_usage(site: Site, arguments: list[str]) -> None:
    result = site.run(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "Usage:" in result.stderr


@pytest.mark.parametrize("name", ["operations", "resolve"])
def test_help_is_there(name: str) -> None:
    assert "Usage:" in CliRunner().invoke(main, [name, "-h"]).output

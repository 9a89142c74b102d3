"""The suite every provider passes: notes read exactly, ids answered one by one, failures told apart."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
import structlog.testing

from app.domain.commands import CreditNoteFilter, PageRequest
from app.domain.credit_note import CreditNote
from app.domain.errors import BadPayload, NotFound
from app.domain.money import exponent
from app.domain.vocabulary import Order, Status
from app.providers import PROVIDERS
from tests.providers import CASES
from tests.providers.case import MEANINGS, ProviderCase
from tests.providers.conftest import SUITE, Opened

pytestmark = pytest.mark.anyio


def test_every_provider_has_a_case() -> None:
    assert {case.name: case.spec for case in CASES} == dict(PROVIDERS)


def test_a_case_has_a_reply_for_every_meaning_and_no_other_name_for_one(case: ProviderCase) -> None:
    assert set(MEANINGS) <= {reply.stem for reply in (case.recorded.folder / "replies").iterdir()}
    assert {"found", "issued", "issue.request"} <= {file.stem for file in (case.recorded.folder / "expected").iterdir()}
    for meaning in MEANINGS:
        assert set(case.reply(meaning)) == {"status", "headers", "body"}


def test_a_deviation_names_a_test_of_the_suite_and_says_why(case: ProviderCase) -> None:
    files = Path(__file__).parent.glob(f"{SUITE}*.py")
    suite = {name for file in files for name in re.findall(r"^(?:async )?def (test_\w+)\(", file.read_text(), re.MULTILINE)}
    assert set(case.deviates) <= suite
    assert all(len(reason.split()) > 3 for reason in case.deviates.values())


async def test_a_note_is_read_whole(opened: Opened, case: ProviderCase) -> None:
    assert in_json(await opened.read("found")) == case.expected("found")


async def test_an_issued_note_is_read_whole(opened: Opened, case: ProviderCase) -> None:
    assert in_json(await opened.issue("issued")) == case.expected("issued")


async def test_every_id_asked_for_is_answered_and_absence_is_a_value(opened: Opened, case: ProviderCase) -> None:
    opened.desk.lay_out(case.reply("found"))
    opened.desk.lay_out(case.reply("absent"), where=case.absent_id)
    found = await opened.adapter.fetch_many([case.absent_id, case.known_id, case.absent_id])
    assert set(found) == {case.absent_id, case.known_id}
    assert isinstance(found[case.known_id], CreditNote)
    absent = found[case.absent_id]
    assert isinstance(absent, NotFound)
    assert absent.account == case.account.name


async def test_no_answer_is_given_for_an_id_that_was_not_asked_for(opened: Opened, case: ProviderCase) -> None:
    opened.desk.lay_out(case.reply("found"))
    found = await opened.adapter.fetch_many([case.absent_id])
    assert set(found) == {case.absent_id}
    assert not isinstance(found[case.absent_id], CreditNote)


async def test_many_notes_are_read_in_as_few_calls_as_the_provider_allows(opened: Opened, case: ProviderCase) -> None:
    ids = list(case.amounts)
    lay_out_many(opened, case)
    found = await opened.adapter.fetch_many([*ids, *ids])
    assert set(found) == set(ids)
    assert len(opened.desk.arrived) == math.ceil(len(ids) / case.spec.capabilities.batch_size)
    for request in opened.desk.arrived:
        assert 1 <= sum(id in request.asked for id in ids) <= case.spec.capabilities.batch_size


async def test_amounts_of_every_kind_of_currency_are_read_exactly(opened: Opened, case: ProviderCase) -> None:
    assert {0, 2, 3} <= {exponent(total.currency) for total in case.amounts.values()}
    lay_out_many(opened, case)
    found = await opened.adapter.fetch_many(list(case.amounts))
    for id, total in case.amounts.items():
        note = found[id]
        assert isinstance(note, CreditNote), note
        assert (note.total, note.currency) == (total, total.currency)


async def test_pages_lead_on_to_the_last_one_newest_first(opened: Opened, case: ProviderCase) -> None:
    everywhere, size = CreditNoteFilter(), case.page_size
    opened.desk.lay_out(case.reply("page_first"))
    first = await opened.adapter.list(everywhere, PageRequest(size=size))
    assert first.next is not None
    opened.desk.lay_out(case.reply("page_last"))
    last = await opened.adapter.list(everywhere, PageRequest(size=size, token=first.next))
    assert (last.next, last.token, len(first.notes)) == (None, first.next, size)
    asked = [request.target for request in opened.desk.arrived]
    assert len(asked) == len(set(asked)) == 2
    shown = [note.ref.external_id for note in (*first.notes, *last.notes)]
    assert len(shown) == len(set(shown))
    dates = [note.issued_at for note in (*first.notes, *last.notes)]
    assert dates == sorted(dates, reverse=True)


async def test_a_page_can_be_read_again(opened: Opened, case: ProviderCase) -> None:
    opened.desk.lay_out(case.reply("page_first"))
    again = PageRequest(size=case.page_size, token=(await opened.adapter.list(CreditNoteFilter(), PageRequest(size=2))).token)
    await opened.adapter.list(CreditNoteFilter(), again)
    first, second = opened.desk.arrived
    assert first.target == second.target


@pytest.mark.parametrize("order", Order)
async def test_the_order_is_the_providers_to_keep(opened: Opened, case: ProviderCase, order: Order) -> None:
    assert order in case.spec.capabilities.orders
    opened.desk.lay_out(case.reply("page_last"))
    for asked in (order, next(other for other in Order if other is not order)):
        await opened.adapter.list(CreditNoteFilter(), PageRequest(size=case.page_size, order=asked))
    one, other = opened.desk.arrived
    assert one.target != other.target


async def test_every_published_status_is_known(opened: Opened, case: ProviderCase) -> None:
    for word, status in case.statuses.items():
        opened.desk.lay_out(case.changed("found", status=word))
        with structlog.testing.capture_logs() as logged:
            note = await opened.fetch()
        assert isinstance(note, CreditNote), word
        assert (note.status, note.provider_values.status) == (status, word)
        assert [event for event in logged if event["event"] == "unknown provider value"] == []


def test_the_statuses_are_those_of_the_specification(case: ProviderCase, specification: Callable[[str], Any]) -> None:
    place = specification(f"{case.name}-credit-notes.openapi.json")
    for step in case.published:
        place = place[step]
    assert set(case.statuses) == set(place["enum"])


async def test_a_status_nobody_published_is_shown_and_logged_and_not_guessed(opened: Opened, case: ProviderCase) -> None:
    word = case.note(case.reply("unknown_status")["body"])["status"]
    assert word not in case.statuses
    with structlog.testing.capture_logs() as logged:
        note = await opened.read("unknown_status")
    assert isinstance(note, CreditNote)
    assert (note.status, note.provider_values.status) == (Status.UNKNOWN, word)
    told = [event for event in logged if event["event"] == "unknown provider value" and event["value"] == word]
    assert [(event["provider"], event["account"]) for event in told] == [(case.name, case.account.name)]


@pytest.mark.parametrize("meaning", ["malformed", "not_json"])
async def test_what_cannot_be_read_is_bad_payload_and_never_half_a_note(opened: Opened, case: ProviderCase, meaning: str) -> None:
    failed = await opened.read(meaning)
    assert isinstance(failed, BadPayload), failed
    assert failed.account == case.account.name
    assert meaning == "not_json" or "$." in failed.message  # where in the answer


async def test_a_probe_is_one_call(opened: Opened, case: ProviderCase) -> None:
    opened.desk.lay_out(case.reply("page_last"))
    await opened.adapter.probe()
    assert opened.desk.only().method == "GET"


def lay_out_many(opened: Opened, case: ProviderCase) -> None:
    """All of `found_many`: in one answer for a provider that takes many ids, else each under its own id."""
    reply = case.reply("found_many")
    if case.spec.capabilities.batch_size > 1:
        opened.desk.lay_out(reply)
        return
    for id, entry in zip(case.amounts, case.notes(reply["body"]), strict=True):
        opened.desk.lay_out({**reply, "body": case.alone(entry)}, where=id)


def in_json(note: object) -> Any:
    """A note in the form of JSON, to be compared with a file."""
    return json.loads(msgspec.json.encode(note), parse_float=str)

"""The suite every provider passes: whatever stands in an answer, it is read, or refused in words of our own; nothing else escapes."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.domain.commands import CreditNoteFilter, PageRequest
from app.domain.credit_note import CreditNote
from app.domain.errors import GatewayError, OutcomeUnknown
from app.domain.money import exponent
from tests.providers.case import ProviderCase
from tests.providers.conftest import Opened
from tests.providers.recordings import Reply

pytestmark = pytest.mark.anyio

PATIENT = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

odd_numbers = st.sampled_from([0, -1, 1, 2**31, 2**63, 2**64, 10**30, -(10**30), 0.1, -0.5, 1e300, 1.005, 1e-300, 253402300800])
odd_texts = st.sampled_from(
    ["", " ", "EUR", "eur", "XAU", "XXX", "0", "-1", "1e5", "NaN", "2026-02-30", "9999-12-31T23:59:59Z", "\x00"]
)
odd_values = st.one_of(
    st.none(),
    st.booleans(),
    odd_numbers,
    odd_texts,
    st.text(max_size=20),
    st.just([]),
    st.just({}),
    st.just([None]),
    st.just({"": 1}),
)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in a body."""
    yield path
    for step, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from places(inner, (*path, step))


changes = st.lists(st.tuples(st.integers(0, 1000), st.booleans(), odd_values), min_size=1, max_size=2)
"""Which place, whether nothing shall be there, and what else."""


def odd(case: ProviderCase, meaning: str, changes: list[Any]) -> Reply:
    """The reply with something else at one or two places, or nothing there at all."""
    reply = case.reply(meaning)
    for number, is_dropped, value in changes:
        found = [path for path in places(reply["body"]) if path]
        if not found:
            break
        *steps, last = found[number % len(found)]
        holder = reply["body"]
        for step in steps:
            holder = holder[step]
        if is_dropped and isinstance(holder, dict):
            del holder[last]
        else:
            holder[last] = copy.deepcopy(value)
    return reply


@given(changes=changes)
@PATIENT
async def test_a_read_is_a_note_or_a_failure_with_a_name(opened: Opened, case: ProviderCase, changes: list[Any]) -> None:
    opened.desk.lay_out(odd(case, "found", changes))
    assert_sound(await opened.fetch())


@given(changes=changes)
@PATIENT
async def test_a_page_is_notes_or_a_failure_with_a_name(opened: Opened, case: ProviderCase, changes: list[Any]) -> None:
    opened.desk.lay_out(odd(case, "page_first", changes))
    try:
        page = await opened.adapter.list(CreditNoteFilter(), PageRequest(size=case.page_size))
    except GatewayError:
        return
    for note in page.notes:
        assert_sound(note)


@given(changes=changes)
@PATIENT
async def test_a_write_that_was_taken_is_a_note_or_unknown(opened: Opened, case: ProviderCase, changes: list[Any]) -> None:
    opened.desk.lay_out(odd(case, "issued", changes))
    answered = await opened.send()
    assert isinstance(answered, (CreditNote, OutcomeUnknown)), answered
    assert_sound(answered)


@pytest.mark.parametrize("meaning", ["absent", "rejected", "over_balance", "unauthorized", "rate_limited"])
@given(changes=changes)
@PATIENT
async def test_a_refusal_is_a_failure_with_a_name_whatever_it_says(
    opened: Opened, case: ProviderCase, meaning: str, changes: list[Any]
) -> None:
    opened.desk.lay_out(odd(case, meaning, changes))
    for answered in (await opened.fetch(), await opened.send()):
        assert isinstance(answered, GatewayError)


NONSENSE = {
    "lists": "[" * 50_000, "objects": '{"a":' * 50_000, "digits": "1" * 100_000, "surrogate": '"\\ud800"', "mark": "\ufeff{}", "nan": "NaN",
}  # fmt: skip


@pytest.mark.parametrize("body", NONSENSE.values(), ids=list(NONSENSE))
@pytest.mark.parametrize("status", [200, 400, 404, 422, 500])
async def test_a_body_nobody_could_mean_is_a_failure_with_a_name(
    opened: Opened, case: ProviderCase, status: int, body: str
) -> None:
    opened.desk.lay_out({"status": status, "headers": {"content-type": "application/json"}, "body": body})
    for answered in (await opened.fetch(), await opened.send()):
        assert isinstance(answered, GatewayError)
        assert len(answered.message) < 1000


def assert_sound(answered: CreditNote | GatewayError) -> None:
    """What is shown of a note can be shown."""
    if isinstance(answered, CreditNote):
        assert exponent(answered.currency) >= 0
        assert answered.issued_at.utcoffset() is not None
        assert isinstance(answered.ref.external_id, str)
        json.loads(answered.raw)
        json.loads(answered.custom_fields or b"{}")

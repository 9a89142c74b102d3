"""Whether the campaign's judge sees what it is there to see: each kind of wrong, in answers and books made by hand."""

from __future__ import annotations

from typing import Any

import pytest

from tests.faults.operations import Content, Operation, Request, Told
from tests.faults.verdict import Books, Verdict, judge

AT, INVOICE = "vcita", "inv-1"
APPLIED = Told(outcome="APPLIED", note_id="n-1")
REFUSED = Told(outcome="NOT_APPLIED", codes=("PROVIDER_REJECTED",))
NO_MEMORY = Told(outcome="NOT_APPLIED", codes=("GATEWAY_UNAVAILABLE",), is_retryable=True)
UNKNOWN = Told(outcome="UNKNOWN", codes=("OUTCOME_UNKNOWN",), is_retryable=True)


def asked(*told: Told | None, minor: int | None = 101) -> Content:
    """Requests ten seconds apart, the first at 100, each answered a second later."""
    requests = [Request(started=100.0 + 10 * place, ended=101.0 + 10 * place, told=one) for place, one in enumerate(told)]
    return Content(input={}, minor=minor, requests=requests)


def issue(*contents: Content, **more: Any) -> Operation:
    return Operation(key="k", kind="issue", provider=AT, subject=INVOICE, contents=[*contents], **more)


def void(key: str, *told: Told | None) -> Operation:
    return Operation(key=key, kind="void", provider=AT, subject="n-1", contents=[asked(*told, minor=None)])


def note(id: str = "n-1", at: float = 100.5, minor: int = 101, status: str = "issued") -> dict[str, Any]:
    return {"id": id, "invoice_id": INVOICE, "minor": minor, "status": status, "created_at": at}


def refund(id: str = "r-1", minor: int = 101) -> dict[str, Any]:
    return {"id": id, "note_id": "n-1", "minor": minor}


def judged(*operations: Operation, notes: tuple[Any, ...] = (), refunds: tuple[Any, ...] = ()) -> dict[str, int]:
    """How much of what was found wrong."""
    before: dict[str, Any] = {AT: {"notes": [], "refunds": []}}
    after = {AT: {"notes": [*notes], "refunds": [*refunds]}, "invariants": {"violations": []}}
    found = judge(operations, Books(before, after, [AT]))
    kinds = {kind: len(getattr(found, kind)) for kind in Verdict.__dataclass_fields__}
    assert found.is_good == (not any(kinds.values()))
    return {kind: count for kind, count in kinds.items() if count}


@pytest.mark.parametrize(
    ("told", "notes"),
    [
        ((APPLIED,), (note(),)),
        ((APPLIED, APPLIED), (note(),)),
        ((APPLIED, NO_MEMORY), (note(),)),
        ((UNKNOWN, APPLIED), (note(),)),
        ((None, REFUSED), ()),
        ((REFUSED,), ()),
        ((REFUSED, APPLIED), (note(at=110.5),)),  # made by the repeat
        ((UNKNOWN, NO_MEMORY, APPLIED), (note(),)),  # says nothing of the first
    ],
)
def test_nothing_is_found_where_books_and_answers_agree(told: tuple[Told | None, ...], notes: tuple[Any, ...]) -> None:
    assert judged(issue(asked(*told)), notes=notes) == {}


def test_two_notes_of_one_key_are_a_double() -> None:
    assert judged(issue(asked(APPLIED)), notes=(note(), note("n-2"))) == {"doubled": 1}
    both = issue(asked(APPLIED), asked(Told(outcome="NOT_APPLIED", codes=("IDEMPOTENCY_KEY_REUSED",)), minor=102))
    assert judged(both, notes=(note(), note("n-2", minor=102))) == {"doubled": 1}


def test_a_note_nobody_asked_for_is_a_double() -> None:
    assert judged(notes=(note(),)) == {"doubled": 1}


def test_a_note_that_was_told_and_is_not_there_is_lost() -> None:
    assert judged(issue(asked(APPLIED))) == {"lost": 1}


@pytest.mark.parametrize(
    ("told", "at"),
    [
        ((REFUSED, UNKNOWN, APPLIED), 90.0),  # there before it was denied
        ((REFUSED, APPLIED), 105.0),  # came without a repeat
        ((UNKNOWN, REFUSED, APPLIED), 100.5),
    ],
)
def test_a_denial_is_untrue_where_the_note_was_there_or_came_by_itself(told: tuple[Told | None, ...], at: float) -> None:
    assert judged(issue(asked(*told)), notes=(note(at=at),)) == {"untrue": 1}


@pytest.mark.parametrize(
    "told",
    [
        (APPLIED, REFUSED),
        (APPLIED, UNKNOWN),
        (APPLIED, Told(outcome="APPLIED", note_id="n-1", codes=("INTEGRITY_MISMATCH",))),
    ],
)
def test_an_answer_that_does_not_stay_is_untrue(told: tuple[Told, ...]) -> None:
    assert "untrue" in judged(issue(asked(*told)), notes=(note(),))


@pytest.mark.parametrize("told", [(UNKNOWN,), (None,), (NO_MEMORY,), (REFUSED, UNKNOWN)])
def test_an_operation_whose_client_does_not_know_has_no_end(told: tuple[Told | None, ...]) -> None:
    assert judged(issue(asked(*told))) == {"unended": 1}


def test_a_refusal_while_another_request_runs_is_no_end() -> None:
    content = asked(UNKNOWN, REFUSED)
    content.requests[1].started = 100.5
    assert content.is_open


def test_a_note_that_was_to_be_paid_out_is_paid_out_once() -> None:
    operation = issue(asked(APPLIED), pays_out=True)
    assert judged(operation, notes=(note(),), refunds=(refund(),)) == {}
    assert judged(operation, notes=(note(),)) == {"lost": 1}
    assert judged(operation, notes=(note(),), refunds=(refund(), refund("r-2"))) == {"doubled": 1}


def test_of_two_keys_that_void_one_note_one_is_told() -> None:
    made = issue(asked(APPLIED))
    gone = (note(status="voided"),)
    assert judged(made, void("a", APPLIED), void("b", REFUSED), notes=gone) == {}
    assert judged(made, void("a", APPLIED), void("b", APPLIED), notes=gone) == {"doubled": 1}
    assert judged(made, void("a", REFUSED), void("b", REFUSED), notes=gone) == {"untrue": 1}
    assert judged(made, void("a", APPLIED), notes=(note(),)) == {"lost": 1}


def test_a_refund_is_in_the_books_once() -> None:
    made = issue(asked(APPLIED))
    back = Operation(key="r", kind="refund", provider=AT, subject="n-1", contents=[asked(APPLIED, minor=7)])
    assert judged(made, back, notes=(note(),), refunds=(refund(minor=7),)) == {}
    assert judged(made, back, notes=(note(),), refunds=(refund(minor=7), refund("r-2", minor=7))) == {"doubled": 1}
    assert judged(made, back, notes=(note(),)) == {"lost": 1}

"""The steps of a walk, one by one: what of a page was shown before, whose note comes next, and where that leaves every account."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from app.domain.vocabulary import Order
from app.gateway.walk import Item, Mark, Remainder, Stream, StreamKey, has_more, marks_after, marks_at_end, merge
from tests.gateway.stub import note

START = datetime(2026, 1, 1, tzinfo=UTC)
A, B, C = ("a", 0), ("b", 0), ("c", 0)
DESC, ASC = Order.ISSUED_DESC, Order.ISSUED_ASC


def at(second: float) -> datetime:
    return START + timedelta(seconds=second)


def item(second: float, id: str, stream: StreamKey = A, *, token: str | None = None) -> Item:
    return Item(stream=stream, note=note(id, at=at(second)), token=token, fetched_at=START, cached=False, stale=False)


def stream(key: StreamKey, *items: Item, ended: bool = True, scanned: Item | None = None) -> Stream:
    return Stream(key=key, items=items, ended=ended, scanned=scanned or (items[-1] if items else None))


def ids(items: Sequence[Item]) -> list[str]:
    return [each.note.ref.external_id for each in items]


def left(mark: Mark | None, *pages: Sequence[Item], order: Order = DESC, ended: bool = False) -> list[list[str]]:
    """What is told of each page in turn; the last may be the end."""
    remainder = Remainder(mark=mark, order=order)
    return [ids(remainder.of(page, ended=ended and page is pages[-1])) for page in pages]


def test_without_a_mark_everything_is_left() -> None:
    assert left(None, [item(2, "x"), item(1, "y")]) == [["x", "y"]]


@pytest.mark.parametrize(("order", "seconds"), [(DESC, (9, 5, 1)), (ASC, (1, 5, 9))])
def test_what_stands_before_the_mark_was_shown_or_came_too_late(order: Order, seconds: tuple[int, ...]) -> None:
    page = [item(second, str(second)) for second in seconds]
    assert left(Mark(at=at(5), ids=("5",)), page, order=order) == [[str(seconds[-1])]]


def test_of_one_instant_what_stands_before_the_last_one_shown_is_left_out() -> None:
    mark = Mark(at=at(5), ids=("u", "w"))
    assert left(mark, [item(5, "t"), item(5, "u"), item(5, "v"), item(5, "w"), item(5, "x")]) == [["x"]]


def test_of_one_instant_nothing_is_told_before_the_last_one_shown_has_come_by_on_whatever_page() -> None:
    mark = Mark(at=at(5), ids=("w",))
    assert left(mark, [item(5, "t"), item(5, "u")], [item(5, "v")], [item(5, "w"), item(5, "x"), item(1, "y")]) == [
        [],
        [],
        ["x", "y"],
    ]


def test_when_the_last_one_shown_is_gone_the_one_before_it_tells_the_place_and_nothing_is_lost() -> None:
    mark = Mark(at=at(5), ids=("u", "gone"))
    assert left(mark, [item(5, "t"), item(5, "u"), item(5, "x")], [item(1, "y")]) == [[], ["x", "y"]]


def test_when_all_that_were_shown_are_gone_what_is_left_of_the_instant_is_told() -> None:
    mark = Mark(at=at(5), ids=("gone",))
    assert left(mark, [item(5, "x")], [item(1, "y")]) == [[], ["x", "y"]]
    assert left(mark, [item(5, "x")], ended=True) == [["x"]]


def test_a_mark_at_which_nothing_was_shown_begins_with_its_instant_at_once() -> None:
    assert left(Mark(at=at(5), ids=()), [item(6, "w"), item(5, "x")], [item(5, "y")]) == [["x"], ["y"]]


def test_a_mark_remembers_the_last_eight_notes_of_its_instant_and_no_other() -> None:
    mark = None
    for number in range(10):
        mark = item(5, f"n{number}", token="page").after(mark)
    assert mark == Mark(at=at(5), ids=("n2", "n3", "n4", "n5", "n6", "n7", "n8", "n9"), token="page")
    assert item(4, "x").after(mark) == Mark(at=at(4), ids=("x",))


@pytest.mark.parametrize("order", Order)
def test_notes_come_by_instant_then_account_then_in_the_providers_own_order(order: Order) -> None:
    streams = [stream(B, item(5, "b2", B), item(5, "b1", B)), stream(A, item(5, "a9"), item(5, "a1"))]
    assert ids(merge(streams, first=9, order=order)) == ["a9", "a1", "b2", "b1"]


def test_no_more_than_asked_for_are_taken() -> None:
    streams = [stream(A, item(9, "a"), item(5, "c")), stream(B, item(7, "b", B))]
    assert ids(merge(streams, first=2, order=DESC)) == ["a", "b"]
    assert ids(merge(streams, first=9, order=DESC)) == ["a", "b", "c"]
    assert merge([], first=9, order=DESC) == []


def test_a_stream_read_no_further_holds_back_what_could_come_after_its_next_note() -> None:
    nothing_found = stream(A, ended=False, scanned=item(5, "filtered out"))
    others = stream(B, item(9, "before", B), item(5, "tie", B), item(1, "after", B))
    assert ids(merge([nothing_found, others], first=9, order=DESC)) == ["before"]
    assert ids(merge([stream(A, scanned=item(5, "x")), others], first=9, order=DESC)) == ["before", "tie", "after"]


def test_a_stream_shown_to_its_last_note_read_holds_back_the_others_too() -> None:
    streams = [
        stream(A, item(8, "a"), ended=False, scanned=item(6, "filtered out")),
        stream(B, item(9, "b1", B), item(7, "b2", B), item(6, "b3", B)),
    ]
    assert ids(merge(streams, first=9, order=DESC)) == ["b1", "a", "b2"]


def test_after_a_page_no_stream_stands_behind_the_last_note_shown() -> None:
    shown = [item(9, "a", token="2:10"), item(7, "b", B)]
    streams = [stream(A, shown[0], item(5, "a2")), stream(B, shown[1]), stream(C, item(3, "c", C))]
    marks = marks_after({}, shown, streams, DESC)
    assert marks == {
        A: Mark(at=at(7), ids=(), token="2:10"),
        B: Mark(at=at(7), ids=("b",)),
        C: Mark(at=at(7), ids=()),
    }


def test_a_stream_further_on_than_the_last_note_shown_is_not_called_back() -> None:
    ahead = Mark(at=at(3), ids=("x",), ended=True)
    shown = [item(9, "a")]
    assert marks_after({B: ahead}, shown, [stream(A, *shown), stream(B)], DESC)[B] == ahead


def test_an_account_that_failed_keeps_its_place() -> None:
    before = Mark(at=at(20), ids=("x",), token="1")
    shown = [item(9, "a")]
    marks = marks_at_end({B: before}, shown, [stream(A, *shown)], DESC)
    assert marks[B] == before
    assert C not in marks


def test_at_the_end_of_a_page_what_was_filtered_out_is_passed_and_what_ended_is_known_to_have_ended() -> None:
    shown = [item(9, "a")]
    streams = [
        stream(A, *shown, ended=False, scanned=item(5, "filtered out", token="3")),
        stream(B),
        stream(C, item(2, "later", C)),
    ]
    marks = marks_at_end({}, shown, streams, DESC)
    assert marks[A] == Mark(at=at(5), ids=("filtered out",), token="3")
    assert marks[B] == Mark(at=at(9), ids=(), ended=True)
    assert marks[C] == Mark(at=at(9), ids=())


def test_what_was_filtered_out_before_the_last_note_shown_calls_no_stream_back_to_it() -> None:
    """Else a note issued later between the two would come after that one."""
    shown = [item(5, "b", B)]
    streams = [stream(A, scanned=item(9, "filtered out", token="2")), stream(B, *shown)]
    assert marks_at_end({}, shown, streams, DESC)[A] == Mark(at=at(5), ids=(), token="2", ended=True)
    before = Mark(at=at(9), ids=("x",), token="1")
    assert marks_at_end({A: before}, shown, streams, DESC)[A] == Mark(at=at(5), ids=(), token="2", ended=True)
    oldest_first = [stream(A, ended=False, scanned=item(1, "filtered out", token="2")), stream(B, *shown)]
    assert marks_at_end({}, shown, oldest_first, ASC)[A] == Mark(at=at(5), ids=(), token="2")


def test_a_page_that_shows_nothing_still_moves_what_was_scanned() -> None:
    scanned = item(5, "filtered out")
    streams = [stream(A, ended=False, scanned=scanned), stream(B, ended=False)]
    assert marks_at_end({}, [], streams, DESC) == {A: Mark(at=at(5), ids=("filtered out",))}


def test_there_is_more_while_a_note_is_held_back_or_a_stream_goes_on() -> None:
    one = item(9, "a")
    assert not has_more([one], [stream(A, one)])
    assert has_more([], [stream(A, one)])
    assert has_more([one], [stream(A, one, ended=False)])
    assert not has_more([], [])

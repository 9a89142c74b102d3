"""Lists of accounts that fail, for readers who would rather have an old page: what it shows, and how the walk goes on behind it."""

from __future__ import annotations

import pytest

from app.domain.commands import CreditNoteFilter
from app.domain.errors import Unavailable
from app.domain.vocabulary import Order, Status
from app.gateway.cache import Freshness
from app.gateway.listing import Listing, ListRequest
from app.store.memory import MemoryStore
from tests.gateway.lists import ListedProvider, Paging, Row
from tests.gateway.stub import CALLER
from tests.gateway.walking import ids, listing, provider, walk
from tests.support.clock import Clock

pytestmark = pytest.mark.anyio

DOWN = Unavailable("down")
WISH = Freshness(stale_on_error=True)


def remembering(clock: Clock, *accounts: ListedProvider) -> Listing:
    """A listing that keeps first pages for five seconds, and longer for who allows it."""
    return listing(accounts, list_fresh_s=5, store=MemoryStore(clock=clock), clock=clock)


async def test_an_old_first_page_stands_in_for_an_account_that_fails_where_that_is_wanted_and_the_account_says_why() -> None:
    clock = Clock(1000.0)
    a, b = provider("a", 9, 7), provider("b", 8)
    lister = remembering(clock, a, b)
    wish = ListRequest(first=9, freshness=Freshness(stale_on_error=True))
    assert (await lister.page(CALLER, wish)).total_count == 3
    clock.advance(60)
    a.failing = Unavailable("down")
    b.rows.append(Row(10, 3, "b10"))
    assert ids(await lister.page(CALLER, ListRequest(first=9))) == ["b10", "b8"]
    page = await lister.page(CALLER, wish)
    assert (ids(page), page.total_count) == (["b10", "a9", "b8", "a7"], None)
    assert [item.stale for item in page.items] == [False, True, False, True]
    old, new = page.sources
    assert (old.count, old.complete, old.error) == (2, False, a.failing)
    assert old.fetched_at is not None
    assert old.fetched_at.timestamp() == 1000.0
    assert (new.count, new.complete, new.error) == (2, True, None)
    clock.advance(300)
    assert ids(await lister.page(CALLER, wish)) == ["b10", "b8"]


async def test_behind_an_old_first_page_nothing_is_made_up() -> None:
    clock = Clock(1000.0)
    a = provider("a", *range(20), largest=10)
    lister = remembering(clock, a)
    wish = ListRequest(first=5, freshness=Freshness(stale_on_error=True))
    first = await lister.page(CALLER, wish)
    clock.advance(60)
    a.failing = Unavailable("down")
    again = await lister.page(CALLER, wish)
    assert ids(again) == ids(first)
    assert again.has_more
    later = await lister.page(CALLER, wish.at(again.marks_at_end()))
    assert (ids(later), later.sources[0].error) == ([], a.failing)
    a.failing = None
    later = await lister.page(CALLER, wish.at(again.marks_at_end()))
    assert ids(later) == [f"a{19 - 5 - index}" for index in range(5)]


@pytest.mark.parametrize("paging", ["instant", "number", "cursor"])
async def test_behind_an_old_page_the_walk_goes_on_from_its_last_note(paging: Paging) -> None:
    """One that reads on from the old page's end passes over what has moved up since."""
    clock = Clock(1000.0)
    a = provider("a", *range(10), paging=paging, largest=3)
    lister = remembering(clock, a)
    wish = ListRequest(first=6, freshness=WISH)
    await lister.page(CALLER, wish)
    clock.advance(60)
    a.rows = [row for row in a.rows if row.second != 8]
    a.failing = DOWN
    first = await lister.page(CALLER, wish)
    assert (ids(first), first.has_more) == (["a9", "a8", "a7"], True)
    a.failing = None
    rest = await walk(lister, wish.at(first.marks_at_end()))
    assert [id for page in rest for id in ids(page)] == ["a6", "a5", "a4", "a3", "a2", "a1", "a0"]


async def test_an_old_page_too_short_for_what_was_asked_is_shown_as_far_as_it_goes() -> None:
    clock = Clock(1000.0)
    a = provider("a", *range(150), filters=False)
    a.rows[149] = Row(149, 149, "a149", status=Status.VOIDED)
    lister = remembering(clock, a)
    wish = ListRequest(first=5, where=CreditNoteFilter(statuses=frozenset({Status.VOIDED})), freshness=WISH)
    assert ids(await lister.page(CALLER, wish)) == ["a149"]
    clock.advance(60)
    a.failing = DOWN
    page = await lister.page(CALLER, wish)
    assert (ids(page), page.has_more, page.sources[0].error) == (["a149"], True, DOWN)


@pytest.mark.parametrize("order", list(Order))
async def test_the_end_of_an_old_page_is_not_believed(order: Order) -> None:
    clock = Clock(1000.0)
    a, b = provider("a"), provider("b", 7, 8, 9)
    lister = remembering(clock, a, b)
    wish = ListRequest(first=3, order=order, freshness=WISH)
    await lister.page(CALLER, wish)
    clock.advance(60)
    a.rows.append(Row(20, 1, "a20"))
    b.rows += [Row(second, second, f"b{second}") for second in (30, 31, 32)]
    a.failing = DOWN
    first = await lister.page(CALLER, wish)
    a.failing = None
    rest = await walk(lister, wish.at(first.marks_at_end()))
    assert sorted(id for page in (first, *rest) for id in ids(page)) == ["a20", "b30", "b31", "b32", "b7", "b8", "b9"]

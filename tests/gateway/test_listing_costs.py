"""What pages cost, and what of them is remembered: first pages for a moment, the notes on them for as long as any note."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.domain.commands import CreditNoteFilter, Page, PageRequest
from app.domain.errors import NotFound
from app.domain.vocabulary import Status
from app.gateway.cache import Fetched, Freshness, begin_epoch
from app.gateway.listing import Listing, ListRequest
from app.store.memory import MemoryStore
from tests.gateway.lists import ListedProvider, Paging, Row
from tests.gateway.stub import CALLER
from tests.gateway.walking import ids, listing, provider, walk
from tests.support.clock import Clock

pytestmark = pytest.mark.anyio

PAGINGS = pytest.mark.parametrize("paging", ["instant", "number", "cursor"])


@PAGINGS
async def test_a_page_costs_each_account_at_most_one_call_beyond_what_it_shows(paging: Paging) -> None:
    accounts = [provider(name, *range(offset, 180, 3), paging=paging) for offset, name in enumerate("abc")]
    lister = listing(accounts)
    request = ListRequest(first=25)
    pages = await walk(lister, request)
    assert [len(page.items) for page in pages] == [25, 25, 25, 25, 25, 25, 25, 5]
    assert [item.note.issued_at for page in pages for item in page.items] == sorted(
        (item.note.issued_at for page in pages for item in page.items), reverse=True
    )
    assert max(len(each.asked) for each in accounts) <= 2 * len(pages)
    assert len(accounts[0].asked) >= len(pages) - 1


async def test_a_first_page_is_remembered_for_a_moment_and_a_write_ends_that() -> None:
    clock = Clock(1000.0)
    store = MemoryStore(clock=clock)
    a = provider("a", 9, 8)
    lister = listing([a], list_fresh_s=5, store=store, clock=clock)
    first = await lister.page(CALLER, ListRequest(first=9))
    a.rows.append(Row(10, 3, "a10"))
    clock.advance(4.9)
    again = await lister.page(CALLER, ListRequest(first=9))
    assert (ids(again), len(a.asked)) == (["a9", "a8"], 1)
    assert [item.cached for item in (*first.items, *again.items)] == [False, False, True, True]
    assert again.sources[0].fetched_at == first.sources[0].fetched_at
    await begin_epoch(store, lister._accounts.find(CALLER, "a"))
    assert ids(await lister.page(CALLER, ListRequest(first=9))) == ["a10", "a9", "a8"]


async def test_who_wants_the_providers_word_of_now_gets_it() -> None:
    clock = Clock(1000.0)
    a = provider("a", 9)
    lister = listing([a], list_fresh_s=5, store=MemoryStore(clock=clock), clock=clock)
    await lister.page(CALLER, ListRequest(first=9))
    a.rows.append(Row(10, 3, "a10"))
    assert ids(await lister.page(CALLER, ListRequest(first=9, freshness=Freshness(max_age_s=0)))) == ["a10", "a9"]


async def test_what_was_listed_need_not_be_asked_for_by_its_id() -> None:
    a = provider("a", 9, 8)
    a.rows[1] = replace(a.rows[1], status=Status.DELETED)
    lister = listing([a])
    await lister.page(CALLER, ListRequest(first=9))

    async def nothing(_: object) -> dict[str, NotFound]:
        return {"a8": NotFound("gone")}

    account = lister._accounts.find(CALLER, "a")
    found = await lister._notes.get_many(account, ["a9"], nothing, Freshness())
    deleted = await lister._notes.get_many(account, ["a8"], nothing, Freshness())
    assert isinstance(found["a9"], Fetched)
    assert isinstance(deleted["a8"], NotFound)


@PAGINGS
async def test_an_account_shown_to_its_end_is_not_asked_again(paging: Paging) -> None:
    long, short = provider("a", *range(100), paging=paging), provider("b", 99, paging=paging)
    assert len(await walk(listing([long, short]), ListRequest(first=10))) == 11
    assert len(short.asked) == 1


@PAGINGS
async def test_a_page_that_holds_all_there_is_costs_one_call_and_knows_that_it_is_the_last(paging: Paging) -> None:
    account = provider("a", *range(25), paging=paging)
    page = await listing([account]).page(CALLER, ListRequest(first=25))
    assert (len(page.items), page.has_more, len(account.asked)) == (25, False, 1)


async def test_pages_after_the_first_are_never_remembered() -> None:
    """By number, a page remembered from before a note was issued misses the one that has moved on to it."""
    account = provider("a", 6, 5, 4, 3, 2, 1, paging="number")
    lister = remembering(account, Clock())
    await walk(lister, ListRequest(first=2))
    account.rows.append(Row(7, 9, "a7"))
    first = await lister.page(CALLER, ListRequest(first=2, freshness=Freshness(max_age_s=0)))
    rest = await walk(lister, ListRequest(first=2, marks=first.marks_at_end()))
    assert [id for page in (first, *rest) for id in ids(page)] == ["a7", "a6", "a5", "a4", "a3", "a2", "a1"]


async def test_a_note_that_slides_on_to_the_next_page_while_both_are_read_is_shown_once() -> None:
    class Busy(ListedProvider):
        async def list(self, where: CreditNoteFilter, page: PageRequest) -> Page:
            found = await super().list(where, page)
            self.rows.append(Row(100 + len(self.asked), 100 + len(self.asked), f"new{len(self.asked)}"))
            return found

    account = Busy(account="a", paging="number", largest=2, rows=provider("a", 4, 3, 2, 1).rows)
    assert ids(await listing([account]).page(CALLER, ListRequest(first=4))) == ["a4", "a3", "a2", "a1"]


async def test_a_source_is_as_old_as_the_oldest_page_it_comes_from() -> None:
    clock = Clock(1000.0)
    account = provider("a", 9, 8, 7, largest=1)
    lister = remembering(account, clock)
    await lister.page(CALLER, ListRequest(first=1))
    clock.advance(3)
    page = await lister.page(CALLER, ListRequest(first=1))
    assert page.sources[0].fetched_at is not None
    assert page.sources[0].fetched_at.timestamp() == 1000.0
    later = await lister.page(CALLER, ListRequest(first=1, marks=page.marks_at_end()))
    assert later.sources[0].fetched_at is not None
    assert later.sources[0].fetched_at.timestamp() == 1003.0


def remembering(account: ListedProvider, clock: Clock) -> Listing:
    """A listing that keeps first pages for five seconds."""
    return listing([account], list_fresh_s=5, store=MemoryStore(clock=clock), clock=clock)

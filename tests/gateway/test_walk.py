"""Walks through many accounts' notes while notes are being issued: none lost, none twice, in order, whatever the pages."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from app.domain.commands import CreditNoteFilter
from app.domain.vocabulary import Filter, Order, Status
from app.gateway.listing import Listing, ListRequest
from tests.gateway.lists import ListedProvider, Paging, Row
from tests.gateway.stub import CALLER
from tests.gateway.walking import listing

LONGEST_WALK, MOST_CHANGES = 400, 60  # a walk in which notes are issued faster than shown need not end
STATUSES = (Status.ISSUED, Status.VOIDED)
NOBODY, BY_STATUS = frozenset[Filter](), frozenset({Filter.STATUS})


@dataclass(slots=True, kw_only=True)
class Walk:
    """What is walked through, and what happens on the way."""

    providers: list[ListedProvider]
    order: Order
    statuses: frozenset[Status]
    emulated_pages: int
    ever: set[str] = field(default_factory=set, repr=False)
    """The notes that were asked for at any time of the walk."""

    def matching(self) -> set[str]:
        """The notes there are now that are asked for."""
        rows = (row for provider in self.providers for row in provider.rows)
        return {row.id for row in rows if not self.statuses or row.status in self.statuses}


@st.composite
def providers(draw: st.DrawFn) -> list[ListedProvider]:
    made = []
    for index in range(draw(st.integers(1, 3))):
        provider = ListedProvider(
            account=f"account-{index}",
            paging=draw(st.sampled_from(("instant", "number", "cursor"))),
            largest=draw(st.integers(1, 7)),
            native=draw(st.sampled_from((NOBODY, BY_STATUS))),
            rough=draw(st.sampled_from((NOBODY, BY_STATUS))),
        )
        seconds = draw(st.lists(st.integers(0, draw(st.sampled_from((0, 3, 40)))), max_size=30))
        for number, second in enumerate(seconds):
            provider.rows.append(Row(second, number, f"{index}-{number}", draw(st.sampled_from(STATUSES))))
        made.append(provider)
    return made


walks = st.builds(
    Walk,
    providers=providers(),
    order=st.sampled_from(Order),
    statuses=st.sampled_from((frozenset(), frozenset({Status.ISSUED}), frozenset(STATUSES))),
    emulated_pages=st.integers(1, 3),
)


def issue(draw: Callable[..., Any], provider: ListedProvider) -> None:
    """A note comes, later than all others or at the instant of the latest; by instant and by cursor it may be backdated."""
    latest = max((row.second for row in provider.rows), default=0)
    tie = max((row.tie for row in provider.rows), default=0) + 1
    backdated = provider.paging != "number" and draw(st.booleans())
    second = draw(st.integers(0, latest)) if backdated else latest + draw(st.integers(0, 1))
    provider.rows.append(Row(second, tie, f"{provider.account[-1]}-{tie}-new", draw(st.sampled_from(STATUSES))))


def withdraw(draw: Callable[..., Any], provider: ListedProvider) -> None:
    """A note stops matching, where that can move no page under the walk."""
    index = draw(st.integers(0, len(provider.rows) - 1))
    provider.rows[index] = replace(provider.rows[index], status=Status.VOIDED)


@settings(max_examples=150, deadline=None, report_multiple_bugs=False, suppress_health_check=[HealthCheck.too_slow])
@given(walk=walks, data=st.data())
def test_a_walk_shows_every_note_there_was_once_and_in_order(walk: Walk, data: st.DataObject) -> None:
    at_start = walk.matching()
    walk.ever |= at_start
    shown = asyncio.run(walked(listing(walk.providers, emulated_pages=walk.emulated_pages), walk, data))
    ids = [id for _, id in shown]
    assert len(set(ids)) == len(ids), "shown twice"
    assert at_start & walk.matching() <= set(ids), "lost"
    assert set(ids) <= walk.ever, "not asked for"
    seconds = [second for second, _ in shown]
    forward = seconds if walk.order is Order.ISSUED_ASC else seconds[::-1]
    assert all(one <= other for one, other in pairwise(forward)), "out of order"


async def walked(lister: Listing, walk: Walk, data: st.DataObject) -> list[tuple[float, str]]:
    """All pages, one after the other, with notes issued in between; a page may be left in its middle by the cursor of an edge."""
    request = ListRequest(first=1, order=walk.order, where=CreditNoteFilter(statuses=walk.statuses))
    shown: list[tuple[float, str]] = []
    for pages in range(LONGEST_WALK):
        page = await lister.page(CALLER, replace(request, first=data.draw(st.integers(1, 8), label="first")))
        taken = data.draw(st.integers(1, len(page.items)), label="taken") if page.items else 0
        shown += [(item.note.issued_at.timestamp(), item.note.ref.external_id) for item in page.items[:taken]]
        whole = taken == len(page.items)
        if whole and not page.has_more:
            event(f"pages: {min(pages, 9)}")
            return shown
        request = request.at(page.marks_at_end() if whole else page.marks_at(taken - 1))
        if pages < MOST_CHANGES:
            for provider in data.draw(st.lists(st.sampled_from(walk.providers), max_size=2), label="changed"):
                change = issue if provider.paging == "number" or not provider.rows or data.draw(st.booleans()) else withdraw
                change(data.draw, provider)
                walk.ever |= walk.matching()
    pytest.fail("the walk does not end")


@pytest.mark.anyio
@pytest.mark.parametrize("paging", ["instant", "number", "cursor"])
@pytest.mark.parametrize("order", Order)
async def test_a_hundred_notes_of_one_instant_are_shown_once_each(paging: Paging, order: Order) -> None:
    rows = [Row(7, tie, f"n{tie}") for tie in range(100)]
    lister = listing([ListedProvider(account="acme", paging=paging, largest=10, rows=rows)])
    request, shown = ListRequest(first=9, order=order), []
    for _ in range(20):
        page = await lister.page(CALLER, request)
        shown += [item.note.ref.external_id for item in page.items]
        request = request.at(page.marks_at_end())
        if not page.has_more:
            break
    in_order = [row.id for row in sorted(rows, key=lambda row: row.place(order))]
    assert shown == in_order

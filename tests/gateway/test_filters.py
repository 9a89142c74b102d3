"""Filters over many accounts: any mix of members, any page size, whoever applies what: the notes are those that meet it."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.domain.commands import CreditNoteFilter
from app.domain.credit_note import Party
from app.domain.filters import asked
from app.domain.ranges import DayRange, InstantRange, MoneyRange
from app.domain.vocabulary import Filter, Order, Reason, Settlement, Status
from app.gateway.listing import ListRequest
from tests.gateway.lists import ListedProvider, Row
from tests.gateway.walking import ids, listing, walk

ROUGH = frozenset({Filter.ISSUED, Filter.UPDATED})
DAYS = st.one_of(st.none(), st.integers(0, 4).map(lambda day: date(2026, 1, 1) + timedelta(days=day)))
WORDS: dict[str, type[Status | Settlement | Reason]] = {
    "statuses": Status,
    "settlements": Settlement,
    "reasons": Reason,
}


@st.composite
def filters(draw: st.DrawFn) -> CreditNoteFilter:
    """A few members at once; their values are those the notes have."""
    members: dict[str, Any] = {}
    for name in draw(st.sets(st.sampled_from((*WORDS, "customer_ids", "issued", "updated", "total")), max_size=3)):
        if name in WORDS:
            members[name] = draw(
                st.frozensets(st.sampled_from(sorted(WORDS[name], key=lambda one: str(one.value))[:3]), min_size=1)
            )
        elif name == "customer_ids":
            members[name] = tuple(sorted(draw(st.sets(st.sampled_from("uvwx"), min_size=1, max_size=3))))
        elif name == "issued":
            members[name] = DayRange(first=draw(DAYS), last=draw(DAYS))
        elif name == "updated":
            start = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=draw(st.integers(0, 90)))
            members[name] = InstantRange(start=start, end=start + timedelta(hours=draw(st.integers(0, 40))))
        else:
            members[name] = MoneyRange(
                currency="EUR", least=Decimal(draw(st.integers(0, 6))), most=Decimal(draw(st.integers(2, 9)))
            )
    return CreditNoteFilter(**members)


@st.composite
def books(draw: st.DrawFn) -> list[ListedProvider]:
    made = []
    for index in range(draw(st.integers(1, 3))):
        native = draw(st.frozensets(st.sampled_from(sorted(Filter, key=lambda one: one.value))))
        account = ListedProvider(
            account=f"account-{index}",
            paging=draw(st.sampled_from(("instant", "number", "cursor"))),
            largest=draw(st.integers(1, 7)),
            native=native | {Filter.INVOICE},
            rough=draw(st.frozensets(st.sampled_from(sorted(ROUGH, key=lambda one: one.value)))) - native,
        )
        hours = draw(st.lists(st.integers(0, 90), max_size=14))
        account.rows = [
            Row(hour * 3600, tie, f"{index}-{tie}", draw(st.sampled_from(list(Status)[:4])), more=more(draw, hour))
            for tie, hour in enumerate(hours)
        ]
        made.append(account)
    return made


def more(draw: st.DrawFn, hour: int) -> dict[str, Any]:
    """What else a note tells. Its day is that of a zone up to fourteen hours off; some things may not be told."""
    at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=hour)
    return {
        "minor": draw(st.integers(0, 9)) * 100,
        "settlement": draw(st.sampled_from(Settlement)),
        "reason": draw(st.sampled_from(sorted(Reason, key=lambda one: one.value)[:3])),
        "customer": draw(st.sampled_from((None, *(Party(provider_id=id) for id in "uvw")))),
        "issued_on": draw(st.sampled_from((None, at.date(), (at + timedelta(hours=14)).date(), (at - timedelta(hours=12)).date()))),
        "updated_at": draw(st.sampled_from((None, at, at + timedelta(hours=5)))),
    }


def meets(row: Row, where: CreditNoteFilter) -> bool:
    """The schema's words, once more."""
    told = row.more
    answers = [
        not where.statuses or row.status in where.statuses,
        not where.settlements or told["settlement"] in where.settlements,
        not where.reasons or told["reason"] in where.reasons,
        not where.customer_ids or (told["customer"] is not None and told["customer"].provider_id in where.customer_ids),
    ]
    if where.issued is not None:
        day, first, last = told["issued_on"], where.issued.first or date.min, where.issued.last or date.max
        answers.append(day is not None and first <= day <= last)
    if where.updated is not None:
        assert where.updated.start is not None
        assert where.updated.end is not None
        at = told["updated_at"]
        answers.append(at is not None and where.updated.start <= at < where.updated.end)
    if where.total is not None:
        assert where.total.least is not None
        assert where.total.most is not None
        answers.append(where.total.least * 100 <= told["minor"] <= where.total.most * 100)
    return all(answers)


@settings(max_examples=150, report_multiple_bugs=False, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(
    accounts=books(),
    where=filters(),
    order=st.sampled_from(Order),
    first=st.integers(1, 6),
    bound=st.integers(1, 3),
    native_only=st.booleans(),
)
def test_a_filter_shows_the_notes_that_meet_it_whoever_applies_it(
    accounts: list[ListedProvider], where: CreditNoteFilter, order: Order, first: int, bound: int, native_only: bool
) -> None:
    request = ListRequest(first=first, order=order, where=where, native_only=native_only)
    pages = asyncio.run(walk(listing(accounts, emulated_pages=bound), request))
    left_here = {one.account: asked(where) - one.native - one.rough for one in accounts}
    answering = [one for one in accounts if not (native_only and left_here[one.account])]
    shown = [id for page in pages for id in ids(page)]
    assert len(set(shown)) == len(shown)
    assert set(shown) == {row.id for one in answering for row in one.rows if meets(row, where)}
    for page in pages:
        for source in page.sources:
            refused = native_only and bool(left_here[source.account.name])
            assert (source.error is not None) is refused
            assert not (refused and source.count)
            assert source.emulated <= (frozenset() if refused else left_here[source.account.name])
        if page.total_count is not None:
            assert not any(left_here.values())
            assert page.total_count == len(shown)

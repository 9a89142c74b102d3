"""What a filter asks of a note: each member by itself, ends of ranges, and what a note does not tell."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.commands import CreditNoteFilter
from app.domain.credit_note import CreditNote, Party
from app.domain.filters import asked, failing, is_past
from app.domain.ranges import DayRange, InstantRange, MoneyRange
from app.domain.vocabulary import Filter, Order, Reason, Settlement, Status
from tests.gateway.stub import note

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = date(2026, 3, 1)
BARE = note("bare", settlement=Settlement.UNKNOWN, status=Status.UNKNOWN)
"""As little as a provider may tell."""
FULL = note(
    "full",
    minor=12_34,
    status=Status.ISSUED,
    settlement=Settlement.SETTLED,
    reason=Reason.WAIVER,
    invoice_id="i1",
    customer=Party(provider_id="c1"),
    issued_on=DAY,
    updated_at=NOON,
)

CASES: list[tuple[Filter, dict[str, Any], bool]] = [
    (Filter.INVOICE, {"invoice_ids": ("i0", "i1")}, True),
    (Filter.INVOICE, {"invoice_ids": ("I1",)}, False),
    (Filter.CUSTOMER, {"customer_ids": ("c0", "c1")}, True),
    (Filter.CUSTOMER, {"customer_ids": ("c",)}, False),
    (Filter.STATUS, {"statuses": frozenset({Status.ISSUED, Status.VOIDED})}, True),
    (Filter.STATUS, {"statuses": frozenset({Status.UNKNOWN})}, False),
    (Filter.SETTLEMENT, {"settlements": frozenset({Settlement.SETTLED})}, True),
    (Filter.SETTLEMENT, {"settlements": frozenset({Settlement.UNKNOWN, Settlement.UNSETTLED})}, False),
    (Filter.REASON, {"reasons": frozenset({Reason.WAIVER})}, True),
    (Filter.REASON, {"reasons": frozenset({Reason.OTHER, Reason.UNSPECIFIED})}, False),
    (Filter.CURRENCY, {"currencies": frozenset({"EUR"})}, True),
    (Filter.CURRENCY, {"currencies": frozenset({"USD", "GBP"})}, False),
    (Filter.ISSUED, {"issued": DayRange(first=DAY, last=DAY)}, True),
    (Filter.ISSUED, {"issued": DayRange(first=DAY + timedelta(days=1))}, False),
    (Filter.ISSUED, {"issued": DayRange(last=DAY - timedelta(days=1))}, False),
    (Filter.UPDATED, {"updated": InstantRange(start=NOON)}, True),
    (Filter.UPDATED, {"updated": InstantRange(end=NOON + timedelta(microseconds=1))}, True),
    (Filter.UPDATED, {"updated": InstantRange(end=NOON)}, False),
    (Filter.UPDATED, {"updated": InstantRange(start=NOON + timedelta(microseconds=1))}, False),
    (Filter.TOTAL, {"total": MoneyRange(currency="EUR")}, True),
    (Filter.TOTAL, {"total": MoneyRange(currency="USD")}, False),
    (Filter.TOTAL, {"total": MoneyRange(currency="EUR", least=Decimal("12.34"), most=Decimal("12.34"))}, True),
    (Filter.TOTAL, {"total": MoneyRange(currency="EUR", least=Decimal("12.340000000000000000000000000000001"))}, False),
    (Filter.TOTAL, {"total": MoneyRange(currency="EUR", most=Decimal("12.33"))}, False),
]


@pytest.mark.parametrize(("member", "given", "meets"), CASES)
def test_a_note_meets_what_it_shows(member: Filter, given: dict[str, Any], meets: bool) -> None:
    where = CreditNoteFilter(**given)
    assert asked(where) == {member}
    assert failing(FULL, where) == (frozenset() if meets else {member})


def test_a_note_that_tells_little_meets_what_is_unknown_and_nothing_else() -> None:
    unknown = CreditNoteFilter(
        statuses=frozenset({Status.UNKNOWN}),
        settlements=frozenset({Settlement.UNKNOWN}),
        reasons=frozenset({Reason.UNSPECIFIED}),
    )
    assert failing(BARE, unknown) == frozenset()
    known = CreditNoteFilter(
        invoice_ids=("i1",),
        customer_ids=("c1",),
        settlements=frozenset({Settlement.SETTLED}),
        reasons=frozenset({Reason.WAIVER}),
        issued=DayRange(),
        updated=InstantRange(),
    )
    assert failing(BARE, known) == asked(known)
    assert len(asked(known)) == 6


def test_no_filter_asks_nothing() -> None:
    assert asked(CreditNoteFilter()) == frozenset()
    assert failing(BARE, CreditNoteFilter()) == frozenset()


def issued(instant: datetime, zone_h: int) -> CreditNote:
    """A note of this instant, dated as a business that far from Greenwich dates it."""
    return note("n", at=instant, issued_on=(instant + timedelta(hours=zone_h)).date())


days = st.one_of(st.none(), st.dates(date(2026, 1, 1), date(2026, 1, 20)))
instants = st.integers(0, 20 * 86_400).map(lambda seconds: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds))


@given(
    first=days,
    last=days,
    order=st.sampled_from(Order),
    moments=st.lists(instants, min_size=2, max_size=12),
    zone_h=st.integers(-12, 14),
)
def test_what_comes_after_the_end_of_the_days_asked_for_can_be_left_unread(
    first: date | None, last: date | None, order: Order, moments: list[datetime], zone_h: int
) -> None:
    where = CreditNoteFilter(issued=DayRange(first=first, last=last))
    notes = [issued(moment, zone_h) for moment in sorted(moments, reverse=order is Order.ISSUED_DESC)]
    past = next((index for index, one in enumerate(notes) if is_past(one, where, order)), len(notes))
    assert all(failing(one, where) for one in notes[past:])
    assert all(is_past(one, where, order) for one in notes[past:])


@pytest.mark.parametrize(("order", "bound"), [(Order.ISSUED_DESC, {"first": DAY}), (Order.ISSUED_ASC, {"last": DAY})])
def test_reading_may_end_two_days_beyond_the_days_asked_for(order: Order, bound: dict[str, date]) -> None:
    where = CreditNoteFilter(issued=DayRange(**bound))
    direction = -1 if order is Order.ISSUED_DESC else 1
    assert [is_past(issued(NOON + direction * timedelta(days=beyond), 0), where, order) for beyond in range(4)] == [
        False,
        False,
        True,
        True,
    ]
    assert not is_past(FULL, CreditNoteFilter(), order)

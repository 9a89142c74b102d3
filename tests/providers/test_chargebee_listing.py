"""What a filter comes to at Chargebee: never less than is asked for, whatever its bounds mean, and no more than can be told."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.commands import CreditNoteFilter, PageRequest, Place
from app.domain.credit_note import CreditNote
from app.domain.filters import failing
from app.domain.ranges import DayRange, InstantRange, MoneyRange
from app.domain.vocabulary import Filter, Order, Reason, Settlement, Status
from app.providers.chargebee.listing import FIGURES, TIMESTAMPS, Bounds, Selection, Token, selection
from tests.providers.chargebee import opened, settings
from tests.providers.chargebee.site import Site

pytestmark = pytest.mark.anyio

MEANINGS = pytest.mark.parametrize("bounds", [("inclusive", "strict"), ("exclusive", "inclusive"), ("exclusive", "strict")])


def selected(codes: Mapping[Reason, str] | None = None, **members: Any) -> Selection:
    return selection(CreditNoteFilter(**members), Token(size=7), Order.ISSUED_DESC, codes or {})


def params(found: Selection) -> dict[str, str]:
    """Those of the filter."""
    return {name: value for name, value in found.params if name != "limit" and not name.startswith("sort_by")}


async def listed(site: Site, where: CreditNoteFilter, *, codes: Mapping[Reason, str] | None = None) -> list[CreditNote]:
    """The notes that meet the filter among those Chargebee gives; with what it gives too many checked."""
    account = settings(reason_codes=codes or {})
    async with opened(site.url, account) as adapter:
        page = await adapter.list(where, PageRequest(size=100))
    assert page.next is None
    for one in page.notes:
        assert failing(one, where) <= page.unapplied | page.rough
    return [one for one in page.notes if not failing(one, where)]


def passes(found: Selection, figure: int, operators: tuple[str, str], *, inclusive: bool) -> bool:
    """Whether Chargebee would let a figure pass, if bounds mean this."""
    slack = int(inclusive)
    for name, value in found.params:
        operator = name.removesuffix("]").partition("[")[2]
        low, high = json.loads(value) if operator == "between" else (value, value)
        if operator in {"between", operators[0]} and not figure > int(low) - slack:
            return False
        if operator in {"between", operators[1]} and not figure < int(high) + slack:
            return False
    return not found.is_empty


@given(
    above=st.one_of(st.none(), st.integers(-(10**20), 10**20), st.integers(999_999_990, 1_000_000_010)),
    below=st.one_of(st.none(), st.integers(-(10**20), 10**20), st.integers(999_999_990, 1_000_000_010)),
    near=st.integers(-3, 3),
    base=st.sampled_from(("above", "below", "nothing")),
    sayable=st.sampled_from((TIMESTAMPS, FIGURES)),
    inclusive=st.booleans(),
)
def test_bounds_never_leave_out_what_is_wanted(
    above: int | None, below: int | None, near: int, base: str, sayable: range, inclusive: bool
) -> None:
    figure = max(0, ({"above": above, "below": below}.get(base) or 10**9) + near)
    found = Bounds(above=above, below=below).of("total", ("gt", "lt"), sayable)
    wanted = (above is None or figure > above) and (below is None or figure < below)
    if wanted and figure < sayable.stop:
        assert passes(found, figure, ("gt", "lt"), inclusive=inclusive)
    for _, value in found.params:
        told = json.loads(value)
        assert all(bound in sayable for bound in (told if isinstance(told, list) else [told]))
    if not wanted and figure in sayable and passes(found, figure, ("gt", "lt"), inclusive=False):
        assert any(
            bound is not None and bound not in sayable for bound in (above, below)
        )  # only what cannot be said lets more pass


def test_a_day_is_asked_for_from_the_second_before_it_to_the_one_after() -> None:
    found = selected(issued=DayRange(first=date(2026, 3, 1), last=date(2026, 3, 2)))
    start = int(datetime(2026, 3, 1, tzinfo=UTC).timestamp())
    assert params(found) == {"date[between]": f"[{start - 1},{start + 2 * 86_400}]"}
    assert (found.unapplied, found.rough) == (frozenset(), frozenset({Filter.ISSUED}))


@pytest.mark.parametrize(
    ("range", "expected"),
    [
        (InstantRange(start=datetime(2026, 3, 1, tzinfo=UTC)), {"updated_at[after]": "1772323199"}),
        (InstantRange(start=datetime(2026, 3, 1, 0, 0, 0, 1, tzinfo=UTC)), {"updated_at[after]": "1772323200"}),
        (InstantRange(end=datetime(2026, 3, 1, tzinfo=UTC)), {"updated_at[before]": "1772323200"}),
        (InstantRange(end=datetime(2026, 3, 1, 0, 0, 0, 1, tzinfo=UTC)), {"updated_at[before]": "1772323201"}),
        (InstantRange(start=datetime(1999, 3, 1, tzinfo=UTC)), {}),
        (InstantRange(end=datetime(1999, 3, 1, tzinfo=UTC)), {"updated_at[before]": "1000000000"}),
        (InstantRange(end=datetime(9999, 3, 1, tzinfo=UTC)), {}),
        (InstantRange(start=datetime(9999, 3, 1, tzinfo=UTC)), {"updated_at[after]": "9999999999"}),
    ],
)
def test_an_instant_is_told_in_ten_digits_or_not_at_all(range: InstantRange, expected: dict[str, str]) -> None:
    assert params(selected(updated=range)) == expected


def test_a_range_that_holds_no_second_is_not_asked_for() -> None:
    noon = datetime(2026, 3, 1, 12, tzinfo=UTC)
    assert selected(updated=InstantRange(start=noon, end=noon)).is_empty
    assert not selected(updated=InstantRange(start=noon, end=noon + timedelta(seconds=1))).is_empty


@pytest.mark.parametrize(
    ("range", "expected"),
    [
        (MoneyRange(currency="EUR"), {}),
        (MoneyRange(currency="EUR", least=Decimal("12.345")), {"total[gt]": "1233"}),
        (MoneyRange(currency="JPY", most=Decimal("12.3")), {"total[lt]": "13"}),
        (MoneyRange(currency="KWD", least=Decimal(1), most=Decimal(2)), {"total[between]": "[99,201]"}),
        (MoneyRange(currency="EUR", least=Decimal(0), most=Decimal("1E+30")), {}),
        (MoneyRange(currency="EUR", most=Decimal("-0.01")), {"total[lt]": "0"}),
    ],
)
def test_a_total_is_narrowed_in_chargebees_units_and_its_currency_left(range: MoneyRange, expected: dict[str, str]) -> None:
    found = selected(total=range)
    assert (params(found), found.unapplied) == (expected, frozenset({Filter.TOTAL}))


@pytest.mark.parametrize(
    ("members", "expected", "left"),
    [
        ({"settlements": {Settlement.SETTLED}}, {"status[in]": '["adjusted","refunded"]'}, False),
        ({"settlements": {Settlement.UNSETTLED, Settlement.PARTIALLY_SETTLED}}, {"status[in]": '["refund_due"]'}, False),
        ({"settlements": {Settlement.UNSETTLED}}, {"status[in]": '["refund_due"]'}, True),
        ({"settlements": {Settlement.UNKNOWN}}, {"status[not_in]": '["adjusted","refund_due","refunded"]'}, False),
        ({"settlements": {Settlement.UNKNOWN}, "statuses": {Status.VOIDED}}, {"status[in]": '["voided"]'}, False),
        ({"settlements": set(Settlement)}, {}, False),
    ],
)
def test_what_is_left_of_a_note_is_asked_for_by_its_status(
    members: dict[str, set[Any]], expected: dict[str, str], left: bool
) -> None:
    asked: dict[str, Any] = {name: frozenset(wanted) for name, wanted in members.items()}
    found = selected(**asked)
    assert params(found) == expected
    assert found.unapplied == (frozenset({Filter.SETTLEMENT}) if left else frozenset())
    assert selected(settlements=frozenset({Settlement.SETTLED}), statuses=frozenset({Status.VOIDED})).is_empty


def test_a_reason_is_asked_for_by_its_code_where_no_other_text_decides() -> None:
    waiver = frozenset({Reason.WAIVER})
    assert params(selected(reasons=waiver)) == {"reason_code[in]": '["waiver"]'}
    assert params(selected({Reason.DUPLICATE: "twice"}, reasons=waiver)) == {"reason_code[in]": '["waiver"]'}
    assert selected(reasons=frozenset({Reason.DUPLICATE})).is_empty
    for found in (
        selected({Reason.WAIVER: "favour"}, reasons=waiver),
        selected(reasons=frozenset({Reason.OTHER, Reason.WAIVER})),
        selected(reasons=frozenset({Reason.UNSPECIFIED})),
    ):
        assert (params(found), found.unapplied, found.is_empty) == ({}, frozenset({Filter.REASON}), False)


def test_more_ids_than_an_address_holds_are_left() -> None:
    ids = tuple(f"id{number}" for number in range(60))
    both = selected(invoice_ids=ids, customer_ids=ids)
    assert (set(params(both)), both.unapplied) == ({"reference_invoice_id[in]"}, frozenset({Filter.CUSTOMER}))
    assert selected(customer_ids=("", "x" * 51)).is_empty


@pytest.mark.parametrize("order", Order)
async def test_the_days_asked_for_bound_a_resumed_walk_as_well(site: Site, order: Order) -> None:
    first = datetime.fromtimestamp(site.clock.now(), UTC).date() - timedelta(days=9)
    where = CreditNoteFilter(issued=DayRange(first=first))
    async with opened(site.url) as adapter:
        whole = (await adapter.list(where, PageRequest(size=100, order=order))).notes
        rest = await adapter.list(where, PageRequest(size=100, order=order, resume=Place(at=whole[5].issued_at)))
    assert 6 < len(whole) < 60
    assert rest.notes == whole[5:]


@MEANINGS
async def test_the_first_and_the_last_second_of_a_day_belong_to_it_and_their_neighbours_do_not(
    site: Site, bounds: tuple[str, str]
) -> None:
    site.switch(filter_between=bounds[0], filter_after_before=bounds[1], unknown_filters="refused")
    midnight = (int(site.clock.now()) // 86_400 + 1) * 86_400
    made = {}
    for second in (midnight - 1, midnight, midnight + 86_399, midnight + 86_400):
        site.clock.advance(second + 0.2 - site.clock.now())
        made[second] = site.act("issue", invoice_id="INV-1002", minor=1_00)["credit_note"]["id"]
    day = datetime.fromtimestamp(midnight, UTC).date()
    inside = {made[midnight], made[midnight + 86_399]}
    for range in (DayRange(first=day, last=day), DayRange(first=day), DayRange(last=day)):
        found = {one.ref.external_id for one in await listed(site, CreditNoteFilter(issued=range))} & set(made.values())
        late = set() if range.last else {made[midnight + 86_400]}
        early = set() if range.first else {made[midnight - 1]}
        assert found == inside | late | early
    start, end = (datetime.fromtimestamp(second, UTC) for second in (midnight, midnight + 86_399))
    updated = await listed(site, CreditNoteFilter(updated=InstantRange(start=start, end=end)))
    assert {one.ref.external_id for one in updated} == {made[midnight]}

"""Filters over many accounts: what is applied here or refused is said, and what it costs is bounded."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from app.domain.commands import CreditNoteFilter
from app.domain.credit_note import Party, Ref
from app.domain.errors import NotFound, Unsupported
from app.domain.ranges import DayRange, InstantRange, MoneyRange
from app.domain.vocabulary import ErrorCode, Filter, Order, Reason, Settlement, Status
from app.gateway.listing import ListRequest
from app.providers.contract import Capabilities
from tests.gateway.lists import ListedProvider, Row
from tests.gateway.stub import CALLER
from tests.gateway.walking import ids, listing, provider, walk

pytestmark = pytest.mark.anyio

CURRENCY = CreditNoteFilter(currencies=frozenset({"USD"}))
VOIDED = CreditNoteFilter(statuses=frozenset({Status.VOIDED}))


async def test_an_account_without_the_filter_is_refused_where_only_its_own_will_do_and_hides_no_other() -> None:
    a, b = provider("a", 9, 8), provider("b", 7, filters=False)
    page = await listing([a, b]).page(CALLER, ListRequest(first=9, where=VOIDED, native_only=True))
    fine, refused = page.sources
    assert (fine.error, fine.complete) == (None, True)
    assert isinstance(refused.error, Unsupported)
    assert (refused.error.code, refused.error.path, refused.error.account) == (
        ErrorCode.UNSUPPORTED_FILTER,
        ("filter", "statuses"),
        "b",
    )
    assert (refused.complete, refused.emulated, refused.fetched_at, page.total_count) == (False, frozenset(), None, None)
    assert b.asked == []


async def test_a_provider_that_filters_by_some_values_only_is_refused_once_that_shows() -> None:
    a = provider("a", 9, 8)
    a.ignored = frozenset({Filter.STATUS})
    page = await listing([a]).page(CALLER, ListRequest(first=9, where=VOIDED, native_only=True))
    (source,) = page.sources
    assert isinstance(source.error, Unsupported)
    assert (source.error.code, source.error.path, source.error.ability) == (
        ErrorCode.UNSUPPORTED_FILTER,
        ("filter", "statuses"),
        None,
    )
    assert (source.count, ids(page)) == (0, [])


async def test_a_filter_that_turns_out_to_be_ignored_is_applied_here_and_said() -> None:
    class Deaf(ListedProvider):
        def _has(self, row: Row, where: CreditNoteFilter) -> bool:  # noqa: ARG002 - the signature of what it replaces
            return True

    a = Deaf(account="a", rows=[Row(9, 1, "issued"), Row(8, 2, "voided", Status.VOIDED)])
    page = await listing([a]).page(CALLER, ListRequest(first=9, where=VOIDED))
    assert ids(page) == ["voided"]
    assert (page.sources[0].emulated, page.total_count) == (frozenset({Filter.STATUS}), None)


async def test_whether_two_ids_are_the_same_is_for_the_provider_to_say() -> None:
    class Lenient(ListedProvider):
        def _has(self, row: Row, where: CreditNoteFilter) -> bool:
            return (row.invoice or "").lower() in {id.lower() for id in where.invoice_ids}

    a = Lenient(account="a", rows=[Row(9, 1, "n", invoice="i1"), Row(8, 2, "m", invoice="i2")])
    page = await listing([a]).page(CALLER, ListRequest(first=9, invoices=(Ref("a", "I1"),)))
    assert (ids(page), page.sources[0].emulated, page.total_count) == (["n"], frozenset(), 1)


async def test_edges_cut_off_here_are_not_called_emulated_and_never_counted() -> None:
    where = CreditNoteFilter(issued=DayRange(first=date(2026, 1, 2)))
    a = ListedProvider(account="a", rough=frozenset({Filter.ISSUED}))
    a.rows = [Row(n, n, f"n{n}", more={"issued_on": date(2026, 1, 1 + n % 2)}) for n in range(6)]
    page = await listing([a]).page(CALLER, ListRequest(first=9, where=where))
    assert sorted(ids(page)) == ["n1", "n3", "n5"]
    assert (page.sources[0].emulated, page.sources[0].complete, page.total_count) == (frozenset(), True, None)


async def test_reading_on_over_edges_ends_at_the_bound_too() -> None:
    where = CreditNoteFilter(issued=DayRange(first=date(2026, 1, 2)))
    a = ListedProvider(account="a", rough=frozenset({Filter.ISSUED}), largest=2)
    a.rows = [Row(n, 3 * n, f"n{n}", more={"issued_on": date(2026, 1, 1)}) for n in range(20)]
    page = await listing([a], emulated_pages=3).page(CALLER, ListRequest(first=5, where=where))
    assert (ids(page), page.sources[0].complete, page.has_more, len(a.asked)) == ([], False, True, 3)


@pytest.mark.parametrize(("order", "reads"), [(Order.ISSUED_DESC, 3), (Order.ISSUED_ASC, 5)])
async def test_reading_ends_where_no_later_note_can_be_of_the_days_asked_for(order: Order, reads: int) -> None:
    a = ListedProvider(account="a", native=frozenset(), largest=1)
    days = [date(2026, 1, 1) + timedelta(days=n) for n in range(9)]
    a.rows = [Row(n * 86_400, n, f"n{n}", more={"issued_on": day}) for n, day in enumerate(days)]
    wanted = DayRange(first=days[8], last=days[8]) if order is Order.ISSUED_DESC else DayRange(first=days[2], last=days[2])
    pages = await walk(listing([a]), ListRequest(first=5, order=order, where=CreditNoteFilter(issued=wanted)))
    assert [id for page in pages for id in ids(page)] == ["n8" if order is Order.ISSUED_DESC else "n2"]
    assert (len(pages), len(a.asked), pages[-1].sources[0].complete) == (1, reads, True)


async def test_what_a_provider_never_tells_cannot_be_filtered_by_anyone() -> None:
    class Silent(ListedProvider):
        @property
        def capabilities(self) -> Capabilities:
            return Capabilities(untold=frozenset({Filter.CUSTOMER}))

    silent, other = Silent(account="a", rows=[Row(9, 1, "n")]), provider("b", 8)
    page = await listing([silent, other]).page(CALLER, ListRequest(first=9, where=CreditNoteFilter(customer_ids=("c",))))
    error = page.sources[0].error
    assert isinstance(error, Unsupported)
    assert (error.code, error.path) == (ErrorCode.UNSUPPORTED_FILTER, ("filter", "customerProviderIds"))
    assert page.sources[1].error is None
    assert silent.asked == []


async def test_an_order_the_provider_does_not_list_in_is_refused_and_hides_no_other() -> None:
    class Backwards(ListedProvider):
        @property
        def capabilities(self) -> Capabilities:
            return Capabilities(orders=frozenset({Order.ISSUED_DESC}))

    lister = listing([Backwards(account="a", rows=[Row(9, 1, "n")]), provider("b", 8)])
    page = await lister.page(CALLER, ListRequest(first=9, order=Order.ISSUED_ASC))
    error = page.sources[0].error
    assert isinstance(error, Unsupported)
    assert (error.code, error.path, error.account) == (ErrorCode.UNSUPPORTED, ("orderBy",), "a")
    assert ids(page) == ["b8"]
    assert ids(await lister.page(CALLER, ListRequest(first=9))) == ["n", "b8"]


async def test_customers_are_asked_for_in_groups_as_large_as_the_account_can() -> None:
    a = ListedProvider(account="a", rows=[Row(n, n, f"n{n}", more={"customer": Party(provider_id=f"c{n}")}) for n in range(6)])
    where = CreditNoteFilter(customer_ids=("c1", "c3", "c5"))
    page = await listing([a]).page(CALLER, ListRequest(first=9, where=where))
    assert (ids(page), len(a.asked), page.total_count) == (["n5", "n3", "n1"], 2, 3)
    lacking = ListedProvider(account="a", rows=a.rows, native=frozenset())
    page = await listing([lacking]).page(CALLER, ListRequest(first=9, where=where))
    assert (ids(page), len(lacking.asked), page.sources[0].emulated) == (["n5", "n3", "n1"], 1, frozenset({Filter.CUSTOMER}))


async def test_an_invoice_of_an_account_nobody_knows_is_not_found_by_its_place_in_the_filter() -> None:
    a = provider("a", 9)
    with pytest.raises(NotFound) as missing:
        await listing([a]).page(CALLER, ListRequest(first=9, invoices=(Ref("a", "i1"), Ref("nobody", "i2"))))
    assert missing.value.path == ("filter", "invoiceIds", "1")
    assert a.asked == []


async def test_what_no_note_can_meet_costs_nothing() -> None:
    a = provider("a", 9)
    page = await listing([a]).page(CALLER, ListRequest(first=9, where=None))
    assert (ids(page), page.has_more, page.sources[0].complete, a.asked) == ([], False, True, [])


@pytest.mark.parametrize(
    "other",
    [
        CreditNoteFilter(currencies=frozenset({"EUR"})),
        CreditNoteFilter(currencies=frozenset({"USD", "EUR"})),
        CreditNoteFilter(settlements=frozenset({Settlement.SETTLED})),
        CreditNoteFilter(reasons=frozenset({Reason.OTHER})),
        CreditNoteFilter(customer_ids=("c",)),
        CreditNoteFilter(issued=DayRange(first=date(2026, 1, 1))),
        CreditNoteFilter(issued=DayRange(last=date(2026, 1, 1))),
        CreditNoteFilter(updated=InstantRange(start=datetime(2026, 1, 1, tzinfo=UTC))),
        CreditNoteFilter(updated=InstantRange(start=datetime(2026, 1, 1, 0, 0, 0, 1, tzinfo=UTC))),
        CreditNoteFilter(total=MoneyRange(currency="USD")),
        CreditNoteFilter(total=MoneyRange(currency="USD", least=Decimal(1))),
        CreditNoteFilter(total=MoneyRange(currency="USD", most=Decimal(1))),
    ],
)
def test_every_member_of_the_filter_makes_another_walk(other: CreditNoteFilter) -> None:
    assert ListRequest(first=5, where=CURRENCY).arguments != ListRequest(first=5, where=other).arguments
    assert ListRequest(first=5, where=other).arguments == ListRequest(first=9, where=other).arguments

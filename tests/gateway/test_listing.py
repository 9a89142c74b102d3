"""Pages over many accounts: who is asked and how often, what one account's failure does to the others, and what is said of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.domain.commands import CreditNoteFilter
from app.domain.credit_note import Ref
from app.domain.errors import NotFound, Unavailable
from app.domain.vocabulary import Filter, Order, Status
from app.gateway.accounts import Caller
from app.gateway.cache import Freshness
from app.gateway.listing import ListRequest
from tests.gateway.lists import ListedProvider, Row
from tests.gateway.stub import CALLER, settings
from tests.gateway.walking import ids, listing, provider, walk

pytestmark = pytest.mark.anyio

ISSUED, VOIDED = Status.ISSUED, Status.VOIDED


def of(*statuses: Status) -> CreditNoteFilter:
    return CreditNoteFilter(statuses=frozenset(statuses))


async def test_a_page_is_merged_over_all_accounts_and_says_what_each_gave() -> None:
    lister = listing([provider("b", 8, 6), provider("a", 9, 5, 1), provider("c")])
    page = await lister.page(CALLER, ListRequest(first=4))
    assert ids(page) == ["a9", "b8", "b6", "a5"]
    assert [(source.account.name, source.count, source.complete, source.error) for source in page.sources] == [
        ("a", 2, True, None),
        ("b", 2, True, None),
        ("c", 0, True, None),
    ]
    assert page.has_more
    assert page.total_count == 5


async def test_the_oldest_come_first_where_that_is_asked() -> None:
    pages = await walk(listing([provider("b", 8, 6), provider("a", 9, 5, 1)]), ListRequest(first=2, order=Order.ISSUED_ASC))
    assert [ids(page) for page in pages] == [["a1", "a5"], ["b6", "b8"], ["a9"]]


async def test_an_account_that_fails_harms_no_other_and_says_so_itself() -> None:
    down = provider("a", 9)
    down.failing = Unavailable("down", account="a")
    page = await listing([down, provider("b", 8, 6)]).page(CALLER, ListRequest(first=2))
    assert ids(page) == ["b8", "b6"]
    failed, fine = page.sources
    assert (failed.error, failed.complete, failed.count, failed.fetched_at) == (down.failing, False, 0, None)
    assert (fine.error, fine.complete) == (None, True)
    assert page.total_count is None


async def test_what_an_account_could_not_show_while_it_failed_is_shown_when_it_is_back() -> None:
    flaky, steady = provider("a", 9, 7, 5, 3), provider("b", 8, 6, 4, 2)
    lister = listing([flaky, steady])
    request, shown = ListRequest(first=2), list[str]()
    for turn in range(6):
        flaky.failing = Unavailable("down") if turn in {1, 2} else None
        page = await lister.page(CALLER, request)
        shown += ids(page)
        request = request.at(page.marks_at_end())
    # The walk is at its end for who can be asked on the third page; the cursor behind it still finds the rest.
    assert shown == ["a9", "b8", "b6", "b4", "b2", "a7", "a5", "a3"]


async def test_when_every_account_fails_the_page_is_empty_and_every_source_says_why() -> None:
    accounts = [provider("a", 9), provider("b", 8)]
    for each in accounts:
        each.failing = Unavailable(f"{each.account} is down")
    page = await listing(accounts).page(CALLER, ListRequest(first=2))
    assert (ids(page), page.has_more) == ([], False)
    assert [source.error and source.error.message for source in page.sources] == ["a is down", "b is down"]


async def test_only_the_accounts_asked_for_are_asked() -> None:
    a, b, c = (provider(name, second) for second, name in enumerate("abc"))
    lister = listing([a, b, c])
    assert ids(await lister.page(CALLER, ListRequest(first=9, accounts=("c", "a", "c")))) == ["c2", "a0"]
    assert ids(await lister.page(CALLER, ListRequest(first=9, providers=frozenset({"at-b"})))) == ["b1"]
    assert ids(await lister.page(CALLER, ListRequest(first=9, accounts=("a",), providers=frozenset({"at-b"})))) == []
    assert [len(each.asked) for each in (a, b, c)] == [1, 1, 1]


async def test_an_account_nobody_knows_is_not_found_by_its_place_in_the_filter() -> None:
    a = provider("a", 9)
    with pytest.raises(NotFound) as missing:
        await listing([a]).page(CALLER, ListRequest(first=9, accounts=("a", "nobody")))
    assert missing.value.path == ("filter", "accounts", "1")
    assert a.asked == []


async def test_another_tenants_account_is_neither_listed_nor_told_from_one_nobody_knows() -> None:
    lister = listing([provider("a", 9), provider("b", 8)])
    own = lister._accounts
    own.settings = {**own.settings, "b": settings("b", tenant="other", provider="at-b")}
    stranger = Caller(name="stranger", tenant="other")
    assert ids(await lister.page(stranger, ListRequest(first=9))) == ["b8"]
    for name in ("a", "nobody"):
        with pytest.raises(NotFound, match=f"no account '{name}'"):
            await lister.page(stranger, ListRequest(first=9, accounts=(name,)))


async def test_invoices_are_asked_for_at_their_own_accounts_in_groups_as_large_as_each_can() -> None:
    a, b = provider("a"), provider("b", 7)
    a.rows = [Row(second, second, f"a{second}", invoice=f"i{second}") for second in range(5)]
    refs = tuple(Ref("a", f"i{second}") for second in (0, 1, 3))
    page = await listing([a, b]).page(CALLER, ListRequest(first=9, invoices=refs))
    assert ids(page) == ["a3", "a1", "a0"]
    assert [source.account.name for source in page.sources] == ["a"]
    assert (len(a.asked), len(b.asked)) == (2, 0)
    assert ids(await listing([a, b]).page(CALLER, ListRequest(first=9, invoices=()))) == []


async def test_a_filter_for_no_status_at_all_matches_nothing_and_costs_nothing() -> None:
    a = provider("a", 9)
    page = await listing([a]).page(CALLER, ListRequest(first=9, where=None))
    assert (ids(page), page.has_more, a.asked) == ([], False, [])


async def test_a_filter_the_provider_lacks_is_applied_here_and_said() -> None:
    a = provider("a", 9, 8, 7, filters=False)
    a.rows[1] = replace(a.rows[1], status=VOIDED)
    page = await listing([a, provider("b", 1)]).page(CALLER, ListRequest(first=9, where=of(VOIDED)))
    assert ids(page) == ["a8"]
    assert [source.emulated for source in page.sources] == [frozenset({Filter.STATUS}), frozenset()]
    assert page.total_count is None


async def test_an_invoice_filter_the_provider_ignored_is_applied_here() -> None:
    class Ignoring(ListedProvider):
        def _has(self, row: Row, where: object) -> bool:  # noqa: ARG002 - the signature of what it replaces
            return True

    a = Ignoring(account="a", rows=[Row(9, 1, "mine", invoice="i1"), Row(8, 2, "not mine", invoice="i2"), Row(7, 3, "none")])
    a.ignored = frozenset({Filter.INVOICE})
    page = await listing([a]).page(CALLER, ListRequest(first=9, invoices=(Ref("a", "i1"),)))
    assert ids(page) == ["mine"]
    assert page.sources[0].emulated == {Filter.INVOICE}


async def test_reading_for_a_filter_the_provider_lacks_ends_at_its_bound_and_goes_on_from_there() -> None:
    a = provider("a", *range(100), filters=False, largest=10)
    a.rows[3] = replace(a.rows[3], status=VOIDED)
    lister = listing([a], emulated_pages=2)
    request = ListRequest(first=5, where=of(VOIDED))
    first = await lister.page(CALLER, request)
    assert (ids(first), first.has_more, first.sources[0].complete, len(a.asked)) == ([], True, False, 2)
    pages = await walk(lister, request)
    assert [id for page in pages for id in ids(page)] == ["a3"]
    assert pages[-1].sources[0].complete
    assert len(pages) <= 6


def test_a_walk_is_the_same_walk_whatever_its_page_size_and_place_and_no_other() -> None:
    request = ListRequest(first=5, accounts=("a", "b"), where=of(ISSUED, VOIDED))
    same = [
        replace(request, first=9),
        replace(request, accounts=("b", "a")),
        replace(request, where=of(VOIDED, ISSUED)),
        replace(request, freshness=Freshness(max_age_s=0)),
        request.at({}),
    ]
    others = [
        replace(request, order=Order.ISSUED_ASC),
        replace(request, accounts=("a",)),
        replace(request, accounts=None),
        replace(request, providers=frozenset({"x"})),
        replace(request, where=of(ISSUED)),
        replace(request, where=of()),
        replace(request, where=None),
        replace(request, native_only=True),
        replace(request, invoices=(Ref("a", "i1"),)),
        replace(request, invoices=()),
    ]
    assert {each.arguments for each in same} == {request.arguments}
    assert len({each.arguments for each in others} | {request.arguments}) == len(others) + 1

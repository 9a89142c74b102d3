"""The adapter of Zenskar against the sandbox: notes by id, their lines, lists."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.domain.commands import CreditNoteFilter, Page, PageRequest, Place
from app.domain.credit_note import CreditNote, Ref
from app.domain.errors import AccountRefused, NotFound
from app.domain.vocabulary import Filter, Order, Status
from app.providers.contract import CanRecall, HasLines
from app.providers.zenskar.adapter import Zenskar
from app.secret import Secret
from tests.providers.zenskar import ABSENT_ID, ACCOUNT, Organisation, demo, opened, settings

pytestmark = pytest.mark.anyio


async def walk(adapter: Zenskar, where: CreditNoteFilter, order: Order = Order.ISSUED_DESC, size: int = 7) -> list[Page]:
    pages = [await adapter.list(where, PageRequest(size=size, order=order))]
    while pages[-1].next is not None:
        pages.append(await adapter.list(where, PageRequest(size=size, order=order, token=pages[-1].next)))
    return pages


async def test_every_id_asked_for_is_answered(zenskar: Organisation) -> None:
    async with opened(zenskar.url) as adapter:
        found = await adapter.fetch_many([demo(3001), ABSENT_ID, "CN-1", demo(3060), demo(3001)])
    assert list(found) == [demo(3001), ABSENT_ID, "CN-1", demo(3060)]
    assert isinstance(found[demo(3001)], CreditNote)
    assert isinstance(found[ABSENT_ID], NotFound)
    assert isinstance(found["CN-1"], NotFound)


async def test_the_adapter_has_lines_and_recall_and_can_be_probed(zenskar: Organisation) -> None:
    async with opened(zenskar.url) as adapter:
        await adapter.probe()
    assert isinstance(adapter, HasLines)
    assert isinstance(adapter, CanRecall)


@pytest.mark.parametrize("given", [{"credentials": {"api_key": Secret("wrong")}}, {"options": {"organisation": "wrong"}}])
async def test_wrong_credentials_are_the_accounts_fault(
    zenskar: Organisation, given: dict[str, dict[str, Secret] | dict[str, str]]
) -> None:
    async with opened(zenskar.url, replace(settings(), **given)) as adapter:  # type: ignore[arg-type]  # each member as its field has it
        with pytest.raises(AccountRefused):
            await adapter.probe()


async def test_lines_are_fetched_wherever_the_note_says(zenskar: Organisation) -> None:
    async with opened(zenskar.url) as adapter:
        notes = (await adapter.list(CreditNoteFilter(), PageRequest(size=3))).notes
        found = await adapter.lines([*notes, replace(notes[0], ref=Ref(ACCOUNT, demo(9)), line_items_url="@elsewhere.test/x")])
    assert set(found) == {*(note.ref.external_id for note in notes), demo(9)}
    for note in notes:
        (line,) = found[note.ref.external_id]  # type: ignore[misc]  # a list, which the assertion below shows
        assert line.amount == note.total
    assert isinstance(found[demo(9)], Exception)


async def test_all_notes_are_reached_page_by_page_once_and_counted(zenskar: Organisation) -> None:
    async with opened(zenskar.url) as adapter:
        pages = await walk(adapter, CreditNoteFilter())
        ascending = await walk(adapter, CreditNoteFilter(), Order.ISSUED_ASC)
    notes = [note for page in pages for note in page.notes]
    assert {page.total_count for page in pages} == {60}
    assert len({note.ref for note in notes}) == len(notes) == 60
    assert notes == sorted(notes, key=lambda note: note.issued_at, reverse=True)
    assert [note.ref for page in ascending for note in page.notes] == [note.ref for note in reversed(notes)]
    assert [page.token for page in pages[1:]] == [page.next for page in pages[:-1]]


@pytest.mark.parametrize(
    ("statuses", "native"),
    [
        ({Status.PENDING}, True),
        ({Status.VOIDED}, True),
        ({Status.VOIDED, Status.DELETED}, True),
        ({Status.ISSUED}, False),
        ({Status.PENDING, Status.VOIDED}, False),
        ({Status.VOIDED, Status.UNKNOWN}, False),
    ],
)
async def test_a_status_is_filtered_by_the_provider_only_where_it_has_one_word(
    zenskar: Organisation, statuses: set[Status], native: bool
) -> None:
    async with opened(zenskar.url) as adapter:
        page = await adapter.list(CreditNoteFilter(statuses=frozenset(statuses)), PageRequest(size=100))
    if native:
        assert page.notes
        assert {note.status for note in page.notes} <= statuses
        assert (page.unapplied, page.total_count) == (frozenset(), len(page.notes))
    else:
        assert (page.unapplied, page.total_count, len(page.notes)) == (frozenset({Filter.STATUS}), None, 60)


@pytest.mark.parametrize(
    "where", [CreditNoteFilter(statuses=frozenset({Status.DELETED})), CreditNoteFilter(invoice_ids=("INV-1", "../x", ""))]
)
async def test_what_cannot_be_here_is_not_even_asked_for(where: CreditNoteFilter) -> None:
    async with opened("http://127.0.0.1:9") as adapter:
        assert await adapter.list(where, PageRequest(size=5)) == Page(notes=(), total_count=0)


@pytest.mark.parametrize("id", ["", "CN-1", "../invoices", f"{demo(3001)}\n", demo(3001)[:-1], f"{{{demo(3001)}}}"])
async def test_an_id_that_is_none_is_absent_without_being_asked_for(id: str) -> None:
    async with opened("http://127.0.0.1:9") as adapter:
        for found in (await adapter.fetch_many([id]), await adapter.invoices([id])):
            absent = found[id]
            assert isinstance(absent, NotFound)
            assert absent.account == ACCOUNT


async def test_notes_of_one_invoice_are_listed(zenskar: Organisation) -> None:
    async with opened(zenskar.url) as adapter:
        page = await adapter.list(CreditNoteFilter(invoice_ids=(demo(2007),)), PageRequest(size=5))
        assert [note.ref.external_id for note in page.notes] == [demo(3007)]
        assert (page.unapplied, page.total_count) == (frozenset(), 1)
        both = await adapter.list(CreditNoteFilter(invoice_ids=("INV-1", demo(2007))), PageRequest(size=5))
        assert both == page


@pytest.mark.parametrize("order", list(Order))
@pytest.mark.parametrize("cursor", ["keyset", "offset"])
async def test_a_walk_resumed_from_a_place_misses_nothing(zenskar: Organisation, order: Order, cursor: str) -> None:
    zenskar.switch(cursor=cursor)
    where = CreditNoteFilter(statuses=frozenset({Status.PENDING}))
    async with opened(zenskar.url) as adapter:
        before = await walk(adapter, where, order, 2)
        assert len(before) > 3
        shown = [note.ref for page in before[:2] for note in page.notes]
        place = Place(at=before[1].notes[-1].issued_at, token=before[1].token)
        for ref in shown:  # what was shown leaves the list, so that an offset now points too far
            zenskar.act("settle", note_id=ref.external_id)
        page = await adapter.list(where, PageRequest(size=2, order=order, resume=place))
        rest = [note.ref for note in page.notes]
        while page.next is not None:
            page = await adapter.list(where, PageRequest(size=2, order=order, token=page.next))
            rest += [note.ref for note in page.notes]
    missing = {note.ref for later in before[2:] for note in later.notes} - set(rest)
    assert not missing

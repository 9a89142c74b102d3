"""Walking through an account's notes at Chargebee, resumed from an instant alone: none lost, none locked out."""

from __future__ import annotations

import pytest

from app.domain.commands import CreditNoteFilter, PageRequest, Place
from app.domain.credit_note import CreditNote
from app.domain.errors import InvalidInput
from app.domain.vocabulary import Order
from app.providers.chargebee.adapter import Chargebee
from tests.providers.chargebee import opened
from tests.providers.chargebee.site import Site

pytestmark = pytest.mark.anyio


async def walked(
    adapter: Chargebee, *, size: int, shown: int, order: Order, where: CreditNoteFilter | None = None
) -> list[CreditNote]:
    """All notes, `shown` a time, each time from the instant of the last one shown and nothing else."""
    where, seen = where or CreditNoteFilter(), dict[str, CreditNote]()
    resume: Place | None = None
    while True:
        page = await adapter.list(where, PageRequest(size=size, order=order, resume=resume))
        fresh = [note for note in page.notes if note.ref.external_id not in seen]
        while len(fresh) < shown and page.next is not None:
            page = await adapter.list(where, PageRequest(size=size, order=order, token=page.next))
            fresh += [note for note in page.notes if note.ref.external_id not in seen]
        if not fresh:
            return list(seen.values())
        seen |= {note.ref.external_id: note for note in fresh[:shown]}
        resume = Place(at=fresh[:shown][-1].issued_at, token="not looked at")


@pytest.mark.parametrize("order", list(Order))
@pytest.mark.parametrize("bounds", ["strict", "inclusive"])
@pytest.mark.parametrize("default_order", ["oldest_first", "newest_first"])
async def test_every_note_is_reached_once_in_order(site: Site, order: Order, bounds: str, default_order: str) -> None:
    site.switch(filter_after_before=bounds, default_order=default_order, unknown_filters="refused")
    async with opened(site.url) as adapter:
        notes = await walked(adapter, size=7, shown=7, order=order)
    instants = [note.issued_at for note in notes]
    assert instants == sorted(instants, reverse=order is Order.ISSUED_DESC)
    assert len(notes) == 60


@pytest.mark.parametrize("order", list(Order))
@pytest.mark.parametrize("bounds", ["strict", "inclusive"])
async def test_many_notes_of_one_second_do_not_lock_the_walk(site: Site, order: Order, bounds: str) -> None:
    site.switch(filter_after_before=bounds)
    made = {site.act("issue", invoice_id="INV-1002", minor=1_00)["credit_note"]["id"] for _ in range(25)}
    where = CreditNoteFilter(invoice_ids=("INV-1002", "INV-2001"))
    async with opened(site.url) as adapter:
        notes = await walked(adapter, size=4, shown=4, order=order, where=where)
    assert made | {"CN-0001"} == {note.ref.external_id for note in notes}


async def test_what_is_issued_during_a_walk_moves_nothing(site: Site) -> None:
    async with opened(site.url) as adapter:
        first = await adapter.list(CreditNoteFilter(), PageRequest(size=30))
        site.act("issue", invoice_id="INV-1002", minor=1_00)
        second = await adapter.list(CreditNoteFilter(), PageRequest(size=30, token=first.next))
    ids = [note.ref.external_id for note in (*first.notes, *second.notes)]
    assert len(set(ids)) == len(ids) == 60
    assert second.next is None


async def test_a_page_keeps_its_size_and_bound_along_its_tokens(site: Site) -> None:
    async with opened(site.url) as adapter:
        newest = (await adapter.list(CreditNoteFilter(), PageRequest(size=1))).notes[0]
        page = await adapter.list(CreditNoteFilter(), PageRequest(size=9, resume=Place(at=newest.issued_at)))
        again = await adapter.list(CreditNoteFilter(), PageRequest(size=50, token=page.token))
        await adapter.list(CreditNoteFilter(), PageRequest(size=50, token=page.next))
    assert again == page
    assert {(one.query["limit"], one.query["date[before]"]) for one in site.requests[1:]} == {
        ("9", str(int(newest.issued_at.timestamp()) + 1))
    }


async def test_a_page_is_never_larger_than_chargebee_allows(site: Site) -> None:
    async with opened(site.url) as adapter:
        page = await adapter.list(CreditNoteFilter(), PageRequest(size=500))
    assert len(page.notes) == 60


@pytest.mark.parametrize("token", ["", "x", "[]", '["7"]', '{"size":1}'])
async def test_a_token_nobody_gave_is_refused(site: Site, token: str) -> None:
    async with opened(site.url) as adapter:
        with pytest.raises(InvalidInput):
            await adapter.list(CreditNoteFilter(), PageRequest(size=1, token=token))
    assert site.requests == []

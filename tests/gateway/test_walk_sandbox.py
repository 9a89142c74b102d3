"""Walks through the real providers' lists, page by page on their sockets, while notes are issued behind the gateway's back."""

from __future__ import annotations

from collections.abc import AsyncIterator
from itertools import pairwise

import pytest

from app.accounts_file import demo_accounts
from app.asgi import make_process
from app.domain.commands import CreditNoteFilter
from app.domain.vocabulary import Order, Status
from app.gateway.listing import Listing, ListRequest
from app.gateway.walk import Item
from app.sandbox.server import Addresses
from app.settings import Settings
from app.timings import Timings
from tests.gateway.stub import CALLER
from tests.support.demo import ACCOUNTS, UNPAID, invoice_id, provider
from tests.support.running import SandboxControl

pytestmark = [pytest.mark.anyio, pytest.mark.rounds]

AT_ONCE = 25
"""Notes issued in one second: more than a page holds, and than a mark remembers."""


@pytest.fixture
async def listing(addresses: Addresses, sandbox: SandboxControl) -> AsyncIterator[Listing]:
    for account in ACCOUNTS:
        for _ in range(AT_ONCE):
            issue(sandbox, account)
    process = make_process(Settings(accounts=demo_accounts(addresses.providers), timings=Timings(list_fresh_s=0)))
    yield process.services.listing
    await process.aclose()


def issue(sandbox: SandboxControl, account: str) -> None:
    sandbox.act(provider(account), "issue", invoice_id=invoice_id(account, UNPAID), minor=1_00)


def ids(sandbox: SandboxControl) -> set[tuple[str, str]]:
    """Every note in the books, by account and id."""
    books = sandbox.books()
    return {(account, note["id"]) for account in ACCOUNTS for note in books[provider(account)]["notes"]}


@pytest.mark.parametrize("order", Order)
@pytest.mark.parametrize("first", [7, 40])
async def test_every_note_there_was_is_shown_once_and_in_order(
    listing: Listing, sandbox: SandboxControl, first: int, order: Order
) -> None:
    at_start = ids(sandbox)
    assert len(at_start) == 3 * (60 + AT_ONCE)
    shown = await walked(listing, ListRequest(first=first, order=order), sandbox)
    found = [(item.note.ref.account, item.note.ref.external_id) for item in shown]
    assert len(set(found)) == len(found)
    assert at_start <= set(found) <= ids(sandbox)
    instants = [item.note.issued_at for item in shown]
    assert all(one >= other if order is Order.ISSUED_DESC else one <= other for one, other in pairwise(instants))


@pytest.mark.parametrize("status", [Status.ISSUED, Status.VOIDED])
async def test_a_filter_shows_the_same_notes_whoever_applies_it(listing: Listing, sandbox: SandboxControl, status: Status) -> None:
    everything = await walked(listing, ListRequest(first=100), sandbox)
    matching = {item.note.ref for item in everything if item.note.status is status}
    filtered = await walked(listing, ListRequest(first=9, where=CreditNoteFilter(statuses=frozenset({status}))), sandbox)
    assert matching
    assert matching <= {item.note.ref for item in filtered}
    assert {item.note.status for item in filtered} == {status}
    assert len({item.note.ref for item in filtered}) == len(filtered)


async def walked(listing: Listing, request: ListRequest, sandbox: SandboxControl) -> list[Item]:
    """All pages; after each of the first, one more note at every account."""
    shown: list[Item] = []
    for pages in range(100):
        page = await listing.page(CALLER, request)
        assert all(source.complete for source in page.sources)
        shown += page.items
        if not page.has_more:
            return shown
        request = request.at(page.marks_at_end())
        if pages < 10:
            for account in ACCOUNTS:
                issue(sandbox, account)
    pytest.fail("the walk does not end")

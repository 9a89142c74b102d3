"""A listing over providers in memory; unless told otherwise no page is kept, so that every one is asked for."""

from __future__ import annotations

from collections.abc import Sequence

from app.domain.vocabulary import Filter
from app.gateway.background import Background
from app.gateway.cache import Memory
from app.gateway.credit_notes import CreditNotes
from app.gateway.listing import Listing, ListRequest, NotePage
from app.settings import Settings
from app.store import Store
from app.store.memory import MemoryStore
from app.timings import Timings
from tests.gateway.lists import ListedProvider, Paging, Row
from tests.gateway.stub import CALLER, accounts
from tests.support.clock import Clock


def listing(
    providers: Sequence[ListedProvider],
    *,
    emulated_pages: int = 5,
    list_fresh_s: float = 0,
    store: Store | None = None,
    clock: Clock | None = None,
) -> Listing:
    """The listing of a process that has an account at each of these."""
    memory = Memory(store=store or MemoryStore(), background=Background(), clock=clock or Clock(), chance=lambda: 0.0)
    opened = accounts({each.account: each for each in providers}, {each.account: each.capabilities for each in providers})
    settings = Settings(accounts=opened.settings, timings=Timings(list_fresh_s=list_fresh_s), emulated_pages=emulated_pages)
    return Listing(opened, CreditNotes(memory, settings.timings).cache, memory, settings)


def provider(account: str, *seconds: int, paging: Paging = "instant", filters: bool = True, largest: int = 100) -> ListedProvider:
    """An account with a note at each of these seconds, named by account and second."""
    rows = [Row(second, tie, f"{account}{second}") for tie, second in enumerate(seconds)]
    native = frozenset(Filter) if filters else frozenset({Filter.INVOICE})
    return ListedProvider(account=account, paging=paging, native=native, largest=largest, rows=rows)


def ids(page: NotePage) -> list[str]:
    return [item.note.ref.external_id for item in page.items]


async def walk(lister: Listing, request: ListRequest) -> list[NotePage]:
    """All pages, one after the other."""
    pages = [await lister.page(CALLER, request)]
    while pages[-1].has_more:
        assert len(pages) < 100
        pages.append(await lister.page(CALLER, request.at(pages[-1].marks_at_end())))
    return pages

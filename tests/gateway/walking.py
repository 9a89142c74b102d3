"""A listing over providers in memory, with no page kept: every page is asked for."""

from __future__ import annotations

from collections.abc import Sequence

from app.gateway.background import Background
from app.gateway.cache import Memory
from app.gateway.credit_notes import CreditNotes
from app.gateway.listing import Listing
from app.settings import Settings, Timings
from app.store import Store
from app.store.memory import MemoryStore
from tests.gateway.lists import ListedProvider
from tests.gateway.stub import accounts
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
    memory = Memory(store=store or MemoryStore(), background=Background(), clock=clock or Clock())
    opened = accounts({each.account: each for each in providers}, {each.account: each.capabilities for each in providers})
    settings = Settings(accounts=opened.settings, timings=Timings(list_fresh_s=list_fresh_s), emulated_pages=emulated_pages)
    return Listing(opened, CreditNotes(memory, settings.timings).cache, memory, settings)

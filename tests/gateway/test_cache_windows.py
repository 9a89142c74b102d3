"""How long each kind of thing is believed: a note by what may still happen to it, its lines, an invoice."""

from __future__ import annotations

import pytest

from app.domain.credit_note import CreditNote
from app.domain.errors import Unavailable
from app.domain.vocabulary import RefundStatus, Settlement, Status
from app.gateway.background import Background
from app.gateway.cache import Fetched, Freshness, Memory
from app.gateway.cache.layer import Layer
from app.gateway.credit_notes import CreditNotes
from app.store.memory import MemoryStore
from app.timings import Timings
from tests.gateway.stub import StubAdapter, account, note
from tests.support.clock import Clock

pytestmark = pytest.mark.anyio

SHORT_S, LONG_S = 30, 300
LASTING = [
    note("a", settlement=Settlement.SETTLED),
    note("a", settlement=Settlement.SETTLED, refund_status=RefundStatus.SUCCEEDED),
    note("a", status=Status.VOIDED, settlement=Settlement.UNSETTLED),
    note("a", status=Status.DELETED, settlement=Settlement.UNKNOWN),
]
MOVING = [
    note("a", settlement=Settlement.UNSETTLED),
    note("a", settlement=Settlement.PARTIALLY_SETTLED),
    note("a", settlement=Settlement.UNKNOWN),
    note("a", status=Status.PENDING, settlement=Settlement.UNSETTLED),
    note("a", settlement=Settlement.SETTLED, refund_status=RefundStatus.PENDING),
    note("a", status=Status.VOIDED, refund_status=RefundStatus.PENDING),
]


@pytest.mark.parametrize(("kept", "fresh_s"), [*((each, LONG_S) for each in LASTING), *((each, SHORT_S) for each in MOVING)])
async def test_a_note_is_believed_the_longer_the_less_can_happen_to_it(clock: Clock, kept: CreditNote, fresh_s: float) -> None:
    background, provider = Background(), StubAdapter(notes={"a": kept})
    memory = Memory(
        store=MemoryStore(clock=clock), background=background, clock=clock, chance=lambda: 0.0, layer=Layer(clock=clock)
    )
    notes, place = CreditNotes(memory, Timings(note_fresh_s=SHORT_S)), account(provider)

    async def read() -> tuple[bool, bool]:
        found = (await notes.get_many(place, ["a"], Freshness()))["a"]
        assert isinstance(found, Fetched)
        return found.cached, found.stale

    assert await read() == (False, False)
    clock.advance(fresh_s - 0.1)
    assert await read() == (True, False)
    provider.failing = Unavailable("down")  # what is refreshed behind the answer does not come
    clock.advance(0.1)
    assert await read() == (True, True)
    await background.drain(1)
    provider.failing = None
    clock.advance(fresh_s)
    assert await read() == (False, False)

"""What the gateway's suites share."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from app.sandbox.server import Addresses
from app.store.memory import MemoryStore
from tests.gateway.cached import World
from tests.gateway.mishaps import TIMINGS
from tests.gateway.stub import note
from tests.gateway.writing import Desk, Desks
from tests.support.clock import Clock


@pytest.fixture
def clock() -> Clock:
    """Noon on the first of March 2026, held still."""
    return Clock(1_772_366_400.0)


@pytest.fixture
def world(clock: Clock) -> World:
    """A cache with nothing in it, over a provider with the notes a, b and c."""
    made = World(MemoryStore(clock=clock), clock)
    made.provider.notes = {id: note(id) for id in "abc"}
    return made


@pytest.fixture
async def desks(addresses: Addresses) -> AsyncIterator[Desks]:
    """Makes processes' writes over the sandboxes, and closes them."""
    made = Desks(addresses)
    yield made
    await made.aclose()


@pytest.fixture
def desk(desks: Desks) -> Desk:
    """One process's writes."""
    return desks.open()


@pytest.fixture
def short_timeouts(desks: Desks) -> None:
    """Every desk gives up a late answer before the sandboxes' delay is over."""
    desks.timings = TIMINGS

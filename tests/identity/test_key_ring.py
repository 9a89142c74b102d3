"""API keys in the store, the process's own and a real Redis alike: one of a name, found by its hash, gone when it is revoked."""

from __future__ import annotations

import asyncio
import uuid
from datetime import UTC, datetime

import pytest

from app.domain.vocabulary import Scope
from app.identity.key_ring import KeyRing
from app.store import Store, StoreFailure
from app.store.memory import MemoryStore
from tests.identity.made import made
from tests.support.store_kinds import store_of
from tests.support.stores import away

pytestmark = pytest.mark.anyio


store = store_of("memory", "redis")


@pytest.fixture
def ring(store: Store) -> KeyRing:
    return KeyRing(store)


def name() -> str:
    """One nobody else uses: a Redis is shared by the whole session."""
    return f"k{uuid.uuid4().hex}"


async def test_a_key_is_found_as_it_was_given(ring: KeyRing) -> None:
    _, plain = made(name())
    _, narrow = made(
        name(), scopes=frozenset({Scope.READ}), accounts=frozenset({"b", "a"}), expires_at=datetime(2030, 1, 31, 12, tzinfo=UTC)
    )
    assert [await ring.add(key) for key in (plain, narrow)] == [True, True]
    assert [await ring.find(key.sha256) for key in (plain, narrow)] == [plain, narrow]
    assert {plain, narrow} <= set(await ring.list())


async def test_a_name_is_given_once(ring: KeyRing) -> None:
    _, first = made(name())
    _, second = made(first.name)
    assert await ring.add(first)
    assert not await ring.add(second)
    assert await ring.find(second.sha256) is None
    assert [key for key in await ring.list() if key.name == first.name] == [first]


async def test_of_many_who_want_a_name_at_once_one_has_it(ring: KeyRing) -> None:
    shared = name()
    keys = [made(shared)[1] for _ in range(8)]
    given = await asyncio.gather(*(ring.add(key) for key in keys))
    assert sum(given) == 1
    assert [key for key in await ring.list() if key.name == shared] == [keys[given.index(True)]]


async def test_a_revoked_key_is_gone_and_its_name_free(ring: KeyRing) -> None:
    _, key = made(name())
    await ring.add(key)
    assert await ring.revoke(key.name)
    assert await ring.find(key.sha256) is None
    assert key.name not in {one.name for one in await ring.list()}
    assert not await ring.revoke(key.name)
    _, again = made(key.name)
    assert await ring.add(again)
    assert await ring.find(again.sha256) == again


@pytest.mark.parametrize("text", ["", "\udcff", "a b", "{keys}"])
async def test_what_is_no_name_is_no_keys(ring: KeyRing, text: str) -> None:
    assert not await ring.revoke(text)


async def test_nothing_is_said_to_have_happened_in_a_store_that_is_away() -> None:
    ring = KeyRing(away(MemoryStore()))
    _, key = made("ci")
    for call in (ring.add(key), ring.revoke("ci"), ring.find(key.sha256), ring.list()):
        with pytest.raises(StoreFailure):
            await call

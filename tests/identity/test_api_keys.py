"""API keys: which are believed and until when, and what happens while the store that holds them is away."""

from __future__ import annotations

import hashlib
import hmac
from datetime import UTC, datetime, timedelta

import pytest

from app.domain.errors import StoreUnavailable
from app.domain.vocabulary import Scope
from app.gateway.accounts import Caller
from app.identity import api_keys
from app.identity.api_keys import STALE_S, ApiKeys, fingerprint, is_api_key, new_key
from app.identity.key_ring import KeyRing
from app.store.memory import MemoryStore
from tests.identity.made import made
from tests.support.clock import Clock
from tests.support.stores import ShakyStore

pytestmark = pytest.mark.anyio

MEMORY_S = 5


class Kept:
    """Keys in a store that a test can take away, and a gateway that remembers them for a while."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.store = ShakyStore(MemoryStore())
        self.ring = KeyRing(self.store)
        self.keys = ApiKeys((), self.ring, memory_s=MEMORY_S, clock=self.clock)


@pytest.fixture
def kept() -> Kept:
    return Kept()


def test_a_key_is_random_recognisable_and_kept_as_its_hash_only() -> None:
    keys = {new_key() for _ in range(100)}
    assert len(keys) == 100
    assert all(is_api_key(key) and key.startswith("cn_") and len(key) == 46 for key in keys)
    key = keys.pop()
    assert fingerprint(key) == hashlib.sha256(key.encode()).hexdigest()


async def test_a_key_of_the_file_is_its_holders() -> None:
    text, key = made("ci", tenant="acme", scopes=frozenset({Scope.READ}), accounts=frozenset({"a"}))
    keys = ApiKeys([made("other")[1], key, made("another")[1]], None, memory_s=MEMORY_S)
    expected = Caller(name="key:ci", tenant="acme", scopes=frozenset({Scope.READ}), accounts=frozenset({"a"}))
    assert await keys.caller(text) == expected


@pytest.mark.parametrize(
    "shown",
    [
        "",
        "cn_",
        "cn_short",
        "CN_" + "a" * 43,
        "cn_" + "a" * 44,
        "cn_" + "a" * 42 + "=",
        "cn_" + "ä" * 43,
        "cn_" + "a" * 43,
        "a.b.c",
    ],
)
async def test_what_is_no_key_or_no_known_one_is_nobodys(shown: str) -> None:
    assert await ApiKeys([made("ci")[1]], None, memory_s=MEMORY_S).caller(shown) is None


async def test_a_hash_is_no_key() -> None:
    _, key = made("ci")
    keys = ApiKeys([key], None, memory_s=MEMORY_S)
    assert await keys.caller(key.sha256) is None
    assert await keys.caller(f"cn_{key.sha256[:43]}") is None


async def test_every_key_is_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[tuple[str, str]] = []

    def compare(one: str, other: str) -> bool:
        compared.append((one, other))
        return hmac.compare_digest(one, other)

    text, known = made("first")
    others = [made("second")[1], made("third")[1]]
    monkeypatch.setattr(api_keys, "hmac", type("hmac", (), {"compare_digest": staticmethod(compare)}))
    assert await ApiKeys([known, *others], None, memory_s=MEMORY_S).caller(text)
    assert compared == [(key.sha256, fingerprint(text)) for key in (known, *others)]


async def test_a_key_ends_at_its_time_and_not_before(kept: Kept) -> None:
    end = datetime.fromtimestamp(kept.clock.now, UTC) + timedelta(seconds=60)
    text, key = made("short", expires_at=end)
    of_file = ApiKeys([key], None, memory_s=MEMORY_S, clock=kept.clock)
    await kept.ring.add(key)
    kept.clock.advance(59.9)
    assert [await keys.caller(text) is not None for keys in (of_file, kept.keys)] == [True, True]
    kept.clock.advance(0.2)  # long before the memory of it ends
    assert [await keys.caller(text) for keys in (of_file, kept.keys)] == [None, None]


async def test_a_revoked_key_is_refused_once_it_is_not_remembered_any_more(kept: Kept) -> None:
    text, key = made("ci")
    await kept.ring.add(key)
    assert await kept.keys.caller(text)
    assert await kept.ring.revoke("ci")
    kept.clock.advance(MEMORY_S - 0.1)
    assert await kept.keys.caller(text)
    kept.clock.advance(0.2)
    assert await kept.keys.caller(text) is None


async def test_a_key_that_is_remembered_costs_no_look(kept: Kept) -> None:
    text, key = made("ci")
    await kept.ring.add(key)
    kept.store.calls.clear()
    assert [await kept.keys.caller(text) is not None for _ in range(10)] == [True] * 10
    assert kept.store.calls == ["get_many"]


async def test_a_key_made_after_it_was_refused_is_taken_at_once(kept: Kept) -> None:
    text, key = made("ci")
    assert await kept.keys.caller(text) is None
    await kept.ring.add(key)
    assert await kept.keys.caller(text)


async def test_while_the_store_is_away_known_keys_go_on_for_a_while_and_others_cannot_be_told(kept: Kept) -> None:
    (text, key), (other, unseen) = made("ci"), made("unseen")
    await kept.ring.add(key)
    await kept.ring.add(unseen)
    assert await kept.keys.caller(text)
    kept.store.go_away()
    kept.clock.advance(STALE_S - 0.1)
    assert await kept.keys.caller(text)
    with pytest.raises(StoreUnavailable):
        await kept.keys.caller(other)
    kept.clock.advance(0.2)
    with pytest.raises(StoreUnavailable):
        await kept.keys.caller(text)
    kept.store.come_back()
    assert await kept.keys.caller(text)


async def test_more_keys_than_are_remembered_are_still_known(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api_keys, "MOST_REMEMBERED", 2)
    texts = []
    for number in range(4):
        text, key = made(f"k{number}")
        await kept.ring.add(key)
        texts.append(text)
    assert [await kept.keys.caller(text) is not None for text in [*texts, *texts]] == [True] * 8
    assert len(kept.keys._seen) == 2

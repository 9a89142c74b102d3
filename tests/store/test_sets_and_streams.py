"""Sets in a commit, streams of events, and the listing of keys: what every store promises of them."""

from __future__ import annotations

import asyncio
import secrets

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.store import Add, Put, Remove, Store, StoreFailure, Write

pytestmark = pytest.mark.anyio

SPECIAL = st.text(alphabet="*?[]\\^-ab{}:é", max_size=6)


@pytest.fixture
def key() -> str:
    """A key nobody else uses."""
    return f"test:{{{secrets.token_hex(8)}}}"


async def found(store: Store, prefix: str) -> list[str]:
    return [name async for name in store.find(prefix)]


async def test_members_come_and_go_with_the_commit_that_says_so(store: Store, key: str) -> None:
    entry, index = f"{key}:entry", f"{key}:index"
    assert await store.members(index) == set()
    assert await store.commit({entry: None}, {entry: Put(b"sent"), index: Add(b"one")})
    assert await store.commit({}, {index: Add(b"two")})
    assert await store.commit({}, {index: Add(b"two")})
    assert await store.members(index) == {b"one", b"two"}
    assert await store.commit({entry: b"sent"}, {entry: None, index: Remove(b"one")})
    assert await store.members(index) == {b"two"}
    assert await store.get_many([entry]) == [None]


async def test_a_commit_that_does_not_happen_leaves_the_set_alone(store: Store, key: str) -> None:
    await store.commit({}, {f"{key}:set": Add(b"one")})
    assert not await store.commit({f"{key}:entry": b"expected"}, {f"{key}:set": Add(b"two")})
    assert not await store.commit({f"{key}:entry": b"expected"}, {f"{key}:set": Remove(b"one")})
    assert await store.members(f"{key}:set") == {b"one"}


async def test_taking_out_what_is_not_there_does_nothing_and_an_empty_set_is_none(store: Store, key: str) -> None:
    assert await store.commit({}, {key: Remove(b"never")})
    assert await found(store, key) == []
    assert await store.commit({}, {key: Add(b"one")})
    assert await found(store, key) == [key]
    assert await store.commit({}, {key: Remove(b"one")})
    assert (await store.members(key), await found(store, key), await store.get_many([key])) == (set(), [], [None])


async def test_a_set_is_forgotten_as_a_value_is(store: Store, key: str) -> None:
    await store.commit({}, {f"{key}:a": Add(b"one"), f"{key}:b": Add(b"one"), f"{key}:c": Add(b"one")})
    await store.delete([f"{key}:a"])
    await store.commit({}, {f"{key}:b": None, f"{key}:c": Put(b"value")})
    assert [await store.members(f"{key}:{name}") for name in "ab"] == [set(), set()]
    assert await store.get_many([f"{key}:c"]) == [b"value"]


async def test_what_was_read_of_a_set_does_not_change_with_it(store: Store, key: str) -> None:
    await store.commit({}, {key: Add(b"one")})
    before = await store.members(key)
    await store.commit({}, {key: Add(b"two")})
    before.add(b"three")
    assert await store.members(key) == {b"one", b"two"}


@pytest.mark.parametrize("write", [Add(b"member"), Remove(b"member")], ids=["add", "remove"])
async def test_where_a_value_stands_there_is_no_set_and_nothing_of_the_commit_happens(store: Store, key: str, write: Write) -> None:
    await store.put_many({f"{key}:value": Put(b"1")})
    with pytest.raises(StoreFailure):
        await store.commit({}, {f"{key}:first": Put(b"1"), f"{key}:set": Add(b"1"), f"{key}:value": write})
    assert await store.get_many([f"{key}:first", f"{key}:value"]) == [None, b"1"]
    assert await store.members(f"{key}:set") == set()
    with pytest.raises(StoreFailure):
        await store.members(f"{key}:value")
    with pytest.raises(StoreFailure):
        await store.append(f"{key}:value", {"a": "1"}, most=10)


async def test_where_a_set_or_a_stream_stands_there_is_no_value(store: Store, key: str) -> None:
    await store.commit({}, {f"{key}:set": Add(b"1")})
    await store.append(f"{key}:stream", {"a": "1"}, most=10)
    for name in ("set", "stream"):
        with pytest.raises(StoreFailure):
            await store.get_many([f"{key}:{name}"])
        with pytest.raises(StoreFailure):
            await store.commit({f"{key}:{name}": None}, {f"{key}:{name}": Put(b"1")})
    with pytest.raises(StoreFailure):
        await store.latest(f"{key}:set", 10)
    assert await store.members(f"{key}:set") == {b"1"}


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.tuples(st.booleans(), st.sampled_from([b"", b"a", b"0", b"\0\r\n\xff"])), max_size=12))
async def test_a_set_holds_what_was_added_and_not_taken_out(store: Store, steps: list[tuple[bool, bytes]]) -> None:
    key, expected = f"test:{{{secrets.token_hex(8)}}}", set[bytes]()
    for comes, member in steps:
        assert await store.commit({}, {key: Add(member) if comes else Remove(member)})
        (expected.add if comes else expected.discard)(member)
        assert await store.members(key) == expected


async def test_events_come_back_newest_first_with_their_fields_as_they_were(store: Store, key: str) -> None:
    assert await store.latest(key, 5) == []
    events = [{"what": f"event {number}", "é": "\r\n", "empty": ""} for number in range(5)]
    for event in events:
        await store.append(key, event, most=100)
    assert await store.latest(key, 3) == events[:1:-1]
    assert await store.latest(key, 100) == events[::-1]
    assert list((await store.latest(key, 1))[0]) == ["what", "é", "empty"]


async def test_an_event_is_kept_as_it_was_when_it_was_appended(store: Store, key: str) -> None:
    event = {"what": "before"}
    await store.append(key, event, most=100)
    event["what"] = "after"
    assert await store.latest(key, 1) == [{"what": "before"}]


async def test_of_many_events_the_last_ones_stay_and_the_oldest_go(store: Store, key: str) -> None:
    for start in range(0, 1000, 100):
        await asyncio.gather(*(store.append(key, {"number": str(number)}, most=50) for number in range(start, start + 100)))
    kept = [int(event["number"]) for event in await store.latest(key, 2000)]
    assert 50 <= len(kept) < 500
    assert min(kept) >= 500


async def test_events_of_one_stream_are_not_those_of_another(store: Store, key: str) -> None:
    await store.append(f"{key}:a", {"of": "a"}, most=10)
    await store.append(f"{key}:b", {"of": "b"}, most=10)
    assert await store.latest(f"{key}:a", 10) == [{"of": "a"}]
    await store.delete([f"{key}:a"])
    assert await store.latest(f"{key}:a", 10) == []


async def test_a_listing_names_every_kind_of_key_that_begins_so_and_no_other(store: Store, key: str) -> None:
    await store.put_many({f"{key}:a": Put(b"1"), f"{key}:b": Put(b"2", 60.0), f"{key[:-2]}:c": Put(b"3")})
    await store.commit({}, {f"{key}:set": Add(b"1")})
    await store.append(f"{key}:stream", {"a": "1"}, most=10)
    assert sorted(await found(store, f"{key}:")) == [f"{key}:{name}" for name in ("a", "b", "set", "stream")]
    assert await found(store, f"{key}:nothing") == []


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(names=st.lists(SPECIAL, min_size=1, max_size=6, unique=True), prefix=SPECIAL)
async def test_a_prefix_is_taken_by_the_letter(store: Store, names: list[str], prefix: str) -> None:
    own = f"test:{{{secrets.token_hex(8)}}}:"
    await store.put_many({own + name: Put(b"") for name in names})
    assert sorted(await found(store, own + prefix)) == sorted(own + name for name in names if name.startswith(prefix))

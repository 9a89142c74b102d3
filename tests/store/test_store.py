"""What every store promises, asked of the process's own and of a real Redis alike."""

from __future__ import annotations

import asyncio
import secrets

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.store import Lease, Put, Store

pytestmark = pytest.mark.anyio

SHORT_S = 0.03
LONG_S = 3600.0


@pytest.fixture
def key() -> str:
    """A key nobody else uses; its braces keep it in one slot with what is appended to it."""
    return f"test:{{{secrets.token_hex(8)}}}"


async def gone(store: Store, key: str) -> None:
    """Wait until the key has expired: the one thing about a real Redis that only real time shows."""
    async with asyncio.timeout(5):
        while (await store.get_many([key]))[0] is not None:  # noqa: ASYNC110 - a server tells nobody that a key has expired
            await asyncio.sleep(0.005)


async def test_what_is_put_is_read_in_the_order_asked_and_the_rest_is_nothing(store: Store, key: str) -> None:
    await store.put_many({f"{key}:a": Put(b"1"), f"{key}:b": Put(b"2", LONG_S)})
    assert await store.get_many([f"{key}:b", f"{key}:none", f"{key}:a", f"{key}:b"]) == [b"2", None, b"1", b"2"]


async def test_asking_for_nothing_gives_nothing(store: Store) -> None:
    assert await store.get_many([]) == []
    await store.put_many({})
    await store.delete([])
    assert await store.commit({}, {}) is True


async def test_a_later_put_replaces_value_and_expiry(store: Store, key: str) -> None:
    await store.put_many({key: Put(b"old", SHORT_S), f"{key}:witness": Put(b"", SHORT_S)})
    await store.put_many({key: Put(b"new")})
    await gone(store, f"{key}:witness")
    assert await store.get_many([key]) == [b"new"]


async def test_a_put_with_expiry_replaces_one_that_would_have_stayed(store: Store, key: str) -> None:
    await store.put_many({key: Put(b"stays")})
    await store.put_many({key: Put(b"passes", SHORT_S)})
    await gone(store, key)


async def test_what_is_deleted_is_gone_whether_it_would_have_expired_or_not(store: Store, key: str) -> None:
    await store.put_many({f"{key}:a": Put(b"1"), f"{key}:b": Put(b"2", LONG_S)})
    await store.delete([f"{key}:a", f"{key}:b", f"{key}:never"])
    assert await store.get_many([f"{key}:a", f"{key}:b"]) == [None, None]


async def test_a_value_is_there_until_its_time_and_gone_after(store: Store, key: str) -> None:
    await store.put_many({f"{key}:a": Put(b"1", SHORT_S), f"{key}:b": Put(b"2", LONG_S)})
    assert await store.get_many([f"{key}:a"]) == [b"1"]
    await gone(store, f"{key}:a")
    assert await store.get_many([f"{key}:b"]) == [b"2"]


async def test_a_value_committed_with_an_expiry_expires(store: Store, key: str) -> None:
    assert await store.commit({key: None}, {key: Put(b"1", SHORT_S)})
    assert await store.get_many([key]) == [b"1"]
    await gone(store, key)
    assert await store.commit({key: None}, {key: Put(b"2")})


async def test_an_expiry_below_a_millisecond_is_an_expiry(store: Store, key: str) -> None:
    await store.put_many({f"{key}:a": Put(b"1", 0.0001)})
    await store.commit({}, {f"{key}:b": Put(b"1", 0.0001)})
    await gone(store, f"{key}:a")
    await gone(store, f"{key}:b")


async def test_a_commit_writes_all_or_nothing(store: Store, key: str) -> None:
    a, b, c = f"{key}:a", f"{key}:b", f"{key}:c"
    await store.put_many({a: Put(b"1"), c: Put(b"3")})
    assert not await store.commit({a: b"1", b: b"2"}, {a: Put(b"x"), b: Put(b"y"), c: None})
    assert await store.get_many([a, b, c]) == [b"1", None, b"3"]
    assert await store.commit({a: b"1", b: None}, {a: Put(b"x"), b: Put(b"y"), c: None})
    assert await store.get_many([a, b, c]) == [b"x", b"y", None]


async def test_keys_that_a_cluster_would_keep_apart_make_no_commit_anywhere(store: Store, key: str) -> None:
    with pytest.raises(ValueError, match="2"):
        await store.commit({key: None}, {key: Put(b"1"), f"{key[:-1]}2}}": Put(b"1")})
    with pytest.raises(ValueError, match="2"):
        await store.commit({"untagged": None}, {"untagged:too": None})
    assert await store.get_many([key]) == [None]


async def test_nothing_is_not_the_same_as_an_empty_value(store: Store, key: str) -> None:
    assert not await store.commit({key: b""}, {key: Put(b"x")})
    await store.put_many({key: Put(b"")})
    assert await store.get_many([key]) == [b""]
    assert not await store.commit({key: None}, {key: Put(b"x")})
    assert await store.commit({key: b""}, {key: Put(b"x")})


@pytest.mark.parametrize("value", [b"0", b"1", b"d", b"v", b"v0", b"\0", b"\r\n", b"\xff\xfe\x00\x01", b"+OK", b"false"])
async def test_a_value_that_looks_like_the_protocol_is_only_a_value(store: Store, key: str, value: bytes) -> None:
    assert await store.commit({key: None}, {key: Put(value)})
    assert await store.get_many([key]) == [value]
    assert not await store.commit({key: value + b"\0"}, {key: None})
    assert not await store.commit({key: None}, {key: None})
    assert await store.commit({key: value}, {key: Put(value, LONG_S), f"{key}:2": Put(value, LONG_S)})
    assert await store.get_many([key, f"{key}:2"]) == [value, value]


async def test_a_value_of_megabytes_comes_back_whole(store: Store, key: str) -> None:
    large = secrets.token_bytes(4 * 1024 * 1024)
    await store.put_many({f"{key}:put": Put(large, LONG_S)})
    assert await store.commit({f"{key}:put": large}, {f"{key}:commit": Put(large + b"\0")})
    assert await store.get_many([f"{key}:put", f"{key}:commit"]) == [large, large + b"\0"]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(names=st.lists(st.text(min_size=1, max_size=20), min_size=1, max_size=4, unique=True), value=st.binary(max_size=64))
async def test_any_text_is_a_key_and_any_bytes_are_a_value(store: Store, names: list[str], value: bytes) -> None:
    own = secrets.token_hex(8)
    keys = [f"{{{own}}}:{name.encode('utf-8', 'replace').decode()}" for name in names]
    await store.put_many({key: Put(value + bytes([index]), LONG_S) for index, key in enumerate(dict.fromkeys(keys))})
    expected = {key: value + bytes([index]) for index, key in enumerate(dict.fromkeys(keys))}
    assert await store.get_many(keys) == [expected[key] for key in keys]
    assert await store.commit(dict(expected), dict.fromkeys(expected))
    assert await store.get_many(keys) == [None] * len(keys)


async def test_of_many_at_once_that_expect_the_same_one_commits(store: Store, key: str) -> None:
    async def attempt(number: int) -> bool:
        return await store.commit({key: None}, {key: Put(str(number).encode()), f"{key}:{number}": Put(b"won")})

    won = await asyncio.gather(*(attempt(number) for number in range(50)))
    assert won.count(True) == 1
    number = won.index(True)
    assert await store.get_many([key]) == [str(number).encode()]
    assert await store.get_many([f"{key}:{other}" for other in range(50)]) == [
        b"won" if other == number else None for other in range(50)
    ]


async def test_a_counter_moved_by_many_through_commits_loses_no_step(store: Store, key: str) -> None:
    await store.put_many({key: Put(b"0"), f"{key}:mirror": Put(b"0")})

    async def add() -> None:
        while True:
            value, _ = await store.get_many([key, f"{key}:mirror"])
            assert value is not None
            more = Put(str(int(value) + 1).encode())
            if await store.commit({key: value, f"{key}:mirror": value}, {key: more, f"{key}:mirror": more}):
                return

    await asyncio.gather(*(add() for _ in range(20)))
    assert await store.get_many([key, f"{key}:mirror"]) == [b"20", b"20"]


async def test_a_lease_is_held_by_one_until_it_is_released(store: Store, key: str) -> None:
    first = await Lease.acquire(store, key, LONG_S)
    assert first is not None
    assert await Lease.acquire(store, key, LONG_S) is None
    await first.release()
    assert await Lease.acquire(store, key, LONG_S) is not None


async def test_of_many_who_want_a_lease_one_gets_it(store: Store, key: str) -> None:
    got = await asyncio.gather(*(Lease.acquire(store, key, LONG_S) for _ in range(30)))
    assert sum(lease is not None for lease in got) == 1


async def test_a_lease_whose_time_is_over_goes_to_the_next_and_the_former_holder_can_do_nothing_to_it(
    store: Store, key: str
) -> None:
    lost = await Lease.acquire(store, key, SHORT_S)
    assert lost is not None
    await gone(store, key)
    assert await lost.renew() is False
    current = await Lease.acquire(store, key, LONG_S)
    assert current is not None
    assert await lost.renew() is False
    await lost.release()
    assert await store.get_many([key]) == [current.token]
    assert await current.renew() is True


async def test_a_renewed_lease_lasts_from_the_renewal(store: Store, key: str) -> None:
    lease = await Lease.acquire(store, key, SHORT_S)
    assert lease is not None
    longer = Lease(store, key, lease.token, LONG_S)
    await store.put_many({f"{key}:witness": Put(b"", SHORT_S)})
    assert await longer.renew() is True
    await gone(store, f"{key}:witness")
    assert await Lease.acquire(store, key, LONG_S) is None


async def test_it_answers(store: Store) -> None:
    await store.ping()

"""What a Redis tells of how it keeps things, and commits that count only when they are kept: on real disks and replicas."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, aclosing

import pytest

from app.store import Put, StoreFailure
from app.store.durability import Durability, Wait
from app.store.redis import RedisStore
from tests.support.redis_server import RedisServer

pytestmark = pytest.mark.anyio

Started = Callable[..., RedisServer]
LONG_MS, SHORT_MS = 10_000, 150
ON_DISK = ("--appendonly", "yes", "--appendfsync", "always")


@pytest.fixture
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Started]:
    """Starts servers of the test's own."""
    with ExitStack() as stack:

        def start(*options: str) -> RedisServer:
            server = RedisServer(tmp_path_factory.mktemp("redis"), "--repl-diskless-sync-delay", "0", *options).start()
            stack.callback(server.stop)
            return server

        yield start


@pytest.fixture
def replicated(started: Started) -> Callable[..., tuple[RedisServer, RedisServer]]:
    """Starts a server and a replica that follows it."""

    def start(*options: str, replica: tuple[str, ...] = ()) -> tuple[RedisServer, RedisServer]:
        server = started(*options)
        follower = started("--replicaof", "127.0.0.1", str(server.port), *replica)
        assert server.run("WAIT 1 20000") == ":1"
        return server, follower

    return start


async def durability(url: str) -> Durability:
    async with aclosing(RedisStore(url)) as store:
        return await store.durability()


async def settled(server: RedisServer, wait: Wait, value: bytes = b"1") -> bool:
    """A commit over connections of its own."""
    async with aclosing(RedisStore(server.url, wait=wait)) as store:
        return await store.commit({"a": None}, {"a": Put(value)}, settled=True)


async def stored(server: RedisServer) -> bytes | None:
    async with aclosing(RedisStore(server.url)) as store:
        return (await store.get_many(["a"]))[0]


def limited(server: RedisServer, *without: str) -> str:
    """The address for a user who may do everything else."""
    assert server.run(f"ACL SETUSER limited on >secret ~* &* +@all {' '.join(f'-{command}' for command in without)}") == "+OK"
    return server.url.replace("redis://", "redis://limited:secret@")


async def test_a_redis_tells_that_it_keeps_a_log_and_never_evicts(started: Started) -> None:
    told = await durability(started(*ON_DISK).url)
    assert (told.kept_on_disk, told.may_evict, told.is_assured, told.doubts) == (True, False, True, [])


async def test_a_redis_without_a_log_is_no_durable_one(started: Started) -> None:
    told = await durability(started().url)
    assert (told.kept_on_disk, told.may_evict, told.is_assured) == (False, False, False)
    (doubt,) = told.doubts
    assert "appendonly yes" in doubt


@pytest.mark.parametrize("policy", ["allkeys-lru", "volatile-ttl"])
async def test_a_redis_that_may_evict_is_no_durable_one(started: Started, policy: str) -> None:
    told = await durability(started(*ON_DISK, "--maxmemory-policy", policy).url)
    assert (told.kept_on_disk, told.may_evict, told.is_assured) == (True, True, False)
    (doubt,) = told.doubts
    assert policy in doubt
    assert "noeviction" in doubt


@pytest.mark.parametrize("options", [(), ON_DISK, ("--maxmemory-policy", "allkeys-lru")], ids=str)
async def test_where_its_configuration_is_not_shown_its_info_tells_the_same(started: Started, options: tuple[str, ...]) -> None:
    server = started(*options)
    assert await durability(limited(server, "config")) == await durability(server.url)


async def test_what_is_not_told_is_not_taken_for_granted(started: Started) -> None:
    told = await durability(limited(started(*ON_DISK), "config", "info"))
    assert (told.kept_on_disk, told.may_evict, told.is_assured) == (None, None, False)
    assert ["does not tell" in doubt for doubt in told.doubts] == [True, True]


async def test_with_nothing_to_wait_for_a_settled_commit_is_one_like_any_other(started: Started) -> None:
    server = started()
    assert await settled(server, Wait())
    assert not await settled(server, Wait())


async def test_a_commit_settled_on_disk_is_there_after_a_crash(started: Started) -> None:
    server = started(*ON_DISK)
    assert await settled(server, Wait(aof=True, ms=LONG_MS))
    server.stop()
    await asyncio.to_thread(server.start)
    assert await stored(server) == b"1"


async def test_where_nothing_is_written_to_disk_nothing_is_settled_there(started: Started) -> None:
    server = started()
    with pytest.raises(StoreFailure):
        await settled(server, Wait(aof=True, ms=LONG_MS))


async def test_a_disk_that_has_not_said_so_in_time_has_not_settled_it(started: Started) -> None:
    server = started("--appendonly", "yes", "--appendfsync", "no")
    with pytest.raises(StoreFailure):
        await settled(server, Wait(aof=True, ms=SHORT_MS))
    assert await stored(server) == b"1"  # which is why a failure says nothing about what has happened


async def test_without_the_replica_a_commit_is_not_settled_and_the_wait_is_as_long_as_was_said(started: Started) -> None:
    server = started()
    began = time.monotonic()
    with pytest.raises(StoreFailure):
        await settled(server, Wait(replicas=1, ms=900))  # longer than any other answer is waited for
    assert 0.9 <= time.monotonic() - began < 2


async def test_a_commit_that_expected_something_else_is_refused_whether_or_not_it_could_be_settled(started: Started) -> None:
    server = started()
    async with aclosing(RedisStore(server.url, wait=Wait(replicas=1, ms=SHORT_MS))) as store:
        assert await store.commit({"a": None}, {"a": Put(b"1")})
        assert not await store.commit({"a": None}, {"a": Put(b"2")}, settled=True)
        assert await store.commit({"a": b"1"}, {"a": Put(b"3")})  # unsettled, it does not wait


async def test_a_commit_settled_with_a_replica_is_there(replicated: Callable[..., tuple[RedisServer, RedisServer]]) -> None:
    server, replica = replicated()
    assert await settled(server, Wait(replicas=1, ms=LONG_MS))
    assert await stored(replica) == b"1"
    with pytest.raises(StoreFailure):
        async with aclosing(RedisStore(server.url, wait=Wait(replicas=2, ms=SHORT_MS))) as store:
            await store.commit({"a": b"1"}, {"a": Put(b"2")}, settled=True)


async def test_a_commit_that_was_not_settled_is_when_it_is_written_anew(
    replicated: Callable[..., tuple[RedisServer, RedisServer]],
) -> None:
    """As the ledger does after a failure: what is there already is expected, and written once more."""
    server, replica = replicated()
    async with aclosing(RedisStore(server.url, wait=Wait(replicas=1, ms=SHORT_MS))) as store:
        replica.freeze()
        try:
            with pytest.raises(StoreFailure):
                await store.commit({"{x}a": None}, {"{x}a": Put(b"1"), "{x}b": Put(b"2")}, settled=True)
            with pytest.raises(StoreFailure):
                await store.commit({"{x}a": b"1"}, {"{x}a": Put(b"1")}, settled=True)
        finally:
            replica.thaw()
    async with aclosing(RedisStore(server.url, wait=Wait(replicas=1, ms=LONG_MS))) as store:
        assert await store.commit({"{x}a": b"1"}, {"{x}a": Put(b"1")}, settled=True)
    async with aclosing(RedisStore(replica.url)) as other:
        assert await other.get_many(["{x}a", "{x}b"]) == [b"1", b"2"]  # with it, all that was written before


@pytest.mark.parametrize("kept", [True, False])
async def test_on_disk_means_on_the_replicas_disk_too(
    replicated: Callable[..., tuple[RedisServer, RedisServer]], *, kept: bool
) -> None:
    server, _ = replicated(*ON_DISK, replica=ON_DISK if kept else ())
    if kept:
        assert await settled(server, Wait(replicas=1, aof=True, ms=LONG_MS))
    else:
        with pytest.raises(StoreFailure):
            await settled(server, Wait(replicas=1, aof=True, ms=SHORT_MS))


async def test_commits_that_wait_keep_nobody_else_waiting(started: Started) -> None:
    server = started()
    async with aclosing(RedisStore(server.url, wait=Wait(replicas=1, ms=3000))) as store:
        waiting = [asyncio.create_task(store.commit({}, {str(number): Put(b"1")}, settled=True)) for number in range(30)]
        while (await store.get_many(["29"]))[0] is None:
            await store.ping()
        assert await store.commit({"29": b"1"}, {"29": Put(b"2")})
        assert not any(task.done() for task in waiting)
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        assert await store.get_many(["29"]) == [b"2"]


@pytest.fixture
async def store(started: Started) -> AsyncIterator[RedisStore]:
    async with aclosing(RedisStore(started(*ON_DISK).url, wait=Wait(aof=True, ms=LONG_MS))) as store:
        yield store


async def test_a_settled_commit_is_atomic_too(store: RedisStore) -> None:
    commits = await asyncio.gather(
        *(store.commit({"a": None}, {"a": Put(str(number).encode())}, settled=True) for number in range(50))
    )
    assert sorted(commits) == [False] * 49 + [True]
    assert await store.get_many(["a"]) == [str(commits.index(True)).encode()]

"""What was read before a write is not believed after it, in any process; and nothing is ever taken for somebody else's."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence

import pytest

from app.domain.errors import Unavailable
from app.gateway.cache import Fetched, Freshness, begin_epoch
from app.gateway.cache.epochs import epoch_key
from app.gateway.codec import VERSION
from app.store import Write
from app.store.memory import MemoryStore
from app.store.redis import RedisStore
from tests.gateway.cached import NOW, World
from tests.gateway.stub import StubAdapter, account, note
from tests.support.clock import Clock
from tests.support.store_kinds import address
from tests.support.stores import away

pytestmark = pytest.mark.anyio


async def test_nothing_read_before_a_write_is_believed_after_it(world: World) -> None:
    await world.one()
    await world.error("missing")
    world.provider.notes["a"] = note("a", minor=2_00)
    world.provider.notes["missing"] = note("missing")
    await begin_epoch(world.store, world.account)
    assert (await world.one()).value.total.minor == 2_00
    assert (await world.one("missing")).cached is False


async def test_nor_is_what_was_under_way_when_it_was_written(world: World) -> None:
    gate = world.provider.gate = asyncio.Event()
    before = asyncio.create_task(world.one())
    await asyncio.sleep(0.01)
    await begin_epoch(world.store, world.account)
    world.provider.gate = None
    world.provider.notes["a"] = note("a", minor=2_00)
    after = await world.one()  # does not join the flight that began before the write
    assert (after.value.total.minor, world.loads) == (2_00, 2)
    gate.set()
    assert (await before).value.total.minor == 1_00
    await world.settle()
    assert (await world.one()).value.total.minor == 2_00


async def test_a_flight_that_lands_after_a_write_leaves_nothing_to_be_believed(world: World) -> None:
    gate = world.provider.gate = asyncio.Event()
    before = asyncio.create_task(world.one())
    await asyncio.sleep(0.01)
    await begin_epoch(world.store, world.account)
    gate.set()
    await before
    await world.settle()
    world.provider.notes["a"] = note("a", minor=2_00)
    assert (await world.one()).value.total.minor == 2_00


async def test_what_the_write_itself_answered_is_believed(world: World) -> None:
    await world.one()
    epoch = await begin_epoch(world.store, world.account)
    await world.cache.put_many(world.account, {"a": note("a", minor=2_00)}, epoch)
    found = await world.one()
    assert (found.value.total.minor, found.cached, world.loads) == (2_00, True, 1)


async def test_what_was_listed_before_a_write_and_kept_after_it_is_not_believed(world: World) -> None:
    epoch = await world.cache.epoch(world.account)
    await begin_epoch(world.store, world.account)
    await world.cache.put_many(world.account, {"a": note("a", minor=5_00)}, epoch)
    assert (await world.one()).value.total.minor == 1_00


async def test_what_was_listed_and_kept_with_no_write_in_between_is_believed(world: World) -> None:
    for _ in range(2):
        epoch = await world.cache.epoch(world.account)
        await world.cache.put_many(world.account, {"a": note("a", minor=5_00)}, epoch)
        assert (await world.one()).value.total.minor == 5_00
        await begin_epoch(world.store, world.account)
    assert world.loads == 0


async def test_a_write_at_one_account_makes_no_other_forget(world: World, clock: Clock) -> None:
    other = World(world.store, clock, world.provider, account(world.provider, name="globex"))
    await world.one()
    await other.one()
    await begin_epoch(world.store, other.account)
    await world.one()
    assert world.loads == 2
    await other.one()
    assert world.loads == 3


async def test_what_was_read_before_a_write_is_not_shown_even_when_the_provider_fails(world: World) -> None:
    await world.one()
    await begin_epoch(world.store, world.account)
    world.provider.failing = Unavailable("down")
    assert await world.error(freshness=Freshness(stale_on_error=True)) is world.provider.failing


async def test_what_a_store_that_was_away_could_not_be_asked_is_not_believed_when_it_is_back(world: World, clock: Clock) -> None:
    """The epoch was not known when the note was read, so a write may have come in between."""
    await begin_epoch(world.store, world.account)
    blind = World(away(MemoryStore()), clock)
    epoch = await blind.cache.epoch(blind.account)
    await world.cache.put_many(world.account, {"a": note("a", minor=5_00)}, epoch)
    assert (await world.one()).value.total.minor == 1_00


async def test_an_epoch_is_kept_as_safely_as_the_ledger(clock: Clock) -> None:
    """A fail-over that took it back would bring back what was read before the write."""
    commits: list[tuple[list[str], bool]] = []

    class Watched(MemoryStore):
        async def commit(self, expect: Mapping[str, bytes | None], put: Mapping[str, Write], *, settled: bool = False) -> bool:
            commits.append((list(put), settled))
            return await super().commit(expect, put, settled=settled)

    world = World(Watched(clock=clock), clock)
    await world.cache.written(world.account, {"a": note("a")})
    assert commits == [([epoch_key(world.account.tag)], True)]


async def test_an_epoch_that_the_store_has_lost_is_never_given_again(world: World) -> None:
    """A store that evicts, or was started again empty: what it kept or this process holds from before may be older than a write."""
    await world.one()
    for minor in (2_00, 3_00):
        world.provider.notes["a"] = note("a", minor=minor)
        await begin_epoch(world.store, world.account)
        await world.store.delete([epoch_key(world.account.tag)])
        assert (await world.one()).value.total.minor == minor
        assert (await world.one()).cached is True


async def test_tenants_and_accounts_of_the_same_names_share_nothing(world: World, clock: Clock) -> None:
    places = [("acme", "one"), ("acme", "two"), ("globex", "one"), ("acme", "one}/acme"), ("a", "cme")]
    worlds = [World(world.store, clock, StubAdapter(), account(name=name, tenant=tenant)) for name, tenant in places]
    for index, each in enumerate(worlds):
        each.provider.notes["a"] = note("a", minor=index)
    assert [(await each.one()).value.total.minor for each in worlds] == [0, 1, 2, 3, 4]
    assert [(await each.one()).value.total.minor for each in worlds] == [0, 1, 2, 3, 4]
    assert [each.loads for each in worlds] == [1] * 5


async def test_every_key_names_tenant_and_account_as_the_place_in_a_cluster(clock: Clock) -> None:
    seen: list[str] = []

    class Watched(MemoryStore):
        async def get_many(self, keys: Sequence[str]) -> list[bytes | None]:
            seen.extend(keys)
            return await super().get_many(keys)

    world = World(Watched(clock=clock), clock, at=account(name="acme", tenant="one"))
    world.provider.notes["a"] = note("a")
    await world.one()
    assert seen == ["cn:1:epoch:{one/acme}", "cn:1:note:{one/acme}:a"]


@pytest.mark.parametrize("step", [1, -1], ids=["older", "newer"])
async def test_a_value_kept_by_another_version_is_a_miss(world: World, clock: Clock, step: int) -> None:
    await world.one()
    other = World(world.store, clock, world.provider, world.account, version=VERSION + step)
    assert (await other.one()).cached is False
    assert world.loads == 2


@pytest.fixture(params=["redis", "cluster", "sentinel"], ids=["one server", "a cluster", "behind sentinels"])
async def processes(request: pytest.FixtureRequest) -> AsyncIterator[list[World]]:
    """Two processes over one Redis; real time, since its clock is its own."""
    stores = [RedisStore(address(request, request.param)) for _ in range(2)]
    provider = StubAdapter(notes={id: note(id) for id in "abc"})
    place = account(provider, tenant=request.node.originalname)
    yield [World(store, Clock(), provider, place) for store in stores]
    for store in stores:
        await store.aclose()


async def test_what_one_process_has_read_another_need_not(processes: list[World]) -> None:
    one, other = processes
    await one.one()
    found = await other.one()
    assert (found.value, found.cached, one.loads) == (note("a"), True, 1)


async def test_many_clients_of_two_processes_make_one_call(processes: list[World]) -> None:
    found = await asyncio.gather(*(world.get("b", "c") for world in processes for _ in range(50)))
    assert all(isinstance(value, Fetched) for each in found for value in each.values())
    assert processes[0].provider.asked == [("b", "c")]


async def test_a_write_of_one_process_makes_every_other_forget(processes: list[World]) -> None:
    one, other = processes
    await one.one()
    await other.one()
    gate = other.provider.gate = asyncio.Event()
    under_way = asyncio.create_task(other.one(freshness=NOW))
    await asyncio.sleep(0.05)
    await begin_epoch(one.store, one.account)
    gate.set()
    await under_way
    one.provider.gate = None
    one.provider.notes["a"] = note("a", minor=2_00)
    assert (await other.one()).value.total.minor == 2_00
    assert (await one.one()).value.total.minor == 2_00

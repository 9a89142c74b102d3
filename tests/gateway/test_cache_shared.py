"""Several processes over one store: one asks the provider, the others wait for what it keeps, and for nothing that cannot come."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from app.domain.errors import NotFound, Unavailable
from app.gateway.cache import Fetched, Freshness, Windows, begin_epoch
from app.gateway.cache.claims import TTL_S
from app.providers.policy import Deadline
from app.store.memory import MemoryStore
from tests.gateway.cached import NOW, SlowProvider, World, clock
from tests.gateway.stub import account, note
from tests.support.stores import ShakyStore
from tests.support.virtual_time import VIRTUAL_TIME, now

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> object:
    return VIRTUAL_TIME


@pytest.fixture
def provider() -> SlowProvider:
    return SlowProvider(notes={id: note(id) for id in "abcdef"})


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore(clock=now)


@pytest.fixture
def worlds(store: MemoryStore, provider: SlowProvider) -> list[World]:
    place = account(provider)
    return [World(ShakyStore(store), clock, provider, place) for _ in range(4)]


def leases(store: MemoryStore) -> list[str]:
    return [key for key in store._expiring if key.startswith("cn:1:load:")]


async def settled(worlds: list[World]) -> None:
    await asyncio.gather(*(world.settle() for world in worlds))


async def test_one_note_costs_one_call_however_many_clients_and_processes_ask(worlds: list[World], provider: SlowProvider) -> None:
    found = await asyncio.gather(*(world.one() for world in worlds for _ in range(250)))
    assert {each.value.ref.external_id for each in found} == {"a"}
    assert provider.asked == [("a",)]
    assert sum(each.cached for each in found) == 750  # what another process asked for says so


class SlowLine(ShakyStore):
    """Says what it has read a moment later."""

    async def get_many(self, keys: Sequence[str]) -> list[bytes | None]:
        found = await super().get_many(keys)
        await asyncio.sleep(0.1)
        return found


async def test_who_hears_late_that_nothing_was_kept_does_not_ask_for_what_was_kept_meanwhile(
    store: MemoryStore, worlds: list[World], provider: SlowProvider
) -> None:
    provider.takes_s = 0.05
    late = World(SlowLine(store), clock, provider, worlds[0].account)
    found = await asyncio.gather(late.one(), worlds[0].one())
    assert [each.cached for each in found] == [True, False]
    assert provider.asked == [("a",)]


async def test_what_is_asked_while_others_load_a_part_of_it_is_divided(worlds: list[World], provider: SlowProvider) -> None:
    first = asyncio.create_task(worlds[0].get("a", "b"))
    await asyncio.sleep(0.1)
    found = await worlds[1].get("a", "b", "c", "missing")
    assert provider.asked == [("a", "b"), ("c", "missing")]
    assert [type(found[id]) for id in ("a", "b", "c", "missing")] == [Fetched, Fetched, Fetched, NotFound]
    assert set(await first) == {"a", "b"}


async def test_absence_is_told_to_the_other_processes_too(worlds: list[World], provider: SlowProvider) -> None:
    found = await asyncio.gather(*(world.error("missing") for world in worlds))
    assert {type(error) for error in found} == {NotFound}
    assert provider.asked == [("missing",)]


async def test_a_stale_note_is_refreshed_once_over_all_processes(worlds: list[World], provider: SlowProvider) -> None:
    await worlds[0].one()
    await asyncio.sleep(10)
    found = await asyncio.gather(*(world.one() for world in worlds for _ in range(20)))
    assert {each.stale for each in found} == {True}
    await settled(worlds)
    assert len(provider.asked) == 2
    assert [(await world.one()).stale for world in worlds] == [False] * 4


async def test_what_another_process_has_refreshed_is_not_refreshed_again(worlds: list[World], provider: SlowProvider) -> None:
    one, other = worlds[:2]
    provider.takes_s = 0.1
    await one.one()
    await asyncio.sleep(9.5)
    await other.one()  # holds it for two seconds
    await asyncio.sleep(0.5)
    await one.one()
    await one.settle()
    assert (await other.one()).stale is True
    await other.settle()
    assert len(provider.asked) == 2
    assert (await other.one()).stale is False


async def test_when_whoever_asked_has_died_another_asks_once_its_lease_is_over(worlds: list[World], provider: SlowProvider) -> None:
    first = asyncio.create_task(worlds[0].one())
    await asyncio.sleep(0.1)
    worlds[0].store.go_away()  # type: ignore[attr-defined]  # a shaky one: neither keeps nor releases
    first.cancel()
    found = await worlds[1].one()
    assert found.value == note("a")
    assert len(provider.asked) == 2
    assert TTL_S < now() < TTL_S + 1.2


async def test_who_goes_away_leaves_the_lease_to_the_next(worlds: list[World], provider: SlowProvider) -> None:
    first = asyncio.create_task(worlds[0].one())
    await asyncio.sleep(0.1)
    second = asyncio.create_task(worlds[1].one())
    await asyncio.sleep(0.1)
    first.cancel()
    assert (await second).value == note("a")
    assert now() < 1.3


async def test_a_lease_lasts_as_long_as_its_holder_needs(worlds: list[World], provider: SlowProvider) -> None:
    provider.takes_s = 2 * TTL_S - 1.5  # within the time that others wait
    await asyncio.gather(*(world.one() for world in worlds))
    assert len(provider.asked) == 1


async def test_no_lease_is_left_behind(worlds: list[World], store: MemoryStore, provider: SlowProvider) -> None:
    await asyncio.gather(*(world.get("a", "b", "missing") for world in worlds))
    provider.failing = Unavailable("down")
    await asyncio.gather(*(world.get("c") for world in worlds))
    provider.failing = ZeroDivisionError()
    with pytest.raises(ZeroDivisionError):
        await worlds[0].get("d")
    await settled(worlds)
    assert leases(store) == []


async def test_a_lease_lost_to_another_is_not_taken_from_it(
    worlds: list[World], store: MemoryStore, provider: SlowProvider
) -> None:
    first = asyncio.create_task(worlds[0].one())
    await asyncio.sleep(0.1)
    await store.delete(leases(store))  # as if its time were over
    second = asyncio.create_task(worlds[1].one())
    await asyncio.sleep(0.1)
    (lease,) = leases(store)
    (held,) = await store.get_many([lease])
    await first
    await asyncio.sleep(0.05)
    assert await store.get_many([lease]) == [held]
    await second


async def test_a_failure_is_not_passed_on_who_waited_asks_itself(worlds: list[World], provider: SlowProvider) -> None:
    provider.failing = Unavailable("down")
    first = asyncio.create_task(worlds[0].error())
    await asyncio.sleep(0.1)
    provider.failing = None
    second = asyncio.create_task(worlds[1].one())
    assert isinstance(await first, Unavailable)
    assert (await second).value == note("a")
    assert now() < 2.2


async def test_nobody_waits_for_another_process_longer_than_half_its_time(worlds: list[World], provider: SlowProvider) -> None:
    provider.takes_s = 8.0
    first = asyncio.create_task(worlds[0].one())
    await asyncio.sleep(0.1)
    provider.takes_s = 0.1
    assert (await worlds[1].one()).value == note("a")
    assert now() < 5.5
    await first


async def test_what_is_never_kept_is_waited_for_by_nobody_after_its_end(store: MemoryStore, provider: SlowProvider) -> None:
    place = account(provider)
    worlds = [World(store, clock, provider, place, windows=Windows(fresh_s=0)) for _ in range(4)]
    await asyncio.gather(*(world.one() for world in worlds))
    assert now() < 2.2  # one after the other would be 4


async def test_a_read_ends_at_its_deadline_and_whatever_nobody_waits_for_is_given_up(
    worlds: list[World], store: MemoryStore, provider: SlowProvider
) -> None:
    late = (await worlds[0].get("a", deadline=Deadline(0.5, now)))["a"]
    assert isinstance(late, Unavailable)
    assert (late.code.value, now()) == ("PROVIDER_TIMEOUT", 0.5)
    await settled(worlds)
    assert now() == 0.5
    assert leases(store) == []


async def test_who_wants_the_providers_word_of_now_waits_for_no_lease(worlds: list[World], provider: SlowProvider) -> None:
    first = asyncio.create_task(worlds[0].one())
    await asyncio.sleep(0.5)
    provider.notes["a"] = note("a", minor=2_00)
    assert (await worlds[1].one(freshness=NOW)).value.total.minor == 2_00
    assert now() == 1.5
    await first


async def test_who_wants_it_young_does_not_take_what_was_asked_for_too_long_ago(
    worlds: list[World], provider: SlowProvider
) -> None:
    provider.takes_s = 3.0
    first = asyncio.create_task(worlds[0].one())
    await asyncio.sleep(2)
    provider.notes["a"] = note("a", minor=2_00)
    young = await asyncio.gather(*(world.one(freshness=Freshness(max_age_s=2)) for world in worlds[:2]))
    assert [each.value.total.minor for each in young] == [2_00, 2_00]
    await first


async def test_a_write_ends_the_wait_of_whoever_asks_after_it(
    worlds: list[World], store: MemoryStore, provider: SlowProvider
) -> None:
    provider.takes_s = 4.0
    before = asyncio.create_task(worlds[0].one())
    await asyncio.sleep(0.1)
    provider.takes_s = 1.0
    provider.notes["a"] = note("a", minor=2_00)
    await begin_epoch(store, worlds[0].account)
    after = await asyncio.gather(*(world.one() for world in worlds))
    assert {each.value.total.minor for each in after} == {2_00}
    assert now() < 1.3
    assert (await before).value.total.minor == 1_00
    assert {(await world.one()).value.total.minor for world in worlds} == {2_00}

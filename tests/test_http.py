"""The connections an account's calls go over: used again, given back whatever happens, and no call in another's way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from app import http
from tests.support.peer import Act, Peer, answer, break_off, cut, drip, listening, say_nothing

pytestmark = pytest.mark.anyio

GOOD = answer('{"id": "CN-1"}')


@pytest.fixture
async def peer() -> AsyncIterator[Peer]:
    async with listening() as peer:
        yield peer.will(GOOD)


@pytest.fixture
async def client() -> AsyncIterator[http.AsyncClient]:
    async with http.AsyncClient(transport=http.Connections(idle_s=30), trust_env=False) as client:
        yield client


async def test_one_call_after_another_takes_one_connection(peer: Peer, client: http.AsyncClient) -> None:
    for _ in range(10):
        assert (await client.get(peer.url)).json() == {"id": "CN-1"}
    assert (peer.connections, len(peer.heard)) == (1, 10)


async def test_as_many_connections_are_made_as_there_are_calls_at_once(peer: Peer, client: http.AsyncClient) -> None:
    for _ in range(3):
        await asyncio.gather(*(client.get(peer.url) for _ in range(40)))
    assert len(peer.heard) == 120
    assert peer.connections <= 40


async def test_a_call_that_fails_or_is_given_up_stands_in_nobodys_way(peer: Peer, client: http.AsyncClient) -> None:
    transport = client._transport
    assert isinstance(transport, http.Connections)
    for act in (cut, break_off, say_nothing):
        peer.will(act)
        peer.arrived.clear()
        call = asyncio.create_task(client.get(peer.url))
        await peer.arrived.wait()
        if act is say_nothing:
            call.cancel()
        with pytest.raises((http.HTTPError, asyncio.CancelledError)):
            await call
    peer.will(GOOD)
    assert (await client.get(peer.url)).json() == {"id": "CN-1"}
    assert (len(transport._all), len(transport._idle)) == (1, 1)


@pytest.mark.parametrize("turns", range(6))
@pytest.mark.parametrize("act", [say_nothing, drip])
async def test_a_call_that_is_given_up_twice_leaves_nothing_taken(
    peer: Peer, client: http.AsyncClient, act: Act, turns: int
) -> None:
    """As when a time-out ends it and its request does, too, a few turns of the loop later."""
    assert (await client.get(peer.url)).json() == {"id": "CN-1"}  # a connection that others would use again
    peer.will(act)
    peer.arrived.clear()
    call = asyncio.create_task(client.get(peer.url))
    await peer.arrived.wait()
    call.cancel()
    for _ in range(turns):
        await asyncio.sleep(0)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    peer.will(GOOD)
    assert (await client.get(peer.url, timeout=http.Timeout(5, pool=0.2))).json() == {"id": "CN-1"}


async def test_a_body_that_is_still_being_read_keeps_its_connection(peer: Peer, client: http.AsyncClient) -> None:
    async with client.stream("GET", peer.url) as unread:
        assert (await client.get(peer.url)).json() == {"id": "CN-1"}
        assert await unread.aread() == b'{"id": "CN-1"}'
    assert peer.connections == 2


async def test_closing_closes_every_connection(peer: Peer) -> None:
    client = http.AsyncClient(transport=http.Connections(idle_s=30), trust_env=False)
    await asyncio.gather(*(client.get(peer.url) for _ in range(5)))
    await client.aclose()
    with pytest.raises(RuntimeError):
        await client.get(peer.url)

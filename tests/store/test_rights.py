"""The rights that the documents give to the gateway's user are all it needs, of one server, a cluster, and behind sentinels."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from contextlib import aclosing

import pytest

from app.store import Add, Gap, Lease, Put
from app.store.durability import Wait
from app.store.gate import Take
from app.store.redis import RedisStore
from tests.support.markdown import ROOT
from tests.support.redis_server import RedisServer

pytestmark = pytest.mark.anyio


@pytest.fixture
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path_factory.mktemp("redis"), "--appendonly", "yes").start()
    yield server
    server.stop()


@pytest.mark.parametrize(("servers", "forms"), [("alone", ""), ("redis_cluster", "masters"), ("redis_guarded", "servers")])
async def test_the_rights_in_the_documents_are_enough(request: pytest.FixtureRequest, servers: str, forms: str) -> None:
    asked = request.getfixturevalue(servers)
    (rights,) = re.findall(r"^ACL SETUSER gateway .*$", (ROOT / "docs" / "replicas.md").read_text(), re.MULTILINE)
    for server in getattr(asked, forms) if forms else [asked]:
        assert server.run(f"{rights} resetpass >word") == "+OK"
    wait = Wait(aof=True, ms=10_000) if servers != "redis_guarded" else Wait(replicas=1, ms=10_000)
    async with aclosing(RedisStore(asked.url.replace("://", "://gateway:word@"), wait=wait)) as store:
        await use_all_of(store, f"cn:1:test:{{{secrets.token_hex(8)}}}")


async def use_all_of(store: RedisStore, key: str) -> None:
    await store.put_many({key: Put(b"1"), f"{key}:gone": Put(b"2", 60.0)})
    assert await store.get_many([key]) == [b"1"]
    assert await store.commit({key: b"1"}, {key: Put(b"2", 60.0), f"{key}:set": Add(b"member"), f"{key}:gone": None})
    assert await store.commit({key: b"2"}, {key: Put(b"3")}, settled=True)
    assert await store.members(f"{key}:set") == {b"member"}
    await store.append(f"{key}:stream", {"what": "1"}, most=10)
    assert await store.latest(f"{key}:stream", 1) == [{"what": "1"}]
    for _ in range(2):
        await store.gate(f"{key}:gate", Take(within_s=10, every_s=1, places=1, holder="a", keep_s=0))
    lease = await Lease.acquire(store, f"{key}:lease", 10.0)
    assert lease is not None
    await lease.release()
    assert len([name async for name in store.find(key)]) >= 3
    async with aclosing(store.listen(key)) as ear:
        assert await anext(ear) is Gap.CLOSED
        await store.publish(key, b"message")
        assert await anext(ear) == b"message"
    await store.delete([key])
    assert None not in ((await store.durability()).kept_on_disk, (await store.durability()).may_evict)
    await store.ping()

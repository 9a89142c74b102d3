"""A store of every kind: what one promises, all do."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from app.store import Store
from app.store.memory import MemoryStore
from app.store.redis import RedisStore

SHARED = {"redis": "redis_url", "cluster": "redis_cluster", "sentinel": "redis_guarded"}


@pytest.fixture(params=["memory", *SHARED])
async def store(request: pytest.FixtureRequest) -> AsyncIterator[Store]:
    if request.param == "memory":
        opened: Store = MemoryStore()
    else:
        servers = request.getfixturevalue(SHARED[request.param])
        opened = RedisStore(servers if isinstance(servers, str) else servers.url)
    yield opened
    await opened.aclose()

"""A store of every kind, as a fixture: the process's own, or one over the session's servers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from app.store import Store
from app.store.memory import MemoryStore
from app.store.redis import RedisStore
from tests.support.clock import Clock

SERVERS = {"redis": "redis_url", "cluster": "redis_cluster", "sentinel": "redis_guarded"}
"""The session's, by kind; the process's own store is of the kind `memory`."""


def address(request: pytest.FixtureRequest, kind: str) -> str:
    """Where the session's servers of this kind are."""
    servers: Any = request.getfixturevalue(SERVERS[kind])
    return servers if isinstance(servers, str) else str(servers.url)


def store_of(*kinds: str, still: bool = False) -> object:
    """A fixture: a store of each kind in turn. While `still`, no time goes by in the process's own."""

    @pytest.fixture(params=kinds)
    async def store(request: pytest.FixtureRequest) -> AsyncIterator[Store]:
        if request.param == "memory":
            opened: Store = MemoryStore(clock=Clock()) if still else MemoryStore()
        else:
            opened = RedisStore(address(request, request.param))
        yield opened
        await opened.aclose()

    return store

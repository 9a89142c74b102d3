"""One process's cache of notes over one provider that answers from memory."""

from __future__ import annotations

import asyncio

from app.domain.credit_note import CreditNote
from app.domain.errors import GatewayError
from app.gateway.accounts import Account
from app.gateway.background import Background
from app.gateway.cache import EntityCache, Fetched, Freshness, Memory, Windows
from app.gateway.codec import Codec
from app.store import Store
from tests.gateway.stub import StubAdapter, account
from tests.support.clock import Clock

FRESH_S, STALE_S = 10.0, 20.0
ANY, NOW = Freshness(), Freshness(max_age_s=0)


class World:
    """One process's cache over one provider."""

    def __init__(self, store: Store, clock: Clock, provider: StubAdapter | None = None, at: Account | None = None) -> None:
        self.store = store
        self.clock = clock
        self.provider = provider or StubAdapter()
        self.account = at or account(self.provider)
        self.background = Background()
        memory = Memory(store=store, background=self.background, clock=clock)
        windows = Windows(fresh_s=FRESH_S, stale_s=STALE_S)
        self.cache: EntityCache[CreditNote] = EntityCache("note", Codec(CreditNote), lambda _: windows, memory)

    async def get(self, *ids: str, freshness: Freshness = ANY) -> dict[str, Fetched[CreditNote] | GatewayError]:
        async with asyncio.timeout(5):  # who waits for what cannot come must fail, not hang
            return await self.cache.get_many(self.account, ids, self.provider.fetch_many, freshness)

    async def one(self, id: str = "a", freshness: Freshness = ANY) -> Fetched[CreditNote]:
        found = (await self.get(id, freshness=freshness))[id]
        assert isinstance(found, Fetched), found
        return found

    async def error(self, id: str = "a", freshness: Freshness = ANY) -> GatewayError:
        found = (await self.get(id, freshness=freshness))[id]
        assert isinstance(found, GatewayError), found
        return found

    async def settle(self) -> None:
        """Let what runs in the background end."""
        await self.background.drain(5)

    @property
    def loads(self) -> int:
        return len(self.provider.asked)

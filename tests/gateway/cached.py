"""One process's cache of notes over one provider that answers from memory."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence

from app.domain.credit_note import CreditNote
from app.domain.errors import GatewayError
from app.gateway.accounts import Account
from app.gateway.background import Background
from app.gateway.cache import EntityCache, Fetched, Freshness, Memory, Windows
from app.gateway.cache.layer import Layer
from app.gateway.codec import VERSION, Codec
from app.providers.policy import Deadline
from app.store import Store
from app.store.memory import MemoryStore
from tests.gateway.stub import StubAdapter, account
from tests.support.virtual_time import now

FRESH_S, STALE_S = 10.0, 20.0
ANY, NOW = Freshness(), Freshness(max_age_s=0)
START = 1_772_366_400.0


def clock() -> float:
    """The loop's own time, as an epoch."""
    return START + now()


class World:
    """One process's cache over one provider."""

    def __init__(
        self,
        store: Store,
        clock: Callable[[], float],
        provider: StubAdapter | None = None,
        at: Account | None = None,
        *,
        ledger: Store | None = None,
        chance: float = 0.0,
        version: int = VERSION,
        windows: Windows | None = None,
    ) -> None:
        self.store = store
        self.provider = provider or StubAdapter()
        self.account = at or account(self.provider)
        self.background = Background()
        self.memory = Memory(
            store=store, ledger=ledger, background=self.background, clock=clock, chance=lambda: chance, layer=Layer(clock=clock)
        )
        windows = windows or Windows(fresh_s=FRESH_S, stale_s=STALE_S)
        self.cache: EntityCache[CreditNote] = EntityCache(
            "note", Codec(CreditNote, version=version), lambda _: windows, self.memory
        )

    async def get(
        self, *ids: str, freshness: Freshness = ANY, deadline: Deadline | None = None
    ) -> dict[str, Fetched[CreditNote] | GatewayError]:
        async with asyncio.timeout(60):  # who waits for what cannot come must fail, not hang
            return await self.cache.get_many(self.account, ids, self.provider.fetch_many, freshness, deadline)

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


class Watched(MemoryStore):
    """Remembers which keys it was asked for; shared, as far as it says."""

    is_shared = True

    def __init__(self, clock: Callable[[], float]) -> None:
        super().__init__(clock=clock)
        self.asked: list[list[str]] = []
        self.hold: asyncio.Event | None = None
        """Every answer waits for it, once it is taken."""

    async def get_many(self, keys: Sequence[str]) -> list[bytes | None]:
        self.asked.append([key.split(":")[2] for key in keys])
        found = await super().get_many(keys)
        if self.hold is not None:
            await self.hold.wait()
        return found

    def told(self) -> list[list[str]]:
        """The kinds of keys of each question since the last time, which is forgotten."""
        found, self.asked = self.asked, []
        return found


class SlowProvider(StubAdapter):
    """Takes its answer at once, and its time to say it."""

    takes_s = 1.0

    async def fetch_many(self, ids: Sequence[str]) -> Mapping[str, CreditNote | GatewayError]:
        found: Mapping[str, CreditNote | GatewayError] | GatewayError
        try:
            found = await super().fetch_many(ids)
        except GatewayError as failed:
            found = failed
        await asyncio.sleep(self.takes_s)
        if isinstance(found, GatewayError):
            raise found
        return found

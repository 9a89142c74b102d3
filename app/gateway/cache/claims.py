"""Who loads what, over all processes: leases in the store, each for a thing in an epoch, with a token that only its holder knows."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator, Collection, Mapping

from app.gateway.cache.guard import Guard
from app.store import Put, StoreFailure

TTL_S = 3.0
"""How long a holder that has died is believed to be alive."""
RENEW_S = 1.0


class Claim:
    """What one flight asks to load alone."""

    def __init__(self, guard: Guard, *, values: str, leases: str) -> None:
        """How the keys begin under which the things are kept, and their leases."""
        self._guard = guard
        self._values = values
        self._leases = leases
        self._token = secrets.token_bytes(16)

    async def take(self, seen: Mapping[str, bytes | None]) -> bool:
        """All of them or none: nobody else holds one, and nothing was kept since what was seen. Raises StoreFailure."""
        values = {self._values + id: value for id, value in seen.items()}
        leases = [self._leases + id for id in seen]
        taken: bool = await self._guard.reach(
            lambda store: store.commit({**values, **dict.fromkeys(leases)}, dict.fromkeys(leases, Put(self._token, TTL_S)))
        )
        return taken

    async def look(self, ids: Collection[str]) -> tuple[dict[str, bytes | None], set[str]]:
        """What is kept of each now, and which of them nobody else holds. Raises StoreFailure."""
        # Leases first: a holder keeps, then lets go. The other way round its last moment would look like nothing kept and nobody loading.
        keys = [self._leases + id for id in ids] + [self._values + id for id in ids]
        found = await self._guard.reach(lambda store: store.get_many(keys))
        holders, values = found[: len(ids)], found[len(ids) :]
        free = {id for id, holder in zip(ids, holders, strict=True) if holder is None or holder == self._token}
        return dict(zip(ids, values, strict=True)), free

    @contextlib.asynccontextmanager
    async def renewed(self, ids: Collection[str]) -> AsyncIterator[None]:
        """Keep them while the block lasts."""
        task = asyncio.create_task(self._renew(ids))
        try:
            yield
        finally:
            task.cancel()

    async def release(self, ids: Collection[str]) -> None:
        """Let the next ones in, for those that are still held."""
        with contextlib.suppress(StoreFailure):  # then they run out by themselves
            if not await self._commit(ids, None):  # some were lost: then one by one
                await asyncio.gather(*(self._commit([id], None) for id in ids))

    async def _renew(self, ids: Collection[str]) -> None:
        with contextlib.suppress(StoreFailure):  # then they run out, with the harm below
            while True:
                await asyncio.sleep(RENEW_S)
                if not await self._commit(ids, Put(self._token, TTL_S)):
                    return  # one was lost, so somebody else may be loading it by now: no harm but a call

    async def _commit(self, ids: Collection[str], put: Put | None) -> bool:
        leases = [self._leases + id for id in ids]
        done: bool = await self._guard.reach(
            lambda store: store.commit(dict.fromkeys(leases, self._token), dict.fromkeys(leases, put))
        )
        return done

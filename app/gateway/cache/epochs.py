"""The epoch of an account: what a write of this gateway changes, so that nothing read before it is believed after it."""

from __future__ import annotations

import asyncio
import secrets

from app.gateway.accounts import Account
from app.gateway.background import Background
from app.gateway.cache.guard import Guard
from app.store import Put, Store


def epoch_key(account: Account) -> str:
    """Where an account's epoch stands."""
    return f"cn:1:epoch:{account.tag}"


async def begin_epoch(store: Store, account: Account) -> bytes:
    """Stop believing anything that was read of this account before now."""
    epoch = secrets.token_bytes(8)
    await store.put_many({epoch_key(account): Put(epoch)})
    return epoch


class Epochs:
    """The epochs as readers ask for them."""

    def __init__(self, guard: Guard, background: Background) -> None:
        self._guard = guard
        self._background = background
        self._leaving: dict[str, asyncio.Task[bytes]] = {}
        self._under_way: dict[str, asyncio.Task[bytes]] = {}

    async def now(self, account: Account) -> bytes:
        """The epoch at this moment or later. Raises StoreFailure.

        Whoever asks while a question is under way shares the next one: an answer asked for earlier may be older than a write.
        """
        if not self._guard.is_shared:
            return await self._ask(account)
        key = epoch_key(account)
        if key not in self._leaving:
            self._leaving[key] = self._background.start(self._ask_next(key, account))
            self._leaving[key].add_done_callback(_seen)
        return await asyncio.shield(self._leaving[key])

    async def first(self, account: Account) -> bytes:
        """The epoch of an account that had none: there was no write yet, or the store has lost it."""
        key, epoch = epoch_key(account), secrets.token_bytes(8)
        if await self._guard.reach(lambda store: store.commit({key: None}, {key: Put(epoch)})):
            return epoch
        return await self._ask(account)  # somebody else was first

    async def _ask_next(self, key: str, account: Account) -> bytes:
        before = self._under_way.get(key)
        if before is not None:
            await asyncio.wait({before})
        self._under_way[key] = self._leaving.pop(key)
        try:
            return await self._ask(account)
        finally:
            del self._under_way[key]

    async def _ask(self, account: Account) -> bytes:
        (epoch,) = await self._guard.reach(lambda store: store.get_many([epoch_key(account)]))
        return epoch or await self.first(account)


def _seen(asked: asyncio.Task[bytes]) -> None:
    """Nobody may be left to take its failure."""
    if not asked.cancelled():
        asked.exception()

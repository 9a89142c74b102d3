"""Tells the other processes that an account was written to, so that they let go of what they hold of it.

Nobody relies on it: what is held is believed only in its own epoch. It spares memory what nobody will be shown any more.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from app.gateway.accounts import Account
from app.gateway.cache.memory import Memory
from app.store import Gap, StoreFailure

CHANNEL = "cn:1:written"


def tell(memory: Memory, account: Account) -> None:
    """Tell everybody, this process included; nobody waits for it."""
    memory.layer.forget(account.tag)
    memory.background.start(_publish(memory, account.tag.encode()))


@contextlib.asynccontextmanager
async def listening(memory: Memory) -> AsyncIterator[None]:
    """Let go of what others have written to, while the block lasts."""
    task = asyncio.create_task(_listen(memory))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait({task})


async def _publish(memory: Memory, message: bytes) -> None:
    with contextlib.suppress(StoreFailure):  # the next read of any process asks for the epoch, and sees the write all the same
        await memory.epoch_store.publish(CHANNEL, message)


async def _listen(memory: Memory) -> None:
    async with contextlib.aclosing(memory.epoch_store.listen(CHANNEL)) as messages:
        async for message in messages:
            if isinstance(message, Gap):
                memory.layer.clear()
            else:
                memory.layer.forget(message.decode())

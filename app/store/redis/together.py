"""Asking once for all who want to know the same at the same time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine


class Together:
    """One piece of work at a time; whoever comes meanwhile waits for that one's end, and gets its failure."""

    def __init__(self) -> None:
        self._task: asyncio.Task[None] | None = None

    async def do(self, work: Callable[[], Coroutine[None, None, None]]) -> None:
        """Begin it, unless it is being done; whoever gives up waiting does not stop it for the others."""
        if self._task is None:
            self._task = asyncio.create_task(work())
            self._task.add_done_callback(self._ended)
        await asyncio.shield(self._task)

    async def aclose(self) -> None:
        """Nobody wants to know any more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._task = None
        if not task.cancelled():
            task.exception()  # looked at, in case all who waited have gone

"""Tasks that outlive the request that began them: writes whose client went away, refreshes nobody waits for. Shutdown drains them."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class Background:
    """The owner of such tasks."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()

    def start(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Begin, and keep until it has ended."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def finish(self, work: Coroutine[Any, Any, T]) -> T:
        """Begin and wait; when the waiting is cancelled, the work goes on."""
        return await asyncio.shield(self.start(work))

    async def drain(self, seconds: float) -> None:
        """Let everything end, for so long, with what it begins meanwhile; then cancel the rest."""
        clock = asyncio.get_running_loop().time
        end = clock() + seconds
        while self._tasks:
            _, late = await asyncio.wait(set(self._tasks), timeout=max(0.0, end - clock()))
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

"""Time for somebody else's answer. A loop that is busy with itself hears late what came in time, and that is no silence of theirs."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Self

_LOOKS = 10


class Listening:
    """Like `asyncio.timeout`, except that the loop has looked for the answer several times, spread over the seconds, before it gives up."""

    def __init__(self, seconds: float) -> None:
        self._limit = asyncio.timeout(None)
        self._step_s = seconds / _LOOKS
        self._left = _LOOKS
        self._timer: asyncio.TimerHandle | None = None

    async def __aenter__(self) -> Self:
        await self._limit.__aenter__()
        self._look()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, raised: BaseException | None, trace: TracebackType | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        await self._limit.__aexit__(kind, raised, trace)

    def _look(self) -> None:
        loop = asyncio.get_running_loop()
        if self._left > 0:
            self._left -= 1
            self._timer = loop.call_later(self._step_s, self._look)
        else:
            self._limit.reschedule(loop.time())

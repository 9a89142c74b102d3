"""The first moment of the end: the application hears of it before the server closes its connections, so that streams can say goodbye."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import threading
from collections.abc import Awaitable, Callable, Iterator
from types import FrameType

_SIGNALS = (signal.SIGTERM, signal.SIGINT)


@contextlib.contextmanager
def told_first(end: Callable[[], Awaitable[None]], *, patience_s: float) -> Iterator[None]:
    """While the block runs, a signal that ends the server begins with `end`, for so long at most. Another one reaches the server at once."""
    if threading.current_thread() is not threading.main_thread():  # then no signal reaches the server either
        yield
        return
    ending = _Ending(end, patience_s)
    for number in ending.server:
        signal.signal(number, ending.hear)
    try:
        yield
    finally:
        for number, handler in ending.server.items():
            signal.signal(number, handler)


class _Ending:
    """Stands between the signals and the server, whose handlers it has taken the place of."""

    def __init__(self, end: Callable[[], Awaitable[None]], patience_s: float) -> None:
        self._end = end
        self._patience_s = patience_s
        self._loop = asyncio.get_running_loop()
        self._task: asyncio.Task[None] | None = None
        self.server = {int(number): handler for number in _SIGNALS if callable(handler := signal.getsignal(number))}

    def hear(self, number: int, _: FrameType | None) -> None:
        """Anywhere in the program: nothing is done here but to wake the loop."""
        self._loop.call_soon_threadsafe(self._begin, number)

    def _begin(self, number: int) -> None:
        if self._task is None:
            self._task = self._loop.create_task(self._end_first(number))
        else:
            self.server[number](number, None)

    async def _end_first(self, number: int) -> None:
        try:
            async with asyncio.timeout(self._patience_s):
                await self._end()
        except TimeoutError:
            pass  # the server closes what is left
        finally:
            self.server[number](number, None)

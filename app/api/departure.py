"""A client that goes away while it is served: what is done for nobody is not gone on with. Writes see to themselves."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from starlette.types import Receive

from app.api.http_request import ClientLeftError

T = TypeVar("T")

_TURNS = 10
"""Of the loop, from a request's bytes to the news that its client has closed the connection behind them: about five."""


async def unless_client_leaves(receive: Receive, work: Awaitable[T]) -> T:
    """What the work comes to. Cancels it and raises ClientLeftError when the client goes away first; its request must have been read."""
    working = asyncio.current_task()
    watch = _Watch(receive, working)
    watching = asyncio.create_task(watch.run())
    try:
        return await work
    except asyncio.CancelledError:
        if working is not None and watch.has_left and working.uncancel() == 0:
            raise ClientLeftError from None
        raise
    finally:
        watching.cancel()


async def hear_of_departure() -> None:
    """Before something is begun that goes on without its client: whoever has left already is heard of here, and the work is cancelled.

    A request may have lain in the socket while the process stood still. Its client has given up since, may have been told elsewhere that
    nothing was applied, and nobody would expect the write that comes after that.
    """
    for _ in range(_TURNS):
        await asyncio.sleep(0)


class _Watch:
    """Whoever waits for the client's last message."""

    def __init__(self, receive: Receive, working: asyncio.Task[object] | None) -> None:
        self._receive = receive
        self._working = working
        self.has_left = False

    async def run(self) -> None:
        """The server says nothing more until the client has gone, or has had its answer, when nobody watches any more."""
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self.has_left = True
        if self._working is not None:
            self._working.cancel()

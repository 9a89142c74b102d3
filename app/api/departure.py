"""A client that goes away while it is served: what is done for nobody is not gone on with. Writes see to themselves."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from starlette.types import Receive

from app.api.http_request import ClientLeftError

T = TypeVar("T")


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

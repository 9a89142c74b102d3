"""A load balancer as simple as can be: it asks the gateways behind it whether they are ready, and never tries anything twice."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

LOOKS_EVERY_S = 0.05


@dataclass(slots=True, kw_only=True)
class Balancer:
    """Where requests go: to the addresses that were ready when last asked, each in its turn."""

    behind: list[str] = field(default_factory=list)
    ready: list[str] = field(default_factory=list)
    looked: asyncio.Event = field(default_factory=asyncio.Event)
    _turns: itertools.count[int] = field(default_factory=itertools.count)

    async def look(self) -> None:
        """Ask for ever who is ready."""
        while True:
            states = {url: await _is_ready(url) for url in list(self.behind)}
            self.ready = [url for url in self.behind if states.get(url)]
            self.looked.set()
            await asyncio.sleep(LOOKS_EVERY_S)

    async def until_ready(self, count: int) -> None:
        """Wait until so many are, as far as is known here."""
        while len(self.ready) != count:
            self.looked.clear()
            await self.looked.wait()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request of one client, passed on as it is over a connection of its own."""
        with contextlib.closing(writer):
            request = await _message(reader)
            there = urlsplit(self.ready[next(self._turns) % len(self.ready)])
            upstream, sender = await asyncio.open_connection(there.hostname, there.port)
            with contextlib.closing(sender):
                sender.write(request)
                writer.write(await _message(upstream))
                await writer.drain()


@contextlib.asynccontextmanager
async def balancing() -> AsyncIterator[tuple[Balancer, str]]:
    """A balancer and its own address while the block runs."""
    balancer = Balancer()
    looking = asyncio.create_task(balancer.look())
    async with await asyncio.start_server(balancer.serve, "127.0.0.1", 0) as server:
        try:
            yield balancer, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        finally:
            looking.cancel()
            await asyncio.gather(looking, return_exceptions=True)


async def _is_ready(url: str) -> bool:
    there = urlsplit(url)
    try:
        reader, writer = await asyncio.open_connection(there.hostname, there.port)
        with contextlib.closing(writer):
            writer.write(b"GET /readyz HTTP/1.1\r\nHost: balancer\r\n\r\n")
            return b" 200 " in (await _message(reader)).partition(b"\r\n")[0]
    except (OSError, asyncio.IncompleteReadError):
        return False


async def _message(reader: asyncio.StreamReader) -> bytes:
    """One HTTP message with its body, whose length it must say."""
    head = await reader.readuntil(b"\r\n\r\n")
    lengths = [line.partition(b":")[2] for line in head.lower().splitlines() if line.startswith(b"content-length:")]
    return head + await reader.readexactly(int(lengths[0]) if lengths else 0)

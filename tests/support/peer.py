"""A provider reduced to its socket: whatever a script says happens to a request, and every request is kept."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

Act = Callable[["Peer", asyncio.StreamReader, asyncio.StreamWriter], Awaitable[bool]]
"""Does something with a connection; whether it stays open for the next request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """One request as it arrived."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


@dataclass(slots=True)
class Peer:
    """Serves in the test's own loop. Acts are used up one by one, the last for ever."""

    url: str = ""
    heard: list[Heard] = field(default_factory=list)
    connections: int = 0
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    """Set with every request."""
    _script: list[Act] = field(default_factory=list)
    _over: asyncio.Event = field(default_factory=asyncio.Event)
    _served: dict[asyncio.Task[None], asyncio.StreamWriter] = field(default_factory=dict)

    def will(self, *script: Act) -> Peer:
        """Do this from now on."""
        self._script = list(script)
        return self

    @property
    def methods(self) -> list[str]:
        """Of all requests so far."""
        return [request.method for request in self.heard]

    async def hear(self, reader: asyncio.StreamReader) -> Heard:
        """Read one request to its end."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        method, target, _ = head[0].split(" ")
        pairs = [line.split(":", 1) for line in head[1:] if line]
        headers = {name.strip().lower(): value.strip() for name, value in pairs}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        heard = Heard(method=method, target=target, headers=headers, body=body)
        self.heard.append(heard)
        self.arrived.set()
        return heard

    @property
    def is_over(self) -> bool:
        """Whether the test has ended."""
        return self._over.is_set()

    async def until_over(self) -> None:
        """Wait for the end of the test."""
        await self._over.wait()

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._served[asyncio.create_task(self._serve(reader, writer))] = writer

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
                while await (self._script.pop(0) if len(self._script) > 1 else self._script[0])(self, reader, writer):
                    pass
        finally:
            writer.transport.abort()

    async def _end(self) -> None:
        """Close every connection and wait for it: what outlives its loop is told as the leak of some later test."""
        self._over.set()
        for task, writer in self._served.items():
            task.cancel()
            writer.transport.abort()
        ended = await asyncio.gather(*self._served, return_exceptions=True)
        for writer in self._served.values():
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()
        for mistake in ended:
            if isinstance(mistake, Exception):
                raise mistake


@contextlib.asynccontextmanager
async def listening() -> AsyncIterator[Peer]:
    """A peer on a free port of loopback."""
    peer = Peer()
    server = await asyncio.start_server(peer._connected, "127.0.0.1", 0)
    peer.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield peer
    finally:
        server.close()
        await peer._end()


def answer(body: str | bytes = "{}", status: int = 200, *, close: bool = False, **headers: str) -> Act:
    """Read the request and answer it; underscores in names of headers are hyphens."""

    async def act(peer: Peer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        await peer.hear(reader)
        content = body.encode() if isinstance(body, str) else body
        lines = [f"HTTP/1.1 {status} Said", f"content-length: {len(content)}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        writer.write("\r\n".join([*lines, "", ""]).encode() + content)
        await writer.drain()
        return not close

    return act


async def cut_unread(_: Peer, __: asyncio.StreamReader, ___: asyncio.StreamWriter) -> bool:
    """Close before the request is read."""
    return False


async def cut(peer: Peer, reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> bool:
    """Read the request, close without a word."""
    await peer.hear(reader)
    return False


async def reset(peer: Peer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
    """Read the request, reset the connection."""
    await peer.hear(reader)
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    return False


async def break_off(peer: Peer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
    """Close in the middle of the answer's body."""
    await peer.hear(reader)
    writer.write(b'HTTP/1.1 200 OK\r\ncontent-length: 40\r\n\r\n{"id": "CN-')
    await writer.drain()
    return False


async def babble(peer: Peer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
    """Answer in something that is not HTTP."""
    await peer.hear(reader)
    writer.write(b"220 mail.example ESMTP\r\n\r\n")
    await writer.drain()
    return False


async def say_nothing(peer: Peer, reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> bool:
    """Read the request and never answer."""
    await peer.hear(reader)
    await peer.until_over()
    return False


async def read_nothing(peer: Peer, _: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
    """Take the connection and never read from it."""
    writer.transport.pause_reading()  # type: ignore[attr-defined]  # a socket's transport reads
    await peer.until_over()
    return False


async def drip(peer: Peer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
    """Answer byte by byte, without an end."""
    await peer.hear(reader)
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n")
    while not peer.is_over:
        writer.write(b" ")
        await writer.drain()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(peer.until_over(), 0.01)
    return False

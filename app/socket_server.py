"""The server's side of a WebSocket: the library's protocol, with bounds on what a client may make it do without ever sending a message."""

from __future__ import annotations

import asyncio
from typing import Any, cast

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame

PIECE_BYTES = 4 * 1024
"""Gone through before anybody else has a turn: a frame costs as little as six bytes."""

MOST_PARTS = 1_000
"""Of one message."""

LINGER_S = 1.0
"""How long what a client goes on sending after it was refused is read, and thrown away."""

UNFETCHED_BYTES = 64 * 1024
"""Answers to pings that the client lets lie."""


class BoundedSocket(WebSocketsSansIOProtocol):
    """One socket."""

    _unread = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The handshake follows."""
        super().connection_made(cast("asyncio.BaseTransport", _Held(cast("asyncio.Transport", transport), self)))

    @property
    def is_behind(self) -> bool:
        """Whether something has come that was not gone through."""
        return bool(self._unread)

    def data_received(self, data: bytes) -> None:
        """Go through it piece by piece, each in a turn of its own."""
        was_behind = self.is_behind
        self._unread += data
        if not was_behind:
            self._go_on()

    def handle_cont(self, event: Frame) -> None:
        """Another part of a message."""
        if len(self.frames) < MOST_PARTS:
            super().handle_cont(event)
        elif not self.close_sent:
            self._give_up(1009, "a message of too many parts")

    def handle_ping(self) -> None:
        """An answer, unless the client lets them lie."""
        if self.transport.get_write_buffer_size() > UNFETCHED_BYTES:
            self.transport.abort()
        else:
            super().handle_ping()

    def _go_on(self) -> None:
        piece, self._unread = self._unread[:PIECE_BYTES], self._unread[PIECE_BYTES:]
        super().data_received(piece)
        if self.transport.is_closing():
            self._unread = b""
        elif self.is_behind:
            self.transport.pause_reading()
            self.loop.call_soon(self._go_on)
        elif not self.read_paused:
            self.transport.resume_reading()

    def _give_up(self, code: int, reason: str) -> None:
        self.queue.put_nowait({"type": "websocket.disconnect", "code": code, "reason": reason})
        self.conn.fail(code, reason)
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        # closed with something unread, the connection would be reset, and the client might never see why
        self.close_timer = self.loop.call_later(LINGER_S, self.transport.close)


class _Held:
    """The transport, which reads no more before everything that has come was gone through."""

    def __init__(self, transport: asyncio.Transport, socket: BoundedSocket) -> None:
        self._transport = transport
        self._socket = socket

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def resume_reading(self) -> None:
        """Unless there is enough to do."""
        if not self._socket.is_behind:
            self._transport.resume_reading()

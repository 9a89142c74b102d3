"""The server's side of HTTP: the library's protocol, with bounds where it has none. It takes a head of any length, for as long as that takes."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import httptools
import uvicorn
from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol
from uvicorn.server import ServerState

from app.domain.vocabulary import ErrorCode
from app.socket_server import LINGER_S, BoundedSocket

LINE_BYTES, LINES = 8_000, 120
"""What the library's handshake takes of a line and of lines. It does not survive more."""


class Serving(uvicorn.Config):
    """How to serve: as the library has it, and how long a request's line and headers may be, and may take."""

    def __init__(self, app: Any, *, head_bytes: int, head_s: float, **options: Any) -> None:
        super().__init__(app, http=BoundedHttp, ws=BoundedSocket, **options)
        self.head_bytes = head_bytes
        self.head_s = head_s


class BoundedHttp(HttpToolsProtocol):
    """One connection."""

    def __init__(
        self,
        config: Serving,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._most_bytes = config.head_bytes
        self._head_s = config.head_s
        self._head_bytes = 0
        self._is_in_head = True
        self._has_begun = False
        self._is_refused = False
        self._timer: asyncio.TimerHandle | None = None
        self._raw_left: int | None = None
        """Of a body that the parser leaves to us, since another protocol was offered, which is not spoken here."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as the library has it
        """Whoever connects has to say what he wants."""
        super().connection_made(transport)
        self._timer = self.loop.call_later(self._head_s, self._give_up)

    def connection_lost(self, exc: Exception | None) -> None:
        """Nobody is waited for any more."""
        self._stop_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """The library's, but a head has its bounds, and an offer of another protocol is passed over."""
        if self._is_refused:
            return
        if self._raw_left is not None:
            self._raw(data)
            return
        self._unset_keepalive_if_required()
        was_in_head = self._is_in_head
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as offer:
            if self._should_upgrade():
                self._stop_timer()
                self._shake_hands()
            else:
                self._pass_over(data[offer.args[0] :])
        except httptools.HttpParserError:
            self.send_400_response("this is not HTTP/1.1")
        if self._is_in_head and not (self._is_refused or self.transport.is_closing()):
            self._wait_for_head(len(data) if was_in_head else 0)

    def on_message_begin(self) -> None:
        """Another request."""
        self._is_in_head, self._has_begun, self._head_bytes = True, True, 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """The head is there."""
        self._is_in_head = False
        self._stop_timer()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The parser says so, too, where it leaves the body to us."""
        if not self.parser.should_upgrade():
            super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        """In the words of any other answer."""
        self._refuse(400, msg, ErrorCode.INVALID_INPUT)

    def _wait_for_head(self, received: int) -> None:
        self._head_bytes += received
        if self._head_bytes > self._most_bytes:
            self._refuse(431, f"more than {self._most_bytes} bytes before the body", ErrorCode.LIMIT_EXCEEDED)
        elif self._timer is None:
            self._timer = self.loop.call_later(self._head_s, self._give_up)

    def _give_up(self) -> None:
        self._timer = None
        if not self._has_begun:
            self.transport.close()  # as one whose request is over: nothing was asked
        self._refuse(408, f"the request has not begun within {self._head_s:g} s", ErrorCode.LIMIT_EXCEEDED)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _shake_hands(self) -> None:
        longest = max(len(self.url), *(len(name) + len(value) for name, value in self.headers))
        if self.scope["method"] != "GET":
            self.send_400_response("a socket is asked for by GET")
        elif longest > LINE_BYTES or len(self.headers) > LINES:
            self._refuse(431, f"a socket is asked for in at most {LINES} lines of {LINE_BYTES} bytes", ErrorCode.LIMIT_EXCEEDED)
        else:
            self.handle_websocket_upgrade()

    def _pass_over(self, rest: bytes) -> None:
        """The parser reads no further once another protocol was offered (RFC 9110, 7.8: a server may ignore that)."""
        lengths = [value for name, value in self.headers if name == b"content-length"]
        if any(name == b"transfer-encoding" for name, _ in self.headers):
            self.send_400_response("a body without a length, and an offer of a protocol that is not spoken here")
            return
        self.cycle.keep_alive = False
        self._raw_left = int(lengths[0]) if lengths else 0
        self._raw(rest)

    def _raw(self, data: bytes) -> None:
        taken, self._raw_left = data[: self._raw_left], max(0, (self._raw_left or 0) - len(data))
        if self.cycle.response_complete:
            return
        self.cycle.body += taken
        if len(self.cycle.body) > HIGH_WATER_LIMIT:
            self.flow.pause_reading()
        if self._raw_left == 0:
            self.cycle.more_body = False
        self.cycle.message_event.set()

    def _refuse(self, status: int, message: str, code: ErrorCode) -> None:
        if self._is_refused or self.transport.is_closing():
            return
        error = {"message": message, "extensions": {"code": code.value, "retryable": False}}
        body = json.dumps({"errors": [error]}).encode()
        length = str(len(body)).encode()
        headers = b"content-type: application/json\r\ncontent-length: " + length + b"\r\nconnection: close\r\n\r\n"
        self.transport.write(STATUS_LINE[status] + headers + body)
        self._is_refused = True
        self.transport.write_eof()
        self._stop_timer()
        # closed with something unread, the connection would be reset, and the client might never see why
        self._timer = self.loop.call_later(LINGER_S, self.transport.close)

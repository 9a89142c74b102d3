"""The outermost layer of every request: it has an id, which its answer carries, and one line in the log when it has been answered."""

from __future__ import annotations

import time

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app import telemetry
from app.health import Health

CLIENT_LEFT = 499
"""In the log, for a request that nobody waited for until it was answered."""


class RequestLog:
    """Gives the id, and while the process drains sends whoever asks elsewhere with what comes next."""

    def __init__(self, app: ASGIApp, *, health: Health) -> None:
        self._app = app
        self._health = health

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        parent = telemetry.read_traceparent(headers.get("traceparent"))
        id = telemetry.identified(headers.get("x-request-id"), parent)
        tokens = [
            (variable, variable.set(value))
            for variable, value in ((telemetry.request_id, id), (telemetry.traceparent, parent), (telemetry.who, None))
        ]
        try:
            await (self._answered if scope["type"] == "http" else self._opened)(scope, receive, send, id)
        finally:
            for variable, token in tokens:
                variable.reset(token)

    async def _opened(self, scope: Scope, receive: Receive, send: Send, id: str) -> None:
        """A socket, whose operations have ids of their own."""

        async def send_with_id(message: Message) -> None:
            if message["type"] == "websocket.accept":
                MutableHeaders(scope=message)["X-Request-Id"] = id
            await send(message)

        await self._app(scope, receive, send_with_id)

    async def _answered(self, scope: Scope, receive: Receive, send: Send, id: str) -> None:
        status, started = CLIENT_LEFT, time.monotonic()

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers["X-Request-Id"] = id
                if self._health.is_draining:
                    headers["Connection"] = "close"
            await send(message)

        try:
            await self._app(scope, receive, send_with_id)
        except Exception:
            status = 500
            raise
        finally:
            duration_s = time.monotonic() - started
            telemetry.request_served(method=scope["method"], path=scope["path"], status=status, duration_s=duration_s)

"""The figures' own port, and who is shown them. On a thread of its own: a gateway that hangs still shows them. What is counted stands in telemetry/."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections.abc import Callable, Iterator

import uvicorn
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from app import telemetry
from app.api import auth, http_response, media_types
from app.api.http_request import Refused
from app.api.security_headers import SecurityHeaders
from app.domain.vocabulary import ErrorCode
from app.identity.authenticator import Authenticator
from app.settings import Settings
from app.store import Store
from app.store.memory import MemoryStore
from app.store.redis import RedisStore
from app.telemetry import metrics

PATH = "/metrics"
_METHODS = {"GET", "HEAD"}


class Figures:
    """Answers the one path: with the figures, or why not, as everywhere else."""

    def __init__(self, shown: ASGIApp | None, authenticator: Authenticator | None) -> None:
        self._shown = shown
        self._authenticator = authenticator

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        request = Request(scope)
        headers = request.headers
        id = telemetry.identified(headers.get("x-request-id"), telemetry.read_traceparent(headers.get("traceparent")))
        telemetry.request_id.set(id)
        try:
            await (await self._figures_for(request))(scope, receive, send)
        except Refused as refused:
            refused.headers["X-Request-Id"] = id
            await http_response.refusal(refused, media_types.JSON)(scope, receive, send)

    async def _figures_for(self, request: Request) -> ASGIApp:
        if self._shown is None or request.url.path != PATH:
            raise Refused(404, "nothing is shown here", code=ErrorCode.NOT_FOUND)
        if request.method not in _METHODS:
            raise Refused(405, "figures are asked for by GET", headers={"Allow": "GET, HEAD"})
        if self._authenticator is not None:
            await auth.operator(request.headers, self._authenticator)
        return self._shown


@contextlib.contextmanager
def serving(settings: Settings, sock: socket.socket) -> Iterator[Callable[[Settings], None]]:
    """While the block runs, the figures are shown there. What it gives is to be told whenever others are known."""
    store = _store_of_keys(settings)
    authenticator = Authenticator(settings, store)
    is_guarded = settings.operation.metrics == "guarded"
    figures = Figures(metrics.shown() if settings.operation.counts else None, authenticator if is_guarded else None)
    server = uvicorn.Server(_config(SecurityHeaders(figures)))
    loop = asyncio.new_event_loop()

    async def run() -> None:
        try:
            await server.serve(sockets=[sock])
        finally:
            await authenticator.aclose()
            await store.aclose()

    def told(now: Settings) -> None:
        loop.call_soon_threadsafe(authenticator.replace, now.callers)

    thread = threading.Thread(target=loop.run_until_complete, args=(run(),), name="metrics", daemon=True)
    thread.start()
    try:
        yield told
    finally:
        server.should_exit = True
        thread.join()
        loop.close()


def _store_of_keys(settings: Settings) -> Store:
    """Where keys are looked for besides the file; a thread's own connections."""
    if settings.identity.api_keys == "redis" and settings.redis_url is not None:
        return RedisStore(settings.redis_url.reveal())
    return MemoryStore()


def _config(app: ASGIApp) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        server_header=False,
        lifespan="off",
        ws="none",
        timeout_graceful_shutdown=1,
    )

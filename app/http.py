"""The one seam to the HTTP library: everybody else imports these names from here."""

from __future__ import annotations

import asyncio
import functools
import ssl
from collections.abc import AsyncIterator, Callable

from httpx import (
    AsyncBaseTransport,
    AsyncByteStream,
    AsyncClient,
    AsyncHTTPTransport,
    BasicAuth,
    ConnectError,
    ConnectTimeout,
    Headers,
    HTTPError,
    InvalidURL,
    Limits,
    LocalProtocolError,
    PoolTimeout,
    ProxyError,
    Request,
    Response,
    Timeout,
    TimeoutException,
    UnsupportedProtocol,
    create_ssl_context,
)

NOT_SENT = (ConnectError, ConnectTimeout, PoolTimeout, ProxyError, UnsupportedProtocol, LocalProtocolError)
"""Failures after which the provider cannot have seen the request. After any other it may have."""


@functools.cache
def trusted() -> ssl.SSLContext:
    """Whom every client of the process trusts; read once, because reading the certificates stops everything for tens of milliseconds."""
    return create_ssl_context()


class Connections(AsyncBaseTransport):
    """Each connection in a pool of its own: the library's pool goes through all it has, for every call and every answer.

    There are as many as there are calls at once; whoever calls bounds that.
    """

    def __init__(self, *, idle_s: float) -> None:
        self._limits = Limits(max_connections=1, max_keepalive_connections=1, keepalive_expiry=idle_s)
        self._all: set[AsyncHTTPTransport] = set()
        self._idle: list[AsyncHTTPTransport] = []
        self._closing: set[asyncio.Task[None]] = set()

    async def handle_async_request(self, request: Request) -> Response:
        """Send it over the connection that was used last, so that the others may expire."""
        connection = self._idle.pop() if self._idle else self._opened()
        try:
            response = await connection.handle_async_request(request)
        except BaseException:
            self._give_back(connection, is_whole=False)
            raise
        response.stream = _Returning(response.stream, functools.partial(self._give_back, connection))
        return response

    async def aclose(self) -> None:
        """Close them all."""
        for connection in list(self._all):
            await connection.aclose()
        await asyncio.gather(*self._closing, return_exceptions=True)

    def _give_back(self, connection: AsyncHTTPTransport, *, is_whole: bool) -> None:
        """For the next one, unless its answer was cut short: a call cancelled twice leaves the library's pool taken for ever."""
        if is_whole:
            self._idle.append(connection)
            return
        self._all.discard(connection)
        closing = asyncio.create_task(connection.aclose())
        self._closing.add(closing)
        closing.add_done_callback(self._closed)

    def _closed(self, closing: asyncio.Task[None]) -> None:
        self._closing.discard(closing)
        if not closing.cancelled():
            closing.exception()  # looked at: nobody else wants to know

    def _opened(self) -> AsyncHTTPTransport:
        connection = AsyncHTTPTransport(verify=trusted(), limits=self._limits, trust_env=False)
        self._all.add(connection)
        return connection


class _Returning(AsyncByteStream):
    """An answer's body, whose connection is free for others when it is closed, and closed with it where it was not read to its end."""

    def __init__(self, stream: object, give_back: Callable[..., None]) -> None:
        assert isinstance(stream, AsyncByteStream)  # noqa: S101 - an asynchronous transport's always is
        self._stream = stream
        self._give_back: Callable[..., None] | None = give_back
        self._is_read = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for part in self._stream:
            yield part
        self._is_read = True

    async def aclose(self) -> None:
        is_whole = False
        try:
            await self._stream.aclose()
            is_whole = self._is_read
        finally:
            if self._give_back is not None:
                self._give_back(is_whole=is_whole)
                self._give_back = None


__all__ = [
    "NOT_SENT",
    "AsyncBaseTransport",
    "AsyncClient",
    "BasicAuth",
    "Connections",
    "HTTPError",
    "Headers",
    "InvalidURL",
    "Limits",
    "Request",
    "Response",
    "Timeout",
    "TimeoutException",
    "trusted",
]

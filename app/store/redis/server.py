"""One server and the connections to it: a round trip that has an end, whoever answers or gives up."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, cast

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.client import Pipeline
from redis.asyncio.connection import AbstractConnection, Connection, SSLConnection, UnixDomainSocketConnection
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as Disconnected
from redis.exceptions import ReadOnlyError
from redis.maint_notifications import MaintNotificationsConfig

from app.secret import Secret
from app.store.address import Address, Kind, Place

_FREE_S = 1.0
"""For a connection that somebody else has done with."""
GREETING_S = 0.5
"""For a new one, and again for the server's first answer on it."""

Word = str | bytes | float
Command = tuple[Word, ...]
Answers = list[object]
"""One for each command; a refusal (ResponseError) is an answer, too."""
Options = dict[str, Any]
"""As the client's library takes them."""


class Server:
    """Connections of its own to one server."""

    def __init__(self, pool: BlockingConnectionPool, *, answer_s: float) -> None:
        self._client = Redis.from_pool(pool)
        self._pool = pool
        self._answer_s = answer_s

    async def ask(self, *commands: Command) -> Answers:
        """All of them in one round trip."""
        pipeline: Pipeline = self._client.pipeline(transaction=False)
        for command in commands:
            pipeline.execute_command(*command)
        try:
            pipeline.connection = await cast("Callable[[], Awaitable[Connection]]", self._pool.get_connection)()
            async with asyncio.timeout(self._answer_s):
                answers: Answers = await pipeline.execute(raise_on_error=False)
        finally:
            await cast("Callable[[], Awaitable[None]]", pipeline.reset)()
        if any(isinstance(answer, ReadOnlyError) for answer in answers):
            await self.forget_connections()
            message = "it is no master, or no longer"
            raise Disconnected(message)
        return answers

    async def forget_connections(self) -> None:
        """Go on over new ones; what is under way may end first."""
        await cast("Callable[[], Any]", self._pool.update_active_connections_for_reconnect)()
        await self._pool.disconnect(inuse_connections=False)

    async def aclose(self) -> None:
        """Close all connections, in use or not."""
        await self._client.aclose()
        await self._pool.disconnect()


def open_pool(address: Address, way: Options, *, connections: int = 1, protocol: int | None = None) -> BlockingConnectionPool:
    """Connections, none of them open yet."""
    return BlockingConnectionPool(
        max_connections=connections,
        timeout=_FREE_S,
        db=address.database,
        username=address.username,
        password=revealed(address.password),
        protocol=protocol,
        **{**PATIENCE, **way},
    )


def make_ear(pool: BlockingConnectionPool) -> AbstractConnection:
    """A connection that nobody else gets, not open yet. The pool has to speak the older protocol, where a message is an answer like any other."""
    return cast("Callable[[], AbstractConnection]", pool.make_connection)()


def straight(address: Address, place: Place | None = None) -> Options:
    """The way to a server whose place is known: this one, or the only one the address names."""
    if address.kind is Kind.SOCKET:
        return {"connection_class": UnixDomainSocketConnection, "path": address.path}
    host, port = place or address.places[0]
    return {"connection_class": SSLConnection if address.tls else Connection, "host": host, "port": port, **tls(address.options)}


async def greet(connection: AbstractConnection) -> None:
    """Say who asks, and what for."""
    async with asyncio.timeout(GREETING_S):
        await connection.on_connect()


def tls(options: Mapping[str, str]) -> Options:
    """As the library takes them."""
    return {name: value == "yes" if name == "ssl_check_hostname" else value for name, value in options.items()}


def revealed(secret: Secret | None) -> str | None:
    """The text, if there is any."""
    return None if secret is None else secret.reveal()


PATIENCE: Options = {
    "socket_connect_timeout": GREETING_S,
    "redis_connect_func": greet,
    # `greet` and `ask` set the time; the library's own way may swallow a cancellation on Python 3.11, and the caller would never end
    "socket_timeout": None,
    "retry": Retry(NoBackoff(), 0),  # the client's own retries cost seconds a call while Redis is away
    # while they are on, the pool hands out connections the server has closed, and a commit must not be tried twice
    "maint_notifications_config": MaintNotificationsConfig(enabled=False),
}

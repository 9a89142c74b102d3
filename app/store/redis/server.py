"""One server and the connections to it: a round trip that has an end, whoever answers or gives up."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.client import Pipeline
from redis.asyncio.connection import AbstractConnection, Connection, SSLConnection, UnixDomainSocketConnection
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as Disconnected
from redis.exceptions import ReadOnlyError, RedisError
from redis.maint_notifications import MaintNotificationsConfig

from app.secret import Secret
from app.store.address import Address, Kind, Place
from app.store.listening import Listening

GREETING_S = 0.5
"""For the server's first answer on a new connection."""
CONNECTED_S = 2 * GREETING_S
"""For a new connection, its greeting included."""

Word = str | bytes | float
Command = tuple[Word, ...]
Answers = list[object]
"""One for each command; a refusal (ResponseError) is an answer, too."""
Options = dict[str, Any]
"""As the client's library takes them."""


class Server:
    """Connections of its own to one server. Whoever asks in the same moment shares a round trip."""

    def __init__(self, pool: BlockingConnectionPool, *, answer_s: float, alone: bool = False) -> None:
        self._client = Redis.from_pool(pool)
        self._pool = pool
        self._answer_s = answer_s
        self._alone = alone
        self._asked: deque[_Asked] = deque()
        self._trips: set[asyncio.Task[None]] = set()
        self._leaving = False

    async def ask(self, *commands: Command) -> Answers:
        """All of them in one round trip, over one connection, in their order. Whoever gives up before they are sent takes them back."""
        loop = asyncio.get_running_loop()
        asked = _Asked(commands, loop.create_future(), loop.time())
        self._asked.append(asked)
        self._set_out()
        return await asked.answers

    async def forget_connections(self) -> None:
        """Go on over new ones; what is under way may end first."""
        await cast("Callable[[], Any]", self._pool.update_active_connections_for_reconnect)()
        await self._pool.disconnect(inuse_connections=False)

    async def aclose(self) -> None:
        """Close all connections, in use or not."""
        for trip in self._trips:
            trip.cancel()
        await asyncio.gather(*self._trips, return_exceptions=True)
        await self._client.aclose()
        await self._pool.disconnect()

    def _set_out(self) -> None:
        """Begin a round trip, unless one is just beginning: it takes along whoever asks until then."""
        if self._asked and not self._leaving and len(self._trips) < self._pool.max_connections:
            self._leaving = True
            trip = asyncio.create_task(self._travel())
            self._trips.add(trip)
            trip.add_done_callback(self._trips.discard)

    async def _travel(self) -> None:
        """Go for those who wait, and again for those who have come meanwhile."""
        self._leaving = False
        while together := self._next():
            self._set_out()  # for those it has no room for
            began = asyncio.get_running_loop().time()
            try:
                answers = iter(await self._round_trip([command for asked in together for command in asked.commands]))
            except TimeoutError as silence:
                _fail([*together, *(asked for asked in self._asked if asked.since <= began)], silence)
            except Exception as failed:  # noqa: BLE001 - whatever it is, whoever asked is told: nobody else would end their waiting
                _fail(together, failed)
            except asyncio.CancelledError:
                _fail([*together, *self._asked], RedisError("the store is being closed"))
                raise
            else:
                for asked in together:
                    asked.tell([next(answers) for _ in asked.commands])

    def _next(self) -> list[_Asked]:
        """Those who wait: all together, or the first of them alone."""
        together: list[_Asked] = []
        while self._asked and not (self._alone and together):
            asked = self._asked.popleft()
            if not asked.answers.done():  # neither given up nor failed with others
                together.append(asked)
        return together

    async def _round_trip(self, commands: Sequence[Command]) -> Answers:
        pipeline: Pipeline = self._client.pipeline(transaction=False)
        for command in commands:
            pipeline.execute_command(*command)
        try:
            async with Listening(CONNECTED_S):
                pipeline.connection = await cast("Callable[[], Awaitable[Connection]]", self._pool.get_connection)()
            async with Listening(self._answer_s):
                answers: Answers = await pipeline.execute(raise_on_error=False)
        finally:
            await cast("Callable[[], Awaitable[None]]", pipeline.reset)()
        if any(isinstance(answer, ReadOnlyError) for answer in answers):
            await self.forget_connections()
            message = "it is no master, or no longer"
            raise Disconnected(message)
        return answers


@dataclass(frozen=True, slots=True)
class _Asked:
    """What somebody waits for, since when."""

    commands: tuple[Command, ...]
    answers: asyncio.Future[Answers]
    since: float

    def tell(self, answers: Answers) -> None:
        if not self.answers.done():
            self.answers.set_result(answers)


def _fail(together: Iterable[_Asked], failure: Exception) -> None:
    for asked in together:
        if not asked.answers.done():
            asked.answers.set_exception(failure)


def open_pool(address: Address, way: Options, *, connections: int = 1, protocol: int | None = None) -> BlockingConnectionPool:
    """Connections, none of them open yet."""
    return BlockingConnectionPool(
        max_connections=connections,
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
    async with Listening(GREETING_S):
        await connection.on_connect()


def tls(options: Mapping[str, str]) -> Options:
    """As the library takes them."""
    return {name: value == "yes" if name == "ssl_check_hostname" else value for name, value in options.items()}


def revealed(secret: Secret | None) -> str | None:
    """The text, if there is any."""
    return None if secret is None else secret.reveal()


PATIENCE: Options = {
    "redis_connect_func": greet,
    # whoever connects or asks sets the time; the library's own way may swallow a cancellation on Python 3.11, and the caller would never end
    "socket_connect_timeout": None,
    "socket_timeout": None,
    "retry": Retry(NoBackoff(), 0),  # the client's own retries cost seconds a call while Redis is away
    # while they are on, the pool hands out connections the server has closed, and a commit must not be tried twice
    "maint_notifications_config": MaintNotificationsConfig(enabled=False),
}

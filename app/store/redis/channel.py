"""Listening: a connection of its own that notices when it is lost, says so, and comes back."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import cast

from redis.asyncio.connection import AbstractConnection
from redis.exceptions import ConnectionError as Disconnected
from redis.exceptions import RedisError

from app.store import Gap
from app.store.listening import Listening
from app.store.redis.nodes import Nodes
from app.store.redis.server import CONNECTED_S, GREETING_S

_BEAT_S = 1.0
"""A silence after which a sign of life is asked for, and the time it may take."""
_AGAIN_S = 0.25


async def heard(nodes: Nodes, channel: str) -> AsyncGenerator[bytes | Gap, None]:
    """The messages from now on, and the gaps between them."""
    deaf = False
    while True:
        connection: AbstractConnection | None = None
        try:
            connection = await nodes.ear(channel)
            await _subscribe(connection, nodes.subscribes, channel)
            deaf = False
            yield Gap.CLOSED
            while True:
                message = await _message(connection)
                if message is None:
                    await nodes.confirm(connection)
                else:
                    yield message
        except (RedisError, OSError, TimeoutError):
            await nodes.doubt()
        finally:
            if connection is not None:
                await connection.disconnect(nowait=True)
        if not deaf:
            deaf = True
            yield Gap.OPEN
        await asyncio.sleep(random.uniform(_AGAIN_S, 2 * _AGAIN_S))  # noqa: S311 - so that not all come back at the same moment


async def _subscribe(connection: AbstractConnection, command: str, channel: str) -> None:
    async with Listening(CONNECTED_S):
        await cast("Callable[[], Awaitable[None]]", connection.connect)()
    async with Listening(GREETING_S):
        await connection.send_command(command, channel)
        await connection.read_response()


async def _message(connection: AbstractConnection) -> bytes | None:
    """The next one, or None after a silence in which somebody was there."""
    reply = await connection.read_response(timeout=_BEAT_S)
    if reply is None:
        await connection.send_command("PING")
        reply = await connection.read_response(timeout=_BEAT_S)
    match reply:
        case [b"message" | b"smessage", _, bytes() as message]:
            return message
        case [b"pong", *_]:
            return None
        case _:  # nothing at all, or that the channel has moved away
            lost = "nobody there, or no longer"
            raise Disconnected(lost)

"""The master that sentinels name: found anew for every connection, and left when another has taken its place."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import cast

from redis.asyncio.connection import AbstractConnection
from redis.asyncio.sentinel import Sentinel, SentinelManagedConnection, SentinelManagedSSLConnection
from redis.exceptions import ConnectionError as Disconnected
from redis.exceptions import RedisError

from app.store.address import Address, Place
from app.store.redis.server import GREETING_S, PATIENCE, Options, greet, revealed, tls
from app.store.redis.together import Together

_CONFIRM_S = 1.0
_SENTINEL_S = 0.3
"""For one sentinel's answer; then the next is asked."""


class Master:
    """Asked by every connection that opens: a former master may be back at its old place, with old data."""

    is_master = True
    check_connection = False

    def __init__(self, address: Address) -> None:
        make = cast("Callable[..., Sentinel]", Sentinel)
        who = {"username": address.sentinel_username, "password": revealed(address.sentinel_password)}
        options = {**PATIENCE, "socket_timeout": _SENTINEL_S, **who, "ssl": address.tls, **tls(address.options)}
        self._address = address
        self._sentinels = make(list(address.places), sentinel_kwargs=options)
        self._place: Place | None = None
        self._asking = Together()
        self._confirm_at = 0.0
        self.replaced: Callable[[], Awaitable[None]] | None = None
        """What to do then."""

    @property
    def way(self) -> Options:
        """How a connection gets there."""
        follows = SentinelManagedSSLConnection if self._address.tls else SentinelManagedConnection
        return {"connection_class": follows, "connection_pool": self, "redis_connect_func": admitted, **tls(self._address.options)}

    async def get_master_address(self) -> Place:
        """Where it is now."""
        place = cast("Place", await self._sentinels.discover_master(self._address.service))
        before, self._place = self._place, place
        if before not in {None, place} and self.replaced is not None:
            await self.replaced()
        return place

    async def confirm(self) -> None:
        """Ask once a second. Who was replaced without dying serves its old connections for a while, and forgets what it is given."""
        if time.monotonic() >= self._confirm_at:
            await self._asking.do(self._confirm)

    async def aclose(self) -> None:
        """Let go of the sentinels."""
        await self._asking.aclose()
        await self._sentinels.aclose()

    async def _confirm(self) -> None:
        with suppress(RedisError, OSError, TimeoutError):  # whoever was the master last still is, as far as one can know
            await self.get_master_address()
        self._confirm_at = time.monotonic() + _CONFIRM_S


async def admitted(connection: AbstractConnection) -> None:
    """Greet a server, and leave one that does not call itself a master, whatever a sentinel said."""
    await greet(connection)
    async with asyncio.timeout(GREETING_S):
        await connection.send_command("ROLE")
        role, *_ = await connection.read_response()
    if role != b"master":
        message = "the sentinels name a server that is no master"
        raise Disconnected(message)

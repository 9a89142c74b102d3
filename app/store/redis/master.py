"""The master that sentinels name: found anew for every connection, and left when another has taken its place."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, cast

from redis.asyncio import Redis
from redis.asyncio.connection import AbstractConnection
from redis.asyncio.sentinel import Sentinel, SentinelManagedConnection, SentinelManagedSSLConnection
from redis.exceptions import ConnectionError as Disconnected
from redis.exceptions import RedisError

from app.store.address import Address, Place
from app.store.listening import Listening
from app.store.redis.server import GREETING_S, PATIENCE, Options, greet, revealed, tls
from app.store.redis.together import Together

_CONFIRM_S = 1.0
_SENTINEL_S = 0.3
"""For the first sentinel that answers."""
_OTHERS_S = 0.1
"""For the others, when one has answered."""


class Master:
    """Asked by every connection that opens: a former master may be back at its old place, with old data."""

    is_master = True
    check_connection = False

    def __init__(self, address: Address) -> None:
        make = cast("Callable[..., Sentinel]", Sentinel)
        who = {"username": address.sentinel_username, "password": revealed(address.sentinel_password)}
        options = {**PATIENCE, **who, "ssl": address.tls, **tls(address.options)}
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
        """Where it is now, by the sentinel that knows the latest change. Raises ConnectionError when no one knows."""
        place = await self._latest()
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

    async def _latest(self) -> Place:
        """Each change has a number (its epoch), and for some seconds not every sentinel has heard of it: a former master may be back by then."""
        waiting = {asyncio.create_task(self._named_by(sentinel)) for sentinel in self._sentinels.sentinels}
        named: list[tuple[int, Place]] = []
        try:
            while waiting:
                done, waiting = await asyncio.wait(
                    waiting, timeout=_OTHERS_S if named else None, return_when=asyncio.FIRST_COMPLETED
                )
                if not done:
                    break
                named += [name for task in done if (name := task.result()) is not None]
        finally:
            for task in waiting:
                task.cancel()
        if not named:
            message = "no sentinel names a master that is there"
            raise Disconnected(message)
        _, place = max(named)
        return place

    async def _named_by(self, sentinel: Redis) -> tuple[int, Place] | None:
        """The epoch and the place, unless it does not answer or takes that master for dead."""
        try:
            async with Listening(_SENTINEL_S):
                state = await cast("Awaitable[dict[str, Any]]", sentinel.sentinel_master(self._address.service))
        except (RedisError, OSError, TimeoutError):
            return None
        if not state["is_master"] or state["is_sdown"] or state["is_odown"]:
            return None
        return int(state["config-epoch"]), (state["ip"], int(state["port"]))

    async def _confirm(self) -> None:
        with suppress(RedisError, OSError, TimeoutError):  # whoever was the master last still is, as far as one can know
            await self.get_master_address()
        self._confirm_at = time.monotonic() + _CONFIRM_S


async def admitted(connection: AbstractConnection) -> None:
    """Greet a server, and leave one that does not call itself a master, whatever a sentinel said."""
    await greet(connection)
    async with Listening(GREETING_S):
        await connection.send_command("ROLE")
        role, *_ = await connection.read_response()
    if role != b"master":
        message = "the sentinels name a server that is no master"
        raise Disconnected(message)

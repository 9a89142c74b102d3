"""Who is asked: the one master there is. What all of it is for is the store's business, and several masters are the cluster's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from redis.asyncio.connection import AbstractConnection, Connection
from redis.exceptions import ConnectionError as Disconnected
from redis.exceptions import MovedError, ResponseError

from app.store.address import Address, Kind
from app.store.redis.master import Master
from app.store.redis.server import Answers, Command, Server, make_ear, open_pool, straight


@dataclass(frozen=True, slots=True)
class Errand:
    """Commands about one key, sent together over one connection, in their order."""

    key: str
    commands: tuple[Command, ...]


class Nodes(Protocol):
    """The servers behind one address."""

    publishes: str
    subscribes: str
    """The commands by which a message goes to the listeners."""

    async def run(self, errands: Sequence[Errand]) -> list[Answers]:
        """Do them all, each with whom its key lives, and none twice. What a server may have done before a failure stays done."""

    async def masters(self, prefix: str = "") -> list[Server]:
        """Whoever may hold a key that begins so."""

    async def ping(self) -> None:
        """Whether anybody answers."""

    async def ear(self, channel: str) -> AbstractConnection:
        """A connection to where the channel's messages pass, not open yet: whoever asked for it closes it."""

    async def confirm(self, ear: AbstractConnection) -> None:
        """Raises ConnectionError when it is no longer there that the messages pass, though somebody answers."""

    async def doubt(self) -> None:
        """Something was not where it should be: look again."""

    async def aclose(self) -> None:
        """Close all connections."""


class OneMaster:
    """A server by itself, or the one that sentinels call the master now."""

    publishes = "PUBLISH"
    subscribes = "SUBSCRIBE"

    def __init__(self, address: Address, *, connections: int, answer_s: float, alone: bool) -> None:
        self._address = address
        self._master = Master(address) if address.kind is Kind.SENTINEL else None
        self._way = straight(address) if self._master is None else self._master.way
        self._server = Server(open_pool(address, self._way, connections=connections), answer_s=answer_s, alone=alone)
        if self._master is not None:
            self._master.replaced = self._server.forget_connections

    async def run(self, errands: Sequence[Errand]) -> list[Answers]:
        """Do them all."""
        if self._master is not None:
            await self._master.confirm()
        answers = await sent(self._server, errands)
        if any(isinstance(answer, MovedError) for said in answers for answer in said):
            message = "it is one of a cluster's nodes, and its address has to begin with redis+cluster://"
            raise ResponseError(message)
        return answers

    async def masters(self, prefix: str = "") -> list[Server]:  # noqa: ARG002 - there is one for all keys
        """The one."""
        return [self._server]

    async def ping(self) -> None:
        """Whether it answers."""
        await self._server.ask(("PING",))

    async def ear(self, channel: str) -> AbstractConnection:  # noqa: ARG002 - there is one for all channels
        """A connection to it."""
        return make_ear(open_pool(self._address, self._way, protocol=2))

    async def confirm(self, ear: AbstractConnection) -> None:
        """Whether sentinels still call the one at its other end the master."""
        if self._master is None or not isinstance(ear, Connection):
            return
        if await self._master.get_master_address() != (ear.host, ear.port):
            message = "another one is the master now"
            raise Disconnected(message)

    async def doubt(self) -> None:
        """Nothing is remembered that could be wrong."""

    async def aclose(self) -> None:
        """Close all connections."""
        await self._server.aclose()
        if self._master is not None:
            await self._master.aclose()


async def sent(server: Server, errands: Sequence[Errand]) -> list[Answers]:
    """One round trip for all."""
    answers = iter(await server.ask(*(command for errand in errands for command in errand.commands)))
    return [[next(answers) for _ in errand.commands] for errand in errands]

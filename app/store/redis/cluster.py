"""Many masters, each with some of the keys: who holds which is learnt from them, and anew when something is not where it should be.

The client library's own cluster is not used: it sends a WAIT over another connection than the write it is about, and one
node's failure takes the connections to all others with it.
"""

from __future__ import annotations

import asyncio
import random
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Awaitable, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from operator import itemgetter
from typing import TypeVar, cast

from redis.asyncio.connection import AbstractConnection
from redis.crc import key_slot
from redis.exceptions import AskError, ClusterDownError, MovedError, RedisError, TryAgainError
from redis.exceptions import ConnectionError as Disconnected

from app.store import home
from app.store.address import Address, Place
from app.store.redis.nodes import Errand, sent
from app.store.redis.server import Answers, Server, make_ear, open_pool, straight
from app.store.redis.together import Together

T = TypeVar("T")

_HOPS = 5
"""How often an errand may be sent on."""
_MOVING_S = 0.05
"""Until an errand whose keys are just being moved is tried again."""
_LEARNING_S = 1.0

Range = tuple[int, int, Place]
"""The first and the last slot, and who holds them."""


class Cluster:
    """What a node refuses because the key is not with it has not been done, and is sent on; nothing else is sent twice."""

    publishes = "SPUBLISH"
    subscribes = "SSUBSCRIBE"
    """Both go to the one node of the channel's slot; between nodes a message could get lost without a sign."""

    def __init__(self, address: Address, *, connections: int, answer_s: float, alone: bool) -> None:
        self._address = address
        self._connections = connections
        self._answer_s = answer_s
        self._alone = alone
        self._servers: dict[Place, Server] = {}
        self._ranges: list[Range] = []
        self._learning = Together()

    async def run(self, errands: Sequence[Errand]) -> list[Answers]:
        """Do them all, each with whom its key lives."""
        answers: dict[int, Answers] = {}
        going: dict[int, Place | None] = dict.fromkeys(range(len(errands)))
        for _ in range(_HOPS):
            answers |= await self._round(errands, going)
            refused = {number: said[0] for number, said in answers.items() if isinstance(said[0], (AskError, TryAgainError))}
            if not refused:
                break
            going = await self._sent_on(refused)
        return [answers[number] for number in range(len(errands))]

    async def masters(self, prefix: str = "") -> list[Server]:
        """All, or the one where keys that begin so live; learnt anew, since nobody refuses a question that is about no key."""
        await self._learn()
        places = self._known() if home(prefix) == prefix else [await self._holder(_slot(prefix))]
        return [self._server(place) for place in places]

    async def ping(self) -> None:
        """Whether any of them answers: what the others hold may be reached or not."""
        await self._learn()

    async def ear(self, channel: str) -> AbstractConnection:
        """A connection to the master of the channel's slot."""
        return make_ear(open_pool(self._address, straight(self._address, await self._holder(_slot(channel))), protocol=2))

    async def confirm(self, ear: AbstractConnection) -> None:
        """A node itself says when a channel has moved away."""

    async def doubt(self, place: Place | None = None) -> None:
        """Learn anew who holds what, if anybody tells."""
        with suppress(RedisError, OSError, TimeoutError):
            await self._learn(last=place)

    async def aclose(self) -> None:
        """Close all connections."""
        await self._learning.aclose()
        while self._servers:  # whoever still asks may open another meanwhile
            _, server = self._servers.popitem()
            await server.aclose()

    async def _round(self, errands: Sequence[Errand], going: Mapping[int, Place | None]) -> dict[int, Answers]:
        """One round trip to each node: to the one an errand was sent on to, or else to whoever holds its key."""
        groups: dict[tuple[Place, bool], list[int]] = defaultdict(list)
        for number, place in going.items():
            groups[place or await self._holder(_slot(errands[number].key)), place is not None].append(number)
        done = await _all(
            self._sent(place, [errands[number] for number in numbers], asking=asking) for (place, asking), numbers in groups.items()
        )
        return {
            number: said
            for numbers, some in zip(groups.values(), done, strict=True)
            for number, said in zip(numbers, some, strict=True)
        }

    async def _sent_on(self, refused: Mapping[int, object]) -> dict[int, Place | None]:
        """Where to go instead: this once to where the key is just arriving, or (None) to whoever holds it by then."""
        moved = next((refusal for refusal in refused.values() if isinstance(refusal, MovedError)), None)
        if moved is not None:
            await self._learn(first=(moved.host, moved.port) if moved.host else None)
        elif any(isinstance(refusal, TryAgainError) for refusal in refused.values()):
            await asyncio.sleep(_MOVING_S)
        return {number: _arriving(refusal) for number, refusal in refused.items()}

    async def _sent(self, place: Place, errands: Sequence[Errand], *, asking: bool = False) -> list[Answers]:
        sending = [Errand(errand.key, (("ASKING",), *errand.commands)) for errand in errands] if asking else errands
        try:
            answers = await sent(self._server(place), sending)
        except (RedisError, OSError, TimeoutError):
            await self.doubt(place)
            raise
        if any(isinstance(answer, ClusterDownError) for said in answers for answer in said):
            await self.doubt()
        return [said[1:] for said in answers] if asking else answers

    async def _holder(self, slot: int) -> Place:
        place = self._found(slot)
        if place is None:
            await self._learn()
            place = self._found(slot)
        if place is None:
            message = "no master of the cluster holds the key's slot"
            raise Disconnected(message)
        return place

    def _found(self, slot: int) -> Place | None:
        at = bisect_right(self._ranges, slot, key=itemgetter(0)) - 1
        if at < 0:
            return None
        _, last, place = self._ranges[at]
        return place if slot <= last else None

    def _known(self) -> list[Place]:
        return sorted({place for _, _, place in self._ranges})

    async def _learn(self, *, first: Place | None = None, last: Place | None = None) -> None:
        """Ask around, all who want to know together; `first` should know, and `last` is in trouble."""
        others = list({*self._known(), *self._address.places} - {first, last})
        random.shuffle(others)  # so that not every process asks the same node
        await self._learning.do(partial(self._ask, [place for place in (first, *others, last) if place is not None]))

    async def _ask(self, places: Sequence[Place]) -> None:
        failure: Exception = Disconnected("no node of the cluster answers")
        async with asyncio.timeout(_LEARNING_S):
            for place in places:
                try:
                    (rows,) = await self._server(place).ask(("CLUSTER", "SLOTS"))
                except (RedisError, OSError, TimeoutError) as failed:
                    rows = failed
                if isinstance(rows, Exception):
                    failure = rows
                elif rows:
                    self._ranges = sorted(_range(row, place) for row in cast("list[list[object]]", rows))
                    return
        raise failure

    def _server(self, place: Place) -> Server:
        if place not in self._servers:
            pool = open_pool(self._address, straight(self._address, place), connections=self._connections)
            self._servers[place] = Server(pool, answer_s=self._answer_s, alone=self._alone)
        return self._servers[place]


def _arriving(refusal: object) -> Place | None:
    if isinstance(refusal, AskError) and not isinstance(refusal, MovedError) and refusal.host:
        return refusal.host, refusal.port
    return None


def _slot(key: str) -> int:
    return key_slot(key.encode())


def _range(row: Sequence[object], told_by: Place) -> Range:
    """From a row of CLUSTER SLOTS; a master without a host is reached as the one who told."""
    first, last, master, *_ = cast("tuple[int, int, list[object]]", row)
    host, port = cast("tuple[bytes | None, int]", tuple(master[:2]))
    return first, last, (host.decode() if host else told_by[0], port)


async def _all(calls: Iterable[Awaitable[T]]) -> list[T]:
    """The results, or the first failure when all have ended."""
    results = await asyncio.gather(*calls, return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result
    return cast("list[T]", results)

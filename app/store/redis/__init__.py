"""The shared store on Redis or Valkey: one server, a cluster, or what sentinels watch over. Only this package names the client."""

from __future__ import annotations

import hashlib
import re
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from functools import cache, partial
from typing import cast

from redis.exceptions import NoScriptError

from app.store import Gap, Put, StoreFailure, Write, refuse_apart
from app.store.address import Address, Kind, read_address
from app.store.durability import Durability, Wait
from app.store.gate import SCRIPT as GATE
from app.store.gate import Passage, Step, passage, words
from app.store.redis.channel import heard
from app.store.redis.cluster import Cluster
from app.store.redis.failures import accepted, again, guarded
from app.store.redis.keeping import durability
from app.store.redis.nodes import Errand, Nodes, OneMaster
from app.store.redis.server import Command, Word
from app.store.script import COMMIT, arguments, milliseconds

_ANSWER_S = 0.5


class RedisStore:
    """Fails fast: a Redis that is away costs milliseconds, and whoever asked decides what that means."""

    is_shared = True

    def __init__(self, url: str, *, wait: Wait | None = None) -> None:
        address = read_address(url)
        self._nodes = _nodes(address, connections=10, answer_s=_ANSWER_S, alone=False)
        self._waiting: tuple[Nodes, Wait] | None = None
        if wait is not None and not wait.is_for_nothing:
            # apart, and each alone: what waits for a disk or a replica never keeps others waiting
            self._waiting = _nodes(address, connections=32, answer_s=_ANSWER_S + wait.ms / 1000, alone=True), wait

    async def get_many(self, keys: Sequence[str]) -> list[bytes | None]:
        """The values, in the order of the keys; None where there is none."""
        answers = await self._each([(key, ("GET", key)) for key in keys])
        return [cast("bytes | None", answer) for answer in answers]

    async def put_many(self, values: Mapping[str, Put]) -> None:
        """Write them all, whatever was there."""
        await self._each([(key, _set(key, put)) for key, put in values.items()])

    async def delete(self, keys: Sequence[str]) -> None:
        """Forget them."""
        await self._each([(key, ("DEL", key)) for key in keys])

    async def commit(self, expect: Mapping[str, bytes | None], put: Mapping[str, Write], *, settled: bool = False) -> bool:
        """One script, so one step."""
        keys = [*expect, *put]
        if not keys:
            return True
        refuse_apart(keys)
        given = arguments(expect, put)
        if settled and self._waiting is not None:
            return await _settled(*self._waiting, keys, given)
        return await self._script(COMMIT, keys, given) == 1

    async def members(self, key: str) -> set[bytes]:
        """The set kept under the key; empty where there is none."""
        (answer,) = await self._each([(key, ("SMEMBERS", key))])
        return set(cast("set[bytes]", answer))

    async def append(self, stream: str, event: Mapping[str, str], *, most: int) -> None:
        """Put an event behind the others; what is beyond `most` is cut off in blocks, which costs less than one by one."""
        fields = [text for field in event.items() for text in field]
        accepted(await self._once(stream, ("XADD", stream, "MAXLEN", "~", most, "*", *fields)))

    async def latest(self, stream: str, count: int) -> list[Mapping[str, str]]:
        """The last events, at most `count`, newest first."""
        (answer,) = await self._each([(stream, ("XREVRANGE", stream, "+", "-", "COUNT", count))])
        events = cast("list[tuple[bytes, dict[bytes, bytes]]]", answer)
        return [{name.decode(): value.decode() for name, value in event.items()} for _, event in events]

    async def gate(self, key: str, step: Step) -> Passage:
        """One script, so one step. Done twice where the first answer was lost: a turn that nobody takes is all the harm."""
        return passage(cast("list[int]", await again(lambda: self._script(GATE, [key], words(step)))))

    async def find(self, prefix: str) -> AsyncIterator[str]:
        """Every key that begins so, once each."""
        pattern = re.sub(r"([*?\[\]\\])", r"\\\1", prefix) + "*"
        seen: set[bytes] = set()  # a scan may name a key twice, and so may two masters while it moves
        for master in await again(partial(self._nodes.masters, prefix)):
            cursor: int | None = None
            while cursor != 0:
                scan: Command = ("SCAN", cursor or 0, "MATCH", pattern, "COUNT", 1000)
                (page,) = await again(partial(master.ask, scan))
                cursor, keys = cast("tuple[int, list[bytes]]", accepted(page))
                for key in keys:
                    if key not in seen:
                        seen.add(key)
                        yield key.decode()

    async def publish(self, channel: str, message: bytes) -> None:
        """Tell whoever listens, in every process."""
        await self._each([(channel, (self._nodes.publishes, channel, message))])

    def listen(self, channel: str) -> AsyncGenerator[bytes | Gap, None]:
        """The messages from now on, for ever, and the gaps."""
        return heard(self._nodes, channel)

    async def durability(self) -> Durability:
        """As the servers' configuration says, or where that is not shown, their INFO; of several masters, the least of it."""
        return await durability(await again(self._nodes.masters))

    async def ping(self) -> None:
        """Whether it answers; of a cluster, whether any part does."""
        await again(self._nodes.ping)

    async def aclose(self) -> None:
        """Close its connections."""
        for nodes in (self._nodes, *([self._waiting[0]] if self._waiting else [])):
            await nodes.aclose()

    async def _each(self, asked: Sequence[tuple[str, Command]]) -> list[object]:
        """For what may happen twice: one command about each key."""
        errands = [Errand(key, (command,)) for key, command in asked]
        said = await again(lambda: self._nodes.run(errands)) if errands else []
        return [accepted(answer) for (answer,) in said]

    async def _script(self, script: str, keys: Sequence[str], given: Sequence[Word]) -> object:
        """By its name, and whole where the server does not know it (any more)."""
        rest = (len(keys), *keys, *given)
        done = await self._once(keys[0], ("EVALSHA", _name(script), *rest))
        return accepted(await self._once(keys[0], ("EVAL", script, *rest)) if isinstance(done, NoScriptError) else done)

    async def _once(self, key: str, command: Command) -> object:
        ((answer,),) = await guarded(lambda: self._nodes.run([Errand(key, (command,))]))
        return answer


def _nodes(address: Address, *, connections: int, answer_s: float, alone: bool) -> Nodes:
    kind = Cluster if address.kind is Kind.CLUSTER else OneMaster
    return kind(address, connections=connections, answer_s=answer_s, alone=alone)


@cache
def _name(script: str) -> str:
    return hashlib.sha1(script.encode(), usedforsecurity=False).hexdigest()


def _set(key: str, put: Put) -> Command:
    return ("SET", key, put.value) if put.ttl_s is None else ("SET", key, put.value, "PX", milliseconds(put.ttl_s))


async def _settled(nodes: Nodes, wait: Wait, keys: Sequence[str], given: Sequence[Word]) -> bool:
    """Commit, and wait on the same connection, since a WAIT is about what its own connection has written."""
    # whole, since whether a server knows it already would take a question
    evaluate: Command = ("EVAL", COMMIT, len(keys), *keys, *given)
    waiting: Command = ("WAITAOF", 1, wait.replicas, wait.ms) if wait.aof else ("WAIT", wait.replicas, wait.ms)
    ((done, kept),) = await guarded(lambda: nodes.run([Errand(keys[0], (evaluate, waiting))]))
    if accepted(done) == 0:
        return False
    needed = [1, wait.replicas] if wait.aof else [wait.replicas]
    have = cast("list[int]", accepted(kept) if wait.aof else [accepted(kept)])
    if any(number < need for number, need in zip(have, needed, strict=True)):
        message = f"Redis has not said within {wait.ms} ms that what was written is kept"
        raise StoreFailure(message)
    return True

"""How servers keep what they were given, as far as they tell."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import cast

from redis.exceptions import ResponseError

from app.store import PartOutOfReach, StoreFailure
from app.store.durability import Durability, least, told
from app.store.redis.failures import again
from app.store.redis.server import Server

_FACTS = {"appendonly": "aof_enabled", "maxmemory-policy": "maxmemory_policy"}
"""What durability depends on: by its name in CONFIG, and in INFO."""


async def durability(masters: Sequence[Server]) -> Durability:
    """As their configuration says, or where that is not shown, their INFO; of several masters, the least of it."""
    said = await asyncio.gather(*(_durability(master) for master in masters), return_exceptions=True)
    failures = [failed for failed in said if isinstance(failed, BaseException)]
    if not failures:
        return least([one for one in said if isinstance(one, Durability)])
    if len(failures) == len(masters) or not all(isinstance(failed, StoreFailure) for failed in failures):
        raise failures[0]
    message = f"{len(failures)} of {len(masters)} masters of the Redis Cluster out of reach"
    raise PartOutOfReach(message) from failures[0]


async def _durability(master: Server) -> Durability:
    facts = await again(partial(_configured, master))
    if _FACTS.keys() - facts.keys():
        facts = {**await again(partial(_informed, master)), **facts}
    return told(facts)


async def _configured(master: Server) -> dict[str, str]:
    found: dict[str, str] = {}
    for said in await master.ask(*(("CONFIG GET", name) for name in _FACTS)):  # one by one: before version 7 there is no other way
        if not isinstance(said, ResponseError):  # not allowed to this user, or not offered by this server
            found |= cast("dict[str, str]", said)
    return found


async def _informed(master: Server) -> dict[str, str]:
    (answer,) = await master.ask(("INFO",))
    if isinstance(answer, ResponseError):
        return {}
    said = cast("dict[str, object]", answer)
    found = {name: str(said[informed]) for name, informed in _FACTS.items() if informed in said}
    return {name: {"1": "yes", "0": "no"}.get(value, value) for name, value in found.items()}

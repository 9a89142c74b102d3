"""How what is missing comes: asked of the provider once for everybody in this process, and where the store helps, in all of them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Generic, TypeVar

from app.domain.errors import GatewayError
from app.gateway.accounts import Account
from app.gateway.cache.claims import Claim
from app.gateway.cache.flights import Flight, Flights
from app.gateway.cache.kept import Kept
from app.gateway.cache.values import Answer, Fetched, Load
from app.providers.policy import Deadline
from app.store import StoreFailure

T = TypeVar("T")

POLL_S = 0.02
"""Between two looks for what another process is loading."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question(Generic[T]):
    """What to ask, of whom, in which epoch (None: not known), and by when it has to be answered for whoever asks."""

    account: Account
    load: Load[T]
    epoch: bytes | None
    deadline: Deadline | None = None


class Loading(Generic[T]):
    """Loads of one kind of thing."""

    def __init__(self, kept: Kept[T]) -> None:
        self._kept = kept
        self._memory = kept.memory
        self._flights: Flights[T] = Flights(kept.memory.background)

    async def shared(self, question: Question[T], seen: Mapping[str, bytes | None]) -> dict[str, Answer[T]]:
        """Answers to questions that may have been asked before this one, in the same epoch; `seen`: every id, and what the store had."""
        keys = {id: (self._kept.key(question.account, id), question.epoch) for id in seen}
        booked = self._flights.book(keys, lambda flight: _Crew(self._kept, flight, question).share(seen))
        return await self._flights.arrivals(booked, question.deadline, account=question.account.name)

    async def anew(self, question: Question[T], ids: Sequence[str]) -> dict[str, Answer[T]]:
        """Answers to questions asked after this moment; whoever wants the same before they are asked shares them."""

        async def go(flight: Flight[T]) -> None:
            await self._flights.leave(flight)
            await _Crew(self._kept, flight, question).ask(list(flight.keys))

        booked = self._flights.book({id: self._kept.key(question.account, id) for id in ids}, go)
        return await self._flights.arrivals(booked, question.deadline, account=question.account.name)


class _Crew(Generic[T]):
    """Whoever brings one flight home."""

    def __init__(self, kept: Kept[T], flight: Flight[T], question: Question[T]) -> None:
        self._kept = kept
        self._memory = kept.memory
        self._flight = flight
        self._question = question
        self._left: dict[str, bytes | None] = {}
        """What is still to be seen to, and what the store last had."""

    async def share(self, seen: Mapping[str, bytes | None]) -> None:
        """Each thing is loaded by one process, the others wait until it is kept; by each itself where that does not work."""
        self._left = {id: seen[id] for id in self._flight.keys}
        claim = self._claim()
        async with asyncio.TaskGroup() as loads:
            with contextlib.suppress(StoreFailure):  # what is left then is asked for below
                free = set(self._left)
                taken = await claim.take(self._left)
                if not taken:
                    free = await self._look(claim)
                    taken = bool(free) and await claim.take({id: self._left[id] for id in free})
                if taken:
                    loads.create_task(self._ask_alone(self._off(free), claim))
                end = asyncio.get_running_loop().time() + self._memory.wait_s
                while self._left and asyncio.get_running_loop().time() < end:
                    await asyncio.sleep(POLL_S)
                    free = await self._look(claim)
                    if free:  # whoever held them has ended or died, and nothing was kept
                        loads.create_task(self.ask(self._off(free)))
            if self._left:
                await self.ask(self._off(self._left))

    async def ask(self, ids: Sequence[str]) -> None:
        """Ask the provider, answer who waits, and remember."""
        asked_at = datetime.fromtimestamp(self._memory.clock(), UTC)
        try:
            loaded = await self._question.load(ids)
            answers = {id: _answer(loaded[id], asked_at) for id in ids}
        except GatewayError as failed:
            self._flight.land(dict.fromkeys(ids, failed))
        except Exception as bug:  # noqa: BLE001 - the fault of this load, and of none that is under way beside it
            self._flight.fail(ids, bug)
        else:
            self._flight.land(answers)
            await self._kept.keep(self._question.account, answers, self._question.epoch)

    async def _ask_alone(self, ids: Sequence[str], claim: Claim) -> None:
        try:
            async with claim.renewed(ids):
                await self.ask(ids)
        finally:
            self._memory.background.start(claim.release(ids))

    async def _look(self, claim: Claim) -> set[str]:
        """Land what others have kept meanwhile; of the rest, those that nobody is loading."""
        values, free = await claim.look(self._left)
        account, epoch = self._question.account, self._question.epoch or b""
        changed = {id: value for id, value in values.items() if value != self._left[id]}
        for id, record in self._kept.decoded(account, changed, epoch).items():
            answer = self._kept.answer(account, id, record)
            if answer is not None:
                self._flight.land({id: answer})
                del self._left[id]
        self._left = {id: values[id] for id in self._left}
        return free & set(self._left)

    def _off(self, ids: Collection[str]) -> list[str]:
        """These are seen to."""
        gone = [id for id in self._left if id in ids]
        self._left = {id: seen for id, seen in self._left.items() if id not in gone}
        return gone

    def _claim(self) -> Claim:
        account, epoch = self._question.account, (self._question.epoch or b"").hex()
        leases = f"cn:1:load:{account.tag}:{self._kept.kind}:{epoch}:"
        return Claim(self._memory.values_of(account), values=self._kept.key(account, ""), leases=leases)


def _answer(value: T | GatewayError, asked_at: datetime) -> Answer[T]:
    return value if isinstance(value, GatewayError) else Fetched(value, asked_at, cached=False)

"""Questions under way to a provider, and who waits for them in this process: many may share one, and none goes on for nobody."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Iterable, Mapping
from functools import partial
from typing import Generic, TypeVar

from app.domain.errors import Unavailable
from app.domain.vocabulary import ErrorCode
from app.gateway.background import Background
from app.gateway.cache.values import Answer
from app.providers.policy import Deadline

T = TypeVar("T")

APART_S = 0.25
"""How long a flight that nobody may join on the way waits for those before it: so at most four a second leave for one thing."""


class Flight(Generic[T]):
    """One question for some ids, each with its answer to come."""

    def __init__(self, keys: Mapping[str, Hashable]) -> None:
        self.keys = keys
        self.answers: dict[str, asyncio.Future[Answer[T]]] = {id: asyncio.get_running_loop().create_future() for id in keys}
        self.waiting = 0
        self.task: asyncio.Task[None] | None = None

    def land(self, answers: Mapping[str, Answer[T]]) -> None:
        """These answers are there."""
        for id, answer in answers.items():
            if not self.answers[id].done():
                self.answers[id].set_result(answer)

    def fail(self, ids: Iterable[str], bug: Exception) -> None:
        """A fault of ours, which is for whoever waits for one of these."""
        for id in ids:
            if not self.answers[id].done():
                self.answers[id].set_exception(bug)
                self.answers[id].exception()  # perhaps nobody waits

    @property
    def has_landed(self) -> bool:
        """Whether every answer is there."""
        return all(answer.done() for answer in self.answers.values())


Go = Callable[[Flight[T]], Awaitable[None]]
"""Asks, and lands the answers."""


class Flights(Generic[T]):
    """Those for one kind of thing."""

    def __init__(self, background: Background) -> None:
        self._background = background
        self._boarding: dict[Hashable, Flight[T]] = {}
        self._gone: dict[Hashable, asyncio.Future[Answer[T]]] = {}

    def book(self, keys: Mapping[str, Hashable], go: Go[T]) -> dict[str, Flight[T]]:
        """For each id the flight that takes its key: one that is there, or a new one for all the others together."""
        new = {id: key for id, key in keys.items() if key not in self._boarding}
        if new:
            flight: Flight[T] = Flight(new)
            self._boarding |= dict.fromkeys(new.values(), flight)
            for id, key in new.items():
                flight.answers[id].add_done_callback(partial(self._landed, key))
            flight.task = self._background.start(_run(flight, go))
            flight.task.add_done_callback(partial(_end, flight))
        return {id: self._boarding[key] for id, key in keys.items()}

    async def leave(self, flight: Flight[T]) -> None:
        """From now on nobody joins: once those before it for the same things have landed, or have been away for a moment."""
        before = {self._gone[key] for key in flight.keys.values() if key in self._gone}
        if before:
            await asyncio.wait(before, timeout=APART_S)
        for id, key in flight.keys.items():
            del self._boarding[key]
            self._gone[key] = flight.answers[id]

    async def arrivals(self, booked: Mapping[str, Flight[T]], deadline: Deadline | None, *, account: str) -> dict[str, Answer[T]]:
        """The answers; for those that are not there by the deadline, that they are not. What nobody waits for any more is cancelled."""
        flights = set(booked.values())
        for flight in flights:
            flight.waiting += 1
        try:
            answers = [flight.answers[id] for id, flight in booked.items()]
            await asyncio.wait(answers, timeout=None if deadline is None else deadline.left())
        finally:
            for flight in flights:
                flight.waiting -= 1
                if not flight.waiting and not flight.has_landed:
                    self._abandon(flight)
        return {id: _answer(flight.answers[id], account) for id, flight in booked.items()}

    def _abandon(self, flight: Flight[T]) -> None:
        """At once, so that nobody joins it between now and its end."""
        for key in flight.keys.values():
            if self._boarding.get(key) is flight:
                del self._boarding[key]
        if flight.task is not None:
            flight.task.cancel()

    def _landed(self, key: Hashable, answer: asyncio.Future[Answer[T]]) -> None:
        if self._gone.get(key) is answer:
            del self._gone[key]
        boarding = self._boarding.get(key)
        if boarding is not None and answer in boarding.answers.values():
            del self._boarding[key]


async def _run(flight: Flight[T], go: Go[T]) -> None:
    try:
        await go(flight)
    except Exception as bug:  # noqa: BLE001 - whatever went wrong is for whoever waits
        flight.fail(flight.answers, bug)


def _end(flight: Flight[T], _: object) -> None:
    """However it ended, nobody waits for ever: not even for one that was cancelled before it began."""
    for answer in flight.answers.values():
        answer.cancel()


def _answer(answer: asyncio.Future[Answer[T]], account: str) -> Answer[T]:
    if not answer.done():
        return Unavailable("the provider did not answer in time", code=ErrorCode.PROVIDER_TIMEOUT, account=account)
    if answer.cancelled():
        return Unavailable("the gateway is closing", account=account)
    return answer.result()

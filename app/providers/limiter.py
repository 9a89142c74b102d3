"""When an account's next call may be made: not too often, not too many at once, and not while the provider asks to wait.

Who counts, for this process or for all of them, is the pacer's business.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Protocol

from app.domain.errors import RateLimited, Unavailable
from app.providers.contract import Limits
from app.providers.policy import Clock, Deadline

LONGEST_HOLD_S = 3600.0
"""However long a provider asks to wait, after so long it is asked again: a wrong header must not silence an account for ever."""

_LOOK_AGAIN_S = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What the pacer says: the turn comes after the wait. Not `given`: it would be too late, or (`is_full`) nobody has left yet."""

    given: bool = True
    wait_s: float = 0.0
    held_s: float = 0.0
    """How long the provider asks to wait yet."""
    is_full: bool = False
    holder: str | None = None
    """By what the turn is ended, where that matters to others."""


class Pacer(Protocol):
    """Gives out an account's turns. Never fails: what it cannot ask others about, it decides alone."""

    async def take(self, *, within_s: float, paced: bool) -> Turn:
        """The next turn, if it comes that soon. Not `paced`: one that was taken before is used."""

    async def leave(self, holder: str) -> None:
        """The call is over."""

    async def hold(self, seconds: float) -> None:
        """Nobody's turn comes before that."""

    async def held_s(self) -> float:
        """For how long nobody's turn comes."""


class Limiter:
    """Turns for the calls of one account, first come, first served; with no pacer only so many at once."""

    def __init__(self, limits: Limits | None = None, pacer: Pacer | None = None, clock: Clock = time.monotonic) -> None:
        at_once = limits.concurrent if limits else 0
        self._gate = asyncio.Semaphore(at_once) if at_once else None
        self._pacer = pacer
        self._clock = clock
        self._first = asyncio.Lock()
        self._held_until = float("-inf")
        self._spare_at = float("-inf")
        """A turn taken by somebody who has given up waiting for it: the next one's."""

    @asynccontextmanager
    async def turn(self, deadline: Deadline) -> AsyncIterator[None]:
        """Around one call. Raises RateLimited, or Unavailable, at once where its turn would come after the deadline: it was not sent."""
        self._refuse_if_held(deadline)
        try:
            async with asyncio.timeout(deadline.left()):
                if self._gate is not None:
                    await self._gate.acquire()
        except TimeoutError:
            raise self._late() from None
        try:
            holder = await self._taken(deadline)
            try:
                yield
            finally:
                await self._leave(holder)
        finally:
            if self._gate is not None:
                self._gate.release()

    async def hold(self, seconds: float) -> None:
        """The provider asks to be left alone for so long: all wait, in every process, or are told at once."""
        seconds = min(seconds, LONGEST_HOLD_S)
        self._held_until = max(self._held_until, self._clock() + seconds)
        if self._pacer is not None:
            await self._pacer.hold(seconds)

    async def _taken(self, deadline: Deadline) -> str | None:
        """Wait for the turn; only the first of those who wait asks for one, so that the others' order stays."""
        try:
            async with asyncio.timeout(deadline.left()), self._first:
                while True:
                    turn = await self._asked(deadline)
                    if turn.wait_s <= 0:
                        self._spare_at = float("-inf")
                        return turn.holder
                    try:
                        await asyncio.sleep(turn.wait_s)
                        held_s = await self._pacer.held_s() if self._pacer is not None else 0.0
                    except BaseException:
                        await self._leave(turn.holder)
                        raise
                    self._spare_at = float("-inf")
                    self._learn(held_s)
                    if self._clock() >= self._held_until:
                        return turn.holder
                    await self._leave(turn.holder)  # somebody was asked to wait meanwhile
        except TimeoutError:
            raise self._late() from None

    async def _asked(self, deadline: Deadline) -> Turn:
        """The turn to wait for; until somebody uses it, it is there for whoever comes next."""
        while True:
            left, spare_s = deadline.left(), self._spare_at - self._clock()
            turn = Turn() if self._pacer is None else await self._pacer.take(within_s=left, paced=spare_s < 0)
            self._learn(turn.held_s)
            if not turn.is_full:
                break
            self._refuse_if_held(deadline)
            await asyncio.sleep(_LOOK_AGAIN_S * (0.5 + random.random()))  # noqa: S311 - spreads those who look, guards nothing
        wait = max(turn.wait_s, spare_s, self._held_until - self._clock(), 0.0)
        if not turn.given or wait > left:
            await self._leave(turn.holder)
            raise self._late(wait)
        if spare_s < 0 < turn.wait_s:
            self._spare_at = self._clock() + turn.wait_s
        return Turn(wait_s=wait, holder=turn.holder)

    async def _leave(self, holder: str | None) -> None:
        if holder is not None and self._pacer is not None:
            await self._pacer.leave(holder)

    def _learn(self, held_s: float) -> None:
        if held_s > 0:
            self._held_until = max(self._held_until, self._clock() + held_s)

    def _refuse_if_held(self, deadline: Deadline) -> None:
        if self._held_until - self._clock() > deadline.left():
            raise self._late()

    def _late(self, wait: float | None = None) -> Unavailable:
        """Why there was no turn before the deadline, and when there may be one."""
        held_s = self._held_until - self._clock()
        if held_s > 0:
            return RateLimited("the provider asks to wait, and nothing was sent", retry_after=max(held_s, wait or 0.0))
        return Unavailable("the account's own limit of calls is reached", retry_after=wait)

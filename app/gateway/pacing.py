"""An account's turns, given out by the store to all processes alike; by this process alone while the store is away."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from app.providers.contract import Limits
from app.providers.limiter import Turn
from app.providers.policy import Clock
from app.store import StoreFailure
from app.store.gate import Gate, Hold, Leave, Passage, Step, Take

if TYPE_CHECKING:
    from app.gateway.cache.guard import Guard

KEEP_S = 1.0
"""Beyond its deadline a call keeps its place no longer than this."""


@dataclass(slots=True)
class AccountPacer:
    """One account's turns. This process counts its own besides, so that a store that goes away leaves no fresh burst behind."""

    guard: Guard | None
    """Reaches the store where other processes stand at the same gate; None: there are no others."""
    key: str
    limits: Limits
    clock: Clock = time.monotonic
    _own: Gate = field(default_factory=Gate)

    async def take(self, *, within_s: float, paced: bool) -> Turn:
        """The next turn, if it comes that soon; of the account's places only where other processes take them, too."""
        pace = 60 / self.limits.per_minute if paced and self.limits.per_minute else 0.0
        take = Take(within_s=within_s, every_s=pace, burst=self.limits.per_minute)
        holder = secrets.token_hex(8) if self.limits.concurrent else None
        shared = await self._shared(self._placed(take, holder))
        now = self.clock()
        if shared is None:
            return _turn(self._own.step(take, now), None)
        if shared.state == "given":
            self._own.step(replace(take, within_s=float("inf")), now)
        return _turn(shared, holder)

    async def leave(self, holder: str) -> None:
        """The call is over."""
        await self._shared(Leave(holder))

    async def hold(self, seconds: float) -> None:
        """Nobody's turn comes before that, in any process."""
        self._own.step(Hold(seconds), self.clock())
        await self._shared(Hold(seconds))

    async def held_s(self) -> float:
        """For how long nobody's turn comes."""
        held = await self._shared(Take(within_s=0))
        return 0.0 if held is None else held.held_s

    async def _shared(self, step: Step) -> Passage | None:
        """One step at the gate all processes stand at; None where it cannot be reached."""
        if self.guard is None or not self.guard.is_shared:
            return None
        try:
            passage: Passage = await self.guard.reach(lambda store: store.gate(self.key, step))
        except StoreFailure:
            return None
        return passage

    def _placed(self, take: Take, holder: str | None) -> Take:
        if holder is None:
            return take
        return replace(take, places=self.limits.concurrent, holder=holder, keep_s=take.within_s + KEEP_S)


def _turn(passage: Passage, holder: str | None) -> Turn:
    given = passage.state == "given"
    return Turn(
        given=given,
        wait_s=passage.wait_s,
        held_s=passage.held_s,
        is_full=passage.state == "full",
        holder=holder if given else None,
    )

"""An account's turns, given out by the store to all processes alike; by this process alone while the store is away."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from app import telemetry
from app.providers.contract import Limits
from app.providers.limiter import Turn
from app.store import Store, StoreFailure
from app.store.gate import Gate, Hold, Leave, Passage, Step, Take

ANSWER_S = 0.05
"""How long a call waits for the store to say when its turn is."""

AWAY_S = 1.0
"""How long a store that did not answer is not asked again."""

KEEP_S = 1.0
"""Beyond its deadline a call keeps its place no longer than this."""


@dataclass(slots=True)
class SharedGates:
    """The store's gates, where other processes stand at them, too. Fails open: None while they are out of reach."""

    store: Store
    clock: Callable[[], float] = time.monotonic
    _away_until: float = float("-inf")

    async def step(self, key: str, step: Step) -> Passage | None:
        """One step at the gate under this key."""
        if not self.store.is_shared or self.clock() < self._away_until:
            return None
        try:
            async with asyncio.timeout(ANSWER_S):
                return await self.store.gate(key, step)
        except (StoreFailure, TimeoutError) as failed:
            telemetry.store_failed(operation="gate", error=failed)
            self._away_until = self.clock() + AWAY_S
            return None


@dataclass(slots=True)
class AccountPacer:
    """One account's turns. This process counts its own besides, so that a store that goes away leaves no fresh burst behind."""

    gates: SharedGates
    key: str
    limits: Limits
    _own: Gate = field(default_factory=Gate)

    async def take(self, *, within_s: float, paced: bool) -> Turn:
        """The next turn, if it comes that soon; of the account's places only where other processes take them, too."""
        pace = 60 / self.limits.per_minute if paced and self.limits.per_minute else 0.0
        take = Take(within_s=within_s, every_s=pace, burst=self.limits.per_minute)
        holder = secrets.token_hex(8) if self.limits.concurrent else None
        shared = await self.gates.step(self.key, self._placed(take, holder))
        now = self.gates.clock()
        if shared is None:
            return _turn(self._own.step(take, now), None)
        if shared.state == "given":
            self._own.step(replace(take, within_s=float("inf")), now)
        return _turn(shared, holder)

    async def leave(self, holder: str) -> None:
        """The call is over."""
        await self.gates.step(self.key, Leave(holder))

    async def hold(self, seconds: float) -> None:
        """Nobody's turn comes before that, in any process."""
        self._own.step(Hold(seconds), self.gates.clock())
        await self.gates.step(self.key, Hold(seconds))

    async def held_s(self) -> float:
        """For how long nobody's turn comes."""
        held = await self.gates.step(self.key, Take(within_s=0))
        return 0.0 if held is None else held.held_s

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

"""Turns given out at a pace, and places for a while, to all who ask at one gate: here for one process, as a script for many.

What a gate is for, and what waiting there means, is not known here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Take:
    """Ask for a turn that comes within this time, after what others have taken, and for a place until it is left."""

    within_s: float
    every_s: float = 0.0
    """Between two turns, once the first `burst` are used up, which fill up again at the same pace; 0: as often as one likes."""
    burst: float = 1
    places: int = 0
    """How many may be held at once; 0: any number, and nobody is asked for one."""
    holder: str = ""
    """Who holds the place."""
    keep_s: float = 0.0
    """After so long from the turn a place that nobody left is free again."""


@dataclass(frozen=True, slots=True)
class Leave:
    """Give the place back."""

    holder: str


@dataclass(frozen=True, slots=True)
class Hold:
    """Nobody's turn comes for so long. A longer hold stays; turns given before are not taken back."""

    seconds: float


Step = Take | Leave | Hold


@dataclass(frozen=True, slots=True)
class Passage:
    """What came of asking for a turn: it is `given` and comes after the wait, or it would be too `late`, or every place is taken (`full`)."""

    state: Literal["given", "late", "full"] = "given"
    wait_s: float = 0.0
    held_s: float = 0.0
    """How long everybody is held up yet."""
    ahead_s: float = field(default=0.0, compare=False)
    """How far into the time to come the turns given so far reach, this one included: told beside, it decides nothing."""


_STATES: tuple[Literal["given", "late", "full"], ...] = ("given", "late", "full")


@dataclass(slots=True)
class Gate:
    """One gate of one process. `_next_at` is when the pace alone would bring the turn after all that were given."""

    _next_at: float = float("-inf")
    _held_until: float = float("-inf")
    _holders: dict[str, float] = field(default_factory=dict)

    def step(self, step: Step, now: float) -> Passage:
        """Do one step at this moment."""
        match step:
            case Hold(seconds):
                self._held_until = max(self._held_until, now + seconds)
                return Passage()
            case Leave(holder):
                self._holders.pop(holder, None)
                return Passage()
            case Take():
                return self._take(step, now)

    def _take(self, step: Take, now: float) -> Passage:
        held_s = max(0.0, self._held_until - now)
        if step.places:
            self._holders = {holder: until for holder, until in self._holders.items() if until > now}
            if len(self._holders) >= step.places:
                return Passage("full", 0.0, held_s)
        turn_at = max(now, self._held_until)
        next_at = max(self._next_at, turn_at)
        if step.every_s:
            turn_at = max(turn_at, next_at - (step.burst - 1) * step.every_s)
        if turn_at - now > step.within_s:
            return Passage("late", turn_at - now, held_s, next_at - now)
        if step.every_s:
            next_at += step.every_s
            self._next_at = next_at
        if step.places:
            self._holders[step.holder] = turn_at + step.keep_s
        return Passage("given", turn_at - now, held_s, next_at - now)


# The same over a hash, in microseconds of the server's clock: `next`, `held`, and for each holder ":" + its name. Gone when nothing of it matters.
SCRIPT = """
local gate, time = KEYS[1], redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local function lasting(field, at)
  redis.call('HSET', gate, field, string.format('%.0f', at))
  local left = math.max(1, math.ceil((at - now) / 1000))
  if left > redis.call('PTTL', gate) then redis.call('PEXPIRE', gate, left) end
end
local held = tonumber(redis.call('HGET', gate, 'held') or '0')
if ARGV[1] == 'hold' then
  if now + ARGV[2] > held then lasting('held', now + ARGV[2]) end
  return {0, 0, 0}
elseif ARGV[1] == 'leave' then
  redis.call('HDEL', gate, ':' .. ARGV[2])
  return {0, 0, 0}
end
local within, every, burst = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local places, holder, keep = tonumber(ARGV[5]), ':' .. ARGV[6], tonumber(ARGV[7])
local wait_held = math.max(0, held - now)
if places > 0 then
  local taken, found = 0, redis.call('HGETALL', gate)
  for i = 1, #found, 2 do
    if string.sub(found[i], 1, 1) == ':' then
      if tonumber(found[i + 1]) > now then taken = taken + 1 else redis.call('HDEL', gate, found[i]) end
    end
  end
  if taken >= places then return {2, 0, wait_held} end
end
local turn = math.max(now, held)
local next = math.max(tonumber(redis.call('HGET', gate, 'next') or '0'), turn)
if every > 0 then turn = math.max(turn, next - (burst - 1) * every) end
if turn - now > within then return {1, math.ceil(turn - now), wait_held, math.ceil(next - now)} end
if every > 0 then next = next + every; lasting('next', next) end
if places > 0 then lasting(holder, turn + keep) end
return {0, math.ceil(turn - now), wait_held, math.ceil(next - now)}
"""


def words(step: Step) -> list[str | int | float]:
    """What the script is given beside its key."""
    match step:
        case Hold(seconds):
            return ["hold", _microseconds(seconds)]
        case Leave(holder):
            return ["leave", holder]
        case Take():
            pace = [_microseconds(step.within_s), step.every_s * 1_000_000, step.burst]
            return ["take", *pace, step.places, step.holder, _microseconds(step.keep_s)]


def passage(answer: Sequence[int]) -> Passage:
    """What the script has answered."""
    state, wait, held, *ahead = answer
    return Passage(_STATES[state], wait / 1_000_000, held / 1_000_000, sum(ahead) / 1_000_000)


def _microseconds(seconds: float) -> int:
    return round(min(seconds, 10 * 365 * 86_400.0) * 1_000_000)

"""How much one caller may ask in a minute, over all processes: requests, and what they make the gateway read.

Fails open: a store that is away must not take reads from service, and the accounts' own limits still hold.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Literal

from app import telemetry
from app.gateway.accounts import Caller
from app.store import Store, StoreFailure
from app.store.gate import Take

WINDOW_S = 60

What = Literal["requests", "reads"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What came of asking for a share of the caller's limit."""

    what: What
    limit: int
    left: int
    full_after_s: float
    """When all of it is there again, if nothing more is taken."""
    wait_s: float | None = None
    """Where it was not granted: when it would be. None: it was."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """The limits of every caller, a minute's worth each as a burst; 0: none."""

    store: Store
    requests: int
    reads: int

    async def take(self, caller: Caller, what: What, count: int) -> Grant | None:
        """Take so much for the caller, all or nothing; None where there is no limit, or it can't be told.

        More than the whole limit is never granted: its `wait_s` is infinite.
        """
        limit = self.requests if what == "requests" else self.reads
        if not limit or not count:
            return None
        if count > limit:
            return Grant(what=what, limit=limit, left=0, full_after_s=WINDOW_S, wait_s=float("inf"))
        each_s = WINDOW_S / limit
        # The gate knows turns of one size: `count` of ours are one turn that takes as long, in a burst of so many fewer.
        step = Take(within_s=0, every_s=count * each_s, burst=limit / count)
        try:
            passage = await self.store.gate(_key(caller, what), step)
        except StoreFailure as failed:
            telemetry.store_failed(operation="rate limit", error=failed)
            return None
        return Grant(
            what=what,
            limit=limit,
            left=max(0, int(limit - passage.ahead_s / each_s + 1e-6)),
            full_after_s=passage.ahead_s,
            wait_s=None if passage.state == "given" else passage.wait_s,
        )


def _key(caller: Caller, what: What) -> str:
    """Hashed: a name may be an address of a person, and as long as its issuer likes."""
    name = hashlib.sha256(caller.name.encode()).hexdigest()[:32]
    return f"cn:1:rate:{{{name}}}:{what}"

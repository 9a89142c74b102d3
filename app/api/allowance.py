"""What one request takes of its caller's limits, and what the answer says about them. How much a limit is, is not known here."""

from __future__ import annotations

import math

from app.api.http_request import Refused
from app.domain.vocabulary import ErrorCode
from app.gateway.accounts import Caller
from app.identity.rates import WINDOW_S, Grant, Rates, What


class Allowance:
    """The limits of one request's caller. Without rates there are none."""

    def __init__(self, caller: Caller, rates: Rates | None) -> None:
        self._caller = caller
        self._rates = rates
        self._grants: dict[What, Grant] = {}
        """The last of each: a stream takes again and again."""
        self._refusal: Refused | None = None
        self._is_admitted = False
        self._reads = 0

    async def admit(self) -> None:
        """Count the request, once however often this is asked; raises Refused where none was left."""
        if not self._is_admitted:
            self._is_admitted = True
            await self.take("requests", 1)
        self.check()

    async def take(self, what: What, count: int) -> bool:
        """Whether so much was left; where it was not, `check` says so."""
        if what == "reads":
            self._reads = count
        grant = None if self._rates is None else await self._rates.take(self._caller, what, count)
        if grant is None:
            return True
        self._grants[what] = grant
        if grant.wait_s is not None:
            self._refusal = _refused(grant, count, grant.wait_s)
        return grant.wait_s is None

    async def read_again(self) -> bool:
        """Whether there was left what the operation reads: another answer to it takes as much as the one before."""
        return await self.take("reads", self._reads)

    def check(self) -> None:
        """Raises Refused once something was not left."""
        if self._refusal is not None:
            raise self._refusal

    @property
    def headers(self) -> dict[str, str]:
        """What the answer says about the limits (docs: RateLimit header fields for HTTP)."""
        if not self._grants:
            return {}
        grants = self._grants.values()
        return {
            "RateLimit-Policy": ", ".join(f'"{one.what}";q={one.limit};w={WINDOW_S}' for one in grants),
            "RateLimit": ", ".join(f'"{one.what}";r={one.left};t={math.ceil(one.full_after_s)}' for one in grants),
        }


def _refused(grant: Grant, count: int, wait_s: float) -> Refused:
    limit = f"{grant.limit} {grant.what} a minute for each caller"
    if math.isinf(wait_s):
        return Refused(429, f"this needs {count} {grant.what}, of {limit}: ask for less at once", code=ErrorCode.LIMIT_EXCEEDED)
    return Refused(429, f"over the limit of {limit}", code=ErrorCode.LIMIT_EXCEEDED, retry_after_s=max(1, math.ceil(wait_s)))

"""What one request takes of its caller's limits, and what the answer says about them."""

from __future__ import annotations

import math
from typing import Literal

from app.api.http_request import Refused
from app.domain.vocabulary import ErrorCode
from app.gateway.accounts import Caller
from app.identity.rates import WINDOW_S, Grant, Rates


class Allowance:
    """The limits of one request's caller. Without rates there are none."""

    def __init__(self, caller: Caller, rates: Rates | None) -> None:
        self._caller = caller
        self._rates = rates
        self._grants: list[Grant] = []
        self._refusal: Refused | None = None

    async def take(self, what: Literal["requests", "reads"], count: int) -> bool:
        """Whether so much was left; where it was not, `check` says so."""
        grant = None if self._rates is None else await self._rates.take(self._caller, what, count)
        if grant is None:
            return True
        self._grants.append(grant)
        if grant.wait_s is not None:
            self._refusal = _refused(grant, count, grant.wait_s)
        return grant.wait_s is None

    def check(self) -> None:
        """Raises Refused once something was not left."""
        if self._refusal is not None:
            raise self._refusal

    @property
    def headers(self) -> dict[str, str]:
        """What the answer says about the limits (docs: RateLimit header fields for HTTP)."""
        if not self._grants:
            return {}
        return {
            "RateLimit-Policy": ", ".join(f'"{one.what}";q={one.limit};w={WINDOW_S}' for one in self._grants),
            "RateLimit": ", ".join(f'"{one.what}";r={one.left};t={math.ceil(one.full_after_s)}' for one in self._grants),
        }


def _refused(grant: Grant, count: int, wait_s: float) -> Refused:
    limit = f"{grant.limit} {grant.what} a minute for each caller"
    if math.isinf(wait_s):
        return Refused(429, f"this needs {count} {grant.what}, of {limit}: ask for less at once", code=ErrorCode.LIMIT_EXCEEDED)
    return Refused(429, f"over the limit of {limit}", code=ErrorCode.LIMIT_EXCEEDED, retry_after_s=max(1, math.ceil(wait_s)))

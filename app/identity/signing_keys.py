"""One issuer's keys as this process knows them: fetched when first needed, then again when they are old or one is missing.

What a token says, and whether its signature fits, is looked at in tokens.py.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Mapping

from app import http, telemetry
from app.callers_file import Issuer
from app.domain.errors import StoreUnavailable
from app.identity.jwks import Jwk, OutOfReach, signing_keys

FRESH_S = 600.0
"""After so long they are fetched again beside the next token, so that a key the issuer has withdrawn ends here too."""
MOST_STALE_S = 86_400.0
"""How long they are believed while the issuer can't be reached."""


class SigningKeys:
    """However many ask for however many unknown keys: one fetch at a time, and none within `refetch_s` of the one before."""

    def __init__(
        self, issuer: Issuer, client: http.AsyncClient, *, refetch_s: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.issuer = issuer
        """As it is configured now."""
        self._client = client
        self._refetch_s = refetch_s
        self._clock = clock
        self._keys: Mapping[tuple[str, str], Jwk] = {}
        self._fetched_at = self._tried_at = float("-inf")
        self._failed = False
        self._flight: asyncio.Task[None] | None = None

    async def find(self, kid: str, algorithm: str) -> Jwk | None:
        """The key of this name that signs so; None where the issuer has none. Raises StoreUnavailable where the issuer cannot be asked."""
        known = self._believed(kid, algorithm)
        if known is not None and self._age < FRESH_S:
            return known
        self._begin()
        if known is None and self._flight is not None:
            await asyncio.wait({self._flight})  # whoever gives up waiting leaves the fetch to the others
            known = self._believed(kid, algorithm)
        if known is None and (self._failed or self._age > MOST_STALE_S):
            message = "who is calling cannot be told now: the keys of the token's issuer are out of reach"
            raise StoreUnavailable(message)
        return known

    def are_of(self, issuer: Issuer) -> bool:
        """Whether this issuer publishes its keys at the same place."""
        return (self.issuer.issuer, self.issuer.jwks_url) == (issuer.issuer, issuer.jwks_url)

    @property
    def is_fetching(self) -> bool:
        """Whether the issuer is being asked."""
        return self._flight is not None and not self._flight.done()

    async def aclose(self) -> None:
        """Give up a fetch that is still under way."""
        if self._flight is not None:
            self._flight.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._flight

    @property
    def _age(self) -> float:
        return self._clock() - self._fetched_at

    def _believed(self, kid: str, algorithm: str) -> Jwk | None:
        return self._keys.get((kid, algorithm)) if self._age < MOST_STALE_S else None

    def _begin(self) -> None:
        if self._flight is None and self._clock() - self._tried_at >= self._refetch_s:
            self._tried_at = self._clock()
            self._flight = asyncio.create_task(self._fetch())

    async def _fetch(self) -> None:
        try:
            self._keys = await signing_keys(self._client, self.issuer)
            self._fetched_at, self._failed = self._clock(), False
        except OutOfReach as failed:
            self._failed = True
            telemetry.issuer_out_of_reach(issuer=self.issuer.name, error=failed)
        finally:
            self._flight = None

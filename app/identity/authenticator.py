"""From what a request shows to who is calling. How it is carried is not known here."""

from __future__ import annotations

import asyncio

from app import http
from app.callers_file import NOBODY, Callers, Issuer
from app.domain.errors import Unauthenticated
from app.gateway.accounts import OPEN, Caller
from app.identity.api_keys import ApiKeys, is_api_key
from app.identity.jwks import ANSWER_S
from app.identity.key_ring import KeyRing
from app.identity.signing_keys import SigningKeys
from app.identity.tokens import Tokens
from app.settings import Settings
from app.store import Store


class Authenticator:
    """Knows every caller there is; where none is configured, whoever comes is let in."""

    def __init__(self, settings: Settings, store: Store) -> None:
        self._identity = identity = settings.identity
        self.is_open = not settings.knows_callers
        """Whether nobody is configured."""
        self.replaced = asyncio.Event()
        """Set when those who are known are replaced; another one then stands here for the next time."""
        ring = KeyRing(store) if identity.api_keys == "redis" else None
        self._keys = ApiKeys(settings.callers.keys, ring, memory_s=identity.api_key_memory_s)
        # trust_env: a proxy variable must not choose who answers for an issuer
        self._client = http.AsyncClient(verify=http.trusted(), timeout=http.Timeout(ANSWER_S), trust_env=False)
        self._tokens = Tokens([self._opened(issuer) for issuer in settings.callers.issuers], leeway_s=identity.jwt_leeway_s)

    def replace(self, callers: Callers) -> None:
        """From now on these are known of the file. Whether they may take the place of those before is decided by whoever asks."""
        self.is_open = callers == NOBODY and self._identity.api_keys != "redis"
        self._keys.replace(callers.keys)
        self._tokens.replace(callers.issuers, self._opened)
        replaced, self.replaced = self.replaced, asyncio.Event()
        replaced.set()

    async def caller(self, shown: str | None) -> Caller:
        """Who shows this key or token.

        Raises Unauthenticated, the same for whatever is wrong, and StoreUnavailable where it can't be told.
        """
        if self.is_open:
            return OPEN
        found = None
        if shown is not None:
            found = await (self._keys.caller(shown) if is_api_key(shown) else self._tokens.caller(shown))
        if found is None:
            message = "an API key or a token that is valid here is needed"
            raise Unauthenticated(message)
        return found

    def _opened(self, issuer: Issuer) -> SigningKeys:
        return SigningKeys(issuer, self._client, refetch_s=self._identity.jwks_refetch_s)

    async def aclose(self) -> None:
        """Let go of what it holds."""
        await self._tokens.aclose()
        await self._client.aclose()

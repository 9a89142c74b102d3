"""From what a request shows to who is calling. How it is carried is not known here."""

from __future__ import annotations

from app import http
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
        identity = settings.identity
        self.is_open = not settings.knows_callers
        ring = KeyRing(store) if identity.api_keys == "redis" else None
        self._keys = ApiKeys(settings.callers.keys, ring, memory_s=identity.api_key_memory_s)
        # trust_env: a proxy variable must not choose who answers for an issuer
        self._client = http.AsyncClient(verify=http.trusted(), timeout=http.Timeout(ANSWER_S), trust_env=False)
        issuers = [SigningKeys(issuer, self._client, refetch_s=identity.jwks_refetch_s) for issuer in settings.callers.issuers]
        self._tokens = Tokens(issuers, leeway_s=identity.jwt_leeway_s)

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

    async def aclose(self) -> None:
        """Let go of what it holds."""
        await self._tokens.aclose()
        await self._client.aclose()

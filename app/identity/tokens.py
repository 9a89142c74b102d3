"""JSON web tokens: a known issuer's signature, meant for this gateway, and not over; then what they say of their holder."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jwt

from app.callers_file import Issuer
from app.domain.vocabulary import Scope
from app.gateway.accounts import Caller
from app.identity.jwks import Jwk
from app.identity.signing_keys import SigningKeys

LONGEST = 16 * 1024
_LONGEST_NAME = 255
_HALF = re.compile("[\ud800-\udfff]")
_NEEDED = ["exp", "iss", "aud", "sub"]
_UNREADABLE = (jwt.PyJWTError, ArithmeticError, TypeError, ValueError)
"""What the library raises for a token or a key it can't read: besides its own, what Python says of odd numbers and texts."""


class Tokens:
    """The tokens of every issuer that is configured."""

    def __init__(self, issuers: Sequence[SigningKeys], *, leeway_s: float) -> None:
        self._issuers = {keys.issuer.issuer: keys for keys in issuers}
        self._leeway_s = leeway_s
        self._gone: list[SigningKeys] = []
        """Of issuers that are not believed any more, while they are still being asked."""

    def replace(self, issuers: Sequence[Issuer], opened: Callable[[Issuer], SigningKeys]) -> None:
        """From now on these are believed, and no others. One whose keys are where they were keeps those that were fetched."""
        before, self._issuers = self._issuers, {}
        for issuer in issuers:
            known = before.get(issuer.issuer)
            keys = known if known is not None and known.are_of(issuer) else opened(issuer)
            keys.issuer = issuer
            self._issuers[issuer.issuer] = keys
        left = (keys for keys in before.values() if self._issuers.get(keys.issuer.issuer) is not keys)
        self._gone = [keys for keys in (*self._gone, *left) if keys.is_fetching]

    async def caller(self, token: str) -> Caller | None:
        """Whose token it is; None for one that is not believed. Raises StoreUnavailable where its issuer's keys can't be had."""
        if len(token) > LONGEST:
            return None
        try:
            unproved = jwt.decode_complete(token, options={"verify_signature": False})
        except _UNREADABLE:
            return None
        claimed, header = unproved["payload"].get("iss"), unproved["header"]
        keys = self._issuers.get(claimed) if isinstance(claimed, str) else None
        kid, algorithm = header.get("kid"), header.get("alg")
        if keys is None or not isinstance(kid, str) or algorithm not in keys.issuer.algorithms:
            return None  # nothing is fetched for what can't be right
        key = await keys.find(kid, algorithm)
        if self._issuers.get(keys.issuer.issuer) is not keys:
            return await self.caller(token)  # the issuers were replaced meanwhile: by those there are now
        claims = None if key is None else self._proved(token, key, algorithm, keys.issuer)
        return None if claims is None else _caller(keys.issuer, claims)

    async def aclose(self) -> None:
        """Let go of what is under way."""
        for keys in (*self._issuers.values(), *self._gone):
            await keys.aclose()

    def _proved(self, token: str, key: Jwk, algorithm: str, issuer: Issuer) -> dict[str, Any] | None:
        """The claims, if everything about the token is as it has to be."""
        try:
            return jwt.decode(
                token,
                jwt.PyJWK(dict(key), algorithm),
                algorithms=list(issuer.algorithms),
                audience=issuer.audiences,
                issuer=issuer.issuer,
                leeway=self._leeway_s,
                options={"require": _NEEDED, "enforce_minimum_key_length": True},
            )
        except _UNREADABLE:
            return None


def _caller(issuer: Issuer, claims: Mapping[str, Any]) -> Caller | None:
    subject, tenant = claims["sub"], issuer.tenant or claims.get(issuer.tenant_claim)
    scopes, accounts = _words(claims.get(issuer.scopes_claim)), _words(claims.get(issuer.accounts_claim))
    if not (_is_name(subject) and _is_name(tenant)) or scopes is None or accounts is None:
        return None
    return Caller(
        name=f"jwt:{issuer.name}:{subject}",
        tenant=tenant,
        scopes=frozenset(scope for scope in Scope if f"{issuer.scope_prefix}{scope.value}" in scopes),
        accounts=frozenset(accounts) if issuer.accounts_claim in claims else None,
    )


def _is_name(value: object) -> bool:
    return isinstance(value, str) and value.isprintable() and 0 < len(value) <= _LONGEST_NAME


def _is_text(value: object) -> bool:
    return isinstance(value, str) and _HALF.search(value) is None


def _words(value: object) -> list[str] | None:
    """A claim that is a text of words, or a list of them; none where it is absent, None where it is neither.

    JSON can hold halves of characters, of which no text consists: what is made of such a word could not be written anywhere.
    """
    if value is None:
        return []
    words = value.split() if isinstance(value, str) else value
    return words if isinstance(words, list) and all(_is_text(word) for word in words) else None

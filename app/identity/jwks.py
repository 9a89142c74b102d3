"""What an issuer publishes: its signing keys, and where they are. Read over HTTP, believed only in the shape that the standards give it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import Any

from app import http
from app.callers_file import Issuer, is_trusted_address

Jwk = Mapping[str, Any]

ANSWER_S = 5.0
MOST_BYTES = 512 * 1024

_ALGORITHMS: Mapping[tuple[str, str | None], Sequence[str]] = {
    ("RSA", None): ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    ("EC", "P-256"): ("ES256",),
    ("EC", "P-384"): ("ES384",),
    ("EC", "P-521"): ("ES512",),
    ("OKP", "Ed25519"): ("EdDSA",),
    ("OKP", "Ed448"): ("EdDSA",),
}
"""What a key can sign with, by its type and its curve (docs: RFC 7518, 3.1 and 6; RFC 8037, 3.1)."""


class OutOfReach(Exception):
    """The issuer gave no answer that can be used."""


async def signing_keys(client: http.AsyncClient, issuer: Issuer) -> dict[tuple[str, str], Jwk]:
    """The issuer's public keys for signatures, by `kid` and algorithm: keys of two types may share a name; raises OutOfReach."""
    try:
        async with asyncio.timeout(ANSWER_S):
            url = issuer.jwks_url or await _discovered(client, issuer)
            document = await _read(client, url)
    except (http.HTTPError, http.InvalidURL, TimeoutError, UnicodeError) as failed:  # the last: for an address that is no text
        raise OutOfReach(type(failed).__name__) from failed
    keys = document.get("keys")
    if not isinstance(keys, list):
        message = "its answer is no set of keys"
        raise OutOfReach(message)
    return {(key["kid"], algorithm): key for key in keys if _is_usable(key) for algorithm in _algorithms(key)}


async def _discovered(client: http.AsyncClient, issuer: Issuer) -> str:
    """docs: OpenID Connect Discovery, 4: the issuer's description of itself."""
    told = await _read(client, f"{issuer.issuer.rstrip('/')}/.well-known/openid-configuration")
    url = told.get("jwks_uri")
    if told.get("issuer") != issuer.issuer or not isinstance(url, str) or not is_trusted_address(url):
        message = "its description of itself is another issuer's, or leads nowhere safe"
        raise OutOfReach(message)
    return url


async def _read(client: http.AsyncClient, url: str) -> dict[str, Any]:
    body = bytearray()
    async with client.stream("GET", url) as answer:
        if answer.status_code != 200:
            message = f"it answered {answer.status_code}"
            raise OutOfReach(message)
        async for part in answer.aiter_bytes():
            body += part
            if len(body) > MOST_BYTES:
                message = f"its answer is longer than {MOST_BYTES} bytes"
                raise OutOfReach(message)
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as wrong:
        message = "its answer is not JSON"
        raise OutOfReach(message) from wrong
    return document if isinstance(document, dict) else {}


def _is_usable(key: object) -> bool:
    """Whether it is a public key, for signatures, with a name. One whose private half is published proves nothing."""
    if not isinstance(key, dict) or not isinstance(key.get("kid"), str) or "d" in key:
        return False
    return bool(key.get("use", "sig") == "sig")


def _algorithms(key: Jwk) -> list[str]:
    """Those it signs with: all that its type can, or the one it is published for."""
    kind, curve, only = key.get("kty"), key.get("crv"), key.get("alg")
    able = (names for (type, bent), names in _ALGORITHMS.items() if kind == type and (bent is None or bent == curve))
    return [name for names in able for name in names if only is None or only == name]

"""An issuer of tokens on loopback: its own keys, what it publishes of them, and how often it was asked."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ec import generate_private_key as new_ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key as new_rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from app.callers_file import Issuer
from tests.support.serving import served

Private = RSAPrivateKey | EllipticCurvePrivateKey | Ed25519PrivateKey
AUDIENCE = "credit-notes"


def jwk(key: Private, kid: str, **more: object) -> dict[str, Any]:
    """The public half, as an issuer publishes it."""
    public = key.public_key()
    match key:
        case RSAPrivateKey():
            text = RSAAlgorithm.to_jwk(public)  # type: ignore[arg-type]  # the match has said which
        case EllipticCurvePrivateKey():
            text = ECAlgorithm.to_jwk(public)  # type: ignore[arg-type]  # as above
        case _:
            text = OKPAlgorithm.to_jwk(public)  # type: ignore[arg-type]  # as above
    return {**json.loads(text), "kid": kid, "use": "sig", **more}


def pem(key: Private) -> bytes:
    """The public half, as a file."""
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


@dataclass(slots=True)
class IssuerServer:
    """Publishes `keys`, or answers whatever `answer` says."""

    rsa: RSAPrivateKey = field(default_factory=lambda: new_rsa(65537, 2048))
    ec: EllipticCurvePrivateKey = field(default_factory=lambda: new_ec(SECP256R1()))
    ed: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    url: str = ""
    keys: list[Any] = field(default_factory=list)
    answer: Response | None = None
    description: dict[str, Any] | None = None
    asked: list[str] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def reset(self) -> None:
        """As at the start: three keys, nothing asked."""
        self.keys = [jwk(self.rsa, "rsa"), jwk(self.ec, "ec"), jwk(self.ed, "ed")]
        self.answer = self.description = None
        self.asked = []

    @property
    def fetches(self) -> int:
        """How often the keys were asked for."""
        return self.asked.count("/jwks")

    def configured(self, **more: Any) -> Issuer:
        """As the accounts file would have it."""
        given = {"issuer": self.url, "audiences": (AUDIENCE,), "jwks_url": f"{self.url}/jwks", **more}
        return Issuer(name="ours", **given)

    def claims(self, **more: object) -> dict[str, object]:
        """Of a token with nothing wrong; a claim that is None is left out."""
        usual = {"iss": self.url, "aud": AUDIENCE, "sub": "ann", "exp": time.time() + 300, "tenant": "acme", "scope": "read write"}
        return {name: value for name, value in {**usual, **more}.items() if value is not None}

    def token(self, *, kid: str = "rsa", algorithm: str = "RS256", **more: object) -> str:
        """A token of these claims, signed with the key for the algorithm."""
        keys: dict[str, Private] = {"EdDSA": self.ed, "ES256": self.ec}
        key = keys.get(algorithm, self.rsa)
        return jwt.encode(self.claims(**more), key, algorithm=algorithm, headers={"kid": kid})

    async def _jwks(self, request: Request) -> Response:
        with self._lock:
            self.asked.append(request.url.path)
        return self.answer or JSONResponse({"keys": self.keys})

    async def _described(self, request: Request) -> Response:
        with self._lock:
            self.asked.append(request.url.path)
        described = self.description or {"issuer": self.url, "jwks_uri": f"{self.url}/jwks"}
        return Response(json.dumps(described), media_type="application/json")  # escaped: it may hold what is no text

    @property
    def app(self) -> Starlette:
        """What it serves."""
        return Starlette(routes=[Route("/jwks", self._jwks), Route("/.well-known/openid-configuration", self._described)])


@contextlib.contextmanager
def issuing() -> Iterator[IssuerServer]:
    """One that runs."""
    server = IssuerServer()
    server.reset()
    with served(server.app) as url:
        server.url = url
        yield server

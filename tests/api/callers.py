"""A gateway that knows its callers: two tenants over the sandboxes' accounts, and keys of every sort."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import httpx

from app.callers_file import ApiKey, Callers, Issuer
from app.domain.vocabulary import Scope
from app.identity_settings import IdentitySettings
from app.sandbox.server import Addresses
from tests.identity.made import made
from tests.support.running import GatewayClient, serving, settings

CHARGEBEE, VCITA, ZENSKAR = "chargebee-demo", "vcita-demo", "zenskar-demo"
TENANTS = {CHARGEBEE: "acme", ZENSKAR: "acme", VCITA: "globex"}
ACCOUNTS = "{ accounts { name } }"
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)

GIVEN: dict[str, dict[str, Any]] = {
    "acme": {},
    "acme-too": {},
    "globex": {"tenant": "globex"},
    "narrow": {"accounts": frozenset({ZENSKAR})},
    "reader": {"scopes": frozenset({Scope.READ})},
    "writer": {"scopes": frozenset({Scope.WRITE})},
    "operator": {"scopes": frozenset({Scope.OPERATE})},
    "expired": {"expires_at": LONG_AGO},
    "stranger": {"tenant": "nobody"},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownCallers:
    """The gateway, and the keys that were given out."""

    client: GatewayClient
    texts: dict[str, str] = field(default_factory=dict)

    def sent(self, headers: list[tuple[str, str]] | dict[str, str] | None = None, query: str = ACCOUNTS) -> httpx.Response:
        """The answer to a query with these headers."""
        return self.client.http.post("/graphql", json={"query": query}, headers=headers)

    @contextlib.contextmanager
    def calling(self, name: str) -> Iterator[GatewayClient]:
        """The gateway as the holder of a key sees it."""
        headers = {"Authorization": f"Bearer {self.texts[name]}"}
        with httpx.Client(base_url=self.client.http.base_url, timeout=60, headers=headers, verify=False) as http:
            yield GatewayClient(http=http)


@contextlib.contextmanager
def knowing(
    addresses: Addresses,
    *,
    identity: IdentitySettings | None = None,
    issuers: tuple[Issuer, ...] = (),
    more: tuple[ApiKey, ...] = (),
) -> Iterator[KnownCallers]:
    """A gateway of its own that lets in nobody but its keys' holders."""
    keys = {name: made(name, **{"tenant": "acme", **told}) for name, told in GIVEN.items()}
    plain = settings(addresses)
    accounts = {name: replace(account, tenant=TENANTS[name]) for name, account in plain.accounts.items()}
    callers = Callers(keys=(*(key for _, key in keys.values()), *more), issuers=issuers)
    unlimited = identity or IdentitySettings(rate_requests=0, rate_reads=0)
    with serving(replace(plain, accounts=accounts, callers=callers, identity=unlimited)) as client:
        yield KnownCallers(client=client, texts={name: text for name, (text, _) in keys.items()})

"""Who may call, as the TOML file has it: API keys by their hashes, and issuers of tokens. No secret stands there, and none is needed."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from app.accounts_file import web_address
from app.domain.vocabulary import Scope
from app.providers.contract import AccountSettings

NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._@-]{0,62}[A-Za-z0-9])?")
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""Those a token may be signed with: by a private key that the gateway never sees. A shared secret, or no signature, is none."""
USUAL_ALGORITHMS = ("RS256", "ES256", "EdDSA")

_SHA256 = re.compile(r"[0-9a-f]{64}")
_KEY_MEMBERS = {"sha256", "tenant", "scopes", "accounts", "expires"}
_CLAIMS = {"tenant_claim": "tenant", "scopes_claim": "scope", "accounts_claim": "accounts"}
_ISSUER_MEMBERS = {"issuer", "audience", "jwks_url", "algorithms", "tenant", "scope_prefix", *_CLAIMS}


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """One API key: never the key itself, only what it hashes to, and what its holder may do."""

    name: str
    sha256: str
    tenant: str
    scopes: frozenset[Scope]
    accounts: frozenset[str] | None = None
    """None: all of its tenant."""
    expires_at: datetime | None = None

    def is_over(self, now: datetime) -> bool:
        """Whether its time has passed."""
        return self.expires_at is not None and self.expires_at <= now


@dataclass(frozen=True, slots=True, kw_only=True)
class Issuer:
    """Whose tokens are believed, and where in them it stands what their holder may do."""

    name: str
    issuer: str
    audiences: tuple[str, ...]
    jwks_url: str | None = None
    """None: the issuer's own description of itself tells it."""
    algorithms: tuple[str, ...] = USUAL_ALGORITHMS
    tenant: str | None = None
    """The only tenant it speaks for; None: the claim tells."""
    tenant_claim: str = "tenant"
    scopes_claim: str = "scope"
    accounts_claim: str = "accounts"
    scope_prefix: str = ""
    """What stands before our scopes' names in the claim."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Callers:
    """Everybody the file knows."""

    keys: tuple[ApiKey, ...] = ()
    issuers: tuple[Issuer, ...] = ()


NOBODY = Callers()


@dataclass(slots=True)
class _Table:
    """One table of the file and what was found wrong with it."""

    place: str
    members: dict[str, Any]
    mistakes: list[str] = field(default_factory=list)

    def wrong(self, member: str, remedy: str) -> None:
        self.mistakes.append(f"{self.place} {member}: {remedy}")

    def text(self, member: str, usual: str = "") -> str:
        value = self.members.get(member, usual)
        if isinstance(value, str) and (value.strip() or member not in self.members):
            return value
        self.wrong(member, "must be a text that is not empty")
        return usual

    def texts(self, member: str) -> tuple[str, ...] | None:
        value = self.members.get(member)
        if value is None:
            return None
        texts = [value] if isinstance(value, str) else value
        if isinstance(texts, list) and texts and all(isinstance(text, str) and text.strip() for text in texts):
            return tuple(texts)
        self.wrong(member, "must be a text, or a list of texts, none of them empty")
        return ()

    def check_names(self, known: Collection[str]) -> None:
        for member in sorted(set(self.members) - set(known)):
            self.wrong(member, f"unknown; there are {', '.join(sorted(known))}")


def is_trusted_address(text: str) -> bool:
    """Whether nobody on the way can change what is answered there: `https`, or this machine."""
    parts = web_address(text)
    return parts is not None and (parts.scheme == "https" or parts.hostname in {"127.0.0.1", "::1", "localhost"})


def foreign_accounts(names: Collection[str], tenant: str, accounts: Mapping[str, AccountSettings]) -> list[str]:
    """Which of these names are none of the tenant's accounts."""
    return sorted(name for name in names if name not in accounts or accounts[name].tenant != tenant)


def read_callers(
    keys: object, issuers: object, *, accounts: Mapping[str, AccountSettings], place: str
) -> tuple[Callers, list[str]]:
    """Every key and issuer of the file's `[keys]` and `[issuers]`, and every mistake in them."""
    mistakes: list[str] = []
    known_keys = [_key(name, table, accounts) for name, table in _tables("keys", keys, place, mistakes).items()]
    known_issuers = [_issuer(name, table) for name, table in _tables("issuers", issuers, place, mistakes).items()]
    for what, member, values in (
        ("keys", "sha256", [key.sha256 for key, _ in known_keys]),
        ("issuers", "issuer", [issuer.issuer for issuer, _ in known_issuers]),
    ):
        if len(set(values)) < len(values):
            mistakes.append(f"{place} [{what}] {member}: the same one stands in two tables")
    mistakes += [mistake for _, table in (*known_keys, *known_issuers) for mistake in table.mistakes]
    return Callers(keys=tuple(key for key, _ in known_keys), issuers=tuple(issuer for issuer, _ in known_issuers)), mistakes


def _tables(what: str, given: object, place: str, mistakes: list[str]) -> dict[str, _Table]:
    if not isinstance(given, dict) or not all(isinstance(table, dict) for table in given.values()):
        mistakes.append(f"{place} [{what}]: must hold one table for each, [{what}.NAME]")
        return {}
    tables = {name: _Table(f"{place} [{what}.{name}]", table) for name, table in given.items()}
    for name, table in tables.items():
        if not NAME.fullmatch(name):
            table.wrong("name", "letters, digits, '.', '_', '@' and '-', at most 64 characters")
    return tables


def _key(name: str, table: _Table, accounts: Mapping[str, AccountSettings]) -> tuple[ApiKey, _Table]:
    table.check_names(_KEY_MEMBERS)
    sha256, tenant = table.text("sha256"), table.text("tenant", "default")
    if not _SHA256.fullmatch(sha256):
        table.wrong("sha256", "is needed: the key's SHA-256 as 64 hexadecimal digits in lower case, never the key itself")
    named = table.texts("accounts")
    for stranger in foreign_accounts(named or (), tenant, accounts):
        table.wrong("accounts", f"{stranger!r} is no account of the tenant {tenant!r}")
    expires = table.members.get("expires")
    if expires is not None and not (isinstance(expires, datetime) and expires.tzinfo is not None):
        table.wrong("expires", "must be a time with its zone, such as 2030-01-31T00:00:00Z")
        expires = None
    key = ApiKey(
        name=name,
        sha256=sha256,
        tenant=tenant,
        scopes=_scopes(table),
        accounts=None if named is None else frozenset(named),
        expires_at=expires,
    )
    return key, table


def _scopes(table: _Table) -> frozenset[Scope]:
    texts, known = table.texts("scopes"), {scope.value: scope for scope in Scope}
    if texts is None or not set(texts) <= set(known):
        table.wrong("scopes", f"is needed: some of {', '.join(known)}")
    return frozenset(known[text] for text in texts or () if text in known)


def _issuer(name: str, table: _Table) -> tuple[Issuer, _Table]:
    table.check_names(_ISSUER_MEMBERS)
    issuer, jwks_url = table.text("issuer"), table.text("jwks_url") or None
    for member, address in (("issuer", issuer), ("jwks_url", jwks_url or issuer)):
        if not is_trusted_address(address):
            table.wrong(member, "must be an address like https://host: what is answered there decides who is let in")
            break
    audiences, algorithms = table.texts("audience"), table.texts("algorithms") or USUAL_ALGORITHMS
    if audiences is None:
        table.wrong("audience", "is needed: what the issuer calls this gateway")
    if not set(algorithms) <= set(ALGORITHMS):
        table.wrong("algorithms", f"must be some of {', '.join(ALGORITHMS)}")
    if "tenant" in table.members and "tenant_claim" in table.members:
        table.wrong("tenant", "stands beside tenant_claim: either the issuer speaks for one tenant, or its tokens name it")
    read = Issuer(
        name=name,
        issuer=issuer,
        audiences=audiences or (),
        jwks_url=jwks_url,
        algorithms=algorithms,
        tenant=table.text("tenant") or None,
        scope_prefix=table.text("scope_prefix"),
        **{claim: table.text(claim, usual) for claim, usual in _CLAIMS.items()},
    )
    return read, table

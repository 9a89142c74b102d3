"""API keys made for tests: the text its holder has, and what is kept of it."""

from __future__ import annotations

from datetime import datetime

from app.callers_file import ApiKey
from app.domain.vocabulary import Scope
from app.identity.api_keys import fingerprint, new_key

EVERYTHING = frozenset(Scope)


def made(
    name: str,
    *,
    tenant: str = "acme",
    scopes: frozenset[Scope] = EVERYTHING,
    accounts: frozenset[str] | None = None,
    expires_at: datetime | None = None,
) -> tuple[str, ApiKey]:
    """A key nobody else has."""
    text = new_key()
    return text, ApiKey(name=name, sha256=fingerprint(text), tenant=tenant, scopes=scopes, accounts=accounts, expires_at=expires_at)

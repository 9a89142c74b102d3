"""An accounts file that a test writes again and again: one account at a sandbox, and who may call."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from app.callers_file import ApiKey, Issuer

ACCOUNT = """[accounts.{name}]
provider = "vcita"
base_url = "{url}"
tenant = "acme"
token = {{ env = "OUR_KEY" }}
"""
ENVIRONMENT = {"OUR_KEY": "ours", "CREDIT_NOTES_SECRET": "a text of thirty-two or more characters signs cursors"}


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountsFile:
    """Where it stands, and where its account's provider listens."""

    place: Path
    provider: str

    def write(self, *callers: ApiKey | Issuer, accounts: tuple[str, ...] = ("books",), more: str = "") -> None:
        """Hold these and nobody else."""
        known = [_key(one) if isinstance(one, ApiKey) else _issuer(one) for one in callers]
        self.place.write_text("\n".join([*(ACCOUNT.format(name=name, url=self.provider) for name in accounts), *known, more]))


def _key(key: ApiKey) -> str:
    expires = f"expires = {key.expires_at.isoformat()}\n" if key.expires_at else ""
    scopes = sorted(scope.value for scope in key.scopes)
    return f'[keys.{key.name}]\nsha256 = "{key.sha256}"\ntenant = "{key.tenant}"\nscopes = {scopes}\n{expires}'


def _issuer(issuer: Issuer) -> str:
    (audience,) = issuer.audiences
    return (
        f'[issuers.{issuer.name}]\nissuer = "{issuer.issuer}"\naudience = "{audience}"\njwks_url = "{issuer.jwks_url}"\n'
        f'tenant_claim = "{issuer.tenant_claim}"\n'
    )

"""The accounts of the TOML file, checked against what each provider declares it needs. Secrets are named there, never written."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

from app.domain.money import MoneyError, exponent
from app.domain.vocabulary import Reason
from app.providers import PROVIDERS
from app.providers.contract import AccountSettings, Limits, ProviderSpec
from app.secret import Secret

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?")
_LABEL = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
_COMMON = {"provider", "tenant", "currency", "base_url", "reason_codes", "switches", "limits", "skip_webhooks", "skip_actions"}


@dataclass(slots=True)
class _Entry:
    """One account's table and what was found wrong with it."""

    name: str
    place: str
    table: dict[str, Any]
    environment: Mapping[str, str]
    mistakes: list[str] = field(default_factory=list)

    def wrong(self, member: str, remedy: str) -> None:
        self.mistakes.append(f"{self.place} [accounts.{self.name}] {member}: {remedy}")

    def text(self, member: str) -> str | None:
        value = self.table.get(member)
        if value is None or (isinstance(value, str) and value.strip()):
            return value
        self.wrong(member, "must be a text that is not empty")
        return None

    def carried(self, member: str) -> str | None:
        """A text that goes to the provider in a header or an address."""
        value = self.text(member)
        if value is not None:
            self.check_carried(member, value)
        return value

    def check_carried(self, member: str, value: str) -> None:
        if not (value.isascii() and value.isprintable()):
            self.wrong(member, "must be letters, digits and signs of ASCII, in one line: headers carry nothing else")

    def flag(self, member: str) -> bool:
        value = self.table.get(member, False)
        if not isinstance(value, bool):
            self.wrong(member, "must be true or false")
            return False
        return value

    def texts(self, member: str) -> dict[str, str]:
        value = self.table.get(member, {})
        if not isinstance(value, dict) or not all(isinstance(text, str) for text in value.values()):
            self.wrong(member, "must be a table of texts")
            return {}
        return value

    def secret(self, member: str) -> Secret | None:
        """The secret that `{ env = "NAME" }` or `{ file = "path" }` names."""
        value = self.table.get(member)
        match value:
            case {"env": str(name), **rest} if not rest:
                text = self.environment.get(name, "")
                if not text.strip():
                    self.wrong(member, f"the environment has no {name}: set it")
                self.check_carried(member, text.strip())
                return Secret(text.strip())
            case {"file": str(path), **rest} if not rest:
                return self._secret_file(member, Path(path))
            case str():
                self.wrong(member, 'a secret is not written into this file: use { env = "NAME" } or { file = "/path" }')
            case _:
                self.wrong(member, 'is needed: { env = "NAME" } or { file = "/path" }')
        return None

    def _secret_file(self, member: str, path: Path) -> Secret | None:
        try:
            text = path.read_text().strip()
        except (OSError, ValueError):  # the latter for bytes that are no text, and for a path that can't be one
            self.wrong(member, f"the file {path} cannot be read")
            return None
        if not text:
            self.wrong(member, f"the file {path} is empty")
        self.check_carried(member, text)
        return Secret(text)


def read_accounts(
    file: Mapping[str, Any], *, environment: Mapping[str, str], place: str
) -> tuple[dict[str, AccountSettings], list[str]]:
    """Every account of the file, and every mistake in it."""
    mistakes = [
        f"{place} [{table}]: unknown; there are [accounts.NAME], [keys.NAME], [issuers.NAME] and [settings]"
        for table in file
        if table != "accounts"
    ]
    tables = file.get("accounts", {})
    if not isinstance(tables, dict):
        return {}, [*mistakes, f"{place} [accounts]: must hold one table per account"]
    accounts = {}
    for name, table in tables.items():
        entry = _Entry(name, place, table if isinstance(table, dict) else {}, environment)
        account = _read(entry)
        mistakes += entry.mistakes
        if account is not None:
            accounts[name] = account
    return accounts, mistakes


def _read(entry: _Entry) -> AccountSettings | None:
    if not _NAME.fullmatch(entry.name):
        entry.wrong("name", "lower-case letters, digits, '.', '_' and '-', at most 64 characters")
    spec = PROVIDERS.get(str(entry.table.get("provider")))
    if spec is None:
        entry.wrong("provider", f"must be one of {', '.join(sorted(PROVIDERS))}")
        return None
    known = {*_COMMON, *spec.credentials, *spec.options, *spec.optional}
    for member in sorted(set(entry.table) - known):
        entry.wrong(member, f"unknown for {spec.name}; there are {', '.join(sorted(known))}")
    account = _settings(entry, spec)
    return None if entry.mistakes else account


def _settings(entry: _Entry, spec: ProviderSpec) -> AccountSettings:
    base_url, tenant = _base_url(entry), entry.text("tenant") or "default"
    if {"{", "}"} & set(tenant):
        entry.wrong("tenant", "must be without braces, which decide where its keys live in a cluster")
    credentials = {name: entry.secret(name) for name in spec.credentials}
    options = {name: entry.carried(name) for name in (*spec.options, *spec.optional)}
    for name in spec.address:
        if not _LABEL.fullmatch(options[name] or "x"):
            entry.wrong(name, "must be a single word of an address: letters, digits and '-'")
    for name in spec.options:
        if options[name] is None and not (base_url and name in spec.address):
            entry.wrong(name, f"is needed for {spec.name}" + (", or base_url instead" if name in spec.address else ""))
    return AccountSettings(
        name=entry.name,
        tenant=tenant,
        provider=spec.name,
        credentials={name: secret for name, secret in credentials.items() if secret is not None},
        options={name: text for name, text in options.items() if text is not None},
        base_url=base_url,
        currency=_currency(entry),
        reason_codes=_reason_codes(entry),
        switches=_switches(entry, spec),
        limits=_limits(entry),
        skip_webhooks=entry.flag("skip_webhooks"),
        skip_actions=entry.flag("skip_actions"),
    )


def _base_url(entry: _Entry) -> str | None:
    text = entry.text("base_url")
    if text is None:
        return None
    parts = web_address(text)
    if parts is None:
        entry.wrong("base_url", "must be an address like https://host, without a query and without credentials")
        return None
    if parts.scheme == "http" and parts.hostname not in {"127.0.0.1", "::1", "localhost"}:
        entry.wrong("base_url", "must use https anywhere but on this machine: it carries the account's credentials")
    return text.rstrip("/")


def web_address(text: str) -> SplitResult | None:
    """The parts of an address of the web, without a query and without credentials; None for anything else."""
    try:
        parts = urlsplit(text)
        fits = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:  # a port that is no number, half an IPv6 address
        return None
    more = any(sign in "?#" or sign.isspace() for sign in text) or "@" in parts.netloc
    return parts if fits and not more else None


def _currency(entry: _Entry) -> str | None:
    code = entry.text("currency")
    if code is None:
        return None
    try:
        exponent(code)
    except MoneyError:
        entry.wrong("currency", "must be an ISO 4217 code in upper case")
    return code


def _reason_codes(entry: _Entry) -> dict[Reason, str]:
    codes = {}
    for name, code in entry.texts("reason_codes").items():
        if name in Reason.__members__:
            codes[Reason[name]] = code
        else:
            entry.wrong(f"reason_codes.{name}", f"must be one of {', '.join(Reason.__members__)}")
    return codes


def _switches(entry: _Entry, spec: ProviderSpec) -> dict[str, str]:
    chosen = {name: values[0] for name, values in spec.switches.items()}
    for name, value in entry.texts("switches").items():
        if value not in spec.switches.get(name, ()):
            allowed = "; ".join(f"{known}: {' | '.join(values)}" for known, values in spec.switches.items()) or "none"
            entry.wrong(f"switches.{name}", f"{value!r} is not known; there are {allowed}")
        chosen[name] = value
    return chosen


def _limits(entry: _Entry) -> Limits | None:
    table = entry.table.get("limits")
    if table is None:
        return None
    fits = isinstance(table, dict) and all(
        name in {"per_minute", "concurrent"} and type(value) is int and value >= 0 for name, value in table.items()
    )
    if not fits:
        entry.wrong("limits", "must be { per_minute = N, concurrent = N }, whole numbers, 0 for none")
        return None
    return Limits(**table)


def demo_accounts(addresses: Mapping[str, str]) -> dict[str, AccountSettings]:
    """The built-in sandbox accounts: provider -> address, one account each."""
    return {f"{name}-demo": _demo(PROVIDERS[name], address) for name, address in addresses.items()}


def _demo(spec: ProviderSpec, address: str) -> AccountSettings:
    return AccountSettings(
        name=f"{spec.name}-demo",
        tenant="default",
        provider=spec.name,
        credentials=dict.fromkeys(spec.credentials, Secret("demo")),
        options=dict.fromkeys(spec.options, "demo"),
        base_url=address,
        reason_codes={},
        switches={**{name: values[0] for name, values in spec.switches.items()}, **spec.demo_switches},
        limits=Limits(),
        demo=True,
    )

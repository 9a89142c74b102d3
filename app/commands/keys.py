"""`credit-notes keys`: API keys made, listed and revoked. A key is printed once, when it is made; only its hash is kept."""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import click

from app import telemetry
from app.accounts_file import demo_accounts
from app.callers_file import NAME, ApiKey, foreign_accounts
from app.commands.console import CONFIG, asked, give_up, say, say_rows, settings_of
from app.domain.vocabulary import Scope
from app.identity.api_keys import fingerprint, new_key
from app.identity.key_ring import KeyRing
from app.providers import PROVIDERS
from app.settings import PREFIX, Settings

T = TypeVar("T")

_SPAN = re.compile(r"([1-9][0-9]{0,4})([hd])")
_EVERY = "all"


@click.group()
def keys() -> None:
    """Make, list and revoke API keys."""


def _name(_: click.Context, __: click.Parameter, text: str) -> str:
    if not NAME.fullmatch(text):
        message = "letters, digits, '.', '_', '@' and '-', at most 64 characters"
        raise click.BadParameter(message)
    return text


def _scopes(_: click.Context, __: click.Parameter, text: str) -> frozenset[Scope]:
    try:
        return frozenset(Scope(word) for word in _words(text))
    except ValueError:
        message = f"some of {', '.join(scope.value for scope in Scope)}, with commas between them"
        raise click.BadParameter(message) from None


def _accounts(_: click.Context, __: click.Parameter, text: str | None) -> frozenset[str] | None:
    return None if text is None else frozenset(_words(text))


def _expiry(_: click.Context, __: click.Parameter, text: str) -> datetime | None:
    found = _SPAN.fullmatch(text)
    if found is None and text != "never":
        message = "such as 12h or 90d; or never"
        raise click.BadParameter(message)
    if found is None:
        return None
    hours = int(found[1]) * (24 if found[2] == "d" else 1)
    return datetime.now(UTC).replace(microsecond=0) + timedelta(hours=hours)


@keys.command()
@CONFIG
@click.option("--name", required=True, callback=_name, help="What it is called in logs and in the audit.")
@click.option("--tenant", default="default", show_default=True, help="Whose accounts it may use.")
@click.option("--scopes", required=True, callback=_scopes, help="Some of read, write, operate, with commas between them.")
@click.option("--accounts", callback=_accounts, help="Only these of the tenant's accounts, with commas between them.")
@click.option("--expires", "expires_at", default="90d", show_default=True, callback=_expiry, help="After so long: 12h, 90d; never.")
def create(config: Path | None, *, tenant: str, accounts: frozenset[str] | None, **told: object) -> None:
    """Make a key and print it, this once."""
    settings = _settings(config)
    text = new_key()
    key = ApiKey(tenant=tenant, accounts=accounts, sha256=fingerprint(text), **told)  # type: ignore[arg-type]  # the callbacks' types
    _check(key, settings)
    if settings.identity.api_keys == "file":
        say(f"put this into the accounts file; with {PREFIX}API_KEYS=redis keys are kept in Redis instead\n\n{_table(key)}")
    elif not asked(_on_ring(settings, lambda ring: ring.add(key))):
        give_up([f"--name: there is a key named {key.name!r} already: revoke it, or choose another name"])
    say("keep it: it is not shown again")
    click.echo(text)


@keys.command(name="list")
@CONFIG
def list_(config: Path | None) -> None:
    """List the keys, those of the accounts file first."""
    settings = _settings(config)
    rows = [_row(key, "file") for key in settings.callers.keys]
    if settings.identity.api_keys == "redis":
        rows += [_row(key, "redis") for key in asked(_on_ring(settings, lambda ring: ring.list()))]
    say_rows(("NAME", "TENANT", "SCOPES", "ACCOUNTS", "EXPIRES", "KEPT IN"), rows)


@keys.command()
@click.argument("name")
@CONFIG
def revoke(name: str, config: Path | None) -> None:
    """End a key."""
    settings = _settings(config)
    if any(key.name == name for key in settings.callers.keys):
        give_up([f"{name!r} stands in the accounts file: take it out there, and start the gateway anew"])
    if settings.identity.api_keys == "file":
        give_up([f"there is no key {name!r} in the accounts file, and none are kept in Redis without {PREFIX}API_KEYS=redis"])
    if not asked(_on_ring(settings, lambda ring: ring.revoke(name))):
        say(f"there is no key named {name!r}")
        sys.exit(1)
    say(f"revoked: every gateway refuses it within {settings.identity.api_key_memory_s:g} s")


def _settings(config: Path | None) -> Settings:
    settings = settings_of(config, serving=False)
    telemetry.configure(json=settings.logs_json, level=logging.WARNING)
    if settings.identity.api_keys == "redis" and settings.redis_url is None:
        give_up([f"{PREFIX}REDIS_URL: set it as for the gateway: the keys are kept there"])
    return settings


def _check(key: ApiKey, settings: Settings) -> None:
    accounts = settings.accounts or demo_accounts(dict.fromkeys(PROVIDERS, "http://127.0.0.1"))
    mistakes = [
        f"--accounts: {stranger!r} is no account of the tenant {key.tenant!r}"
        for stranger in foreign_accounts(key.accounts or (), key.tenant, accounts)
    ]
    if key.tenant not in {account.tenant for account in accounts.values()}:
        mistakes.append(f"--tenant: no account has the tenant {key.tenant!r}")
    if any(known.name == key.name for known in settings.callers.keys):
        mistakes.append(f"--name: there is a key named {key.name!r} in the accounts file already: choose another name")
    if mistakes:
        give_up(mistakes)


async def _on_ring(settings: Settings, work: Callable[[KeyRing], Awaitable[T]]) -> T:
    from app.asgi import make_process  # noqa: PLC0415 - loads the whole gateway

    process = make_process(settings)
    try:
        return await work(KeyRing(process.ledger))
    finally:
        await process.aclose()


def _row(key: ApiKey, place: str) -> tuple[str, ...]:
    expires = "never" if key.expires_at is None else key.expires_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%MZ")
    is_over = key.is_over(datetime.now(UTC))
    accounts = _EVERY if key.accounts is None else ",".join(sorted(key.accounts))
    return key.name, key.tenant, ",".join(_in_order(key.scopes)), accounts, f"{expires} (over)" if is_over else expires, place


def _table(key: ApiKey) -> str:
    lines = [
        f'[keys."{key.name}"]',
        f'sha256 = "{key.sha256}"',
        f"tenant = {json.dumps(key.tenant)}",
        f"scopes = {_in_order(key.scopes)}",
    ]
    if key.accounts is not None:
        lines.append(f"accounts = {sorted(key.accounts)}")
    if key.expires_at is not None:
        lines.append(f"expires = {key.expires_at:%Y-%m-%dT%H:%M:%SZ}")
    return "\n".join(lines) + "\n"


def _in_order(scopes: frozenset[Scope]) -> list[str]:
    return [scope.value for scope in Scope if scope in scopes]


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",")]

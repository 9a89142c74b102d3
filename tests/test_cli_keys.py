"""`credit-notes keys`: made and printed once, listed without secrets, revoked; kept in Redis, or for the accounts file to hold."""

from __future__ import annotations

import re
import tomllib
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from app import telemetry
from app.callers_file import read_callers
from app.cli import main
from app.domain.vocabulary import Scope
from app.identity.api_keys import fingerprint, is_api_key
from app.settings import read_settings
from tests.support.installation import table
from tests.support.redis_server import free_port

ACCOUNTS = '[accounts.{}]\nprovider = "vcita"\ntenant = "{}"\ntoken = {{ env = "T" }}\n'


@pytest.fixture(autouse=True)
def usual_logs() -> Iterator[None]:
    yield
    telemetry.configure(json=True)  # the commands set the process's log format by their settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """A command line over two tenants' accounts, and a Redis that other tests use as well."""

    config: Path
    redis_url: str
    name: str

    def run(self, *arguments: str, **environment: str) -> Result:
        given = {"CREDIT_NOTES_REDIS_URL": self.redis_url, "CREDIT_NOTES_API_KEYS": "redis", "T": "t", **environment}
        return CliRunner(env={"CREDIT_NOTES_CONFIG": str(self.config), **given}).invoke(main, ["keys", *arguments])

    def create(self, *more: str, **environment: str) -> Result:
        return self.run("create", "--name", self.name, "--tenant", "acme", "--scopes", "read", *more, **environment)

    def rows(self, **environment: str) -> dict[str, list[str]]:
        result = self.run("list", **environment)
        assert (result.exit_code, result.stderr) == (0, "")
        head, *rows = table(result)
        assert head == ["NAME", "TENANT", "SCOPES", "ACCOUNTS", "EXPIRES", "KEPT IN"]
        return {row[0]: row[1:] for row in rows}


@pytest.fixture
def office(tmp_path: Path, redis_url: str) -> Office:
    config = tmp_path / "accounts.toml"
    config.write_text(ACCOUNTS.format("books", "acme") + ACCOUNTS.format("other", "globex"))
    return Office(config=config, redis_url=redis_url, name=f"k{uuid.uuid4().hex}")


def refusal(result: Result, code: int = 2) -> str:
    """What was told of a command that was refused."""
    assert (result.exit_code, result.stdout) == (code, ""), result.output
    return result.stderr


def test_a_key_is_printed_once_and_listed_without_it(office: Office) -> None:
    result = office.create("--accounts", "books", "--expires", "90d")
    assert result.exit_code == 0, result.output
    key = result.stdout.strip()
    assert is_api_key(key)
    assert key not in result.stderr
    tenant, scopes, accounts, expires, place = office.rows()[office.name]
    assert (tenant, scopes, accounts, place) == ("acme", "read", "books", "redis")
    left = datetime.strptime(expires, "%Y-%m-%dT%H:%MZ").replace(tzinfo=UTC) - datetime.now(UTC)
    assert timedelta(days=89, hours=23) < left <= timedelta(days=90)
    told = office.run("list").output
    assert key not in told
    assert fingerprint(key) not in told


def test_all_accounts_and_no_end_may_be_said(office: Office) -> None:
    assert office.create("--expires", "never").exit_code == 0
    assert office.rows()[office.name] == ["acme", "read", "all", "never", "redis"]


def test_a_revoked_key_is_gone(office: Office) -> None:
    office.create()
    result = office.run("revoke", office.name)
    assert (result.exit_code, result.stdout) == (0, "")
    assert "within 5 s" in result.stderr
    assert office.name not in office.rows()
    assert office.name in refusal(office.run("revoke", office.name), 1)


def test_a_name_is_given_once(office: Office) -> None:
    office.create()
    assert office.name in refusal(office.create())


def test_without_redis_the_key_is_made_for_the_accounts_file(office: Office, tmp_path: Path) -> None:
    result = office.create("--accounts", "books", CREDIT_NOTES_API_KEYS="file", CREDIT_NOTES_REDIS_URL="")
    assert result.exit_code == 0, result.output
    shown = re.search(r"^\[keys\..*?(?=\n\n)", result.stderr, re.MULTILINE | re.DOTALL)
    assert shown is not None
    office.config.write_text(f"{office.config.read_text()}\n{shown[0]}")
    settings = read_settings(environment={"T": "t"}, config=office.config, serving=False)
    (key,) = settings.callers.keys
    assert (key.name, key.sha256) == (office.name, fingerprint(result.stdout.strip()))
    assert (key.tenant, key.scopes, key.accounts) == ("acme", frozenset({Scope.READ}), frozenset({"books"}))
    assert key.expires_at is not None
    assert office.rows(CREDIT_NOTES_API_KEYS="file")[office.name][-1] == "file"
    assert "accounts file" in refusal(office.run("revoke", office.name))
    assert "accounts file" in refusal(office.create())


def test_what_is_shown_for_the_file_can_be_read_whatever_the_tenant_is_called(office: Office) -> None:
    odd = 'a "b" \\ c'
    literal = odd.replace("\\", "\\\\").replace('"', '\\"')
    office.config.write_text(ACCOUNTS.format("books", literal))
    arguments = ("create", "--name", "k", "--tenant", odd, "--scopes", "read,write", "--expires", "never")
    told = office.run(*arguments, CREDIT_NOTES_API_KEYS="file").stderr
    file = tomllib.loads(told[told.index("[keys") : told.rindex("\n\n")])
    callers, mistakes = read_callers(file["keys"], {}, accounts={}, place="f")
    assert (mistakes, callers.keys[0].tenant) == ([], odd)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--accounts", "other"), "--accounts: 'other' is no account of the tenant 'acme'"),
        (("--accounts", "books,nobody"), "--accounts: 'nobody' is no account of the tenant 'acme'"),
        (("--tenant", "nobody"), "--tenant: no account has the tenant 'nobody'"),
        (("--scopes", "read,all"), "some of read, write, operate"),
        (("--scopes", ""), "some of read, write, operate"),
        (("--name", "a b"), "letters, digits"),
        (("--expires", "soon"), "12h or 90d"),
        (("--expires", "0d"), "12h or 90d"),
        (("--expires", "-1d"), "12h or 90d"),
    ],
)
def test_what_cannot_be_meant_is_refused_and_nothing_is_made(office: Office, arguments: tuple[str, ...], told: str) -> None:
    assert told in refusal(office.create(*arguments))
    assert office.name not in office.rows()


@pytest.mark.parametrize(
    "arguments", [("list",), ("revoke", "k"), ("create", "--name", "k", "--tenant", "acme", "--scopes", "read")]
)
def test_redis_is_asked_for_where_keys_are_kept_there(office: Office, arguments: tuple[str, ...]) -> None:
    assert refusal(office.run(*arguments, CREDIT_NOTES_REDIS_URL="")).startswith("credit-notes: CREDIT_NOTES_REDIS_URL: set it")
    away = f"redis://127.0.0.1:{free_port()}/0"
    assert refusal(office.run(*arguments, CREDIT_NOTES_REDIS_URL=away)).startswith(
        "credit-notes: CREDIT_NOTES_REDIS_URL: Redis is out"
    )


@pytest.mark.parametrize("name", ["create", "list", "revoke"])
def test_help_is_there(name: str) -> None:
    assert "Usage:" in CliRunner().invoke(main, ["keys", name, "-h"]).output

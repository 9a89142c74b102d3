"""An installation as an operator has it: an accounts file, a Redis, a gateway that writes, and the command beside them."""

from __future__ import annotations

import asyncio
import time
import tomllib
import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from click.testing import CliRunner, Result

from app.accounts_file import read_accounts
from app.cli import main
from app.providers.contract import AccountSettings
from app.sandbox.server import Addresses
from app.store.redis import RedisStore
from tests.gateway.writing import Desk, Desks
from tests.support.clock import Clock

T = TypeVar("T")
HEAD = ["ACCOUNT", "OPERATION", "KEY", "STATE", "OUTCOME", "AGE", "ATTEMPTS", "NOTE", "CODE"]
HOUR_AGO = -3600.0
CREDENTIALS = {"chargebee": 'api_key = { env = "KEY" }', "zenskar": 'organisation = "o"\napi_key = { env = "KEY" }'}


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """An installation: accounts of a tenant of its own, a Redis, and a gateway that writes."""

    addresses: Addresses
    config: Path
    redis_url: str

    @property
    def accounts(self) -> Mapping[str, AccountSettings]:
        """As the file has them."""
        accounts, mistakes = read_accounts(tomllib.loads(self.config.read_text()), environment={"KEY": "k"}, place="test")
        assert mistakes == []
        return accounts

    def run(self, *arguments: str) -> Result:
        environment = {"CREDIT_NOTES_CONFIG": str(self.config), "CREDIT_NOTES_REDIS_URL": self.redis_url, "KEY": "k"}
        return CliRunner(env=environment).invoke(main, arguments)

    def rows(self, *arguments: str) -> list[list[str]]:
        """The table a command that works has printed."""
        result = self.run(*arguments)
        assert (result.exit_code, result.stderr) == (0, "")
        head, *rows = table(result)
        assert head == HEAD
        return rows

    def writing(self, work: Callable[[Desk], Awaitable[T]], *, at: float = HOUR_AGO) -> T:
        """What a gateway does, so many seconds from now."""

        async def run() -> T:
            desks, store = Desks(self.addresses), RedisStore(self.redis_url)
            try:
                return await work(desks.open(ledger=store, accounts=self.accounts, clock=Clock(time.time() + at)))
            finally:
                await desks.aclose()
                await store.aclose()

        return asyncio.run(run())


def table(result: Result) -> list[list[str]]:
    """The cells; columns are two blanks or more apart."""
    return [[cell.strip() for cell in line.split("  ") if cell] for line in result.stdout.splitlines()]


def refusal(result: Result, code: int = 1) -> str:
    """The only line a refused command has printed."""
    assert (result.exit_code, result.stdout) == (code, ""), result.output
    (line,) = result.stderr.splitlines()
    assert line.startswith("credit-notes: ")
    return line.removeprefix("credit-notes: ")


def install(addresses: Addresses, redis_url: str, folder: Path) -> Site:
    """The sandboxes' accounts, of a tenant of their own, so that tests on one Redis do not meet."""
    tenant = f'tenant = "{uuid.uuid4().hex}"'
    config = folder / "accounts.toml"
    config.write_text(
        "\n".join(
            f'[accounts.{name}-demo]\nprovider = "{name}"\nbase_url = "{addresses.providers[name]}"\n{tenant}\n{credentials}'
            for name, credentials in CREDENTIALS.items()
        )
    )
    return Site(addresses=addresses, config=config, redis_url=redis_url)

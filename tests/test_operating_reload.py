"""SIGHUP reads the accounts file again: what is under way goes on, and a wrong file changes nothing."""

from __future__ import annotations

import asyncio
import dataclasses
import os
import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import httpx
import pytest

from app.accounts_file import demo_accounts
from app.domain.errors import NotFound
from app.edge_settings import EdgeSettings
from app.gateway.accounts import OPEN, Accounts
from app.providers import PROVIDERS
from app.reload import by_name, differing
from app.sandbox.server import Addresses
from app.settings import Settings
from app.timings import Timings
from tests.support.console import Child, running_command
from tests.support.running import GatewayClient, SandboxControl, asking
from tests.test_readme import defaults
from tests.test_serving import SECRET, alone, answers_alone, workers

ACCOUNT = '[accounts.{name}]\nprovider = "vcita"\nbase_url = "{url}"\ntoken = {{ env = "OUR_KEY" }}\n{more}'
KEYS = {**SECRET, "OUR_KEY": "ours"}
NAMES = "{ accounts { name } }"
FRESH = "{{ creditNotes(filter: {{ accounts: [{name!r}] }}, first: 1, freshness: {{ maxAgeSeconds: 0 }}) {{ nodes {{ id }} sources {{ complete }} }} }}"


@pytest.fixture
def write(tmp_path: Path, addresses: Addresses) -> Callable[..., Path]:
    """The accounts file with these accounts, and what else each says."""

    def written(**accounts: str) -> Path:
        rows = [ACCOUNT.format(name=name, url=addresses.providers["vcita"], more=more) for name, more in accounts.items()]
        place = tmp_path / "accounts.toml"
        place.write_text("\n".join(rows))
        return place

    return written


def names(gateway: GatewayClient) -> set[str]:
    return {account["name"] for account in gateway.gql(NAMES)["accounts"]}


def hung_up(child: Child, told: str) -> None:
    """Send the signal, and wait until the log says so once more."""
    before = child.printed.count(told)
    child.process.send_signal(signal.SIGHUP)
    assert any(child.printed.count(told) > before for _ in child._waiting()), child.printed


def fresh(gateway: GatewayClient, name: str) -> bool:
    found = gateway.gql(FRESH.format(name=name).replace("'", '"'))["creditNotes"]
    return [source["complete"] for source in found["sources"]] == [True]


def test_accounts_come_change_and_go_while_requests_are_answered(write: Callable[..., Path], sandbox: SandboxControl) -> None:
    config = write(first="", second="")
    with (
        running_command("serve", "--port", "0", "--config", str(config), environment=KEYS) as child,
        asking(child.address("GraphQL")) as gateway,
        ThreadPoolExecutor(3) as pool,
    ):
        assert names(gateway) == {"first", "second"}
        assert fresh(gateway, "second")
        ends = Event()

        def load() -> int:
            count = 0
            with asking(child.address("GraphQL")) as client:
                while not ends.is_set():
                    assert fresh(client, "first")
                    count += 1
            return count

        before = sandbox.calls("vcita")
        sandbox.fault(fault="delay", provider="vcita", delay_ms=1500, times=1)
        slow = pool.submit(fresh, gateway, "second")
        while sandbox.calls("vcita") == before:  # now a request is under way over an old line
            pass
        loads = [pool.submit(load) for _ in range(2)]
        write(first="limits = { per_minute = 0, concurrent = 3 }", third="")
        hung_up(child, "accounts read again")
        assert names(gateway) == {"first", "third"}
        assert fresh(gateway, "third")
        assert gateway.code(FRESH.format(name="second").replace("'", '"')) == "NOT_FOUND"
        ends.set()
        assert slow.result()
        assert all(one.result() for one in loads)


@pytest.mark.parametrize(
    ("broken", "told"),
    [
        ("[accounts.first]\nprovider = 'nobody'", "provider"),
        ("no toml", "not TOML"),
        ("[settings]\nport = 1", "holds no accounts"),
    ],
)
def test_a_wrong_file_changes_nothing_and_says_what_is_wrong(write: Callable[..., Path], broken: str, told: str) -> None:
    config = write(first="")
    with (
        running_command("serve", "--port", "0", "--config", str(config), environment=KEYS) as child,
        asking(child.address("GraphQL")) as gateway,
    ):
        assert names(gateway) == {"first"}
        config.write_text(broken)
        hung_up(child, "accounts, keys and issuers stay as they were")
        assert told in child.printed
        assert names(gateway) == {"first"}
        write(second="", first="")
        hung_up(child, "accounts read again")
        assert names(gateway) == {"first", "second"}


def test_what_else_has_changed_needs_a_restart_and_is_told(write: Callable[..., Path]) -> None:
    config = write(first="")
    with (
        running_command("serve", "--port", "0", "--config", str(config), environment=KEYS) as child,
        asking(child.address("GraphQL")) as gateway,
    ):
        assert names(gateway) == {"first"}
        config.write_text(write(second="").read_text() + '\n[settings]\nnote_fresh_s = 7\nlog = "json"\nmetrics = "open"\n')
        hung_up(child, "[settings] has changed as well and needs a restart: log, metrics, note_fresh_s")
        assert names(gateway) == {"second"}


def test_every_setting_that_may_differ_has_the_name_it_is_written_with() -> None:
    usual = Settings(accounts={})
    assert set(by_name(usual)) == set(defaults())
    changed = dataclasses.replace(
        usual, logs_json=True, accepts_volatile_ledger=True, timings=Timings(ledger_keep_s=7), edge=EdgeSettings(query_depth=7)
    )
    assert differing(usual, changed) == ["ledger_keep_days", "log", "query_depth", "volatile_ledger"]
    assert differing(changed, changed) == []


def test_every_worker_reads_it_again_and_none_is_started_anew(write: Callable[..., Path], redis_url: str) -> None:
    config = write(first="")
    environment = {**KEYS, "CREDIT_NOTES_REDIS_URL": redis_url}
    command = ("serve", "--port", "0", "--workers", "2", "--config", str(config))
    with running_command(*command, environment=environment) as child:
        url = child.address("GraphQL")
        child.answers(f"{url}/livez")
        both = workers(child)
        for worker in both:
            assert any(answers_alone(worker, both, url) for _ in range(60)), child.printed
        write(second="")
        os.kill(child.process.pid, signal.SIGHUP)
        assert any(child.printed.count("accounts read again") == 2 for _ in child._waiting()), child.printed
        for worker in both:
            with alone(worker, both), asking(url) as gateway:
                assert names(gateway) == {"second"}
        assert workers(child) == both


def test_without_a_file_a_hang_up_ends_it() -> None:
    with running_command("serve", "--port", "0") as child:
        httpx.get(f"{child.address('GraphiQL')}/livez", timeout=30)
        child.process.send_signal(signal.SIGHUP)
        assert child.process.wait(30) == -signal.SIGHUP


@pytest.mark.anyio
async def test_an_account_that_has_changed_keeps_its_old_line_until_nobody_can_be_on_it_any_more() -> None:
    before = demo_accounts(dict.fromkeys(PROVIDERS, "http://127.0.0.1:9"))
    accounts = Accounts(before, PROVIDERS)
    changed, same, gone = (accounts.find(OPEN, f"{name}-demo") for name in PROVIDERS)
    now = {changed.name: dataclasses.replace(changed.settings, currency="USD"), same.name: dataclasses.replace(same.settings)}
    accounts.replace(now, after_s=0)
    assert not changed.line.client.is_closed
    assert accounts.find(OPEN, changed.name).settings.currency == "USD"
    assert accounts.find(OPEN, same.name) is same
    with pytest.raises(NotFound):
        accounts.find(OPEN, gone.name)
    await asyncio.gather(*accounts._leaving)
    assert [one.line.client.is_closed for one in (changed, same, gone)] == [True, False, True]
    accounts.replace({}, after_s=3600)
    await accounts.aclose()
    assert same.line.client.is_closed

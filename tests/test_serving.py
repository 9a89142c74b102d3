"""`credit-notes serve` as it is operated: beside its sandbox, over Redis, with several workers, and how it ends."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.console import Child, running_command
from tests.support.redis_server import RedisServer
from tests.support.running import GatewayClient, asking, controlling

SECRET = {"CREDIT_NOTES_SECRET": "a text of thirty-two or more characters signs cursors"}
SETTLED = {"CREDIT_NOTES_LEDGER_WAIT_AOF": "yes"}
TEN_EUROS = {"total": {"amount": "10.00", "currency": "EUR"}}
UNPAID = ("chargebee-demo", "INV-1004")
ACCOUNTS = """
[accounts.ours-chargebee]
provider = "chargebee"
base_url = "{chargebee}"
api_key = {{ env = "OUR_KEY" }}

[accounts.ours-vcita]
provider = "vcita"
base_url = "{vcita}"
token = {{ env = "OUR_KEY" }}

[accounts.ours-zenskar]
provider = "zenskar"
base_url = "{zenskar}"
api_key = {{ env = "OUR_KEY" }}
organisation = "ours"
"""


def issue(gateway: GatewayClient, key: str) -> Any:
    return gateway.issue(*UNPAID, TEN_EUROS, idempotencyKey=key, dispositions=[{"disposition": "INVOICE_BALANCE"}])


def workers(child: Child) -> list[int]:
    """The processes that answer; the one that started them, and what watches over their memory, do not."""
    parent = child.process.pid
    children = [int(pid) for pid in Path(f"/proc/{parent}/task/{parent}/children").read_text().split()]
    return [pid for pid in children if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()]


@contextlib.contextmanager
def alone(worker: int, all_workers: list[int]) -> Iterator[None]:
    """While the block runs, nobody else answers."""
    others = [pid for pid in all_workers if pid != worker]
    for pid in others:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in others:
            os.kill(pid, signal.SIGCONT)


def answers_alone(worker: int, all_workers: list[int], url: str) -> bool:
    """Whether it does yet: a worker that is still loading lets the call wait."""
    with alone(worker, all_workers), contextlib.suppress(httpx.TransportError):
        return httpx.get(f"{url}/livez", timeout=1).is_success
    return False


@pytest.fixture
def durable(tmp_path: Path) -> Iterator[RedisServer]:
    """A Redis that keeps everything on disk and evicts nothing."""
    server = RedisServer(tmp_path, "--appendonly", "yes", "--appendfsync", "always").start()
    yield server
    server.stop()


def ended(child: Child, how: signal.Signals) -> int:
    child.process.send_signal(how)
    return child.process.wait(30)


def test_a_gateway_reads_and_writes_at_a_sandbox_that_is_a_process_of_its_own(tmp_path: Path) -> None:
    with running_command("sandbox", "--port", "0") as sandbox:
        addresses = {name: sandbox.address(name) for name in ("chargebee", "vcita", "zenskar")}
        config = tmp_path / "accounts.toml"
        config.write_text(ACCOUNTS.format(**addresses))
        environment = {**SECRET, "OUR_KEY": "ours", "CREDIT_NOTES_VOLATILE_LEDGER": "accept"}
        with (
            running_command("serve", "--port", "0", "--config", str(config), environment=environment) as child,
            asking(child.address("GraphQL")) as gateway,
            controlling(sandbox.address("control")) as control,
        ):
            names = [account["name"] for account in gateway.gql("{ accounts { name } }")["accounts"]]
            assert names == ["ours-chargebee", "ours-vcita", "ours-zenskar"]
            before = control.calls("chargebee", "POST")
            issued = gateway.issue("ours-chargebee", "INV-1002", {"total": {"amount": "10.00", "currency": "USD"}})
            assert (issued["outcome"], issued["errors"]) == ("APPLIED", [])
            assert control.calls("chargebee", "POST") == before + 1
            notes = control.books()["chargebee"]["notes"]
            assert issued["creditNote"]["providerId"] in str(notes)


def test_two_workers_over_a_durable_redis_are_one_gateway_and_have_one_sandbox(durable: RedisServer) -> None:
    environment = {**SECRET, "CREDIT_NOTES_REDIS_URL": durable.url, **SETTLED, "CREDIT_NOTES_LEDGER_DURABILITY": "required"}
    with (
        running_command("serve", "--port", "0", "--workers", "2", environment=environment) as child,
        controlling(child.address("sandbox")) as control,
    ):
        url = child.address("GraphiQL")
        child.answers(f"{url}/livez")
        both = workers(child)
        assert len(both) == 2
        for worker in both:
            assert any(answers_alone(worker, both, url) for _ in range(60)), child.printed
        first, second = both
        with alone(first, both), asking(url) as gateway:
            issued = issue(gateway, "two-workers")
        with alone(second, both), asking(url) as gateway:
            repeated = issue(gateway, "two-workers")
            assert gateway.http.get("/readyz").json() == {
                "status": "ok",
                "store": {"kind": "redis", "reachable": True, "keptOnDisk": True, "mayEvict": False},
                "notes": [],
            }
        assert (issued["outcome"], issued["replayed"], issued["errors"]) == ("APPLIED", False, [])
        assert (repeated["outcome"], repeated["replayed"], repeated["errors"]) == ("APPLIED", True, [])
        assert issued["creditNote"]["id"] == repeated["creditNote"]["id"]
        assert control.calls("chargebee", "POST") == 1
        assert ended(child, signal.SIGTERM) in {0, 128 + signal.SIGTERM, -signal.SIGTERM}
        assert [pid for pid in both if Path(f"/proc/{pid}").exists()] == []
    assert "Traceback" not in child.printed


def test_without_redis_at_the_start_reads_work_and_writes_wait_until_it_is_there(tmp_path: Path) -> None:
    redis = RedisServer(tmp_path)
    environment = {**SECRET, "CREDIT_NOTES_REDIS_URL": redis.url}
    with (
        running_command("serve", "--port", "0", environment=environment) as child,
        asking(child.address("GraphiQL")) as gateway,
        controlling(child.address("sandbox")) as control,
    ):
        ready = gateway.http.get("/readyz")
        assert (ready.status_code, ready.json()) == (
            200,
            {"status": "degraded", "store": {"kind": "redis", "reachable": False}, "notes": ["writes refused"]},
        )
        listed = gateway.gql("{ creditNotes(first: 3) { nodes { id } sources { complete } } }")["creditNotes"]
        assert (len(listed["nodes"]), [source["complete"] for source in listed["sources"]]) == (3, [True, True, True])
        refused = issue(gateway, "redis-away")
        assert (refused["outcome"], [problem["code"] for problem in refused["errors"]]) == ("NOT_APPLIED", ["GATEWAY_UNAVAILABLE"])
        assert refused["errors"][0]["retryable"] is True
        assert control.calls("chargebee", "POST") == 0
        redis.start()
        try:
            assert issue(gateway, "redis-away")["outcome"] == "APPLIED"
            assert gateway.http.get("/readyz").json()["status"] == "ok"
        finally:
            redis.stop()
    assert "Redis is out of reach" in child.printed  # told at the start
    assert "Traceback" not in child.printed


def test_any_address_but_loopback_is_served_only_where_that_is_allowed() -> None:
    with running_command("serve", "--host", "127.0.0.2", "--port", "0") as refused:
        assert refused.process.wait(30) == 2
    assert "CREDIT_NOTES_OPEN=yes" in refused.lines[0]
    with running_command("serve", "--host", "127.0.0.2", "--port", "0", environment={"CREDIT_NOTES_OPEN": "yes"}) as child:
        url = child.address("GraphiQL")
        assert url.startswith("http://127.0.0.2:")
        assert httpx.get(f"{url}/livez", timeout=30).json() == {"status": "ok"}


def test_the_address_printed_takes_connections_at_once() -> None:
    """Whoever starts the gateway from a script need not guess when it is loaded: the first request waits."""
    with running_command("serve", "--port", "0") as child:
        host, _, port = child.address("GraphiQL").removeprefix("http://").rpartition(":")
        with socket.create_connection((host, int(port)), timeout=1):
            pass


@pytest.mark.parametrize("command", ["serve", "sandbox"])
@pytest.mark.parametrize(
    ("how", "codes"), [(signal.SIGTERM, {0, 143, -signal.SIGTERM}), (signal.SIGINT, {0})], ids=["terminated", "interrupted"]
)
def test_it_ends_when_told_to_and_says_nothing_about_it(command: str, how: signal.Signals, codes: set[int]) -> None:
    with running_command(command, "--port", "0") as child:
        url = child.address("GraphiQL" if command == "serve" else "control")
        httpx.get(f"{url}/livez", timeout=30)
        printed = child.printed
        assert ended(child, how) in codes
    assert [line for line in child.lines if line.strip() and line not in printed and " request " not in line] == []


@pytest.mark.parametrize("port", ["-1", "65533"])
def test_a_sandbox_needs_four_ports_that_exist(port: str) -> None:
    with running_command("sandbox", "--port", port) as child:
        assert child.process.wait(30) == 2
    assert f"{port} is not in the range" in child.printed
    assert "Traceback" not in child.printed


@pytest.mark.parametrize(("command", "url"), [("serve", "nonsense"), ("check", "redis://:pass#word@127.0.0.1/0")])
def test_what_is_no_address_of_a_redis_is_told_and_not_shown(command: str, url: str) -> None:
    with running_command(command, environment={**SECRET, "CREDIT_NOTES_REDIS_URL": url}) as child:
        assert child.process.wait(30) == 2
    (line,) = child.lines
    assert line.startswith("credit-notes: CREDIT_NOTES_REDIS_URL: must be redis://")
    assert url not in line


def test_a_stop_over_units_is_lifted_only_where_it_is_kept(tmp_path: Path) -> None:
    with running_command("check", "--confirm-units") as child:
        assert child.process.wait(30) == 2
    assert "--confirm-units: set CREDIT_NOTES_REDIS_URL" in child.printed
    away = {"CREDIT_NOTES_REDIS_URL": RedisServer(tmp_path).url}
    with running_command("check", "--confirm-units", environment=away) as child:
        assert child.process.wait(30) == 2
    assert [line for line in child.lines if line.startswith("credit-notes: ")] == child.lines
    assert "out of reach" in child.printed

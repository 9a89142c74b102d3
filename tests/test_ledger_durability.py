"""How safe the ledger is, as an operator is told: at the start, by `/readyz`, by `credit-notes check`, and by a refusal to start."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from tests.support.console import running_command
from tests.support.redis_server import RedisServer
from tests.support.running import asking, controlling

SECRET = {"CREDIT_NOTES_SECRET": "a text of thirty-two or more characters signs cursors"}
REQUIRED = {"CREDIT_NOTES_LEDGER_DURABILITY": "required"}
ON_DISK = ("--appendonly", "yes", "--appendfsync", "always")

Made = Callable[..., RedisServer]


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Made]:
    """Makes a server of the test's own, which it starts itself."""
    servers: list[RedisServer] = []

    def make(*options: str) -> RedisServer:
        servers.append(RedisServer(tmp_path, *options))
        return servers[-1]

    yield make
    for server in servers:
        server.stop()


def over(redis: RedisServer) -> dict[str, str]:
    return {**SECRET, "CREDIT_NOTES_REDIS_URL": redis.url}


def checked(environment: dict[str, str]) -> tuple[int, str]:
    """How `check` ends, and what it says of the ledger."""
    with running_command("check", environment=environment) as child:
        code = child.process.wait(60)
    assert "Traceback" not in child.printed
    (row,) = [line for line in child.lines if line.startswith("(ledger)")]
    return code, row


def test_a_ledger_that_may_be_forgotten_is_told_and_served(made: Made) -> None:
    redis = made("--maxmemory-policy", "allkeys-lru").start()
    with running_command("serve", "--port", "0", environment=over(redis)) as child:
        url = child.address("GraphiQL")
        child.answers(f"{url}/livez")
        ready = httpx.get(f"{url}/readyz", timeout=30)
        assert ready.status_code == 200
        told = ready.json()
        assert (told["status"], told["store"]["keptOnDisk"], told["store"]["mayEvict"]) == ("ok", False, True)
        assert ["appendonly yes" in told["notes"][0], "allkeys-lru" in told["notes"][1]] == [True, True]
        assert all(note in child.printed for note in told["notes"])


def test_a_write_that_waits_for_a_disk_nobody_writes_to_is_refused_and_that_is_told(made: Made) -> None:
    environment = {**over(made().start()), "CREDIT_NOTES_LEDGER_WAIT_AOF": "yes"}
    with (
        running_command("serve", "--port", "0", environment=environment) as child,
        asking(child.address("GraphiQL")) as gateway,
        controlling(child.address("sandbox")) as control,
    ):
        refused = gateway.issue("chargebee-demo", "INV-1004", {"total": {"amount": "10.00", "currency": "EUR"}})
        assert (refused["outcome"], control.calls("chargebee", "POST")) == ("NOT_APPLIED", 0)
        assert [problem["code"] for problem in refused["errors"]] == ["GATEWAY_UNAVAILABLE"]
        assert any(note.startswith("writes refused") for note in gateway.http.get("/readyz").json()["notes"])


@pytest.mark.parametrize(("is_there", "workers"), [(True, "1"), (True, "2"), (False, "2")])
def test_a_ledger_that_has_to_be_durable_and_is_not_lets_nothing_start(made: Made, workers: str, *, is_there: bool) -> None:
    redis = made()
    if is_there:
        redis.start()
    with running_command("serve", "--port", "0", "--workers", workers, environment={**over(redis), **REQUIRED}) as child:
        assert child.process.wait(60) != 0
    told = {line for line in child.lines if "CREDIT_NOTES_LEDGER_DURABILITY" in line}
    assert len(told) == 1  # the same from every worker
    assert ("appendonly yes" if is_there else "out of reach") in told.pop()
    assert "Traceback" not in child.printed


@pytest.mark.parametrize(
    ("options", "words"),
    [(None, "out of reach"), ((), "appendonly yes"), ((*ON_DISK, "--maxmemory-policy", "volatile-lru"), "volatile-lru")],
)
def test_check_tells_what_is_not_safe_and_fails_where_that_is_required(
    made: Made, options: tuple[str, ...] | None, words: str
) -> None:
    redis = made(*(options or ()))
    if options is not None:
        redis.start()
    code, row = checked({**over(redis), **REQUIRED})
    assert code == 1
    assert words in row


def test_check_tells_what_is_not_safe_and_goes_on_where_nothing_is_required(made: Made) -> None:
    code, row = checked(over(made().start()))
    assert code == 0
    assert "appendonly yes" in row


def test_check_is_content_with_a_ledger_that_is_safe(made: Made) -> None:
    code, row = checked({**over(made(*ON_DISK).start()), **REQUIRED})
    assert (code, row.split()[:3]) == (0, ["(ledger)", "redis", "OK"])


def test_check_without_redis_fails_where_a_durable_ledger_is_required() -> None:
    code, row = checked(REQUIRED)
    assert (code, row.split()[:2]) == (1, ["(ledger)", "process"])
    assert "not kept on disk" in row

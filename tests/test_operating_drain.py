"""How a gateway ends under load: it says so first, answers all that it has taken, and nobody behind a balancer notices."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from app.sandbox.server import Addresses
from tests.support.balancer import balancing
from tests.support.console import Child, running_command
from tests.support.running import SandboxControl, asking, controlling
from tests.test_serving import ACCOUNTS, SECRET, issue

LIST = {"query": "{ creditNotes(first: 2, freshness: { maxAgeSeconds: 0 }) { nodes { id } sources { complete } } }"}
DRAIN = {"CREDIT_NOTES_DRAIN_S": "1"}
CLIENTS = 6


def until_told_to_go(url: str) -> list[httpx.Response]:
    """All answers over one connection, until the gateway says that it takes no more over it."""
    answers: list[httpx.Response] = []
    with httpx.Client(base_url=url, timeout=60, limits=httpx.Limits(max_connections=1)) as client:
        while not answers or answers[-1].headers.get("connection") != "close":
            answers.append(client.post("/graphql", json=LIST))
    return answers


def asked(pool: ThreadPoolExecutor, url: str) -> list[Future[list[httpx.Response]]]:
    return [pool.submit(until_told_to_go, url) for _ in range(CLIENTS)]


def whole(answer: httpx.Response) -> bool:
    body = answer.json()
    return (
        answer.status_code == 200
        and "errors" not in body
        and all(one["complete"] for one in body["data"]["creditNotes"]["sources"])
    )


@pytest.fixture
def slow() -> Iterator[Child]:
    """A gateway whose providers take their time."""
    with running_command("serve", "--port", "0", environment=DRAIN) as child:
        child.answers(f"{child.address('GraphiQL')}/livez")
        with controlling(child.address("sandbox")) as control:
            control.fault(fault="delay", delay_ms=2500, provider="chargebee", method="POST")
            control.fault(fault="delay", delay_ms=30)
        yield child


def test_under_load_all_that_was_taken_is_answered_and_readiness_ends_first(slow: Child) -> None:
    url = slow.address("GraphiQL")
    with ThreadPoolExecutor(CLIENTS + 1) as pool, asking(url) as gateway, controlling(slow.address("sandbox")) as control:
        clients = asked(pool, url)
        writing = pool.submit(issue, gateway, "while-it-ends")  # takes longer than the drain
        while not control.calls("chargebee", "POST"):
            pass
        assert httpx.get(f"{url}/readyz").status_code == 200
        slow.process.send_signal(signal.SIGTERM)
        while (ready := httpx.get(f"{url}/readyz")).status_code == 200:
            pass
        assert (ready.status_code, ready.json(), ready.headers["connection"]) == (503, {"status": "draining"}, "close")
        assert httpx.get(f"{url}/livez").status_code == 200
        answers = [answer for client in clients for answer in client.result()]
        assert len(answers) >= CLIENTS
        assert [answer.text for answer in answers if not whole(answer)] == []
        assert not writing.done()
        written = writing.result()
        assert (written["outcome"], written["errors"]) == ("APPLIED", [])
    assert slow.process.wait(30) in {0, -signal.SIGTERM}
    assert "Traceback" not in slow.printed


def test_two_workers_end_under_load_as_one_does(redis_url: str) -> None:
    environment = {**SECRET, **DRAIN, "CREDIT_NOTES_REDIS_URL": redis_url}
    with running_command("serve", "--port", "0", "--workers", "2", environment=environment) as child:
        url = child.address("GraphiQL")
        child.answers(f"{url}/livez")
        with ThreadPoolExecutor(CLIENTS) as pool:
            clients = asked(pool, url)
            assert httpx.post(f"{url}/graphql", json=LIST, timeout=60).is_success
            child.process.send_signal(signal.SIGTERM)
            answers = [answer for client in clients for answer in client.result()]
        assert [answer.text for answer in answers if not whole(answer)] == []
        assert child.process.wait(30) in {0, 128 + signal.SIGTERM, -signal.SIGTERM}
    assert "Traceback" not in child.printed


@contextlib.asynccontextmanager
async def load(url: str, statuses: list[int | str]) -> AsyncIterator[None]:
    """Clients that ask without a pause while the block runs; what became of each request."""
    ends = asyncio.Event()

    async def ask() -> None:
        async with httpx.AsyncClient(base_url=url, timeout=60) as client:
            while not ends.is_set():
                try:
                    answer = await client.post("/graphql", json=LIST, headers={"Connection": "close"})
                    statuses.append(answer.status_code if whole(answer) else answer.text)
                except httpx.HTTPError as failed:
                    statuses.append(repr(failed))

    async with asyncio.TaskGroup() as clients:
        for _ in range(CLIENTS):
            clients.create_task(ask())
        try:
            yield
        finally:
            ends.set()


@pytest.mark.anyio
async def test_a_rolling_restart_behind_a_balancer_fails_no_request(
    tmp_path: Path, redis_url: str, addresses: Addresses, sandbox: SandboxControl
) -> None:
    config = tmp_path / "accounts.toml"
    config.write_text(ACCOUNTS.format(**addresses.providers))
    environment = {**SECRET, **DRAIN, "CREDIT_NOTES_REDIS_URL": redis_url, "OUR_KEY": "ours"}
    statuses: list[int | str] = []
    with ExitStack() as stack:

        def started() -> Child:
            command = running_command("serve", "--port", "0", "--config", str(config), environment=environment)
            child = stack.enter_context(command)
            child.answers(f"{child.address('GraphQL')}/livez")
            return child

        async with balancing() as (balancer, url):
            olds = [await asyncio.to_thread(started) for _ in range(2)]
            balancer.behind += [old.address("GraphQL") for old in olds]
            await balancer.until_ready(2)
            async with load(url, statuses):
                for old in olds:
                    new = await asyncio.to_thread(started)
                    balancer.behind.append(new.address("GraphQL"))
                    await balancer.until_ready(3)
                    old.process.send_signal(signal.SIGTERM)
                    assert await asyncio.to_thread(old.process.wait, 30) in {0, -signal.SIGTERM}
                    balancer.behind.remove(old.address("GraphQL"))
                    await balancer.until_ready(2)
    assert len(statuses) > 4 * CLIENTS
    assert [status for status in statuses if status != 200] == []

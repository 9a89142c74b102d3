"""What accounts that are not well cost one that is: its 99th percentile beside them, against alone, and against beside others that are well.

Run: .venv/bin/python benchmarks/isolation.py [requests] [a second, to each of the others]. One account answers after 30 s, one asks to wait, one is broken.
All providers run in processes of their own. Trust the ratios: beside the well ones it is the work that costs, the rest is what the sick ones add.
"""

from __future__ import annotations

import asyncio
import itertools
import statistics
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace

import httpx
import structlog

from app.accounts_file import demo_accounts
from app.asgi import create_app
from app.providers.contract import AccountSettings
from app.settings import Settings
from app.timings import Timings

A_ROUND, AT_ONCE, READ_S = 200, 4, 3.0
KINDS = ("slow", "limited", "broken")
NOTE = '{ creditNoteByReference(account: "%s", by: { providerId: "%s" }, freshness: { maxAgeSeconds: 0 }) { id total { amount } } }'

SICK = """
import asyncio
SAID = {"limited": (0, "429 Slow Down", "retry-after: 30\\r\\n"), "broken": (0, "500 Broken", ""), "slow": (30, "200 OK", "")}
def serving(delay, status, header):
    async def serve(reader, writer):
        try:
            while True:
                await reader.readuntil(b"\\r\\n\\r\\n")
                await asyncio.sleep(delay)
                writer.write(f"HTTP/1.1 {status}\\r\\n{header}content-length: 2\\r\\n\\r\\n{{}}".encode())
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()
    return serve
async def main():
    servers = {name: await asyncio.start_server(serving(*said), "127.0.0.1", 0) for name, said in SAID.items()}
    print(*(f"{name}=http://127.0.0.1:{server.sockets[0].getsockname()[1]}" for name, server in servers.items()), flush=True)
    await asyncio.gather(*(server.serve_forever() for server in servers.values()))
asyncio.run(main())
"""


WELL = """
import asyncio
from app.sandbox.server import make_sandbox, serving
async def main():
    async with serving(make_sandbox()) as addresses:
        print(f"chargebee={addresses.providers['chargebee']}", flush=True)
        await asyncio.Event().wait()
asyncio.run(main())
"""


async def main(requests: int, rate: float) -> None:
    """Alone, beside the well and beside the sick, in turn, so that what else the machine does falls on all of them."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))  # logs are not what is measured
    with _providers(SICK) as sick, _providers(WELL) as well:
        (healthy,) = demo_accounts(well).values()
        await _compare(_accounts(healthy, sick), requests, rate)


@contextmanager
def _providers(script: str) -> Iterator[dict[str, str]]:
    """A process that serves some, by name."""
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as process:
        try:
            yield dict(pair.split("=") for pair in (process.stdout.readline() if process.stdout else "").split())
        finally:
            process.terminate()


def _accounts(healthy: AccountSettings, sick_at: dict[str, str]) -> dict[str, AccountSettings]:
    addresses = dict.fromkeys(("healthy", *(f"well-{kind}" for kind in KINDS)), healthy.base_url) | sick_at
    return {name: replace(healthy, name=name, base_url=url) for name, url in addresses.items()}


async def _compare(accounts: dict[str, AccountSettings], requests: int, rate: float) -> None:
    gateway = create_app(Settings(accounts=accounts, timings=Timings(read_timeout_s=READ_S)))
    well = [f"well-{kind}" for kind in KINDS]
    others: dict[str, Iterable[str]] = {"alone": (), "beside three that are well": well, "beside three that are not": KINDS}
    took: dict[str, list[float]] = {name: [] for name in others}
    async with (
        gateway.router.lifespan_context(gateway),
        httpx.AsyncClient(transport=httpx.ASGITransport(gateway), base_url="http://localhost", timeout=60) as client,
    ):
        ids = await _ids(client)
        await _times(client, ids, A_ROUND)
        for _ in range(max(1, requests // A_ROUND)):
            for name, beside in others.items():
                async with _asked(client, ids, beside, rate):
                    took[name] += await _times(client, ids, A_ROUND)
    cuts = {name: statistics.quantiles(times, n=100) for name, times in took.items()}
    for name, cut in cuts.items():
        ratios = [cut[rank] / cuts["alone"][rank] for rank in (49, 98)]
        print(f"{name:<28} p50 {cut[49] * 1000:7.2f} ms {ratios[0]:5.2f} x   p99 {cut[98] * 1000:7.2f} ms {ratios[1]:5.2f} x")


async def _ids(client: httpx.AsyncClient) -> list[str]:
    page = '{ creditNotes(first: 100, filter: { accounts: ["healthy"] }) { nodes { providerId } } }'
    answer = (await client.post("/graphql", json={"query": page})).json()
    return [node["providerId"] for node in answer["data"]["creditNotes"]["nodes"]]


@asynccontextmanager
async def _asked(client: httpx.AsyncClient, ids: list[str], accounts: Iterable[str], rate: float) -> AsyncIterator[None]:
    """While the block lasts these accounts are asked so often a second each, whether they have answered or not."""
    asking: set[asyncio.Task[object]] = set()

    async def stream(account: str) -> None:
        for id in itertools.cycle(ids):
            asking.add(asyncio.create_task(_ask(client, account, id)))
            await asyncio.sleep(1 / rate)

    streams = [asyncio.create_task(stream(account)) for account in accounts]
    yield
    for task in (*streams, *asking):  # what is still waited for has shown all it can
        task.cancel()
    await asyncio.gather(*streams, *asking, return_exceptions=True)


async def _times(client: httpx.AsyncClient, ids: list[str], requests: int) -> list[float]:
    """How long each of the healthy account's answers took."""
    todo, took = iter(list(itertools.islice(itertools.cycle(ids), requests))), list[float]()

    async def one_after_another() -> None:
        for id in todo:
            started = time.perf_counter()
            answer = await _ask(client, "healthy", id)
            took.append(time.perf_counter() - started)
            if "errors" in answer:
                sys.exit(str(answer))

    await asyncio.gather(*(one_after_another() for _ in range(AT_ONCE)))
    return took


async def _ask(client: httpx.AsyncClient, account: str, id: str) -> dict[str, object]:
    answer: dict[str, object] = (await client.post("/graphql", json={"query": NOTE % (account, id)})).json()
    return answer


if __name__ == "__main__":
    arguments = sys.argv[1:]
    asyncio.run(main(int(arguments[0]) if arguments else 10_000, float(arguments[1]) if len(arguments) > 1 else 2))

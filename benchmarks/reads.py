"""What a read costs: CPU of the gateway per request, as a multiple of the cheapest answer the same server stack can give.

Run: .venv/bin/python benchmarks/reads.py [requests]. The sandboxes run in a process of their own, so only the gateway is measured.
Machines are shared and noisy: trust the ratios, and of those only differences above a fifth.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx
import structlog
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

from app.asgi import create_app, with_sandbox
from app.sandbox.server import bind
from app.settings import Settings

NOTE = 'query { creditNoteByReference(account: "chargebee-demo", by: { providerId: "CN-0001" }%s) { id number total { amount } } }'
PAGE = (
    "query { creditNotes(first: 100%s) { nodes { id providerId number status settlement total { amount currency } subtotal { amount }"
    " tax { amount } customer { providerId name } invoice { providerId } account { name } source { origin } }"
    " pageInfo { endCursor } } }"
)
LIVE = ", freshness: { maxAgeSeconds: 0 }"
ROUNDS = 3


async def main(requests: int) -> None:
    """Measure each in turn, three rounds, interleaved; print medians."""
    with bind("127.0.0.1", 0) as free:
        port = free.getsockname()[1]
    command = [str(Path(sys.executable).with_name("credit-notes")), "sandbox", "--port", str(port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as sandbox:  # noqa: ASYNC220 - before anything else runs
        try:
            lines = [sandbox.stdout.readline().split() for _ in range(4)] if sandbox.stdout else []
            addresses = {name: address for name, address, *_ in lines if name != "control"}
            await _measure(addresses, requests)
        finally:
            sandbox.terminate()


async def _measure(addresses: dict[str, str], requests: int) -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))  # logs are not what is measured
    gateway = create_app(with_sandbox(Settings(accounts={}), addresses))
    trivial = Starlette(routes=[Route("/graphql", lambda _: JSONResponse({"data": None}), methods=["POST"])])
    async with gateway.router.lifespan_context(gateway), _client(gateway) as ours, _client(trivial) as theirs:
        cases: dict[str, Callable[[], Awaitable[None]]] = {
            "trivial answer": lambda: _ask(theirs, "{}"),
            "one note, cached": lambda: _ask(ours, NOTE % ""),
            "one note, live": lambda: _ask(ours, NOTE % LIVE),
            "page of 100, cached": lambda: _ask(ours, PAGE % ""),
            "page of 100, live": lambda: _ask(ours, PAGE % LIVE),
        }
        times: dict[str, list[float]] = {name: [] for name in cases}
        for _ in range(ROUNDS):
            for name, ask in cases.items():
                times[name].append(await _cpu(ask, requests if "100" not in name else max(1, requests // 20)))
        base = statistics.median(times["trivial answer"])
        for name, taken in times.items():
            print(f"{name:<22} {statistics.median(taken) * 1000:8.3f} ms CPU   {statistics.median(taken) / base:8.1f} x")


def _client(app: Starlette) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost")


async def _ask(client: httpx.AsyncClient, query: str) -> None:
    answer = (await client.post("/graphql", json={"query": query})).json()
    if "errors" in answer:
        sys.exit(json.dumps(answer["errors"]))


async def _cpu(ask: Callable[[], Awaitable[None]], times: int) -> float:
    await ask()
    started = time.process_time()
    for _ in range(times):
        await ask()
    return (time.process_time() - started) / times


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 200))

"""What a call to a provider costs with one pool of connections or several: CPU per call, and calls a second, in one run.

Run: .venv/bin/python benchmarks/upstream.py [calls]. The provider is a process of its own that answers 4 KB after 50 ms.
Machines are shared and noisy: trust the ratios, and of those only differences above a fifth.
"""

from __future__ import annotations

import asyncio
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import cycle

import httpx

from app import http

ROUNDS = 3
DELAY_S = 0.05
SIZE = 10

PROVIDER = f"""
import asyncio
async def serve(reader, writer):
    try:
        while True:
            await reader.readuntil(b"\\r\\n\\r\\n")
            await asyncio.sleep({DELAY_S})
            writer.write(b"HTTP/1.1 200 OK\\r\\ncontent-type: application/json\\r\\ncontent-length: 4096\\r\\n\\r\\n" + b"{{" + b" " * 4094 + b"}}")
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()
async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()
asyncio.run(main())
"""


def pool(size: int) -> httpx.AsyncBaseTransport:
    """One of the library's own."""
    return httpx.AsyncHTTPTransport(limits=httpx.Limits(max_connections=size, max_keepalive_connections=size))


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Pools for so many calls at once, and how many calls they are given at once."""

    pools: Callable[[int], list[httpx.AsyncBaseTransport]]
    room: Callable[[int], int] = lambda at_once: at_once


CASES = {
    "one pool of 10": Case(pools=lambda _: [pool(SIZE)], room=lambda at_once: min(at_once, SIZE)),
    "one pool of all": Case(pools=lambda at_once: [pool(at_once)]),
    "pools of 10": Case(pools=lambda at_once: [pool(SIZE) for _ in range(-(-at_once // SIZE))]),
    "a pool each": Case(pools=lambda _: [http.Connections(idle_s=30)]),
}


async def main(calls: int) -> None:
    """Every case at every concurrency, interleaved; medians of the rounds."""
    command = [sys.executable, "-c", PROVIDER]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as provider:  # noqa: ASYNC220 - before anything else runs
        try:
            url = f"http://127.0.0.1:{provider.stdout.readline().strip() if provider.stdout else ''}/"
            for at_once in (8, 32, 64):
                await _compare(url, calls, at_once)
        finally:
            provider.terminate()


async def _compare(url: str, calls: int, at_once: int) -> None:
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in CASES}
    for _ in range(ROUNDS):
        for name, case in CASES.items():
            found[name].append(await _measured(url, calls, case.pools(at_once), case.room(at_once)))
    cpu = {name: statistics.median(cpu for cpu, _ in times) for name, times in found.items()}
    rate = {name: statistics.median(rate for _, rate in times) for name, times in found.items()}
    first = next(iter(CASES))
    print(f"{at_once} calls at once (at best {at_once / DELAY_S:.0f} a second)")
    for name in CASES:
        print(
            f"  {name:<16} {cpu[name] * 1e6:7.0f} µs CPU a call  {cpu[name] / cpu[first]:5.2f} x  {rate[name]:7.0f} calls a second"
        )


async def _measured(url: str, calls: int, pools: list[httpx.AsyncBaseTransport], room: int) -> tuple[float, float]:
    """CPU seconds for a call, and calls a second."""
    clients = [httpx.AsyncClient(transport=one) for one in pools]
    places, turns = asyncio.Semaphore(room), cycle(clients)

    async def call() -> None:
        async with places:
            (await next(turns).get(url)).raise_for_status()

    await asyncio.gather(*(call() for _ in range(room)))  # connections are made once
    started, cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(*(call() for _ in range(calls)))
    took = (time.process_time() - cpu) / calls, calls / (time.perf_counter() - started)
    for client in clients:
        await client.aclose()
    return took


if __name__ == "__main__":
    http.trusted()
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 600))

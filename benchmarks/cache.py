"""What a remembered note costs: CPU per read with the layer that a process holds before the store, and without it, over a real Redis.

Run: .venv/bin/python benchmarks/cache.py. Machines are shared and noisy: trust the ratios, and of those only differences above a fifth.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from app.gateway.background import Background
from app.gateway.cache import Freshness, Memory
from app.gateway.cache.layer import Layer
from app.gateway.credit_notes import CreditNotes
from app.store.redis import RedisStore
from app.timings import Timings
from tests.gateway.stub import StubAdapter, account, note
from tests.support.redis_server import RedisServer

ROUNDS = 5
IDS = [f"CN-{number:04}" for number in range(100)]
RAW = b'{"as": "long", "as": "a provider tells"}' * 60


async def main() -> None:
    """Measure each in turn, interleaved; print medians."""
    with tempfile.TemporaryDirectory() as folder:
        server = RedisServer(Path(folder)).start()
        try:
            await _measure(server.url)
        finally:
            server.stop()


async def _measure(url: str) -> None:
    provider = StubAdapter(notes={id: note(id, raw=RAW) for id in IDS})
    place = account(provider)
    memories = {
        name: Memory(store=RedisStore(url), background=Background(), layer=layer)
        for name, layer in {"layer": Layer(), "store": Layer(entries=0)}.items()
    }
    caches = {name: CreditNotes(memory, Timings(note_fresh_s=3600)) for name, memory in memories.items()}

    async def one(name: str, ids: list[str]) -> None:
        await caches[name].get_many(place, ids, Freshness())

    async def crowd(name: str) -> None:
        await asyncio.gather(*(one(name, [IDS[0]]) for _ in range(32)))

    cases: dict[str, tuple[int, int, Callable[[str], Awaitable[None]]]] = {
        "one note, alone": (400, 1, lambda name: one(name, [IDS[0]])),
        "one note, 32 at once": (40, 32, crowd),
        "100 notes": (40, 1, lambda name: one(name, IDS)),
    }
    await one("layer", IDS)
    for title, (times, reads, run) in cases.items():
        spent = {name: [await _cpu(run, name, times) for _ in range(ROUNDS)] for name in caches}
        layer, store = (statistics.median(spent[name]) / reads * 1e6 for name in ("layer", "store"))
        print(f"{title:<24}{layer:8.0f} us with the layer {store:8.0f} us without {store / layer:6.1f} times")
    for memory in memories.values():
        await memory.store.aclose()


async def _cpu(run: Callable[[str], Awaitable[None]], name: str, times: int) -> float:
    """Seconds of CPU for one run."""
    started = time.process_time()
    for _ in range(times):
        await run(name)
    return (time.process_time() - started) / times


if __name__ == "__main__":
    asyncio.run(main())

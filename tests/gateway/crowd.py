"""A process full of clients: each asks once for the same note, all when told to. Run as `python -m tests.gateway.crowd`.

Speaks lines: it says "ready", hears "go", and tells the distinct answers with how often each came.
"""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from collections import Counter

from app import telemetry
from app.asgi import make_process, with_sandbox
from app.gateway.accounts import Caller
from app.gateway.cache import Fetched, Freshness
from app.secret import Secret
from app.settings import Settings


async def main(redis_url: str, provider: str, address: str, id: str, clients: int) -> None:
    """One process of the gateway, without its HTTP side."""
    telemetry.configure(json=True, level=logging.ERROR)  # what it prints is read
    settings = with_sandbox(Settings(accounts={}, redis_url=Secret(redis_url)), {provider: address})
    process = make_process(settings)
    account = process.services.accounts.find(Caller(name="crowd"), f"{provider}-demo")
    print("ready", flush=True)  # noqa: T201 - the parent waits for it
    await asyncio.to_thread(sys.stdin.readline)
    found = await asyncio.gather(*(process.services.notes.get_many(account, [id], Freshness()) for _ in range(clients)))
    values = [each[id] for each in found]
    told = Counter(value.value.number if isinstance(value, Fetched) else str(value) for value in values)
    print(json.dumps(told), flush=True)  # noqa: T201 - for the parent
    await process.aclose()


if __name__ == "__main__":
    redis_url, provider, address, id, clients = sys.argv[1:]
    asyncio.run(main(redis_url, provider, address, id, int(clients)))

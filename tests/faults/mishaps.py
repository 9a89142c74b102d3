"""What goes wrong during a campaign: providers that misbehave at a share of their calls, processes that are killed, or frozen."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from functools import partial

import httpx

from tests.faults.machines import Gateway, Machines
from tests.faults.operations import Json
from tests.faults.plan import LONGEST_DELAY_S, Plan

LOOK_S = 0.05
FROZEN_S = 0.2, 2.5
"""Of Redis, whose clients wait half a second."""
FAULTS: tuple[tuple[int, Json], ...] = (
    (10, {"fault": "delay", "delay_ms": 300}),
    (10, {"fault": "delay", "delay_ms": 300, "after": True}),
    (4, {"fault": "delay", "delay_ms": int(LONGEST_DELAY_S * 1000)}),
    (4, {"fault": "delay", "delay_ms": int(LONGEST_DELAY_S * 1000), "after": True}),
    (10, {"fault": "status", "status": 500}),
    (14, {"fault": "status", "status": 500, "after": True}),
    # A refusal is an answer: a provider that says 4xx and has done it nevertheless could not be told from one that has not.
    (6, {"fault": "status", "status": 429, "retry_after": 1}),
    (5, {"fault": "status", "status": 403}),
    (5, {"fault": "status", "status": 409}),
    (10, {"fault": "drop_before"}),
    (14, {"fault": "drop_after"}),
    (10, {"fault": "garbage"}),
)
"""How often each comes, and the rule that makes it. `after`: the books have changed by then."""


class Mishaps:
    """They begin when the block that runs them does, and end with it; whoever is down then is started again."""

    def __init__(self, plan: Plan, machines: Machines, control: httpx.AsyncClient, chance: random.Random) -> None:
        self._plan = plan
        self._machines = machines
        self._control = control
        self._chance = chance
        self.faults: Counter[str] = Counter()
        self.kills: Counter[str] = Counter()
        self.freezes: Counter[str] = Counter()
        self.longest_look_s = 0.0
        """How long the sandboxes have taken at most to answer a question that costs nothing."""
        self.dealt = asyncio.Event()
        """Set once each process has been killed at least once, and each kind frozen."""
        self._over = asyncio.Event()

    async def run(self) -> None:
        """Until it is stopped; what was killed last is up again then."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._misbehave())
            group.create_task(self._strike())

    def stop(self) -> None:
        """Enough."""
        self._over.set()

    async def calls(self) -> int:
        """How many calls the providers have had."""
        began = time.monotonic()
        rows = (await self._control.get("/requests")).raise_for_status().json()
        self.longest_look_s = max(self.longest_look_s, time.monotonic() - began)
        return sum(row["count"] for row in rows)

    async def restore(self) -> None:
        """Everything up, as it was before the first mishap."""
        for gateway in self._machines.gateways:
            gateway.kill()
        self._machines.redis.stop()
        await asyncio.to_thread(self._machines.redis.start)
        for gateway in self._machines.gateways:
            gateway.start()
        await asyncio.gather(*(gateway.ready() for gateway in self._machines.gateways))

    async def _misbehave(self) -> None:
        while not await self._is_over_in(LOOK_S):
            due = int(await self.calls() * self._plan.fault_share) - self.faults.total()
            for _ in range(due):
                await self._plant()

    async def _plant(self) -> None:
        """One fault for the next call that fits."""
        weights, rules = zip(*FAULTS, strict=True)
        rule: Json = self._chance.choices(rules, weights)[0]
        provider = self._chance.choices(list(self._plan.providers), list(self._plan.providers.values()))[0]
        where = {"provider": provider, "method": self._chance.choice(("*", "POST")), "times": 1}
        (await self._control.post("/faults", json={**rule, **where})).raise_for_status()
        name = f"status {rule['status']}" if "status" in rule else str(rule["fault"])
        self.faults[name + (" after" if rule.get("after") else "")] += 1

    async def _strike(self) -> None:
        deck: list[Callable[[], Awaitable[None]]] = []
        while not await self._is_over_in(self._chance.uniform(*self._plan.kill_every_s)):
            if not deck:
                first, second = self._machines.gateways
                deck = [partial(self._kill_gateway, first), partial(self._kill_gateway, second), self._kill_redis]
                deck += [self._freeze_gateway, self._freeze_redis]
                self._chance.shuffle(deck)
            await deck.pop()()
            if not deck:
                self.dealt.set()

    async def _is_over_in(self, seconds: float) -> bool:
        try:
            async with asyncio.timeout(seconds):
                return await self._over.wait()
        except TimeoutError:
            return False

    async def _kill_gateway(self, gateway: Gateway) -> None:
        gateway.kill()
        self.kills["gateway"] += 1
        await asyncio.sleep(self._chance.uniform(0, 0.5))
        gateway.start()
        await gateway.ready()

    async def _kill_redis(self) -> None:
        self._machines.redis.stop()
        self.kills["Redis"] += 1
        await asyncio.sleep(self._chance.uniform(0, 0.8))
        await asyncio.to_thread(self._machines.redis.start)

    async def _freeze_gateway(self) -> None:
        gateway = self._chance.choice(self._machines.gateways)
        gateway.freeze()
        self.freezes["gateway"] += 1
        await asyncio.sleep(self._chance.uniform(*self._plan.freeze_s))
        gateway.thaw()

    async def _freeze_redis(self) -> None:
        """Long enough that what it was asked has no answer in time, and happens later."""
        self._machines.redis.freeze()
        self.freezes["Redis"] += 1
        await asyncio.sleep(self._chance.uniform(*FROZEN_S))
        self._machines.redis.thaw()

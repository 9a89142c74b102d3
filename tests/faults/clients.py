"""The clients: many tasks, each with one key after the other, over HTTP at either gateway. They believe only what they are told."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter

import httpx

from tests.faults.drawing import Drawing
from tests.faults.machines import Machines
from tests.faults.operations import Content, Json, Operation, Request, Told
from tests.faults.plan import Plan

MUTATIONS = {
    kind: f"mutation($input: {kind.capitalize()}CreditNoteInput!) {{ told: {kind}CreditNote(input: $input) {{ outcome "
    "creditNote { id providerId } errors { code message retryable retryAfterSeconds } } }"
    for kind in ("issue", "void", "refund")
}
PATIENCE_S = 30
"""Longer than any answer takes: a client that leaves earlier does so on purpose."""
MOST_TRIES = 10
LONGEST_WAIT_S = 1.5
"""Of a client while there are mishaps; in the end everybody waits as long as told."""
CROWD = 12


class Clients:
    """All of them, and every operation they have begun."""

    def __init__(self, plan: Plan, machines: Machines, drawing: Drawing, chance: random.Random) -> None:
        self._plan = plan
        self._machines = machines
        self._drawing = drawing
        self._chance = chance
        self._http = httpx.AsyncClient(timeout=PATIENCE_S, limits=httpx.Limits(max_connections=None))
        self.operations: list[Operation] = []
        self.refused: Counter[str] = Counter()
        """Answers without a payload: by status, or by code."""

    async def aclose(self) -> None:
        await self._http.aclose()

    async def run(self) -> None:
        """Until all operations have been begun, and each has an end or its client has given up for now."""
        give_up = time.monotonic() + self._plan.longest_s
        async with asyncio.TaskGroup() as group:
            for _ in range(self._plan.clients):
                group.create_task(self._client(give_up))

    async def settle(self, longest_s: float) -> None:
        """Repeat what has no known end until it has one, each waiting as long as it is told to."""
        give_up = time.monotonic() + longest_s
        gate = asyncio.Semaphore(self._plan.clients)
        open_ones = [(each, content) for each in self.operations for content in each.contents if content.is_open]
        async with asyncio.TaskGroup() as group:
            for each, content in open_ones:
                group.create_task(self._settled(gate, each, content, give_up))

    async def replay(self) -> None:
        """Ask once more for all that is said to be done."""
        gate = asyncio.Semaphore(self._plan.clients)
        done = [
            (each, content)
            for each in self.operations
            for content in each.contents
            if any(told.is_applied for told in content.answers)
        ]
        async with asyncio.TaskGroup() as group:
            for each, content in done:
                group.create_task(self._gated(gate, each, content))

    async def _client(self, give_up: float) -> None:
        while len(self.operations) < self._plan.operations and time.monotonic() < give_up:
            behaviour = self._drawing.behaviour()
            issue = self._drawing.issue(contents=2 if behaviour == "changed" else 1)
            self.operations.append(issue)
            await self._work(issue, behaviour)
            if issue.applied:
                further = self._drawing.follow_up(issue, issue.applied[-1])
                self.operations += further
                await asyncio.gather(*(self._work(each, self._drawing.behaviour()) for each in further))

    async def _work(self, operation: Operation, behaviour: str) -> None:
        """Begin as the behaviour says; then, one after the other, repeat what is open."""
        first = operation.contents[0]
        match behaviour:
            case "twins" | "crowd":
                number = CROWD if behaviour == "crowd" else self._chance.randint(2, 4)
                await asyncio.gather(*(self._ask(operation, first, at=each) for each in range(number)))
            case "impatient":
                await self._ask(operation, first, patience_s=self._chance.uniform(0.01, 0.4))
            case "changed":
                await asyncio.gather(*(self._ask(operation, content) for content in operation.contents))
            case _:
                await self._ask(operation, first)
        for _ in range(MOST_TRIES):
            for content in operation.contents:
                if content.is_open:
                    await asyncio.sleep(self._pause(content))
                    await self._ask(operation, content)

    def _pause(self, content: Content) -> float:
        wanted = content.answers[-1].retry_after_s if content.answers else 0.2
        return min(max(wanted, 0.1), LONGEST_WAIT_S) * self._chance.uniform(0.2, 1.0)

    async def _settled(self, gate: asyncio.Semaphore, operation: Operation, content: Content, give_up: float) -> None:
        while content.is_open and time.monotonic() < give_up:
            await self._gated(gate, operation, content)
            if content.is_open:
                await asyncio.sleep(max(0.2, content.answers[-1].retry_after_s if content.answers else 0))

    async def _gated(self, gate: asyncio.Semaphore, operation: Operation, content: Content) -> None:
        async with gate:
            await self._ask(operation, content)

    async def _ask(self, operation: Operation, content: Content, *, at: int | None = None, patience_s: float = PATIENCE_S) -> None:
        """One request at this gateway, or at either; what it is told stands with the content."""
        gateway = self._machines.gateways[self._chance.randrange(2) if at is None else at % 2]
        request = Request(started=time.time())
        content.requests.append(request)
        body = {"query": MUTATIONS[operation.kind], "variables": {"input": content.input}}
        try:
            async with asyncio.timeout(patience_s):
                answer = await self._http.post(f"{gateway.url}/graphql", json=body)
            request.told = self._told(answer)
        except (httpx.TransportError, TimeoutError):
            await asyncio.sleep(0.05)  # a gateway that is down refuses at once
        finally:
            request.ended = time.time()

    def _told(self, answer: httpx.Response) -> Told | None:
        said: Json = answer.json() if answer.headers.get("content-type", "").startswith("application/") else {}
        payload = (said.get("data") or {}).get("told")
        if payload is not None:
            return Told.of(payload)
        codes = [error.get("extensions", {}).get("code") for error in said.get("errors", [])]
        self.refused[" ".join(map(str, (answer.status_code, *codes)))] += 1
        return None

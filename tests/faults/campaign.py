"""The campaign: writes under mishaps, then the books against what clients were told. `python -m tests.faults.campaign 10000`."""

from __future__ import annotations

import asyncio
import contextlib
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import click
import httpx

from tests.faults.clients import MUTATIONS, Clients
from tests.faults.drawing import Drawing
from tests.faults.ground import Ground
from tests.faults.machines import machines
from tests.faults.mishaps import Mishaps
from tests.faults.operations import Json, Operation
from tests.faults.plan import LONGEST_DELAY_S, Plan
from tests.faults.verdict import Books, Verdict, judge

BROKEN_SETTLING_S = 20.0
"""Over a store that lies much never ends, and what there is to find is found by then."""
SHOWN = 5
"""Of each kind of finding, in words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a campaign has counted."""

    operations: Sequence[Operation]
    verdict: Verdict
    kills: Counter[str]
    freezes: Counter[str]
    faults: Counter[str]
    calls: int
    refused: Counter[str]
    internal_errors: int
    longest_look_s: float
    seconds: float

    @property
    def is_good(self) -> bool:
        return self.verdict.is_good and not self.internal_errors

    def __str__(self) -> str:
        requests = [request for each in self.operations for request in each.requests]
        answers = Counter("no answer" if one.told is None else one.told.outcome for one in requests)
        ends = Counter((each.kind, each.end) for each in self.operations)
        found = self.verdict
        lines = [
            f"operations  {len(self.operations)} in {self.seconds:.0f} s: {_told(Counter(each.kind for each in self.operations))}",
            f"providers   {_told(Counter(each.provider for each in self.operations))}",
            f"requests    {len(requests)}: {_told(answers)}"
            + (f"; without a payload: {_told(self.refused)}" if self.refused else ""),
            f"kills       {self.kills.total()}: {_told(self.kills)}; frozen {self.freezes.total()}: {_told(self.freezes)}",
            f"faults      {self.faults.total()} at {self.calls} calls: {_told(self.faults)}",
            *(f"  {kind:<10}{_told(Counter({end: n for (of, end), n in ends.items() if of == kind}))}" for kind in MUTATIONS),
            f"doubled {len(found.doubled)}, lost {len(found.lost)}, untrue {len(found.untrue)}",
            f"without an end {len(found.unended)}, rules of the books broken {len(found.violations)}",
            f"faults of a gateway itself {self.internal_errors}; longest look at the sandboxes {self.longest_look_s:.2f} s",
        ]
        for kind in ("doubled", "lost", "untrue", "unended", "violations"):
            lines += [f"{kind}: {each}" for each in getattr(found, kind)[:SHOWN]]
        return "\n".join(lines)


async def campaign(plan: Plan, folder: Path) -> Report:
    """Run one, in processes of its own; what they log is left in the folder."""
    began = time.monotonic()
    chance = random.Random(plan.seed)
    async with machines(plan, folder) as running, httpx.AsyncClient(base_url=running.control, timeout=60) as control:
        ground = Ground(control, running.addresses["vcita"], chance)
        await ground.prepare(plan.operations)
        before = await _books(control)
        mishaps = Mishaps(plan, running, control, chance)
        clients = Clients(plan, running, Drawing(plan, ground, chance), chance)
        async with contextlib.aclosing(clients):
            await _written(plan, clients, mishaps)
            books = Books(before, await _books(control), list(plan.providers))
        return Report(
            operations=clients.operations,
            verdict=judge(clients.operations, books),
            kills=mishaps.kills,
            freezes=mishaps.freezes,
            faults=mishaps.faults,
            calls=await mishaps.calls(),
            refused=clients.refused,
            internal_errors=running.internal_errors(),
            longest_look_s=mishaps.longest_look_s,
            seconds=time.monotonic() - began,
        )


async def _written(plan: Plan, clients: Clients, mishaps: Mishaps) -> None:
    if plan.has_mishaps:
        async with asyncio.TaskGroup() as group:
            group.create_task(mishaps.run())
            await clients.run()
            await mishaps.dealt.wait()
            mishaps.stop()
        await mishaps.restore()
        await asyncio.sleep(LONGEST_DELAY_S)  # what is still on its way at a provider arrives
    else:
        await clients.run()
    await clients.settle(plan.longest_settling_s)
    await clients.replay()


async def _books(control: httpx.AsyncClient) -> Json:
    books: Json = (await control.get("/books")).raise_for_status().json()
    return books


def _told(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.most_common()) or "none"


@click.command()
@click.argument("operations", type=click.IntRange(min=1), default=1000)
@click.option(
    "--seed", type=int, default=1, show_default=True, help="Of everything drawn at random; processes have a will of their own."
)
@click.option("--clients", type=click.IntRange(min=1), default=24, show_default=True)
@click.option(
    "--minutes", type=click.FloatRange(min=0, min_open=True), default=60.0, show_default=True, help="Begin nothing after that."
)
@click.option("--broken", is_flag=True, help="Let the gateways' store write without looking: there must be something to find.")
def main(operations: int, seed: int, clients: int, minutes: float, *, broken: bool) -> None:
    """Write under mishaps and compare the books with what clients were told; exit 1 where they disagree."""
    plan = Plan(operations=operations, seed=seed, clients=clients, longest_s=minutes * 60, breaks_commit=broken)
    if broken:
        plan = replace(plan, longest_settling_s=BROKEN_SETTLING_S)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that all processes are ended, however this one is
    folder = Path(tempfile.mkdtemp(prefix="campaign-"))
    click.echo(f"logs        {folder}")
    report = asyncio.run(campaign(plan, folder))
    click.echo(report)
    sys.exit(0 if report.is_good else 1)


if __name__ == "__main__":
    main()

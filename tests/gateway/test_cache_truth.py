"""Any interleaving of reads, writes, expiry, lost leases, lost keys, outages and deaths over two processes' caches:
no read shows less than what was answered as written before it began, and none fails unless the provider failed it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeVar

from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.credit_note import CreditNote
from app.domain.errors import GatewayError, Unavailable
from app.gateway.cache import Fetched, Freshness
from app.store import StoreFailure
from app.store.memory import MemoryStore
from tests.gateway.cached import World, clock
from tests.gateway.stub import StubAdapter, account, note
from tests.support.stores import Mishap, ShakyStore
from tests.support.virtual_time import VirtualTimeLoop, now

T = TypeVar("T")

STEP_S = 0.05
Losing = Literal["leases", "values", "epoch"]


@dataclass(slots=True, kw_only=True)
class Books(StubAdapter):
    """Every note counts its writes; a read takes its answer at some moment of the time it needs."""

    version: dict[str, int] = field(default_factory=lambda: {"a": 0, "b": 0})
    is_down: bool = False
    takes_s: tuple[float, float] = (0.0, 0.0)
    failed_at: list[float] = field(default_factory=list)

    async def fetch_many(self, ids: Sequence[str]) -> Mapping[str, CreditNote | GatewayError]:
        before_s, after_s = self.takes_s
        await asyncio.sleep(before_s)
        if self.is_down:
            self.failed_at.append(now())
            message = "down"
            raise Unavailable(message)
        found = {id: note(id, minor=self.version[id]) for id in ids}
        await asyncio.sleep(after_s)
        return found


class Wire(ShakyStore):
    """A line on which questions and answers take their time."""

    is_shared = True
    takes_s: tuple[float, float] = (0.0, 0.0)

    async def _reached(self, name: str, call: Callable[[], Awaitable[T]]) -> T:
        out_s, back_s = self.takes_s

        async def reach() -> T:
            await asyncio.sleep(out_s)
            answer = await call()
            await asyncio.sleep(back_s)
            return answer

        return await super()._reached(name, reach)


class Scene:
    """Two processes; when one has died, the next one takes its place."""

    def __init__(self) -> None:
        self.store = MemoryStore(clock=now)
        self.books = Books()
        self.place = account(self.books)
        self.turns = {id: asyncio.Lock() for id in self.books.version}
        self.answered = dict.fromkeys(self.books.version, 0)
        self.worlds = [self._started(), self._started()]
        self.under_way: list[set[asyncio.Task[None]]] = [set(), set()]
        self.wrong: list[str] = []

    def _started(self) -> World:
        return World(Wire(self.store), clock, self.books, self.place)

    async def read(self, process: int, ids: Sequence[str], freshness: Freshness) -> None:
        began, least = now(), dict(self.answered)
        found = await self.worlds[process].get(*ids, freshness=freshness)
        for id, value in found.items():
            if isinstance(value, Fetched):
                if value.value.total.minor < least[id]:
                    self.wrong.append(f"{id} was {value.value.total.minor} at {now()}, after {least[id]} was answered")
            elif not any(at >= began for at in self.books.failed_at):
                self.wrong.append(f"{id} failed at {now()}, and the provider had not: {value}")

    async def write(self, process: int, id: str, at_work: tuple[float, float]) -> None:
        world = self.worlds[process]
        async with self.turns[id]:  # as the invoice's turn makes it
            await asyncio.sleep(at_work[0])
            self.books.version[id] += 1
            done = self.books.version[id]
            await asyncio.sleep(at_work[1])
            try:
                await world.cache.written(world.account, {id: note(id, minor=done)})
            except StoreFailure:
                return  # it is answered as unknown
            self.answered[id] = done

    async def lose(self, what: Losing) -> None:
        prefix = {"leases": "cn:1:load:", "values": "cn:1:note:", "epoch": "cn:1:epoch:"}[what]
        await self.store.delete([key async for key in self.store.find(prefix)])

    async def die(self, process: int) -> None:
        for task in self.under_way[process]:
            task.cancel()
        self.line(process).go_away()
        old, self.worlds[process] = self.worlds[process], self._started()
        await old.background.drain(0)

    async def outage(self, process: int, how: Mishap, seconds: float) -> None:
        line = self.line(process)
        line.mishap = lambda _: how
        await asyncio.sleep(seconds)
        line.come_back()

    async def slow_line(self, process: int, takes_s: tuple[float, float]) -> None:
        self.line(process).takes_s = takes_s

    def line(self, process: int) -> Wire:
        line = self.worlds[process].store
        assert isinstance(line, Wire)
        return line

    async def failure(self, seconds: float) -> None:
        self.books.is_down = True
        await asyncio.sleep(seconds)
        self.books.is_down = False

    async def pace(self, takes_s: tuple[float, float]) -> None:
        self.books.takes_s = takes_s

    def begin(self, process: int, work: asyncio.Task[None]) -> None:
        self.under_way[process].add(work)
        work.add_done_callback(self.under_way[process].discard)


processes = st.sampled_from([0, 1])
short = st.integers(0, 6).map(lambda steps: steps * STEP_S)
spans = st.tuples(short, short)
pauses = st.sampled_from([0.0, 0.0, 0.02, 0.02, 0.06, 0.11, 0.2])
ids = st.sampled_from([("a",), ("a",), ("b",), ("a", "b")])
wishes = st.builds(Freshness, max_age_s=st.sampled_from([None, None, None, 0, 1]), stale_on_error=st.booleans())
reads = st.tuples(st.just("read"), processes, ids, wishes)
writes = st.tuples(st.just("write"), processes, st.sampled_from("aab"), spans)
usual = st.one_of(reads, reads, writes)
unusual = st.one_of(
    st.tuples(st.just("lose"), st.sampled_from(["leases", "values", "epoch"])),
    st.tuples(st.just("die"), processes),
    st.tuples(st.just("outage"), processes, st.sampled_from(["before", "after"]), st.sampled_from([0.1, 0.3, 2.0])),
    st.tuples(st.just("slow_line"), processes, st.tuples(pauses, pauses)),
    st.tuples(st.just("failure"), short),
    st.tuples(st.just("pace"), st.one_of(spans, st.just((2.0, 2.0)))),
)
WAITS = st.sampled_from([0.0, 0.0, 0.01, 0.01, 0.03, 0.03, STEP_S, 2 * STEP_S, 0.25, 1.0, 3.0, 10.0])
PLANS = st.lists(st.tuples(WAITS, st.one_of(usual, usual, usual, unusual)), min_size=5, max_size=30)
PACES = st.fixed_dictionaries({"books": spans, "one": st.tuples(pauses, pauses), "other": st.tuples(pauses, pauses)})

Plan = Sequence[tuple[float, tuple[object, ...]]]
Pace = tuple[float, float]


async def play(paces: Mapping[str, Pace], plan: Plan) -> list[str]:
    scene, tasks = Scene(), []
    scene.books.takes_s, scene.line(0).takes_s, scene.line(1).takes_s = paces["books"], paces["one"], paces["other"]
    for wait, (name, *arguments) in plan:
        await asyncio.sleep(wait)
        task = asyncio.create_task(getattr(scene, str(name))(*arguments))
        if name in {"read", "write"}:
            scene.begin(int(str(arguments[0])), task)
        tasks.append(task)
    ended = await asyncio.gather(*tasks, return_exceptions=True)
    scene.wrong += [repr(bug) for bug in ended if isinstance(bug, Exception)]
    await asyncio.gather(*(world.settle() for world in scene.worlds))
    return scene.wrong


@settings(max_examples=300)
@given(PACES, PLANS)
def test_no_read_shows_less_than_what_was_answered_nor_fails_by_itself(paces: Mapping[str, Pace], plan: Plan) -> None:
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        assert runner.run(play(paces, plan)) == []

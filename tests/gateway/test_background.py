"""Tasks that outlive who began them: they end by themselves, or with the process, and none is forgotten."""

from __future__ import annotations

import asyncio

import pytest

from app.gateway.background import Background

pytestmark = pytest.mark.anyio


class Steps:
    """What has been done, step by step, each when its event is set."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.go = asyncio.Event()

    async def run(self, name: str) -> str:
        try:
            await self.go.wait()
        except asyncio.CancelledError:
            self.done.append(f"{name} cancelled")
            raise
        self.done.append(name)
        return name


async def test_who_waits_gets_the_answer_or_the_failure() -> None:
    background, steps = Background(), Steps()
    steps.go.set()
    assert await background.finish(steps.run("a")) == "a"

    async def broken() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await background.finish(broken())


async def test_work_goes_on_when_who_waits_for_it_goes_away() -> None:
    background, steps = Background(), Steps()
    waiting = asyncio.create_task(background.finish(steps.run("a")))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    steps.go.set()
    await background.drain(5)
    assert steps.done == ["a"]


async def test_the_end_waits_for_what_runs_and_for_what_that_begins() -> None:
    background, steps = Background(), Steps()

    async def begins_another() -> None:
        await asyncio.sleep(0)
        background.start(steps.run("b"))
        asyncio.get_running_loop().call_later(0.02, steps.go.set)

    background.start(begins_another())
    await background.drain(5)
    assert steps.done == ["b"]


async def test_what_takes_too_long_is_cancelled_and_so_is_what_it_began() -> None:
    background, steps = Background(), Steps()

    async def begins_another() -> None:
        background.start(steps.run("b"))
        await steps.run("a")

    background.start(begins_another())
    await background.drain(0.01)
    assert sorted(steps.done) == ["a cancelled", "b cancelled"]


async def test_with_nothing_running_the_end_is_at_once() -> None:
    async with asyncio.timeout(1):
        await Background().drain(60)

"""A way to a store that reads can do without: what fails is left alone for a moment, and tried again behind the answers.

Each account has its own, since in a cluster one account's node may be away while another's is not.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from app import telemetry
from app.gateway.background import Background
from app.store import Put, Store, StoreFailure
from app.store.listening import Listening

T = TypeVar("T")

PATIENCE_S = 0.25
"""How long a read waits for the store: a provider answers in about as much."""
REST_S = 1.0
"""How long a store that failed is left alone before it is tried again."""


class _Question:
    """Keys asked for together."""

    def __init__(self) -> None:
        self.keys: dict[str, None] = {}
        self.answer: asyncio.Task[dict[str, bytes | None]] | None = None


class Guard:
    """The way; `mark` is a key that always has a value: whoever finds none there gives it one that never was."""

    def __init__(self, store: Store, background: Background, *, mark: str = "cn:1:mark") -> None:
        self._store = store
        self._background = background
        self._mark = mark
        self._rests_until: float | None = None
        self._trial: asyncio.Task[None] | None = None
        self._leaving: _Question | None = None
        self._under_way: asyncio.Task[dict[str, bytes | None]] | None = None

    @property
    def is_shared(self) -> bool:
        """Whether other processes see the store."""
        return self._store.is_shared

    async def get(self, keys: Sequence[str]) -> list[bytes | None]:
        """The values, as they are at this moment or later. Raises StoreFailure.

        One question at a time: who comes while it is under way shares the next one, since its answer may be older than a write.
        """
        if not self.is_shared:
            found = await self._found(keys)
            return [found[key] for key in keys]
        self._refuse_while_resting()
        question = self._leaving or _Question()
        question.keys |= dict.fromkeys(keys)
        if question.answer is None:
            self._leaving = question
            question.answer = self._background.start(self._ask(question, self._under_way))
            question.answer.add_done_callback(_seen)
        await asyncio.wait({question.answer})  # who goes away leaves it to the others
        if question.answer.cancelled():
            message = "the gateway is closing"
            raise StoreFailure(message)
        found = question.answer.result()
        return [found[key] for key in keys]

    async def reach(self, call: Callable[[Store], Awaitable[T]], *, awaited: bool = True) -> T:
        """What the call answers; raises StoreFailure, and at once while the store is left alone.

        What no reader waits for may be late, and does not keep others from the store: an account's turns would come apart.
        """
        self._refuse_while_resting()
        try:
            return await _in_time(call, self._store)
        except StoreFailure as failed:
            if awaited:
                self._rest(failed)
            else:
                telemetry.store_failed(operation="cache", error=failed)
            raise

    async def _ask(self, question: _Question, before: asyncio.Task[dict[str, bytes | None]] | None) -> dict[str, bytes | None]:
        if before is not None:
            await asyncio.wait({before})
        self._leaving, self._under_way = None, question.answer
        try:
            return await self._found(list(question.keys))
        finally:
            self._under_way = None

    async def _found(self, keys: Sequence[str]) -> dict[str, bytes | None]:
        found = dict(zip(keys, await self.reach(lambda store: store.get_many(keys)), strict=True))
        if self._mark in found and found[self._mark] is None:
            new = secrets.token_bytes(8)
            put = await self.reach(lambda store: store.commit({self._mark: None}, {self._mark: Put(new)}))
            found[self._mark] = new if put else (await self.reach(lambda store: store.get_many([self._mark])))[0]
        return found

    def _refuse_while_resting(self) -> None:
        if self._rests_until is None:
            return
        if asyncio.get_running_loop().time() >= self._rests_until and (self._trial is None or self._trial.done()):
            self._trial = self._background.start(self._try())
        message = "the store has just failed and is left alone"
        raise StoreFailure(message)

    def _rest(self, failed: StoreFailure) -> None:
        if self._rests_until is None:
            telemetry.store_failed(operation="cache", error=failed)
        self._rests_until = asyncio.get_running_loop().time() + REST_S

    async def _try(self) -> None:
        try:
            await _in_time(lambda store: store.get_many([self._mark]), self._store)
        except StoreFailure as failed:
            self._rest(failed)
        else:
            self._rests_until = None


async def _in_time(call: Callable[[Store], Awaitable[T]], store: Store) -> T:
    try:
        async with Listening(PATIENCE_S):
            return await call(store)
    except TimeoutError as late:
        message = "the store did not answer in time"
        raise StoreFailure(message) from late


def _seen(answer: asyncio.Task[dict[str, bytes | None]]) -> None:
    """Nobody may be left to take its failure."""
    if not answer.cancelled():
        answer.exception()

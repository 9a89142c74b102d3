"""The feed of changes: what is told is heard once, in order, by who wants it; memory is bounded; what may have been missed is said."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.errors import GatewayError, LimitExceeded, StoreUnavailable
from app.domain.vocabulary import ChangeKind, ChangeOrigin
from app.gateway.background import Background
from app.gateway.feed import CHANNEL, Feed, NoteChange, Subscriber
from app.store import Gap, Store
from app.store.memory import MemoryStore
from app.store.redis import RedisStore

pytestmark = pytest.mark.anyio


def change(id: str = "", **more: object) -> NoteChange:
    """A change that nobody else has told."""
    plain = NoteChange(
        id=id or uuid.uuid4().hex,
        kind=ChangeKind.CREATED,
        tag="{t/a}",
        account="a",
        note_id="n",
        invoice_id=None,
        at=datetime.now(UTC),
        by=ChangeOrigin.GATEWAY,
    )
    return replace(plain, **more)  # type: ignore[arg-type]  # a builder for tests: wrong members fail there at once


class Line(MemoryStore):
    """A store shared with others, whose line a test breaks and mends."""

    is_shared = True

    def __init__(self) -> None:
        super().__init__()
        self.heard: asyncio.Queue[bytes | Gap] = asyncio.Queue()

    async def listen(self, channel: str) -> AsyncGenerator[bytes | Gap, None]:
        assert channel == CHANNEL
        while True:
            yield await self.heard.get()

    async def publish(self, channel: str, message: bytes) -> None:
        assert channel == CHANNEL
        self.heard.put_nowait(message)


@contextlib.asynccontextmanager
async def listening(store: Store, *, most: int = 10) -> AsyncIterator[Feed]:
    background = Background()
    feed = Feed(store, background, most_waiting=most)
    async with feed.listening():
        yield feed
    await background.drain(1)


async def everything(feed: Feed, wants: Callable[[NoteChange], bool] = lambda _: True) -> Subscriber:
    return await feed.subscribe(wants, patience_s=5)


async def ids(subscriber: Subscriber, count: int) -> list[str]:
    async with asyncio.timeout(5):
        return [(await anext(subscriber)).id for _ in range(count)]


async def test_each_hears_what_it_wants_in_the_order_told() -> None:
    async with listening(MemoryStore()) as feed:
        both, one = await everything(feed), await everything(feed, lambda heard: heard.account == "b")
        feed.tell(change("1"), change("2", account="b"))
        feed.tell(change("3"))
        assert await ids(both, 3) == ["1", "2", "3"]
        assert await ids(one, 1) == ["2"]


async def test_what_is_told_again_is_heard_once() -> None:
    async with listening(MemoryStore()) as feed:
        subscriber = await everything(feed)
        feed.tell(change("1"), change("1"), change("2"))
        assert await ids(subscriber, 2) == ["1", "2"]


async def test_nobody_hears_what_was_told_before_or_after() -> None:
    async with listening(MemoryStore()) as feed:
        feed.tell(change("before"))
        subscriber = await everything(feed)
        feed.tell(change("now"))
        assert await ids(subscriber, 1) == ["now"]
        await subscriber.aclose()
        feed.tell(change("after"))
        assert (feed.subscribers, len(subscriber._waiting)) == (0, 0)


async def test_who_does_not_keep_up_is_given_what_waits_and_told_that_it_is_over() -> None:
    async with listening(MemoryStore(), most=3) as feed:
        slow, quick = await everything(feed), await everything(feed)
        for number in range(100):
            feed.tell(change(str(number)))
            assert await ids(quick, 1) == [str(number)]
        assert (feed.subscribers, len(slow._waiting)) == (1, 3)
        assert await ids(slow, 3) == ["0", "1", "2"]
        with pytest.raises(LimitExceeded, match="3 changes wait"):
            await anext(slow)


async def test_a_wish_that_fails_ends_its_own_subscription_alone() -> None:
    async with listening(MemoryStore()) as feed:
        broken, sound = await everything(feed, lambda _: bool(1 / 0)), await everything(feed)
        feed.tell(change("1"), change("2"))
        assert await ids(sound, 2) == ["1", "2"]
        with pytest.raises(GatewayError, match="failed"):
            await anext(broken)


async def test_a_gap_ends_every_subscription_and_lets_new_ones_in_once_it_is_closed() -> None:
    line = Line()
    async with listening(line) as feed:
        line.heard.put_nowait(Gap.CLOSED)
        subscriber = await everything(feed)
        feed.tell(change("1"))
        line.heard.put_nowait(Gap.OPEN)
        assert await ids(subscriber, 1) == ["1"]
        with pytest.raises(StoreUnavailable, match="missed"):
            await anext(subscriber)
        with pytest.raises(StoreUnavailable, match="out of reach"):
            await feed.subscribe(lambda _: True, patience_s=0.01)
        waiting = asyncio.create_task(everything(feed))
        line.heard.put_nowait(Gap.CLOSED)
        subscriber = await waiting
        feed.tell(change("2"))
        assert await ids(subscriber, 1) == ["2"]


async def test_what_comes_back_over_the_store_is_not_heard_again_and_what_cannot_be_read_not_at_all() -> None:
    line = Line()
    async with listening(line) as feed:
        line.heard.put_nowait(Gap.CLOSED)
        subscriber = await everything(feed)
        feed.tell(change("1"))
        line.heard.put_nowait(b"\xff of another version")
        await feed.background.drain(1)
        feed.tell(change("2"))
        assert await ids(subscriber, 2) == ["1", "2"]


async def test_every_process_hears_what_one_tells(redis_url: str) -> None:
    stores = [RedisStore(redis_url) for _ in range(3)]
    async with contextlib.AsyncExitStack() as stack:
        feeds = [await stack.enter_async_context(listening(store)) for store in stores]
        subscribers = [await everything(feed, lambda heard: heard.tag == "{feed/a}") for feed in feeds]
        told = [change(tag="{feed/a}", invoice_id="i", kind=kind) for kind in ChangeKind]
        for feed, one in zip([*feeds, *feeds], told, strict=False):
            feed.tell(one)
        for subscriber in subscribers:
            async with asyncio.timeout(5):
                heard = [await anext(subscriber) for _ in told]
            assert sorted(heard, key=lambda one: one.id) == sorted(told, key=lambda one: one.id)
    for store in stores:
        await store.aclose()


@given(st.lists(st.sampled_from(["tell", "take", "again"]), max_size=60))
async def test_nothing_is_lost_doubled_or_out_of_order_until_it_is_too_much(steps: list[str]) -> None:
    feed = Feed(MemoryStore(), Background(), most_waiting=5)
    feed._hears.set()
    subscriber = await everything(feed)
    told: list[NoteChange] = []
    heard: list[NoteChange] = []
    for step in steps:
        if step == "tell":
            told.append(change())
        if step != "take" and told:
            feed.tell(told[-1])
        if step == "take" and subscriber._waiting:
            heard.append(await anext(subscriber))
    while subscriber._waiting:
        heard.append(await anext(subscriber))
    assert heard == told[: len(heard)]
    assert (len(heard) < len(told)) == (feed.subscribers == 0)

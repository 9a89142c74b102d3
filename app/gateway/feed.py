"""The changes of notes as they happen: told by whoever makes one, in any process, heard by whoever has subscribed in this one.

Nothing is kept: who was not listening, or has missed some, reads. What a subscriber may hear is not decided here.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from app import telemetry
from app.domain.credit_note import CreditNote
from app.domain.errors import GatewayError, LimitExceeded, StoreUnavailable
from app.domain.vocabulary import ChangeKind, ChangeOrigin, Operation
from app.gateway.background import Background
from app.gateway.changes import Change
from app.gateway.codec import Codec
from app.gateway.held import Held
from app.store import Gap, Store, StoreFailure

CHANNEL = "cn:1:changes"
MOST_WAITING = 1_000
"""Changes that wait for one subscriber; with one more it is told that it does not keep up."""
_REMEMBERED = 10_000
"""Ids of changes already told: each is heard here first, and once or twice more through the store."""
_KINDS = {Operation.ISSUE: ChangeKind.CREATED, Operation.VOID: ChangeKind.VOIDED, Operation.REFUND: ChangeKind.REFUNDED}


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteChange:
    """One change of one note: no amounts, no names."""

    id: str
    """The same whoever tells it, and however often."""
    kind: ChangeKind
    tag: str
    """Tenant and account, as keys carry them."""
    account: str
    note_id: str
    invoice_id: str | None
    at: datetime
    by: ChangeOrigin


def changes_made(held: Held, change: Change) -> tuple[NoteChange, ...]:
    """What an entry's step has changed, before it is moved on: its note and, beside it, what the provider made by itself."""
    entry, plan = held.entry, held.entry.plan
    kind = _KINDS[Operation(entry.operation) if plan is None else plan.kind]
    step = (held.keys.digest, str(entry.generation), str(entry.step))
    made = [(kind, change.note), *([(ChangeKind.CREATED, change.surplus)] if change.surplus is not None else [])]
    return tuple(_made(held, kind, note, step) for kind, note in made)


def _made(held: Held, kind: ChangeKind, note: CreditNote, step: tuple[str, ...]) -> NoteChange:
    account = held.keys.account
    id = hashlib.sha256("\0".join((account.tag, *step, kind.value, note.ref.external_id)).encode()).hexdigest()[:32]
    return NoteChange(
        id=id,
        kind=kind,
        tag=account.tag,
        account=account.name,
        note_id=note.ref.external_id,
        invoice_id=note.invoice_id,
        at=datetime.now(UTC),
        by=ChangeOrigin.GATEWAY,
    )


class Subscriber:
    """Hears the changes it wants, in the order told, until it is closed, or ended with what it raises."""

    def __init__(self, feed: Feed, wants: Callable[[NoteChange], bool], most: int) -> None:
        self._feed = feed
        self._wants = wants
        self._most = most
        self._waiting: deque[NoteChange] = deque()
        self._end: GatewayError | None = None
        self._news = asyncio.Event()

    def hear(self, change: NoteChange) -> None:
        """Keep it until it is asked for."""
        if self._end is not None or not self._wants(change):
            return
        if len(self._waiting) >= self._most:
            self.end(
                LimitExceeded(f"{self._most} changes wait and are not fetched: subscribe again, and read what you have missed")
            )
            return
        self._waiting.append(change)
        self._news.set()

    def end(self, why: GatewayError) -> None:
        """Nothing more is heard; what waits is still given."""
        self._end = self._end or why
        self._feed.leave(self)
        self._news.set()

    def __aiter__(self) -> Subscriber:
        return self

    async def __anext__(self) -> NoteChange:
        while not self._waiting:
            if self._end is not None:
                raise self._end
            self._news.clear()
            await self._news.wait()
        return self._waiting.popleft()

    async def aclose(self) -> None:
        """Hear no more."""
        self._feed.leave(self)


class Feed:
    """Where a process tells and hears them."""

    def __init__(self, store: Store, background: Background, *, most_waiting: int = MOST_WAITING) -> None:
        self._store = store
        self.background = background
        self._most = most_waiting
        self._codec = Codec(NoteChange, version=1)  # its own: releases that run together hear each other
        self._subscribers: set[Subscriber] = set()
        self._told: OrderedDict[str, None] = OrderedDict()
        self._hears = asyncio.Event()

    @property
    def subscribers(self) -> int:
        """How many listen in this process."""
        return len(self._subscribers)

    def tell(self, *changes: NoteChange) -> None:
        """Tell this process's subscribers at once, the others' without waiting."""
        for change in changes:
            self._hear(change)
            if self._store.is_shared:
                self.background.start(self._publish(change))

    async def subscribe(self, wants: Callable[[NoteChange], bool], *, patience_s: float) -> Subscriber:
        """Hear every change from now on that is wanted; raises StoreUnavailable where other processes cannot be heard.

        Leave by closing it.
        """
        try:
            async with asyncio.timeout(patience_s):
                await self._hears.wait()
        except TimeoutError as deaf:
            message = "changes cannot be heard now: the gateway's store is out of reach"
            raise StoreUnavailable(message) from deaf
        subscriber = Subscriber(self, wants, self._most)
        self._subscribers.add(subscriber)
        return subscriber

    def leave(self, subscriber: Subscriber) -> None:
        """Nothing more for this one."""
        self._subscribers.discard(subscriber)

    @contextlib.asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        """Hear the other processes while the block runs."""
        task = asyncio.create_task(self._listen())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait({task})

    async def _listen(self) -> None:
        async with contextlib.aclosing(self._store.listen(CHANNEL)) as messages:
            async for message in messages:
                match message:
                    case Gap.OPEN:
                        self._hears.clear()
                        self._end_all()
                    case Gap.CLOSED:
                        self._hears.set()
                    case bytes():
                        change = self._codec.decode(message)
                        if change is not None:  # else of another version of this gateway
                            self._hear(change)

    def _hear(self, change: NoteChange) -> None:
        if change.id in self._told:
            return
        self._told[change.id] = None
        while len(self._told) > _REMEMBERED:
            self._told.popitem(last=False)
        for subscriber in list(self._subscribers):
            try:
                subscriber.hear(change)
            except Exception as bug:  # noqa: BLE001 - what one subscriber wants must not make the others deaf
                telemetry.internal_error(bug)
                subscriber.end(GatewayError("the gateway failed"))

    def _end_all(self) -> None:
        for subscriber in list(self._subscribers):
            subscriber.end(StoreUnavailable("changes may have been missed: subscribe again, and read what you rely on"))

    async def _publish(self, change: NoteChange) -> None:
        try:
            await self._store.publish(CHANNEL, self._codec.encode(change))
        except StoreFailure as failed:  # who listens elsewhere has lost the store as well, and is told so
            telemetry.store_failed(operation="changes", error=failed)

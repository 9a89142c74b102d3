"""A walk through many accounts' notes in one order: where each has come to, what was shown, how their pages merge. Pure."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from app.domain.commands import Place
from app.domain.credit_note import CreditNote
from app.domain.vocabulary import Order

REMEMBERED = 8
"""Ids kept of the notes shown at the last instant: notes of one instant have no order but the provider's."""

_EPOCH = datetime.fromtimestamp(0, UTC)

StreamKey = tuple[str, int]
"""The account's name, and which part of it where one call can't cover all that is asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """How far one stream has been shown: the last instant, the last notes of that instant (none: it begins there), their page."""

    at: datetime
    ids: tuple[str, ...]
    token: str | None = None
    ended: bool = False
    """Nothing came after it."""

    @property
    def place(self) -> Place:
        """For the adapter: where to read on."""
        return Place(at=self.at, token=self.token)


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One note as a stream gave it, and the provider's page it stood on."""

    stream: StreamKey
    note: CreditNote
    token: str | None
    fetched_at: datetime
    cached: bool
    stale: bool

    def after(self, before: Mark | None) -> Mark:
        """The stream's mark once this note has been shown."""
        at, id = self.note.issued_at, self.note.ref.external_id
        same = before is not None and before.at == at
        ids = (*before.ids, id)[-REMEMBERED:] if before is not None and same else (id,)
        return Mark(at=at, ids=ids, token=self.token)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """What was read of one stream for one page: notes not shown before, in order."""

    key: StreamKey
    items: Sequence[Item]
    ended: bool
    """Whether the provider has nothing after what was read."""
    scanned: Item | None = None
    """The last note read, shown or filtered out."""


@dataclass(slots=True, kw_only=True)
class Remainder:
    """What of a stream comes after its mark, told page by page.

    Notes of the mark's own instant have no order but the provider's, and may fill pages: until the last one shown has come by, or the
    instant is over, those before it are held.
    """

    mark: Mark | None
    order: Order
    _held: list[Item] = field(default_factory=list)
    _met: bool = False
    """Whether the last note shown has come by."""

    def of(self, items: Iterable[Item], *, ended: bool) -> list[Item]:
        """Those of the next page that were not shown, and what was held of earlier ones; the last page holds nothing back."""
        found: list[Item] = []
        for item in items:
            if self.mark is None or _is_after(item.note.issued_at, self.mark.at, self.order):
                found += self._released()
                found.append(item)
            elif item.note.issued_at == self.mark.at:
                self._tie(item, self.mark, found)
        return found + self._released() if ended else found

    def _tie(self, item: Item, mark: Mark, found: list[Item]) -> None:
        if item.note.ref.external_id in mark.ids:
            self._held.clear()
            self._met = item.note.ref.external_id == mark.ids[-1]
        else:
            (found if self._met or not mark.ids else self._held).append(item)

    def _released(self) -> list[Item]:
        held, self._held = self._held, []
        return held


def _is_after(instant: datetime, mark: datetime, order: Order) -> bool:
    return instant < mark if order is Order.ISSUED_DESC else instant > mark


def merge(streams: Sequence[Stream], *, first: int, order: Order) -> list[Item]:
    """The first notes over all streams: by instant, then account, then the provider's own order.

    A stream that has more but was read no further holds back every note that could come after its next one.
    """
    heads = [(*_rank(stream.items[0], order), index, 0) for index, stream in enumerate(streams) if stream.items]
    heapq.heapify(heads)
    dry = [stream for stream in streams if not stream.items and not stream.ended and stream.scanned is not None]
    taken: list[Item] = []
    while heads and len(taken) < first:
        *_, index, position = heads[0]
        item = streams[index].items[position]
        if any(stream.scanned and not _is_before(item, stream.scanned, order) for stream in dry):
            break
        taken.append(item)
        if position + 1 < len(streams[index].items):
            heapq.heapreplace(heads, (*_rank(streams[index].items[position + 1], order), index, position + 1))
            continue
        heapq.heappop(heads)
        if not streams[index].ended:
            dry.append(streams[index])
    return taken


def _rank(item: Item, order: Order) -> tuple[timedelta, StreamKey]:
    since = item.note.issued_at - _EPOCH
    return (-since if order is Order.ISSUED_DESC else since, item.stream)


def _is_before(item: Item, other: Item, order: Order) -> bool:
    return _is_after(other.note.issued_at, item.note.issued_at, order)


def marks_after(
    marks: Mapping[StreamKey, Mark], shown: Sequence[Item], streams: Sequence[Stream], order: Order
) -> dict[StreamKey, Mark]:
    """Where every stream that was read stands once these notes have been shown: none behind the last of them.

    What is issued before that place later on would come out of order, and is left out of this walk.
    """
    moved = dict(marks)
    for item in shown:
        moved[item.stream] = item.after(moved.get(item.stream))
    for stream in streams if shown else ():
        mark = moved.get(stream.key) or Mark(at=shown[-1].note.issued_at, ids=())
        behind = _is_after(shown[-1].note.issued_at, mark.at, order)
        moved[stream.key] = replace(mark, at=shown[-1].note.issued_at, ids=()) if behind else mark
    return moved


def marks_at_end(
    marks: Mapping[StreamKey, Mark], shown: Sequence[Item], streams: Sequence[Stream], order: Order
) -> dict[StreamKey, Mark]:
    """The same at the end of a page: streams shown to the last note stand behind all they have scanned."""
    moved = marks_after(marks, shown, streams, order)
    counts = Counter(item.stream for item in shown)
    for stream in streams:
        if counts[stream.key] < len(stream.items):
            continue
        if stream.scanned is not None and (not stream.items or stream.scanned is not stream.items[-1]):
            moved[stream.key] = _beyond(moved.get(stream.key), stream.scanned, order)
        if stream.ended and stream.key in moved:
            moved[stream.key] = replace(moved[stream.key], ended=True)
    return moved


def _beyond(mark: Mark | None, scanned: Item, order: Order) -> Mark:
    """Behind a note that was read and left out, or where the page has come to, whichever is further on."""
    if mark is not None and _is_after(mark.at, scanned.note.issued_at, order):
        return replace(mark, token=scanned.token)
    return scanned.after(mark)


def has_more(shown: Sequence[Item], streams: Sequence[Stream]) -> bool:
    """Whether anything comes after this page."""
    return sum(len(stream.items) for stream in streams) > len(shown) or any(not stream.ended for stream in streams)

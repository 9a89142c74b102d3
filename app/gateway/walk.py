"""A walk through many accounts' notes in one order: where each has come to, what was shown, how their pages merge. Pure."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
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
    """How far one stream has been shown: the last instant, the last notes of that instant, the page they stood on."""

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


def unshown(notes: Sequence[CreditNote], mark: Mark | None, order: Order) -> Iterator[CreditNote]:
    """Those of a provider's page that come after the mark."""
    if mark is None:
        yield from notes
        return
    ids = [note.ref.external_id for note in notes]
    last = max((ids.index(id) for id in mark.ids if id in ids), default=-1)
    for index, note in enumerate(notes):
        if _is_after(note.issued_at, mark.at, order) or (note.issued_at == mark.at and index > last):
            yield note


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


def marks_after(marks: Mapping[StreamKey, Mark], shown: Sequence[Item]) -> dict[StreamKey, Mark]:
    """Where every stream stands once these notes have been shown."""
    moved = dict(marks)
    for item in shown:
        moved[item.stream] = item.after(moved.get(item.stream))
    return moved


def marks_at_end(marks: Mapping[StreamKey, Mark], shown: Sequence[Item], streams: Sequence[Stream]) -> dict[StreamKey, Mark]:
    """The same at the end of a page: streams shown to the last note stand behind all they have scanned."""
    moved = marks_after(marks, shown)
    counts: dict[StreamKey, int] = {}
    for item in shown:
        counts[item.stream] = counts.get(item.stream, 0) + 1
    for stream in streams:
        if counts.get(stream.key, 0) < len(stream.items):
            continue
        if stream.scanned is not None and (not stream.items or stream.scanned is not stream.items[-1]):
            moved[stream.key] = stream.scanned.after(moved.get(stream.key))
        if stream.ended and stream.key in moved:
            moved[stream.key] = replace(moved[stream.key], ended=True)
    return moved


def has_more(shown: Sequence[Item], streams: Sequence[Stream]) -> bool:
    """Whether anything comes after this page."""
    return sum(len(stream.items) for stream in streams) > len(shown) or any(not stream.ended for stream in streams)

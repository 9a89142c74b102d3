"""Pages of a list: order, opaque cursors, `next` and `previous`."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, Literal, Protocol, TypeAlias, TypeVar

from app.sandbox.kernel import Switches
from app.sandbox.zenskar.filters import Keys, SortKey
from app.sandbox.zenskar.kinds import Value, whole
from app.sandbox.zenskar.problems import Wrong, fault
from app.sandbox.zenskar.refusals import Code, Refused

DEFAULT_LIMIT = 10  # docs: Get credit note list
HIGHEST_LIMIT = 100  # published nowhere

Place: TypeAlias = "tuple[SortKey, str]"


class Listed(Protocol):
    """Whatever is listed."""

    @property
    def id(self) -> str:
        """Breaks ties of the order."""


R = TypeVar("R", bound=Listed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[R]):
    """Some rows and the way to those beside them."""

    rows: list[R]
    next: str | None
    previous: str | None
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cursor:
    order: str
    side: Literal["after", "before", "offset"]
    place: Place | int

    def __str__(self) -> str:
        packed = json.dumps([self.order, self.side, self.place], separators=(",", ":"))
        return base64.urlsafe_b64encode(packed.encode()).decode()


def page(rows: Sequence[R], keys: Keys[R], query: Mapping[str, Value], switches: Switches) -> Page[R]:
    """The page this query asks for; raises Refused for an order or a cursor that says nothing."""
    order = _order(query)
    if order.removeprefix("-") not in keys:
        raise Refused(Code.INVALID_ORDER, f"cannot order by {order[:100]!r}", 400)
    key = keys[order.removeprefix("-")]
    places = {row.id: (key(row), row.id) for row in rows}
    ordered = sorted(rows, key=lambda row: places[row.id], reverse=order.startswith("-"))
    limit = _limit(query, switches)
    start, stop = _window([places[row.id] for row in ordered], order, limit, query, switches)
    shown = ordered[start:stop]
    if switches["cursor"] == "offset":
        forth = _Cursor(order=order, side="offset", place=stop)
        back = _Cursor(order=order, side="offset", place=max(0, start - limit))
    else:
        forth = _Cursor(order=order, side="after", place=places[shown[-1].id] if shown else 0)
        back = _Cursor(order=order, side="before", place=places[shown[0].id] if shown else 0)
    return Page(
        rows=shown,
        next=str(forth) if shown and stop < len(ordered) else None,
        previous=str(back) if shown and start else None,
        total=len(ordered),
    )


def _order(query: Mapping[str, Value]) -> str:
    """`sort_key` and `sort_type` where given, else `order`; the words of `sort_type` are assumed."""
    if "sort_key" not in query:
        return str(query.get("order", "-created_at"))
    match str(query.get("sort_type", "asc")).lower():
        case "asc":
            return str(query["sort_key"])
        case "desc":
            return f"-{query['sort_key']}"
        case other:
            raise Refused(Code.INVALID_ORDER, f"sort_type is asc or desc, not {other[:100]!r}", 400)


def _limit(query: Mapping[str, Value], switches: Switches) -> int:
    limit = whole(query["limit"]) if "limit" in query else DEFAULT_LIMIT
    if limit > HIGHEST_LIMIT and switches["limit_above_100"] == "refused":
        raise fault(Wrong.TOO_HIGH, "query", "limit")
    return min(limit, HIGHEST_LIMIT)


def _window(places: Sequence[Place], order: str, limit: int, query: Mapping[str, Value], switches: Switches) -> tuple[int, int]:
    """Where the page begins and ends among all rows in order."""
    text = str(query.get("cursor", ""))
    if not text:
        return 0, limit
    try:
        return _found(places, _read(text, order), limit)
    except (ValueError, TypeError, RecursionError) as wrong:
        if switches["bad_cursor"] == "ignored":
            return 0, limit
        raise Refused(Code.INVALID_CURSOR, "the cursor is not one of this list", 400) from wrong


def _read(text: str, order: str) -> _Cursor:
    made_for, side, place = json.loads(base64.urlsafe_b64decode(text.encode("ascii")))
    if made_for != order:
        raise ValueError(made_for)
    if side == "offset" and isinstance(place, int) and place >= 0:
        return _Cursor(order=order, side="offset", place=place)
    if side in {"after", "before"} and isinstance(place, list):
        key, id = place
        if isinstance(key, str | int | float) and isinstance(id, str):
            return _Cursor(order=order, side=side, place=(key, id))
    raise ValueError(side)


def _found(places: Sequence[Place], cursor: _Cursor, limit: int) -> tuple[int, int]:
    """The row need not be there any more: its place in the order is enough."""
    if isinstance(cursor.place, int):
        return cursor.place, cursor.place + limit
    descending = cursor.order.startswith("-")
    mark = cursor.place
    ahead = [place > mark if descending else place < mark for place in places]
    start = ahead.count(True)
    if cursor.side == "before":
        return max(0, start - limit), start
    start += mark in places[start : start + 1]
    return start, start + limit

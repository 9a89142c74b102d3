"""Pages of a list: order, limit and the opaque token that resumes after the last row seen, whatever came in between."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from app.sandbox.chargebee.reading import Fields
from app.sandbox.kernel import Json, Switches

LONGEST_TOKEN = 1000
_DIGITS = re.compile(r"[0-9]{1,20}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One resource in a list: its place in the order of creation, and the attributes it is found and sorted by."""

    id: str
    sequence: int
    created: int
    attributes: Mapping[str, Json]

    def key(self, attribute: str | None) -> tuple[int, int]:
        """Where the row stands when sorted by the attribute; creation decides between equals, and alone without one."""
        value = self.attributes.get(attribute) if attribute else 0
        return (value if isinstance(value, int) else 0, self.sequence)


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRequest:
    """Which rows to answer."""

    limit: int
    attribute: str | None
    descending: bool
    after: tuple[int, int] | None

    def cut(self, rows: Iterable[Row]) -> tuple[list[Row], str | None]:
        """The rows of this page, and the token of the next; None after the last."""
        ordered = sorted(rows, key=lambda row: row.key(self.attribute), reverse=self.descending)
        rest = [row for row in ordered if self._is_ahead(row)]
        page = rest[: self.limit]
        return page, self._token(page[-1]) if len(rest) > self.limit else None

    def _is_ahead(self, row: Row) -> bool:
        if self.after is None:
            return True
        key = row.key(self.attribute)
        return key < self.after if self.descending else key > self.after

    def _token(self, row: Row) -> str:
        value = row.key(self.attribute)[0] if self.attribute else row.created
        return json.dumps([str(value * 1000), str(row.sequence)], separators=(",", ":"))


def read_page(fields: Fields, sortable: tuple[str, ...], switches: Switches) -> PageRequest:
    """The page asked for; refuses a bad limit, order or token."""
    for name in fields.given:
        if name.startswith("sort_by") and name not in {"sort_by[asc]", "sort_by[desc]"}:
            raise fields.wrong(name=name, why="must be sort_by[asc] or sort_by[desc]")
    ascending = fields.choice("sort_by[asc]", sortable)
    descending = fields.choice("sort_by[desc]", sortable)
    newest_first = switches["default_order"] == "newest_first"
    return PageRequest(
        limit=_limit(fields, switches),
        attribute=ascending or descending,
        descending=ascending is None and (descending is not None or newest_first),
        after=_after(fields, ascending or descending),
    )


def _limit(fields: Fields, switches: Switches) -> int:
    if switches["limit_outside"] == "capped":
        given = fields.whole("limit", minimum=-(2**31), maximum=2**31)
        return 10 if given is None else min(max(given, 1), 100)
    limit = fields.whole("limit", minimum=1, maximum=100)
    return 10 if limit is None else limit


def _after(fields: Fields, attribute: str | None) -> tuple[int, int] | None:
    token = fields.text("offset", LONGEST_TOKEN)
    if token is None:
        return None
    try:
        parts = json.loads(token)
    except (ValueError, RecursionError):
        parts = None
    if not (
        isinstance(parts, list) and len(parts) == 2 and all(isinstance(part, str) and _DIGITS.fullmatch(part) for part in parts)
    ):
        raise fields.wrong(name="offset", why="is not an offset this site gave")
    return (int(parts[0]) // 1000 if attribute else 0), int(parts[1])

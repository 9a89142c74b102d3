"""Requests decoded: bracketed names, lists by column with sparse indexes, typed values with Chargebee's refusals.

An empty value is a parameter not given. Nothing here knows a resource.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from urllib.parse import parse_qsl

from app.sandbox.chargebee.currency import LARGEST
from app.sandbox.chargebee.refusals import Refusal, wrong_value

_WHOLE = re.compile(r"-?[0-9]{1,18}")
_INSTANT = re.compile(r"[0-9]{1,10}")
_COLUMN = re.compile(r"(\w+)\[(\w+)\]\[([0-9]{1,4})\]")


def pairs(encoded: bytes) -> list[tuple[str, str]]:
    """The names and values of a form or a query, as sent; refuses what is not UTF-8."""
    try:
        return parse_qsl(encoded.decode(), keep_blank_values=True, encoding="utf-8", errors="strict", max_num_fields=10_000)
    except ValueError as malformed:
        raise Refusal(400, "The parameters could not be decoded") from malformed


class Fields:
    """The parameters of a request, or of one entry of a list in it; of a name given twice the last value counts."""

    def __init__(self, given: Iterable[tuple[str, str]], label: str = "{}") -> None:
        self.given = {name: value for name, value in given if value != ""}
        self._label = label

    def text(self, name: str, limit: int) -> str | None:
        """A string of at most so many characters."""
        value = self.given.get(name)
        if value is not None and len(value) > limit:
            raise self.wrong(name=name, why=f"must not be longer than {limit} characters")
        return value

    def whole(self, name: str, *, minimum: int, maximum: int = LARGEST) -> int | None:
        """A whole number within the bounds."""
        value = self.given.get(name)
        if value is None:
            return None
        if not _WHOLE.fullmatch(value):
            raise self.wrong(name=name, why="must be a whole number")
        if not minimum <= int(value) <= maximum:
            raise self.wrong(name=name, why=f"must be within {minimum} and {maximum}")
        return int(value)

    def instant(self, name: str) -> int | None:
        """Seconds since the epoch, UTC."""
        value = self.given.get(name)
        if value is not None and not _INSTANT.fullmatch(value):
            raise self.wrong(name=name, why="must be a UTC timestamp in seconds")
        return None if value is None else int(value)

    def choice(self, name: str, allowed: Iterable[str]) -> str | None:
        """One of the allowed values, spelt exactly."""
        value = self.given.get(name)
        if value is not None and value not in allowed:
            raise self.wrong(name=name, why=f"must be one of {', '.join(sorted(allowed))}")
        return value

    def flag(self, name: str) -> bool | None:
        """`true` or `false`; `True`, as Python clients send it, is taken too."""
        value = self.given.get(name)
        if value is not None and value.lower() not in {"true", "false"}:
            raise self.wrong(name=name, why="must be true or false")
        return None if value is None else value.lower() == "true"

    def rows(self, name: str, *, indexed: bool = True) -> list[Fields]:
        """The entries of a list sent by column, in the order of their indexes; holes in a column are values not given."""
        rows: dict[int, list[tuple[str, str]]] = {}
        for key, value in self.given.items():
            if (match := _COLUMN.fullmatch(key)) and match[1] == name:
                rows.setdefault(int(match[3]), []).append((match[2], value))
        label = f"{name}[{{}}][{{index}}]" if indexed else f"{name}[{{}}]"
        return [Fields(rows[index], label.replace("{index}", str(index))) for index in sorted(rows)]

    def custom(self) -> Mapping[str, str]:
        """The custom fields, names as sent."""
        return {name: value for name, value in self.given.items() if name.startswith("cf_") and "[" not in name}

    def missing(self, *, name: str) -> Refusal:
        """What to raise when the parameter should have been given."""
        return self.wrong(name=name, why="cannot be blank")

    def wrong(self, *, name: str, why: str) -> Refusal:
        """What to raise when the parameter's value does not fit."""
        return wrong_value(param=self._label.format(name), why=why)

"""List filters: `attribute[operator]=value`, over the attributes as they are shown (docs: Lists and filters).

Lists and ranges come in three spellings from the clients in use; all are read. What bounds mean is not published: see the switches.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from app.sandbox.chargebee.reading import Fields
from app.sandbox.chargebee.refusals import wrong_value
from app.sandbox.kernel import Json, Switches

DAY = 86_400
Kind = Literal["text", "enum", "number", "instant", "flag"]
Row = Mapping[str, Json]
Test = Callable[[Row], bool]

_SETS = ("is", "is_not", "in", "not_in")
OPERATORS: dict[Kind, tuple[str, ...]] = {
    "text": (*_SETS, "starts_with"),
    "enum": _SETS,
    "number": ("is", "is_not", "lt", "lte", "gt", "gte", "between"),
    "instant": ("after", "before", "on", "between"),
    "flag": ("is",),
}
_NAME = re.compile(r"(\w+(?:\[\w+\])?)\[(\w+)\]")
_ENTRY = re.compile(r"""\s*("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[^,"'\[\]]+?)\s*(?:,|$)""")
_NUMBER = re.compile(r"-?[0-9]{1,18}")
_INSTANT = re.compile(r"[0-9]{10}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribute:
    """What may be asked of one attribute."""

    kind: Kind
    values: tuple[str, ...] = ()
    nullable: bool = False

    @property
    def operators(self) -> tuple[str, ...]:
        """The operators that are documented for it."""
        return (*OPERATORS[self.kind], "is_present") if self.nullable else OPERATORS[self.kind]


def read_filters(fields: Fields, known: Mapping[str, Attribute], switches: Switches) -> list[Test]:
    """The tests a row must pass; refuses values that cannot be read, and unknown filters where the switch says so."""
    tests = []
    for name, value in fields.given.items():
        match = _NAME.fullmatch(name)
        if match is None or match[1] == "sort_by":
            continue
        attribute = known.get(match[1])
        if attribute is not None and match[2] in attribute.operators:
            tests.append(_Reader(name, attribute, switches).test(match[1], match[2], value))
        elif switches["unknown_filters"] == "refused":
            raise wrong_value(param=name, why="is not a known filter")
    return tests


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads one filter; `parameter` names it in refusals."""

    parameter: str
    attribute: Attribute
    switches: Switches

    def test(self, name: str, operator: str, value: str) -> Test:
        """What a row must pass."""
        if operator == "is_present":
            present = self._flag(value)
            return lambda row: (name in row) is present
        match self.attribute.kind:
            case "text" | "enum":
                return self._words(name, operator, value)
            case "flag":
                wanted = self._flag(value)
                return lambda row: row.get(name, False) is wanted
            case "number":
                return self._numbers(name, operator, value)
            case "instant":
                return self._instants(name, operator, value)

    def _words(self, name: str, operator: str, value: str) -> Test:
        if operator == "starts_with":
            return lambda row: str(row.get(name, "")).startswith(value)
        wanted = set(self._entries(value) if operator in {"in", "not_in"} else [value])
        if self.attribute.values and not wanted <= set(self.attribute.values):
            raise wrong_value(param=self.parameter, why=f"must be of {', '.join(self.attribute.values)}")
        if operator in {"is", "in"}:
            return lambda row: row.get(name) in wanted
        return lambda row: row.get(name) not in wanted

    def _numbers(self, name: str, operator: str, value: str) -> Test:
        if operator == "between":
            return self._between(name, self._range(value, _NUMBER))
        figure = self._figure(value, _NUMBER)
        tests: dict[str, Callable[[int], bool]] = {
            "is": lambda shown: shown == figure,
            "is_not": lambda shown: shown != figure,
            "lt": lambda shown: shown < figure,
            "lte": lambda shown: shown <= figure,
            "gt": lambda shown: shown > figure,
            "gte": lambda shown: shown >= figure,
        }
        return _on_figure(name, tests[operator])

    def _instants(self, name: str, operator: str, value: str) -> Test:
        if operator == "between":
            return self._between(name, self._range(value, _INSTANT))
        instant = self._figure(value, _INSTANT)
        if operator == "on":
            whole_day = self.switches["filter_on"] == "day"
            start, end = (instant - instant % DAY, instant - instant % DAY + DAY) if whole_day else (instant, instant + 1)
            return _on_figure(name, lambda shown: start <= shown < end)
        slack = 1 if self.switches["filter_after_before"] == "inclusive" else 0
        if operator == "after":
            return _on_figure(name, lambda shown: shown > instant - slack)
        return _on_figure(name, lambda shown: shown < instant + slack)

    def _between(self, name: str, bounds: tuple[int, int]) -> Test:
        low, high = bounds
        if self.switches["filter_between"] == "inclusive":
            return _on_figure(name, lambda shown: low <= shown <= high)
        return _on_figure(name, lambda shown: low < shown < high)

    def _range(self, value: str, pattern: re.Pattern[str]) -> tuple[int, int]:
        entries = self._entries(value)
        if len(entries) != 2:
            raise wrong_value(param=self.parameter, why="must be a list of two")
        return self._figure(entries[0], pattern), self._figure(entries[1], pattern)

    def _figure(self, value: str, pattern: re.Pattern[str]) -> int:
        if not pattern.fullmatch(value):
            wanted = "a whole number" if pattern is _NUMBER else "a timestamp of ten digits"
            raise wrong_value(param=self.parameter, why=f"must be {wanted}")
        return int(value)

    def _flag(self, value: str) -> bool:
        if value.lower() not in {"true", "false"}:
            raise wrong_value(param=self.parameter, why="must be true or false")
        return value.lower() == "true"

    def _entries(self, value: str) -> Sequence[str]:
        """The entries of `["a","b"]`, `['a', 'b']` or `[a,b]`."""
        text = value.strip()
        if not (text.startswith("[") and text.endswith("]")):
            raise wrong_value(param=self.parameter, why="must be a list in brackets")
        entries, place, inside = [], 0, text[1:-1]
        while place < len(inside):
            match = _ENTRY.match(inside, place)
            if match is None:
                raise wrong_value(param=self.parameter, why="is not a list")
            entries.append(_unquoted(match[1]))
            place = match.end()
        return entries


def _unquoted(entry: str) -> str:
    quoted = len(entry) > 1 and entry[0] in "\"'"
    return re.sub(r"\\(.)", r"\1", entry[1:-1]) if quoted else entry


def _on_figure(name: str, test: Callable[[int], bool]) -> Test:
    """A test of a whole number; a row without the attribute does not pass."""

    def passes(row: Row) -> bool:
        shown = row.get(name)
        return isinstance(shown, int) and test(shown)

    return passes

"""Taking a request body apart, member by member, with all complaints collected. Knows JSON and types, no resource.

Missing or of the wrong type is 400, a broken rule 422; members nobody asks for are ignored.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import TypeAlias, TypeVar

import msgspec

from app.sandbox.vcita.refusals import Complaint, Refused

Given: TypeAlias = "bool | int | Decimal | str | list[Given] | dict[str, Given] | None"

_T = TypeVar("_T")

_DECODER = msgspec.json.Decoder(float_hook=Decimal)  # numbers as they were written
_TYPES = {str: "a string", bool: "a boolean", list: "an array", dict: "an object", Decimal: "a number", int: "an integer"}
_DIGITS = 12  # a number with more digits before or after the point is nobody's money, and could stop the machine


def decoded(body: bytes, *, default: bytes = b"") -> dict[str, Given]:
    """The body as an object; anything else is refused with 400."""
    try:
        value: Given = _DECODER.decode(body or default)
    except (ValueError, ArithmeticError, RecursionError) as broken:
        raise Refused(400, Complaint(code="invalid", message="The request body is not valid JSON")) from broken
    if not isinstance(value, dict):
        raise Refused(400, Complaint(code="invalid", message="The request body must be an object"))
    return value


@dataclass(slots=True, kw_only=True)
class _Found:
    """What is wrong with a body so far."""

    malformed: list[Complaint] = field(default_factory=list)
    broken: list[Complaint] = field(default_factory=list)


class Reader:
    """One object of a request and what is wrong with it; readers of nested objects share the list of complaints."""

    def __init__(self, members: Mapping[str, Given], path: str = "", found: _Found | None = None) -> None:
        self._members = members
        self._path = path
        self._found = found or _Found()

    def finish(self) -> None:
        """Raise what was found: 400 for what could not be read, else 422 for broken rules."""
        if self._found.malformed:
            raise Refused(400, *self._found.malformed)
        if self._found.broken:
            raise Refused(422, *self._found.broken)

    def complain(self, name: str, message: str, code: str = "invalid") -> None:
        """A rule is broken."""
        self._found.broken.append(Complaint(code=code, message=f"{name} {message}", field=self._at(name)))

    def has(self, name: str) -> bool:
        """Whether the member is there and not null."""
        return self._members.get(name) is not None

    def text(self, name: str, *, required: bool = False, longest: int | None = None) -> str | None:
        """A string; an empty one counts as a broken rule where it is required."""
        value = self._typed(name, str, required=required)
        if value is None:
            return None
        if longest is not None and len(value) > longest:
            self.complain(name, f"must be shorter than or equal to {longest} characters")
        if required and not value.strip():
            self.complain(name, "should not be empty")
        return value

    def flag(self, name: str) -> bool | None:
        """A boolean."""
        return self._typed(name, bool)

    def number(self, name: str, *, required: bool = False) -> Decimal | None:
        """A number of reasonable size, exact."""
        value = self._members.get(name)
        if value is None or isinstance(value, bool) or not isinstance(value, int | Decimal):
            self._untyped(name, Decimal, required=required)
            return None
        if isinstance(value, int) and abs(value) >= 10**_DIGITS:
            self.complain(name, "is out of range")
            return None
        exact = Decimal(value)
        if exact and (exact.adjusted() >= _DIGITS or -int(exact.as_tuple().exponent) > _DIGITS):
            self.complain(name, "is out of range")
            return None
        return exact or Decimal(0)  # no minus zero, no 0E+9

    def day(self, name: str, *, required: bool = False) -> str | None:
        """A date, YYYY-MM-DD."""
        value = self._typed(name, str, required=required)
        if value is not None and not _is_date(value):
            self.complain(name, "must be a date in the form YYYY-MM-DD")
        return value

    def choice(self, name: str, allowed: tuple[str, ...], *, required: bool = False) -> str | None:
        """One of these words."""
        value = self._typed(name, str, required=required)
        if value is not None and value not in allowed:
            self.complain(name, f"must be one of {', '.join(allowed)}")
            return None
        return value

    def texts(self, name: str, *, most: int | None = None) -> list[str]:
        """An array of strings; absent is empty."""
        values = self._typed(name, list) or []
        if not all(isinstance(value, str) for value in values):
            self._found.malformed.append(Complaint(code="invalid", message=f"{name} must hold strings", field=self._at(name)))
        if most is not None and len(values) > most:
            self.complain(name, f"must hold at most {most} elements")
        return [value for value in values if isinstance(value, str)]

    def object(self, name: str, *, required: bool = False) -> Reader | None:
        """A nested object."""
        value = self._typed(name, dict, required=required)
        return None if value is None else Reader(value, self._at(name), self._found)

    def objects(self, name: str, *, required: bool = False, least: int = 0) -> list[Reader]:
        """An array of objects."""
        values = self._typed(name, list, required=required)
        if values is None:
            return []
        if len(values) < least:
            self.complain(name, f"must contain at least {least} elements")
        readers = []
        for index, value in enumerate(values):
            at = f"{self._at(name)}.{index}"
            if isinstance(value, dict):
                readers.append(Reader(value, at, self._found))
            else:
                self._found.malformed.append(Complaint(code="invalid", message=f"{name} must hold objects", field=at))
        return readers

    def _typed(self, name: str, type_: type[_T], *, required: bool = False) -> _T | None:
        value = self._members.get(name)
        if isinstance(value, type_):
            return value
        self._untyped(name, type_, required=required)
        return None

    def _untyped(self, name: str, type_: type, *, required: bool) -> None:
        if self._members.get(name) is not None:
            complaint = Complaint(code="invalid", message=f"{name} must be {_TYPES[type_]}", field=self._at(name))
            self._found.malformed.append(complaint)
        elif required:
            self._found.malformed.append(Complaint(code="required", message=f"{name} is required", field=self._at(name)))

    def _at(self, name: str) -> str:
        return f"{self._path}.{name}" if self._path else name


def _is_date(value: str) -> bool:
    try:
        return date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False

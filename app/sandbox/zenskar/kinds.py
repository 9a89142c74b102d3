"""Values of requests and answers, and how each kind is checked.

Which members an operation takes is said in `requests`.
"""

from __future__ import annotations

import uuid as uuids
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import TypeAlias, TypeVar

from app.domain.money import MoneyError, exponent
from app.sandbox.zenskar.problems import Invalid, Problem, Wrong, fault, under

Value: TypeAlias = "bool | int | Decimal | str | list[Value] | dict[str, Value] | None"
T = TypeVar("T")
E = TypeVar("E", bound=StrEnum)
Kind: TypeAlias = Callable[[Value], T]


def text(value: Value) -> str:
    """A string."""
    if not isinstance(value, str):
        raise fault(Wrong.TEXT)
    return value


def uuid(value: Value) -> str:
    """A UUID, in its canonical form."""
    try:
        return str(uuids.UUID(text(value)))
    except (ValueError, Invalid) as wrong:
        raise fault(Wrong.UUID) from wrong


def boolean(value: Value) -> bool:
    """True or false, in a body or as text in a query."""
    if isinstance(value, str) and value.lower() in {"true", "false", "1", "0"}:
        return value.lower() in {"true", "1"}
    if not isinstance(value, bool):
        raise fault(Wrong.BOOLEAN)
    return value


def number(value: Value) -> Decimal:
    """A JSON number, exact."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise fault(Wrong.NUMBER)
    return Decimal(value)


def positive(value: Value) -> Decimal:
    """A JSON number above zero."""
    amount = number(value)
    if amount <= 0:
        raise fault(Wrong.NOT_POSITIVE)
    return amount


def integer(value: Value) -> int:
    """A whole JSON number; `2500.0` is one too, `"2500"` is not."""
    amount = number(value)
    if amount.adjusted() > 60 or amount != amount.to_integral_value():
        raise fault(Wrong.NOT_WHOLE)
    return int(amount)


def positive_integer(value: Value) -> int:
    """A whole JSON number above zero."""
    return int(positive(integer(value)))


def not_negative(value: Value) -> int:
    """A whole JSON number, zero or more."""
    amount = integer(value)
    if amount < 0:
        raise fault(Wrong.NEGATIVE)
    return amount


def instant(value: Value) -> float:
    """An RFC 3339 time with its offset, as seconds since the epoch."""
    try:
        moment = datetime.fromisoformat(text(value))
        if moment.tzinfo is None:
            raise fault(Wrong.NO_OFFSET)
        return moment.astimezone(UTC).timestamp()
    except (ValueError, OverflowError) as wrong:
        raise fault(Wrong.INSTANT) from wrong


def currency(value: Value) -> str:
    """An ISO 4217 code in any case, as upper case."""
    code = text(value).upper()
    try:
        exponent(code)
    except MoneyError as unknown:
        raise fault(Wrong.CURRENCY) from unknown
    return code


def mapping(value: Value) -> dict[str, Value]:
    """A JSON object with any members."""
    if not isinstance(value, dict):
        raise fault(Wrong.MAPPING)
    return value


def choice(words: type[E]) -> Kind[E]:
    """One word of a published vocabulary."""

    def read(value: Value) -> E:
        try:
            return words(text(value))
        except (ValueError, Invalid) as wrong:
            raise fault(Wrong.ENUM) from wrong

    return read


def listing(item: Kind[T]) -> Kind[list[T]]:
    """A JSON array of one kind; the faults of all items together."""

    def read(value: Value) -> list[T]:
        if not isinstance(value, list):
            raise fault(Wrong.LISTING)
        return gathered({index: (lambda entry=entry: item(entry)) for index, entry in enumerate(value)})

    return read


def whole(value: Value) -> int:
    """A whole number as the text of a query or header."""
    try:
        return int(text(value))
    except ValueError as wrong:
        raise fault(Wrong.INTEGER) from wrong


def figure(value: Value) -> Decimal:
    """A number as the text of a query."""
    try:
        parsed = Decimal(text(value))
    except InvalidOperation as wrong:
        raise fault(Wrong.FIGURE) from wrong
    if not parsed.is_finite():
        raise fault(Wrong.NOT_FINITE)
    return parsed


def gathered(reads: Mapping[str, Callable[[], T]] | Mapping[int, Callable[[], T]]) -> list[T]:
    """Do all reads; raises Invalid with the faults of all of them, each under its key."""
    found: list[T] = []
    problems: list[Problem] = []
    for key, read in reads.items():
        try:
            found.append(read())
        except Invalid as wrong:
            problems += under(key, wrong.problems)
    if problems:
        raise Invalid(*problems)
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """The members of one object; itself a kind. Null is absence; members it does not know are let through, as the framework does."""

    required: Mapping[str, Kind[object]] = field(default_factory=dict)
    optional: Mapping[str, Kind[object]] = field(default_factory=dict)

    def __call__(self, value: Value) -> dict[str, Value]:
        """The object as it came; raises Invalid with every fault in it."""
        if not isinstance(value, dict):
            raise fault(Wrong.OBJECT)
        known = {**self.required, **self.optional}
        present = {
            name: kind for name, kind in known.items() if value.get(name) is not None or (name in self.required and name in value)
        }
        absent = [name for name in self.required if name not in value]
        problems = [Problem(loc=(name,), wrong=Wrong.MISSING) for name in absent]
        try:
            gathered({name: (lambda kind=kind, entry=value[name]: kind(entry)) for name, kind in present.items()})
        except Invalid as wrong:
            problems += wrong.problems
        if problems:
            raise Invalid(*problems)
        return value


def maybe(members: Mapping[str, Value], name: str, kind: Kind[T]) -> T | None:
    """The member where it is present and not null."""
    value = members.get(name)
    return None if value is None else kind(value)

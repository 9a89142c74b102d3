"""Faults of a request's form, each with its place, as the 422 body shows them. Business refusals are in `refusals`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum


class Wrong(Enum):
    """What can be wrong with a value: the framework's word and sentence for it, which nobody should read."""

    MISSING = ("missing", "Field required")
    TEXT = ("string_type", "Input should be a valid string")
    UUID = ("uuid_parsing", "Input should be a valid UUID")
    BOOLEAN = ("bool_parsing", "Input should be a valid boolean")
    NUMBER = ("float_type", "Input should be a valid number")
    FIGURE = ("float_parsing", "Input should be a valid number, unable to parse string as a number")
    NOT_FINITE = ("finite_number", "Input should be a finite number")
    NOT_POSITIVE = ("greater_than", "Input should be greater than 0")
    NEGATIVE = ("greater_than_equal", "Input should be greater than or equal to 0")
    NOT_WHOLE = ("int_from_float", "Input should be a valid integer, got a number with a fractional part")
    INTEGER = ("int_parsing", "Input should be a valid integer, unable to parse string as an integer")
    TOO_LOW = ("greater_than_equal", "Input should be greater than or equal to 1")
    TOO_HIGH = ("less_than_equal", "Input should be less than or equal to 100")
    TOO_FINE = ("decimal_max_places", "Decimal input should have no more decimal places than the currency")
    NO_OFFSET = ("timezone_aware", "Input should have timezone info")
    INSTANT = ("datetime_from_date_parsing", "Input should be a valid datetime")
    CURRENCY = ("value_error", "Value error, unknown currency")
    ENUM = ("enum", "Input should be one of the published values")
    MAPPING = ("dict_type", "Input should be a valid dictionary")
    LISTING = ("list_type", "Input should be a valid list")
    OBJECT = ("model_attributes_type", "Input should be a valid dictionary or object")
    JSON = ("json_invalid", "JSON decode error")


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One fault of a request: where, and what."""

    loc: tuple[str | int, ...]
    wrong: Wrong


class Invalid(Exception):
    """A request that does not have the documented shape; answered 422."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__("; ".join(f"{'.'.join(map(str, problem.loc))}: {problem.wrong.value[1]}" for problem in problems))
        self.problems = problems


def fault(wrong: Wrong, *loc: str | int) -> Invalid:
    """One fault, here or below here."""
    return Invalid(Problem(loc=loc, wrong=wrong))


def under(key: str | int, problems: Sequence[Problem]) -> list[Problem]:
    """The same faults, seen from one level further out."""
    return [replace(problem, loc=(key, *problem.loc)) for problem in problems]

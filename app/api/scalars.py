"""Our own scalars: exact decimals, 64-bit integers as strings, times with a published format. The framework's decimals accept floats."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, NewType

import strawberry
from graphql import GraphQLError

from app.domain.money import MoneyError, exponent

BigInt = NewType("BigInt", int)
CurrencyCode = NewType("CurrencyCode", str)

_DECIMAL = re.compile(r"-?[0-9]{1,40}(\.[0-9]{1,20})?")
_INTEGER = re.compile(r"-?[0-9]{1,19}")


def _refused(*, scalar: str, wanted: str) -> GraphQLError:
    return GraphQLError(f"{scalar} must be {wanted}.")


def _decimal_in(value: object) -> Decimal:
    if isinstance(value, int) and not isinstance(value, bool):
        return Decimal(value)
    if isinstance(value, str) and _DECIMAL.fullmatch(value):
        return Decimal(value)
    raise _refused(scalar="Decimal", wanted='a string of digits like "12.50", or an integer')


def _decimal_out(value: Decimal) -> str:
    return format(value, "f")


def _big_int_in(value: object) -> int:
    number = None
    if isinstance(value, int) and not isinstance(value, bool):
        number = value
    if isinstance(value, str) and _INTEGER.fullmatch(value):
        number = int(value)
    if number is None or not -(2**63) <= number < 2**63:
        raise _refused(scalar="BigInt", wanted="a 64-bit integer, as a string or a number")
    return number


def _date_in(value: object) -> date:
    if isinstance(value, str) and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    raise _refused(scalar="Date", wanted='a day like "2026-11-21"')


def _instant_in(value: object) -> datetime:
    if isinstance(value, str) and len(value) <= 40:
        try:
            moment = datetime.fromisoformat(value)
            if moment.tzinfo is not None:
                return moment.astimezone(UTC)
        except (ValueError, OverflowError):  # no instant, or one beyond the calendar in UTC
            pass
    raise _refused(scalar="DateTime", wanted='an instant with its offset like "2026-11-21T10:00:00Z"')


def _instant_out(value: datetime) -> str:
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _currency_in(value: object) -> str:
    if isinstance(value, str):
        try:
            exponent(value)
        except MoneyError:
            pass
        else:
            return value
    raise _refused(scalar="CurrencyCode", wanted="an ISO 4217 code in upper case")


SCALARS: dict[object, Any] = {
    Decimal: strawberry.scalar(
        name="Decimal",
        description=(
            "Exact decimal number. Out: a string in plain notation. In: a string of ASCII digits `-?digits[.digits]` or an integer; "
            "a JSON float, an exponent, a separator, NaN or Infinity is refused."
        ),
        serialize=_decimal_out,
        parse_value=_decimal_in,
    ),
    BigInt: strawberry.scalar(
        name="BigInt", description="64-bit integer, sent as a string.", serialize=str, parse_value=_big_int_in
    ),
    CurrencyCode: strawberry.scalar(
        name="CurrencyCode", description="ISO 4217 code, upper case.", serialize=str, parse_value=_currency_in
    ),
    date: strawberry.scalar(
        name="Date",
        description="A day in the calendar, without a time zone.",
        specified_by_url="https://scalars.graphql.org/andimarek/local-date",
        serialize=date.isoformat,
        parse_value=_date_in,
    ),
    datetime: strawberry.scalar(
        name="DateTime",
        description="An instant; sent in UTC.",
        specified_by_url="https://scalars.graphql.org/andimarek/date-time",
        serialize=_instant_out,
        parse_value=_instant_in,
    ),
}

"""How values become JSON: exact numbers without trailing zeros, dates in the forms vcita uses. Knows no record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import TypeAlias

import msgspec
from starlette.responses import Response

from app.domain.money import exponent, from_units

Shown: TypeAlias = "str | bool | int | Decimal | Sequence[Shown] | Mapping[str, Shown] | None"

_ENCODER = msgspec.json.Encoder(decimal_format="number")  # binary floats never touch an amount


def encoded(value: Shown) -> bytes:
    """The value as JSON text."""
    return _ENCODER.encode(value)


def answer(value: Shown, status: int = 200) -> Response:
    """The value as a response."""
    return Response(encoded(value), status_code=status, media_type="application/json")


def plain(value: Decimal) -> Decimal:
    """The number as JavaScript would print it: 119, not 119.00."""
    whole = value.to_integral_value()
    return whole.quantize(Decimal(1)) if value == whole else value.normalize()


def number(minor: int, currency: str) -> Decimal:
    """Minor units as a number of major ones."""
    return plain(from_units(minor, exponent(currency)))


def dotted(value: Decimal) -> Decimal:
    """The number as Ruby would print it: 2.0, not 2."""
    shown = plain(value)
    return shown.quantize(Decimal("0.1")) if shown == shown.to_integral_value() else shown


def text(minor: int, currency: str) -> str:
    """Minor units as the older services print a decimal into a string: "20.0"."""
    return format(dotted(from_units(minor, exponent(currency))), "f")


def instant(moment: float) -> str:
    """ISO 8601 with milliseconds and Z."""
    return _utc(moment).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def second(moment: float) -> str:
    """ISO 8601 with whole seconds and Z, as the business API has it."""
    return _utc(moment).strftime("%Y-%m-%dT%H:%M:%SZ")


def zoneless(moment: float) -> str:
    """ISO 8601 without a zone, as the platform API has it."""
    return instant(moment).removesuffix("Z")


def offset(moment: float) -> str:
    """ISO 8601 with an offset, as payment requests have it."""
    return _utc(moment).isoformat(timespec="milliseconds")


def day(moment: float, zone: str = "UTC") -> str:
    """The date of this instant in a zone written as "UTC+14"."""
    hours = int(zone.removeprefix("UTC") or 0)
    return datetime.fromtimestamp(moment, timezone(timedelta(hours=hours))).date().isoformat()


def _utc(moment: float) -> datetime:
    return datetime.fromtimestamp(moment, UTC)

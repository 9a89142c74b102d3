"""Any value of the domain, made from its type: small, so that hundreds of them cost little."""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum
from functools import cache
from typing import Any, Literal, Union, cast, get_args, get_origin, get_type_hints

import msgspec
from hypothesis import strategies as st

from app.domain.money import Money

INT64 = st.integers(-(2**63), 2**63 - 1)

decimals = st.one_of(
    st.decimals(min_value=-99_999, max_value=99_999, places=4),
    st.decimals(allow_nan=False, allow_infinity=False),
    st.sampled_from((Decimal("1E+5"), Decimal("-0"), Decimal("1.10"), Decimal("0.000"))),
)
instants = st.builds(
    lambda seconds, microseconds, hours: (
        datetime(2026, 1, 1, tzinfo=UTC).astimezone(timezone(timedelta(hours=hours)))
        + timedelta(seconds=seconds, microseconds=microseconds)
    ),
    st.integers(-(10**9), 10**9),
    st.sampled_from((0, 1, 999_999)),
    st.integers(-12, 14),
)
LEAVES: dict[object, st.SearchStrategy[Any]] = {
    str: st.text(max_size=6),
    bytes: st.binary(max_size=6),
    bool: st.booleans(),
    int: INT64,
    float: st.floats(0, 4e9),
    Decimal: decimals,
    date: st.dates(),
    datetime: instants,
    Money: st.builds(Money, INT64, st.sampled_from(("EUR", "JPY", "KWD", "CLF", "HRK"))),
    types.NoneType: st.none(),
}


@cache
def of(kind: Any) -> st.SearchStrategy[Any]:
    """Values of this type; every member is given, defaults too."""
    if kind in LEAVES:
        return LEAVES[kind]
    if isinstance(kind, type) and issubclass(kind, Enum):
        return st.sampled_from(kind)
    if dataclasses.is_dataclass(kind) or (isinstance(kind, type) and issubclass(kind, msgspec.Struct)):
        make = cast("Callable[..., Any]", kind)
        return st.builds(make, **{name: of(hint) for name, hint in get_type_hints(kind).items()})
    origin, inner = get_origin(kind), get_args(kind)
    if origin in {Union, types.UnionType}:
        return st.one_of(*(of(member) for member in inner))
    if origin is tuple:
        return st.lists(of(inner[0]), max_size=2).map(tuple)
    if origin is frozenset:
        return st.frozensets(of(inner[0]), max_size=2)
    if origin is Literal:
        return st.sampled_from(inner)
    message = f"no values of {kind}"
    raise TypeError(message)

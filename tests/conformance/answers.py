"""Whether an answer is what its document asked for, by the published schema alone: the schema executes the document over the answer itself."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta

from graphql import GraphQLAbstractType, GraphQLResolveInfo, GraphQLScalarType, GraphQLSchema, build_schema, execute_sync, parse

from tests.support.running import Json


def _written(pattern: str) -> Callable[[object], bool]:
    """Texts of this form."""
    return lambda value: isinstance(value, str) and re.fullmatch(pattern, value) is not None


def _is_day(value: object) -> bool:
    return isinstance(value, str) and date.fromisoformat(value).isoformat() == value


def _is_instant(value: object) -> bool:
    return isinstance(value, str) and datetime.fromisoformat(value).utcoffset() == timedelta(0)


FORMS: dict[str, Callable[[object], bool]] = {
    "BigInt": _written(r"-?[0-9]{1,19}"),
    "CurrencyCode": _written(r"[A-Z]{3}"),
    "Date": _is_day,
    "DateTime": _is_instant,
    "Decimal": _written(r"-?[0-9]+(\.[0-9]+)?"),
    "JSON": lambda _: True,
}
"""What the schema's descriptions say of its own scalars."""


def checking(sdl: str) -> GraphQLSchema:
    """The schema, whose own scalars refuse what is not of their form."""
    schema = build_schema(sdl)
    for name, is_right in FORMS.items():
        scalar = schema.type_map[name]
        assert isinstance(scalar, GraphQLScalarType)
        scalar.coerce_output_value = _refusing(name, is_right)
    return schema


def _refusing(name: str, is_right: Callable[[object], bool]) -> Callable[[object], object]:
    def taken(value: object) -> object:
        assert is_right(value), f"{value!r} is no {name}"
        return value

    return taken


def misfits(schema: GraphQLSchema, document: str, data: Json) -> list[str]:
    """Why this cannot be an answer to the document, which has to ask for every object's `__typename`; nothing where it can."""
    done = execute_sync(schema, parse(document), root_value=data, field_resolver=_found, type_resolver=_named)
    wrong = [f"{error.path}: {error.message}" for error in done.errors or ()]
    return wrong or ["a value is written otherwise, or was not asked for"] * (done.data != data)


def _found(source: Json, info: GraphQLResolveInfo[None], **_arguments: object) -> object:
    return source[str(info.path.key)]


def _named(value: Json, _info: GraphQLResolveInfo[None], _type: GraphQLAbstractType) -> str:
    name: str = value["__typename"]
    return name

"""A request taken apart and checked as a whole: path, query, header and body, with all faults in one answer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from starlette.requests import Request

from app.sandbox.zenskar.kinds import Shape, Value, mapping, whole
from app.sandbox.zenskar.problems import Wrong, fault

_DEEPEST = 100
_HEADER = Shape(optional={"apiversion": whole})


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A request of the documented shape; `origin` is the address the client used."""

    path: dict[str, Value]
    query: dict[str, Value]
    body: dict[str, Value]
    origin: str


async def read(request: Request, shape: Shape) -> Call:
    """The request's parts; raises Invalid with every fault in them."""
    parts: dict[str, Value] = {
        "path": dict(request.path_params),
        "query": dict(request.query_params),
        "header": dict(request.headers),
    }
    body_expected = "body" in {*shape.required, *shape.optional}
    if body_expected:
        sent = await request.body()
        if sent:
            parts["body"] = _decoded(sent, request.headers.get("content-type", ""))
    checked = Shape(required=shape.required, optional={**shape.optional, "header": _HEADER})(parts)
    return Call(
        path=mapping(checked["path"]),
        query=mapping(checked["query"]),
        body=mapping(checked.get("body") or {}),
        origin=_origin(request),
    )


def _decoded(sent: bytes, media_type: str) -> Value:
    """JSON with exact numbers. Anything else stays text, which no operation takes."""
    kind = media_type.partition(";")[0].strip().lower()
    if kind not in {"", "application/json"} and not kind.endswith("+json"):
        return sent.decode(errors="replace")
    try:
        value: Value = json.loads(sent, parse_float=_exact, parse_constant=_refuse)
        _check(value, _DEEPEST)
    except json.JSONDecodeError as wrong:
        raise fault(Wrong.JSON, "body", wrong.pos) from wrong
    except (ValueError, ArithmeticError, RecursionError) as wrong:
        raise fault(Wrong.JSON, "body", 0) from wrong
    return value


def _check(value: Value, levels: int) -> None:
    """Refuses what could not be answered: half a surrogate pair, and nesting without end."""
    if levels == 0:
        raise ValueError(levels)
    if isinstance(value, str):
        value.encode()
    elif isinstance(value, dict):
        for name, member in value.items():
            name.encode()
            _check(member, levels - 1)
    elif isinstance(value, list):
        for member in value:
            _check(member, levels - 1)


def _exact(digits: str) -> Decimal:
    number = Decimal(digits)
    if not number.is_finite() or abs(number.adjusted()) > 1000:
        raise ValueError(digits)
    return number


def _refuse(word: str) -> Decimal:
    raise ValueError(word)


def _origin(request: Request) -> str:
    scope: Mapping[str, object] = request.scope
    host = request.headers.get("host")
    if not host:
        server = scope.get("server")
        host = "{}:{}".format(*server) if isinstance(server, list | tuple) else "localhost"
    return f"{scope['scheme']}://{host}"

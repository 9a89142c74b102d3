"""What a client sends, from bytes to a GraphQL request of the right shape; whatever is wrong with it is Refused, never a bug.

What the document says is not looked at here.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn
from urllib.parse import parse_qsl

from starlette.datastructures import Headers
from starlette.types import Receive

from app.api import media_types
from app.domain.vocabulary import ErrorCode
from app.edge_settings import EdgeSettings

DEEPEST = 64
"""How deep a body's JSON may nest: an input of ours nests six deep."""
MOST_VALUES = 20_000
"""How many values a body's JSON may hold."""
_MOST_PARAMETERS = 20

_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


class Refused(Exception):
    """The request is answered with this status and nothing else is done."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        code: ErrorCode = ErrorCode.INVALID_INPUT,
        headers: Mapping[str, str] | None = None,
        retry_after_s: int | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.code = code
        self.retry_after_s = retry_after_s
        """When the same request may be answered; None: it will not be."""
        self.headers = dict(headers or {}) | ({} if retry_after_s is None else {"Retry-After": str(retry_after_s)})


class ClientLeftError(Exception):
    """Nobody waits for an answer any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphQLRequest:
    """The members of a request, of the types that the protocol gives them."""

    query: str | None = None
    document_id: str | None = None
    operation_name: str | None = None
    variables: dict[str, Any] | None = None
    extensions: dict[str, Any] = field(default_factory=dict)


async def posted(headers: Headers, receive: Receive, limits: EdgeSettings) -> GraphQLRequest:
    """The request of a POST; raises Refused, and ClientLeftError."""
    if not media_types.is_json(headers.getlist("content-type")):
        raise Refused(415, "send application/json", headers={"Accept": media_types.JSON})
    if headers.get("content-encoding", "identity").strip().lower() != "identity":
        raise Refused(415, "send the body as it is, without Content-Encoding", headers={"Accept-Encoding": "identity"})
    members = json_object(await _body(headers, receive, limits), what="the body")
    return request_of(members)


def asked(query_string: bytes, limits: EdgeSettings) -> GraphQLRequest:
    """The request of a GET; raises Refused."""
    if len(query_string) > limits.body_bytes:
        raise _exceeded(414, f"the address is longer than {limits.body_bytes} bytes")
    members = parameters(query_string)
    for name in ("variables", "extensions"):
        if members.get(name):
            members[name] = json_object(members[name].encode(), what=name)
    given: dict[str, Any] = {name: value or None for name, value in members.items() if name != "query"}
    return request_of(given | {"query": members.get("query")})


def parameters(query_string: bytes) -> dict[str, Any]:
    """What an address holds after its question mark; raises Refused where it is not text or says something twice."""
    try:
        pairs = parse_qsl(query_string.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=_MOST_PARAMETERS)
    except ValueError as wrong:
        raise Refused(400, "the address holds no parameters in UTF-8") from wrong
    return _once(pairs)


async def _body(headers: Headers, receive: Receive, limits: EdgeSettings) -> bytes:
    """All of it, refused as soon as it is longer or slower than any body may be."""
    too_long = f"the body is longer than {limits.body_bytes} bytes"
    if int(headers.get("content-length", "0")) > limits.body_bytes:  # the server has checked that it is a number
        raise _exceeded(413, too_long)
    body = bytearray()
    try:
        async with asyncio.timeout(limits.body_timeout_s):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise ClientLeftError
                body += message.get("body", b"")
                if len(body) > limits.body_bytes:
                    raise _exceeded(413, too_long)
                if not message.get("more_body", False):
                    return bytes(body)
    except TimeoutError as slow:
        told = f"the body has not arrived within {limits.body_timeout_s:g} s"
        raise _exceeded(408, told, headers={"Connection": "close"}) from slow


def json_object(body: bytes, *, what: str) -> dict[str, Any]:
    """A JSON object that can be sent back as it is; raises Refused."""
    try:
        text = body.decode()
        value = json.loads(text, parse_constant=_refuse_constant, object_pairs_hook=_once)
        if _SURROGATE.search(text):  # only an escape can make a character that cannot be sent back
            json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as wrong:
        raise Refused(400, f"{what} is not JSON that can be read") from wrong
    if not isinstance(value, dict):
        raise Refused(400, f"{what} must be an object")
    _measure(value, what=what)
    return value


def _measure(value: dict[str, Any], *, what: str) -> None:
    """Refuse what would take long to go through, going through it once."""
    count, level = 0, [value]
    for _ in range(DEEPEST):
        members = [member for one in level for member in (one.values() if isinstance(one, dict) else one)]
        count += len(members)
        if count > MOST_VALUES:
            raise _exceeded(400, f"{what} holds more than {MOST_VALUES} values")
        level = [member for member in members if isinstance(member, (dict, list))]
        if not level:
            return
    raise _exceeded(400, f"{what} is nested more than {DEEPEST} deep")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """The pairs as a dictionary. Two values for one name: whoever looked at the request before may have believed the other."""
    members = dict(pairs)
    if len(members) != len(pairs):
        raise Refused(400, "a name is given twice")
    return members


def _refuse_constant(name: str) -> NoReturn:
    message = f"{name} is not JSON"
    raise ValueError(message)


def request_of(members: Mapping[str, Any]) -> GraphQLRequest:
    """The request these members make, whatever brought them; raises Refused."""
    return GraphQLRequest(
        query=_member(members, "query", str),
        document_id=_member(members, "documentId", str),
        operation_name=_member(members, "operationName", str) or None,
        variables=_member(members, "variables", dict),
        extensions=_member(members, "extensions", dict) or {},
    )


def _member(members: Mapping[str, Any], name: str, type: type[str | dict[str, Any]]) -> Any:
    value = members.get(name)
    if value is not None and not isinstance(value, type):
        raise Refused(400, f"{name} must be {'a string' if type is str else 'an object'} or null")
    return value


def _exceeded(status: int, message: str, *, headers: Mapping[str, str] | None = None) -> Refused:
    return Refused(status, message, code=ErrorCode.LIMIT_EXCEEDED, headers=headers)

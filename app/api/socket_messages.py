"""What a client says on a socket (docs: graphql-transport-ws, PROTOCOL.md), from text to values; whatever is wrong with it closes the socket.

What is done about a message does not belong here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from app.api.http_request import GraphQLRequest, Refused, json_object, request_of

PROTOCOL = "graphql-transport-ws"
_LONGEST_ID = 256
_LONGEST_REASON = 123
"""Bytes, as WebSocket has it."""


class Closing(Exception):
    """The socket is closed with this code and reason."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason.encode()[:_LONGEST_REASON].decode(errors="ignore")


@dataclass(frozen=True, slots=True)
class Init:
    """The client introduces itself."""

    payload: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Ping:
    """The client wants to know whether somebody is there."""

    payload: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class Pong:
    """The client is there."""


@dataclass(frozen=True, slots=True)
class Subscribe:
    """The client asks."""

    id: str
    asked: GraphQLRequest = field(repr=False)


@dataclass(frozen=True, slots=True)
class Complete:
    """The client no longer wants an answer."""

    id: str


ClientMessage = Init | Ping | Pong | Subscribe | Complete


def read(event: Mapping[str, Any], *, most_bytes: int) -> ClientMessage:
    """The message of one frame; raises Closing."""
    text = event.get("text")
    if not isinstance(text, str):
        raise Closing(4400, "messages must be text")
    data = text.encode()
    if len(data) > most_bytes:
        raise Closing(1009, f"the message is longer than {most_bytes} bytes")
    try:
        return _message(json_object(data, what="the message"))
    except Refused as refused:
        raise Closing(4400, refused.message) from refused


def _message(members: Mapping[str, Any]) -> ClientMessage:
    match members.get("type"):
        case "connection_init":
            return Init(_payload(members) or {})
        case "ping":
            return Ping(_payload(members))
        case "pong":
            _payload(members)
            return Pong()
        case "subscribe":
            payload = _payload(members)
            if payload is None:
                raise Closing(4400, "payload is missing")
            return Subscribe(_id(members), request_of(payload))
        case "complete":
            return Complete(_id(members))
        case str(type):
            raise Closing(4400, f"unknown message type: {type}")
    raise Closing(4400, "type must be a string")


def _payload(members: Mapping[str, Any]) -> Mapping[str, Any] | None:
    payload = members.get("payload")
    if payload is not None and not isinstance(payload, dict):
        raise Closing(4400, "payload must be an object")
    return payload


def _id(members: Mapping[str, Any]) -> str:
    id = members.get("id")
    if not isinstance(id, str) or not 0 < len(id) <= _LONGEST_ID:
        raise Closing(4400, f"id must be a string of 1 to {_LONGEST_ID} characters")
    return id

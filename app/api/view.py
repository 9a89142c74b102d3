"""The HTTP view over the framework's: JSON in, JSON out, errors as JSON, GraphiQL for browsers."""

from __future__ import annotations

import json
from typing import NoReturn

import msgspec
from cross_web import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Message, Receive, Scope, Send
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL

from app import telemetry
from app.api import graphiql_page
from app.api.context import RequestContext, Services
from app.api.schema import Schema
from app.domain.vocabulary import ErrorCode
from app.gateway.accounts import Caller

OPEN = Caller(name="open")
"""Whoever reaches a gateway that does not know callers."""

LARGEST_BODY = 1024 * 1024


class View(GraphQL[RequestContext, None]):
    """One endpoint: POST for operations, GET for queries and for the page."""

    def __init__(self, schema: Schema, services: Services) -> None:
        super().__init__(schema, graphql_ide="graphiql", subscription_protocols=())
        self._services = services

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; whatever is refused before execution is refused in JSON."""
        if scope["type"] != "http":
            await WebSocket(scope, receive, send).close(code=1008)
            return
        request = Request(scope, _Measured(receive))
        try:
            _check_content_type(request)
            response = await self.run(request)
        except HTTPException as refused:
            response = _refusal(refused.status_code, refused.reason)
        await response(scope, receive, send)

    async def get_context(self, request: Request | WebSocket, response: Response | WebSocket) -> RequestContext:  # noqa: ARG002 - the framework's signature
        """What lives for this request."""
        return RequestContext(caller=OPEN, services=self._services, request_id=telemetry.request_id.get() or "")

    async def render_graphql_ide(self, request: Request) -> Response:  # noqa: ARG002 - the framework's signature
        """GraphiQL, from our own assets."""
        return graphiql_page.page()

    def encode_json(self, data: object) -> bytes:
        """The answer's bytes."""
        return msgspec.json.encode(data)

    def decode_json(self, data: str | bytes) -> object:
        """The body as JSON; every kind of wrong body is the client's fault, never a 500."""
        try:
            text = data.decode() if isinstance(data, bytes) else data
            body = json.loads(text, parse_constant=_refuse_constant)
            json.dumps(body, ensure_ascii=False).encode()  # a lone surrogate can't be sent back
        except (ValueError, RecursionError) as wrong:
            message = "the body is not JSON"
            raise json.JSONDecodeError(message, "", 0) from wrong
        if not isinstance(body, dict):
            message = "the body must be an object"
            raise json.JSONDecodeError(message, "", 0)
        return body


class _Measured:
    """The request's body, refused in JSON as soon as it is longer than any body may be."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._left = LARGEST_BODY

    async def __call__(self) -> Message:
        """The next part."""
        message = await self._receive()
        self._left -= len(message.get("body", b""))
        if self._left < 0:
            raise HTTPException(413, f"the body is longer than {LARGEST_BODY} bytes")
        return message


def _refuse_constant(name: str) -> NoReturn:
    message = f"{name} is not JSON"
    raise ValueError(message)


def _check_content_type(request: Request) -> None:
    """Exactly JSON: a looser match would let another site's form run a mutation."""
    if request.method != "POST":
        return
    essence = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if essence != "application/json":
        raise HTTPException(415, "send application/json")


def _refusal(status: int, reason: str) -> Response:
    code = ErrorCode.LIMIT_EXCEEDED if status == 413 else ErrorCode.INVALID_INPUT
    extensions = {
        "code": code.value,
        "retryable": False,
        "classification": "BAD_REQUEST",
        "requestId": telemetry.request_id.get(),
    }
    headers = {"Allow": "GET, POST"} if status == 405 else None
    return JSONResponse({"errors": [{"message": reason, "extensions": extensions}]}, status_code=status, headers=headers)

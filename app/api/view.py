"""The endpoint: GraphQL over HTTP, to the letter, over the framework's schema; sockets and event streams; GraphiQL for browsers.

How a request is read and an answer written stands beside it; what a document may cost, in documents.py.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace

from graphql import GraphQLError
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.types import ExecutionResult
from strawberry.types.graphql import OperationType

from app import telemetry
from app.api import auth, graphiql_page, http_request, http_response, media_types
from app.api.allowance import Allowance
from app.api.context import RequestContext, Services
from app.api.departure import unless_client_leaves
from app.api.errors import present
from app.api.http_request import ClientLeftError, GraphQLRequest, Refused
from app.api.persisted import PersistedDocuments
from app.api.schema import Schema
from app.api.socket_messages import PROTOCOL
from app.api.sse import EventStream
from app.api.streams import Streams
from app.api.websocket import Socket
from app.domain.errors import GatewayError
from app.edge_settings import EdgeSettings
from app.gateway.accounts import Caller

_ALLOWED = {"GET": {OperationType.QUERY}, "POST": {OperationType.QUERY, OperationType.MUTATION}}
_STREAMED = {method: allowed | {OperationType.SUBSCRIPTION} for method, allowed in _ALLOWED.items()}
SOURCES_HEADER = "X-Sources"
"""With 1: what the answer was made from is told in `extensions`."""
_ASKING = ("query", "documentId", "extensions")
"""Parameters that make an address a question; without one a browser wants the page."""
_ELSEWHERE = f"Subscriptions are answered as {media_types.EVENTS}, or on a WebSocket ({PROTOCOL})."


class View:
    """One endpoint: POST for operations, GET for queries and for the page, a socket for many operations."""

    def __init__(self, schema: Schema, services: Services, limits: EdgeSettings) -> None:
        self._schema = schema
        self._services = services
        self._limits = limits
        self._documents = PersistedDocuments(limits)
        self.streams = Streams(schema, self._documents, services.authenticator, self._context)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; whatever happens is answered in JSON."""
        if scope["type"] != "http":
            with self.streams.opened():
                await Socket(WebSocket(scope, receive, send), self.streams, self._limits).run()
            return
        try:
            response = await self._answer(Request(scope), receive)
        except ClientLeftError:
            return
        await response(scope, receive, send)

    async def _answer(self, request: Request, receive: Receive) -> Response:
        media_type = media_types.JSON
        try:
            media_type = _negotiated(request, with_page=self._limits.shows_graphiql)
            if media_type == media_types.HTML:
                return _page()
            if media_type == media_types.EVENTS:
                return await self._event_stream(request, receive)
            caller = await auth.caller(request.headers, self._services.authenticator)
            return await self._within_limits(self._context(caller), request, receive, media_type)
        except Refused as refused:
            return http_response.refusal(refused, media_type)
        except ClientLeftError:
            raise
        except Exception as bug:  # noqa: BLE001 - logged; a stack trace is nobody's answer
            telemetry.internal_error(bug)
            return http_response.failure(media_type)

    async def _event_stream(self, request: Request, receive: Receive) -> Response:
        listener = await self.streams.listener(request.headers)
        context = self._context(listener.caller)
        try:
            await context.allowance.admit()
            asked = await self._asked(request, receive)
        except Refused as refused:
            response = http_response.refusal(refused, media_types.EVENTS)
            response.headers.update(context.allowance.headers)
            return response
        answers = self.streams.answers(asked, listener, context, _STREAMED[request.method])
        return EventStream(answers, listener, context, self.streams)

    async def _within_limits(self, context: RequestContext, request: Request, receive: Receive, media_type: str) -> Response:
        """The answer to a known caller, or that it has asked too much; either says what is left."""
        allowance = context.allowance
        try:
            await allowance.admit()
            asked = await self._asked(request, receive)
            with telemetry.collecting(wanted=self._tells_sources(request)) as sources:
                executed = await self._executed(asked, context, request.method, receive)
            response = http_response.result(executed, media_type, sources)
            allowance.check()
        except Refused as refused:
            response = http_response.refusal(refused, media_type)
        response.headers.update(allowance.headers)
        return response

    def _tells_sources(self, request: Request) -> bool:
        """Whether the answer says what it was made from."""
        wish = self._limits.sources
        return wish == "always" or (wish == "asked" and request.headers.get(SOURCES_HEADER, "") == "1")

    async def _asked(self, request: Request, receive: Receive) -> GraphQLRequest:
        if request.method == "GET":
            return http_request.asked(request.scope["query_string"], self._limits)
        return await http_request.posted(request.headers, receive, self._limits)

    async def _executed(self, asked: GraphQLRequest, context: RequestContext, method: str, receive: Receive) -> ExecutionResult:
        try:
            executing = self._schema.execute(
                self._documents.text(asked, context.caller.tenant)
                or " ",  # no text at all is a document that cannot be parsed; the framework would call it missing
                variable_values=asked.variables,
                context_value=context,
                operation_name=asked.operation_name,
                allowed_operation_types=_ALLOWED[method],
                operation_extensions=asked.extensions,
            )
            return await unless_client_leaves(receive, executing)
        except (ClientLeftError, asyncio.CancelledError):
            context.loaders.give_up()
            raise
        except InvalidOperationTypeError as wrong:
            if method == "GET" and wrong.operation_type is OperationType.MUTATION:
                raise Refused(405, "a mutation must be sent by POST", headers={"Allow": "POST"}) from wrong
            return _unanswerable(GraphQLError(_ELSEWHERE), context)
        except CannotGetOperationTypeError:
            return _unanswerable(GraphQLError(_no_operation(asked.operation_name)), context)
        except GatewayError as unavailable:
            return _unanswerable(GraphQLError(unavailable.message, original_error=unavailable), context)

    def _context(self, caller: Caller) -> RequestContext:
        """What lives for this request."""
        services = replace(self._services, cursors=self._services.cursors.only_for(caller))
        allowance = Allowance(caller, None if services.authenticator.is_open else services.rates)
        id = telemetry.request_id.get() or ""
        trusted = self._documents.trusted
        return RequestContext(
            caller=caller, services=services, request_id=id, limits=self._limits, allowance=allowance, trusted=trusted
        )


def _negotiated(request: Request, *, with_page: bool) -> str:
    """The media type of the answer; raises Refused where no answer would be understood."""
    if request.method not in _ALLOWED:
        raise Refused(405, "GraphQL takes GET and POST", headers={"Allow": "GET, POST"})
    offered = [media_types.JSON, media_types.GRAPHQL, media_types.EVENTS]
    if with_page and request.method == "GET" and not any(name in request.query_params for name in _ASKING):
        offered.insert(0, media_types.HTML)
    accept = ",".join(request.headers.getlist("accept"))
    media_type = media_types.negotiated(accept, offered)
    if media_type is None:
        raise Refused(406, f"answers are {' or '.join(offered)}")
    return media_type


def _page() -> Response:
    page = graphiql_page.page()
    page.headers.update(http_response.VARY)
    return page


def _unanswerable(error: GraphQLError, context: RequestContext) -> ExecutionResult:
    present(error, context.request_id)
    return ExecutionResult(data=None, errors=[error])


def _no_operation(name: str | None) -> str:
    return (
        "The document has no operation that could be meant: name one that it has."
        if name is None
        else f'Unknown operation named "{name}".'
    )

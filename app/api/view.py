"""The endpoint: GraphQL over HTTP, to the letter, over the framework's schema; GraphiQL for browsers.

How a request is read and an answer written stands beside it; what a document may cost, in documents.py.
"""

from __future__ import annotations

from graphql import GraphQLError
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.types import ExecutionResult
from strawberry.types.graphql import OperationType

from app import telemetry
from app.api import graphiql_page, http_request, http_response, media_types
from app.api.context import RequestContext, Services
from app.api.errors import present
from app.api.http_request import ClientLeftError, GraphQLRequest, Refused
from app.api.persisted import PersistedDocuments
from app.api.schema import Schema
from app.domain.errors import GatewayError
from app.edge_settings import EdgeSettings
from app.gateway.accounts import Caller

OPEN = Caller(name="open")
"""Whoever reaches a gateway that does not know callers."""

_ALLOWED = {"GET": {OperationType.QUERY}, "POST": {OperationType.QUERY, OperationType.MUTATION}}
_ASKING = ("query", "documentId", "extensions")
"""Parameters that make an address a question; without one a browser wants the page."""


class View:
    """One endpoint: POST for operations, GET for queries and for the page."""

    def __init__(self, schema: Schema, services: Services, limits: EdgeSettings) -> None:
        self._schema = schema
        self._services = services
        self._limits = limits
        self._documents = PersistedDocuments(limits)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; whatever happens is answered in JSON."""
        if scope["type"] != "http":
            await WebSocket(scope, receive, send).close(code=1008)
            return
        try:
            response = await self._answer(Request(scope), receive)
        except ClientLeftError:
            return
        await response(scope, receive, send)

    async def _answer(self, request: Request, receive: Receive) -> Response:
        media_type = media_types.JSON
        try:
            media_type = _negotiated(request)
            if media_type == media_types.HTML:
                return _page()
            asked = await self._asked(request, receive)
            return http_response.result(await self._executed(request.method, asked), media_type)
        except Refused as refused:
            return http_response.refusal(refused, media_type)
        except ClientLeftError:
            raise
        except Exception as bug:  # noqa: BLE001 - logged; a stack trace is nobody's answer
            telemetry.internal_error(bug)
            return http_response.failure(media_type)

    async def _asked(self, request: Request, receive: Receive) -> GraphQLRequest:
        if request.method == "GET":
            return http_request.asked(request.scope["query_string"], self._limits)
        return await http_request.posted(request.headers, receive, self._limits)

    async def _executed(self, method: str, asked: GraphQLRequest) -> ExecutionResult:
        context = self._context()
        try:
            return await self._schema.execute(
                self._documents.text(asked)
                or " ",  # no text at all is a document that cannot be parsed; the framework would call it missing
                variable_values=asked.variables,
                context_value=context,
                operation_name=asked.operation_name,
                allowed_operation_types=_ALLOWED[method],
                operation_extensions=asked.extensions,
            )
        except InvalidOperationTypeError as wrong:
            if method == "GET" and wrong.operation_type is OperationType.MUTATION:
                raise Refused(405, "a mutation must be sent by POST", headers={"Allow": "POST"}) from wrong
            return _unanswerable(GraphQLError("Subscriptions are not answered here."), context)
        except CannotGetOperationTypeError:
            return _unanswerable(GraphQLError(f'Unknown operation named "{asked.operation_name}".'), context)
        except GatewayError as unavailable:
            return _unanswerable(GraphQLError(unavailable.message, original_error=unavailable), context)

    def _context(self) -> RequestContext:
        """What lives for this request."""
        id = telemetry.request_id.get() or ""
        return RequestContext(caller=OPEN, services=self._services, request_id=id, limits=self._limits)


def _negotiated(request: Request) -> str:
    """The media type of the answer; raises Refused where no answer would be understood."""
    if request.method not in _ALLOWED:
        raise Refused(405, "GraphQL takes GET and POST", headers={"Allow": "GET, POST"})
    offered = [media_types.JSON, media_types.GRAPHQL]
    if request.method == "GET" and not any(name in request.query_params for name in _ASKING):
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

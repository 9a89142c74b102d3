"""Operations whose answers are told one by one, for every transport that does so: started, answered, and ended where their caller may no longer hear.

How an answer is written, and when a connection ends, is the transport's business.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Iterator
from contextlib import aclosing, contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from graphql import GraphQLError
from starlette.datastructures import Headers
from strawberry.schema.exceptions import InvalidOperationTypeError
from strawberry.types import ExecutionResult
from strawberry.types.execution import PreExecutionError
from strawberry.types.graphql import OperationType

from app import telemetry
from app.api import auth, http_response
from app.api.context import RequestContext
from app.api.errors import present
from app.api.http_request import GraphQLRequest, Refused
from app.api.persisted import PersistedDocuments
from app.api.schema import Schema
from app.domain.errors import GatewayError
from app.domain.vocabulary import ErrorCode
from app.edge_settings import EdgeSettings
from app.gateway.accounts import Caller
from app.identity.authenticator import Authenticator

RECHECK_S = 30.0
"""How often it is looked whether one who listens still may, where nothing is told meanwhile."""


class StalledError(Exception):
    """The client does not read what it is sent."""


async def in_time(sending: Awaitable[None], limits: EdgeSettings) -> None:
    """Wait until it has been sent; raises StalledError."""
    try:
        async with asyncio.timeout(limits.stream_stalled_s):
            await sending
    except TimeoutError as stalled:
        raise StalledError from stalled


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One answer of an operation."""

    body: dict[str, Any]
    """`data`, `errors` or both."""
    is_request_error: bool = False
    """Nothing was executed, and no other answer follows."""
    refused: Refused | None = None
    """Why not, where HTTP has a status for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    """Who listens, and by what it has shown that it may."""

    caller: Caller
    headers: Headers
    replaced: asyncio.Event
    """Set once those who are known have been replaced since."""


class Streams:
    """Starts operations; one for the endpoint, whatever the transport."""

    def __init__(
        self,
        schema: Schema,
        documents: PersistedDocuments,
        authenticator: Authenticator,
        context: Callable[[Caller], RequestContext],
    ) -> None:
        self._schema = schema
        self._documents = documents
        self._authenticator = authenticator
        self.context = context
        """Makes what lives for one operation."""
        self.leaving = asyncio.Event()
        """Set once the process is to end: subscriptions end, what else runs may finish."""
        self.recheck_s = RECHECK_S
        self._open = 0
        self._all_ended = asyncio.Event()
        self._all_ended.set()

    @contextmanager
    def opened(self) -> Iterator[None]:
        """While the block runs there is one more that has to be ended."""
        self._open += 1
        self._all_ended.clear()
        try:
            yield
        finally:
            self._open -= 1
            if not self._open:
                self._all_ended.set()

    async def end(self) -> None:
        """End all that streams, and wait until it has ended."""
        self.leaving.set()
        await self._all_ended.wait()

    async def listener(self, headers: Headers) -> Listener:
        """Who sends these headers; raises Refused."""
        replaced = self._authenticator.replaced  # taken first: what changes while it is asked counts
        return Listener(caller=await auth.caller(headers, self._authenticator), headers=headers, replaced=replaced)

    async def forbidden(self, listener: Listener) -> Refused:
        """Wait until this listener would not be let in any more: at once where callers are replaced, else after a while; why."""
        replaced = listener.replaced
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(self.recheck_s):
                    await replaced.wait()
            replaced = self._authenticator.replaced
            try:
                await self._refuse_others(listener)
            except Refused as refused:
                if refused.status == 401:  # who cannot be told now is asked for again
                    return refused

    async def answers(
        self, asked: GraphQLRequest, listener: Listener, context: RequestContext, allowed: Collection[OperationType]
    ) -> AsyncGenerator[Answer, None]:
        """The answers, one at least; raises nothing. Closing it ends what it has started, except writes, which see to themselves."""
        try:
            await self._refuse_others(listener)  # a socket outlives what was shown when it was opened
            async with aclosing(self._results(asked, context, allowed)) as results:
                async for result in results:
                    if context.subscribed.is_set():
                        await self._refuse_others(listener)
                    yield _answer(result)
        except (asyncio.CancelledError, GeneratorExit):
            context.loaders.give_up()
            raise
        except Refused as refused:
            yield Answer(body={"errors": [http_response.refusal_error(refused)]}, is_request_error=True, refused=refused)
        except GatewayError as unavailable:
            yield _failed(unavailable, context)
        except Exception as bug:  # noqa: BLE001 - logged; a stack trace is nobody's answer
            telemetry.internal_error(bug)
            yield Answer(body={"errors": [http_response.failure_error()]}, is_request_error=True)

    async def _results(
        self, asked: GraphQLRequest, context: RequestContext, allowed: Collection[OperationType]
    ) -> AsyncGenerator[ExecutionResult, None]:
        await context.allowance.admit()
        source: Any = await self._schema.stream(  # it may also tell answers in parts, which this schema has switched off
            self._documents.text(asked, context.caller.tenant) or " ",  # no text at all is a document that cannot be parsed
            variable_values=asked.variables,
            context_value=context,
            operation_name=asked.operation_name,
            operation_extensions=asked.extensions,
            allowed_operation_types=allowed,
        )
        async with aclosing(source):
            async for result in source:
                _refuse_mutation_by_get(result)
                context.allowance.check()
                yield result

    async def _refuse_others(self, listener: Listener) -> None:
        """Nothing is told to whoever would not be let in now: a key may have been revoked since, or a token be over."""
        if await auth.caller(listener.headers, self._authenticator) != listener.caller:
            raise Refused(401, "the caller's rights have changed: connect again", code=ErrorCode.UNAUTHENTICATED)


def _refuse_mutation_by_get(result: ExecutionResult) -> None:
    causes = [error.original_error for error in result.errors or ()]
    if any(isinstance(cause, InvalidOperationTypeError) for cause in causes):
        raise Refused(405, "a mutation must be sent by POST", headers={"Allow": "POST"})


def _answer(result: ExecutionResult) -> Answer:
    errors = [error.formatted for error in result.errors or ()]
    if isinstance(result, PreExecutionError):
        return Answer(body={"errors": errors}, is_request_error=True)
    return Answer(body={"data": result.data, "errors": errors} if errors else {"data": result.data})


def _failed(failed: GatewayError, context: RequestContext) -> Answer:
    error = GraphQLError(failed.message, original_error=failed)
    present(error, context.request_id)
    return Answer(body={"errors": [error.formatted]}, is_request_error=True)

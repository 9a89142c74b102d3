"""GraphQL over Server-Sent Events, distinct connections mode (docs: graphql-sse, PROTOCOL.md): one request, one operation, one stream."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from typing import Any, Self

import msgspec
from graphql import GraphQLError
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from app.api import http_response, media_types
from app.api.context import RequestContext
from app.api.departure import unless_client_leaves
from app.api.errors import present
from app.api.http_request import ClientLeftError
from app.api.streams import Answer, Listener, StalledError, Streams, in_time
from app.domain.errors import StoreUnavailable

_HEADERS = {
    **http_response.VARY,
    "Content-Type": f"{media_types.EVENTS}; charset=utf-8",
    "X-Accel-Buffering": "no",  # a proxy that gathers what it passes on would hold back every event
}
_HEARTBEAT = b":\n\n"
_COMPLETE = b"event: complete\ndata:\n\n"


class EventStream(Response):
    """The answers to one operation as events. What HTTP has a status for is said by it, while nothing has been sent."""

    def __init__(
        self, answers: AsyncGenerator[Answer, None], listener: Listener, context: RequestContext, streams: Streams
    ) -> None:
        super().__init__(headers=_HEADERS)
        del self.headers["content-length"]  # nobody knows it beforehand
        self._answers = answers
        self._listener = listener
        self._context = context
        self._streams = streams

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send until the operation has ended, the client has gone or does not read, or the process ends."""
        with self._streams.opened(), contextlib.suppress(ClientLeftError, StalledError):
            await unless_client_leaves(receive, self._send(scope, receive, send))

    async def _send(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with _Pump(self._answers) as pump:
            first = await self._begun(pump)
            if first is not None and first.refused is not None:
                refusal = http_response.refusal(first.refused, media_types.JSON)
                refusal.headers.update(self._context.allowance.headers)
                await refusal(scope, receive, send)
                return
            self.headers.update(self._context.allowance.headers)
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            async with contextlib.aclosing(self._events(pump, first)) as events:
                async for event in events:
                    message = {"type": "http.response.body", "body": event, "more_body": event is not _COMPLETE}
                    await in_time(send(message), self._context.limits)

    async def _begun(self, pump: _Pump) -> Answer | None:
        """The first answer, or None once a subscription hears everything from now on."""
        subscribed = asyncio.create_task(self._context.subscribed.wait())
        try:
            await asyncio.wait({pump.next, subscribed}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            subscribed.cancel()
        return await pump.take() if pump.next.done() else None

    async def _events(self, pump: _Pump, first: Answer | None) -> AsyncGenerator[bytes, None]:
        yield _HEARTBEAT if first is None else _next(first.body)
        ended = asyncio.create_task(self._ended())
        try:
            while True:
                waited: set[asyncio.Task[Any]] = {pump.next, ended} if self._context.subscribed.is_set() else {pump.next}
                await asyncio.wait(waited, timeout=self._context.limits.stream_heartbeat_s, return_when=asyncio.FIRST_COMPLETED)
                if pump.next.done():
                    answer = await pump.take()
                    if answer is None:
                        break
                    yield _next(answer.body)
                elif ended.done() and ended in waited:
                    yield _next({"errors": [ended.result()]})
                    break
                else:
                    yield _HEARTBEAT
        finally:
            ended.cancel()
        yield _COMPLETE

    async def _ended(self) -> dict[str, Any]:
        """Wait for what ends a subscription whose source goes on: the process ends, or the client may no longer hear; what it is told."""
        leaving = asyncio.create_task(self._streams.leaving.wait())
        forbidden = asyncio.create_task(self._streams.forbidden(self._listener))
        try:
            await asyncio.wait({leaving, forbidden}, return_when=asyncio.FIRST_COMPLETED)
            return http_response.refusal_error(forbidden.result()) if forbidden.done() else self._farewell()
        finally:
            leaving.cancel()
            forbidden.cancel()

    def _farewell(self) -> dict[str, Any]:
        message = "the gateway is ending: subscribe again, and read what you rely on"
        error = GraphQLError(message, original_error=StoreUnavailable(message))
        present(error, self._context.request_id)
        return dict(error.formatted)


class _Pump:
    """Takes the answers one by one in a task of its own, so that waiting for the next can be given up and taken up again."""

    def __init__(self, answers: AsyncGenerator[Answer, None]) -> None:
        self._answers = answers
        self._queue: asyncio.Queue[Answer | None] = asyncio.Queue(maxsize=1)

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._run())
        self.next = asyncio.create_task(self._queue.get())
        return self

    async def __aexit__(self, *_: object) -> None:
        self.next.cancel()
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def take(self) -> Answer | None:
        """The next answer, None after the last."""
        answer = await self.next
        self.next = asyncio.create_task(self._queue.get())
        return answer

    async def _run(self) -> None:
        async with contextlib.aclosing(self._answers) as answers:
            async for answer in answers:
                await self._queue.put(answer)
        await self._queue.put(None)


def _next(body: dict[str, Any]) -> bytes:
    return b"event: next\ndata: " + msgspec.json.encode(body) + b"\n\n"

"""GraphQL over WebSocket (docs: graphql-transport-ws, PROTOCOL.md): one socket, many operations, each told by its id.

How a message is read stands in socket_messages.py, how an operation runs in streams.py.
"""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import msgspec
from starlette.datastructures import Headers
from starlette.websockets import WebSocket, WebSocketDisconnect
from strawberry.types.graphql import OperationType

from app import telemetry
from app.api.context import RequestContext
from app.api.http_request import Refused
from app.api.http_response import refusal_error
from app.api.socket_messages import PROTOCOL, Closing, Complete, Init, Ping, Subscribe, read
from app.api.streams import Listener, StalledError, Streams, in_time
from app.domain.vocabulary import ErrorCode
from app.edge_settings import EdgeSettings

_CREDENTIALS = ("authorization", "x-api-key")
_ALL = frozenset(OperationType)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Operation:
    """One that runs; `subscribed` is set once it only listens."""

    task: asyncio.Task[None]
    subscribed: asyncio.Event


class Socket:
    """One client's connection, from the handshake to its close."""

    def __init__(self, websocket: WebSocket, streams: Streams, limits: EdgeSettings) -> None:
        self._websocket = websocket
        self._streams = streams
        self._limits = limits
        self._listener: Listener | None = None
        self._has_begun = False
        self._operations: dict[str, _Operation] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._over: asyncio.Future[Closing | None] = asyncio.get_running_loop().create_future()
        """Why it is over; None: the client has gone."""

    async def run(self) -> None:
        """Talk until one side ends it; whatever was begun for this client has ended then."""
        if _is_foreign(self._websocket.headers):
            await self._websocket.close()  # before it was accepted: the server answers 403
            return
        is_known = PROTOCOL in self._websocket.scope["subprotocols"]
        await self._websocket.accept(PROTOCOL if is_known else None)
        try:
            closing = await self._talked() if is_known else Closing(4406, f"only {PROTOCOL} is spoken here")
            if closing is not None:
                await self._close(closing)
        finally:
            ending = list(self._tasks)
            for task in ending:
                task.cancel()
            await asyncio.gather(*ending, return_exceptions=True)

    async def _talked(self) -> Closing | None:
        timer = asyncio.get_running_loop().call_later(self._limits.socket_init_s, self._late)
        try:
            self._start(self._listen())
            self._start(self._leave())
            return await self._over
        finally:
            timer.cancel()

    def _late(self) -> None:
        if not self._has_begun:
            self._end(Closing(4408, "connection initialisation timeout"))

    async def _listen(self) -> None:
        while True:
            event = await self._websocket.receive()
            if event["type"] == "websocket.disconnect":
                raise WebSocketDisconnect
            match read(event, most_bytes=self._limits.body_bytes):
                case Init(payload):
                    await self._begin(payload)
                case Ping(payload):
                    await self._say({"type": "pong"} if payload is None else {"type": "pong", "payload": payload})
                case Subscribe() as wanted:
                    await self._subscribe(wanted)
                case Complete(id):
                    operation = self._operations.pop(id, None)
                    if operation is not None:
                        operation.task.cancel()

    async def _begin(self, payload: Mapping[str, Any]) -> None:
        if self._has_begun:
            raise Closing(4429, "too many initialisation requests")
        self._has_begun = True
        try:
            self._listener = await self._streams.listener(_with_credentials(self._websocket.headers, payload))
        except Refused as refused:
            raise Closing(4403 if refused.status == 401 else 1013, refused.message) from refused
        self._start(self._forbid(self._listener))
        await self._say({"type": "connection_ack"})

    async def _subscribe(self, wanted: Subscribe) -> None:
        if self._listener is None:
            raise Closing(4401, "unauthorized: connection_init comes first")
        if wanted.id in self._operations:
            raise Closing(4409, f"subscriber for {wanted.id} already exists")
        if len(self._operations) >= self._limits.socket_operations:
            message = f"{self._limits.socket_operations} operations are open on this socket; no more are taken"
            refused = Refused(429, message, code=ErrorCode.LIMIT_EXCEEDED)
            await self._say({"id": wanted.id, "type": "error", "payload": [refusal_error(refused)]})
            return
        telemetry.request_id.set(uuid.uuid4().hex)  # in this task, whose next one the operation's begins with
        context = self._streams.context(self._listener.caller)
        task = self._start(self._operate(wanted, self._listener, context))
        self._operations[wanted.id] = _Operation(task=task, subscribed=context.subscribed)

    async def _operate(self, wanted: Subscribe, listener: Listener, context: RequestContext) -> None:
        last: dict[str, Any] = {"id": wanted.id, "type": "complete"}
        async with contextlib.aclosing(self._streams.answers(wanted.asked, listener, context, _ALL)) as answers:
            async for answer in answers:
                if answer.refused is not None and answer.refused.status == 401:
                    raise Closing(4403, answer.refused.message)
                if answer.is_request_error:
                    last = {"id": wanted.id, "type": "error", "payload": answer.body["errors"]}
                    break
                await self._say({"id": wanted.id, "type": "next", "payload": answer.body})
        del self._operations[wanted.id]  # before the client knows that it has ended: it may use the id again at once
        await self._say(last)

    async def _leave(self) -> None:
        """When the process ends: what only listens ends at once, what works may finish."""
        await self._streams.leaving.wait()
        await self._worked()
        raise Closing(1001, "the gateway is ending: connect again")

    async def _forbid(self, listener: Listener) -> None:
        """When its client is nobody known any more, or somebody else; what works may finish."""
        refused = await self._streams.forbidden(listener)
        await self._worked()
        raise Closing(4403, refused.message)

    async def _worked(self) -> None:
        """Wait until what works now has ended, or only listens."""
        for operation in list(self._operations.values()):
            listens = asyncio.create_task(operation.subscribed.wait())
            try:
                await asyncio.wait({operation.task, listens}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                listens.cancel()

    def _start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[None]) -> None:
        """Any of the tasks may find out that it is over."""
        self._tasks.discard(task)
        failed = None if task.cancelled() else task.exception()
        match failed:
            case None:
                pass
            case Closing():
                self._end(failed)
            case WebSocketDisconnect():
                self._end(None)
            case StalledError():
                self._end(Closing(1008, "what is sent is not read"))
            case _:
                telemetry.internal_error(failed)
                self._end(Closing(4500, "internal server error"))

    def _end(self, closing: Closing | None) -> None:
        if not self._over.done():
            self._over.set_result(closing)

    async def _say(self, message: Mapping[str, Any]) -> None:
        await in_time(self._websocket.send_text(msgspec.json.encode(message).decode()), self._limits)

    async def _close(self, closing: Closing) -> None:
        with contextlib.suppress(StalledError, WebSocketDisconnect):
            await in_time(self._websocket.close(closing.code, closing.reason), self._limits)


def _is_foreign(headers: Headers) -> bool:
    """Whether a page of another site asks: a browser sends what it knows of us with it, and no preflight stops it."""
    origin = headers.get("origin")
    if origin is None:
        return False
    with contextlib.suppress(ValueError):  # no address at all is no address of ours
        return urlsplit(origin).netloc.lower() != headers.get("host", "").lower()
    return True


def _with_credentials(headers: Headers, payload: Mapping[str, Any]) -> Headers:
    """The handshake's headers, and those a browser could not set, from the payload."""
    shown = [(name.lower(), value) for name, value in payload.items() if name.lower() in _CREDENTIALS]
    if any(not isinstance(value, str) for _, value in shown):
        raise Closing(4400, "credentials must be text")
    return Headers(raw=[*headers.raw, *((name.encode(), value.encode("latin-1", "replace")) for name, value in shown)])

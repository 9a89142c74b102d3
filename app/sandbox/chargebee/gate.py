"""The way into the site: authentication, site mode, decoding, idempotency; then one handler, to its end, without a pause.

Handlers are plain functions: nothing else runs between their checks and their changes.
"""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from app.sandbox.chargebee.books import Books, Occasion
from app.sandbox.chargebee.idempotency import HEADER, Keyed, Keys, Reply
from app.sandbox.chargebee.reading import Fields, pairs
from app.sandbox.chargebee.refusals import Refusal
from app.sandbox.kernel import Json

Endpoint = Callable[[Request], Awaitable[Response]]
TURN_S = 0.01  # how often a request that is held looks whether it may go on


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A request as its handler sees it."""

    path: Mapping[str, str]
    fields: Fields
    occasion: Occasion


Handler = Callable[[Books, Call], dict[str, Json]]


class Gate:
    """Lets requests in. While `holding`, keyed writes wait before they touch the books, as slow ones would."""

    def __init__(self, books: Books) -> None:
        self._books = books
        self.keys = Keys(books.clock, books.switches)
        self.holding = False

    def reset(self) -> None:
        """No keys, nothing held."""
        self.keys.clear()
        self.holding = False

    def read(self, handler: Handler) -> Endpoint:
        """An endpoint that changes nothing."""

        async def endpoint(request: Request) -> Response:
            self.admit(request)
            given = pairs(request.scope["query_string"])
            return self._carry_out(handler, request, given).response()

        return endpoint

    def write(self, handler: Handler, *, keyed: bool = True) -> Endpoint:
        """An endpoint that changes the books."""

        async def endpoint(request: Request) -> Response:
            api_key = self.admit(request)
            if self._books.switches["site_mode"] == "read_only":
                message = "The site is in read-only mode for maintenance"
                raise Refusal(503, message, code="site_read_only_mode")
            given = pairs(await request.body())
            key = request.headers.get(HEADER, "")
            if not key or not keyed:
                return self._carry_out(handler, request, given).response()
            keyed_request = Keyed(key=key, api_key=api_key, path=request.url.path, fields=tuple(given))
            return await self._once(handler, request, keyed_request)

        return endpoint

    def admit(self, request: Request) -> str:
        """The API key of a request that may come in; any key but `wrong` may."""
        if self._books.switches["site_mode"] == "not_ready":
            message = "The site is not ready"
            raise Refusal(503, message, code="site_not_ready")
        key = _api_key(request.headers.get("authorization", ""))
        if key in {"", "wrong"}:
            message = "Sorry, authentication failed. Invalid api key"
            raise Refusal(401, message)
        return key

    async def _once(self, handler: Handler, request: Request, keyed: Keyed) -> Response:
        while (entry := self.keys.seen(keyed)) is not None:
            if entry.reply is not None:
                return entry.reply.response(replayed=True)
            self.keys.check_wait()
            await asyncio.sleep(TURN_S)
        with self.keys.running(keyed) as entry:
            while self.holding:  # noqa: ASYNC110 - `release` may come from another thread, where an asyncio.Event must not be set
                await asyncio.sleep(TURN_S)
            if not self.keys.is_held(keyed, entry):
                message = "The site was reset while this request waited"
                raise Refusal(503, message, code="internal_temporary_error")
            try:
                reply = self._carry_out(handler, request, keyed.fields)
            except Refusal as refused:
                reply = Reply(status=refused.status, body=json.dumps(refused.body()).encode())
            if self.keys.keeps(reply):
                entry.reply = reply
            return reply.response()

    def _carry_out(self, handler: Handler, request: Request, given: list[tuple[str, str]] | tuple[tuple[str, str], ...]) -> Reply:
        silent = request.headers.get("chargebee-event-webhook", "") == "all-disabled"
        occasion = Occasion(at=self._books.clock.now(), webhook_status="disabled" if silent else "not_configured")
        answer = handler(self._books, Call(path=request.path_params, fields=Fields(given), occasion=occasion))
        return Reply(status=200, body=json.dumps(answer, ensure_ascii=False, separators=(",", ":")).encode())


def _api_key(authorization: str) -> str:
    """The user name of Basic credentials, which is the key; the password is not looked at. Nothing where there are none."""
    scheme, _, credentials = authorization.partition(" ")
    if scheme.lower() != "basic":
        return ""
    try:
        return base64.b64decode(credentials.strip(), validate=True).decode().partition(":")[0]
    except ValueError:  # not ASCII, not Base64, or not UTF-8 inside
        return ""

"""By what names a request may address the gateway. An open one on loopback is as safe as its names: any site can have its own lead there."""

from __future__ import annotations

import re
from collections.abc import Callable

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from app.api import http_response, media_types
from app.api.http_request import Refused
from app.domain.vocabulary import ErrorCode

PROBES = {"/livez", "/readyz"}
"""Asked by what keeps the gateway running, by whatever name it knows; they tell nothing of anybody."""

_LOOPBACK = re.compile(r"(([a-z0-9-]+\.)*localhost|127(\.\d{1,3}){3}|\[::1\])\.?(:\d*)?", re.IGNORECASE)


class HostNames:
    """Refuses a request for another name where only loopback's may be used, and one that does not say for whom it is."""

    def __init__(self, app: ASGIApp, *, only_loopback: Callable[[], bool]) -> None:
        self._app = app
        self._only_loopback = only_loopback

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        try:
            if scope["type"] in {"http", "websocket"} and scope["path"] not in PROBES:
                self._check(Headers(scope=scope).getlist("host"), version=scope["http_version"])
        except Refused as refused:
            if scope["type"] == "websocket":
                await send({"type": "websocket.close", "code": 1008, "reason": refused.message})  # the server answers 403
            else:
                await http_response.refusal(refused, media_types.JSON)(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def _check(self, names: list[str], *, version: str) -> None:
        if len(names) > 1 or (not names and version != "1.0"):  # docs: RFC 9112, 3.2
            raise Refused(400, "the header Host has to be there once")
        if self._only_loopback() and not (names and _LOOPBACK.fullmatch(names[0])):
            message = "an open gateway on loopback answers to localhost only: give out keys, or say that it is meant to be open"
            raise Refused(421, message, code=ErrorCode.FORBIDDEN)

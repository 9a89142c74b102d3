"""The provider's side of the contract suite: recorded replies, served over a socket, and every request as it arrived."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from urllib.parse import unquote, unquote_plus

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from tests.providers.recordings import Reply


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """One request. `target` is path and query as they stood on the line."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def path(self) -> str:
        """Without the query."""
        return self.target.partition("?")[0]

    @property
    def asked(self) -> str:
        """Path, query and body, decoded, to look for a word in."""
        return unquote_plus(self.target) + " " + unquote_plus(self.body.decode())


@dataclass(slots=True, repr=False)
class Desk:
    """Gives the reply laid out for a request's path, else the one for all; without one, it cuts the connection."""

    arrived: list[Arrived] = field(default_factory=list)
    _reply: Reply | None = None
    _by_word: dict[str, Reply] = field(default_factory=dict)

    def clear(self) -> None:
        """As if nothing had been asked or laid out."""
        self.arrived.clear()
        self._by_word.clear()
        self._reply = None

    def lay_out(self, reply: Reply | None, *, where: str | None = None) -> None:
        """Answer with this: every request, or those with this word in the path. None: cut every connection."""
        if where is not None and reply is not None:
            self._by_word[where] = reply
        else:
            self._reply = reply

    def only(self) -> Arrived:
        """The one request there was."""
        (request,) = self.arrived
        return request

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Take a request and answer it."""
        query = scope["query_string"].decode()
        arrived = Arrived(
            method=scope["method"],
            target=scope["raw_path"].decode() + (f"?{query}" if query else ""),
            headers={name.decode(): value.decode() for name, value in scope["headers"]},
            body=await Request(scope, receive).body(),
        )
        self.arrived.append(arrived)
        reply = next((reply for word, reply in self._by_word.items() if word in unquote(arrived.path)), self._reply)
        if reply is None:
            send.__self__.transport.abort()  # type: ignore[attr-defined]  # uvicorn's request cycle, whose method `send` is
            return
        body = reply["body"]
        text = body if isinstance(body, str) else json.dumps(body, separators=(",", ":"), ensure_ascii=False)
        await Response(text, status_code=reply["status"], headers=reply["headers"])(scope, receive, send)

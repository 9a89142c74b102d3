"""Who may come in: the two headers every call carries, checked before anything else is looked at."""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from app.sandbox.kernel import Switches
from app.sandbox.zenskar.refusals import on_demand

WRONG = "wrong"  # the one key and the one organisation this sandbox does not know
# The documents behind `line_items_url` are open, as links to stored files are: no key may have to travel to them.
OPEN_PATHS = "/files/"


class Door:
    """Turns away calls without a key (401) and then those without an organisation (403)."""

    def __init__(self, app: ASGIApp, switches: Switches) -> None:
        self._app = app
        self._switches = switches

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the request, or say who is missing."""
        refusal = self._refusal(scope) if scope["type"] == "http" else None
        if refusal is None:
            await self._app(scope, receive, send)
        else:
            await refusal(scope, receive, send)

    def _refusal(self, scope: Scope) -> Response | None:
        headers = Headers(scope=scope)
        if str(scope["path"]).startswith(OPEN_PATHS):
            return None
        if _key(headers) in {"", WRONG}:
            return on_demand(401, self._switches)
        if headers.get("organisation", "") in {"", WRONG}:
            return on_demand(403, self._switches)
        return None


def _key(headers: Headers) -> str:
    """The API key, or the token of a dashboard session (official MCP server)."""
    scheme, _, token = headers.get("authorization", "").partition(" ")
    return headers.get("x-api-key", token.strip() if scheme.lower() == "bearer" else "")

"""The page a browser gets at the API's address, and the files it is made of.

GraphiQL where it has been built (`make graphiql`), a plain form where not. What GraphQL is does not belong here.
"""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

ASSETS = "/graphiql"
"""Where the assets are mounted; the built page names it relative to `/graphql`."""

_HERE = Path(__file__).parent
_BUILT = _HERE / "static"
_PLAIN = _HERE / "graphiql" / "plain.html"

_HASHED = re.compile(r"-[0-9A-Z]{8}\.[a-z0-9]+$")
_YEAR_S = 365 * 24 * 3600

_ASSET_HEADERS = {"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'", "X-Content-Type-Options": "nosniff"}
_PAGE_HEADERS = {
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_POLICY_FOR_ALL = (
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; connect-src 'self'; img-src data:"
)


class _Assets(StaticFiles):
    """Static files; those whose names carry their own hash may be kept for good."""

    async def check_config(self) -> None:
        """Nothing: a folder that is not there (yet) answers 404, the gateway needs none of it."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers.update(_ASSET_HEADERS)
        response.headers["Cache-Control"] = f"public, max-age={_YEAR_S}, immutable" if _HASHED.search(path) else "no-cache"
        return response


async def home(_: Request) -> Response:
    """From the gateway's bare address to the page's."""
    return RedirectResponse("/graphql")


def assets(built: Path = _BUILT) -> Mount:
    """The route that serves the built files; without a build it answers 404."""
    return Mount(ASSETS, app=_Assets(directory=built / "assets", check_dir=False), name="graphiql")


def page(built: Path = _BUILT) -> Response:
    """GraphiQL, or the plain form while it has not been built."""
    try:
        return _built_page((built / "page.html").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return _plain_page(_PLAIN.read_text(encoding="utf-8"))


def _built_page(html: str) -> Response:
    # The editor sets styles from its script, hence 'unsafe-inline' for styles alone.
    policy = f"{_POLICY_FOR_ALL}; script-src 'self'; worker-src 'self'; font-src 'self'; style-src 'self' 'unsafe-inline'"
    return _html(html, policy)


def _plain_page(html: str) -> Response:
    return _html(html, f"{_POLICY_FOR_ALL}; script-src {_hash_of('script', html)}; style-src {_hash_of('style', html)}")


def _hash_of(element: str, html: str) -> str:
    """The policy's name for the one inline element of this kind."""
    text = html.partition(f"<{element}>")[2].partition(f"</{element}>")[0]
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def _html(html: str, policy: str) -> Response:
    return HTMLResponse(html, headers={**_PAGE_HEADERS, "Content-Security-Policy": policy})

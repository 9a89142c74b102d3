"""A fault outside the endpoint is answered as everything else is: in JSON, and without a word of what it was."""

from __future__ import annotations

import httpx
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.asgi import create_app
from app.sandbox.server import Addresses
from tests.support.running import settings
from tests.support.serving import served


async def _broken(_: Request) -> Response:
    message = "hunter2"
    raise RuntimeError(message)


def test_a_fault_of_a_route_is_masked_and_told_in_json(addresses: Addresses) -> None:
    app = create_app(settings(addresses))
    app.router.routes.append(Route("/broken", _broken))
    with served(app) as url:
        answer = httpx.get(f"{url}/broken", trust_env=False)
    assert (answer.status_code, answer.headers["content-type"]) == (500, "application/json")
    (error,) = answer.json()["errors"]
    assert (error["message"], error["extensions"]["code"]) == ("Internal error", "INTERNAL")
    assert "hunter2" not in answer.text

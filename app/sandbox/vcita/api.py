"""Serves the operations of the API: from request to call, from refusal to answer. Thin: rules and shapes are elsewhere."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.sandbox.vcita.access import admit
from app.sandbox.vcita.business import Business
from app.sandbox.vcita.calls import Call, Endpoint
from app.sandbox.vcita.legacy_api import LEGACY_ENDPOINTS
from app.sandbox.vcita.refusals import Family, Refused, bare_status, refusal_answer
from app.sandbox.vcita.v3_api import V3_ENDPOINTS
from app.sandbox.vcita.webhook_api import WEBHOOK_ENDPOINTS


def make_app(business: Business) -> Starlette:
    """The provider's API over these books."""
    endpoints = [*V3_ENDPOINTS, *LEGACY_ENDPOINTS, *WEBHOOK_ENDPOINTS]
    routes = [Route(one.path, _serve(one, business), methods=[one.method]) for one in endpoints]

    async def unknown(_: Request, error: Exception) -> Response:
        return refusal_answer(bare_status(getattr(error, "status_code", 404)), Family.V3, business.switches)

    app = Starlette(routes=routes, exception_handlers={404: unknown, 405: unknown})
    app.router.redirect_slashes = False
    return app


def _serve(endpoint: Endpoint, business: Business) -> Callable[[Request], Awaitable[Response]]:
    async def serve(request: Request) -> Response:
        body = await request.body()
        try:
            caller = admit(request.headers, endpoint.tokens, business.switches, declares_business=endpoint.declares_business)
            now = business.ripen()
            call = Call(caller=caller, now=now, path=request.path_params, query=request.query_params, body=body)
            return endpoint.operation(business, call)
        except Refused as refused:
            return refusal_answer(refused, endpoint.family, business.switches)

    return serve

"""The sandbox's own API: look into the books, put them back, make faults, move the clock. Every answer is JSON."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from app.sandbox.faults import Faults, Faulty, read_fault
from app.sandbox.kernel import BadControl, Clock, Json, ProviderSandbox


class Sandbox:
    """All provider sandboxes, one clock, one list of faults, one count of requests."""

    def __init__(self, clock: Clock, providers: Sequence[ProviderSandbox]) -> None:
        self.clock = clock
        self.providers = {provider.name: provider for provider in providers}
        self.faults = Faults()
        self.requests: Counter[tuple[str, str, str]] = Counter()
        self.control = Starlette(
            routes=[
                Route("/books", self._books),
                Route("/requests", self._requests),
                Route("/reset", self._reset, methods=["POST"]),
                Route("/faults", _posted(self._add_fault), methods=["POST"]),
                Route("/switches", self._show_switches, methods=["GET"]),
                Route("/switches", _posted(self._switch), methods=["POST"]),
                Route("/clock", _posted(self._advance), methods=["POST"]),
                Route("/act", _posted(self._act), methods=["POST"]),
            ],
            exception_handlers={404: _unknown, 405: _unknown},
        )

    def app(self, name: str) -> ASGIApp:
        """What to serve for this provider."""
        return Faulty(self.providers[name], self.faults, self.requests)

    def reset(self) -> None:
        """Books, faults, switches and counts back to the start."""
        self.faults.clear()
        self.requests.clear()
        for provider in self.providers.values():
            provider.switches.reset()
            provider.reset()

    def violations(self) -> list[str]:
        """Rules that any provider's books break now."""
        return [f"{name}: {rule}" for name, provider in self.providers.items() for rule in provider.violations()]

    async def _books(self, _: Request) -> Response:
        violations = self.violations()
        books = {name: provider.books() for name, provider in self.providers.items()}
        return JSONResponse({**books, "invariants": {"ok": not violations, "violations": violations}})

    async def _requests(self, _: Request) -> Response:
        rows = sorted(self.requests.items())
        return JSONResponse([{"provider": p, "method": m, "path": path, "count": n} for (p, m, path), n in rows])

    async def _reset(self, _: Request) -> Response:
        self.reset()
        return JSONResponse({"ok": True})

    def _add_fault(self, body: Json) -> Json:
        fault = read_fault(body)
        if fault.provider != "*":
            self._named(fault.provider)
        self.faults.add(fault)
        return {"ok": True}

    async def _show_switches(self, _: Request) -> Response:
        return JSONResponse({name: provider.switches.as_json() for name, provider in self.providers.items()})

    def _switch(self, body: Json) -> Json:
        """`{"provider": "zenskar", "switch": "invoice_currency", "value": "absent"}`."""
        switches = self._named(_text(body, "provider")).switches
        switches.set(_text(body, "switch"), _text(body, "value"))
        return switches.as_json()

    def _advance(self, body: Json) -> Json:
        seconds = _member(body, "advance_s")
        if isinstance(seconds, bool) or not isinstance(seconds, int | float):
            message = "advance_s must be a number of seconds"
            raise BadControl(message)
        self.clock.advance(seconds)
        return {"now": self.clock.now()}

    def _act(self, body: Json) -> Json:
        """`{"provider": "chargebee", "action": "pay", ...}`: the other members are the action's own."""
        provider = self._named(_text(body, "provider"))
        arguments = {name: value for name, value in _object(body).items() if name not in {"provider", "action"}}
        return provider.act(_text(body, "action"), arguments)

    def _named(self, name: str) -> ProviderSandbox:
        if name not in self.providers:
            message = f"no provider {name!r}; there are {sorted(self.providers)}"
            raise BadControl(message)
        return self.providers[name]


def _posted(call: Callable[[Json], Json]) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        try:
            return JSONResponse(call(json.loads(await request.body() or b"{}")))
        except ValueError as wrong:  # BadControl, or a body that is not JSON
            return JSONResponse({"error": str(wrong)}, status_code=400)

    return endpoint


async def _unknown(request: Request, _: Exception) -> Response:
    calls = "GET /books /requests /switches, POST /reset /faults /switches /clock /act"
    return JSONResponse({"error": f"{request.method} {request.url.path} is not known; there are {calls}"}, status_code=404)


def _object(body: Json) -> dict[str, Json]:
    if not isinstance(body, dict):
        message = "the body must be an object"
        raise BadControl(message)
    return body


def _member(body: Json, name: str) -> Json:
    members = _object(body)
    if name not in members:
        message = f"{name} is missing"
        raise BadControl(message)
    return members[name]


def _text(body: Json, name: str) -> str:
    value = _member(body, name)
    if not isinstance(value, str):
        message = f"{name} must be a string"
        raise BadControl(message)
    return value

"""The provider that docs/adding-a-provider.md invents: its package put together from that page, and its API as the page describes it."""

from __future__ import annotations

import sys
import types
from collections.abc import Callable
from dataclasses import dataclass, field

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from app.providers.contract import AccountSettings, ProviderSpec
from app.secret import Secret
from tests.support.markdown import Document

PACKAGE = "app.providers.acme"
NOTE = {"id": "n1", "state": "issued", "amount": 25_00, "currency": "eur", "created_at": "2026-11-21T10:00:00Z", "invoice": "i1"}
INVOICE = {"id": "i1", "state": "open", "total": 119_00, "open": 119_00, "currency": "EUR"}


@dataclass(slots=True)
class Acme:
    """Its API, with one note and one invoice."""

    keys: list[str | None] = field(default_factory=list)
    """The idempotency keys that came."""

    @property
    def app(self) -> Starlette:
        """To be served."""
        notes = Route("/credit_notes", self._notes, methods=["GET", "POST"])
        void = Route("/credit_notes/{id}/void", self._void, methods=["POST"])
        return Starlette(routes=[notes, void, Route("/invoices/{id}", self._invoice)])

    async def _notes(self, request: Request) -> Response:
        if request.method == "GET":
            return JSONResponse({"data": [NOTE]})
        self.keys.append(request.headers.get("idempotency-key"))
        return JSONResponse(NOTE | await request.json())

    async def _void(self, request: Request) -> Response:
        self.keys.append(request.headers.get("idempotency-key"))
        return JSONResponse(NOTE | {"id": request.path_params["id"], "state": "void"})

    async def _invoice(self, request: Request) -> Response:
        if request.path_params["id"] == "i1":
            return JSONResponse(INVOICE)
        return JSONResponse({"code": "no_such_object", "message": "There is none."}, status_code=404)


def load(document: Document, register: Callable[[str, types.ModuleType], None]) -> ProviderSpec:
    """Run the page's files as the package they would be; `register` puts a module where imports find it."""
    files = dict(_files(document))
    package = types.ModuleType(PACKAGE)
    package.__path__ = []
    register(PACKAGE, package)
    for name in ("wire", "mapping", "adapter"):
        module = types.ModuleType(f"{PACKAGE}.{name}")
        register(module.__name__, module)
        setattr(package, name, module)
        exec(files[f"app/providers/acme/{name}.py"], module.__dict__)
    exec(files["app/providers/acme/__init__.py"], package.__dict__)
    spec = sys.modules[PACKAGE].SPEC
    if not isinstance(spec, ProviderSpec):
        message = "the page declares no SPEC"
        raise TypeError(message)
    return spec


def account(url: str) -> AccountSettings:
    """An account of it."""
    return AccountSettings(
        name="acme-test", tenant="tests", provider="acme", credentials={"token": Secret("a token")}, options={},
        base_url=url, reason_codes={}, switches={},
    )  # fmt: skip


def _files(document: Document) -> list[tuple[str, str]]:
    blocks = [block.text for block in document.blocks if block.language == "python"]
    return [(text.partition("\n")[0].removeprefix("# "), text) for text in blocks]

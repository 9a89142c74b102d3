"""The composition root: builds what lives for the process, serves it, and takes it down in reverse order."""

from __future__ import annotations

import json
import os
import secrets
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import RedirectResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app import http, telemetry
from app.accounts_file import demo_accounts
from app.api import graphiql_page
from app.api.context import Services
from app.api.ids import Cursors
from app.api.schema import Schema, make_schema
from app.api.security_headers import SecurityHeaders
from app.api.view import View
from app.gateway.accounts import Accounts
from app.gateway.audit import Audit
from app.gateway.background import Background
from app.gateway.cache import Memory
from app.gateway.credit_notes import CreditNotes, Invoices
from app.gateway.idempotency import Ledger
from app.gateway.invoice_notes import InvoiceNotes
from app.gateway.listing import Listing
from app.gateway.operations import Operations
from app.gateway.previews import Previews
from app.gateway.sending import Sender
from app.gateway.turns import Turns
from app.gateway.units import UnitAlarms
from app.gateway.watch import Watch
from app.gateway.writes import Writes
from app.health import Health
from app.providers import PROVIDERS
from app.secret import Secret
from app.settings import Settings, read_settings
from app.store import Store
from app.store.durability import Wait
from app.store.memory import MemoryStore
from app.store.redis import RedisStore

SANDBOX_VARIABLE = "CREDIT_NOTES_SANDBOX"
"""Set by `serve` for its workers: where the built-in sandboxes listen, as JSON."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """What lives as long as the process."""

    services: Services
    watch: Watch
    background: Background
    cache: Store
    ledger: Store
    settings: Settings

    async def aclose(self) -> None:
        """Let writes and refreshes end, then close what they stand on."""
        await self.background.drain(self.settings.timings.write_timeout_s)
        await self.services.accounts.aclose()
        await self.cache.aclose()
        await self.ledger.aclose()


def make_process(settings: Settings, *, transport: http.AsyncBaseTransport | None = None) -> Process:
    """Build everything; nothing is contacted yet."""
    cache, ledger_store = _stores(settings)
    background = Background()
    memory = Memory(store=cache, background=background)
    accounts = Accounts(settings.accounts, PROVIDERS, transport, cache)
    notes = CreditNotes(memory, settings.timings)
    listing = Listing(accounts, notes.cache, memory, settings)
    writes = _writes(accounts, notes, cache, ledger_store, background, settings)
    services = Services(
        accounts=accounts,
        notes=notes,
        invoices=Invoices(memory, settings.timings),
        listing=listing,
        invoice_notes=InvoiceNotes(listing),
        writes=writes,
        previews=Previews(accounts=accounts, writes=writes),
        operations=Operations(accounts=accounts, ledger=writes.ledger),
        cursors=Cursors(settings.signing_keys or (Secret(secrets.token_hex(32)),)),
    )
    watch = Watch(writes=writes, store=ledger_store, every_s=settings.timings.resolver_s)
    return Process(services=services, watch=watch, background=background, cache=cache, ledger=ledger_store, settings=settings)


def _writes(
    accounts: Accounts, notes: CreditNotes, cache: Store, store: Store, background: Background, settings: Settings
) -> Writes:
    """The mutations, over the ledger's store."""
    timings = settings.timings
    return Writes(
        accounts=accounts,
        ledger=Ledger(store, timings),
        turns=Turns(store, timings.invoice_lease_s),
        sender=Sender(units=UnitAlarms(store), notes=notes.cache, cache=cache, timings=timings),
        background=background,
        audit=Audit(store=store, most=settings.audit_length),
        accepts_volatile=settings.accepts_volatile_ledger,
    )


def _stores(settings: Settings) -> tuple[Store, Store]:
    """Where reads are kept, and where writes: apart in a process, so that no flood of reads pushes out a write's memory."""
    if settings.redis_url is None:
        return MemoryStore(), MemoryStore(capacity=1024**3)
    wait = Wait(replicas=settings.ledger_wait_replicas, aof=settings.ledger_wait_aof, ms=settings.ledger_wait_ms)
    ledger = RedisStore(settings.redis_url.reveal(), wait=wait)
    cache = ledger if settings.cache_redis_url is None else RedisStore(settings.cache_redis_url.reveal())
    return cache, ledger


def create_app(settings: Settings, *, schema: Schema | None = None, transport: http.AsyncBaseTransport | None = None) -> Starlette:
    """The whole gateway for these settings."""
    process = make_process(settings, transport=transport)
    health = Health(process.ledger, settings)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        for warning in await health.warnings():
            telemetry.warned(warning)
        try:
            async with process.watch.running():
                yield
        finally:
            await process.aclose()

    view = View(schema or make_schema(), process.services, settings.edge)
    return Starlette(
        lifespan=lifespan,
        middleware=[Middleware(Threshold, health=health, process=process), Middleware(RequestLog), Middleware(SecurityHeaders)],
        routes=[
            Route("/", _home),
            Route("/graphql", view),
            graphiql_page.assets(),
            Route("/livez", health.livez),
            Route("/readyz", health.readyz),
        ],
    )


def from_environment() -> Starlette:
    """The gateway of a worker that `serve` has started."""
    settings = read_settings(environment=os.environ)
    addresses = json.loads(os.environ.get(SANDBOX_VARIABLE, "{}"))
    telemetry.configure(json=settings.logs_json)
    return create_app(with_sandbox(settings, addresses))


def with_sandbox(settings: Settings, addresses: dict[str, str]) -> Settings:
    """The settings with the built-in accounts, where none are configured."""
    return settings if settings.accounts else replace(settings, accounts=demo_accounts(addresses))


async def _home(_: object) -> RedirectResponse:
    return RedirectResponse("/graphql")


class Threshold:
    """Lets the application start, or refuses with one line for the operator, where a failing lifespan would print its stack."""

    def __init__(self, app: ASGIApp, *, health: Health, process: Process) -> None:
        self._app = app
        self._health = health
        self._process = process

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on everything but a start that is refused."""
        if scope["type"] == "lifespan":
            refusal = await self._health.refusal()
            if refusal is not None:
                await self._process.aclose()
                await receive()
                await send({"type": "lifespan.startup.failed", "message": refusal})
                return
        await self._app(scope, receive, send)


class RequestLog:
    """Gives every request an id and writes one line when it has been answered."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        id, status, started = uuid.uuid4().hex, 500, time.monotonic()
        token = telemetry.request_id.set(id)

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message = {**message, "headers": [*message.get("headers", ()), (b"x-request-id", id.encode())]}
            await send(message)

        try:
            await self._app(scope, receive, send_with_id)
        finally:
            telemetry.request_served(
                method=scope["method"], path=scope["path"], status=status, duration_s=time.monotonic() - started
            )
            telemetry.request_id.reset(token)

"""The composition root: builds what lives for the process, serves it, and takes it down in reverse order."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.routing import Route, WebSocketRoute
from starlette.types import ASGIApp, Lifespan, Receive, Scope, Send

from app import http, telemetry
from app.accounts_file import demo_accounts
from app.api import graphiql_page, http_response
from app.api.context import Services
from app.api.federation import make_subgraph
from app.api.host_names import HostNames
from app.api.ids import Cursors
from app.api.schema import Schema, make_schema
from app.api.security_headers import SecurityHeaders
from app.api.view import View
from app.gateway.accounts import Accounts
from app.gateway.audit import Audit
from app.gateway.background import Background
from app.gateway.cache import Memory, listening
from app.gateway.credit_notes import CreditNotes, Invoices
from app.gateway.feed import Feed
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
from app.identity.authenticator import Authenticator
from app.identity.rates import Rates
from app.providers import PROVIDERS
from app.reload import NOBODY_LEFT, Reload, on_hang_up
from app.request_log import RequestLog
from app.secret import Secret
from app.settings import PREFIX, Settings, SettingsError, read_settings
from app.shutdown import told_first
from app.store import Store
from app.store.durability import Wait
from app.store.memory import MemoryStore
from app.store.redis import RedisStore
from app.telemetry import metrics, traces

SANDBOX_VARIABLE = "CREDIT_NOTES_SANDBOX"
"""Set by `serve` for its workers: where the built-in sandboxes listen, as JSON."""
CLOSED_VARIABLE = "CREDIT_NOTES_CLOSED"
"""Set by `serve` once callers are known: a worker that is started later may not let in whoever comes, whatever the file says by then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """What lives as long as the process."""

    services: Services
    watch: Watch
    memory: Memory
    ledger: Store
    settings: Settings

    async def aclose(self) -> None:
        """Let writes and refreshes end, then close what they stand on."""
        await self.memory.background.drain(self.settings.timings.write_timeout_s)
        await self.services.accounts.aclose()
        await self.services.authenticator.aclose()
        await self.memory.store.aclose()
        await self.ledger.aclose()


def make_process(settings: Settings, *, transport: http.AsyncBaseTransport | None = None) -> Process:
    """Build everything; nothing is contacted yet."""
    cache, ledger_store = _stores(settings)
    background = Background()
    memory = Memory(store=cache, ledger=ledger_store, background=background, wait_s=settings.timings.read_timeout_s / 2)
    accounts = Accounts(settings.accounts, PROVIDERS, transport, memory.way)
    notes = CreditNotes(memory, settings.timings)
    listing = Listing(accounts, notes.cache, memory, settings)
    feed = Feed(ledger_store, background)
    writes = _writes(accounts, notes, feed, ledger_store, settings)
    services = Services(
        authenticator=Authenticator(settings, ledger_store),
        rates=Rates(store=cache, requests=settings.identity.rate_requests, reads=settings.identity.rate_reads),
        accounts=accounts,
        notes=notes,
        invoices=Invoices(memory, settings.timings),
        listing=listing,
        invoice_notes=InvoiceNotes(listing),
        writes=writes,
        previews=Previews(accounts=accounts, writes=writes),
        operations=Operations(accounts=accounts, ledger=writes.ledger),
        feed=feed,
        cursors=Cursors(settings.signing_keys or (Secret(secrets.token_hex(32)),)),
        read_timeout_s=settings.timings.read_timeout_s,
    )
    watch = Watch(writes=writes, store=ledger_store, every_s=settings.timings.resolver_s)
    return Process(services=services, watch=watch, memory=memory, ledger=ledger_store, settings=settings)


def _writes(accounts: Accounts, notes: CreditNotes, feed: Feed, store: Store, settings: Settings) -> Writes:
    """The mutations, over the ledger's store."""
    timings = settings.timings
    return Writes(
        accounts=accounts,
        ledger=Ledger(store, timings),
        turns=Turns(store, timings.invoice_lease_s),
        sender=Sender(units=UnitAlarms(store), notes=notes.cache, timings=timings, feed=feed),
        background=feed.background,
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


def create_app(
    settings: Settings,
    *,
    schema: Schema | None = None,
    transport: http.AsyncBaseTransport | None = None,
    reread: Callable[[], Settings] | None = None,
    told: Callable[[Settings], None] | None = None,
) -> Starlette:
    """The whole gateway for these settings; `reread` gives them anew, as they are by then, and `told` hears what is taken of them."""
    process = make_process(settings, transport=transport)
    health = Health(process.ledger, settings)
    reload = None if reread is None else _reload(reread, process.services, health, told)
    view = View(schema or (make_subgraph() if settings.edge.subgraph == "yes" else make_schema()), process.services, settings.edge)
    gateway = Starlette(
        lifespan=_lifespan(process, health, view, reload),
        exception_handlers={HTTPException: http_response.astray, Exception: http_response.astray},
        middleware=_layers(process, health),
        routes=[
            Route("/", graphiql_page.home),
            Route("/graphql", view),
            WebSocketRoute("/graphql", view),
            graphiql_page.assets(),
            Route("/livez", health.livez),
            Route("/readyz", health.readyz),
        ],
    )
    gateway.router.redirect_slashes = False  # to where the client says that it is, and with a path that is none of ours
    return gateway


def _layers(process: Process, health: Health) -> list[Middleware]:
    """What every request passes, from the outside."""
    return [
        Middleware(Threshold, health=health, process=process),
        Middleware(RequestLog, health=health),
        Middleware(SecurityHeaders),
        Middleware(HostNames, only_loopback=lambda: not (health.settings.knows_callers or health.settings.is_open)),
    ]


def _reload(read: Callable[[], Settings], services: Services, health: Health, told: Callable[[Settings], None] | None) -> Reload:
    return Reload(read=read, accounts=services.accounts, authenticator=services.authenticator, health=health, told=told)


def _lifespan(process: Process, health: Health, view: View, reload: Reload | None) -> Lifespan[Starlette]:
    """What runs beside the requests, from before the first one until after the last."""
    drain_s, write_s = process.settings.operation.drain_s, process.settings.timings.write_timeout_s

    async def drain() -> None:
        """Before the server stops to listen, whoever balances loads, and every client, is told to go elsewhere."""
        health.is_draining = True
        await asyncio.sleep(drain_s)
        await view.streams.end()

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        for warning in await health.warnings():
            telemetry.warned(warning)
        try:
            async with process.watch.running(), listening(process.memory), process.services.feed.listening():
                with on_hang_up(reload), told_first(drain, patience_s=drain_s + write_s):
                    yield
        finally:
            await process.aclose()
            await asyncio.to_thread(traces.end)

    return lifespan


def read_again() -> Settings:
    """The settings as `serve` has decided them, and as the file has them now; raises SettingsError."""
    settings = with_sandbox(read_settings(environment=os.environ), json.loads(os.environ.get(SANDBOX_VARIABLE, "{}")))
    if os.environ.get(CLOSED_VARIABLE) and not settings.knows_callers:
        raise SettingsError([NOBODY_LEFT])
    return settings


def from_environment(told: Callable[[Settings], None] | None = None) -> Starlette:
    """The gateway of a worker that `serve` has started."""
    settings = read_again()
    telemetry.configure(json=settings.logs_json)
    if settings.operation.counts:
        metrics.keep()
    trouble = traces.begin()
    if trouble is not None:
        telemetry.warned(trouble)
    return create_app(settings, reread=read_again if os.environ.get(f"{PREFIX}CONFIG") else None, told=told)


def with_sandbox(settings: Settings, addresses: dict[str, str]) -> Settings:
    """The settings with the built-in accounts, where none are configured."""
    return settings if settings.accounts else replace(settings, accounts=demo_accounts(addresses))


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

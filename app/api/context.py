"""What lives for one request: who asks, the services of the process, and the loaders."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import strawberry

from app.api.allowance import Allowance
from app.api.ids import Cursors
from app.api.loaders import Loaders
from app.edge_settings import EdgeSettings
from app.gateway.accounts import Accounts, Caller
from app.gateway.credit_notes import CreditNotes, Invoices
from app.gateway.feed import Feed
from app.gateway.invoice_notes import InvoiceNotes
from app.gateway.listing import Listing
from app.gateway.operations import Operations
from app.gateway.previews import Previews
from app.gateway.writes import Writes
from app.identity.authenticator import Authenticator
from app.identity.rates import Rates


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """What lives for the process and requests use."""

    accounts: Accounts
    notes: CreditNotes
    invoices: Invoices
    listing: Listing
    invoice_notes: InvoiceNotes
    writes: Writes
    previews: Previews
    operations: Operations
    feed: Feed
    cursors: Cursors
    authenticator: Authenticator
    rates: Rates
    read_timeout_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestContext:
    """One request's own."""

    caller: Caller
    services: Services
    request_id: str
    limits: EdgeSettings
    allowance: Allowance
    trusted: frozenset[str] = frozenset()
    """The texts of the documents that the operator trusts."""
    subscribed: asyncio.Event = field(default_factory=asyncio.Event)
    """Set once this is a subscription, and nothing that happens from now on is missed."""
    loaders: Loaders = field(init=False)

    def __post_init__(self) -> None:
        self.begin_anew()

    def begin_anew(self) -> None:
        """For another answer to the same operation: what was loaded for the one before may be older."""
        object.__setattr__(self, "loaders", Loaders(self.services, self.caller))


Info = strawberry.Info[RequestContext, None]

"""What lives for one request: who asks, the services of the process, and the loaders."""

from __future__ import annotations

from dataclasses import dataclass, field

import strawberry

from app.api.ids import Cursors
from app.api.loaders import Loaders
from app.edge_settings import EdgeSettings
from app.gateway.accounts import Accounts, Caller
from app.gateway.credit_notes import CreditNotes, Invoices
from app.gateway.invoice_notes import InvoiceNotes
from app.gateway.listing import Listing
from app.gateway.operations import Operations
from app.gateway.previews import Previews
from app.gateway.writes import Writes


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
    cursors: Cursors


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestContext:
    """One request's own."""

    caller: Caller
    services: Services
    request_id: str
    limits: EdgeSettings
    loaders: Loaders = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "loaders", Loaders(self.services, self.caller))


Info = strawberry.Info[RequestContext, None]

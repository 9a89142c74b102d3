"""The notes against invoices: many invoices' first pages in one walk where the provider can list them together."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from app.domain.errors import GatewayError
from app.gateway.accounts import Account, Caller
from app.gateway.listing import LARGEST_PAGE, Listing, ListRequest, NotePage
from app.gateway.walk import Stream
from app.providers.policy import Deadline


class InvoiceNotes:
    """Lists by invoice."""

    def __init__(self, listing: Listing) -> None:
        self._listing = listing

    async def pages(
        self, caller: Caller, account: Account, requests: Sequence[ListRequest], deadline: Deadline | None = None
    ) -> list[NotePage | GatewayError]:
        """One page for each request, in order; an account that fails is the error of each."""
        together = [request for request in requests if not request.marks]
        can = account.capabilities
        found: dict[int, NotePage | GatewayError] = {}
        if len(together) > 1 and can.invoices_per_list > 1 and can.pages_by_instant:
            found = await self._together(caller, together, deadline)
        alone = [request for request in requests if id(request) not in found]
        answers = await asyncio.gather(*(self._alone(caller, request, deadline) for request in alone))
        found |= {id(request): answer for request, answer in zip(alone, answers, strict=True)}
        return [found[id(request)] for request in requests]

    async def _alone(self, caller: Caller, request: ListRequest, deadline: Deadline | None) -> NotePage | GatewayError:
        page = await self._listing.page(caller, request, deadline)
        failed = next((source.error for source in page.sources if source.error is not None), None)
        return failed or page

    async def _together(
        self, caller: Caller, requests: Sequence[ListRequest], deadline: Deadline | None
    ) -> dict[int, NotePage | GatewayError]:
        """One page of them all; whose notes may go on beyond it is left out, and asked for alone."""
        invoices = tuple({ref: None for request in requests for ref in request.invoices or ()})
        page = await self._alone(caller, ListRequest(first=LARGEST_PAGE, invoices=invoices), deadline)
        if isinstance(page, GatewayError):
            return {id(request): page for request in requests}
        if page.has_more:
            return {}
        return {id(request): _part(page, request) for request in requests}


def _part(page: NotePage, request: ListRequest) -> NotePage:
    """One invoice's notes out of the page that has them all."""
    (invoice,) = request.invoices or ()
    key = (invoice.account, 0)
    own = [replace(item, stream=key) for item in page.items if item.note.invoice_id == invoice.external_id]
    shown = own[: request.first]
    stream = Stream(key=key, items=own, ended=True, scanned=own[-1] if own else None)
    sources = [replace(source, count=len(shown)) for source in page.sources]
    return NotePage(request=request, items=shown, streams=[stream], sources=sources, total_count=None)

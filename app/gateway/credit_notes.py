"""Reading notes: many by id, over many accounts, each account by itself, so that one that fails or is slow harms no other."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace

from app.domain.credit_note import CreditNote, LineItem
from app.domain.errors import GatewayError, NotFound
from app.domain.invoice import Invoice
from app.domain.vocabulary import RefundStatus, Settlement, Status
from app.gateway.accounts import Account
from app.gateway.cache import EntityCache, Fetched, Freshness, Memory, Windows
from app.gateway.codec import Codec
from app.providers.contract import HasLines
from app.providers.policy import Deadline
from app.timings import Timings

Lines = tuple[LineItem, ...]


class CreditNotes:
    """Notes and their lines by id."""

    def __init__(self, memory: Memory, timings: Timings) -> None:
        self._timings = timings
        self.cache: EntityCache[CreditNote] = EntityCache("note", Codec(CreditNote), self._windows, memory)
        self._lines: EntityCache[Lines] = EntityCache("lines", Codec(Lines), lambda _: replace(self._settled, error_s=0), memory)
        self._settled = _windows(timings, 10 * timings.note_fresh_s)
        self._usual = _windows(timings, timings.note_fresh_s)

    async def get_many(
        self, account: Account, ids: Sequence[str], freshness: Freshness, deadline: Deadline | None = None
    ) -> Mapping[str, Fetched[CreditNote] | GatewayError]:
        """Every id is a key, absence and failure are values; what is not there by the deadline is a failure."""

        async def load(missing: Sequence[str]) -> Mapping[str, CreditNote | GatewayError]:
            deadline = Deadline(self._timings.read_timeout_s)  # its own, since others may wait for it longer
            size = account.capabilities.batch_size if account.capabilities.batch_size > 1 else len(missing)
            chunks = [missing[start : start + size] for start in range(0, len(missing), size)]
            answers = await asyncio.gather(*(_fetched(account, chunk, deadline) for chunk in chunks))
            return {id: value for answer in answers for id, value in answer.items()}

        return await self.cache.get_many(account, ids, load, freshness, deadline or Deadline(self._timings.read_timeout_s))

    async def lines(
        self, account: Account, notes: Sequence[CreditNote], deadline: Deadline | None = None
    ) -> Mapping[str, Fetched[Lines] | GatewayError]:
        """The lines of notes that did not bring theirs along; only for accounts whose provider has them elsewhere."""
        by_id = {note.ref.external_id: note for note in notes}

        async def load(missing: Sequence[str]) -> Mapping[str, Lines | GatewayError]:
            adapter = account.adapter(Deadline(self._timings.read_timeout_s))
            if not isinstance(adapter, HasLines):
                return {id: NotFound("the provider tells no lines", account=account.name) for id in missing}
            found = await adapter.lines([by_id[id] for id in missing])
            return {id: value if isinstance(value, GatewayError) else tuple(value) for id, value in found.items()}

        deadline = deadline or Deadline(self._timings.read_timeout_s)
        return await self._lines.get_many(account, list(by_id), load, Freshness(), deadline)

    def _windows(self, note: CreditNote) -> Windows:
        """A note nothing can happen to any more is believed ten times as long as one that money is waiting for."""
        over = note.status in {Status.VOIDED, Status.DELETED} or note.settlement is Settlement.SETTLED
        if over and note.refund_status is not RefundStatus.PENDING:
            return self._settled
        return self._usual


class Invoices:
    """Invoices by id, with what may still be credited."""

    def __init__(self, memory: Memory, timings: Timings) -> None:
        self._timings = timings
        windows = Windows(fresh_s=timings.invoice_fresh_s, error_s=timings.stale_on_error_s)
        self._cache: EntityCache[Invoice] = EntityCache("invoice", Codec(Invoice), lambda _: windows, memory)

    async def get_many(
        self, account: Account, ids: Sequence[str], freshness: Freshness, deadline: Deadline | None = None
    ) -> Mapping[str, Fetched[Invoice] | GatewayError]:
        """Every id is a key, absence and failure are values; what is not there by the deadline is a failure."""

        async def load(missing: Sequence[str]) -> Mapping[str, Invoice | GatewayError]:
            return await account.adapter(Deadline(self._timings.read_timeout_s)).invoices(missing)

        return await self._cache.get_many(account, ids, load, freshness, deadline or Deadline(self._timings.read_timeout_s))


def _windows(timings: Timings, fresh_s: float) -> Windows:
    return Windows(fresh_s=fresh_s, stale_s=fresh_s, error_s=timings.stale_on_error_s)


async def _fetched(account: Account, ids: Sequence[str], deadline: Deadline) -> Mapping[str, CreditNote | GatewayError]:
    try:
        return await account.adapter(deadline).fetch_many(ids)
    except GatewayError as failed:  # one chunk's failure is not the other chunks'
        return dict.fromkeys(ids, failed)

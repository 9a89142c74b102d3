"""What a list of notes is asked with, and whether what came back is what was asked for; pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from app.domain.commands import CreditNoteFilter
from app.domain.credit_note import CreditNote
from app.domain.vocabulary import Filter, Order, Status
from app.providers.zenskar.mapping import STATUS

# docs: Get credit note list: a leading minus means descending.
ORDER = {Order.ISSUED_DESC: "-created_at", Order.ISSUED_ASC: "created_at"}

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE | re.ASCII)


def is_id(id: str) -> bool:
    """Whether Zenskar could have given this id: all of its are UUIDs. There is nothing under any other."""
    return _UUID.fullmatch(id) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """One list of notes, whichever page of it."""

    size: int
    order: Order = Order.ISSUED_DESC
    invoice_id: str | None = None
    word: str | None = None
    """The one status asked for, in the provider's word."""
    unapplied: frozenset[Filter] = frozenset()

    def params(self, cursor: str | None) -> dict[str, str]:
        """As the query of a call."""
        asked = {"cursor": cursor, "invoice_id": self.invoice_id, "status": self.word}
        return {"limit": str(self.size), "order": ORDER[self.order], **{name: text for name, text in asked.items() if text}}

    def ignored(self, notes: Sequence[CreditNote]) -> frozenset[Filter]:
        """The filters these notes show to have been ignored: that both work is said by one source only."""
        found: set[Filter] = set()
        if self.invoice_id is not None and any((note.invoice_id or "").lower() != self.invoice_id.lower() for note in notes):
            found.add(Filter.INVOICE)
        if self.word is not None and any(note.provider_values.status != self.word for note in notes):
            found.add(Filter.STATUS)
        return frozenset(found)

    def is_past(self, notes: Sequence[CreditNote], at: datetime) -> bool:
        """Whether a page begins beyond this instant, so that notes before it may have been skipped."""
        if not notes:
            return True
        first = notes[0].issued_at
        return first < at if self.order is Order.ISSUED_DESC else first > at


def query(where: CreditNoteFilter, size: int, order: Order) -> Query | None:
    """What can be asked for natively; None where no note can match."""
    invoice_ids = [id for id in where.invoice_ids if is_id(id)]
    if where.invoice_ids and not invoice_ids:
        return None
    words = {word for word, status in STATUS.items() if status in where.statuses}
    if where.statuses and not words and Status.UNKNOWN not in where.statuses:
        return None
    unapplied: set[Filter] = set()
    if len(invoice_ids) > 1:
        unapplied.add(Filter.INVOICE)
    if where.statuses and (len(words) != 1 or Status.UNKNOWN in where.statuses):
        unapplied.add(Filter.STATUS)
    return Query(
        size=size,
        order=order,
        invoice_id=invoice_ids[0] if len(invoice_ids) == 1 else None,
        word=None if Filter.STATUS in unapplied else next(iter(words), None),
        unapplied=frozenset(unapplied),
    )

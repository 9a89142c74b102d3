"""What a list of notes is asked with, and whether what came back is what was asked for; pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from app.domain.commands import CreditNoteFilter
from app.domain.credit_note import CreditNote
from app.domain.filters import asked
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
    customer_id: str | None = None
    word: str | None = None
    """The one status asked for, in the provider's word."""
    unapplied: frozenset[Filter] = frozenset()

    def params(self, cursor: str | None) -> dict[str, str]:
        """As the query of a call. `search` stays out: which fields it knows, and in which case, is not published."""
        given = {"cursor": cursor, "invoice_id": self.invoice_id, "customer_id": self.customer_id, "status": self.word}
        return {"limit": str(self.size), "order": ORDER[self.order], **{name: text for name, text in given.items() if text}}

    def ignored(self, notes: Sequence[CreditNote]) -> frozenset[Filter]:
        """The filters these notes show to have been ignored: that they work is said by one source only."""
        found: set[Filter] = set()
        if self.invoice_id is not None and any(not _is_same(note.invoice_id, self.invoice_id) for note in notes):
            found.add(Filter.INVOICE)
        if self.customer_id is not None and any(not _is_same(_customer_id(note), self.customer_id) for note in notes):
            found.add(Filter.CUSTOMER)
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
    customer_ids = [id for id in where.customer_ids if is_id(id)]
    words = [word for word, status in STATUS.items() if status in where.statuses]
    is_open = Status.UNKNOWN in where.statuses  # whatever word nobody has published
    impossible = (
        where.invoice_ids and not invoice_ids,
        where.customer_ids and not customer_ids,
        where.statuses and not words and not is_open,
    )
    if any(impossible):
        return None
    native = {
        Filter.INVOICE: invoice_ids[0] if len(invoice_ids) == 1 else None,
        Filter.CUSTOMER: customer_ids[0] if len(customer_ids) == 1 else None,
        Filter.STATUS: words[0] if len(words) == 1 and not is_open else None,
    }
    return Query(
        size=size,
        order=order,
        invoice_id=native[Filter.INVOICE],
        customer_id=native[Filter.CUSTOMER],
        word=native[Filter.STATUS],
        unapplied=asked(where) - {member for member, value in native.items() if value is not None},
    )


def _is_same(found: str | None, wanted: str) -> bool:
    """Whether two UUIDs are the same, in whatever case."""
    return found is not None and found.lower() == wanted.lower()


def _customer_id(note: CreditNote) -> str | None:
    return None if note.customer is None else note.customer.provider_id

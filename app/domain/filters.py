"""What a filter asks of a note, one member at a time; pure. Who applies which member is decided elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, timedelta

from app.domain.commands import CreditNoteFilter
from app.domain.credit_note import CreditNote
from app.domain.vocabulary import Filter, Order

_ONE_DAY = timedelta(days=1)


def asked(where: CreditNoteFilter) -> frozenset[Filter]:
    """The members that narrow."""
    members: Mapping[Filter, object] = {
        Filter.INVOICE: where.invoice_ids,
        Filter.CUSTOMER: where.customer_ids,
        Filter.STATUS: where.statuses,
        Filter.SETTLEMENT: where.settlements,
        Filter.REASON: where.reasons,
        Filter.CURRENCY: where.currencies,
        Filter.ISSUED: where.issued,
        Filter.UPDATED: where.updated,
        Filter.TOTAL: where.total,
    }
    return frozenset(member for member, wanted in members.items() if wanted)


def failing(note: CreditNote, where: CreditNoteFilter) -> frozenset[Filter]:
    """The members a note does not meet. It meets what it shows: UNKNOWN where that is asked for, and nothing where it shows nothing."""
    return frozenset(member for member in asked(where) if not _TESTS[member](note, where))


def is_past(note: CreditNote, where: CreditNoteFilter, order: Order) -> bool:
    """Whether nothing from this note on can have been issued on the days asked for.

    Notes are in order of their instants. A day of issue may be that of the business's own zone, which is a day off at most.
    """
    if where.issued is None:
        return False
    day = note.issued_at.astimezone(UTC).date()
    if order is Order.ISSUED_DESC:
        return where.issued.first is not None and where.issued.first - day > _ONE_DAY
    return where.issued.last is not None and day - where.issued.last > _ONE_DAY


def _is_customers(note: CreditNote, where: CreditNoteFilter) -> bool:
    return note.customer is not None and note.customer.provider_id in where.customer_ids


def _is_issued_within(note: CreditNote, where: CreditNoteFilter) -> bool:
    return where.issued is None or where.issued.holds(note.issued_on)


def _is_updated_within(note: CreditNote, where: CreditNoteFilter) -> bool:
    return where.updated is None or where.updated.holds(note.updated_at)


def _is_total_within(note: CreditNote, where: CreditNoteFilter) -> bool:
    return where.total is None or where.total.holds(note.total)


_TESTS: Mapping[Filter, Callable[[CreditNote, CreditNoteFilter], bool]] = {
    Filter.INVOICE: lambda note, where: note.invoice_id in where.invoice_ids,
    Filter.CUSTOMER: _is_customers,
    Filter.STATUS: lambda note, where: note.status in where.statuses,
    Filter.SETTLEMENT: lambda note, where: note.settlement in where.settlements,
    Filter.REASON: lambda note, where: note.reason in where.reasons,
    Filter.CURRENCY: lambda note, where: note.currency in where.currencies,
    Filter.ISSUED: _is_issued_within,
    Filter.UPDATED: _is_updated_within,
    Filter.TOTAL: _is_total_within,
}

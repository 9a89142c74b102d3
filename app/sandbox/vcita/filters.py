"""Paging, filtering and sorting of lists, with their bounds and defaults (docs: Get all Credit Notes)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from app.sandbox.vcita.records import Invoice, Note
from app.sandbox.vcita.refusals import refusal

LAST_PAGE = 10_000
LARGEST_PAGE = 100
PAGE_SIZE = 25

_Row = TypeVar("_Row")
_Key = Callable[[_Row], str | float]

_NOTE_KEYS: dict[str, _Key[Note]] = {
    "created_at": lambda note: note.created_at,
    "updated_at": lambda note: note.updated_at,
    "issue_date": lambda note: note.issue_date,
    "unique_number": lambda note: note.number,
    "total_amount": lambda note: note.gross,
    "grand_total": lambda note: note.gross,
    "net_total": lambda note: note.net,
    "status": lambda note: note.status,
    "uid": lambda note: note.uid,
}
_INVOICE_KEYS: dict[str, _Key[Invoice]] = {
    "created_at": lambda invoice: invoice.created_at,
    "updated_at": lambda invoice: invoice.updated_at,
    "state": lambda invoice: invoice.status,
}


def sorted_notes(notes: Sequence[Note], query: Mapping[str, str]) -> list[Note]:
    """The notes in the order asked for; newest update first unless told otherwise."""
    return _sorted(notes, _NOTE_KEYS, query.get("sort") or "updated_at:desc")


def sorted_invoices(invoices: Sequence[Invoice], query: Mapping[str, str]) -> list[Invoice]:
    """The invoices in the order asked for; newest first unless told otherwise."""
    return _sorted(invoices, _INVOICE_KEYS, query.get("sort") or "created_at:desc")


def page_of(rows: Sequence[_Row], query: Mapping[str, str]) -> Sequence[_Row]:
    """The rows of the page asked for; refuses with 400 what is out of bounds."""
    page = _bounded(query, "page", LAST_PAGE, 1)
    size = _bounded(query, "per_page", LARGEST_PAGE, PAGE_SIZE)
    return rows[(page - 1) * size : page * size]


def _bounded(query: Mapping[str, str], name: str, most: int, default: int) -> int:
    text = query.get(name)
    if text is None:
        return default
    value = int(text) if text.isascii() and text.isdigit() and len(text) <= 6 else 0
    if not 1 <= value <= most:
        raise refusal(400, name, f"{name} must be a whole number between 1 and {most}")
    return value


def _sorted(rows: Sequence[_Row], keys: Mapping[str, _Key[_Row]], sort: str) -> list[_Row]:
    terms = [_term(part, keys) for part in sort.split(",")]
    # Rows come oldest first; among equals the first direction decides, so that a page boundary is the same every time.
    ordered = list(rows) if not terms[0][1] else list(reversed(rows))
    for key, falling in reversed(terms):
        # Sorting by pages needs a stable order in both directions, which `reverse=True` keeps.
        ordered.sort(key=key, reverse=falling)
    return ordered


def _term(part: str, keys: Mapping[str, _Key[_Row]]) -> tuple[_Key[_Row], bool]:
    field, _, direction = part.strip().partition(":")
    if field not in keys or direction not in {"asc", "desc"}:
        raise refusal(422, "sort", f"sort must be field:asc or field:desc, with one of {', '.join(keys)}")
    return keys[field], direction == "desc"

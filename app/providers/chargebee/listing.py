"""Pages of notes: from a filter and a place to Chargebee's parameters, and back to tokens (docs: Lists and filters). Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import msgspec

from app.domain.commands import CreditNoteFilter, Expected, PageRequest
from app.domain.errors import InvalidInput
from app.domain.vocabulary import Filter, Order, Status
from app.providers.chargebee.mapping import STATUS

LARGEST_PAGE = 100  # docs: `limit`
LONGEST_ID = 50

Params = list[tuple[str, str]]


class Token(msgspec.Struct, frozen=True, array_like=True):
    """A page: how many notes, the bound its walk started from, and Chargebee's own offset, which is passed back unchanged."""

    size: int
    bound: int | None = None
    offset: str | None = None

    def encoded(self) -> str:
        """As text, for PageRequest.token."""
        return msgspec.json.encode(self).decode()

    def at(self, offset: str) -> Token:
        """The page of the same walk at this offset."""
        return msgspec.structs.replace(self, offset=offset)


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What a filter comes to: parameters, what they leave to whoever asked, and whether any note can match at all."""

    params: tuple[tuple[str, str], ...] = ()
    unapplied: frozenset[Filter] = frozenset()
    is_empty: bool = False


def named(attribute: str, ids: Iterable[str]) -> tuple[str, str]:
    """The parameter that narrows to these ids."""
    return f"{attribute}[in]", _list(ids)


def is_id(id: str) -> bool:
    """Whether Chargebee could have given this id, and a path can carry it: dots alone would lead elsewhere."""
    return 0 < len(id) <= LONGEST_ID and bool(id.strip(". "))


def token(page: PageRequest) -> Token:
    """The page asked for. A place is turned into a bound one second beyond it: whether bounds are part of a range is not published."""
    if page.token is not None:
        try:
            return msgspec.json.decode(page.token, type=Token)
        except msgspec.DecodeError as unreadable:
            message = "this page token was not given by this account"
            raise InvalidInput(message) from unreadable
    size = min(page.size, LARGEST_PAGE)
    if page.resume is None:
        return Token(size=size)
    beyond = 1 if page.order is Order.ISSUED_DESC else -1
    return Token(size=size, bound=int(page.resume.at.timestamp()) + beyond)


def page_params(place: Token, order: Order) -> Params:
    """Order, size, bound and offset of a page."""
    params = [("limit", str(place.size)), sorting(order)]
    if place.bound is not None:
        params.append(("date[before]" if order is Order.ISSUED_DESC else "date[after]", str(place.bound)))
    if place.offset is not None:
        params.append(("offset", place.offset))
    return params


def sorting(order: Order) -> tuple[str, str]:
    """Notes are sorted by `date` or not at all (docs: List credit notes, `sort_by`)."""
    return ("sort_by[desc]" if order is Order.ISSUED_DESC else "sort_by[asc]"), "date"


def around(expected: Expected) -> Params:
    """Where a planned note would be: among its invoice's, or among its customer's without one."""
    match expected:
        case Expected(invoice_id=str() as invoice_id):
            return [named("reference_invoice_id", [invoice_id])]
        case Expected(customer_id=str() as customer_id):
            return [named("customer_id", [customer_id]), ("reference_invoice_id[is_present]", "false")]
        case _:
            message = "a plan names an invoice or a customer"
            raise TypeError(message)


def selection(where: CreditNoteFilter) -> Selection:
    """Our filter as Chargebee's parameters."""
    statuses = _statuses(where.statuses)
    if not where.invoice_ids or statuses.is_empty:
        return statuses
    ids = [id for id in where.invoice_ids if is_id(id)]
    params = (named("reference_invoice_id", ids), *statuses.params)
    return Selection(params=params, unapplied=statuses.unapplied, is_empty=not ids)


def _statuses(wanted: frozenset[Status]) -> Selection:
    if not wanted:
        return Selection()
    if Status.DELETED in wanted:  # a flag beside the status, which the status filter cannot ask for
        return Selection(params=(("include_deleted", "true"),), unapplied=frozenset({Filter.STATUS}))
    words = [word for word, status in STATUS.items() if status in wanted]
    if Status.UNKNOWN in wanted:  # whatever is not one of the known words
        others = [word for word in STATUS if word not in words]
        return Selection(params=(("status[not_in]", _list(others)),) if others else ())
    return Selection(params=(named("status", words),), is_empty=not words)


def _list(values: Iterable[str]) -> str:
    return msgspec.json.encode(list(values)).decode()

"""Pages of notes: from a filter and a place to Chargebee's parameters, and back to tokens (docs: Lists and filters). Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import msgspec

from app.domain.commands import CreditNoteFilter, PageRequest
from app.domain.errors import InvalidInput
from app.domain.filters import asked
from app.domain.plans import Expected
from app.domain.ranges import DayRange, InstantRange, MoneyRange
from app.domain.vocabulary import Filter, Order, Reason, Settlement, Status
from app.providers.chargebee.currency import digits
from app.providers.chargebee.mapping import REASON, STATUS
from app.providers.chargebee.texts import is_whole

LARGEST_PAGE = 100  # docs: `limit`
LONGEST_ID = 50
MOST_IDS = 100
"""Of invoices and customers together: an address has an end."""

# What a note of this status may have left; a status nobody has published tells nothing of that.
SETTLEMENTS: Mapping[str, frozenset[Settlement]] = {
    "adjusted": frozenset({Settlement.SETTLED}),
    "refund_due": frozenset({Settlement.UNSETTLED, Settlement.PARTIALLY_SETTLED}),
    "refunded": frozenset({Settlement.SETTLED}),
    "voided": frozenset({Settlement.UNKNOWN}),
}

TIMESTAMPS = range(10**9, 10**10)  # docs: List credit notes: ten digits
FIGURES = range(10**18)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND = timedelta(seconds=1)
_DAY_S = 86_400

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
    """What a filter, or a part of one, comes to: parameters, what they leave to whoever asked, and whether any note can match at all."""

    params: tuple[tuple[str, str], ...] = ()
    unapplied: frozenset[Filter] = frozenset()
    rough: frozenset[Filter] = frozenset()
    is_empty: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """Whole numbers above one and below another. Whether Chargebee counts the bounds in is not published: they may come too many."""

    above: int | None = None
    below: int | None = None

    def also(self, other: Bounds) -> Bounds:
        """Within both."""
        above = [bound for bound in (self.above, other.above) if bound is not None]
        below = [bound for bound in (self.below, other.below) if bound is not None]
        return Bounds(above=max(above, default=None), below=min(below, default=None))

    def of(self, attribute: str, operators: tuple[str, str], sayable: range) -> Selection:
        """The attribute within; a bound that cannot be said is left out, or moved outwards."""
        if self.above is not None and self.below is not None and self.below - self.above < 2:
            return Selection(is_empty=True)
        above = None if self.above is None or self.above < sayable.start else min(self.above, sayable.stop - 1)
        below = None if self.below is None or self.below >= sayable.stop else max(self.below, sayable.start)
        if above is not None and below is not None:
            return Selection(params=((f"{attribute}[between]", _list((above, below))),))
        pairs = zip(operators, (above, below), strict=True)
        return Selection(params=tuple((f"{attribute}[{operator}]", str(bound)) for operator, bound in pairs if bound is not None))


def named(attribute: str, ids: Iterable[str]) -> tuple[str, str]:
    """The parameter that narrows to these ids."""
    return f"{attribute}[in]", _list(ids)


def is_id(id: str) -> bool:
    """Whether Chargebee could have given this id, and a path can carry it: dots alone would lead elsewhere."""
    return 0 < len(id) <= LONGEST_ID and bool(id.strip(". ")) and is_whole(id)


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


def selection(where: CreditNoteFilter, place: Token, order: Order, codes: Mapping[Reason, str]) -> Selection:
    """All parameters of a page of the notes asked for; `codes` are the account's own for our reasons. There is no filter by currency."""
    walked = Bounds(below=place.bound) if order is Order.ISSUED_DESC else Bounds(above=place.bound)
    parts = (
        _ids(where),
        _statuses(where),
        _reasons(where.reasons, codes),
        _days(where.issued).also(walked).of("date", ("after", "before"), TIMESTAMPS),
        _instants(where.updated).of("updated_at", ("after", "before"), TIMESTAMPS),
        _amounts(where.total).of("total", ("gt", "lt"), FIGURES),
        Selection(
            params=() if place.offset is None else (("offset", place.offset),),
            unapplied=asked(where) & {Filter.CURRENCY, Filter.TOTAL},  # a total is one of some currency
            rough=asked(where) & {Filter.ISSUED, Filter.UPDATED},
        ),
    )
    return Selection(
        params=(("limit", str(place.size)), sorting(order), *(param for part in parts for param in part.params)),
        unapplied=frozenset[Filter]().union(*(part.unapplied for part in parts)),
        rough=frozenset[Filter]().union(*(part.rough for part in parts)),
        is_empty=any(part.is_empty for part in parts),
    )


def _ids(where: CreditNoteFilter) -> Selection:
    params: Params = []
    invoice_ids, customer_ids = (tuple(filter(is_id, ids)) for ids in (where.invoice_ids, where.customer_ids))
    if invoice_ids:
        params.append(named("reference_invoice_id", invoice_ids))
    is_sayable = not invoice_ids or len(invoice_ids) + len(customer_ids) <= MOST_IDS
    if customer_ids and is_sayable:
        params.append(named("customer_id", customer_ids))
    return Selection(
        params=tuple(params),
        unapplied=frozenset() if is_sayable else asked(where) & {Filter.CUSTOMER},
        is_empty=bool((where.invoice_ids and not invoice_ids) or (where.customer_ids and not customer_ids)),
    )


def _statuses(where: CreditNoteFilter) -> Selection:
    """By status, and by what is left of a note as far as its status tells that."""
    members = asked(where) & {Filter.STATUS, Filter.SETTLEMENT}
    if not members:
        return Selection()
    if Status.DELETED in where.statuses:  # a flag beside the status, which the status filter cannot ask for
        return Selection(params=(("include_deleted", "true"),), unapplied=members)
    words = [word for word in STATUS if _may_fit(STATUS[word], SETTLEMENTS[word], where)]
    unapplied = {Filter.SETTLEMENT for word in words if where.settlements and not SETTLEMENTS[word] <= where.settlements}
    if _may_fit(Status.UNKNOWN, frozenset({Settlement.UNKNOWN}), where):  # whatever is not one of the known words
        others = [word for word in STATUS if word not in words]
        return Selection(params=(("status[not_in]", _list(others)),) if others else (), unapplied=frozenset(unapplied))
    return Selection(params=(named("status", words),), unapplied=frozenset(unapplied), is_empty=not words)


def _may_fit(status: Status, settlements: frozenset[Settlement], where: CreditNoteFilter) -> bool:
    return (not where.statuses or status in where.statuses) and (
        not where.settlements or not settlements.isdisjoint(where.settlements)
    )


def _reasons(wanted: frozenset[Reason], codes: Mapping[Reason, str]) -> Selection:
    """By `reason_code`, unless another text decides too: the account's own code, or whether there is one at all."""
    if not wanted:
        return Selection()
    if not wanted.isdisjoint({Reason.OTHER, Reason.UNSPECIFIED, *codes}):
        return Selection(unapplied=frozenset({Filter.REASON}))
    words = [word for word, reason in REASON.items() if reason in wanted]
    return Selection(params=(named("reason_code", words),), is_empty=not words)


def _days(wanted: DayRange | None) -> Bounds:
    """From the first second of the first day to the last of the last: days are those of UTC."""
    if wanted is None:
        return Bounds()
    above = None if wanted.first is None else _midnight(wanted.first) - 1
    return Bounds(above=above, below=None if wanted.last is None else _midnight(wanted.last) + _DAY_S)


def _instants(wanted: InstantRange | None) -> Bounds:
    if wanted is None:
        return Bounds()
    above = None if wanted.start is None else _seconds(wanted.start) - 1
    return Bounds(above=above, below=None if wanted.end is None else _seconds(wanted.end))


def _amounts(wanted: MoneyRange | None) -> Bounds:
    """In Chargebee's units, which every currency is counted in alike."""
    if wanted is None:
        return Bounds()
    unit = 10 ** digits(wanted.currency)
    least, most = (None if end is None else end.as_integer_ratio() for end in (wanted.least, wanted.most))
    above = None if least is None else least[0] * unit // least[1] - 1
    return Bounds(above=above, below=None if most is None else most[0] * unit // most[1] + 1)


def _midnight(day: date) -> int:
    return (day - _EPOCH.date()).days * _DAY_S


def _seconds(moment: datetime) -> int:
    """The first whole second not before this moment."""
    return -((_EPOCH - moment) // _SECOND)


def _list(values: Iterable[str | int]) -> str:
    return msgspec.json.encode(list(values)).decode()

"""Which notes a client asks for. Lists that are empty and ranges that end before they begin are judged here, nothing else is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import TypeVar

import strawberry

from app.api.ids import Kind, decode_ref
from app.api.provider import Provider
from app.api.scalars import CurrencyCode
from app.domain import ranges
from app.domain.commands import CreditNoteFilter as Wanted
from app.domain.credit_note import Ref
from app.domain.errors import InvalidInput, LimitExceeded, Path
from app.domain.vocabulary import Reason, Settlement, Status

MOST_IDS = 200
_FILTER: Path = ("filter",)


_End = TypeVar("_End", date, datetime, Decimal)


@strawberry.input(description="Days, both ends inclusive. An end left out is open.")
class DateRange:
    """Days from one to another."""

    from_: date | None = strawberry.field(default=None, name="from", description="The first day.")
    to: date | None = strawberry.field(default=None, description="The last day.")


@strawberry.input(description="From inclusive, until exclusive. An end left out is open.")
class DateTimeRange:
    """Instants from one until another."""

    from_: datetime | None = strawberry.field(default=None, name="from", description="The first instant.")
    until: datetime | None = strawberry.field(default=None, description="The first instant after it.")


@strawberry.input(description="Amounts of one currency, both ends inclusive. An end left out is open.")
class MoneyRange:
    """Amounts from one to another."""

    currency: CurrencyCode = strawberry.field(description="The currency; amounts of others are outside.")
    min: Decimal | None = strawberry.field(default=None, description="The least, in major units.")
    max: Decimal | None = strawberry.field(default=None, description="The most, in major units.")


@strawberry.input(description="Which notes. Every member given narrows the list; an empty list matches nothing.")
class CreditNoteFilter:
    """A wish about which notes."""

    accounts: list[str] | None = strawberry.field(default=None, description="Names of accounts.")
    providers: list[Provider] | None = strawberry.field(default=None, description="Vendors.")
    invoice_ids: list[strawberry.ID] | None = strawberry.field(
        default=None, description="Global ids of the invoices credited, at most 200."
    )
    customer_provider_ids: list[str] | None = strawberry.field(
        default=None, description="The providers' ids of the customers, at most 200."
    )
    statuses: list[Status] | None = strawberry.field(default=None, description="What the documents are.")
    settlements: list[Settlement] | None = strawberry.field(
        default=None, description="What is left of their values. Where a provider does not tell, that is UNKNOWN."
    )
    reasons: list[Reason] | None = strawberry.field(
        default=None, description="Why they were issued. Where a provider does not tell, that is UNSPECIFIED."
    )
    currencies: list[CurrencyCode] | None = strawberry.field(default=None, description="Their currencies.")
    issued: DateRange | None = strawberry.field(default=None, description="`issuedOn`, the day of issue.")
    updated: DateTimeRange | None = strawberry.field(default=None, description="`updatedAt`, the last change.")
    total: MoneyRange | None = strawberry.field(default=None, description="The total.")
    native_only: bool | None = strawberry.field(
        default=False, description="Refuse rather than filter in the gateway: per account, in `sources`."
    )

    def to_invoices(self) -> tuple[Ref, ...] | None:
        """Where the invoices live; None where that does not narrow."""
        if self.invoice_ids is None:
            return None
        _check_many(self.invoice_ids, "invoiceIds")
        path = (*_FILTER, "invoiceIds")
        return tuple(decode_ref(id, Kind.INVOICE, path=(*path, str(index))) for index, id in enumerate(self.invoice_ids))

    def to_wanted(self) -> Wanted | None:
        """What is asked of the notes themselves; None where no note can meet it."""
        if self.customer_provider_ids is not None:
            _check_many(self.customer_provider_ids, "customerProviderIds")
        wanted = Wanted(
            customer_ids=tuple(sorted(set(self.customer_provider_ids or ()))),
            statuses=frozenset(self.statuses or ()),
            settlements=frozenset(self.settlements or ()),
            reasons=frozenset(self.reasons or ()),
            currencies=frozenset(self.currencies or ()),
            issued=self._issued(),
            updated=self._updated(),
            total=self._total(),
        )
        lists = (self.customer_provider_ids, self.statuses, self.settlements, self.reasons, self.currencies)
        return None if any(given is not None and not given for given in lists) else wanted

    def _issued(self) -> ranges.DayRange | None:
        given = self.issued
        if given is None or (given.from_ is None and given.to is None):
            return None
        _check_order(given.from_, given.to, (*_FILTER, "issued", "to"))
        return ranges.DayRange(first=given.from_, last=given.to)

    def _updated(self) -> ranges.InstantRange | None:
        given = self.updated
        if given is None or (given.from_ is None and given.until is None):
            return None
        _check_order(given.from_, given.until, (*_FILTER, "updated", "until"))
        return ranges.InstantRange(start=given.from_, end=given.until)

    def _total(self) -> ranges.MoneyRange | None:
        given = self.total
        if given is None:
            return None
        _check_order(given.min, given.max, (*_FILTER, "total", "max"))
        return ranges.MoneyRange(currency=given.currency, least=given.min, most=given.max)


def _check_many(ids: Sequence[str], member: str) -> None:
    if len(ids) > MOST_IDS:
        message = f"{len(ids)} ids; one query takes at most {MOST_IDS}"
        raise LimitExceeded(message, path=(*_FILTER, member))


def _check_order(first: _End | None, last: _End | None, path: Path) -> None:
    if first is not None and last is not None and last < first:
        message = "the range ends before it begins"
        raise InvalidInput(message, path=path)

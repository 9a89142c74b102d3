"""Providers that list as the real ones do, over rows in memory: by instant, by page number, by cursor. Nothing here knows a mark."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, NoReturn

from app.domain.commands import CreditNoteFilter, IssueCreditNote, Page, PageRequest
from app.domain.credit_note import CreditNote
from app.domain.errors import GatewayError
from app.domain.filters import asked, failing
from app.domain.invoice import Invoice
from app.domain.plans import WritePlan
from app.domain.vocabulary import Filter, Order, Status
from app.providers.contract import Capabilities
from tests.gateway.stub import note

START = datetime(2026, 1, 1, tzinfo=UTC)
Paging = Literal["instant", "number", "cursor"]


@dataclass(frozen=True, slots=True)
class Row:
    """One note: `tie` is the provider's own order among notes of one instant."""

    second: int
    tie: int
    id: str
    status: Status = Status.ISSUED
    invoice: str | None = None
    more: Mapping[str, Any] = field(default_factory=dict)
    """What else the note tells."""

    def place(self, order: Order) -> tuple[int, int]:
        """Where it stands in a list of this order: smaller comes first."""
        return (-self.second, -self.tie) if order is Order.ISSUED_DESC else (self.second, self.tie)

    @property
    def at(self) -> datetime:
        return START + timedelta(seconds=self.second)


@dataclass(slots=True, kw_only=True)
class ListedProvider:
    """One account's notes. `largest` bounds its pages; the filters that are not `native` it leaves to whoever asked."""

    account: str
    paging: Paging = "instant"
    largest: int = 100
    native: frozenset[Filter] = frozenset({Filter.INVOICE, Filter.CUSTOMER, Filter.STATUS})
    rough: frozenset[Filter] = frozenset()
    """Filters it applies too widely: every third note comes though they say otherwise."""
    rows: list[Row] = field(default_factory=list)
    asked: list[PageRequest] = field(default_factory=list, repr=False)
    failing: GatewayError | None = None
    ignored: frozenset[Filter] = frozenset()
    """Filters it was asked for, did not apply, and says so of."""

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(
            pages_by_instant=self.paging == "instant",
            counts=True,
            invoices_per_list=2,
            customers_per_list=2,
            orders=frozenset(Order),
            filters=self.native | self.rough,
        )

    async def list(self, where: CreditNoteFilter, page: PageRequest) -> Page:
        """One page."""
        self.asked.append(page)
        if self.failing is not None:
            raise self.failing
        matching = [row for row in self.rows if self._has(row, where)]
        rows = sorted(matching, key=lambda row: row.place(page.order))
        shown, token, following = getattr(self, f"_by_{self.paging}")(rows, page)
        return Page(
            notes=tuple(self.note(row) for row in shown),
            token=token,
            next=following,
            unapplied=self.ignored | (asked(where) - self.native - self.rough),
            rough=self.rough & asked(where),
            total_count=len(rows),
        )

    def note(self, row: Row) -> CreditNote:
        """The row as a note."""
        return note(row.id, account=self.account, at=row.at, status=row.status, invoice_id=row.invoice, **row.more)

    def _has(self, row: Row, where: CreditNoteFilter) -> bool:
        applied = self.native - self.rough if row.tie % 3 == 0 else self.native | self.rough
        return failing(self.note(row), where).isdisjoint(applied)

    def _by_instant(self, rows: Sequence[Row], page: PageRequest) -> tuple[Sequence[Row], str, str | None]:
        """From an instant on, that instant included; the rest of the walk by an opaque offset."""
        bound, size, start = page.token.split(":") if page.token else (self._bound(page), str(min(page.size, self.largest)), "0")
        if bound:
            last = int(bound)
            rows = [row for row in rows if (row.second <= last if page.order is Order.ISSUED_DESC else row.second >= last)]
        end = int(start) + int(size)
        return rows[int(start) : end], f"{bound}:{size}:{start}", f"{bound}:{size}:{end}" if end < len(rows) else None

    def _bound(self, page: PageRequest) -> str:
        return "" if page.resume is None else str(int((page.resume.at - START).total_seconds()))

    def _by_number(self, rows: Sequence[Row], page: PageRequest) -> tuple[Sequence[Row], str, str | None]:
        """By the page's number, which means another page once a note has been added."""
        token = page.token or (page.resume.token if page.resume else None) or f"1:{min(page.size, self.largest)}"
        number, size = map(int, token.split(":"))
        shown = rows[(number - 1) * size : number * size]
        return shown, token, f"{number + 1}:{size}" if len(shown) == size else None

    def _by_cursor(self, rows: Sequence[Row], page: PageRequest) -> tuple[Sequence[Row], str | None, str | None]:
        """By a cursor that names the note it stands behind."""
        token = page.token or (page.resume.token if page.resume else None)
        if token is not None:
            second, tie = map(int, token.split(":"))
            rows = [row for row in rows if row.place(page.order) > (second, tie)]
        shown = rows[: min(page.size, self.largest)]
        more = len(rows) > len(shown)
        return shown, token, ":".join(map(str, shown[-1].place(page.order))) if more else None

    async def fetch_many(self, ids: Sequence[str]) -> NoReturn:
        raise NotImplementedError

    async def invoices(self, ids: Sequence[str]) -> NoReturn:
        raise NotImplementedError

    def plan(self, command: IssueCreditNote, invoice: Invoice | None) -> NoReturn:
        raise NotImplementedError

    def preview(self, command: IssueCreditNote, invoice: Invoice | None) -> NoReturn:
        raise NotImplementedError

    def allows(self, note: CreditNote) -> NoReturn:
        raise NotImplementedError

    async def issue(self, plan: WritePlan, *, key: str) -> NoReturn:
        raise NotImplementedError

    async def probe(self) -> None:
        raise NotImplementedError

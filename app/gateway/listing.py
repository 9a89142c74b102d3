"""Pages of notes over many accounts: each account pages by its own means, the pages are merged, and what failed is said."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime

import msgspec

from app.domain.commands import CreditNoteFilter, Page, PageRequest
from app.domain.credit_note import CreditNote, Ref
from app.domain.errors import GatewayError, NotFound
from app.domain.vocabulary import Filter, Order, Status
from app.gateway.accounts import Account, Accounts, Caller
from app.gateway.cache import EntityCache, Fetched, Freshness, Memory, Windows
from app.gateway.codec import Codec
from app.gateway.walk import Item, Mark, Stream, StreamKey, has_more, marks_after, marks_at_end, merge, unshown
from app.providers.policy import Deadline
from app.settings import Settings

LARGEST_PAGE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class ListRequest:
    """Which notes, in which order, how many, from where."""

    first: int
    order: Order = Order.ISSUED_DESC
    accounts: tuple[str, ...] | None = None
    providers: frozenset[str] | None = None
    invoices: tuple[Ref, ...] | None = None
    statuses: frozenset[Status] | None = None
    freshness: Freshness = field(default_factory=Freshness)
    marks: Mapping[StreamKey, Mark] = field(default_factory=dict)

    def at(self, marks: Mapping[StreamKey, Mark]) -> ListRequest:
        """The same walk, further on."""
        return replace(self, marks=marks)

    @property
    def arguments(self) -> bytes:
        """What has to stay the same along a walk, as eight bytes."""
        same = (
            self.order.value,
            None if self.accounts is None else sorted(self.accounts),
            None if self.providers is None else sorted(self.providers),
            None if self.invoices is None else [[ref.account, ref.external_id] for ref in self.invoices],
            None if self.statuses is None else sorted(status.value for status in self.statuses),
        )
        return hashlib.sha256(msgspec.json.encode(same)).digest()[:8]


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What one account answered."""

    account: Account
    count: int
    complete: bool
    fetched_at: datetime | None = None
    emulated: frozenset[Filter] = frozenset()
    error: GatewayError | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NotePage:
    """One page over all accounts asked."""

    request: ListRequest
    items: Sequence[Item]
    streams: Sequence[Stream]
    sources: Sequence[Source]
    total_count: int | None

    @property
    def has_more(self) -> bool:
        """Whether anything comes after it."""
        return has_more(self.items, self.streams)

    def marks_at(self, index: int) -> dict[StreamKey, Mark]:
        """Where the walk stands behind one note of the page."""
        return marks_after(self.request.marks, self.items[: index + 1])

    def marks_at_end(self) -> dict[StreamKey, Mark]:
        """Where the walk stands behind the page."""
        return marks_at_end(self.request.marks, self.items, self.streams)


@dataclass(slots=True, kw_only=True)
class _Reading:
    """One stream while it is read."""

    key: StreamKey
    account: Account
    where: CreditNoteFilter
    items: list[Item] = field(default_factory=list)
    scanned: Item | None = None
    ended: bool = False
    emulated: frozenset[Filter] = frozenset()
    fetched_at: datetime | None = None
    total_count: int | None = None
    cut: bool = False
    """Whether reading ended at the bound for filters the provider lacks."""
    error: GatewayError | None = None

    def take(self, fetched: Fetched[Page], mark: Mark | None, request: ListRequest) -> None:
        """Add what this page has beyond the mark."""
        page = fetched.value
        self.emulated = page.unapplied
        self.fetched_at = min(self.fetched_at or fetched.fetched_at, fetched.fetched_at)
        self.total_count = None if page.unapplied else page.total_count
        self.ended = page.next is None
        token = None if self.account.capabilities.pages_by_instant else page.token
        for note in unshown(page.notes, mark, request.order):
            item = Item(
                stream=self.key, note=note, token=token, fetched_at=fetched.fetched_at, cached=fetched.cached, stale=fetched.stale
            )
            self.scanned = item
            if _matches(note, request.statuses, page.unapplied):
                self.items.append(item)


class Listing:
    """Lists."""

    def __init__(self, accounts: Accounts, notes: EntityCache[CreditNote], memory: Memory, settings: Settings) -> None:
        self._accounts = accounts
        self._notes = notes
        self._settings = settings
        windows = Windows(fresh_s=settings.timings.list_fresh_s)
        self._pages: EntityCache[Page] = EntityCache("page", Codec(Page), lambda _: windows, memory)

    async def page(self, caller: Caller, request: ListRequest) -> NotePage:
        """One page. Raises NotFound for an account that does not exist for the caller; an account that fails is a Source with its error."""
        asked = self._asked(caller, request)
        readings = [reading for account in asked for reading in _readings(account, request)]
        deadline = Deadline(self._settings.timings.read_timeout_s)
        await asyncio.gather(*(self._read(reading, request, deadline) for reading in readings))
        streams = [
            Stream(key=reading.key, items=reading.items, ended=reading.ended, scanned=reading.scanned)
            for reading in readings
            if reading.error is None
        ]
        items = merge(streams, first=request.first, order=request.order)
        sources = [_source(account, [r for r in readings if r.account is account], items) for account in asked]
        counts = [reading.total_count for reading in readings]
        total = sum(count for count in counts if count is not None) if counts and None not in counts else None
        return NotePage(request=request, items=items, streams=streams, sources=sources, total_count=total)

    def _asked(self, caller: Caller, request: ListRequest) -> list[Account]:
        if request.accounts is None:
            accounts = list(self._accounts.of(caller))
        else:
            accounts = [self._named(caller, name, index) for index, name in enumerate(request.accounts)]
        if request.providers is not None:
            accounts = [account for account in accounts if account.spec.name in request.providers]
        if request.invoices is not None:
            with_invoices = {ref.account for ref in request.invoices}
            accounts = [account for account in accounts if account.name in with_invoices]
        return sorted({account.name: account for account in accounts}.values(), key=lambda account: account.name)

    def _named(self, caller: Caller, name: str, index: int) -> Account:
        try:
            return self._accounts.find(caller, name)
        except NotFound as missing:
            missing.path = ("filter", "accounts", str(index))
            raise

    async def _read(self, reading: _Reading, request: ListRequest, deadline: Deadline) -> None:
        """Read until there is enough for the page, the end, or the bound on pages read for a filter the provider lacks."""
        mark = request.marks.get(reading.key)
        if mark is not None and mark.ended:
            reading.ended = True
            return
        size = LARGEST_PAGE if request.statuses else min(LARGEST_PAGE, request.first + 1)
        ask = PageRequest(size=size, order=request.order, resume=None if mark is None else mark.place)
        read = 0
        while True:
            answer = await self._fetch(reading, ask, request.freshness, deadline)
            if isinstance(answer, GatewayError):
                reading.error = answer
                return
            read += 1
            reading.take(answer, mark, request)
            full = len(reading.items) >= request.first
            if reading.ended or full:
                return
            reading.cut = bool(reading.emulated) and read >= self._settings.emulated_pages
            if reading.cut:
                return
            ask = PageRequest(size=size, order=request.order, token=answer.value.next)

    async def _fetch(
        self, reading: _Reading, ask: PageRequest, freshness: Freshness, deadline: Deadline
    ) -> Fetched[Page] | GatewayError:
        async def load(ids: Sequence[str]) -> Mapping[str, Page | GatewayError]:
            page = await reading.account.adapter(deadline).list(reading.where, ask)
            await self._notes.put_many(reading.account, {note.ref.external_id: note for note in page.notes})
            return {ids[0]: page}

        statuses = sorted(status.value for status in reading.where.statuses)  # enums have no order to encode a set by
        where = {**asdict(reading.where), "statuses": statuses}
        id = hashlib.sha256(msgspec.msgpack.encode((where, ask), order="deterministic")).hexdigest()
        return (await self._pages.get_many(reading.account, [id], load, freshness))[id]


def _readings(account: Account, request: ListRequest) -> list[_Reading]:
    """One stream, or one for each group of invoices that the provider lists in one call."""
    statuses = request.statuses
    if statuses is not None and not statuses:
        return []  # no status will do, so no note does
    statuses = statuses or frozenset()
    if request.invoices is None:
        return [_Reading(key=(account.name, 0), account=account, where=CreditNoteFilter(statuses=statuses))]
    ids = sorted({ref.external_id for ref in request.invoices if ref.account == account.name})
    size = account.capabilities.invoices_per_list
    groups = [tuple(ids[start : start + size]) for start in range(0, len(ids), size)]
    return [
        _Reading(key=(account.name, index), account=account, where=CreditNoteFilter(invoice_ids=group, statuses=statuses))
        for index, group in enumerate(groups)
    ]


def _matches(note: CreditNote, statuses: frozenset[Status] | None, unapplied: frozenset[Filter]) -> bool:
    return Filter.STATUS not in unapplied or not statuses or note.status in statuses


def _source(account: Account, readings: Sequence[_Reading], items: Sequence[Item]) -> Source:
    errors = [reading.error for reading in readings if reading.error is not None]
    times = [reading.fetched_at for reading in readings if reading.fetched_at is not None]
    return Source(
        account=account,
        count=sum(item.stream[0] == account.name for item in items),
        complete=not errors and not any(reading.cut for reading in readings),
        fetched_at=min(times, default=None),
        emulated=frozenset[Filter]().union(*(reading.emulated for reading in readings)),
        error=errors[0] if errors else None,
    )

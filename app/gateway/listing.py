"""Pages of notes over many accounts: each account pages by its own means, the pages are merged, and what failed is said."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime

import msgspec

from app.domain.commands import CreditNoteFilter, Page, PageRequest
from app.domain.credit_note import CreditNote, Ref
from app.domain.errors import GatewayError, NotFound, Path
from app.domain.filters import asked
from app.domain.vocabulary import Filter, Order, Status
from app.gateway.accounts import Account, Accounts, Caller
from app.gateway.cache import EntityCache, Fetched, Freshness, Memory, Windows
from app.gateway.codec import Codec
from app.gateway.reading import Reading
from app.gateway.support import unfiltered, unlistable
from app.gateway.walk import Item, Mark, Remainder, Stream, StreamKey, has_more, marks_after, marks_at_end, merge
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
    where: CreditNoteFilter | None = field(default_factory=CreditNoteFilter)
    """What is asked of the notes, without the invoices; None: what no note meets."""
    native_only: bool = False
    """Whether an account that cannot filter by itself is refused."""
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
            None if self.invoices is None else sorted((ref.account, ref.external_id) for ref in self.invoices),
            self.native_only,
            None if self.where is None else _spelt(self.where),
        )
        return hashlib.sha256(msgspec.msgpack.encode(same)).digest()[:8]


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
        return marks_after(self.request.marks, self.items[: index + 1], self.streams, self.request.order)

    def marks_at_end(self) -> dict[StreamKey, Mark]:
        """Where the walk stands behind the page."""
        return marks_at_end(self.request.marks, self.items, self.streams, self.request.order)


class Listing:
    """Lists."""

    def __init__(self, accounts: Accounts, notes: EntityCache[CreditNote], memory: Memory, settings: Settings) -> None:
        self._accounts = accounts
        self._notes = notes
        self._settings = settings
        windows = Windows(fresh_s=settings.timings.list_fresh_s, error_s=settings.timings.stale_on_error_s)
        # A page remembered from before the one it follows may miss what has moved on to it: only first pages are.
        self._first: EntityCache[Page] = EntityCache("page", Codec(Page), lambda _: windows, memory)
        self._later: EntityCache[Page] = EntityCache("page", Codec(Page), lambda _: Windows(fresh_s=0), memory)

    async def page(self, caller: Caller, request: ListRequest, deadline: Deadline | None = None) -> NotePage:
        """One page. Raises NotFound for an account that does not exist for the caller; an account that fails is a Source with its error."""
        accounts = self._asked(caller, request)
        readings = [reading for account in accounts for reading in _readings(account, request)]
        deadline = deadline or Deadline(self._settings.timings.read_timeout_s)
        await asyncio.gather(*(self._read(reading, request, deadline) for reading in readings if reading.error is None))
        streams = [
            Stream(key=reading.key, items=reading.items, ended=reading.ended, scanned=reading.scanned)
            for reading in readings
            if reading.error is None
        ]
        items = merge(streams, first=request.first, order=request.order)
        sources = [_source(account, [r for r in readings if r.account is account], items) for account in accounts]
        counts = [reading.total_count for reading in readings]
        total = sum(count for count in counts if count is not None) if counts and None not in counts else None
        return NotePage(request=request, items=items, streams=streams, sources=sources, total_count=total)

    def _asked(self, caller: Caller, request: ListRequest) -> list[Account]:
        if request.accounts is None:
            accounts = list(self._accounts.of(caller))
        else:
            path = ("filter", "accounts")
            accounts = [self._named(caller, name, (*path, str(i))) for i, name in enumerate(request.accounts)]
        if request.providers is not None:
            accounts = [account for account in accounts if account.spec.name in request.providers]
        if request.invoices is not None:
            path = ("filter", "invoiceIds")
            with_invoices = {self._named(caller, ref.account, (*path, str(i))).name for i, ref in enumerate(request.invoices)}
            accounts = [account for account in accounts if account.name in with_invoices]
        return sorted({account.name: account for account in accounts}.values(), key=lambda account: account.name)

    def _named(self, caller: Caller, name: str, path: Path) -> Account:
        try:
            return self._accounts.find(caller, name)
        except NotFound as missing:
            missing.path = path
            raise

    async def _read(self, reading: Reading, request: ListRequest, deadline: Deadline) -> None:
        """Read until there is enough for the page, the end, or the bound on pages read for what is filtered here."""
        mark = request.marks.get(reading.key)
        if mark is not None and mark.ended and request.order is Order.ISSUED_DESC:  # oldest first, new notes come after the end
            reading.ended = True
            return
        size = LARGEST_PAGE if asked(reading.where) - {Filter.INVOICE} else min(LARGEST_PAGE, request.first + 1)
        ask = PageRequest(size=size, order=request.order, resume=None if mark is None else mark.place)
        remainder = Remainder(mark=mark, order=request.order)
        while True:
            answer = await self._fetch(reading, ask, request.freshness, deadline)
            if isinstance(answer, GatewayError):
                reading.error = answer
                return
            reading.take(answer, remainder)
            if request.native_only and reading.emulated:
                reading.error = unfiltered(reading.account, reading.emulated)
                return
            if reading.ended or len(reading.items) >= request.first or reading.outdated is not None:
                return  # behind an old page nothing is read on from: what has moved since would be passed over
            reading.cut = (bool(reading.emulated) or reading.dropped) and reading.pages >= self._settings.emulated_pages
            if reading.cut:
                return
            ask = PageRequest(size=size, order=request.order, token=answer.value.next)

    async def _fetch(
        self, reading: Reading, ask: PageRequest, freshness: Freshness, deadline: Deadline
    ) -> Fetched[Page] | GatewayError:
        async def load(ids: Sequence[str]) -> Mapping[str, Page | GatewayError]:
            epoch = await self._notes.epoch(reading.account)
            own = Deadline(self._settings.timings.read_timeout_s)  # since others may wait for it longer
            page = await reading.account.adapter(own).list(reading.where, ask)
            await self._notes.put_many(reading.account, _readable(page.notes), epoch)
            return {ids[0]: page}

        id = hashlib.sha256(msgspec.msgpack.encode((_spelt(reading.where), ask), order="deterministic")).hexdigest()
        if ask.token is None and ask.resume is None:
            found = await self._first.get_many(reading.account, [id], load, freshness, deadline)
        else:
            found = await self._later.get_many(reading.account, [id], load, Freshness(max_age_s=0), deadline)
        return found[id]


def _readings(account: Account, request: ListRequest) -> list[Reading]:
    """One stream, or one for each group of invoices or customers that the provider lists in one call."""
    if request.where is None:
        return []
    parts = _parts(account, request.where, request.invoices)
    error = unlistable(account, parts[0], request.order, native_only=request.native_only)
    if error is not None:
        return [Reading(key=(account.name, 0), account=account, where=parts[0], error=error)]
    return [Reading(key=(account.name, index), account=account, where=part) for index, part in enumerate(parts)]


def _parts(account: Account, where: CreditNoteFilter, invoices: Sequence[Ref] | None) -> list[CreditNoteFilter]:
    can = account.capabilities
    if invoices is not None:
        ids = {ref.external_id for ref in invoices if ref.account == account.name}
        return [replace(where, invoice_ids=group) for group in _groups(ids, can.invoices_per_list)]
    if where.customer_ids and Filter.CUSTOMER in can.filters:
        return [replace(where, customer_ids=group) for group in _groups(where.customer_ids, can.customers_per_list)]
    return [where]


def _groups(ids: Iterable[str], size: int) -> list[tuple[str, ...]]:
    once = sorted(set(ids))
    return [tuple(once[start : start + size]) for start in range(0, len(once), size)]


def _spelt(where: CreditNoteFilter) -> dict[str, object]:
    """As it can be encoded, the same for the same filter: sets have no order, and enums have none to give them."""
    return {
        name: sorted(str(getattr(one, "value", one)) for one in member) if isinstance(member, frozenset) else member
        for name, member in asdict(where).items()
    }


def _readable(notes: Sequence[CreditNote]) -> dict[str, CreditNote]:
    """The notes a read by id would find too: a deleted one shows in some lists only."""
    return {note.ref.external_id: note for note in notes if note.status is not Status.DELETED}


def _source(account: Account, readings: Sequence[Reading], items: Sequence[Item]) -> Source:
    errors = [reason for reading in readings if (reason := reading.error or reading.outdated) is not None]
    times = [reading.fetched_at for reading in readings if reading.fetched_at is not None]
    return Source(
        account=account,
        count=sum(item.stream[0] == account.name for item in items),
        complete=not errors and not any(reading.cut for reading in readings),
        fetched_at=min(times, default=None),
        emulated=frozenset[Filter]().union(*(reading.emulated for reading in readings if reading.error is None)),
        error=errors[0] if errors else None,
    )

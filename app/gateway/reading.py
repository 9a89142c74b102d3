"""One account's part of a list while it is read, page by page. No call is made here."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from app.domain.commands import CreditNoteFilter, Page
from app.domain.credit_note import CreditNote
from app.domain.errors import GatewayError
from app.domain.filters import failing, is_past
from app.domain.vocabulary import Filter
from app.gateway.accounts import Account
from app.gateway.cache import Fetched
from app.gateway.walk import Item, Remainder, StreamKey

_IDS = frozenset({Filter.INVOICE, Filter.CUSTOMER})


@dataclass(slots=True, kw_only=True)
class Reading:
    """One stream while it is read."""

    key: StreamKey
    account: Account
    where: CreditNoteFilter
    items: list[Item] = field(default_factory=list)
    scanned: Item | None = None
    pages: int = 0
    """How many brought anything that was not shown before."""
    ended: bool = False
    emulated: frozenset[Filter] = frozenset()
    dropped: bool = False
    """Whether a note was read that is not asked for."""
    fetched_at: datetime | None = None
    total_count: int | None = None
    cut: bool = False
    """Whether reading ended at the bound for what is filtered here."""
    error: GatewayError | None = None
    outdated: GatewayError | None = None
    """Why what is shown is old: the account failed, and the reader would rather have that than nothing."""
    _seen: set[str] = field(default_factory=set)
    """Pages by number repeat notes when others are issued between them."""

    def take(self, fetched: Fetched[Page], remainder: Remainder) -> None:
        """Add what this page has beyond the mark."""
        page = fetched.value
        self.emulated |= page.unapplied
        self.fetched_at = min(self.fetched_at or fetched.fetched_at, fetched.fetched_at)
        self.total_count = page.total_count
        self.outdated = fetched.instead_of
        is_last = page.next is None or any(is_past(note, self.where, remainder.order) for note in page.notes[-1:])
        self.ended = is_last and self.outdated is None  # something may have come since
        token = None if self.account.capabilities.pages_by_instant else page.token
        new = [note for note in page.notes if note.ref.external_id not in self._seen]
        self._seen.update(note.ref.external_id for note in new)
        items = (self._item(note, token, fetched) for note in new)
        unshown = remainder.of(items, ended=self.ended)
        if unshown:
            self.pages += 1
            self.scanned = unshown[-1]
        self.items += [item for item in unshown if self._is_asked_for(item.note, page)]
        if self.emulated or page.rough or self.outdated is not None:
            self.total_count = None

    def _is_asked_for(self, note: CreditNote, page: Page) -> bool:
        """Whether the note meets the filter, whoever was to apply it; one that shows a filter to be ignored makes it ours.

        Whether two ids are the same is for the provider to say, as long as it applies them.
        """
        amiss = failing(note, self.where) - (_IDS - page.unapplied)
        self.emulated |= amiss - page.rough
        self.dropped |= bool(amiss)
        return not amiss

    def _item(self, note: CreditNote, token: str | None, fetched: Fetched[Page]) -> Item:
        return Item(
            stream=self.key, note=note, token=token, fetched_at=fetched.fetched_at, cached=fetched.cached, stale=fetched.stale
        )

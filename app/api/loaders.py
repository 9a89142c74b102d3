"""Loaders: what many fields of one request want, asked once and together. Made inside the request, gone with it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar, cast

from aiodataloader import DataLoader

from app.domain.credit_note import CreditNote, Ref
from app.domain.errors import GatewayError
from app.domain.invoice import Invoice
from app.domain.vocabulary import Scope
from app.gateway.accounts import Account, Caller
from app.gateway.cache import Fetched, Freshness
from app.gateway.credit_notes import Lines
from app.gateway.listing import ListRequest, NotePage
from app.providers.policy import Deadline

if TYPE_CHECKING:
    from app.api.context import Services

K = TypeVar("K")
V = TypeVar("V")
Batch = Callable[[list[K]], Awaitable[Mapping[K, V | GatewayError]]]


@dataclass(frozen=True, slots=True)
class NotesOf:
    """One page of the notes against one invoice."""

    invoice_id: str
    first: int
    after: str | None


class Loaders:
    """One loader per kind and account, so that a slow account holds up nobody else's answers."""

    def __init__(self, services: Services, caller: Caller) -> None:
        self._services = services
        self._caller = caller
        self._loaders: dict[tuple[str, str, Freshness], DataLoader[Any, Any]] = {}
        self._notes: dict[Ref, CreditNote] = {}
        self._batches: set[asyncio.Task[Any] | None] = set()
        self._is_given_up = False
        self.deadline = Deadline(services.read_timeout_s)
        """By when everything read for this request must be there."""

    async def note(self, ref: Ref, freshness: Freshness) -> Fetched[CreditNote]:
        """One note; raises NotFound or what its account failed with."""
        account = self._services.accounts.find(self._caller, ref.account)

        async def batch(ids: list[str]) -> Mapping[str, Fetched[CreditNote] | GatewayError]:
            return await self._services.notes.get_many(account, ids, freshness, self.deadline)

        return await self._load(("note", account.name, freshness), ref.external_id, batch)

    async def invoice(self, ref: Ref, freshness: Freshness) -> Fetched[Invoice]:
        """One invoice; raises NotFound or what its account failed with."""
        account = self._services.accounts.find(self._caller, ref.account)

        async def batch(ids: list[str]) -> Mapping[str, Fetched[Invoice] | GatewayError]:
            return await self._services.invoices.get_many(account, ids, freshness, self.deadline)

        return await self._load(("invoice", account.name, freshness), ref.external_id, batch)

    async def lines(self, note: CreditNote) -> Fetched[Lines]:
        """The lines of a note that did not bring them along."""
        account = self._services.accounts.find(self._caller, note.ref.account)
        self._notes[note.ref] = note

        async def batch(ids: list[str]) -> Mapping[str, Fetched[Lines] | GatewayError]:
            notes = [self._notes[Ref(account.name, id)] for id in ids]
            return await self._services.notes.lines(account, notes, self.deadline)

        return await self._load(("lines", account.name, Freshness()), note.ref.external_id, batch)

    async def notes_of(self, invoice: Ref, first: int, after: str | None) -> NotePage:
        """A page of the notes against one invoice; first pages of many invoices are read together where the provider can."""
        account = self._services.accounts.find(self._caller, invoice.account)

        async def batch(keys: list[NotesOf]) -> Mapping[NotesOf, NotePage | GatewayError]:
            return await self._pages(account, keys)

        key = NotesOf(invoice.external_id, first, after)
        return await self._load(("notes of", account.name, Freshness()), key, batch)

    def forget(self, account: str) -> None:
        """After a write: what was loaded of the account before is not shown any more, and what is read from now on has a read's time."""
        self.deadline = Deadline(self._services.read_timeout_s)
        self._loaders = {key: loader for key, loader in self._loaders.items() if key[1] != account}

    def give_up(self) -> None:
        """Nobody waits any more: what is being loaded is cancelled, and nothing more is loaded."""
        self._is_given_up = True
        for batch in self._batches:
            if batch is not None:
                batch.cancel()

    async def _pages(self, account: Account, keys: list[NotesOf]) -> Mapping[NotesOf, NotePage | GatewayError]:
        requests: dict[NotesOf, ListRequest] = {}
        pages: dict[NotesOf, NotePage | GatewayError] = {}
        for key in keys:
            try:
                requests[key] = self._request(Ref(account.name, key.invoice_id), key)
            except GatewayError as wrong:
                pages[key] = wrong
        answers = await self._services.invoice_notes.pages(self._caller, account, list(requests.values()), self.deadline)
        return pages | dict(zip(requests, answers, strict=True))

    def _request(self, invoice: Ref, key: NotesOf) -> ListRequest:
        request = ListRequest(first=key.first, invoices=(invoice,))
        if key.after is None:
            return request
        return request.at(self._services.cursors.decode(key.after, request.arguments))

    async def _load(self, name: tuple[str, str, Freshness], key: K, batch: Batch[K, V]) -> V:
        self._caller.require(Scope.READ)  # also for what hangs on a write's answer
        if name not in self._loaders:

            async def in_order(keys: list[K]) -> list[V | GatewayError]:
                found = await self._loaded(batch, keys)
                return [found[key] for key in keys]

            self._loaders[name] = DataLoader(cast("Callable[[list[K]], Any]", in_order))
        loader: DataLoader[K, V] = self._loaders[name]
        # Shielded: one cancelled field must not take along the others that wait for the same key.
        return await asyncio.shield(loader.load(key))

    async def _loaded(self, batch: Batch[K, V], keys: list[K]) -> Mapping[K, V | GatewayError]:
        if self._is_given_up:
            raise asyncio.CancelledError
        task = asyncio.current_task()  # the library's own: it waits for no field, and no field that ends ends it
        self._batches.add(task)
        try:
            return await batch(keys)
        finally:
            self._batches.discard(task)

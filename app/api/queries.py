"""The queries: parse, call, wrap."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Annotated, Any, TypeVar

import strawberry

from app.api.accounts import Account
from app.api.connection import CreditNoteConnection, checked_first
from app.api.context import Info
from app.api.filters import MOST_IDS, CreditNoteFilter
from app.api.freshness import FreshnessInput, freshness
from app.api.ids import Kind, decode_id, decode_ref
from app.api.invoices import Invoice
from app.api.node import Node
from app.api.types import CreditNote
from app.api.write_queries import WriteQueries
from app.domain.credit_note import Ref
from app.domain.errors import InvalidInput, LimitExceeded, NotFound, Path, Unsupported
from app.domain.vocabulary import Order
from app.gateway.listing import ListRequest

T = TypeVar("T")
Fresh = Annotated[FreshnessInput | None, strawberry.argument(description="How old the answer may be.")]


@strawberry.input(one_of=True, description="One note by what the provider or a person calls it.")
class CreditNoteReferenceBy:
    """Either name of a note."""

    provider_id: strawberry.Maybe[str] = strawberry.field(description="The provider's id.")
    number: strawberry.Maybe[str] = strawberry.field(description="The number printed on it.")


@strawberry.input(one_of=True, description="One invoice by what the provider or a person calls it.")
class InvoiceReferenceBy:
    """Either name of an invoice."""

    provider_id: strawberry.Maybe[str] = strawberry.field(description="The provider's id.")
    number: strawberry.Maybe[str] = strawberry.field(description="The number printed on it.")


@strawberry.type(description="All that can be asked. Nothing here changes anything at a provider.")
class Query(WriteQueries):
    """Everything that can be asked."""

    @strawberry.field(description="Anything by its global id; null when there is no such thing.")
    async def node(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="The global id.")]
    ) -> Node | None:
        """One of any kind."""
        return await thing(info, id, ("id",))

    @strawberry.field(description="Things by their global ids, at most 200, in the order asked; null where not found.")
    async def nodes(
        self, info: Info, ids: Annotated[list[strawberry.ID], strawberry.argument(description="The global ids.")]
    ) -> list[Node | None]:
        """Many of any kind."""
        _check_many(ids)
        return list(await asyncio.gather(*(value_or_error(thing(info, id, ("ids", str(index)))) for index, id in enumerate(ids))))

    @strawberry.field(description="Null when there is no such note.")
    async def credit_note(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="The global id.")], freshness: Fresh = None
    ) -> CreditNote | None:
        """One note."""
        return await _note_by_id(info, id, ("id",), freshness)

    @strawberry.field(description="One note by what the provider or a person calls it.")
    async def credit_note_by_reference(
        self,
        info: Info,
        account: Annotated[str, strawberry.argument(description="The account's name.")],
        by: Annotated[CreditNoteReferenceBy, strawberry.argument(description="Which name of the note.")],
        freshness: Fresh = None,
    ) -> CreditNote | None:
        """One note by its name at an account."""
        return await _note(info, _reference(info, account, by), freshness)

    @strawberry.field(description="At most 200. In the order asked; null where not found; one failure leaves the others.")
    async def credit_notes_by_ids(
        self,
        info: Info,
        ids: Annotated[list[strawberry.ID], strawberry.argument(description="The global ids.")],
        freshness: Fresh = None,
    ) -> list[CreditNote | None]:
        """Many notes."""
        _check_many(ids)
        notes = (_note_by_id(info, id, ("ids", str(index)), freshness) for index, id in enumerate(ids))
        return list(await asyncio.gather(*(value_or_error(note) for note in notes)))

    @strawberry.field(
        description=(
            "Newest first over every account the caller may read, merged. Order: the instant of issue (Chargebee `date`, Zenskar and "
            "vcita `created_at`) descending, then account name, then the provider's own order. `first` at most 100."
        )
    )
    async def credit_notes(
        self,
        info: Info,
        first: Annotated[int | None, strawberry.argument(description="How many, at most 100.")] = 25,
        after: Annotated[str | None, strawberry.argument(description="The cursor to go on from.")] = None,
        filter: Annotated[CreditNoteFilter | None, strawberry.argument(description="Which notes.")] = None,
        order_by: Annotated[Order | None, strawberry.argument(description="Which come first.")] = Order.ISSUED_DESC,
        freshness: Fresh = None,
    ) -> CreditNoteConnection | None:
        """One page."""
        request = _list_request(first, filter, order_by, freshness)
        cursors = info.context.services.cursors
        if after is not None:
            request = request.at(cursors.decode(after, request.arguments))
        page = await info.context.services.listing.page(info.context.caller, request, info.context.loaders.deadline)
        return CreditNoteConnection.of(page, cursors)

    @strawberry.field(description="An invoice by its global id. Costs no call by itself; `details` does.")
    async def invoice(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="The global id.")], freshness: Fresh = None
    ) -> Invoice | None:
        """One invoice."""
        ref = decode_ref(id, Kind.INVOICE, path=("id",))
        return Invoice.of(ref, wanted=freshness) if _exists(info, ref.account) else None

    @strawberry.field(description="An invoice by what the provider or a person calls it. Costs no call by itself; `details` does.")
    async def invoice_by_reference(
        self,
        info: Info,
        account: Annotated[str, strawberry.argument(description="The account's name.")],
        by: Annotated[InvoiceReferenceBy, strawberry.argument(description="Which name of the invoice.")],
        freshness: Fresh = None,
    ) -> Invoice | None:
        """One invoice by its name at an account."""
        return Invoice.of(_reference(info, account, by), wanted=freshness)

    @strawberry.field(description="The accounts the caller may use, with what each can do and how it is.")
    def accounts(self, info: Info) -> list[Account]:
        """All of them, by name."""
        return [Account.of(account) for account in info.context.services.accounts.of(info.context.caller)]


async def thing(info: Info, id: str, path: Path) -> CreditNote | Invoice | Account | None:
    """Whatever the global id names; None where there is none, or the caller may not see it."""
    kind, ref = decode_id(id, path=path)
    if not _exists(info, ref.account):
        return None
    match kind:
        case Kind.NOTE:
            return await _note(info, ref, None)
        case Kind.INVOICE:
            return Invoice.of(ref)
        case Kind.ACCOUNT:
            account = info.context.services.accounts.find(info.context.caller, ref.account)
            return Account.of(account) if account.spec.name == ref.external_id else None


async def _note(info: Info, ref: Ref, wanted: FreshnessInput | None) -> CreditNote | None:
    try:
        return CreditNote.fetched(await info.context.loaders.note(ref, freshness(wanted)))
    except NotFound:
        return None


async def _note_by_id(info: Info, id: str, path: Path, wanted: FreshnessInput | None) -> CreditNote | None:
    return await _note(info, decode_ref(id, Kind.NOTE, path=path), wanted)


async def value_or_error(value: Coroutine[Any, Any, T]) -> T:
    """The framework reports an exception that stands in a list as an error of that place alone."""
    try:
        return await value
    except Exception as failed:  # noqa: BLE001 - presented, or masked, like any other
        return failed  # type: ignore[return-value]  # as the docstring says


def _exists(info: Info, account: str) -> bool:
    try:
        info.context.services.accounts.find(info.context.caller, account)
    except NotFound:
        return False
    return True


def _reference(info: Info, name: str, by: CreditNoteReferenceBy | InvoiceReferenceBy) -> Ref:
    try:
        account = info.context.services.accounts.find(info.context.caller, name)
    except NotFound as missing:
        missing.path = ("account",)
        raise
    member, given = ("providerId", by.provider_id) if by.provider_id is not None else ("number", by.number)
    if given is None or not given.value.strip():
        message = f"{member} must not be empty"
        raise InvalidInput(message, path=("by", member))
    if member == "number" and not account.capabilities.number_is_id:
        message = "this provider cannot find by number"
        raise Unsupported(message, path=("by", "number"), account=account.name)
    return Ref(account.name, given.value)


def _check_many(ids: Sequence[str]) -> None:
    if len(ids) > MOST_IDS:
        message = f"{len(ids)} ids; one query takes at most {MOST_IDS}"
        raise LimitExceeded(message, path=("ids",))


def _list_request(
    first: int | None, where: CreditNoteFilter | None, order: Order | None, wanted: FreshnessInput | None
) -> ListRequest:
    narrowed = where or CreditNoteFilter()
    return ListRequest(
        first=checked_first(first),
        order=order or Order.ISSUED_DESC,
        accounts=None if narrowed.accounts is None else tuple(narrowed.accounts),
        providers=None if narrowed.providers is None else frozenset(member.value for member in narrowed.providers),
        invoices=narrowed.to_invoices(),
        where=narrowed.to_wanted(),
        native_only=bool(narrowed.native_only),
        freshness=freshness(wanted),
    )

"""The subscriptions: who may hear what. How answers reach a client is the transports' business."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from datetime import datetime
from typing import Annotated, cast

import strawberry

from app.api.context import Info, RequestContext
from app.api.filters import MOST_IDS
from app.api.freshness import freshness
from app.api.ids import Kind, decode_ref, encode_id
from app.api.types import CreditNote
from app.domain.credit_note import Ref
from app.domain.errors import LimitExceeded, NotFound
from app.domain.vocabulary import ChangeKind, ChangeOrigin
from app.gateway.feed import NoteChange, Subscriber


@strawberry.input(description="Which changes. Every member given narrows them; an empty list matches nothing.")
class CreditNoteChangedFilter:
    """A wish about which changes."""

    accounts: list[str] | None = strawberry.field(default=None, description="Names of accounts, at most 200.")
    ids: list[strawberry.ID] | None = strawberry.field(default=None, description="Global ids of notes, at most 200.")
    invoice_ids: list[strawberry.ID] | None = strawberry.field(
        default=None, description="Global ids of the invoices credited, at most 200."
    )

    def to_wish(self, context: RequestContext) -> Callable[[NoteChange], bool]:
        """Whether a change is wanted; raises what is wrong with the wish."""
        for name, values in (("accounts", self.accounts), ("ids", self.ids), ("invoiceIds", self.invoice_ids)):
            if values is not None and len(values) > MOST_IDS:
                message = f"{len(values)} values; one filter takes at most {MOST_IDS}"
                raise LimitExceeded(message, path=("filter", name))
        accounts = None if self.accounts is None else {_account(context, name, i) for i, name in enumerate(self.accounts)}
        notes = _refs(self.ids, Kind.NOTE, "ids")
        invoices = _refs(self.invoice_ids, Kind.INVOICE, "invoiceIds")

        def is_wanted(change: NoteChange) -> bool:
            invoice = None if change.invoice_id is None else Ref(change.account, change.invoice_id)
            return (
                (accounts is None or change.account in accounts)
                and (notes is None or Ref(change.account, change.note_id) in notes)
                and (invoices is None or invoice in invoices)
            )

        return is_wanted


@strawberry.type(description="One change of one note. The same change may be told twice; its `id` is the same then.")
class CreditNoteChange:
    """A change as told."""

    id: strawberry.ID = strawberry.field(description="Of the change, not of the note.")
    kind: ChangeKind = strawberry.field(description="What has happened.")
    credit_note_id: strawberry.ID = strawberry.field(description="The note's global id.")
    at: datetime = strawberry.field(description="When the gateway knew of it.")
    by: ChangeOrigin = strawberry.field(description="How the gateway knows.")
    change: strawberry.Private[NoteChange]

    @strawberry.field(description="The note as it is now, which may be after later changes. Null once deleted.")
    async def credit_note(self, info: Info) -> CreditNote | None:
        """Through the cache, which holds what the write was answered."""
        try:
            return CreditNote.fetched(
                await info.context.loaders.note(Ref(self.change.account, self.change.note_id), freshness(None))
            )
        except NotFound:
            return None

    @classmethod
    def of(cls, change: NoteChange) -> CreditNoteChange:
        """The change as shown."""
        return cls(
            id=strawberry.ID(change.id),
            kind=change.kind,
            credit_note_id=strawberry.ID(encode_id(Kind.NOTE, Ref(change.account, change.note_id))),
            at=change.at,
            by=change.by,
            change=change,
        )


@strawberry.type(
    description="What is told as it happens. Nothing is kept for who does not listen: read what you rely on after subscribing."
)
class Subscription:
    """Everything that can be listened to."""

    @strawberry.subscription(
        description=(
            "Notes issued, voided or refunded by this gateway, told once the write is on record. "
            "What is changed at a provider by others is not told yet."
        )
    )
    async def credit_note_changed(
        self,
        info: Info,
        filter: Annotated[CreditNoteChangedFilter | None, strawberry.argument(description="Which changes.")] = None,
    ) -> AsyncGenerator[CreditNoteChange, None]:
        """From now on."""
        context = info.context
        is_wanted = (filter or CreditNoteChangedFilter()).to_wish(context)
        subscriber = await context.services.feed.subscribe(
            lambda change: _exists(context, change) and is_wanted(change), patience_s=context.services.read_timeout_s
        )
        context.subscribed.set()
        return cast("AsyncGenerator[CreditNoteChange, None]", _Changes(subscriber, context))


class _Changes:
    """The source of one subscription. Not a generator: one that is closed before it was begun would never leave the feed."""

    def __init__(self, subscriber: Subscriber, context: RequestContext) -> None:
        self._subscriber = subscriber
        self._context = context
        self._is_counted = True
        """What the next change makes the gateway read: for the first one it was when the document was checked."""

    def __aiter__(self) -> AsyncIterator[CreditNoteChange]:
        return self

    async def __anext__(self) -> CreditNoteChange:
        change = await anext(self._subscriber)
        if not self._is_counted and not await self._context.allowance.read_again():
            message = "over the caller's limit of reads"
            raise LimitExceeded(message)
        self._is_counted = False
        self._context.begin_anew()
        return CreditNoteChange.of(change)

    async def aclose(self) -> None:
        await self._subscriber.aclose()


def _exists(context: RequestContext, change: NoteChange) -> bool:
    """Whether the note's account exists for the caller, now."""
    try:
        return context.services.accounts.find(context.caller, change.account).tag == change.tag
    except NotFound:
        return False


def _account(context: RequestContext, name: str, index: int) -> str:
    try:
        return context.services.accounts.find(context.caller, name).name
    except NotFound as missing:
        missing.path = ("filter", "accounts", str(index))
        raise


def _refs(ids: Sequence[str] | None, kind: Kind, member: str) -> set[Ref] | None:
    return None if ids is None else {decode_ref(id, kind, path=("filter", member, str(index))) for index, id in enumerate(ids)}

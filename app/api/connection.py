"""Pages of notes as clients see them, after Relay's cursor connections, with what every account answered."""

from __future__ import annotations

from datetime import datetime

import strawberry

from app.api.accounts import Account
from app.api.ids import Cursors
from app.api.problems import Problem, problem
from app.api.source import SourceInfo
from app.api.types import CreditNote
from app.domain.errors import InvalidInput, LimitExceeded
from app.domain.vocabulary import Filter
from app.gateway.listing import LARGEST_PAGE, NotePage, Source

USUAL_PAGE = 25


@strawberry.type(description="Where a page stands.")
class PageInfo:
    """Relay's page information."""

    has_next_page: bool = strawberry.field(description="Whether anything comes after it.")
    has_previous_page: bool = strawberry.field(description="Whether it was reached by a cursor.")
    start_cursor: str | None = strawberry.field(description="Cursor of its first note.")
    end_cursor: str | None = strawberry.field(description="Cursor behind it; the next page starts there.")


@strawberry.type(description="A note's place in a list.")
class CreditNoteEdge:
    """A note and where it stands."""

    node: CreditNote = strawberry.field(description="The note.")
    page: strawberry.Private[NotePage]
    index: strawberry.Private[int]
    cursors: strawberry.Private[Cursors]

    @strawberry.field(description="Opaque; `after` goes on behind this note.")
    def cursor(self) -> str:
        """Computed when asked for: most clients read `pageInfo.endCursor` only."""
        return self.cursors.encode(self.page.request.arguments, self.page.marks_at(self.index))


@strawberry.type(description="What one account answered.")
class ListSource:
    """An account's part in a page."""

    account: Account = strawberry.field(description="The account.")
    fetched_at: datetime | None = strawberry.field(description="When it was asked; null where it did not answer.")
    count: int = strawberry.field(description="Notes of this account on this page.")
    complete: bool = strawberry.field(description="Whether nothing of it is missing from this page.")
    emulated_filters: list[Filter] = strawberry.field(description="Filters the provider lacks, applied here.")
    error: Problem | None = strawberry.field(description="Why it did not answer.")

    @classmethod
    def of(cls, source: Source) -> ListSource:
        """The source as shown."""
        return cls(
            account=Account.of(source.account),
            fetched_at=source.fetched_at,
            count=source.count,
            complete=source.complete,
            emulated_filters=[member for member in Filter if member in source.emulated],
            error=None if source.error is None else problem(source.error),
        )


@strawberry.type(description="One page of notes over any number of accounts.")
class CreditNoteConnection:
    """A page."""

    nodes: list[CreditNote] = strawberry.field(description="The notes.")
    edges: list[CreditNoteEdge] = strawberry.field(description="The notes with their cursors.")
    total_count: int | None = strawberry.field(description="Null unless every account asked can count.")
    sources: list[ListSource] = strawberry.field(description="What each account answered: one that fails does not hide the others.")
    page: strawberry.Private[NotePage]
    cursors: strawberry.Private[Cursors]

    @strawberry.field(description="Where the page stands.")
    def page_info(self) -> PageInfo:
        """Computed when asked for."""
        page, arguments = self.page, self.page.request.arguments
        marks = page.marks_at_end()
        return PageInfo(
            has_next_page=page.has_more,
            has_previous_page=bool(page.request.marks),
            start_cursor=self.cursors.encode(arguments, page.marks_at(0)) if page.items else None,
            end_cursor=self.cursors.encode(arguments, marks) if marks else None,
        )

    @classmethod
    def of(cls, page: NotePage, cursors: Cursors) -> CreditNoteConnection:
        """The page as shown."""
        nodes = [
            CreditNote.of(item.note, SourceInfo.of(item.fetched_at, cached=item.cached, stale=item.stale)) for item in page.items
        ]
        return cls(
            nodes=nodes,
            edges=[CreditNoteEdge(node=node, page=page, index=index, cursors=cursors) for index, node in enumerate(nodes)],
            total_count=page.total_count,
            sources=[ListSource.of(source) for source in page.sources],
            page=page,
            cursors=cursors,
        )


def checked_first(first: int | None) -> int:
    """The page size asked for, 25 without a wish; raises InvalidInput below 1 and LimitExceeded above what a page may hold."""
    if first is None:
        return USUAL_PAGE
    if first < 1:
        message = "first must be at least 1"
        raise InvalidInput(message, path=("first",))
    if first > LARGEST_PAGE:
        message = f"first is {first}; a page holds at most {LARGEST_PAGE}"
        raise LimitExceeded(message, path=("first",))
    return first

"""Pages of vcita's list by number. A page's token keeps its size, without which its number says nothing."""

from __future__ import annotations

from dataclasses import dataclass, replace

from app.domain.commands import PageRequest
from app.domain.errors import InvalidInput
from app.domain.vocabulary import Order

LARGEST = 100  # docs: Get all Credit Notes, `per_page`
SORT = {Order.ISSUED_DESC: "created_at:desc", Order.ISSUED_ASC: "created_at:asc"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One page."""

    number: int = 1
    size: int = LARGEST

    @classmethod
    def of(cls, page: PageRequest) -> Sheet:
        """The page asked for.

        A walk resumed reads the page it stood on again: notes issued since then push the others to later pages in the newest-first
        order and come last in the other, so nothing that was not shown lies before that page.
        """
        token = page.token or (page.resume.token if page.resume else None)
        return cls(size=min(page.size, LARGEST)) if token is None else cls._read(token)

    @classmethod
    def _read(cls, token: str) -> Sheet:
        number, _, size = token.partition(":")
        if not (number.isascii() and number.isdecimal() and size.isascii() and size.isdecimal()):
            message = "this is not a page of the account's list"
            raise InvalidInput(message, path=("after",))
        return cls(number=int(number), size=int(size))

    @property
    def token(self) -> str:
        """The page as text."""
        return f"{self.number}:{self.size}"

    def after(self, shown: int) -> Sheet | None:
        """The next page; there is none after a short one, for no total is told."""
        return replace(self, number=self.number + 1) if shown >= self.size else None

    def params(self, order: Order, invoice_ids: tuple[str, ...]) -> list[tuple[str, str]]:
        """The query that asks for it."""
        own = [("page", str(self.number)), ("per_page", str(self.size)), ("sort", SORT[order])]
        return own + [("invoice_uid", invoice_id) for invoice_id in invoice_ids]

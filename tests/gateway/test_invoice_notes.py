"""The notes of many invoices at once: one walk where the provider can, and each invoice's page as if it had been asked for alone."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from app.domain.credit_note import Ref
from app.domain.errors import GatewayError, Unavailable
from app.gateway.invoice_notes import InvoiceNotes
from app.gateway.listing import ListRequest, NotePage
from tests.gateway.lists import ListedProvider, Paging, Row
from tests.gateway.stub import CALLER
from tests.gateway.walking import listing

pytestmark = pytest.mark.anyio


def provider(notes: int = 3, *, paging: Paging = "instant", invoices: str = "xyz") -> ListedProvider:
    """So many notes against each invoice, issued in turns."""
    rows = [
        Row(turn * 10 + place, turn, f"{invoice}{turn}", invoice=invoice)
        for turn in range(notes)
        for place, invoice in enumerate(invoices)
    ]
    return ListedProvider(account="a", paging=paging, rows=[*rows, Row(5, 99, "other", invoice="other")])


async def pages(account: ListedProvider, *requests: ListRequest) -> list[NotePage | GatewayError]:
    lister = listing([account])
    return await InvoiceNotes(lister).pages(CALLER, lister._accounts.find(CALLER, "a"), requests)


def request(invoice: str, first: int = 2) -> ListRequest:
    return ListRequest(first=first, invoices=(Ref("a", invoice),))


def shown(found: Sequence[NotePage | GatewayError]) -> list[tuple[list[str], bool]]:
    """The notes of each page, and whether there are more."""
    assert all(isinstance(page, NotePage) for page in found)
    return [([item.note.ref.external_id for item in page.items], page.has_more) for page in found if isinstance(page, NotePage)]


async def test_the_first_pages_of_two_invoices_cost_one_call() -> None:
    account = provider()
    found = await pages(account, request("x"), request("y", first=3), request("nothing"))
    assert shown(found) == [(["x2", "x1"], True), (["y2", "y1", "y0"], False), ([], False)]
    assert [page.sources[0].count for page in found if isinstance(page, NotePage)] == [2, 3, 0]
    assert len(account.asked) == 2  # two invoices fit into one call of this provider


@pytest.mark.parametrize("paging", ["instant", "number", "cursor"])
async def test_an_invoice_goes_on_from_its_first_page_wherever_that_came_from(paging: Paging) -> None:
    account = provider(paging=paging)
    first = await pages(account, request("x"), request("y"))
    assert shown(first) == [(["x2", "x1"], True), (["y2", "y1"], True)]
    following = [
        request(name).at(page.marks_at_end()) for name, page in zip("xy", first, strict=True) if isinstance(page, NotePage)
    ]
    assert shown(await pages(account, *following)) == [(["x0"], False), (["y0"], False)]


async def test_where_invoices_cannot_be_listed_together_each_is_listed_by_itself() -> None:
    account = provider(paging="number")
    assert shown(await pages(account, request("x", 9), request("y", 9))) == [
        (["x2", "x1", "x0"], False),
        (["y2", "y1", "y0"], False),
    ]
    assert len(account.asked) == 2


async def test_more_notes_than_one_walk_may_bring_are_asked_for_by_invoice() -> None:
    found = await pages(provider(notes=60), request("x", 3), request("y", 60))
    assert [(len(ids), more) for ids, more in shown(found)] == [(3, True), (60, False)]


async def test_an_account_that_fails_is_the_error_of_every_invoice() -> None:
    account = provider()
    account.failing = Unavailable("down")
    assert await pages(account, request("x"), request("y")) == [account.failing, account.failing]
    assert await pages(account, request("x")) == [account.failing]


async def test_nothing_asked_is_nothing_answered() -> None:
    account = provider()
    assert await pages(account) == []
    assert account.asked == []

"""What a filter comes to at Zenskar: one word, one invoice, one customer; all else is left to whoever asked, and nothing is believed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

import pytest

from app.domain.commands import CreditNoteFilter, PageRequest
from app.domain.credit_note import CreditNote, Party
from app.domain.filters import asked
from app.domain.ranges import DayRange, InstantRange, MoneyRange
from app.domain.vocabulary import Filter, Order, Reason, Settlement, Status
from app.providers.zenskar.listing import Query, query
from tests.gateway.stub import note
from tests.providers.zenskar import Organisation, demo, opened

pytestmark = pytest.mark.anyio

ACME, GLOBEX = "00000000-0000-4000-8000-00000000ac3e", "00000000-0000-4000-8000-0000000910be"
"""Customers of the demonstration data."""


def asked_for(**members: Any) -> Query:
    found = query(CreditNoteFilter(**members), 7, Order.ISSUED_DESC)
    assert found is not None
    return found


def params(found: Query) -> dict[str, str]:
    return {name: value for name, value in found.params(None).items() if name not in {"limit", "order"}}


@pytest.mark.parametrize(
    ("members", "expected", "left"),
    [
        ({"customer_ids": (ACME,)}, {"customer_id": ACME}, set()),
        ({"customer_ids": (ACME, "acme")}, {"customer_id": ACME}, set()),
        ({"customer_ids": (ACME, GLOBEX)}, {}, {Filter.CUSTOMER}),
        (
            {"customer_ids": (ACME,), "invoice_ids": (demo(2001),), "statuses": frozenset({Status.VOIDED})},
            {"customer_id": ACME, "invoice_id": demo(2001), "status": "void"},
            set(),
        ),
        ({"statuses": frozenset({Status.ISSUED})}, {}, {Filter.STATUS}),
        (
            {
                "settlements": frozenset({Settlement.SETTLED}),
                "reasons": frozenset({Reason.UNSPECIFIED}),
                "currencies": frozenset({"EUR"}),
                "issued": DayRange(first=date(2026, 1, 1)),
                "updated": InstantRange(end=datetime(2026, 1, 1, tzinfo=UTC)),
                "total": MoneyRange(currency="EUR"),
            },
            {},
            {Filter.SETTLEMENT, Filter.REASON, Filter.CURRENCY, Filter.ISSUED, Filter.UPDATED, Filter.TOTAL},
        ),
    ],
)
def test_what_the_provider_can_be_asked_for_is_and_the_rest_is_left(
    members: dict[str, Any], expected: dict[str, str], left: set[Filter]
) -> None:
    found = asked_for(**members)
    assert (params(found), set(found.unapplied)) == (expected, left)


@pytest.mark.parametrize("members", [{"customer_ids": ("acme",)}, {"customer_ids": ("",), "invoice_ids": (demo(2001),)}])
def test_a_customer_no_id_of_theirs_can_name_has_no_notes(members: dict[str, Any]) -> None:
    assert query(CreditNoteFilter(**members), 7, Order.ISSUED_DESC) is None


@pytest.mark.parametrize(
    ("customers", "ignored"),
    [([ACME], False), ([ACME.upper()], False), ([ACME, GLOBEX], True), ([None], True)],
)
def test_notes_of_other_customers_show_that_the_filter_was_ignored(customers: Sequence[str | None], ignored: bool) -> None:
    notes: list[CreditNote] = [note("n", customer=None if id is None else Party(provider_id=id)) for id in customers]
    assert asked_for(customer_ids=(ACME,)).ignored(notes) == (frozenset({Filter.CUSTOMER}) if ignored else frozenset())


@pytest.mark.parametrize("details", ["present", "null"])
async def test_the_notes_of_one_customer_are_listed_and_counted(zenskar: Organisation, details: str) -> None:
    zenskar.switch(note_details=details)
    where = CreditNoteFilter(customer_ids=(ACME,))
    async with opened(zenskar.url) as adapter:
        page = await adapter.list(where, PageRequest(size=100))
        everyones = await adapter.list(CreditNoteFilter(), PageRequest(size=100))
    of_acme = [one for one in everyones.notes if one.customer is not None and one.customer.provider_id == ACME]
    assert 0 < len(of_acme) < 60
    assert list(page.notes) == of_acme
    assert (page.unapplied, page.total_count) == (frozenset(), len(of_acme))
    assert asked(where) == {Filter.CUSTOMER}

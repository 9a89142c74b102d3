"""Filters over the real providers on their sockets: any mix of members over books that change, whatever their bounds mean."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.accounts_file import demo_accounts
from app.asgi import make_process
from app.domain.commands import CreditNoteFilter
from app.domain.credit_note import CreditNote, Ref
from app.domain.ranges import DayRange, InstantRange, MoneyRange
from app.domain.vocabulary import Order, Reason, Settlement, Status
from app.gateway.listing import Listing, ListRequest, NotePage
from app.sandbox.server import Addresses
from app.settings import Settings
from app.timings import Timings
from tests.gateway.stub import CALLER
from tests.support.demo import ACCOUNTS, UNPAID, invoice_id, provider
from tests.support.running import SandboxControl

CODES = {Reason.DUPLICATE: "Order Change", Reason.WAIVER: "Waiver"}
"""Chargebee's account may have words of its own for reasons."""
UNTOLD = {"vcita-demo": "customer_ids", "zenskar-demo": "updated"}
"""What a provider never tells of a note."""
SWITCHES = (
    ("chargebee", "filter_between", ("inclusive", "exclusive")),
    ("chargebee", "filter_after_before", ("strict", "inclusive")),
    ("chargebee", "deleted_id", ("suffixed", "kept")),
    ("zenskar", "cursor", ("keyset", "offset")),
    ("zenskar", "currency_case", ("upper", "lower")),
    ("vcita", "business_zone", ("UTC", "UTC+14", "UTC-11")),
)


@pytest.fixture
def changed(addresses: Addresses, sandbox: SandboxControl) -> tuple[Addresses, SandboxControl]:
    """Books with more in them than at the start."""
    for account in ACCOUNTS:
        for minor in (1, 99_99, 1_00):
            sandbox.act(provider(account), "issue", invoice_id=invoice_id(account, UNPAID), minor=minor)
    sandbox.act("chargebee", "void", note_id="CN-0057")
    return addresses, sandbox


def members(draw: st.DrawFn, notes: Sequence[CreditNote]) -> dict[str, Any]:
    """A few members at once, of values that notes have, so that their edges are met."""
    one, other = draw(st.sampled_from(notes)), draw(st.sampled_from(notes))
    days = sorted(note.issued_on for note in (one, other) if note.issued_on)
    instants = sorted(note.updated_at or note.issued_at for note in (one, other))
    amounts = sorted(note.total.major for note in (one, other))
    step = draw(st.sampled_from((timedelta(0), timedelta(seconds=1), timedelta(microseconds=1))))
    choices: dict[str, Callable[[], object]] = {
        "customer_ids": lambda: tuple(sorted({note.customer.provider_id for note in (one, other) if note.customer})) or ("nobody",),
        "statuses": lambda: frozenset(draw(st.sets(st.sampled_from(Status), min_size=1, max_size=3))),
        "settlements": lambda: frozenset(draw(st.sets(st.sampled_from(Settlement), min_size=1, max_size=2))),
        "reasons": lambda: frozenset({one.reason, draw(st.sampled_from(Reason))}),
        "currencies": lambda: frozenset({one.currency, draw(st.sampled_from(("EUR", "KWD", "CHF")))}),
        "issued": lambda: DayRange(
            first=draw(st.sampled_from((None, days[0]))), last=draw(st.sampled_from((None, days[-1]))) if days else None
        ),
        "updated": lambda: InstantRange(start=instants[0], end=draw(st.sampled_from((None, instants[1] + step)))),
        "total": lambda: MoneyRange(
            currency=one.currency,
            least=draw(st.sampled_from((None, amounts[0]))),
            most=amounts[1] + draw(st.sampled_from((Decimal(0), Decimal("0.001")))),
        ),
    }
    return {name: choices[name]() for name in draw(st.sets(st.sampled_from(sorted(choices)), min_size=1, max_size=3))}


def meets(note: CreditNote, where: CreditNoteFilter) -> bool:
    """The schema's words, once more."""
    answers = [
        not wanted or value in wanted
        for wanted, value in (
            (where.statuses, note.status),
            (where.settlements, note.settlement),
            (where.reasons, note.reason),
            (where.currencies, note.currency),
            (where.customer_ids, note.customer and note.customer.provider_id),
        )
    ]
    if where.issued is not None:
        day = note.issued_on
        answers.append(day is not None and (where.issued.first or day) <= day <= (where.issued.last or day))
    if where.updated is not None:
        at, end = note.updated_at, where.updated.end or datetime.max.replace(tzinfo=UTC)
        answers.append(at is not None and (where.updated.start or at) <= at < end)
    if where.total is not None:
        total, most = note.total.major, where.total.most
        answers.append(
            note.currency == where.total.currency and (where.total.least or 0) <= total and (most is None or total <= most)
        )
    return all(answers)


def run(addresses: Addresses, work: Callable[[Listing], Awaitable[None]]) -> None:
    """The work over a process of its own, which remembers nothing."""

    async def all_of_it() -> None:
        accounts = {
            name: replace(account, reason_codes=CODES if account.provider == "chargebee" else {})
            for name, account in demo_accounts(addresses.providers).items()
        }
        process = make_process(Settings(accounts=accounts, timings=Timings(list_fresh_s=0)))
        try:
            await work(process.services.listing)
        finally:
            await process.aclose()

    asyncio.run(all_of_it())


async def walked(listing: Listing, request: ListRequest) -> list[NotePage]:
    pages = [await listing.page(CALLER, request)]
    while pages[-1].has_more:
        assert len(pages) < 200
        pages.append(await listing.page(CALLER, request.at(pages[-1].marks_at_end())))
    return pages


def shown(pages: Sequence[NotePage]) -> list[CreditNote]:
    return [item.note for page in pages for item in page.items]


@settings(
    max_examples=25,
    report_multiple_bugs=False,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(data=st.data(), order=st.sampled_from(Order), first=st.sampled_from((5, 40, 100)))
def test_any_mix_of_filters_shows_the_notes_that_meet_it(
    changed: tuple[Addresses, SandboxControl], data: st.DataObject, order: Order, first: int
) -> None:
    addresses, sandbox = changed
    for name, switch, values in SWITCHES:
        sandbox.switch(name, switch, data.draw(st.sampled_from(values), label=switch))

    async def compare(listing: Listing) -> None:
        notes = shown(await walked(listing, ListRequest(first=100)))
        assert len(notes) == 3 * 63
        where = CreditNoteFilter(**data.draw(st.composite(members)(notes), label="where"))
        request = ListRequest(first=first, order=order, where=where)
        if data.draw(st.booleans(), label="by invoice"):
            drawn = data.draw(st.lists(st.sampled_from([note for note in notes if note.invoice_id]), max_size=4), label="invoices")
            refs = tuple(Ref(note.ref.account, note.invoice_id or "") for note in drawn)
            request = replace(request, invoices=refs)
            notes = [note for note in notes if Ref(note.ref.account, note.invoice_id or "") in refs]
        pages = await walked(listing, request)
        silent = {account for account, member in UNTOLD.items() if getattr(where, member)}
        for source in (source for page in pages for source in page.sources):
            assert (source.error is not None) is (source.account.name in silent)
            assert source.complete or source.error
        expected = {note.ref for note in notes if meets(note, where) and note.ref.account not in silent}
        found = shown(pages)
        assert len({note.ref for note in found}) == len(found)
        assert {note.ref for note in found} == expected
        instants = [note.issued_at for note in found]
        assert instants == sorted(instants, reverse=order is Order.ISSUED_DESC)
        counts = {page.total_count for page in pages[:1]} - {None}
        assert not counts or counts == {len(found)}

    run(addresses, compare)

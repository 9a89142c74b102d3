"""The books of the vcita sandbox under random and simultaneous use: what must hold always holds, and a breach is seen."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

import anyio
import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.domain.money import exponent
from app.sandbox.faults import Fault, Faults, Faulty
from app.sandbox.kernel import BadControl, Clock
from app.sandbox.vcita import VcitaSandbox
from app.sandbox.vcita.arithmetic import figures, within
from app.sandbox.vcita.books import Books
from app.sandbox.vcita.records import NoteStatus, Refund, Tax, TaxMode
from tests.sandbox.test_vcita_desk import BUSINESS, NOTES, Desk, as_json, bearer, invoice_uid, line, open_desk, tax
from tests.support.serving import served


@pytest.fixture(scope="module")
def opened() -> Iterator[Desk]:
    with open_desk() as desk:
        yield desk


INVOICES = st.sampled_from([1001, 1002, 1003, 1004, 1005, 1006, 1007, 1008, 2005])
PARTS = st.integers(min_value=1, max_value=250).map(lambda hundredths: Fraction(hundredths, 200))  # of the invoice's total
STEPS = st.tuples(st.sampled_from(["note", "issue", "pay", "refund", "settle", "cancel", "wait"]), INVOICES, PARTS, st.booleans())
MODES = {"strict_mode": ("off", "on"), "tax_mode": ("invoice", "exclude", "include"), "note_lowers_balance": ("yes", "no")}
SOURCES = ("stays_issued", "settles", "settles_after_60_s", "settles_on_refund", "refunds")


@given(
    steps=st.lists(STEPS, max_size=25),
    modes=st.tuples(*(st.sampled_from(values) for values in MODES.values())),
    source=st.sampled_from(SOURCES),
)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_books_hold_after_every_step_of_any_use(
    opened: Desk, steps: list[tuple[str, int, Fraction, bool]], modes: tuple[str, ...], source: str
) -> None:
    desk = opened.fresh()
    for name, value in zip(MODES, modes, strict=True):
        desk.sandbox.switches.set(name, value)
    desk.sandbox.switches.set("source_payment", source)
    for step in steps:
        take(desk, *step)
        assert desk.sandbox.violations() == []


def take(desk: Desk, action: str, number: int, part: Fraction, sourced: bool) -> None:
    """One step; whether it is refused is the sandbox's decision, that it answers is not."""
    invoice = desk.row("invoices", invoice_uid(number))
    minor = max(1, int(invoice["minor"] * part))
    own = [row for row in desk.sandbox.books()["payments"] if row["invoice_id"] == invoice["id"]]
    notes = [row for row in desk.sandbox.books()["notes"] if row["invoice_id"] == invoice["id"]]
    try:
        match action:
            case "note":
                source = {"source_payment_uid": own[0]["id"]} if own and sourced else {}
                amount = Decimal(minor).scaleb(-exponent(invoice["currency"]))
                assert desk.note(number, line(amount, tax(19, amount / 7)), line(amount / 3), **source).status_code in {201, 422}
            case "refund" if own:
                body = {"refund": {"payment_uid": own[-1]["id"], **({"amount": minor} if sourced else {})}}
                assert desk.post(f"{BUSINESS}/refunds", body).status_code in {201, 422}
            case "settle" if notes:
                desk.act("settle", note_id=notes[0]["id"])
            case "cancel":
                desk.act("cancel", invoice_id=invoice["id"])
            case "pay" | "issue":
                desk.act(action, invoice_id=invoice["id"], minor=minor)
            case _:
                desk.clock.advance(30)
                desk.sandbox.books()
    except BadControl:
        pass


@given(first=st.integers(min_value=1, max_value=60_000), second=st.integers(min_value=1, max_value=60_000))
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_note_is_issued_exactly_when_the_rest_of_the_invoice_allows(opened: Desk, first: int, second: int) -> None:
    desk = opened.fresh()
    left = 500_00
    for minor in (first, second):
        answer = desk.note(1002, line(Decimal(minor).scaleb(-2)))
        assert answer.status_code == (201 if minor <= left else 422)
        left -= minor if minor <= left else 0
    assert desk.row("invoices", invoice_uid(1002))["creditable_minor"] == left


@given(
    gross=st.integers(min_value=0, max_value=10**9),
    rates=st.lists(st.decimals(min_value="0.001", max_value=100, places=3), max_size=3),
)
def test_net_and_taxes_within_an_amount_add_up_to_it(gross: int, rates: list[Decimal]) -> None:
    taxes = [Tax(uid=str(index), name=str(index), rate=rate) for index, rate in enumerate(rates)]
    net, parts = within(gross, taxes)
    assert net + sum(part.minor for part in parts) == gross
    assert all(part.minor >= 0 for part in parts)
    again = figures(gross, 0, taxes, TaxMode.INCLUDE)
    assert (again.net, again.taxes, again.gross) == (net, parts, gross)


@given(part=st.integers(min_value=1, max_value=282_70), number=st.sampled_from([1001, 1006, 1007]))
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_note_made_behind_the_gateway_comes_to_the_amount_asked_for(opened: Desk, part: int, number: int) -> None:
    desk = opened.fresh()
    whole = desk.row("invoices", invoice_uid(number))["minor"]
    note = desk.act("issue", invoice_id=invoice_uid(number), minor=min(part, whole))["note_id"]
    assert desk.row("notes", note)["minor"] == min(part, whole)
    assert desk.sandbox.violations() == []


@pytest.mark.anyio
async def test_of_simultaneous_notes_only_as_many_are_issued_as_the_balance_allows(opened: Desk) -> None:
    desk = opened.fresh()
    body = as_json({"invoice_uid": invoice_uid(1002), "line_items": [line(Decimal(120))]})
    statuses: list[int] = []

    async with (
        httpx.AsyncClient(base_url=desk.client.base_url, headers=bearer("staff")) as client,
        anyio.create_task_group() as group,
    ):

        async def issue() -> None:
            statuses.append((await client.post(NOTES, content=body)).status_code)

        for _ in range(12):
            group.start_soon(issue)
    assert Counter(statuses) == {201: 4, 422: 8}
    assert desk.row("invoices", invoice_uid(1002))["creditable_minor"] == 20_00
    assert desk.sandbox.violations() == []


def test_a_note_whose_answer_was_lost_is_in_the_books() -> None:
    sandbox, faults, requests = VcitaSandbox(Clock()), Faults(), Counter[tuple[str, str, str]]()
    faults.add(Fault(fault="drop_after", method="POST", path=NOTES, times=1))
    with served(Faulty(sandbox, faults, requests)) as url, httpx.Client(base_url=url, headers=bearer("staff")) as client:
        body = as_json({"invoice_uid": invoice_uid(1002), "line_items": [line(5)]})
        with pytest.raises(httpx.RemoteProtocolError):
            client.post(NOTES, content=body)
        found = client.get(NOTES, params={"invoice_uid": invoice_uid(1002)}).json()["data"]["credit_notes"]
        client.get(f"{NOTES}/{found[0]['uid']}")
    assert [note["grand_total"] for note in found] == [5]
    assert requests["vcita", "GET", f"{NOTES}/{{uid}}"] == 1


def _change(rows: dict[str, Any], uid: str, **members: object) -> None:
    rows[uid] = replace(rows[uid], **members)


NOTE, PAID, LINE = "cn00000000000001", "pay0000000001001", invoice_uid(1001)
REFUND = Refund(
    uid="x",
    payment_uid=PAID,
    currency="KWD",
    minor=10**9,
    recorded=False,
    provider_refund_id=None,
    refund_time="2026-01-01T00:00:00Z",
    created_at=0.0,
)
BREACHES: dict[str, Callable[[Books], object]] = {
    "totals are not those": lambda books: _change(books.notes, NOTE, gross=1),
    "taxes are not those": lambda books: _change(books.notes, NOTE, taxes=books.invoices[LINE].lines[0].figures.taxes),
    "lines do not come": lambda books: _change(books.notes, NOTE, lines=()),
    "no invoice in its currency": lambda books: _change(books.notes, NOTE, currency="KWD"),
    "before it was made": lambda books: _change(books.notes, NOTE, updated_at=0.0),
    "was given 2 times": lambda books: _change(books.notes, NOTE, number="2"),
    "credited above": lambda books: _change(books.invoices, "inv0000000002001", loose_lines=()),
    "not found through it": lambda books: books.notes.update(x=replace(books.notes[NOTE], uid="x")),
    "told 0 times": lambda books: books.put_note(replace(books.notes[NOTE], uid="x", number="x")),
    "yet it has notes": lambda books: _change(books.invoices, "inv0000000002001", status="CANCELLED"),
    "does not fit its refunds": lambda books: _change(books.payments, PAID, state="refunded"),
    "paid above": lambda books: _change(books.payments, PAID, minor=10**9),
    "is not its net and its taxes": lambda books: _change(
        books.invoices,
        LINE,
        loose_lines=tuple(replace(line, figures=replace(line.figures, gross=1)) for line in books.invoices[LINE].lines),
    ),
    "more given back": lambda books: books.put_refund(REFUND),
    "in another currency": lambda books: books.put_refund(REFUND),
    "or are not positive": lambda books: books.refunds.update(x=REFUND),
    "does not come to what": lambda books: _change(
        books.invoices, LINE, loose_lines=tuple(replace(line, quantity=Decimal(9)) for line in books.invoices[LINE].lines)
    ),
}


@pytest.mark.parametrize(("words", "breach"), BREACHES.items(), ids=BREACHES)
def test_a_breach_of_the_books_is_seen(words: str, breach: Callable[[Books], object]) -> None:
    sandbox = VcitaSandbox(Clock())
    breach(sandbox._business.books)
    assert any(words in violation for violation in sandbox.violations())


def test_rows_say_what_the_control_api_expects_of_them(opened: Desk) -> None:
    desk = opened.fresh()
    desk.act("refund", payment_id=PAID, minor=1)
    books = desk.sandbox.books()
    for kind in ("invoices", "notes", "payments", "refunds"):
        assert all({"id", "currency", "status", "minor"} <= row.keys() for row in books[kind])
        assert all(type(row["minor"]) is int for row in books[kind])
    assert all({"invoice_id", "customer_id", "created_at"} <= row.keys() for row in books["notes"])
    uids = [row["id"] for row in itertools.chain(*(books[kind] for kind in ("invoices", "notes", "payments", "refunds")))]
    assert len(uids) == len(set(uids))
    assert {row["status"] for row in books["notes"]} == set(NoteStatus)

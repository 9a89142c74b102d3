"""The adapter of Zenskar against every habit the documents leave open: what it reads is what is in the books, what it plans is taken."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as how
from hypothesis import strategies as st

from app.domain.commands import CreditNoteFilter, DispositionPart, InvoiceTarget, IssueCreditNote, PageRequest
from app.domain.credit_note import CreditNote, Ref
from app.domain.errors import GatewayError
from app.domain.invoice import Invoice
from app.domain.vocabulary import Disposition
from app.providers.contract import AccountSettings
from app.sandbox.kernel import BadControl
from tests.providers.readings import read_invoice
from tests.providers.zenskar import ACCOUNT, Organisation, command, demo, opened, settings

# What an adapter can notice in reading an invoice or issuing against it; the first value is the sandbox's default.
HABITS: Mapping[str, tuple[str, ...]] = {
    "amount_unit": ("major", "minor"),
    "split_unit": ("major", "minor"),
    "payment_unit": ("minor", "major"),
    "invoice_currency": ("present", "absent"),
    "invoice_total": ("remaining", "original"),
    "full_credit": ("voids", "explicit"),
    "applied_balance": ("as_applied", "what_is_left"),
    "credits_method": ("credits_against_payment", "credits"),
    "credits_status": ("issued", "paid"),
    "credits_returned": ("all", "applied_only"),
    "wallet_credits": ("returned_first", "returned_last"),
    "note_details": ("present", "null"),
    "refund_delay_s": ("60", "0"),
    "refund_counted": ("at_once", "when_completed"),
    "credits_refund": ("refund_row", "wallet_only"),
    "invoice_payments": ("array", "page"),
    "refund_rows": ("included", "missing"),
    "refunded_originals": ("included", "left_out"),
    "cursor": ("keyset", "offset"),
    "limit_above_100": ("capped", "refused"),
    "total_count": ("present", "null"),
    "currency_case": ("upper", "lower"),
    "created_at": ("microseconds", "seconds"),
    "extra_decimals": ("refused", "rounded"),
}
# Those an account has to tell the adapter.
TOLD = ("amount_unit", "split_unit", "payment_unit", "invoice_total")

NUMBERS = st.sampled_from([1001, 1004, 1007, 1008])  # paid, partly paid, partly out of the wallet, one payment for two
MINOR = st.sampled_from([1, 10_00, 20_00, 30_00, 50_00, 70_00, 119_00, 150_00, 170_00, 200_00])
DESTINATIONS = st.sampled_from(["credits", "external", "original_payment_method"])
BEHIND: st.SearchStrategy[tuple[str, dict[str, Any]]] = st.one_of(
    st.tuples(
        st.just("issue"),
        st.fixed_dictionaries({"invoice_id": NUMBERS.map(demo), "minor": MINOR, "refund_destination": DESTINATIONS}),
    ),
    st.tuples(st.just("pay"), st.fixed_dictionaries({"invoice_id": NUMBERS.map(demo), "minor": MINOR})),
    st.tuples(
        st.just("refund"),
        st.fixed_dictionaries(
            {"payment_id": st.sampled_from([demo(11001), demo(21004)]), "minor": MINOR, "writeoff_invoices": st.booleans()}
        ),
    ),
    st.tuples(st.just("settle"), st.just({})),
)
PART = st.builds(
    DispositionPart,
    disposition=st.sampled_from([each for each in Disposition if each is not Disposition.UNKNOWN]),
    payment_id=st.none() | st.sampled_from([demo(11001), demo(21004)]),
)


def begin(zenskar: Organisation, habits: Mapping[str, str]) -> AccountSettings:
    """The demonstration data under these habits, and an account that knows what it has to."""
    zenskar.fresh()
    zenskar.switch(**habits)
    told = {"split_unit": "major", **{name: value for name, value in habits.items() if name in TOLD}}
    return settings(currency="EUR", **told)


def booked(zenskar: Organisation, number: int) -> dict[str, Any]:
    """The invoice as it is in the books."""
    return next(dict(row) for row in zenskar.sandbox.books()["invoices"] if row["id"] == demo(number))


def happen(zenskar: Organisation, events: list[tuple[str, dict[str, Any]]]) -> None:
    """What happens behind the gateway's back; what the rules forbid does not."""
    for action, arguments in events:
        try:
            zenskar.act(action, **arguments)
        except BadControl:
            continue


async def read(zenskar: Organisation, account: AccountSettings, *numbers: int) -> dict[int, Invoice | GatewayError]:
    async with opened(zenskar.url, account) as adapter:
        found = await adapter.invoices([demo(number) for number in numbers])
    return {number: found[demo(number)] for number in numbers}


def tells(habits: Mapping[str, str], events: list[tuple[str, dict[str, Any]]]) -> bool:
    """Whether the figures can be told apart: not where refunds of notes are not counted and others, without a note, are."""
    uncounted = {habits.get("credits_refund"), habits.get("refund_counted")} & {"wallet_only", "when_completed"}
    return not (uncounted and "refund" in {action for action, _ in events})


def check(invoice: Invoice | GatewayError, row: Mapping[str, Any], *, told: bool = True) -> None:
    assert isinstance(invoice, Invoice), invoice
    if invoice.creditable is None:
        assert invoice.conflict
        assert not told, invoice.conflict
        return
    balance = invoice.creditable
    assert balance.adjustable is not None
    assert balance.refundable is not None
    assert (balance.total.minor, balance.adjustable.minor) == (row["remaining"], row["due"])
    assert balance.refundable == balance.total - balance.adjustable
    assert invoice.total.minor == row["minor"] - row["written_off"]


def one_other_way() -> list[dict[str, str]]:
    return [{name: value} for name, values in HABITS.items() for value in values[1:]]


@pytest.mark.parametrize("habits", [{}, *one_other_way()], ids=str)
def test_each_habit_either_way_leaves_the_figures_right(zenskar: Organisation, habits: dict[str, str]) -> None:
    account = begin(zenskar, habits)
    notes = [
        (1004, 170_00, "credits"),
        (1001, 19_00, "credits"),
        (1007, 30_00, "external"),
        (1008, 10_00, "original_payment_method"),
    ]
    for number, minor, destination in notes:
        zenskar.act("issue", invoice_id=demo(number), minor=minor, refund_destination=destination)
    for number, invoice in asyncio.run(read(zenskar, account, 1001, 1004, 1007, 1008, 1009)).items():
        check(invoice, booked(zenskar, number))


@how(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    habits=st.fixed_dictionaries({}, optional={name: st.sampled_from(values) for name, values in HABITS.items()}),
    events=st.lists(BEHIND, max_size=5),
)
def test_the_balance_is_what_the_books_have_whatever_happened(
    zenskar: Organisation, habits: dict[str, str], events: list[tuple[str, dict[str, Any]]]
) -> None:
    account = begin(zenskar, habits)
    happen(zenskar, events)
    for number, invoice in asyncio.run(read(zenskar, account, 1001, 1004, 1007, 1008)).items():
        check(invoice, booked(zenskar, number), told=tells(habits, events))


async def issue(zenskar: Organisation, account: AccountSettings, wanted: IssueCreditNote) -> CreditNote | GatewayError:
    """The note, or why it was not even sent; what is sent is never refused."""
    async with opened(zenskar.url, account) as adapter:
        assert isinstance(wanted.target, InvoiceTarget)
        id = wanted.target.invoice.external_id
        invoice = await read_invoice(adapter, id)
        try:
            plan = adapter.plan(wanted, invoice)
        except GatewayError as refused:
            return refused
        note = await adapter.issue(plan, key="key-1")
        assert note.total == plan.expected.total
        page = await adapter.list(CreditNoteFilter(invoice_ids=(id,)), PageRequest(size=1))
        assert page.notes == (note,)
        return note


@how(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    habits=st.fixed_dictionaries({}, optional={name: st.sampled_from(values) for name, values in HABITS.items()}),
    events=st.lists(BEHIND, max_size=3),
    number=NUMBERS,
    minor=MINOR,
    parts=st.lists(PART, max_size=2),
)
def test_what_is_planned_is_taken_and_does_what_was_asked(
    zenskar: Organisation,
    habits: dict[str, str],
    events: list[tuple[str, dict[str, Any]]],
    number: int,
    minor: int,
    parts: list[DispositionPart],
) -> None:
    account = begin(zenskar, habits)
    happen(zenskar, events)
    before = booked(zenskar, number)
    target = InvoiceTarget(invoice=Ref(ACCOUNT, demo(number)))
    done = asyncio.run(issue(zenskar, account, command(minor, target=target, dispositions=tuple(parts))))
    after = booked(zenskar, number)
    if isinstance(done, GatewayError):
        assert parts or minor > before["remaining"] or not tells(habits, events), done
        assert before == after
        return
    off_due = min(minor, before["due"])
    assert (before["remaining"] - after["remaining"], before["due"] - after["due"]) == (minor, off_due)
    if {part.disposition for part in parts} & {Disposition.PAYMENT_REFUND, Disposition.EXTERNAL_REFUND}:
        assert zenskar.notes(demo(number))[-1]["refunded"] == minor - off_due
    check(asyncio.run(read(zenskar, account, number))[number], after, told=tells(habits, events))
    assert zenskar.sandbox.violations() == []

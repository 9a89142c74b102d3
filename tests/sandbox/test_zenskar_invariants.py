"""Zenskar's sandbox: whatever is done in whatever order, the books hold, and what a client reads fits together."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.sandbox.kernel import BadControl, Clock, Json
from app.sandbox.zenskar import ZenskarSandbox
from app.sandbox.zenskar.ledger import Row
from app.sandbox.zenskar.records import Note
from app.sandbox.zenskar.wire import Presenter
from app.sandbox.zenskar.words import Destination
from tests.sandbox.test_zenskar import ACME, GLOBEX, demo

SANDBOX = ZenskarSandbox(Clock())
TAILS = (1001, 1002, 1003, 1004, 1006, 1007, 1008, 1009)
PAYMENTS = tuple(demo(tail) for tail in (11001, 11003, 11004, 21004, 11007, 11008))
ACTIONS = ("pay", "issue", "settle", "void", "void_invoice", "approve", "refund", "top_up", "apply_credits")

steps = st.lists(
    st.tuples(
        st.sampled_from((*ACTIONS, "issue", "issue", "void", "refund")),
        st.sampled_from(TAILS),
        st.sampled_from((1, 99, 1_000, 5_000, 9_000, 11_900, 15_000, 20_000, 50_000)),
        st.sampled_from(tuple(Destination)),
        st.integers(0, 2**16),
    ),
    max_size=25,
)
switches = st.fixed_dictionaries({
    "full_credit": st.sampled_from(("voids", "explicit")),
    "wallet_credits": st.sampled_from(("returned_first", "returned_last")),
    "credits_status": st.sampled_from(("issued", "paid")),
    "refund_delay_s": st.sampled_from(("0", "60", "never")),
})  # fmt: skip
QUICK = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def do(action: str, tail: int, minor: int, destination: Destination, seed: int, notes: list[str]) -> bool:
    """One step; whether the rules allowed it."""
    chosen = random.Random(seed)
    arguments: dict[str, dict[str, Json]] = {
        "issue": {"refund_destination": destination},
        "settle": {},
        "void": {"note_id": chosen.choice(notes) if notes else demo(3003)},
        "refund": {
            "payment_id": chosen.choice(PAYMENTS), "refund_destination": destination, "writeoff_invoices": chosen.random() < 0.3,
        },
        "top_up": {"customer_id": chosen.choice((ACME, GLOBEX)), "currency": "EUR"},
    }  # fmt: skip
    try:
        made = SANDBOX.act(action, {"invoice_id": demo(tail), "minor": minor, **arguments.get(action, {})})
    except BadControl:
        return False
    if action == "issue":
        notes.append(str(cast("dict[str, Json]", made)["id"]))
    return True


def prepare(chosen: dict[str, str]) -> None:
    SANDBOX.switches.reset()
    SANDBOX.reset()
    for name, value in chosen.items():
        SANDBOX.switches.set(name, value)


@QUICK
@given(chosen=switches, todo=steps)
def test_no_order_of_operations_breaks_the_books(
    chosen: dict[str, str], todo: list[tuple[str, int, int, Destination, int]]
) -> None:
    prepare(chosen)
    notes: list[str] = []
    for step in todo:
        before = SANDBOX.books()
        allowed = do(*step, notes)
        assert SANDBOX.violations() == []
        if not allowed:
            assert SANDBOX.books() == before


@QUICK
@given(chosen=switches, todo=steps, counted=st.sampled_from(("at_once", "when_completed")))
def test_what_is_read_adds_up_to_what_is_left(
    chosen: dict[str, str], todo: list[tuple[str, int, int, Destination, int]], counted: str
) -> None:
    prepare({**chosen, "refund_counted": counted})
    notes: list[str] = []
    for step in todo:
        if step[0] != "refund":  # a refund without a note owes the invoice again; its reads are proved by example
            do(*step, notes)
    show = Presenter(SANDBOX._desk.books, "")
    rows = SANDBOX.books()["notes"]
    for tail in TAILS:
        invoice = cast("dict[str, Any]", show.invoice(SANDBOX._desk.books.invoice(demo(tail))))
        originals = SANDBOX._desk.ledger.without_refunds(demo(tail))
        assert invoice["invoice_total"] == invoice["amount_due"] + refundable(originals, rows, tail) + invoice["applied_balance"]


def refundable(originals: list[Row], rows: list[dict[str, Json]], tail: int) -> int:
    """By payments, or by notes, whichever is less."""
    parts = [part for row in originals for part in row.parts if part.invoice_id == demo(tail)]
    standing = [row for row in rows if row["invoice_id"] == demo(tail) and row["status"] != "void"]
    credited = sum(cast("int", row["minor"]) - cast("int", row["adjusted"]) for row in standing)
    return min(sum(part.amount - part.refunded for part in parts), sum(part.amount for part in parts) - credited)


def _first_note() -> Note:
    return SANDBOX._desk.books.notes[demo(3001)]


BREAKS: dict[str, Callable[[], None]] = {
    "remaining is": lambda: setattr(SANDBOX._desk.books.invoice(demo(1001)), "remaining", 1),
    "due is": lambda: setattr(SANDBOX._desk.books.invoice(demo(1002)), "due", 1),
    "refunded for": lambda: setattr(SANDBOX._desk.books.payment(demo(11001)).parts[0], "refunded", 1),
    "do not add up to": lambda: setattr(_first_note(), "adjusted", 1),
    "is -": lambda: setattr(_first_note(), "amount", 10**9),
    "given twice": lambda: setattr(_first_note(), "number", "CN-000002"),
    "wallet": lambda: SANDBOX._desk.books.wallets.update({(ACME, "EUR"): 1}),
    "with 11900 left": lambda: setattr(SANDBOX._desk.books.invoice(demo(1001)), "status", "void"),
    "its parts do not": lambda: setattr(SANDBOX._desk.books.payment(demo(11001)), "amount", 1),
    "not in the currency": lambda: setattr(_first_note(), "currency", "JPY"),
}


@pytest.mark.parametrize("named", BREAKS)
def test_the_audit_sees_a_figure_that_was_tampered_with(named: str) -> None:
    prepare({})
    assert SANDBOX.violations() == []
    BREAKS[named]()
    assert any(named in violation for violation in SANDBOX.violations())
    SANDBOX.reset()

"""Whether a note is the one asked for: what fits, what could be it, and what was there before."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.credit_note import CreditNote, LineItem, Party, ProviderValues
from app.domain.money import Money
from app.domain.plans import Expected
from app.domain.vocabulary import Status
from app.gateway.entries import Entry
from app.gateway.recall import could_be, fits, is_power_of_ten_off, is_younger, mismatch, newcomers
from tests.gateway.stub import WHEN, note

EXPECTED = Expected(
    currency="EUR",
    total=Money(10_00, "EUR"),
    net=Money(8_00, "EUR"),
    invoice_id="inv-1",
    customer_id="cus-1",
    number="CN-1",
    reason_text="as agreed",
    customer_note="to the customer",
    internal_note="to ourselves",
    issued_on=date(2026, 3, 1),
    provider_type="adjustment",
    descriptions=("one", "two"),
)
NOTE = note(
    "n-1",
    minor=10_00,
    subtotal=Money(8_00, "EUR"),
    invoice_id="inv-1",
    customer=Party(provider_id="cus-1"),
    number="CN-1",
    reason_text="as agreed",
    customer_note="to the customer",
    internal_note="to ourselves",
    issued_on=date(2026, 3, 1),
    provider_values=ProviderValues(type="adjustment"),
    line_items=tuple(LineItem(amount=Money(4_00, "EUR"), description=text) for text in ("one", "two")),
)
OTHER_TEXTS: dict[str, dict[str, Any]] = {
    "customer": {"customer": Party(provider_id="cus-2")},
    "no customer": {"customer": None},
    "number": {"number": "CN-2"},
    "reason": {"reason_text": "as Agreed"},
    "no reason": {"reason_text": None},
    "customer note": {"customer_note": "to the customer!"},
    "internal note": {"internal_note": ""},
    "day": {"issued_on": date(2026, 3, 2)},
    "type": {"provider_values": ProviderValues(type="refundable")},
    "descriptions": {"line_items": tuple(reversed(NOTE.line_items or ()))},
    "a line less": {"line_items": (NOTE.line_items or ())[:1]},
    "no lines": {"line_items": None},
}


def test_a_note_with_all_that_was_asked_fits() -> None:
    assert fits(EXPECTED, NOTE)
    assert mismatch(EXPECTED, NOTE) is None
    assert could_be(EXPECTED, NOTE)


@pytest.mark.parametrize("other", OTHER_TEXTS.values(), ids=OTHER_TEXTS)
def test_a_note_with_another_text_does_not_fit_but_could_be_the_one(other: dict[str, Any]) -> None:
    found = replace(NOTE, **other)
    assert not fits(EXPECTED, found)
    assert could_be(EXPECTED, found)
    assert mismatch(EXPECTED, found) is None
    assert fits(Expected(currency="EUR", total=Money(10_00, "EUR")), found)  # what was not asked is not compared


@pytest.mark.parametrize("text", ["  as agreed", "as agreed\n", "as   agreed", "as\tagreed "])
def test_blanks_do_not_matter(text: str) -> None:
    assert fits(EXPECTED, replace(NOTE, reason_text=text, customer_note=f" {NOTE.customer_note} "))
    assert fits(replace(EXPECTED, reason_text=text), NOTE)


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ({"total": Money(10_00, "USD"), "subtotal": None}, "asked in EUR, answered in USD"),
        ({"invoice_id": "inv-2"}, "asked for invoice 'inv-1', answered for 'inv-2'"),
        ({"total": Money(10_01, "EUR")}, "asked for 10.00 EUR, answered 10.01 EUR"),
        ({"total": Money(9_99, "EUR")}, "asked for 10.00 EUR, answered 9.99 EUR"),
        ({"subtotal": Money(8_01, "EUR")}, "asked for 8.00 EUR net, answered 8.01 EUR"),
        ({"invoice_id": None, "subtotal": None}, None),
    ],
)
def test_a_mismatch_says_what_differs(found: dict[str, Any], said: str | None) -> None:
    assert mismatch(EXPECTED, replace(NOTE, **found)) == said
    assert fits(EXPECTED, replace(NOTE, **found)) == (said is None)


@pytest.mark.parametrize(("minor", "near"), [(9_97, False), (9_98, True), (10_02, True), (10_03, False)])
def test_amounts_may_differ_by_the_tolerance_and_no_more(minor: int, near: bool) -> None:
    expected = replace(EXPECTED, net=None, tolerance=2)
    assert (mismatch(expected, replace(NOTE, total=Money(minor, "EUR"))) is None) == near


@pytest.mark.parametrize(
    ("answered", "off", "may_be"),
    [
        (Money(1_00, "EUR"), True, True),
        (Money(10, "EUR"), True, True),
        (Money(100_000, "EUR"), True, True),
        (Money(10_00, "EUR"), False, True),
        (Money(10_01, "EUR"), False, True),  # within rounding
        (Money(10_02, "EUR"), False, False),
        (Money(20_00, "EUR"), False, False),
        (Money(0, "EUR"), False, False),
        (Money(10, "JPY"), False, False),
    ],
)
def test_amounts_in_another_unit_are_told_from_other_amounts(answered: Money, off: bool, may_be: bool) -> None:
    expected, found = Expected(currency="EUR", total=Money(10_00, "EUR")), replace(NOTE, total=answered)
    assert is_power_of_ten_off(expected, found) == off
    assert could_be(expected, found) == may_be


def test_a_net_amount_alone_can_tell() -> None:
    by_net = Expected(currency="EUR", net=Money(8_00, "EUR"))
    assert could_be(by_net, replace(NOTE, subtotal=Money(80_00, "EUR")))
    assert not could_be(by_net, replace(NOTE, subtotal=Money(9_00, "EUR")))
    assert could_be(by_net, replace(NOTE, subtotal=None))
    assert not is_power_of_ten_off(by_net, replace(NOTE, subtotal=Money(80_00, "EUR")))


amounts = st.integers(1, 10**12)
currencies = st.sampled_from(("EUR", "USD"))


@given(
    asked=amounts,
    answered=amounts,
    tolerance=st.integers(0, 3),
    net=st.none() | amounts,
    told_net=st.none() | amounts,
    currency=currencies,
)
def test_what_fits_always_could_be(
    asked: int, answered: int, tolerance: int, net: int | None, told_net: int | None, currency: str
) -> None:
    expected = Expected(
        currency="EUR",
        total=Money(asked, "EUR"),
        net=None if net is None else Money(net, "EUR"),
        tolerance=tolerance,
    )
    near = [answered, asked, asked + tolerance, asked - tolerance]
    for minor in near:
        found = note("n", minor=minor, subtotal=None if told_net is None else Money(told_net, currency))
        found = replace(found, total=Money(minor, currency))
        assert not fits(expected, found) or could_be(expected, found)
        assert currency == "EUR" or not could_be(expected, found)


@given(asked=amounts, tens=st.integers(1, 6), up=st.booleans())
def test_a_power_of_ten_is_noticed_in_either_direction_and_never_fits(asked: int, tens: int, up: bool) -> None:
    small, large = asked, asked * 10**tens
    one, other = (small, large) if up else (large, small)
    expected, found = Expected(currency="EUR", total=Money(one, "EUR")), note("n", minor=other)
    assert is_power_of_ten_off(expected, found)
    assert could_be(expected, found)
    assert not fits(expected, found)


SENT = Entry(state="sent", operation="ISSUE", key="k", fingerprint="f", snapshot=("old",), sent_at=WHEN.timestamp())
LONG_AGO, JUST_BEFORE = WHEN - timedelta(seconds=121), WHEN - timedelta(seconds=120)


@pytest.mark.parametrize(("id", "is_new"), [("n", True), ("old", False), ("claimed", False)])
def test_a_newcomer_was_not_there_before_and_belongs_to_nobody(id: str, is_new: bool) -> None:
    assert newcomers(SENT, [note(id)], {"claimed"}) == [note(id)] * is_new


@pytest.mark.parametrize(
    ("found", "young"),
    [
        (note("n"), True),
        (note("n", at=LONG_AGO), False),
        (note("n", at=JUST_BEFORE), True),
        (note("n", at=LONG_AGO, updated_at=WHEN), True),
        (note("n", at=LONG_AGO, created_at=None), True),
        (note("n", at=LONG_AGO, updated_at=WHEN, status=Status.DELETED), False),
        (note("n", status=Status.DELETED), True),
        (note("n", status=Status.VOIDED), True),
        (note("n", at=datetime(2020, 1, 1, tzinfo=UTC), created_at=WHEN), True),
    ],
)
def test_a_note_is_younger_than_the_send_by_its_last_change(found: CreditNote, young: bool) -> None:
    assert is_younger(SENT, found) is young


def test_before_anything_was_sent_nothing_is_new() -> None:
    assert newcomers(replace_sent(None), [note("n")], ()) == []


def replace_sent(at: float | None) -> Entry:
    return Entry(state="started", operation="ISSUE", key="k", fingerprint="f", sent_at=at)


@given(
    ids=st.lists(st.sampled_from("abcdef"), unique=True),
    known=st.sets(st.sampled_from("abc")),
    claimed=st.sets(st.sampled_from("cde")),
)
def test_newcomers_keep_their_order(ids: list[str], known: set[str], claimed: set[str]) -> None:
    entry = Entry(state="sent", operation="ISSUE", key="k", fingerprint="f", snapshot=tuple(known), sent_at=WHEN.timestamp())
    found = newcomers(entry, [note(id) for id in ids], claimed)
    assert [new.ref.external_id for new in found] == [id for id in ids if id not in known | claimed]

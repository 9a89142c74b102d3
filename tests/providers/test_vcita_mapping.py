"""vcita's notes in our words: exact totals, every published status, nothing guessed."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.credit_note import CreditNote
from app.domain.money import Money, MoneyError, exponent
from app.domain.vocabulary import Disposition, Reason, RefundStatus, Settlement, Status
from app.providers.vcita import mapping, wire
from tests.providers.vcita import ACCOUNT, expected, reply

NUMBERS = msgspec.json.Encoder(decimal_format="number")


def read(told: dict[str, Any]) -> CreditNote:
    raw = NUMBERS.encode(told)
    return mapping.credit_note(ACCOUNT, msgspec.json.decode(raw, type=wire.Note), raw)


def told(**members: Any) -> dict[str, Any]:
    return {**reply("found")["body"]["data"], **members}


@pytest.mark.parametrize("meaning", ["found", "issued"])
def test_a_reply_becomes_the_expected_note(meaning: str) -> None:
    assert json.loads(msgspec.json.encode(read(reply(meaning)["body"]["data"]))) == expected(meaning)


@pytest.mark.parametrize(
    ("word", "axes"),
    [
        ("ISSUED", (Status.ISSUED, Settlement.UNKNOWN, RefundStatus.UNKNOWN)),
        ("SETTLED", (Status.ISSUED, Settlement.SETTLED, RefundStatus.SUCCEEDED)),
        ("WITHDRAWN", (Status.UNKNOWN, Settlement.UNKNOWN, RefundStatus.UNKNOWN)),
        (None, (Status.UNKNOWN, Settlement.UNKNOWN, RefundStatus.UNKNOWN)),
    ],
)
def test_every_status_has_its_three_axes_and_an_unpublished_word_is_unknown(word: str | None, axes: tuple[object, ...]) -> None:
    note = read(told(status=word))
    assert (note.status, note.settlement, note.refund_status) == axes
    assert note.provider_values.status == word


def test_what_vcita_does_not_tell_is_not_told() -> None:
    note = read(told(status="SETTLED"))
    assert note.dispositions == (Disposition.UNKNOWN,)
    assert note.reason is Reason.UNSPECIFIED
    assert note.reason_text == "Service unsatisfactory: late delivery"
    assert (note.remaining, note.refunded, note.customer, note.discount, note.allocations) == (None, None, None, None, ())


def test_the_date_of_issue_is_the_providers_own_and_the_order_goes_by_the_instant() -> None:
    note = read(told(created_at="2026-03-02T23:30:00.5+02:00", issue_date="2026-03-01"))
    assert note.issued_at == datetime(2026, 3, 2, 21, 30, 0, 500_000, tzinfo=UTC)
    assert str(note.issued_on) == "2026-03-01"


def test_an_instant_without_a_zone_is_utc() -> None:
    assert read(told(created_at="2026-03-02T09:30:00")).issued_at == datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


def test_zero_and_three_decimal_currencies_are_read_exactly() -> None:
    _, yen, dinar = (read(note) for note in reply("found_many")["body"]["data"]["credit_notes"])
    assert yen.total == Money(1500, "JPY")
    assert dinar.total == Money(10_505, "KWD")
    assert dinar.line_items is not None
    assert dinar.line_items[0].unit_amount == Decimal("10.005")


def test_a_currency_in_lower_case_is_shown_in_upper_case() -> None:
    assert read(told(currency="eur")).total == Money(85_50, "EUR")


def test_one_of_the_two_gross_totals_is_enough() -> None:
    assert read(told(grand_total=None)).total == Money(85_50, "EUR")
    with pytest.raises(MoneyError):
        read(told(grand_total=None, total_amount=None))


@pytest.mark.parametrize("members", [{"grand_total": 85.505}, {"net_total": 1e-9}, {"currency": "EURO"}, {"grand_total": "NaN"}])
def test_a_total_that_is_no_exact_money_is_refused_rather_than_rounded(members: dict[str, Any]) -> None:
    with pytest.raises(MoneyError):
        read(told(**members))


def test_a_line_may_have_more_digits_than_the_currency() -> None:
    line = {"name": "Minutes", "quantity": 3, "unit_amount": 0.333, "total_amount": 0.999, "taxes": []}
    note = read(told(line_items=[line]))
    assert note.line_items is not None
    shown = note.line_items[0]
    assert (shown.amount, shown.quantity, shown.unit_amount) == (Money(100, "EUR"), Decimal(3), Decimal("0.333"))


def test_a_line_without_a_total_is_reckoned() -> None:
    note = read(told(line_items=[{"name": "Hours", "quantity": 1.5, "unit_amount": 10.01}]))
    assert note.line_items is not None
    assert note.line_items[0].amount == Money(15_02, "EUR")


def test_an_absurd_number_is_refused_before_it_stops_the_machine() -> None:
    huge = b'{"name": "x", "quantity": 1e999999999, "unit_amount": 1}'
    raw = NUMBERS.encode(told(line_items=[msgspec.Raw(huge)]))
    with pytest.raises(MoneyError):
        mapping.credit_note(ACCOUNT, msgspec.json.decode(raw, type=wire.Note), raw)


def test_a_note_without_a_list_of_taxes_has_no_tax_told() -> None:
    note = read({name: value for name, value in told().items() if name != "taxes"})
    assert (note.taxes, note.tax) == (None, None)


@given(st.sampled_from(["EUR", "JPY", "KWD"]), st.integers(-(10**17), 10**17), st.integers(-(10**17), 10**17))
def test_amounts_of_any_size_survive_to_the_last_digit(currency: str, gross: int, net: int) -> None:
    digits = exponent(currency)
    grand_total, net_total = (Decimal(minor).scaleb(-digits) for minor in (gross, net))
    note = read(
        told(currency=currency, grand_total=grand_total, total_amount=grand_total, net_total=net_total, line_items=[], taxes=[])
    )
    assert (note.total, note.subtotal) == (Money(gross, currency), Money(net, currency))
    assert json.loads(note.raw)["uid"] == note.ref.external_id

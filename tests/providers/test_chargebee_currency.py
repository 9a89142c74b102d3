"""How Chargebee counts money: its zero-decimal currencies in whole units, all others in hundredths."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.money import exponent
from app.providers.chargebee.currency import digits, money, unit_minor, units


@pytest.mark.parametrize(
    ("units_sent", "currency", "major"),
    [
        (153, "EUR", "1.53"),
        (15, "JPY", "15"),
        (15, "KRW", "15"),
        (15, "XAF", "15"),
        (15, "XOF", "15"),
        (153, "KWD", "1.530"),
        (153, "BHD", "1.530"),
        (0, "USD", "0.00"),
    ],
)
def test_amounts_count_as_chargebee_counts(units_sent: int, currency: str, major: str) -> None:
    assert str(money(units_sent, currency).major) == major
    assert units(money(units_sent, currency)) == units_sent


@given(amount=st.integers(-(10**15), 10**15), currency=st.sampled_from(["EUR", "JPY", "XOF", "KWD", "BHD", "TND", "USD"]))
def test_no_unit_is_lost_or_made_between_chargebee_and_us(amount: int, currency: str) -> None:
    read_back = money(amount, currency)
    assert units(read_back) == amount
    assert read_back.minor == amount * unit_minor(currency)
    assert read_back.major == Decimal(amount).scaleb(-digits(currency))
    assert unit_minor(currency) == 10 ** (exponent(currency) - digits(currency))

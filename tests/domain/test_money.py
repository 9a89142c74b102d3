"""Money: exact in, exact out, or refused. Every currency of ISO 4217 and those that have left it."""

from __future__ import annotations

from decimal import Decimal

import iso4217
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.money import (
    WITHDRAWN,
    InexactAmount,
    MixedCurrencies,
    Money,
    MoneyError,
    UnknownCurrency,
    exponent,
    from_units,
    to_units,
    total,
)

# ISO 4217, list one (active codes): whatever is in neither list has two digits.
NO_DIGITS = {
    "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF",
}  # fmt: skip
THREE_DIGITS = {"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"}
FOUR_DIGITS = {"CLF", "UYW"}
NOT_MONEY = {"XAG", "XAU", "XBA", "XBB", "XBC", "XBD", "XDR", "XPD", "XPT", "XSU", "XTS", "XUA", "XXX"}

ACTIVE = sorted({currency.code for currency in iso4217.Currency} - NOT_MONEY)

currencies = st.sampled_from([*ACTIVE, *sorted(WITHDRAWN)])
minors = st.integers(-(10**39), 10**39)


@pytest.mark.parametrize("currency", ACTIVE)
def test_an_active_currency_has_the_digits_of_the_standard(currency: str) -> None:
    digits = 0 if currency in NO_DIGITS else 3 if currency in THREE_DIGITS else 4 if currency in FOUR_DIGITS else 2
    assert exponent(currency) == digits


@pytest.mark.parametrize(("currency", "digits"), [("HRK", 2), ("BGN", 2), ("ANG", 2), ("BYR", 0), ("LVL", 2), ("ZWL", 2)])
def test_a_withdrawn_currency_is_still_money(currency: str, digits: int) -> None:
    assert exponent(currency) == digits


def test_no_withdrawn_code_is_an_active_one() -> None:
    assert not set(ACTIVE) & set(WITHDRAWN)


@pytest.mark.parametrize("currency", sorted(NOT_MONEY))
def test_what_has_no_minor_unit_is_no_money(currency: str) -> None:
    with pytest.raises(UnknownCurrency):
        Money(1, currency)


@pytest.mark.parametrize("currency", ["", "eur", "Eur", " EUR", "EURO", "ABC", "€", "E" * 1000])
def test_a_code_nobody_has_given_out_is_refused_where_it_enters(currency: str) -> None:
    with pytest.raises(UnknownCurrency) as refused:
        Money(1, currency)
    assert len(str(refused.value)) < 60


@pytest.mark.parametrize(
    ("major", "currency", "minor"),
    [
        ("119.00", "EUR", 119_00),
        ("119", "EUR", 119_00),
        ("0.1", "EUR", 10),
        ("1.190E2", "EUR", 119_00),
        ("15000", "JPY", 15000),
        ("15000.000", "JPY", 15000),
        ("10.505", "KWD", 10_505),
        ("1.2345", "CLF", 1_2345),
        ("-0.01", "USD", -1),
        ("-0", "USD", 0),
        ("12345678901234567890123456789012345.67", "EUR", 1234567890123456789012345678901234567),
    ],
)
def test_major_units_are_read_as_a_person_reads_them(major: str, currency: str, minor: int) -> None:
    assert Money.from_major(Decimal(major), currency) == Money(minor, currency)


@pytest.mark.parametrize(
    ("minor", "currency", "text"),
    [(119_00, "EUR", "119.00 EUR"), (5, "EUR", "0.05 EUR"), (-5, "KWD", "-0.005 KWD"), (0, "USD", "0.00 USD"), (7, "JPY", "7 JPY")],
)
def test_an_amount_is_written_with_all_its_digits_and_no_exponent(minor: int, currency: str, text: str) -> None:
    assert str(Money(minor, currency)) == text


@given(minors, currencies)
def test_an_amount_survives_the_way_through_major_units(minor: int, currency: str) -> None:
    money = Money(minor, currency)
    assert Money.from_major(money.major, currency) == money
    assert Money.from_major(Decimal(str(money.major)), currency) == money


@given(minors, currencies, st.integers(0, 6))
def test_an_amount_survives_a_finer_scale_and_a_coarser_one_refuses_what_it_cannot_hold(
    minor: int, currency: str, digits: int
) -> None:
    money, coarser = Money(minor, currency), 10 ** max(0, exponent(currency) - digits)
    if minor % coarser:
        with pytest.raises(InexactAmount):
            money.scaled(digits)
    else:
        assert Money.from_scaled(money.scaled(digits), currency, digits) == money


@given(minors, st.integers(0, 20))
def test_units_survive_the_way_through_a_decimal(units: int, digits: int) -> None:
    amount = from_units(units, digits)
    assert to_units(amount, digits) == units
    assert amount * 10**digits == units or abs(units) >= 10**28  # the default context rounds in the product, not in `amount`


@given(minors, currencies, st.integers(1, 9), st.integers(0, 200))
def test_a_digit_too_many_is_refused_however_far_behind_it_stands(minor: int, currency: str, digit: int, zeros: int) -> None:
    digits = exponent(currency) + zeros + 1
    amount = Decimal(f"{abs(minor) * 10 ** (zeros + 1) + digit}E-{digits}")
    for sign in (1, -1):
        with pytest.raises(InexactAmount):
            Money.from_major(amount.copy_sign(sign), currency)


@pytest.mark.parametrize("amount", ["0.001", "1E-3", "1E-999", "1E-9999999", "1E-999999999999", "-1E-9999999", "0.01000001"])
def test_an_amount_too_small_to_see_is_refused_and_not_taken_for_nothing(amount: str) -> None:
    with pytest.raises(InexactAmount):
        Money.from_major(Decimal(amount), "EUR")


@pytest.mark.parametrize("amount", ["NaN", "sNaN", "Infinity", "-Infinity", "1E+71", "1E+9999999", "-9E+999999"])
def test_what_is_no_amount_is_refused_before_it_costs_anything(amount: str) -> None:
    with pytest.raises(MoneyError):
        Money.from_major(Decimal(amount), "EUR")


@given(st.decimals(allow_nan=True, allow_infinity=True), currencies)
def test_any_decimal_is_read_exactly_or_refused(amount: Decimal, currency: str) -> None:
    try:
        money = Money.from_major(amount, currency)
    except MoneyError:
        return
    assert money.major == amount


@given(minors, minors, currencies)
def test_sums_and_differences_are_those_of_the_minor_units(left: int, right: int, currency: str) -> None:
    one, other = Money(left, currency), Money(right, currency)
    assert (one + other).minor == left + right
    assert (one - other).minor == left - right
    assert (one + -other) == one - other
    assert ((one < other), (one <= other), (one > other), (one >= other)) == (
        left < right,
        left <= right,
        left > right,
        left >= right,
    )
    assert bool(one) == (left != 0)


@given(minors, st.lists(currencies, min_size=2, max_size=2, unique=True))
def test_two_currencies_are_never_combined_nor_compared(minor: int, pair: list[str]) -> None:
    one, other = Money(minor, pair[0]), Money(minor, pair[1])
    assert one != other
    for combine in (
        lambda: one + other,
        lambda: one - other,
        lambda: one < other,
        lambda: one <= other,
        lambda: one > other,
        lambda: one >= other,
        lambda: total([one, other], pair[0]),
    ):
        with pytest.raises(MixedCurrencies):
            combine()


@given(st.lists(minors, max_size=20), currencies)
def test_a_total_is_the_sum_and_of_nothing_it_is_zero(amounts: list[int], currency: str) -> None:
    assert total([Money(minor, currency) for minor in amounts], currency) == Money(sum(amounts), currency)

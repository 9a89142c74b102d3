"""Numbers, currencies and days as clients give them: exactly as published, or refused."""

from __future__ import annotations

import pytest

from tests.api.drafts import problems, refused
from tests.support.running import GatewayClient

NO_DECIMAL = [
    "1e2", "1E2", "1.0e0", "1_000", "1,000", "1 000", "1'000", "NaN", "nan", "sNaN", "Infinity", "-Infinity", "inf",
    "", " ", " 1", "1 ", "1\n", "+1", ".5", "5.", "--1", "1.2.3", "0x10", "1/2", "12,50", "½",
    "\u0661\u0662", "\uff11\uff12", "1\uff12", "\U0001d7cf", "²", "1.\u0665", "\u200b1", "-", ".", "1" * 41, f"0.{'1' * 21}",
]  # fmt: skip
NO_JSON_DECIMAL = [1.0, 12.5, 1e3, -0.0, 1e400, True, False, [], ["1"], {}, {"amount": "1"}]


@pytest.mark.parametrize("text", NO_DECIMAL)
def test_text_that_is_no_plain_decimal_is_refused(asked: GatewayClient, text: str) -> None:
    refused(asked, "Decimal", credit={"total": {"amount": text, "currency": "EUR"}})


@pytest.mark.parametrize("value", NO_JSON_DECIMAL, ids=repr)
def test_a_number_that_is_not_whole_is_refused_for_it_may_have_been_rounded(asked: GatewayClient, value: object) -> None:
    refused(asked, "Decimal", credit={"total": {"amount": value, "currency": "EUR"}})


@pytest.mark.parametrize("literal", ["1.0", "1e2", "true", "[1]", '"1e2"', "{a: 1}", "ONE", '"\u0661"'])
def test_the_same_holds_for_what_stands_in_the_document(asked: GatewayClient, literal: str) -> None:
    mutation = f"""mutation {{ issueCreditNote(input: {{ idempotencyKey: "k", reason: OTHER,
        against: {{ customer: {{ account: "nobody", providerId: "x", currency: "EUR" }} }},
        credit: {{ total: {{ amount: {literal}, currency: "EUR" }} }} }}) {{ outcome }} }}"""
    (error,) = asked.ask(mutation)["errors"]
    assert error["extensions"]["code"] == "INVALID_INPUT"


@pytest.mark.parametrize("amount", ["0.01", "12.50", "12.5", "12.500", "007", 12, "9" * 14 + ".99"])
def test_plain_decimals_and_whole_numbers_are_taken(asked: GatewayClient, amount: object) -> None:
    assert problems(asked, credit={"total": {"amount": amount, "currency": "EUR"}}) == [("NOT_FOUND", ("against", "invoice"))]


@pytest.mark.parametrize("value", ["1.0", "abc", "9223372036854775808", 9223372036854775808, 1.5, True, "", " 1", "\u0661", "1_0"])
def test_a_big_int_is_a_whole_number_of_sixty_four_bits(asked: GatewayClient, value: object) -> None:
    refused(asked, "BigInt", credit={"total": {"minorUnits": value, "currency": "EUR"}})


@pytest.mark.parametrize("value", ["eur", "EURO", "XXX", "XAU", "", "E U", 978, "€", "\uff25\uff35\uff32"])
def test_a_currency_is_a_code_of_iso_4217_that_money_can_be_in(asked: GatewayClient, value: object) -> None:
    refused(asked, "CurrencyCode", credit={"total": {"amount": "1", "currency": value}})


@pytest.mark.parametrize(
    "value", ["2026-02-30", "2026-2-3", "20260203", "2026-W01-1", "2026-01-01T00:00:00", "", 20260101, "\uff12026-01-01"]
)
def test_a_day_is_a_day_in_the_calendar(asked: GatewayClient, value: object) -> None:
    refused(asked, "Date", issuedOn=value)

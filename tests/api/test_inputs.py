"""What is wrong with an input: every mistake is told at once, with its path."""

from __future__ import annotations

import pytest

from tests.api.drafts import answer, problems
from tests.support.running import GatewayClient, Json


@pytest.mark.parametrize(
    ("amount", "currency"),
    [("0.001", "EUR"), ("0.1", "JPY"), ("1.5", "JPY"), ("1.0001", "KWD"), ("1.00001", "KWD")],
)
def test_more_digits_than_the_currency_has_are_refused_not_rounded(asked: GatewayClient, amount: str, currency: str) -> None:
    credit = {"total": {"amount": amount, "currency": currency}}
    assert problems(asked, credit=credit) == [("INVALID_INPUT", ("credit", "total", "amount"))]


@pytest.mark.parametrize("amount", ["0", "0.00", "-1", -5])
def test_an_amount_must_be_positive(asked: GatewayClient, amount: object) -> None:
    assert problems(asked, credit={"total": {"amount": amount, "currency": "EUR"}}) == [("INVALID_INPUT", ("credit", "total"))]


@pytest.mark.parametrize("both", [{}, {"amount": "1", "minorUnits": 100}, {"amount": None, "minorUnits": None}])
def test_exactly_one_of_amount_and_minor_units_is_given(asked: GatewayClient, both: Json) -> None:
    assert problems(asked, credit={"total": {"currency": "EUR", **both}}) == [("INVALID_INPUT", ("credit", "total"))]


@pytest.mark.parametrize("key", ["", "x" * 201, "a\nb", "a\x00", "\u200b", "\u2028"])
def test_a_key_has_one_to_two_hundred_printable_characters(asked: GatewayClient, key: str) -> None:
    assert problems(asked, idempotencyKey=key) == [("INVALID_INPUT", ("idempotencyKey",))]
    assert problems(asked, idempotencyKey="x" * 200) == [("NOT_FOUND", ("against", "invoice"))]


@pytest.mark.parametrize(
    ("member", "path"),
    [
        ({"against": {"invoice": {"id": "rubbish"}}}, ("against", "invoice", "id")),
        ({"against": {"invoice": {"id": "bjphOmI"}}}, ("against", "invoice", "id")),  # n:a:b, a note's id
        ({"against": {"invoice": {"reference": {"account": "a", "providerId": "  "}}}}, ("against", "invoice", "reference", "providerId")),
        ({"against": {"customer": {"account": "a", "providerId": "", "currency": "EUR"}}}, ("against", "customer", "providerId")),
        ({"credit": {"remaining": False}}, ("credit", "remaining")),
        ({"credit": {"lineItems": []}}, ("credit", "lineItems")),
    ],
)  # fmt: skip
def test_a_member_that_says_nothing_is_named(asked: GatewayClient, member: Json, path: tuple[str, ...]) -> None:
    assert problems(asked, **member) == [("INVALID_INPUT", path)]


def test_everything_that_is_wrong_is_told_at_once(asked: GatewayClient) -> None:
    line = {
        "quantity": "0",
        "unitAmount": "1",
        "amount": {"amount": "1.001", "currency": "EUR"},
        "periodStart": "2026-02-01",
        "periodEnd": "2026-01-01",
        "taxes": [{"name": "VAT", "rate": "-1"}, {"name": "VAT", "rate": "19", "amount": {"currency": "EUR"}}],
    }
    told = problems(
        asked,
        idempotencyKey="",
        against={"invoice": {"id": "rubbish"}},
        credit={"lineItems": [{"amount": {"amount": "1", "currency": "EUR"}}, line]},
        dispositions=[{"disposition": "CUSTOMER_CREDIT", "amount": {"amount": "-1", "currency": "EUR"}}],
    )
    assert {code for code, _ in told} == {"INVALID_INPUT"}
    assert sorted(path for _, path in told) == sorted([
        ("idempotencyKey",),
        ("against", "invoice", "id"),
        ("credit", "lineItems", "1", "amount", "amount"),
        ("credit", "lineItems", "1", "quantity"),
        ("credit", "lineItems", "1", "unitAmount"),
        ("credit", "lineItems", "1", "periodEnd"),
        ("credit", "lineItems", "1", "taxes", "0", "rate"),
        ("credit", "lineItems", "1", "taxes", "1", "amount"),
        ("dispositions", "0", "amount"),
    ])  # fmt: skip


@pytest.mark.parametrize(
    "member",
    [
        {"against": {}},
        {"against": {"invoice": {"id": "x", "reference": {"account": "a", "providerId": "b"}}}},
        {"credit": {"total": {"amount": "1", "currency": "EUR"}, "remaining": True}},
        {"credit": {"total": None}},
        {"options": {"vcita": {}, "chargebee": {}}},
        {"reason": "BECAUSE"},
        {"nonsense": 1},
    ],
)
def test_a_choice_is_made_exactly_once(asked: GatewayClient, member: Json) -> None:
    found = answer(asked, **member)
    assert "data" not in found
    assert {error["extensions"]["code"] for error in found["errors"]} == {"INVALID_INPUT"}

"""What issuing comes down to at Zenskar: bodies, amounts and what is refused."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.commands import CreditLine, CreditLines, CreditRemaining, CustomerTarget, DispositionPart
from app.domain.credit_note import Ref
from app.domain.errors import AmountTooHigh, BadPayload, InvalidInput, Unsupported, WrongState
from app.domain.money import Money
from app.domain.vocabulary import Disposition, ErrorCode, IssueField, Reason
from app.providers.zenskar.issuing import LARGEST, Request
from tests.providers.zenskar import ACCOUNT, CUSTOMER_ID, INVOICE_ID, bill, body, command, demo, eur, expected, planned, refused

UNPAID, HALF = bill(500_00), bill(150_00, 30_00, 20_00)


def test_the_body_is_the_documented_one() -> None:
    made = planned(command(reason=Reason.WAIVER, reason_text="goodwill"), bill(500_00))
    request = msgspec.json.decode(made.request, type=Request)
    wanted = expected("issue.request")
    assert request.path == wanted["path"]
    assert request.body == '{"credit_note_amount":25.00,"reason":"Waiver: goodwill"}'
    assert msgspec.json.decode(request.body) == wanted["body"]


def test_the_answer_is_expected_to_repeat_everything_it_can() -> None:
    told = planned(command(), bill(500_00)).expected
    assert (told.currency, told.total, told.invoice_id, told.customer_id) == ("EUR", eur(25_00), INVOICE_ID, CUSTOMER_ID)
    assert (told.net, told.number, told.reason_text, told.tolerance) == (None, None, None, 0)


@pytest.mark.parametrize(("currency", "minor", "text"), [("EUR", 2510, "25.10"), ("JPY", 1500, "1500"), ("KWD", 12345, "12.345")])
def test_the_amount_is_sent_in_major_units_unless_the_account_says_minor(currency: str, minor: int, text: str) -> None:
    invoice = bill(50_000, currency=currency)
    assert body(planned(command(minor, currency), invoice))["credit_note_amount"] == text
    assert body(planned(command(minor, currency), invoice, amount_unit="minor"))["credit_note_amount"] == str(minor)


@given(st.integers(min_value=1, max_value=LARGEST), st.sampled_from(["EUR", "JPY", "KWD"]))
def test_no_digit_of_an_amount_is_lost(minor: int, currency: str) -> None:
    made = planned(command(minor, currency), bill(minor, currency=currency))
    text = body(made)["credit_note_amount"]
    assert Money.from_major(Decimal(text), currency) == made.expected.total == Money(minor, currency)
    assert "e" not in text.lower()


@pytest.mark.parametrize(
    ("reason", "text", "sent"),
    [
        (Reason.PRODUCT_UNSATISFACTORY, "late", "Product unsatisfactory: late"),
        (Reason.WRITE_OFF, None, "Write off"),
        (Reason.OTHER, "late", "late"),
        (Reason.OTHER, None, "Other"),
        (Reason.UNSPECIFIED, "late", "late"),
        (Reason.WAIVER, "  ", "Waiver"),
    ],
)
def test_the_reason_goes_in_the_text(reason: Reason, text: str | None, sent: str) -> None:
    assert body(planned(command(reason=reason, reason_text=text), bill(500_00)))["reason"] == sent


@pytest.mark.parametrize("text", [None, "", " "])
def test_a_note_for_no_reason_needs_a_text(text: str | None) -> None:
    (problem,) = refused(command(reason=Reason.UNSPECIFIED, reason_text=text), bill(500_00))
    assert (type(problem), problem.path) == (InvalidInput, ("reasonText",))


UNSUPPORTED: list[tuple[dict[str, Any], tuple[str, ...], IssueField]] = [
    ({"credit": CreditLines(lines=(CreditLine(amount=eur(1)),))}, ("credit", "lineItems"), IssueField.LINE_ITEMS),
    ({"number": "CN-1"}, ("number",), IssueField.NUMBER),
    ({"issued_on": date(2026, 11, 20)}, ("issuedOn",), IssueField.ISSUED_ON),
    ({"customer_note": "hello"}, ("customerNote",), IssueField.CUSTOMER_NOTE),
    ({"internal_note": "hello"}, ("internalNote",), IssueField.INTERNAL_NOTE),
    ({"notify_customer": True}, ("notifyCustomer",), IssueField.NOTIFY_CUSTOMER),
]


@pytest.mark.parametrize(("wanted", "path", "ability"), UNSUPPORTED)
def test_an_input_without_a_counterpart_is_refused(wanted: dict[str, Any], path: tuple[str, ...], ability: IssueField) -> None:
    (problem,) = refused(command(**wanted), UNPAID)
    assert isinstance(problem, Unsupported)
    assert (problem.path, problem.ability) == (path, ability)


def part(disposition: Disposition, amount: Money) -> DispositionPart:
    return DispositionPart(disposition=disposition, amount=amount)


def test_everything_that_is_wrong_is_told_at_once() -> None:
    wrong = command(-1, number="1", internal_note="x", reason=Reason.UNSPECIFIED, dispositions=(part(Disposition.UNKNOWN, eur(0)),))
    paths = {problem.path for problem in refused(wrong, UNPAID)}
    assert paths == {
        ("number",), ("internalNote",), ("credit", "total"), ("reasonText",),
        ("dispositions", "0", "disposition"), ("dispositions", "0", "amount"),
    }  # fmt: skip


def test_nobody_is_notified_is_honoured() -> None:
    assert planned(command(notify_customer=False), UNPAID)


def test_a_note_without_an_invoice_is_unsupported() -> None:
    (problem,) = refused(command(target=CustomerTarget(customer=Ref(ACCOUNT, CUSTOMER_ID), currency="EUR")), None)
    assert isinstance(problem, Unsupported)
    assert (problem.path, problem.ability) == (("against", "customer"), IssueField.WITHOUT_INVOICE)


@pytest.mark.parametrize("minor", [0, -1])
def test_an_amount_is_above_zero(minor: int) -> None:
    (problem,) = refused(command(minor), UNPAID)
    assert (type(problem), problem.path) == (InvalidInput, ("credit", "total"))


@pytest.mark.parametrize("minor", [LARGEST + 1, 10**19, 10**5000], ids=["just", "more", "absurd"])
def test_an_amount_beyond_64_bits_is_refused_wherever_it_stands(minor: int) -> None:
    wrong = command(minor, dispositions=(part(Disposition.INVOICE_BALANCE, eur(minor)),))
    found = refused(wrong, bill(minor))
    assert {type(problem) for problem in found} == {InvalidInput}
    assert [problem.path for problem in found] == [("credit", "total", "amount"), ("dispositions", "0", "amount", "amount")]
    (problem,) = refused(command(credit=CreditRemaining()), bill(minor))
    assert (type(problem), problem.path) == (InvalidInput, ("credit", "remaining"))


def test_the_largest_amount_of_64_bits_is_taken() -> None:
    assert planned(command(LARGEST), bill(LARGEST)).expected.total == eur(LARGEST)


def test_another_currency_is_refused_wherever_it_stands() -> None:
    wrong = command(
        1,
        "USD",
        dispositions=(part(Disposition.INVOICE_BALANCE, eur(1)), part(Disposition.CUSTOMER_CREDIT, Money(1, "JPY"))),
        number="1",
    )
    found = refused(wrong, HALF)
    assert {problem.code for problem in found} == {ErrorCode.CURRENCY_MISMATCH}
    assert [problem.path for problem in found] == [("credit", "total", "currency"), ("dispositions", "1", "amount", "currency")]


@pytest.mark.parametrize("word", ["draft", "upcoming", "edited", "discarded", "void"])
def test_a_state_that_takes_no_notes_comes_before_everything(word: str) -> None:
    (problem,) = refused(command(1, "USD", number="1"), bill(0, provider_status=word))
    assert isinstance(problem, WrongState)
    assert (problem.code, problem.path) == (ErrorCode.INVOICE_NOT_CREDITABLE, ("against", "invoice"))


@pytest.mark.parametrize("word", ["void", "paid"])
def test_an_invoice_used_up_by_notes_has_nothing_left(word: str) -> None:
    used_up = bill(0, provider_status=word, note_ids=(demo(3001),), total=eur(119_00))
    (problem,) = refused(command(1), used_up)
    assert isinstance(problem, AmountTooHigh)
    assert problem.maximum == eur(0)


def test_contradicting_figures_are_not_credited_upon() -> None:
    (problem,) = refused(command(), bill(500_00, creditable=None, conflict="they contradict each other"))
    assert isinstance(problem, BadPayload)
    assert problem.message == "they contradict each other"

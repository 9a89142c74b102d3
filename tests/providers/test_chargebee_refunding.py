"""What a refund at Chargebee comes to before anything is sent: amounts, what is refused, and the call."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from app.domain.commands import RefundCreditNote
from app.domain.credit_note import CreditNote
from app.domain.errors import AmountTooHigh, GatewayError, InvalidInput, Path, Unsupported
from app.domain.plans import Expected, WritePlan
from app.domain.vocabulary import ErrorCode, Operation
from app.providers.chargebee.order import call
from app.providers.chargebee.refunding import METHODS, Wanted, recorded, sent_back
from tests.providers.chargebee import KNOWN_ID, form, money, settings
from tests.providers.chargebee.noted import NOW, external, gone, noted, payment, refund
from tests.providers.readings import problems, refusal_of

PARTLY = {"amount_refunded": 40_00, "amount_available": 60_00, "linked_refunds": [gone(40_00), gone(5_00, "failure", "txn_2")]}
SECOND = str(int(NOW.timestamp()))


def planned(command: RefundCreditNote, note: CreditNote | None = None) -> WritePlan:
    """Where one payment of 200.00 is behind the note."""
    note = note or noted()
    wanted = Wanted.of(command, note, settings(), now=NOW)
    return recorded(wanted) if command.external else sent_back(wanted, [payment(200_00)], money(0, note.currency))


def refusal(command: RefundCreditNote, note: CreditNote | None = None) -> GatewayError:
    return refusal_of(planned, command, note)


def test_money_is_sent_back_by_one_call() -> None:
    plan = planned(refund(25_00), noted(**PARTLY))
    sent = call(plan.request, key="k" * 64)
    assert (sent.path, sent.content) == (f"/api/v2/credit_notes/{KNOWN_ID}/refund", b"refund_amount=2500")
    assert sent.headers == {"chargebee-idempotency-key": "k" * 64}
    assert (plan.kind, plan.then, plan.before) == (Operation.REFUND, (), ("txn_1", "txn_2"))
    assert plan.expected == Expected(currency="EUR", note_id=KNOWN_ID, refund=money(25_00))


def test_a_payout_is_put_on_record_by_one_call_whatever_the_payments() -> None:
    plan = planned(external(25_00, reference="R 1", paid_on=date(2026, 11, 19), text="by phone & post"))
    sent = call(plan.request, key="k" * 64)
    assert sent.path == f"/api/v2/credit_notes/{KNOWN_ID}/record_refund"
    assert sent.content.decode() == (
        "transaction%5Bamount%5D=2500&transaction%5Bpayment_method%5D=bank_transfer&transaction%5Breference_number%5D=R+1"
        "&transaction%5Bdate%5D=1795046400&comment=by+phone+%26+post"
    )
    assert (plan.kind, plan.then) == (Operation.REFUND, ())
    assert plan.expected == Expected(currency="EUR", note_id=KNOWN_ID, refund=money(25_00))


@pytest.mark.parametrize("make", [refund, external])
def test_without_an_amount_it_is_all_that_is_left(make: Any) -> None:
    plan = planned(make(), noted(**PARTLY))
    assert plan.expected.refund == money(60_00)
    assert "6000" in form(plan).values()


@pytest.mark.parametrize("make", [refund, external])
def test_more_than_is_left_is_refused_with_the_maximum(make: Any) -> None:
    assert planned(make(60_00), noted(**PARTLY)).expected.refund == money(60_00)
    error = refusal(make(60_01), noted(**PARTLY))
    assert isinstance(error, AmountTooHigh)
    assert (error.code, error.path) == (ErrorCode.AMOUNT_EXCEEDS_REFUNDABLE, ("amount",))
    assert (error.requested, error.maximum) == (money(60_01), money(60_00))


@pytest.mark.parametrize("make", [refund, external])
@pytest.mark.parametrize("minor", [0, -1, 2**63])
def test_an_amount_that_is_none_is_invalid(make: Any, minor: int) -> None:
    error = refusal(make(minor))
    assert (type(error), error.path) == (InvalidInput, ("amount",))


@pytest.mark.parametrize("make", [refund, external])
def test_a_third_decimal_is_refused_where_chargebee_counts_two(make: Any) -> None:
    dinars = noted(currency_code="KWD", line_items=None, taxes=None, discounts=None)
    assert refusal(make(1_531, currency="KWD"), dinars).path == ("amount",)
    assert "153" in form(planned(external(1_530, currency="KWD"), dinars)).values()


@pytest.mark.parametrize("make", [refund, external])
def test_another_currency_is_a_mismatch(make: Any) -> None:
    error = refusal(make(1, currency="USD"))
    assert (error.code, error.path) == (ErrorCode.CURRENCY_MISMATCH, ("amount", "currency"))


@pytest.mark.parametrize("method", METHODS)
def test_every_published_method_is_taken(method: str) -> None:
    assert form(planned(external(method=method)))["transaction[payment_method]"] == method


@pytest.mark.parametrize("method", [None, "", "card", "Cash", "app_store"])
def test_a_method_nobody_published_is_invalid_and_the_published_are_named(method: str | None) -> None:
    error = refusal(external(method=method))
    assert (type(error), error.path) == (InvalidInput, ("method",))
    assert "cash, check, chargeback, bank_transfer, other, custom" in error.message


@pytest.mark.parametrize(
    ("paid_on", "sent"),
    [
        (None, SECOND),
        (NOW.date(), SECOND),
        (NOW.date() - timedelta(days=1), str(int(datetime(2026, 11, 19, tzinfo=UTC).timestamp()))),
        (date(1970, 1, 1), "0"),
    ],
)
def test_a_payout_is_dated_by_its_day_and_never_in_the_future(paid_on: date | None, sent: str) -> None:
    assert form(planned(external(paid_on=paid_on)))["transaction[date]"] == sent


@pytest.mark.parametrize("paid_on", [NOW.date() + timedelta(days=1), date(9999, 12, 31), date(1969, 12, 31), date(1, 1, 1)])
def test_a_day_that_has_not_come_or_cannot_be_said_is_invalid(paid_on: date) -> None:
    error = refusal(external(paid_on=paid_on))
    assert (type(error), error.path) == (InvalidInput, ("paidOn",))


@pytest.mark.parametrize(
    ("command", "error", "path"),
    [
        (external(reference="r" * 101), InvalidInput, ("reference",)),
        (external(reference="half \ud83d"), InvalidInput, ("reference",)),
        (external(text="t" * 301), InvalidInput, ("note",)),
        (external(text="half \ud83d"), InvalidInput, ("note",)),
        (external(payment_id="txn_9"), Unsupported, ("paymentId",)),
        (refund(method="cash"), InvalidInput, ("method",)),
        (refund(paid_on=NOW.date()), InvalidInput, ("paidOn",)),
        (refund(reference="R1"), InvalidInput, ("reference",)),
        (refund(text="why"), Unsupported, ("note",)),
    ],
)
def test_what_has_no_place_in_the_call_is_refused(command: RefundCreditNote, error: type[GatewayError], path: Path) -> None:
    refused = refusal(command)
    assert (type(refused), refused.path) == (error, path)


def test_texts_may_be_as_long_as_published() -> None:
    sent = form(planned(external(reference="r" * 100, text="t" * 300)))
    assert (sent["transaction[reference_number]"], sent["comment"]) == ("r" * 100, "t" * 300)


def test_all_that_is_wrong_is_told_at_once() -> None:
    wrong = external(0, method=None, paid_on=date(2027, 1, 1), reference="r" * 101, text="t" * 301, payment_id="txn_9")
    paths = [one.path for one in problems(refusal(wrong))]
    assert paths == [("amount",), ("paymentId",), ("method",), ("paidOn",), ("reference",), ("note",)]


def test_a_note_without_an_invoice_can_only_be_recorded_as_paid() -> None:
    standalone = noted(reference_invoice_id=None)
    error = refusal(refund(), standalone)
    assert (type(error), error.path) == (Unsupported, ("external",))
    assert planned(external(), standalone).expected.refund == money(100_00)

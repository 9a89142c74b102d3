"""What a refund of a note comes down to at vcita: what is refused before anything is read, what against what was read, what is sent."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from app.domain.commands import RefundCreditNote
from app.domain.credit_note import CreditNote, ProviderValues, Ref
from app.domain.errors import AmountTooHigh, BadPayload, GatewayError, InvalidInput, InvalidInputs, Path, Unsupported, WrongState
from app.domain.money import Money
from app.domain.plans import Expected, Refund, WritePlan
from app.domain.vocabulary import ErrorCode, Operation, RefundStatus, Settlement, Status
from app.providers.vcita import refund_wire as wire
from app.providers.vcita.refunding import (
    Grounds,
    is_as_asked,
    is_referenced,
    is_refundable,
    payment_named,
    refund_plan,
    refunds_of,
    stored_refund,
)
from tests.providers.readings import refusal_of
from tests.providers.vcita import ACCOUNT, INVOICE_ID, KNOWN_ID, euro, settings

NOW = datetime(2026, 11, 21, 13, 30, 59, 999_999, tzinfo=UTC)
NOTE = CreditNote(
    ref=Ref(ACCOUNT, KNOWN_ID),
    status=Status.ISSUED,
    settlement=Settlement.UNKNOWN,
    refund_status=RefundStatus.UNKNOWN,
    total=euro(50_00),
    issued_at=NOW,
    invoice_id=INVOICE_ID,
    provider_values=ProviderValues(status="ISSUED"),
)
PAYMENT = wire.Payment(uid="pay1", amount=Decimal("50.0"), currency="eur", state="paid", payment_request_uid="prq1")
GROUNDS = Grounds(payment=PAYMENT, invoice_uid=INVOICE_ID, request_uid="prq1", note_uids=(KNOWN_ID, "cn_other"))


def wanted(**members: Any) -> RefundCreditNote:
    return RefundCreditNote(key="key-1", note=NOTE.ref, **{"payment_id": "pay1", **members})


def plan(note: CreditNote = NOTE, grounds: Grounds = GROUNDS, **members: Any) -> WritePlan:
    command = wanted(**members)
    assert payment_named(command, note, settings(), NOW.date()) == command.payment_id
    return refund_plan(command, note, grounds, NOW)


def refusal(note: CreditNote = NOTE, grounds: Grounds = GROUNDS, **members: Any) -> GatewayError:
    return refusal_of(plan, note, grounds, **members)


def of_payment(**members: Any) -> Grounds:
    told: dict[str, Any] = {**msgspec.structs.asdict(PAYMENT), **members}
    return replace(GROUNDS, payment=wire.Payment(**told))


def body(made: WritePlan) -> dict[str, Any]:
    sent: dict[str, Any] = msgspec.json.Decoder(float_hook=Decimal).decode(stored_refund(made).body)
    return sent


def test_a_refund_gives_back_the_whole_payment_and_says_how_much_that_is() -> None:
    made = plan()
    assert body(made) == {"refund": {"payment_uid": "pay1", "amount": 50}}
    stored = msgspec.json.decode(made.request)
    assert {name: stored[name] for name in stored if name != "body"} == {
        "method": "POST",
        "path": "/business/payments/v1/refunds",
        "payment_uid": "pay1",
        "note_uid": KNOWN_ID,
        "invoice_uid": INVOICE_ID,
        "note_uids": [KNOWN_ID, "cn_other"],
    }
    assert (made.kind, made.then, made.before) == (Operation.REFUND, (), ())
    assert made.expected == Expected(currency="EUR", total=euro(50_00), invoice_id=INVOICE_ID, note_id=KNOWN_ID, refund=euro(50_00))


def test_the_amount_may_be_said_too() -> None:
    assert plan(amount=euro(50_00)).request == plan().request


@pytest.mark.parametrize(
    ("paid_on", "told"),
    [
        (None, {}),
        (date(2026, 11, 21), {"refund_time": "2026-11-21T13:30:59Z"}),
        (date(2026, 11, 20), {"refund_time": "2026-11-20T00:00:00Z"}),
        (date(987, 1, 2), {"refund_time": "0987-01-02T00:00:00Z"}),
    ],
)
def test_a_refund_made_elsewhere_is_recorded_with_its_day_and_reference(paid_on: date | None, told: dict[str, str]) -> None:
    made = plan(external=True, reference="re_1", paid_on=paid_on)
    assert body(made)["refund"] == {
        "payment_uid": "pay1",
        "amount": 50,
        "record_refund": True,
        "provider_refund_id": "re_1",
        **told,
    }
    assert is_referenced(stored_refund(made))
    assert not is_referenced(stored_refund(plan(external=True)))
    assert body(plan(external=True))["refund"] == {"payment_uid": "pay1", "amount": 50, "record_refund": True}


@pytest.mark.parametrize(
    ("status", "settlement", "is_open"),
    [
        (Status.ISSUED, Settlement.UNKNOWN, True),
        (Status.ISSUED, Settlement.SETTLED, False),
        (Status.UNKNOWN, Settlement.UNKNOWN, False),
        (Status.VOIDED, Settlement.UNKNOWN, False),
    ],
)
def test_only_an_issued_note_nobody_settled_is_refunded(status: Status, settlement: Settlement, *, is_open: bool) -> None:
    note = replace(NOTE, status=status, settlement=settlement)
    assert is_refundable(note, settings()) is is_open
    if is_open:
        assert plan(note)
        return
    error = refusal(note, payment_id=None, method="cash")  # whatever else is wrong
    assert (type(error), error.code, error.path) == (WrongState, ErrorCode.WRONG_STATE, ("id",))


def test_an_account_that_cannot_read_payments_refunds_none() -> None:
    account = settings(token="directory-token", on_behalf_of="business00000001")
    with pytest.raises(Unsupported) as raised:
        payment_named(wanted(), NOTE, account, NOW.date())
    assert (raised.value.path, raised.value.ability) == (("id",), Operation.REFUND)
    assert not is_refundable(NOTE, account)


@pytest.mark.parametrize(
    ("members", "kind", "code", "path"),
    [
        ({"payment_id": None}, InvalidInput, ErrorCode.INVALID_INPUT, ("paymentId",)),
        ({"payment_id": " "}, InvalidInput, ErrorCode.INVALID_INPUT, ("paymentId",)),
        ({"amount": Money(50_00, "USD")}, InvalidInput, ErrorCode.CURRENCY_MISMATCH, ("amount", "currency")),
        ({"amount": euro(0)}, InvalidInput, ErrorCode.INVALID_INPUT, ("amount",)),
        ({"amount": euro(-1)}, InvalidInput, ErrorCode.INVALID_INPUT, ("amount",)),
        ({"amount": euro(2**63)}, InvalidInput, ErrorCode.INVALID_INPUT, ("amount",)),
        ({"amount": euro(10**5000)}, InvalidInput, ErrorCode.INVALID_INPUT, ("amount",)),
        ({"method": "cash"}, Unsupported, ErrorCode.UNSUPPORTED, ("method",)),
        ({"external": True, "method": "cash"}, Unsupported, ErrorCode.UNSUPPORTED, ("method",)),
        ({"text": "sorry"}, Unsupported, ErrorCode.UNSUPPORTED, ("note",)),
        ({"paid_on": date(2026, 11, 1)}, InvalidInput, ErrorCode.INVALID_INPUT, ("paidOn",)),
        ({"reference": "re_1"}, InvalidInput, ErrorCode.INVALID_INPUT, ("reference",)),
        ({"external": True, "reference": " "}, InvalidInput, ErrorCode.INVALID_INPUT, ("reference",)),
        ({"external": True, "paid_on": date(2026, 11, 22)}, InvalidInput, ErrorCode.INVALID_INPUT, ("paidOn",)),
    ],
)
def test_what_cannot_be_asked_is_refused_by_name(
    members: dict[str, Any], kind: type[GatewayError], code: ErrorCode, path: Path
) -> None:
    error = refusal(**members)
    assert (type(error), error.code, error.path) == (kind, code, path)


def test_several_problems_are_told_at_once() -> None:
    error = refusal(amount=euro(0), paid_on=date(2026, 1, 1), reference="r", payment_id=None, method="cash", text="sorry")
    assert isinstance(error, InvalidInputs)
    assert [problem.path for problem in error.problems] == [
        ("amount",), ("paidOn",), ("reference",), ("paymentId",), ("method",), ("note",),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("grounds", "kind", "code"),
    [
        (of_payment(payment_request_uid="prq2"), InvalidInput, ErrorCode.INVALID_INPUT),
        (of_payment(payment_request_uid=None), InvalidInput, ErrorCode.INVALID_INPUT),
        (of_payment(currency="USD"), InvalidInput, ErrorCode.CURRENCY_MISMATCH),
        *((of_payment(state=state), WrongState, ErrorCode.WRONG_STATE) for state in ("pending", "failed", "refunded", "new word")),
    ],
)
def test_the_payment_must_be_a_paid_one_of_the_notes_invoice(grounds: Grounds, kind: type[GatewayError], code: ErrorCode) -> None:
    error = refusal(grounds=grounds)
    assert (type(error), error.code, error.path) == (kind, code, ("paymentId",))


def test_where_the_provider_does_not_tell_whose_payment_it_is_none_is_refunded() -> None:
    unknown = replace(of_payment(payment_request_uid=None), request_uid=None)
    assert isinstance(refusal(grounds=unknown), BadPayload)
    assert isinstance(refusal(grounds=of_payment(amount=Decimal(2**63))), BadPayload)


@pytest.mark.parametrize(
    ("asked", "paid", "requested", "maximum"),
    [
        (None, "50.01", 50_01, 50_00),  # more than the note
        (50_01, "50.01", 50_01, 50_00),
        (50_01, "50", 50_01, 50_00),
        (60_00, "119", 60_00, 50_00),
        (30_01, "30", 30_01, 30_00),  # more than the payment
        (200_00, "30", 200_00, 30_00),
    ],
)
def test_more_than_the_note_or_the_payment_is_refused_with_the_maximum(
    asked: int | None, paid: str, requested: int, maximum: int
) -> None:
    error = refusal(grounds=of_payment(amount=Decimal(paid)), amount=None if asked is None else euro(asked))
    assert isinstance(error, AmountTooHigh)
    assert (error.code, error.path) == (ErrorCode.AMOUNT_EXCEEDS_REFUNDABLE, ("amount",))
    assert (error.requested, error.maximum) == (euro(requested), euro(maximum))


@pytest.mark.parametrize(("asked", "paid"), [(49_99, "50"), (1, "50"), (50_00, "119")])
def test_a_part_of_a_payment_is_not_refunded(asked: int, paid: str) -> None:
    error = refusal(grounds=of_payment(amount=Decimal(paid)), amount=euro(asked))
    assert (type(error), error.path) == (Unsupported, ("amount",))


def test_a_payment_smaller_than_the_note_is_refunded_whole() -> None:
    made = plan(grounds=of_payment(amount=Decimal("30.5")))
    assert (made.expected.refund, made.expected.total) == (euro(30_50), euro(50_00))
    assert body(made)["refund"]["amount"] == Decimal("30.5")


def test_a_payment_given_back_is_the_refund_itself_under_a_name_no_refund_has() -> None:
    assert refunds_of(of_payment(state="refunded").payment) == (Refund(id="payment:pay1", amount=euro(50_00)),)
    for state in ("paid", "pending", "cancelled", "new word"):
        assert refunds_of(of_payment(state=state).payment) == ()


@pytest.mark.parametrize(
    ("told", "fits"),
    [
        ({}, True),
        ({"amount": Decimal("50.00"), "currency": "eur", "payment_uid": "pay1"}, True),
        ({"amount": Decimal(5)}, False),
        ({"currency": "USD"}, False),
        ({"payment_uid": "pay2"}, False),
    ],
)
def test_an_answer_about_another_refund_is_noticed(told: dict[str, Any], *, fits: bool) -> None:
    assert is_as_asked(plan(), wire.Refund(uid="re1", **told)) is fits

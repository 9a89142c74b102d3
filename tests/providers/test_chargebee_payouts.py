"""Notes at Chargebee that are paid out once they are issued: the note, what follows it, and what one note cannot hold."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.commands import CreditLine, CreditLines, CreditRemaining, DispositionPart
from app.domain.errors import AmountTooHigh, GatewayError, InvalidInput, Path, Unsupported
from app.domain.invoice import Invoice
from app.domain.plans import Payout
from app.domain.vocabulary import Disposition, IssueField
from app.providers.chargebee import SPEC
from app.providers.chargebee.options import ChargebeeCreditNoteType as NoteType
from app.providers.chargebee.options import ChargebeeOptions
from tests.providers.chargebee import Credit, bill, command, customer, form, money, planned, total
from tests.providers.chargebee.noted import payment
from tests.providers.readings import problems, refusal_of

BALANCE, CREDIT = Disposition.INVOICE_BALANCE, Disposition.CUSTOMER_CREDIT
PAYMENT, EXTERNAL = Disposition.PAYMENT_REFUND, Disposition.EXTERNAL_REFUND
PARTLY = bill(150_00, 50_00, payments=(payment(50_00, "txn_a"),))
TWICE = bill(0, 50_00, payments=(payment(30_00, "txn_a", 1), payment(20_00, "txn_b", 2)))
LINES = CreditLines(lines=(CreditLine(amount=money(10_00)),))


def part(disposition: Disposition, minor: int | None = None, payment_id: str | None = None) -> DispositionPart:
    amount = None if minor is None else money(minor)
    return DispositionPart(disposition=disposition, amount=amount, payment_id=payment_id)


def out(minor: int | None, *, external: bool = False) -> Payout:
    """A payout as it follows a note."""
    amount = None if minor is None else money(minor)
    return Payout(amount=amount, external=external, method="other" if external else None)


def refusal(credit: Credit, *parts: DispositionPart, invoice: Invoice | None = PARTLY, **given: Any) -> GatewayError:
    return refusal_of(planned, command(credit, dispositions=parts, **given), invoice)


@pytest.mark.parametrize(
    ("credit", "parts", "sent", "then"),
    [
        (total(20_00), [part(PAYMENT)], "2000", [out(20_00)]),
        (total(20_00), [part(PAYMENT, 20_00)], "2000", [out(20_00)]),
        (total(20_00), [part(EXTERNAL)], "2000", [out(20_00, external=True)]),
        (CreditRemaining(), [part(PAYMENT)], "5000", [out(50_00)]),
        (CreditRemaining(), [part(EXTERNAL, 50_00)], "5000", [out(50_00, external=True)]),
        (total(20_00), [part(PAYMENT, 15_00), part(CREDIT)], "2000", [out(15_00)]),
        (total(20_00), [part(CREDIT, 5_00), part(PAYMENT)], "2000", [out(15_00)]),
        (total(20_00), [part(PAYMENT, 15_00), part(CREDIT, 5_00)], "2000", [out(15_00)]),
        (CreditRemaining(), [part(CREDIT, 1), part(EXTERNAL)], "5000", [out(49_99, external=True)]),
        (total(20_00), [part(PAYMENT, payment_id="txn_a")], "2000", [out(20_00)]),
        (total(20_00), [part(CREDIT)], "2000", []),
    ],
)
def test_a_note_is_issued_refundable_and_then_paid_out(
    credit: Credit, parts: list[DispositionPart], sent: str, then: list[Payout]
) -> None:
    plan = planned(command(credit, dispositions=tuple(parts)), PARTLY)
    assert (form(plan)["type"], form(plan)["total"]) == ("refundable", sent)
    assert (plan.then, plan.expected.provider_type) == (tuple(then), "refundable")


@pytest.mark.parametrize(("disposition", "then"), [(PAYMENT, out(None)), (EXTERNAL, out(None, external=True)), (CREDIT, None)])
def test_of_line_items_all_is_paid_out_whatever_they_come_to(disposition: Disposition, then: Payout | None) -> None:
    plan = planned(command(LINES, dispositions=(part(disposition),)), PARTLY)
    assert plan.then == (() if then is None else (then,))


def test_nothing_is_paid_out_that_nobody_asked_for() -> None:
    for credit in (total(20_00), LINES):
        assert planned(command(credit), PARTLY).then == ()
        assert planned(command(credit), TWICE).then == ()


@pytest.mark.parametrize("disposition", [PAYMENT, EXTERNAL])
def test_more_than_was_paid_is_refused_with_the_maximum(disposition: Disposition) -> None:
    error = refusal(total(50_01), part(disposition))
    assert isinstance(error, AmountTooHigh)
    assert (error.maximum, error.path) == (money(50_00), ("credit", "total"))
    assert isinstance(refusal(CreditRemaining(), part(disposition), invoice=bill(10, 0)), AmountTooHigh)


def test_credits_that_paid_the_invoice_are_refundable_as_far_as_can_be_told() -> None:
    by_credit = bill(0, 50_00, payments=())
    assert planned(command(total(50_00), dispositions=(part(PAYMENT),)), by_credit).then == (out(50_00),)


@pytest.mark.parametrize(
    ("parts", "path"),
    [
        ([part(PAYMENT, 19_99)], ("dispositions", "0", "amount")),
        ([part(PAYMENT, 15_00), part(CREDIT, 4_99)], ("dispositions",)),
        ([part(PAYMENT, 15_00), part(CREDIT, 5_01)], ("dispositions",)),
        ([part(PAYMENT, 20_00), part(CREDIT)], ("dispositions", "0", "amount")),
        ([part(PAYMENT), part(CREDIT, 20_01)], ("dispositions", "1", "amount")),
        ([part(PAYMENT, 0), part(CREDIT)], ("dispositions", "0", "amount")),
        ([part(PAYMENT, -1), part(CREDIT, 20_01)], ("dispositions", "0", "amount")),
        ([part(PAYMENT), part(CREDIT)], ("dispositions",)),
        ([part(PAYMENT, 10_00), part(PAYMENT, 10_00)], ("dispositions",)),
        ([part(PAYMENT, payment_id="txn_8")], ("dispositions", "0", "paymentId")),
        ([part(CREDIT, payment_id="txn_a")], ("dispositions", "0", "paymentId")),
    ],
)
def test_parts_that_do_not_make_the_credit_are_invalid(parts: list[DispositionPart], path: Path) -> None:
    error = refusal(total(20_00), *parts)
    assert (type(error), error.path) == (InvalidInput, path)


@pytest.mark.parametrize(
    ("credit", "parts", "invoice", "path", "ability"),
    [
        (total(20_00), [part(PAYMENT, 10_00), part(EXTERNAL)], PARTLY, ("dispositions",), EXTERNAL),
        (total(20_00), [part(BALANCE, 10_00), part(PAYMENT)], PARTLY, ("dispositions",), PAYMENT),
        (total(20_00), [part(EXTERNAL, 10_00), part(BALANCE)], PARTLY, ("dispositions",), EXTERNAL),
        (total(20_00), [part(PAYMENT, payment_id="txn_a")], TWICE, ("dispositions",), IssueField.PAYMENT_SPLIT),
        (total(20_00), [part(PAYMENT, payment_id="txn_a")], bill(0, 50_00), ("dispositions",), IssueField.PAYMENT_SPLIT),
        (total(20_00), [part(EXTERNAL, payment_id="txn_a")], PARTLY, ("dispositions", "0", "paymentId"), IssueField.PAYMENT_SPLIT),
        (LINES, [part(PAYMENT, 10_00)], PARTLY, ("dispositions", "0", "amount"), PAYMENT),
        (LINES, [part(PAYMENT), part(CREDIT)], PARTLY, ("dispositions",), PAYMENT),
    ],
)
def test_what_one_note_cannot_hold_is_not_guessed(
    credit: Credit, parts: list[DispositionPart], invoice: Invoice, path: Path, ability: object
) -> None:
    error = refusal(credit, *parts, invoice=invoice)
    assert isinstance(error, Unsupported)
    assert (error.path, error.ability) == (path, ability)


def test_several_payments_cannot_be_named() -> None:
    parts = (part(PAYMENT, 30_00, "txn_a"), part(PAYMENT, 20_00, "txn_b"))
    found = problems(refusal(total(50_00), *parts, invoice=TWICE))
    assert {(type(one), one.path) for one in found} == {(Unsupported, ("dispositions",))}


@pytest.mark.parametrize("disposition", [PAYMENT, EXTERNAL])
@pytest.mark.parametrize("type", [NoteType.STORE, NoteType.ADJUSTMENT])
def test_a_type_that_cannot_be_paid_out_contradicts_the_destination(disposition: Disposition, type: NoteType) -> None:
    for parts in ([part(disposition)], [part(CREDIT, 1), part(disposition)]):
        found = problems(refusal(total(20_00), *parts, options=ChargebeeOptions(type=type)))
        assert {one.path for one in found} == {("options", "chargebee", "type")}
    asked = command(total(20_00), dispositions=(part(disposition),), options=ChargebeeOptions(type=NoteType.REFUNDABLE))
    assert form(planned(asked, PARTLY))["type"] == "refundable"


@pytest.mark.parametrize("disposition", [PAYMENT, EXTERNAL])
def test_without_an_invoice_there_is_nothing_to_pay_out(disposition: Disposition) -> None:
    error = refusal(total(20_00), part(disposition), invoice=None, target=customer())
    assert isinstance(error, Unsupported)
    assert (error.path, error.ability) == (("dispositions",), disposition)


def test_all_four_destinations_are_declared_and_naming_payments_is_not() -> None:
    assert SPEC.capabilities.dispositions == {BALANCE, CREDIT, PAYMENT, EXTERNAL}
    assert IssueField.PAYMENT_SPLIT not in SPEC.capabilities.issue_fields


@given(credited=st.integers(2, 50_00), data=st.data())
def test_what_is_paid_out_and_what_is_kept_are_the_credit(credited: int, data: st.DataObject) -> None:
    kept = data.draw(st.integers(1, credited - 1))
    given_amounts = data.draw(st.sampled_from([(None, kept), (credited - kept, None), (credited - kept, kept)]))
    parts = (part(PAYMENT, given_amounts[0]), part(CREDIT, given_amounts[1]))
    plan = planned(command(total(credited), dispositions=parts), PARTLY)
    assert plan.then == (out(credited - kept),)
    assert form(plan)["total"] == str(credited)

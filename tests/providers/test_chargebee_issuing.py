"""What an issue at Chargebee comes to: destination and amount. Texts, headers and lines have suites of their own."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.commands import CreditRemaining, DispositionPart
from app.domain.errors import AmountTooHigh, InvalidInput, Unsupported
from app.domain.invoice import Invoice
from app.domain.money import Money
from app.domain.plans import Expected
from app.domain.vocabulary import Disposition, InvoiceStatus
from app.providers.chargebee.options import ChargebeeCreditNoteType as NoteType
from app.providers.chargebee.options import ChargebeeOptions
from app.providers.chargebee.order import call
from tests.providers.chargebee import (
    INVOICE_ID,
    bill,
    command,
    customer,
    expected,
    form,
    money,
    order,
    parts,
    planned,
    refusal,
    total,
    wanted,
)

PAID, UNPAID, PARTLY = bill(0, 119_00), bill(500_00, 0), bill(150_00, 50_00)
BALANCE, CREDIT = Disposition.INVOICE_BALANCE, Disposition.CUSTOMER_CREDIT


def test_the_call_is_what_was_recorded() -> None:
    plan, recorded = planned(*wanted()), expected("issue.request")
    sent = call(plan.request, key="k" * 64)
    headers = dict(recorded["headers"])
    assert (sent.method, sent.path, sent.content.decode()) == (recorded["method"], recorded["path"], recorded["body"])
    assert sent.content_type == headers.pop("content-type")
    assert sent.headers == {**headers, "chargebee-idempotency-key": "k" * 64}


@pytest.mark.parametrize(
    ("invoice", "minor", "named", "type"),
    [
        (UNPAID, 500_00, None, "adjustment"),
        (UNPAID, 1, BALANCE, "adjustment"),
        (PAID, 119_00, None, "refundable"),
        (PAID, 1, CREDIT, "refundable"),
        (PARTLY, 150_00, None, "adjustment"),
        (PARTLY, 150_00, BALANCE, "adjustment"),
        (PARTLY, 50_00, CREDIT, "refundable"),
        (PARTLY, 10_00, CREDIT, "refundable"),
    ],
)
def test_an_amount_goes_where_it_was_sent_or_off_what_is_owed_first(
    invoice: Invoice, minor: int, named: Disposition | None, type: str
) -> None:
    plan = planned(command(total(minor), **parts(named)), invoice)
    assert form(plan) == {"reference_invoice_id": INVOICE_ID, "type": type, "total": str(minor)}
    assert plan.expected == Expected(currency="EUR", total=money(minor), invoice_id=INVOICE_ID, provider_type=type)
    assert order(plan).headers == {}


@pytest.mark.parametrize(
    ("invoice", "minor", "named", "maximum"),
    [
        (UNPAID, 500_01, None, 500_00),
        (UNPAID, 1, CREDIT, 0),
        (PAID, 119_01, None, 119_00),
        (PAID, 1, BALANCE, 0),
        (PARTLY, 200_01, None, 200_00),
        (PARTLY, 150_01, BALANCE, 150_00),
        (PARTLY, 50_01, CREDIT, 50_00),
        (bill(0, 0, status=InvoiceStatus.PAID), 1, None, 0),
    ],
)
def test_more_than_is_left_of_the_part_is_refused_with_the_maximum(
    invoice: Invoice, minor: int, named: Disposition | None, maximum: int
) -> None:
    error = refusal(command(total(minor), **parts(named)), invoice)
    assert isinstance(error, AmountTooHigh)
    assert (error.requested, error.maximum, error.path) == (money(minor), money(maximum), ("credit", "total"))
    part = {BALANCE: "taken off what is owed", CREDIT: "given back of what was paid", None: "credited"}[named]
    assert error.message.endswith(f"that can still be {part} on this invoice")


@pytest.mark.parametrize("minor", [150_01, 170_00, 200_00])
def test_an_amount_that_one_note_cannot_hold_is_refused_with_both_figures(minor: int) -> None:
    error = refusal(command(total(minor)), PARTLY)
    assert isinstance(error, Unsupported)
    assert error.path == ("dispositions",)
    assert "150.00 EUR" in error.message
    assert "50.00 EUR" in error.message


@pytest.mark.parametrize(
    ("invoice", "named", "type", "minor"),
    [
        (UNPAID, None, "adjustment", 500_00),
        (PAID, None, "refundable", 119_00),
        (PARTLY, BALANCE, "adjustment", 150_00),
        (PARTLY, CREDIT, "refundable", 50_00),
    ],
)
def test_all_that_remains_is_the_part_named_or_the_only_one(
    invoice: Invoice, named: Disposition | None, type: str, minor: int
) -> None:
    plan = planned(command(CreditRemaining(), **parts(named)), invoice)
    assert form(plan) == {"reference_invoice_id": INVOICE_ID, "type": type, "total": str(minor)}
    assert plan.expected.total == money(minor)


def test_all_that_remains_in_two_parts_is_refused_with_both_figures() -> None:
    error = refusal(command(CreditRemaining()), PARTLY)
    assert isinstance(error, Unsupported)
    assert error.path == ("dispositions",)
    assert "150.00 EUR" in error.message
    assert "50.00 EUR" in error.message


@pytest.mark.parametrize(("invoice", "named"), [(bill(0, 0), None), (UNPAID, CREDIT), (PAID, BALANCE)])
def test_nothing_remaining_is_too_much(invoice: Invoice, named: Disposition | None) -> None:
    error = refusal(command(CreditRemaining(), **parts(named)), invoice)
    assert isinstance(error, AmountTooHigh)
    assert (error.requested, error.maximum, error.path) == (None, money(0), ("credit", "remaining"))


@pytest.mark.parametrize(
    ("option", "named", "type"),
    [
        (NoteType.ADJUSTMENT, None, "adjustment"),
        (NoteType.REFUNDABLE, None, "refundable"),
        (NoteType.STORE, None, "store"),
        (NoteType.STORE, CREDIT, "store"),
        (NoteType.ADJUSTMENT, BALANCE, "adjustment"),
    ],
)
def test_the_type_may_be_named(option: NoteType, named: Disposition | None, type: str) -> None:
    plan = planned(command(total(50_00), options=ChargebeeOptions(type=option), **parts(named)), PARTLY)
    assert (form(plan)["type"], plan.expected.provider_type) == (type, type)


def test_the_amount_of_the_one_destination_is_the_whole_credit() -> None:
    part = DispositionPart(disposition=BALANCE, amount=money(20_00))
    assert form(planned(command(total(20_00), dispositions=(part,)), PARTLY))["total"] == "2000"
    for credit in (total(30_00), CreditRemaining()):
        error = refusal(command(credit, dispositions=(part,)), PARTLY)
        assert isinstance(error, InvalidInput)
        assert error.path == ("dispositions", "0", "amount")


@pytest.mark.parametrize(
    ("currency", "minor", "sent"), [("EUR", 1_53, "153"), ("JPY", 15, "15"), ("KWD", 1_530, "153"), ("XOF", 15, "15")]
)
def test_an_amount_is_sent_in_chargebees_units(currency: str, minor: int, sent: str) -> None:
    plan = planned(command(total(minor, currency)), bill(10**6, 0, currency=currency))
    assert form(plan)["total"] == sent
    assert plan.expected.total == money(minor, currency)


@given(
    currency=st.sampled_from(["EUR", "JPY", "KWD", "USD", "KRW"]),
    due=st.integers(0, 10**9),
    held=st.integers(0, 10**9),
    data=st.data(),
)
def test_what_is_sent_is_what_was_asked_and_never_more_than_one_part(
    currency: str, due: int, held: int, data: st.DataObject
) -> None:
    step = 10 if currency == "KWD" else 1
    invoice = bill(due * step, held * step, currency=currency)
    asked = data.draw(st.integers(1, due + held + 1)) * step
    named = data.draw(st.sampled_from([None, BALANCE, CREDIT]))
    try:
        plan = planned(command(total(asked, currency), **parts(named)), invoice)
    except (AmountTooHigh, Unsupported):
        room = {None: min(due, asked // step) if due else held, BALANCE: due, CREDIT: held}[named]
        assert asked > room * step
        return
    sent = form(plan)
    part = due if sent["type"] == "adjustment" else held
    assert int(sent["total"]) * step == asked <= part * step
    assert plan.expected.total == Money(asked, currency)


def test_without_an_invoice_the_customer_is_credited() -> None:
    plan = planned(command(total(25_00, "USD"), target=customer("USD"), **parts(CREDIT)), None)
    assert form(plan) == {"customer_id": "acme", "currency_code": "USD", "type": "refundable", "total": "2500"}
    assert plan.expected == Expected(currency="USD", total=money(25_00, "USD"), customer_id="acme", provider_type="refundable")


def test_an_invoice_nobody_has_read_is_not_credited() -> None:
    with pytest.raises(TypeError):
        planned(command(total(1)), None)

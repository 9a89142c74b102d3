"""What cannot be issued at Chargebee is refused before anything is sent: in which order, with which code, naming which input."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from app.domain.commands import CreditRemaining, DispositionPart
from app.domain.errors import AmountTooHigh, BadPayload, GatewayError, InvalidInput, Path, Unsupported, WrongState
from app.domain.invoice import Invoice
from app.domain.vocabulary import Disposition, ErrorCode, InvoiceStatus, Reason
from app.providers.chargebee.options import ChargebeeCreditNoteType as NoteType
from app.providers.chargebee.options import ChargebeeOptions
from tests.providers.chargebee import bill, command, customer, form, money, parts, planned, refusal, total
from tests.providers.readings import problems

PAID, PARTLY = bill(0, 119_00), bill(150_00, 50_00)
BALANCE, CREDIT = Disposition.INVOICE_BALANCE, Disposition.CUSTOMER_CREDIT
PAYMENT, EXTERNAL = Disposition.PAYMENT_REFUND, Disposition.EXTERNAL_REFUND


@pytest.mark.parametrize(
    ("named", "error", "path", "ability"),
    [
        ([BALANCE, CREDIT], Unsupported, ("dispositions",), CREDIT),
        ([Disposition.UNKNOWN], InvalidInput, ("dispositions",), None),
        ([CREDIT, CREDIT], InvalidInput, ("dispositions",), None),
        ([PAYMENT, BALANCE], Unsupported, ("dispositions",), PAYMENT),
        ([BALANCE, EXTERNAL], Unsupported, ("dispositions",), EXTERNAL),
        ([PAYMENT, EXTERNAL], Unsupported, ("dispositions",), EXTERNAL),
        ([PAYMENT, EXTERNAL, CREDIT], Unsupported, ("dispositions",), EXTERNAL),
        ([PAYMENT, CREDIT], InvalidInput, ("dispositions",), None),  # how much goes where is not said
    ],
)
def test_a_destination_chargebee_does_not_have_is_refused(
    named: list[Disposition], error: type[GatewayError], path: Path, ability: Disposition | None
) -> None:
    refused = refusal(command(total(1), **parts(*named)), PARTLY)
    assert type(refused) is error
    assert (refused.path, getattr(refused, "ability", None)) == (path, ability)


@pytest.mark.parametrize(
    ("option", "named"),
    [
        (NoteType.ADJUSTMENT, CREDIT),
        (NoteType.REFUNDABLE, BALANCE),
        (NoteType.STORE, BALANCE),
        (NoteType.STORE, PAYMENT),
        (NoteType.ADJUSTMENT, EXTERNAL),
    ],
)
def test_a_type_that_contradicts_the_destination_is_invalid(option: NoteType, named: Disposition) -> None:
    error = refusal(command(total(1), options=ChargebeeOptions(type=option), **parts(named)), PARTLY)
    assert isinstance(error, InvalidInput)
    assert error.path == ("options", "chargebee", "type")


def test_an_adjustment_of_a_paid_invoice_has_nothing_to_lower() -> None:
    error = refusal(command(total(1), options=ChargebeeOptions(type=NoteType.ADJUSTMENT)), PAID)
    assert isinstance(error, AmountTooHigh)
    assert error.maximum == money(0)


def test_a_destination_that_moves_no_payment_takes_none() -> None:
    part = DispositionPart(disposition=CREDIT, payment_id="txn_1")
    error = refusal(command(total(1), dispositions=(part,)), PARTLY)
    assert error.path == ("dispositions", "0", "paymentId")


@pytest.mark.parametrize("status", [InvoiceStatus.VOIDED, InvoiceStatus.DRAFT])
def test_a_void_or_pending_invoice_takes_no_note_whatever_else_is_wrong(status: InvoiceStatus) -> None:
    error = refusal(command(total(-1, "USD"), number="1"), bill(0, 0, status=status))
    assert isinstance(error, WrongState)
    assert (error.code, error.path) == (ErrorCode.INVOICE_NOT_CREDITABLE, ("against", "invoice"))


def test_currency_is_looked_at_before_what_is_supported() -> None:
    part = DispositionPart(disposition=BALANCE, amount=money(1, "JPY"))
    error = refusal(command(total(999_00, "USD"), number="1", dispositions=(part,)), PARTLY)
    found = [(one.code, one.path) for one in problems(error)]
    assert found == [
        (ErrorCode.CURRENCY_MISMATCH, ("credit", "total", "currency")),
        (ErrorCode.CURRENCY_MISMATCH, ("dispositions", "0", "amount", "currency")),
    ]


def test_what_is_not_supported_is_looked_at_before_the_amount() -> None:
    assert refusal(command(total(999_00), number="1"), PARTLY).path == ("number",)


def test_all_that_is_wrong_is_told_at_once() -> None:
    wrong = command(total(0), number="1", issued_on=date(2027, 1, 1), reason=Reason.DUPLICATE, **parts(BALANCE, CREDIT))
    paths = [one.path for one in problems(refusal(wrong, PARTLY))]
    assert sorted(paths, key=str) == [("credit", "total"), ("dispositions",), ("issuedOn",), ("number",), ("reason",)]


@pytest.mark.parametrize("minor", [0, -1])
def test_an_amount_of_nothing_or_less_is_invalid(minor: int) -> None:
    error = refusal(command(total(minor)), PARTLY)
    assert isinstance(error, InvalidInput)
    assert error.path == ("credit", "total")


LARGEST = 2**63 - 1


@pytest.mark.parametrize("bits", [64, 80, 300, 17_000])  # the last has more digits than Python makes text of
@pytest.mark.parametrize("invoice", [PARTLY, None])
def test_an_amount_beyond_64_bits_is_invalid(bits: int, invoice: Invoice | None) -> None:
    minor = 2 ** (bits - 1)
    place: dict[str, Any] = {} if invoice else {"target": customer()}
    assert refusal(command(total(minor), **place), invoice).path == ("credit", "total")
    part = DispositionPart(disposition=CREDIT, amount=money(minor))
    assert refusal(command(total(1), dispositions=(part,), **place), invoice).path == ("dispositions", "0", "amount")


def test_an_amount_of_64_bits_is_sent() -> None:
    assert form(planned(command(total(LARGEST), target=customer()), None))["total"] == str(LARGEST)


def test_an_amount_beyond_64_bits_only_in_chargebees_unit_is_invalid() -> None:
    error = refusal(command(total(LARGEST, "CLP"), target=customer("CLP")), None)
    assert error.path == ("credit", "total")


@pytest.mark.parametrize("target", ["invoice", "customer"])
def test_a_third_decimal_is_refused_where_chargebee_counts_two(target: str) -> None:
    given_total = total(1_531, "KWD")
    if target == "invoice":
        error = refusal(command(given_total), bill(10**6, 0, currency="KWD"))
    else:
        error = refusal(command(given_total, target=customer("KWD")), None)
    assert isinstance(error, InvalidInput)
    assert error.path == ("credit", "total")


@pytest.mark.parametrize(
    ("change", "error", "path"),
    [
        (parts(BALANCE), Unsupported, ("dispositions",)),
        (parts(PAYMENT), Unsupported, ("dispositions",)),
        (parts(EXTERNAL), Unsupported, ("dispositions",)),
        ({"target": customer(id="half \ud83d")}, InvalidInput, ("against", "customer", "providerId")),
        ({"options": ChargebeeOptions(type=NoteType.STORE)}, Unsupported, ("options", "chargebee", "type")),
        ({"options": ChargebeeOptions(type=NoteType.ADJUSTMENT)}, Unsupported, ("options", "chargebee", "type")),
        ({"credit": CreditRemaining()}, InvalidInput, ("credit", "remaining")),
        ({"credit": total(1, "USD")}, InvalidInput, ("credit", "total", "currency")),
        ({"target": customer(id="")}, InvalidInput, ("against", "customer", "providerId")),
        ({"target": customer(id="x" * 51)}, InvalidInput, ("against", "customer", "providerId")),
    ],
)
def test_what_needs_an_invoice_is_refused_without_one(change: dict[str, Any], error: type[GatewayError], path: Path) -> None:
    refused = refusal(replace(command(total(1), target=customer()), **change), None)
    assert (type(refused), refused.path) == (error, path)


def test_a_currency_that_is_none_is_refused() -> None:
    error = refusal(command(CreditRemaining(), target=customer("EUX")), None)
    assert error.path == ("against", "customer", "currency")


def test_an_invoice_whose_figures_contradict_each_other_is_not_credited() -> None:
    with pytest.raises(BadPayload, match="comes to more"):
        planned(command(total(1)), bill(1, 0, creditable=None, conflict="it comes to more than was billed"))


class Foreign:
    provider = "elsewhere"


def test_another_providers_options_are_refused() -> None:
    error = refusal(command(total(1), options=Foreign()), PARTLY)
    assert error.path == ("options",)

"""What a wanted note comes down to at vcita: what is refused, what is sent, what the answer has to say."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from app.domain.commands import (
    CreditLine,
    CreditLines,
    CreditRemaining,
    CreditTotal,
    CustomerTarget,
    DispositionPart,
    IssueCreditNote,
)
from app.domain.credit_note import Ref
from app.domain.errors import (
    AmountTooHigh,
    BadPayload,
    GatewayError,
    InvalidInput,
    InvalidInputs,
    Unsupported,
    WrongState,
)
from app.domain.money import Money
from app.domain.plans import Expected, WritePlan
from app.domain.vocabulary import Disposition, ErrorCode, InvoiceStatus, IssueField, Reason
from app.providers.vcita import SPEC, wire
from app.providers.vcita.issuing import issue_plan, notes_text
from app.providers.vcita.options import VcitaOptions
from tests.providers.readings import refusal_of
from tests.providers.vcita import ACCOUNT, INVOICE_ID, command, euro, invoice, line, settings, tax

PLAIN = invoice(line(80_00, tax("19", 15_20), id="itm1", quantity="2"), line(20_00, tax("19", 3_80), id="itm2"))


def body(plan: WritePlan) -> dict[str, Any]:
    """What is sent, with exact numbers."""
    stored = msgspec.json.decode(plan.request, type=wire.StoredCall)
    assert (stored.path, stored.invoice_uid) == ("/v3/payments/credit_notes", INVOICE_ID)
    sent: dict[str, Any] = msgspec.json.Decoder(float_hook=Decimal).decode(stored.body)
    return sent


def refusal(wanted: IssueCreditNote, against: Any = PLAIN, **account: Any) -> GatewayError:
    return refusal_of(issue_plan, wanted, against, settings(**account))


def total(minor: int, **more: Any) -> IssueCreditNote:
    return command(CreditTotal(total=euro(minor)), **more)


def test_an_amount_becomes_one_line_with_the_tax_that_lies_in_it() -> None:
    plan = issue_plan(total(100_00, reason=Reason.WAIVER, reason_text="goodwill"), PLAIN, settings())
    assert body(plan) == {
        "invoice_uid": INVOICE_ID,
        "line_items": [
            {
                "name": "Credit for invoice 1001",
                "quantity": 1,
                "unit_amount": Decimal("84.03"),
                "taxes": [{"name": "VAT", "rate": 19, "tax_total": Decimal("15.97")}],
            }
        ],
        "notes": "Waiver: goodwill",
    }
    assert plan.expected == Expected(
        currency="EUR",
        total=euro(100_00),
        net=euro(84_03),
        invoice_id=INVOICE_ID,
        reason_text="Waiver: goodwill",
        descriptions=("Credit for invoice 1001",),
    )


def test_everything_that_can_be_asked_is_sent_and_nothing_else() -> None:
    wanted = total(1_00, number="CN-7", notify_customer=False, options=VcitaOptions(source_payment_uid="pay1"))
    sent = body(issue_plan(wanted, PLAIN, settings()))
    assert {name: sent[name] for name in sent if name not in {"invoice_uid", "line_items"}} == {
        "unique_number": "CN-7",
        "source_payment_uid": "pay1",
        "notify_recipient": False,
    }
    assert set(body(issue_plan(total(1_00), PLAIN, settings()))) == {"invoice_uid", "line_items"}
    assert body(issue_plan(total(1_00, notify_customer=True), PLAIN, settings()))["notify_recipient"] is True


@pytest.mark.parametrize(
    ("reason", "text", "notes"),
    [
        (Reason.ORDER_CHANGE, None, "Order change"),
        (Reason.ORDER_CHANGE, "two less", "Order change: two less"),
        (Reason.OTHER, "a favour", "a favour"),
        (Reason.OTHER, None, "Other"),
        (Reason.UNSPECIFIED, "a favour", "a favour"),
        (Reason.UNSPECIFIED, None, None),
        (Reason.UNSPECIFIED, "  ", None),
        (Reason.WRITE_OFF, "", "Write off"),
    ],
)
def test_the_reason_goes_into_the_text(reason: Reason, text: str | None, notes: str | None) -> None:
    assert notes_text(reason, text) == notes


@pytest.mark.parametrize(("reason", "longest"), [(Reason.UNSPECIFIED, 200), (Reason.WAIVER, 192)])
def test_the_text_with_its_label_has_two_hundred_characters(reason: Reason, longest: int) -> None:
    issue_plan(total(1_00, reason=reason, reason_text="x" * longest), PLAIN, settings())
    error = refusal(total(1_00, reason=reason, reason_text="x" * (longest + 1)))
    assert (type(error), error.path) == (InvalidInput, ("reasonText",))


def test_remaining_is_all_that_is_left() -> None:
    plan = issue_plan(command(CreditRemaining()), invoice(*PLAIN.lines, left=19_00), settings())
    assert (plan.expected.total, plan.expected.net) == (euro(19_00), euro(15_97))


def test_a_paid_invoice_can_be_credited() -> None:
    assert issue_plan(total(119_00), invoice(*PLAIN.lines, status=InvoiceStatus.PAID), settings()).expected.total == euro(119_00)


@pytest.mark.parametrize("status", [InvoiceStatus.DRAFT, InvoiceStatus.VOIDED])
def test_a_draft_or_cancelled_invoice_takes_no_note_whatever_else_is_wrong(status: InvoiceStatus) -> None:
    wanted = command(CreditTotal(total=Money(-1, "USD")), dispositions=(DispositionPart(disposition=Disposition.CUSTOMER_CREDIT),))
    error = refusal(wanted, invoice(*PLAIN.lines, left=0, status=status))
    assert (type(error), error.code, error.path) == (WrongState, ErrorCode.INVOICE_NOT_CREDITABLE, ("against", "invoice"))


def test_the_currency_is_looked_at_before_what_is_supported() -> None:
    wanted = command(CreditTotal(total=Money(1, "USD")), customer_note="hello")
    error = refusal(wanted)
    assert (error.code, error.path) == (ErrorCode.CURRENCY_MISMATCH, ("credit", "total", "currency"))


def test_what_is_supported_is_looked_at_before_the_amount() -> None:
    assert isinstance(refusal(total(10**9, customer_note="hello")), Unsupported)


@pytest.mark.parametrize("disposition", [one for one in Disposition if one is not Disposition.UNKNOWN])
def test_no_note_is_tied_to_a_part(disposition: Disposition) -> None:
    error = refusal(total(1_00, dispositions=(DispositionPart(disposition=disposition, payment_id="pay1"),)))
    assert isinstance(error, Unsupported)
    assert (error.path, error.ability) == (("dispositions",), disposition)


@pytest.mark.parametrize(
    ("members", "kind", "path"),
    [
        ({"issued_on": date(2026, 1, 1)}, Unsupported, ("issuedOn",)),
        ({"customer_note": "hello"}, Unsupported, ("customerNote",)),
        ({"internal_note": "hello"}, Unsupported, ("internalNote",)),
        ({"number": " "}, InvalidInput, ("number",)),
        ({"options": VcitaOptions(source_payment_uid="")}, InvalidInput, ("options", "vcita", "sourcePaymentUid")),
        ({"dispositions": (DispositionPart(disposition=Disposition.UNKNOWN),)}, InvalidInput, ("dispositions", "0", "disposition")),
    ],
)
def test_what_vcita_cannot_take_is_refused_by_name(
    members: dict[str, Any], kind: type[GatewayError], path: tuple[str, ...]
) -> None:
    error = refusal(total(1_00, **members))
    assert (type(error), error.path) == (kind, path)


def test_a_source_payment_needs_the_accounts_word() -> None:
    wanted = total(1_00, options=VcitaOptions(source_payment_uid="pay1"))
    assert wanted.options is not None
    assert wanted.options.provider == SPEC.name
    assert SPEC.switches["source_payment"][0] == "unset"
    error = refusal(wanted, source_payment="unset")
    assert (type(error), error.path) == (Unsupported, ("options", "vcita", "sourcePaymentUid"))
    assert issue_plan(total(1_00, options=VcitaOptions()), PLAIN, settings(source_payment="unset"))


def test_options_of_another_provider_are_refused() -> None:
    class Others:
        provider = "elsewhere"

    error = refusal(total(1_00, options=Others()))
    assert (type(error), error.path) == (InvalidInput, ("options",))


def test_a_customer_alone_cannot_be_credited() -> None:
    wanted = IssueCreditNote(
        key="k",
        target=CustomerTarget(customer=Ref(ACCOUNT, "client1"), currency="EUR"),
        credit=CreditTotal(total=euro(1)),
        reason=Reason.OTHER,
    )
    error = refusal(wanted, None)
    assert isinstance(error, Unsupported)
    assert (error.path, error.ability) == (("against", "customer"), IssueField.WITHOUT_INVOICE)


def test_several_problems_are_told_at_once() -> None:
    error = refusal(total(0, customer_note="a", internal_note="b", number=""))
    assert isinstance(error, InvalidInputs)
    assert [problem.path for problem in error.problems] == [("customerNote",), ("internalNote",), ("number",), ("credit", "total")]


@pytest.mark.parametrize("minor", [0, -1])
def test_an_amount_must_be_above_zero(minor: int) -> None:
    error = refusal(total(minor))
    assert (type(error), error.path) == (InvalidInput, ("credit", "total"))


@pytest.mark.parametrize(
    ("credit", "left", "requested", "path"),
    [
        (CreditTotal(total=euro(119_01)), 119_00, euro(119_01), ("credit", "total")),
        (CreditTotal(total=euro(1)), 0, euro(1), ("credit", "total")),
        (CreditRemaining(), 0, None, ("credit", "remaining")),
        (CreditLines(lines=(CreditLine(invoice_line_item_id="itm1"),)), 95_19, euro(95_20), ("credit", "lineItems")),
    ],
)
def test_more_than_is_left_is_refused_with_the_maximum(
    credit: Any, left: int, requested: Money | None, path: tuple[str, ...]
) -> None:
    error = refusal(command(credit), invoice(*PLAIN.lines, left=left))
    assert isinstance(error, AmountTooHigh)
    assert (error.requested, error.maximum, error.path) == (requested, euro(left), path)


def test_contradicting_figures_are_nobodys_ground_for_a_note() -> None:
    assert isinstance(refusal(total(1_00), invoice(*PLAIN.lines, creditable=None, conflict="two currencies")), BadPayload)


def test_without_lines_no_tax_is_invented() -> None:
    assert isinstance(refusal(total(1_00), invoice(line(0), left=100_00)), BadPayload)
    assert isinstance(refusal(total(1_00), replace(PLAIN, lines=())), BadPayload)


def test_what_is_declared_is_what_is_honoured() -> None:
    assert SPEC.capabilities.issue_fields == {
        IssueField.LINE_ITEMS, IssueField.TAXES, IssueField.REASON_TEXT, IssueField.NUMBER, IssueField.NOTIFY_CUSTOMER,
    }  # fmt: skip
    assert SPEC.capabilities.dispositions == frozenset()
    assert SPEC.capabilities.reasons == frozenset(Reason)
    for reason in Reason:
        assert issue_plan(total(1_00, reason=reason), PLAIN, settings())

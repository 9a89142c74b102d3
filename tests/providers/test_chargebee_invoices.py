"""Chargebee's invoices in our words: status, payments, lines, and what may still be credited by the published rules."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.errors import BadPayload
from app.domain.invoice import Invoice
from app.domain.money import Money
from app.domain.vocabulary import InvoiceStatus
from app.providers.chargebee import invoices, mapping, wire
from tests.providers.chargebee import ACCOUNT, reply
from tests.providers.readings import left


def told(**members: Any) -> dict[str, Any]:
    """The recorded invoice with other members; None leaves one out, as Chargebee does."""
    invoice = {**reply("issued")["body"]["invoice"], **members}
    return {name: value for name, value in invoice.items() if value is not None}


def figures(**members: Any) -> dict[str, Any]:
    """An invoice of 200.00, nothing paid or credited, with other members."""
    nothing = {
        "amount_paid": 0,
        "amount_due": 200_00,
        "amount_to_collect": 200_00,
        "linked_payments": [],
        "adjustment_credit_notes": [],
    }
    return told(**{**nothing, **members})


def read(invoice: dict[str, Any], *note_ids: str) -> Invoice:
    said = mapping.decoded(msgspec.json.encode(invoice), wire.Invoice, ACCOUNT)
    return invoices.invoice(said, account=ACCOUNT, note_ids=note_ids)


def payment(amount: int, status: str | None = "success", *, transaction: int | None = None) -> dict[str, Any]:
    row = {"txn_id": "txn_9", "applied_amount": amount, "applied_at": 1793800000, "txn_status": status, "txn_amount": transaction}
    return {name: value for name, value in row.items() if value is not None}


def entry(total: int | None, status: str = "refund_due", id: str = "CN-1") -> dict[str, Any]:
    row = {"cn_id": id, "cn_total": total, "cn_status": status}
    return {name: value for name, value in row.items() if value is not None}


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("paid", InvoiceStatus.PAID),
        ("posted", InvoiceStatus.OPEN),
        ("payment_due", InvoiceStatus.OPEN),
        ("not_paid", InvoiceStatus.OPEN),
        ("voided", InvoiceStatus.VOIDED),
        ("pending", InvoiceStatus.DRAFT),
        ("frozen", InvoiceStatus.UNKNOWN),
    ],
)
def test_every_published_status_has_ours(word: str, status: InvoiceStatus) -> None:
    invoice = read(figures(status=word))
    assert (invoice.status, invoice.provider_status) == (status, word)


@pytest.mark.parametrize("word", ["posted", "payment_due", "not_paid"])
def test_an_invoice_with_something_paid_and_something_due_is_partly_paid(word: str) -> None:
    paid = {"status": word, "amount_paid": 50_00, "amount_due": 150_00, "amount_to_collect": 150_00}
    assert read(figures(**paid)).status is InvoiceStatus.PARTIALLY_PAID


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({}, (200_00, 0, 200_00)),
        ({"amount_paid": 200_00, "amount_due": 0, "amount_to_collect": 0}, (0, 200_00, 200_00)),
        ({"amount_paid": 50_00, "amount_due": 150_00, "amount_to_collect": 150_00}, (150_00, 50_00, 200_00)),
        # Money on its way is neither owed nor refundable yet.
        ({"amount_to_collect": 120_00, "linked_payments": [payment(80_00, "in_progress")]}, (120_00, 0, 120_00)),
        ({"amount_to_collect": None, "linked_payments": [payment(80_00, "in_progress")]}, (120_00, 0, 120_00)),
        ({"amount_to_collect": None, "linked_payments": [payment(80_00, "in_progress", transaction=90_00)]}, (110_00, 0, 110_00)),
        # Credits and withheld taxes count as paid.
        ({"credits_applied": 30_00, "amount_due": 170_00, "amount_to_collect": 170_00}, (170_00, 30_00, 200_00)),
        (
            {"linked_taxes_withheld": [{"id": "tax_wh_1", "amount": 20_00}], "amount_due": 180_00, "amount_to_collect": 180_00},
            (180_00, 20_00, 200_00),
        ),
        # Notes that stand lower what is left, voided ones do not.
        (
            {"amount_paid": 200_00, "amount_due": 0, "amount_to_collect": 0, "issued_credit_notes": [entry(30_00), entry(20_00, "refunded")]},
            (0, 150_00, 150_00),
        ),
        ({"amount_paid": 200_00, "amount_due": 0, "amount_to_collect": 0, "issued_credit_notes": [entry(30_00, "voided")]}, (0, 200_00, 200_00)),
        ({"adjustment_credit_notes": [entry(40_00, "adjusted")], "amount_due": 160_00, "amount_to_collect": 160_00}, (160_00, 0, 160_00)),
        # More was credited than is paid now, as after a payment was reversed.
        ({"issued_credit_notes": [entry(30_00)]}, (200_00, 0, 200_00)),
        ({"status": "voided"}, (0, 0, 0)),
        ({"status": "pending"}, (0, 0, 0)),
    ],
)  # fmt: skip
def test_what_may_still_be_credited_follows_the_published_rule(members: dict[str, Any], expected: tuple[int, int, int]) -> None:
    invoice = read(figures(**members))
    assert left(invoice) == expected
    assert invoice.creditable is not None
    assert (invoice.creditable.exact, invoice.conflict) == (True, None)


def test_the_rule_is_not_published_for_a_state_that_is_not() -> None:
    balance = read(figures(status="frozen")).creditable
    assert balance is not None
    assert not balance.exact


@pytest.mark.parametrize(
    "members",
    [
        {"amount_paid": None},
        {"amount_due": None, "amount_to_collect": None},
        {"issued_credit_notes": [entry(None)]},
        {"amount_paid": 500_00, "amount_due": 0, "amount_to_collect": 0},  # one transaction that paid several invoices
        {"amount_paid": 1},
    ],
)
def test_figures_that_are_missing_or_contradict_each_other_give_no_balance(members: dict[str, Any]) -> None:
    invoice = read(figures(**members))
    assert invoice.creditable is None
    assert invoice.conflict


@given(due=st.integers(0, 10**12), paid=st.integers(0, 10**12), data=st.data())
def test_the_parts_add_up_and_never_exceed_what_was_billed(due: int, paid: int, data: st.DataObject) -> None:
    adjusted, issued = data.draw(st.integers(0, 10**12)), data.draw(st.integers(0, paid))
    invoice = read(
        figures(
            total=due + paid + adjusted, amount_due=due, amount_to_collect=due, amount_paid=paid,
            adjustment_credit_notes=[entry(adjusted, "adjusted")], issued_credit_notes=[entry(issued)],
        )
    )  # fmt: skip
    adjustable, refundable, total = left(invoice)
    assert (adjustable, refundable) == (due, paid - issued)
    assert total == adjustable + refundable == invoice.total.minor - adjusted - issued


@pytest.mark.parametrize(("currency", "minor"), [("EUR", 200_00), ("JPY", 200_00), ("KWD", 200_000)])
def test_figures_count_as_chargebee_counts(currency: str, minor: int) -> None:
    lines: dict[str, Any] = {"line_items": [], "line_item_taxes": []}
    invoice = read(figures(currency_code=currency, **lines))
    assert invoice.total == Money(minor, currency)
    assert left(invoice) == (minor, 0, minor)


def test_money_that_has_not_come_is_no_payment() -> None:
    statuses = ["in_progress", "voided", "failure", "timeout", "needs_attention", "late_failure", "success", None]
    invoice = read(figures(linked_payments=[payment(10_00 + index, status) for index, status in enumerate(statuses)]))
    assert invoice.payments is not None
    assert [one.amount.minor for one in invoice.payments] == [10_06, 10_07]


def test_a_payment_is_this_invoices_part_of_the_transaction() -> None:
    (one,) = read(figures(linked_payments=[payment(50_00, transaction=80_00)])).payments or ()
    assert (one.provider_id, one.amount, one.refundable) == ("txn_9", Money(50_00, "EUR"), None)


def test_every_note_is_named_once_wherever_it_was_found() -> None:
    members = {"adjustment_credit_notes": [entry(1, "voided", "CN-1")], "issued_credit_notes": [entry(1, "refunded", "CN-2")]}
    assert read(figures(**members), "CN-2", "CN-3").note_ids == ("CN-1", "CN-2", "CN-3")


def test_lines_carry_what_is_needed_to_credit_them() -> None:
    line = {**told()["line_items"][0], "discount_amount": 7_00, "quantity": 3}
    (read_line,) = read(told(line_items=[line])).lines
    assert (read_line.provider_id, read_line.quantity, read_line.net) == ("li_inv_1", Decimal(3), Money(161_07, "EUR"))
    (tax,) = read_line.taxes
    assert (tax.name, tax.rate, tax.amount) == ("VAT", Decimal(19), Money(31_93, "EUR"))


def test_a_line_may_tell_its_tax_in_one_sum() -> None:
    (line,) = read(told(line_item_taxes=[])).lines
    assert [(tax.rate, tax.amount.minor) for tax in line.taxes] == [(Decimal(19), 31_93)]


def test_lines_of_which_only_a_part_was_sent_are_not_taken_for_all() -> None:
    assert read(told(line_items_next_offset="2")).lines == ()


@pytest.mark.parametrize(("word", "inclusive"), [("tax_inclusive", True), ("tax_exclusive", False)])
def test_whether_prices_include_tax_is_told(word: str, *, inclusive: bool) -> None:
    assert read(told(price_type=word)).tax_inclusive is inclusive


def test_words_nobody_has_published_are_told() -> None:
    raw = msgspec.json.encode(told(status="frozen", linked_payments=[payment(1, "rerouted")]))
    said = mapping.decoded(raw, wire.Invoice, ACCOUNT)
    assert list(invoices.unknown_words(said)) == [("invoice status", "frozen"), ("payment txn_status", "rerouted")]


@pytest.mark.parametrize("members", [{"total": None}, {"currency_code": "EUX"}, {"amount_due": "1"}, {"date": 10**18}])
def test_an_invoice_that_cannot_be_read_exactly_is_a_bad_payload(members: dict[str, Any]) -> None:
    with pytest.raises(BadPayload):
        read(told(**members))

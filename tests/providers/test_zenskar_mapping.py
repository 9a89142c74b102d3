"""Zenskar's notes and lines as domain values."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.credit_note import CreditNote
from app.domain.errors import BadPayload
from app.domain.money import Money
from app.domain.vocabulary import Disposition, RefundStatus, Settlement, Status
from app.providers.zenskar import mapping, wire
from tests.providers.zenskar import ACCOUNT, CUSTOMER_ID, INVOICE_ID, expected, reply


def read(meaning: str = "found", **members: Any) -> CreditNote:
    """The note of a reply, with some of its members changed."""
    return mapping.credit_note(ACCOUNT, json.dumps({**reply(meaning)["body"], **members}, separators=(",", ":")).encode())


@pytest.mark.parametrize("meaning", ["found", "issued"])
def test_a_note_is_read_whole(meaning: str) -> None:
    assert json.loads(msgspec.json.encode(read(meaning))) == expected(meaning)


STATES = [
    ("in_progress", "original_payment_method", Status.PENDING, Settlement.UNSETTLED, RefundStatus.PENDING),
    ("in_progress", "external_payment", Status.PENDING, Settlement.UNSETTLED, RefundStatus.PENDING),
    ("issued", "invoice_adjusted", Status.ISSUED, Settlement.SETTLED, RefundStatus.UNKNOWN),
    ("issued", "credits", Status.ISSUED, Settlement.UNSETTLED, RefundStatus.UNKNOWN),
    ("issued", "credits_against_payment", Status.ISSUED, Settlement.UNSETTLED, RefundStatus.UNKNOWN),
    ("issued", "external_payment", Status.ISSUED, Settlement.UNSETTLED, RefundStatus.UNKNOWN),
    ("issued", "gift_card", Status.ISSUED, Settlement.UNKNOWN, RefundStatus.UNKNOWN),
    ("paid", "original_payment_method", Status.ISSUED, Settlement.SETTLED, RefundStatus.UNKNOWN),
    ("paid", "invoice_adjusted", Status.ISSUED, Settlement.SETTLED, RefundStatus.UNKNOWN),
    ("void", "credits", Status.VOIDED, Settlement.UNKNOWN, RefundStatus.UNKNOWN),
    ("under_review", "credits", Status.UNKNOWN, Settlement.UNKNOWN, RefundStatus.UNKNOWN),
]


@pytest.mark.parametrize(("status", "method", "read_status", "settlement", "refund"), STATES)
def test_a_state_is_read_as_the_mapping_decides(
    status: str, method: str, read_status: Status, settlement: Settlement, refund: RefundStatus
) -> None:
    note = read(status=status, repayment_method=method)
    assert (note.status, note.settlement, note.refund_status) == (read_status, settlement, refund)
    assert (note.provider_values.status, note.provider_values.disposition) == (status, method)


def test_what_was_refunded_is_never_the_notes_total() -> None:
    assert read(status="paid", repayment_method="original_payment_method").refunded is None
    assert read(status="paid", repayment_method="original_payment_method", credits_returned=None).allocations == ()


@pytest.mark.parametrize(
    ("method", "disposition"),
    [
        ("credits", Disposition.CUSTOMER_CREDIT),
        ("credits_against_payment", Disposition.CUSTOMER_CREDIT),
        ("external_payment", Disposition.EXTERNAL_REFUND),
        ("invoice_adjusted", Disposition.INVOICE_BALANCE),
        ("original_payment_method", Disposition.PAYMENT_REFUND),
        ("gift_card", Disposition.UNKNOWN),
    ],
)
def test_where_the_value_went_is_told_by_the_repayment_method(method: str, disposition: Disposition) -> None:
    assert read(repayment_method=method).dispositions == (disposition,)


@pytest.mark.parametrize(("currency", "minor", "major"), [("eur", 2510, "25.10"), ("JPY", 1500, "1500"), ("kwd", 12345, "12.345")])
def test_amounts_count_the_smallest_unit_of_any_currency(currency: str, minor: int, major: str) -> None:
    note = read(currency=currency, amount=minor)
    assert note.total == Money(minor, currency.upper())
    assert note.total.major == Decimal(major)


@given(st.integers(min_value=0, max_value=10**38))
def test_no_amount_is_rounded(minor: int) -> None:
    assert read(amount=minor).total.minor == minor


def test_credits_given_back_are_an_allocation_while_the_note_stands() -> None:
    (allocation,) = read(credits_returned=1000).allocations
    assert (allocation.disposition, allocation.amount) == (Disposition.CUSTOMER_CREDIT, Money(1000, "EUR"))
    assert read(credits_returned=0).allocations == ()
    assert read(credits_returned=1000, status="void").allocations == ()


def test_an_instant_is_shown_in_utc_and_dates_the_note() -> None:
    note = read(created_at="2026-11-08T23:30:00-02:00")
    assert note.issued_at == note.created_at == datetime(2026, 11, 9, 1, 30, tzinfo=UTC)
    assert note.issued_at.tzinfo is UTC
    assert note.issued_on == date(2026, 11, 9)


def test_optional_members_may_be_null_or_absent() -> None:
    note = read(customer=None, invoice=None, credit_note_number=None, custom_data=None)
    assert note.customer is not None
    assert (note.customer.provider_id, note.customer.name) == (CUSTOMER_ID, None)
    assert (note.invoice_id, note.invoice_external_id, note.number, note.custom_fields) == (INVOICE_ID, None, None, None)
    assert read(invoice_id=None).invoice_id == INVOICE_ID
    assert read(invoice_id=None, invoice=None).invoice_id is None


def test_the_providers_object_is_kept_as_received() -> None:
    body = b'{ "id":"x","amount":1 , "currency":"EUR","customer_id":"c","status":"issued","repayment_method":"credits",'
    body += b'"line_items_url":"/l","created_at":"2026-11-08T09:30:00Z","custom_data":{"b":1.10,"a":[2]},"new":1e400}'
    note = mapping.credit_note(ACCOUNT, body)
    assert note.raw == body
    assert note.custom_fields == b'{"b":1.10,"a":[2]}'


@pytest.mark.parametrize(
    "members",
    [
        {"amount": "2510"},
        {"amount": 25.1},
        {"amount": None},
        {"currency": "XXX"},
        {"currency": "euros"},
        {"created_at": "2026-11-08T09:30:00"},
        {"created_at": "0001-01-01T00:00:00+14:00"},
        {"id": None},
        {"status": 3},
        {"line_items_url": None},
    ],
)
def test_a_note_that_is_none_is_bad_payload(members: dict[str, Any]) -> None:
    with pytest.raises(BadPayload) as caught:
        read(**members)
    assert caught.value.account == ACCOUNT


def lines(body: object, note: CreditNote | None = None) -> list[tuple[str | None, int, Decimal | None]]:
    """What is read of lines served like this."""
    found: wire.Lines = msgspec.json.decode(msgspec.json.encode(body), type=list[wire.Line] | wire.LinesNamed)
    return [(line.description, line.amount.minor, line.quantity) for line in mapping.line_items(note or read(), found)]


ONE = {"name": "Credit", "amount": 2510, "currency": "eur"}


@pytest.mark.parametrize("shape", [[ONE], {"lines": [ONE]}, {"line_items": [ONE]}, {"results": [ONE], "next": None}])
def test_lines_are_read_from_any_shape_they_may_have(shape: object) -> None:
    assert lines(shape) == [("Credit", 2510, None)]


def test_a_line_of_an_invoices_shape_is_in_major_units() -> None:
    line = {"name": "Plan", "quantity": {"value": 2, "unit": "seat"}, "subtotal": {"value": 7.1, "unit": "EUR", "display": "7.10"}}
    assert lines([line]) == [("Plan", 710, Decimal(2))]
    assert lines([{"description": "Plan", "quantity": 1, "amount": {"value": "7.10"}}]) == [("Plan", 710, Decimal(1))]


@pytest.mark.parametrize(
    "shape",
    [
        {},
        {"lines": None},
        [{"name": "without an amount"}],
        [{"amount": 2511}],
        [{"amount": 1, "currency": "USD"}],
        [{"subtotal": {"value": "1.001"}}],
        [{"amount": 1, "quantity": "NaN"}],
    ],
)
def test_lines_that_cannot_be_this_notes_are_bad_payload(shape: object) -> None:
    with pytest.raises(BadPayload):
        lines(shape)

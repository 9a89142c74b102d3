"""Chargebee's notes in our words: the published statuses, amounts by Chargebee's own rule, nothing guessed."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any

import msgspec
import pytest

from app.domain.errors import BadPayload
from app.domain.money import Money
from app.domain.vocabulary import Disposition, RefundStatus, Settlement, Status
from app.providers.chargebee import mapping, uses, wire
from tests.providers.chargebee import ACCOUNT, expected, reply
from tests.providers.chargebee.noted import gone, read, told

ISSUED, VOIDED, DELETED = Status.ISSUED, Status.VOIDED, Status.DELETED
CREDIT, BALANCE, OTHER = Disposition.CUSTOMER_CREDIT, Disposition.INVOICE_BALANCE, Disposition.UNKNOWN


def unused(**members: Any) -> dict[str, Any]:
    """A note of which nothing was used."""
    return told(amount_allocated=0, amount_refunded=0, amount_available=119_00, linked_refunds=[], allocations=[], **members)


def test_the_found_note_becomes_the_expected_one() -> None:
    note = read(reply("found")["body"]["list"][0]["credit_note"])
    assert json.loads(msgspec.json.encode(note)) == expected("found")


def test_the_issued_note_becomes_the_expected_one() -> None:
    note = read(reply("issued")["body"]["credit_note"])
    assert json.loads(msgspec.json.encode(note)) == expected("issued")


@pytest.mark.parametrize(
    ("members", "status", "settlement"),
    [
        ({"type": "adjustment", "status": "adjusted"}, ISSUED, Settlement.SETTLED),
        ({"status": "refunded"}, ISSUED, Settlement.SETTLED),
        ({"status": "refund_due"}, ISSUED, Settlement.PARTIALLY_SETTLED),
        ({"status": "voided"}, VOIDED, Settlement.UNKNOWN),
        ({"status": "refund_due", "deleted": True}, DELETED, Settlement.UNKNOWN),
        ({"status": "voided", "deleted": True}, DELETED, Settlement.UNKNOWN),
        ({"status": "partially_refunded"}, Status.UNKNOWN, Settlement.UNKNOWN),
    ],
)
def test_every_published_status_is_told_and_any_other_is_unknown(
    members: dict[str, Any], status: Status, settlement: Settlement
) -> None:
    note = read(told(**members))
    assert (note.status, note.settlement) == (status, settlement)
    assert note.provider_values.status == members["status"]


def test_the_tables_hold_every_published_word() -> None:
    assert set(mapping.STATUS) == {"adjusted", "refund_due", "refunded", "voided"}
    assert set(uses.DISPOSITION) == {"adjustment", "refundable", "store"}
    assert len(uses.REFUND) == 7
    assert len(mapping.REASON) == 12


@pytest.mark.parametrize(
    ("amounts", "settlement"),
    [
        ({}, Settlement.UNSETTLED),
        ({"amount_allocated": 1, "amount_available": 118_99}, Settlement.PARTIALLY_SETTLED),
        ({"amount_refunded": 1, "amount_available": 118_99}, Settlement.PARTIALLY_SETTLED),
        ({"amount_available": 69_00}, Settlement.PARTIALLY_SETTLED),  # a refund under way that amount_refunded does not count
        ({"amount_available": None}, Settlement.UNSETTLED),
    ],
)
def test_a_note_that_is_due_is_settled_as_far_as_its_amounts_say(amounts: dict[str, Any], settlement: Settlement) -> None:
    note = {name: value for name, value in {**unused(), **amounts}.items() if value is not None}
    assert read(note).settlement is settlement


@pytest.mark.parametrize(
    ("statuses", "refunded", "expected_status", "word"),
    [
        ([], 0, RefundStatus.NONE, None),
        ([], 50_00, RefundStatus.SUCCEEDED, None),
        (["success"], 50_00, RefundStatus.SUCCEEDED, "success"),
        (["in_progress"], 0, RefundStatus.PENDING, "in_progress"),
        (["success", "in_progress"], 50_00, RefundStatus.PENDING, "in_progress"),
        (["failure"], 0, RefundStatus.FAILED, "failure"),
        (["timeout"], 0, RefundStatus.FAILED, "timeout"),
        (["late_failure"], 0, RefundStatus.FAILED, "late_failure"),
        (["failure", "success"], 50_00, RefundStatus.SUCCEEDED, "success"),
        (["voided"], 0, RefundStatus.NONE, "voided"),
        (["needs_attention"], 0, RefundStatus.UNKNOWN, "needs_attention"),
        (["success", "rerouted"], 50_00, RefundStatus.UNKNOWN, "rerouted"),
        ([None], 50_00, RefundStatus.UNKNOWN, None),
    ],
)
def test_whether_money_went_back_is_read_from_the_refunds(
    statuses: list[str | None], refunded: int, expected_status: RefundStatus, word: str | None
) -> None:
    note = read(told(status="refunded", amount_refunded=refunded, linked_refunds=[gone(50_00, status) for status in statuses]))
    assert (note.refund_status, note.provider_values.refund_status) == (expected_status, word)


def test_the_word_refunded_alone_says_nothing_of_money() -> None:
    note = read(told(status="refunded", amount_allocated=119_00, amount_refunded=0, amount_available=0, linked_refunds=[]))
    assert (note.refund_status, note.settlement) == (RefundStatus.NONE, Settlement.SETTLED)


@pytest.mark.parametrize(
    ("members", "dispositions"),
    [
        ({"type": "adjustment", "linked_refunds": []}, (BALANCE,)),
        ({"type": "refundable", "linked_refunds": []}, (CREDIT,)),
        ({"type": "store", "linked_refunds": []}, (CREDIT,)),
        ({"type": "refundable", "linked_refunds": [gone(50_00, "success")]}, (CREDIT, OTHER)),
        ({"type": "refundable", "linked_refunds": [gone(50_00, "failure")]}, (CREDIT,)),
        ({"type": "gift", "linked_refunds": [gone(50_00, "success")]}, (OTHER,)),
    ],
)
def test_the_type_says_where_the_value_goes_and_a_refund_stands_beside_it(
    members: dict[str, Any], dispositions: tuple[Disposition, ...]
) -> None:
    assert read(told(**members)).dispositions == dispositions


def test_every_part_of_the_value_that_went_somewhere_is_an_allocation() -> None:
    used, refunded = read(told()).allocations
    assert (used.disposition, used.invoice_id, used.amount) == (BALANCE, "INV-2090", Money(20_00, "EUR"))
    assert (refunded.disposition, refunded.refund_id, refunded.status) == (OTHER, "txn_1", RefundStatus.SUCCEEDED)


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ({}, []),
        ({"status": "draft"}, [("credit note status", "draft")]),
        ({"type": "gift"}, [("credit note type", "gift")]),
        ({"reason_code": "whim"}, [("credit note reason_code", "whim")]),
        ({"linked_refunds": [gone(50_00, "rerouted")]}, [("refund txn_status", "rerouted")]),
    ],
)
def test_words_nobody_has_published_are_told(members: dict[str, Any], words: list[tuple[str, str]]) -> None:
    said = mapping.decoded(msgspec.json.encode(told(**members)), wire.CreditNote, ACCOUNT)
    assert list(mapping.unknown_words(said)) == words


def test_what_a_voided_note_shows_as_available_is_not_available() -> None:
    assert read(unused(status="voided")).remaining is None
    assert read(unused(deleted=True)).remaining is None
    assert read(unused()).remaining == Money(119_00, "EUR")


def test_what_is_left_out_is_not_told() -> None:
    absent = ("notes", "line_items", "taxes", "discounts", "amount_refunded", "generated_at", "updated_at", "reference_invoice_id")
    note = read(told(**dict.fromkeys(absent)))
    shown = (
        note.customer_note,
        note.line_items,
        note.taxes,
        note.tax,
        note.discount,
        note.refunded,
        note.created_at,
        note.updated_at,
    )
    assert shown == (None,) * 8
    assert note.invoice_id is None


def test_lines_of_which_only_a_part_was_sent_are_not_shown_as_all() -> None:
    assert read(told(line_items_next_offset="2")).line_items is None
    lines = [{name: value for name, value in line.items() if name != "amount"} for line in told()["line_items"]]
    assert read(told(line_items=lines)).line_items is None


def test_times_are_utc_and_the_day_is_the_instants() -> None:
    note = read(told(date=1793750399, voided_at=1793750400))
    assert (note.issued_at, note.issued_on) == (datetime(2026, 11, 3, 23, 59, 59, tzinfo=UTC), date(2026, 11, 3))
    assert note.voided_at == datetime(2026, 11, 4, tzinfo=UTC)


def test_custom_fields_keep_their_case_and_nothing_else_is_one() -> None:
    note = read(told())
    assert note.custom_fields is not None
    assert json.loads(note.custom_fields) == {"cf_ticket": "T-77", "cf_Priority": 3}
    assert read(told(cf_ticket=None, cf_Priority=None, notes=['"cf_x"'])).custom_fields is None
    assert json.loads(note.raw) == told()


@pytest.mark.parametrize(
    "members",
    [
        {"total": "119.00"},
        {"total": 119.5},
        {"total": None},  # with a sub_total above zero
        {"currency_code": "EUX"},
        {"currency_code": "XAU"},
        {"currency_code": "CLP", "total": 1190_50},  # half a peso in Chargebee's hundredths
        {"date": None},
        {"date": 10**18},
        {"sub_total": 10**90},
        {"id": None},
        {"status": 7},
        {"line_items": {}},
    ],
)
def test_a_note_that_cannot_be_read_exactly_is_a_bad_payload(members: dict[str, Any]) -> None:
    with pytest.raises(BadPayload) as caught:
        read(told(**members))
    assert caught.value.account == ACCOUNT


def test_a_note_of_nothing_may_leave_its_total_out() -> None:
    assert read(told(total=None, sub_total=0)).total == Money(0, "EUR")

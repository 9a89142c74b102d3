"""Chargebee's own Python client, pointed at the sandbox: an independent reader of what is served here."""

from __future__ import annotations

from typing import Any

import pytest

chargebee = pytest.importorskip("chargebee", reason="the official client is a test dependency")

from tests.sandbox import test_chargebee  # noqa: E402 - after the check that there is a client at all
from tests.sandbox.test_chargebee import Site  # noqa: E402 - the same

site = test_chargebee.site


@pytest.fixture
def client(site: Site, monkeypatch: pytest.MonkeyPatch) -> Any:
    # The client looks at its class for this, not at the instance; without it, it opens TLS whatever the protocol says.
    monkeypatch.setattr(chargebee.Chargebee, "verify_ca_certs", False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    one = chargebee.Chargebee(api_key="test_key", site="acme-test", protocol="http")
    one.env.api_endpoint = f"{site.url}/api/v2"
    return one


def test_it_creates_a_note_by_total(client: Any) -> None:
    answer = client.CreditNote.create({
        "reference_invoice_id": "INV-1001", "type": chargebee.CreditNote.Type.REFUNDABLE, "total": 5000, "create_reason_code": "Waiver",
        "customer_notes": "Sorry & thanks é", "comment": None, "cf_Ticket": "T-1",
    })  # fmt: skip
    note = answer.credit_note
    assert (note.status, note.total, note.sub_total, note.amount_available) == ("refund_due", 5000, 4202, 5000)
    assert (note.cf_Ticket, note.notes, note.create_reason_code) == ("T-1", ["Sorry & thanks é"], "Waiver")
    assert [(line.amount, line.tax_amount) for line in note.line_items] == [(3362, 638), (840, 160)]
    assert answer.invoice.issued_credit_notes[0].cn_id == note.id
    assert answer.is_idempotency_replayed is not True


def test_it_creates_a_note_by_lines_with_holes(client: Any) -> None:
    note = client.CreditNote.create({
        "reference_invoice_id": "INV-1001", "type": "refundable",
        "line_items": [
            {"reference_line_item_id": "li_1001_1", "unit_amount": 1000, "quantity": 1},
            {"reference_line_item_id": "li_1001_2", "unit_amount": 250, "quantity": 2, "date_from": 1_700_000_000},
        ],
    }).credit_note  # fmt: skip
    assert (note.sub_total, note.total) == (1500, 1785)
    assert [line.reference_line_item_id for line in note.line_items] == ["li_1001_1", "li_1001_2"]
    assert note.line_items[1].date_from == 1_700_000_000


def test_it_retrieves_a_note(client: Any) -> None:
    note = client.CreditNote.retrieve("CN-0001").credit_note
    assert (note.id, note.reference_invoice_id, note.type, note.object) == ("CN-0001", "INV-2001", "refundable", "credit_note")
    assert note.voided_at is None


def test_it_lists_with_filters_page_by_page(client: Any) -> None:
    filters = chargebee.Filters
    query = {
        "limit": 4, "status": filters.EnumFilter(IN=["refund_due", "refunded"]), "total": filters.NumberFilter(GTE=2000),
        "customer_id": filters.StringFilter(IS="acme"), "date": filters.TimestampFilter(BETWEEN=[1_600_000_000, 4_000_000_000]),
        "sort_by": filters.SortFilter(ASC="date"), "include_deleted": False,
    }  # fmt: skip
    ids, offset = [], None
    while True:
        page = client.CreditNote.list({**query, **({"offset": offset} if offset else {})})
        ids += [entry.credit_note.id for entry in page.list]
        offset = page.next_offset
        if offset is None:
            break
    assert len(ids) == len(set(ids)) > 8
    assert ids == sorted(ids)


def test_it_voids_a_note(client: Any) -> None:
    form = {"reference_invoice_id": "INV-1002", "type": "adjustment", "total": 500}
    id = client.CreditNote.create(form).credit_note.id
    assert client.CreditNote.void_credit_note(id, {"comment": "mistake"}).credit_note.status == "voided"
    assert client.Invoice.retrieve("INV-1002").invoice.status == "not_paid"


def test_it_records_and_makes_refunds(client: Any) -> None:
    form = {"reference_invoice_id": "INV-1001", "type": "refundable", "total": 500}
    id = client.CreditNote.create(form).credit_note.id
    transaction = {"amount": 100, "payment_method": "bank_transfer", "reference_number": "R1", "date": 1_700_000_000}
    recorded = client.CreditNote.record_refund(id, {"transaction": transaction, "comment": "c"})
    assert (recorded.credit_note.amount_available, recorded.transaction.amount) == (400, 100)
    made = client.CreditNote.refund(id, {"refund_amount": 400})
    assert (made.credit_note.status, made.transaction.type) == ("refunded", "refund")
    assert [refund.txn_amount for refund in made.credit_note.linked_refunds] == [100, 400]


def test_it_gets_a_replay_for_a_repeated_key(client: Any) -> None:
    form = {"reference_invoice_id": "INV-1001", "type": "refundable", "total": 500}
    answers = [client.CreditNote.create(form, headers={"chargebee-idempotency-key": "k"}) for _ in range(2)]
    assert answers[0].credit_note.id == answers[1].credit_note.id
    assert [bool(answer.is_idempotency_replayed) for answer in answers] == [False, True]


def test_it_raises_its_own_errors(client: Any) -> None:
    with pytest.raises(chargebee.InvalidRequestError) as refused:
        client.CreditNote.create({"reference_invoice_id": "INV-1001", "type": "refundable", "total": 11901})
    assert (refused.value.http_status_code, refused.value.api_error_code, refused.value.param) == (
        400,
        "param_wrong_value",
        "total",
    )
    with pytest.raises(chargebee.InvalidRequestError) as absent:
        client.CreditNote.retrieve("CN-none")
    assert absent.value.http_status_code == 404


def test_it_polls_events_and_invoices(client: Any) -> None:
    filters = chargebee.Filters
    query = {
        "event_type": filters.EnumFilter(IN=["credit_note_created"]),
        "sort_by": filters.SortFilter(ASC="occurred_at"),
        "limit": 2,
    }
    events = client.Event.list(query)
    assert [entry.event.event_type for entry in events.list] == ["credit_note_created"] * 2
    owed = client.Invoice.list(
        {"amount_due": filters.NumberFilter(GT=40000), "status": filters.EnumFilter(IN=["payment_due", "not_paid"])}
    )
    assert [entry.invoice.id for entry in owed.list] == ["INV-1002"]

"""Notes as Chargebee tells them, read into our words, and what may be asked of them. No test lives here."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec

from app.domain.commands import RefundCreditNote, VoidCreditNote
from app.domain.credit_note import CreditNote, Ref
from app.domain.invoice import Payment
from app.domain.vocabulary import Reason
from app.providers.chargebee import mapping, wire
from tests.providers.chargebee import ACCOUNT, KNOWN_ID, money, reply

NOW = datetime(2026, 11, 20, 14, 30, 15, 987_654, tzinfo=UTC)


def told(**members: Any) -> dict[str, Any]:
    """The recorded note with other members; None leaves one out, as Chargebee does."""
    note = {**reply("found")["body"]["list"][0]["credit_note"], **members}
    return {name: value for name, value in note.items() if value is not None}


def read(note: dict[str, Any], reasons: dict[Reason, str] | None = None) -> CreditNote:
    """What is read of a note as it is told."""
    raw = msgspec.json.encode(note)
    said = mapping.decoded(raw, wire.CreditNote, ACCOUNT)
    return mapping.credit_note(said, raw, account=ACCOUNT, reasons=reasons or {})


def noted(**members: Any) -> CreditNote:
    """A refundable note of 100.00 against INV-2077 of which nothing was used, with other members; None leaves one out."""
    unused = {
        "status": "refund_due", "total": 100_00, "sub_total": 100_00, "amount_allocated": 0, "amount_refunded": 0,
        "amount_available": 100_00, "linked_refunds": [], "allocations": [], "reference_invoice_id": "INV-2077",
    }  # fmt: skip
    return read(told(**{**unused, **members}))


def gone(amount: int, status: str | None = "success", id: str = "txn_1") -> dict[str, Any]:
    """A refund linked to a note."""
    row = {"txn_id": id, "applied_amount": amount, "applied_at": 1793750000, "txn_status": status}
    return {name: value for name, value in row.items() if value is not None}


def used(amount: int, invoice_id: str = "INV-2090") -> dict[str, Any]:
    """A part of a note used against an invoice."""
    return {"invoice_id": invoice_id, "allocated_amount": amount, "allocated_at": 1793750000, "invoice_status": "paid"}


def payment(amount: int, id: str = "txn_9", day: int = 1) -> Payment:
    """A payment of the invoice, made on this day."""
    return Payment(provider_id=id, amount=money(amount), paid_at=datetime(2026, 11, day, tzinfo=UTC))


def void(**given: Any) -> VoidCreditNote:
    """The wish to void the note."""
    return VoidCreditNote(key="key-1", note=Ref(ACCOUNT, KNOWN_ID), **given)


def refund(minor: int | None = None, **given: Any) -> RefundCreditNote:
    """The wish to pay out the note, or so much of it."""
    currency = given.pop("currency", "EUR")
    amount = None if minor is None else money(minor, currency)
    return RefundCreditNote(key="key-1", note=Ref(ACCOUNT, KNOWN_ID), amount=amount, **given)


def external(minor: int | None = None, **given: Any) -> RefundCreditNote:
    """The wish to put a payout on record."""
    return refund(minor, external=True, **{"method": "bank_transfer", **given})

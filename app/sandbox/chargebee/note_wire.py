"""Credit notes and their refund transactions as Chargebee shows them (docs: Credit note object, Transaction object)."""

from __future__ import annotations

from app.sandbox.chargebee.currency import BASE
from app.sandbox.chargebee.lines_wire import billing_address, line_item, line_item_taxes, shown, taxes
from app.sandbox.chargebee.records import Allocation, Note, NoteStatus, NoteType, Refund, TransactionStatus
from app.sandbox.kernel import Json, Switches

# What holds for every note here.
_CONSTANT: dict[str, Json] = {
    "object": "credit_note", "price_type": "tax_exclusive", "base_currency_code": BASE, "round_off_amount": 0,
    "fractional_correction": 0, "channel": "web",
}  # fmt: skip


def attributes(note: Note, switches: Switches) -> dict[str, Json]:
    """The note without its lists: what filters look at."""
    emptied = note.status is NoteStatus.VOIDED and switches["voided_amounts"] == "zero"
    return _CONSTANT | shown(
        id=note.id,
        customer_id=note.customer_id,
        reference_invoice_id=note.invoice.id if note.invoice else None,
        type=note.type.value,
        reason_code=note.reason_code,
        create_reason_code=note.create_reason_code,
        status=note.status.value,
        date=note.date,
        currency_code=note.currency,
        total=note.total,
        sub_total=note.sub_total,
        amount_allocated=0 if emptied else note.amount_allocated,
        amount_refunded=_refunded(note, switches),
        amount_available=0 if emptied else note.amount_available,
        refunded_at=note.refunded_at,
        voided_at=note.voided_at,
        generated_at=note.date,
        updated_at=note.updated_at,
        resource_version=note.resource_version,
        deleted=note.deleted,
    )


def credit_note(note: Note, switches: Switches) -> dict[str, Json]:
    """The whole note."""
    return {
        **attributes(note, switches),
        "line_items": [line_item(line, note.customer_id) for line in note.lines],
        "line_item_taxes": line_item_taxes(note.lines),
        "taxes": taxes(note.lines),
        "discounts": [],
        "line_item_discounts": [],
        "allocations": [_allocation(allocation) for allocation in note.allocations],
        "linked_refunds": [_linked_refund(refund) for refund in note.refunds],
        "linked_tax_withheld_refunds": [],
        "billing_address": billing_address(note.customer_id),
        **shown(notes=[note.customer_notes] if note.customer_notes else None),
        **note.custom,
    }


def entry(note: Note) -> dict[str, Json]:
    """The note in an invoice's list of its notes."""
    return shown(
        cn_id=note.id,
        cn_reason_code=note.reason_code,
        cn_create_reason_code=note.create_reason_code,
        cn_date=note.date,
        cn_total=note.total,
        cn_status=note.status.value,
    )


def transaction(refund: Refund) -> dict[str, Json]:
    """The refund's transaction."""
    note = refund.note
    linked = {
        **shown(**{name: value for name, value in entry(note).items() if name != "cn_status"}),
        "applied_amount": refund.amount,
        "applied_at": refund.at,
        "cn_status": note.status.value,
        **shown(cn_reference_invoice_id=note.invoice.id if note.invoice else None),
    }
    return shown(
        id=refund.id,
        object="transaction",
        customer_id=note.customer_id,
        type="refund",
        status=refund.status.value,
        payment_method=refund.method,
        gateway="chargebee" if refund.online else "not_applicable",
        reference_number=refund.reference_number,
        reference_transaction_id=refund.parts[0][0].id if len(refund.parts) == 1 else None,
        refunded_txn_id=refund.parts[0][0].id if refund.online else None,
        date=refund.date,
        currency_code=note.currency,
        amount=refund.amount,
        resource_version=refund.resource_version,
        updated_at=refund.resource_version // 1000,
        deleted=False,
        linked_credit_notes=[linked],
    )


def _refunded(note: Note, switches: Switches) -> int:
    if switches["refund_in_progress"] == "counted":
        return note.amount_refunded
    under_way = sum(refund.amount for refund in note.refunds if refund.status is TransactionStatus.IN_PROGRESS)
    return note.amount_refunded - under_way


def _allocation(allocation: Allocation) -> Json:
    invoice = allocation.invoice
    return {
        "invoice_id": invoice.id,
        "allocated_amount": allocation.amount,
        "allocated_at": allocation.at,
        "invoice_date": invoice.date,
        "invoice_status": invoice.status.value,
        "tax_application": tax_application(allocation.note),
    }


def _linked_refund(refund: Refund) -> Json:
    return shown(
        txn_id=refund.id,
        applied_amount=refund.amount,
        applied_at=refund.at,
        txn_status=refund.status.value,
        txn_date=refund.date,
        txn_amount=refund.amount,
        refund_reason_code=refund.reason_code,
    )


def tax_application(note: Note) -> str:
    """Store credit is used before tax, other credit after it."""
    return "pre_tax" if note.type is NoteType.STORE else "post_tax"

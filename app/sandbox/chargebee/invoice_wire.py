"""Invoices as Chargebee shows them (docs: Invoice object)."""

from __future__ import annotations

from app.sandbox.chargebee.currency import BASE
from app.sandbox.chargebee.lines_wire import billing_address, line_item, line_item_taxes, shown, taxes
from app.sandbox.chargebee.note_wire import entry, tax_application
from app.sandbox.chargebee.records import Allocation, Invoice, InvoiceStatus, Note, NoteStatus, NoteType, Payment
from app.sandbox.kernel import Json, Switches

# What holds for every invoice here: billed once, in full, payable at once, never deleted.
_CONSTANT: dict[str, Json] = {
    "object": "invoice", "recurring": False, "net_term_days": 0, "price_type": "tax_exclusive", "base_currency_code": BASE,
    "round_off_amount": 0, "first_invoice": False, "has_advance_charges": False, "term_finalized": True, "is_gifted": False,
    "channel": "web", "deleted": False,
}  # fmt: skip


def attributes(invoice: Invoice, switches: Switches) -> dict[str, Json]:
    """The invoice without its lists: what filters look at."""
    forgiven = invoice.status is InvoiceStatus.VOIDED and switches["voided_due"] == "zero"
    return _CONSTANT | shown(
        id=invoice.id,
        customer_id=invoice.customer_id,
        status=invoice.status.value,
        date=invoice.date,
        due_date=invoice.date,
        currency_code=invoice.currency,
        tax=invoice.tax,
        sub_total=invoice.sub_total,
        total=invoice.total,
        amount_due=0 if forgiven else invoice.amount_due,
        amount_paid=invoice.amount_paid,
        amount_adjusted=invoice.amount_adjusted,
        credits_applied=invoice.credits_applied,
        write_off_amount=invoice.write_off_amount,
        amount_to_collect=0 if forgiven else invoice.amount_to_collect,
        paid_at=invoice.paid_at,
        voided_at=invoice.voided_at,
        generated_at=invoice.date,
        updated_at=invoice.updated_at,
        resource_version=invoice.resource_version,
    )


def invoice(record: Invoice, switches: Switches) -> dict[str, Json]:
    """The whole invoice."""
    credits = [one for one in record.allocations if one.note.type is not NoteType.ADJUSTMENT]
    listed = [note for note in record.notes if _is_listed(note, switches)]
    return {
        **attributes(record, switches),
        "line_items": [line_item(line, record.customer_id) for line in record.lines],
        "line_item_taxes": line_item_taxes(record.lines),
        "taxes": taxes(record.lines),
        "discounts": [],
        "line_item_discounts": [],
        "linked_payments": [_linked_payment(payment) for payment in record.payments],
        "applied_credits": [_applied_credit(one) for one in credits],
        "adjustment_credit_notes": [entry(note) for note in listed if note.type is NoteType.ADJUSTMENT],
        "issued_credit_notes": [entry(note) for note in listed if note.type is not NoteType.ADJUSTMENT],
        "linked_taxes_withheld": [],
        "linked_orders": [],
        "dunning_attempts": [],
        "billing_address": billing_address(record.customer_id),
    }


def _is_listed(note: Note, switches: Switches) -> bool:
    return not note.deleted and (note.status is not NoteStatus.VOIDED or switches["voided_entries"] == "kept")


def _linked_payment(payment: Payment) -> Json:
    return {
        "txn_id": payment.id,
        "applied_amount": payment.amount,
        "applied_at": payment.at,
        "txn_status": payment.status.value,
        "txn_date": payment.at,
        "txn_amount": payment.amount,
    }


def _applied_credit(allocation: Allocation) -> Json:
    note = allocation.note
    return {
        **{name: value for name, value in entry(note).items() if name != "cn_total"},
        "applied_amount": allocation.amount,
        "applied_at": allocation.at,
        "tax_application": tax_application(note),
    }

"""The books as the control API shows them: rows of every kind in minor units, with what belongs to them."""

from __future__ import annotations

from app.sandbox.kernel import Books as Rows
from app.sandbox.kernel import Json
from app.sandbox.vcita.business import Business
from app.sandbox.vcita.records import Invoice, Note, Payment, Refund


def rows(business: Business) -> Rows:
    """Everything, by kind."""
    books = business.books
    taxes: list[dict[str, Json]] = [{"id": tax.uid, "name": tax.name, "rate": str(tax.rate)} for tax in books.taxes.values()]
    subscriptions: list[dict[str, Json]] = [
        {"id": one.uid, "event": one.event, "target_url": one.target_url} for one in business.events.subscriptions
    ]
    return {
        "invoices": [_invoice(invoice, business) for invoice in books.invoices.values()],
        "notes": [_note(note, business) for note in books.notes.values()],
        "payments": [_payment(payment, business) for payment in books.payments.values()],
        "refunds": [_refund(refund, business) for refund in books.refunds.values()],
        "taxes": taxes,
        "events": list(business.events.bus),
        "subscriptions": subscriptions,
        "deliveries": list(business.events.deliveries),
    }


def _invoice(invoice: Invoice, business: Business) -> dict[str, Json]:
    return {
        "id": invoice.uid,
        "currency": invoice.currency,
        "status": invoice.status.value,
        "minor": invoice.gross,
        "net_minor": invoice.net,
        "paid_minor": business.books.paid(invoice),
        "credited_minor": business.books.credited(invoice),
        "creditable_minor": business.books.creditable(invoice),
        "number": invoice.number,
        "tax_mode": invoice.tax_mode.value,
        "customer_id": invoice.client.uid,
        "matter_uid": invoice.client.matter_uid,
        "payment_status_uid": invoice.request_uid,
        "created_at": invoice.created_at,
    }


def _note(note: Note, business: Business) -> dict[str, Json]:
    return {
        "id": note.uid,
        "invoice_id": note.invoice_uid,
        "customer_id": business.books.invoices[note.invoice_uid].client.uid,
        "currency": note.currency,
        "status": note.status.value,
        "minor": note.gross,
        "net_minor": note.net,
        "number": note.number,
        "notes": note.notes,
        "created_at": note.created_at,
        "updated_at": note.updated_at,
    }


def _payment(payment: Payment, business: Business) -> dict[str, Json]:
    return {
        "id": payment.uid,
        "invoice_id": payment.invoice_uid,
        "currency": payment.currency,
        "status": payment.state,
        "minor": payment.minor,
        "refunded_minor": business.books.refunded(payment),
        "created_at": payment.created_at,
    }


def _refund(refund: Refund, business: Business) -> dict[str, Json]:
    return {
        "id": refund.uid,
        "invoice_id": business.books.payments[refund.payment_uid].invoice_uid,
        "payment_id": refund.payment_uid,
        "currency": refund.currency,
        "status": "recorded" if refund.recorded else "executed",
        "minor": refund.minor,
        "created_at": refund.created_at,
    }

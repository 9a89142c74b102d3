"""The books as the control API shows them: plain rows in ISO minor units, whatever the switches say."""

from __future__ import annotations

from app.sandbox.kernel import Json
from app.sandbox.zenskar.books import Books
from app.sandbox.zenskar.records import Invoice, Note, Payment, Refund

Row = dict[str, Json]


def rows(books: Books) -> dict[str, list[Row]]:
    """Everything in the books."""
    return {
        "invoices": [invoice(each) for each in books.invoices.values()],
        "notes": [note(each) for each in books.notes.values()],
        "payments": [payment(each) for each in books.payments.values()],
        "refunds": [refund(each) for each in books.refunds.values()],
        "wallets": [wallet(books, *key) for key in list(books.wallets)],
    }


def invoice(row: Invoice) -> Row:
    """`minor` is the original total."""
    return {
        "id": row.id, "invoice_id": row.id, "customer_id": row.customer.id, "currency": row.currency, "status": row.status,
        "minor": row.original, "remaining": row.remaining, "due": row.due, "applied": row.applied, "written_off": row.written_off,
        "created_at": row.created_at,
    }  # fmt: skip


def note(row: Note) -> Row:
    """With the parts and the reason, which the provider does not show."""
    return {
        "id": row.id, "invoice_id": row.invoice_id, "customer_id": row.customer.id, "currency": row.currency, "status": row.status,
        "minor": row.amount, "created_at": row.created_at, "number": row.number, "reason": row.reason,
        "repayment_method": row.repayment, "adjusted": row.adjusted, "returned": row.returned,
        "refunded": sum(refund.amount for refund in row.refunds), "record_only": row.record_only,
    }  # fmt: skip


def payment(row: Payment) -> Row:
    """`invoice_id` where it is for one invoice only."""
    invoices = [part.invoice_id for part in row.parts]
    parts: list[Json] = [{"invoice_id": part.invoice_id, "minor": part.amount, "refunded": part.refunded} for part in row.parts]
    return {
        "id": row.id, "invoice_id": invoices[0] if len(invoices) == 1 else None, "currency": row.currency, "status": row.status,
        "minor": row.amount, "refunded": sum(part.refunded for part in row.parts), "parts": parts, "created_at": row.created_at,
        "customer_id": None if row.customer is None else row.customer.id,
    }  # fmt: skip


def refund(row: Refund) -> Row:
    """`note_id` is None for a refund without a note."""
    invoices = [share.invoice_id for share in row.shares]
    return {
        "id": row.id, "invoice_id": invoices[0] if len(invoices) == 1 else None, "currency": row.payment.currency,
        "status": row.status, "minor": row.amount, "note_id": row.note_id, "payment_id": row.payment.id,
        "destination": row.destination, "created_at": row.created_at,
    }  # fmt: skip


def wallet(books: Books, customer_id: str, currency: str) -> Row:
    """What a customer holds in one currency."""
    minor = books.wallets.get((customer_id, currency), 0)
    return {"id": f"{customer_id}:{currency}", "customer_id": customer_id, "currency": currency, "minor": minor}

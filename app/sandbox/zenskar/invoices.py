"""What happens to an invoice apart from money: approval and the two ways to void it."""

from __future__ import annotations

from app.sandbox.zenskar.books import Books
from app.sandbox.zenskar.records import Invoice
from app.sandbox.zenskar.refusals import Code, Refused
from app.sandbox.zenskar.words import OPEN, InvoiceStatus

# Official MCP server, `voidInvoice`: only these two, and only once nothing is left of them.
_VOIDABLE = frozenset({InvoiceStatus.APPROVED, InvoiceStatus.PAID})


class Invoices:
    """The rules of invoice states."""

    def __init__(self, books: Books) -> None:
        self._books = books

    def approve(self, invoice_id: str, at: float) -> Invoice:
        """Make a draft an invoice that can be paid and credited."""
        invoice = self._books.invoice(invoice_id)
        if invoice.status is not InvoiceStatus.DRAFT:
            raise Refused(Code.INVOICE_CANNOT_BE_APPROVED, f"the invoice is {invoice.status}")
        return _turned(invoice, InvoiceStatus.APPROVED, at)

    def void(self, invoice_id: str, at: float) -> Invoice:
        """Void an invoice that notes have brought to nothing."""
        invoice = self._books.invoice(invoice_id)
        if invoice.status not in _VOIDABLE or invoice.remaining:
            raise Refused(
                Code.INVOICE_CANNOT_BE_VOIDED, f"the invoice is {invoice.status}, {invoice.remaining} minor units are left of it"
            )
        invoice.status_before_void = invoice.status
        return _turned(invoice, InvoiceStatus.VOID, at)

    def void_by_hand(self, invoice_id: str, at: float) -> Invoice:
        """Void an unpaid invoice from the dashboard, writing off what is left."""
        invoice = self._books.invoice(invoice_id)
        if invoice.status not in OPEN or invoice.held:
            raise Refused(Code.INVOICE_CANNOT_BE_VOIDED, f"the invoice is {invoice.status}, {invoice.held} minor units are paid")
        invoice.written_off += invoice.remaining
        invoice.remaining = invoice.due = 0
        invoice.voided_by_hand = True
        return _turned(invoice, InvoiceStatus.VOID, at)


def _turned(invoice: Invoice, status: InvoiceStatus, at: float) -> Invoice:
    invoice.status = status
    invoice.updated_at = at
    return invoice

"""Rows of the books as the JSON Zenskar shows: member names, units, instants. Decides nothing about money but its unit."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime

from app.domain.money import Money
from app.sandbox.kernel import Switches
from app.sandbox.zenskar.books import Books
from app.sandbox.zenskar.kinds import Value
from app.sandbox.zenskar.ledger import Row, RowPart
from app.sandbox.zenskar.records import Customer, Invoice, Line, Note

ORGANISATION = "00000000-0000-4000-8000-0000000000a0"
CONNECTOR = "00000000-0000-4000-8000-0000000000c0"
_SYMBOLS = {"EUR": "€", "GBP": "£", "JPY": "¥", "USD": "$"}
_DUE_AFTER = 30 * 86_400.0


class Presenter:
    """Shows rows of the books to one client; `origin` is the address it called."""

    def __init__(self, books: Books, origin: str) -> None:
        self._books = books
        self._origin = origin

    @property
    def _switches(self) -> Switches:
        return self._books.switches

    def note(self, note: Note) -> Value:
        """docs: Get credit note by ID; exactly these members, `reason` is not among them."""
        invoice = None if note.invoice_id is None else self._books.invoices[note.invoice_id]
        details = self._switches["note_details"] == "present"
        return {
            "id": note.id,
            "amount": note.amount,
            "credits_returned": note.credits_returned,
            "currency": self._currency(note.currency),
            "customer_id": note.customer.id,
            "customer": _customer(note.customer) if details else None,
            "invoice": _invoice(invoice) if details and invoice is not None else None,
            "invoice_id": note.invoice_id,
            "status": note.status,
            "repayment_method": note.repayment,
            "line_items_url": f"{self._origin}/files/credit_notes/{note.id}/line_items.json",
            "custom_data": note.custom_data,
            "created_at": self._instant(note.created_at),
            "credit_note_number": note.number,
        }

    def invoice(self, invoice: Invoice) -> dict[str, Value]:
        """A single invoice: a listed one with, unless switched off, its currency."""
        seen = self.listed_invoice(invoice)
        if self._switches["invoice_currency"] == "present":
            seen["currency"] = self._currency(invoice.currency)
        return seen

    def listed_invoice(self, invoice: Invoice) -> dict[str, Value]:
        """docs: List invoices; there is no currency in it."""
        total = self.invoice_total(invoice)
        return {
            "id": invoice.id,
            "invoice_id": invoice.id,
            "customer_id": invoice.customer.id,
            "contract_id": None,
            "invoice_number": f"INV-{invoice.number}",
            "invoice_period": {
                "begin_date": self._instant(invoice.created_at - _DUE_AFTER),
                "end_date_exclusive": self._instant(invoice.created_at),
            },
            "status": invoice.status,
            "created_at": self._instant(invoice.created_at),
            "created_by": None,
            "last_updated_at": self._instant(invoice.updated_at),
            "invoice_total": total,
            "net_invoice_total": total - invoice.applied,  # what is left to pay with money; nobody says what it means
            "applied_balance": self._applied_balance(invoice),
            "amount_due": invoice.due,
            "invoice_url": None,
            "external_id": invoice.external_id,
            "payment_url": None,
            "due_date": self._instant(due_at(invoice)),
            "promise_due_date": None,
            "charged_at": None,
        }

    def _applied_balance(self, invoice: Invoice) -> int:
        if self._switches["applied_balance"] == "what_is_left":
            return invoice.applied
        return sum(each.amount for each in self._books.applications_of(invoice.id))

    def invoice_total(self, invoice: Invoice) -> int:
        """What is left of the invoice or what it was, as switched; what was written off is in neither."""
        return invoice.remaining if self._switches["invoice_total"] == "remaining" else invoice.original - invoice.written_off

    def lines(self, invoice: Invoice) -> Value:
        """docs: Get invoice line items; these are major units."""
        return {"lines": [_line(line, invoice.currency) for line in invoice.lines]}

    def note_lines(self, note: Note) -> Value:
        """What `line_items_url` serves here: one line. The real shape is published nowhere."""
        return [{"name": note.reason or "Credit", "amount": note.amount, "currency": self._currency(note.currency)}]

    def payment(self, row: Row) -> Value:
        """docs: Get payments."""
        customer = row.customer
        return {
            "id": row.id,
            "amount": self._figure(row.amount, row.currency),
            "amount_refunded": self._figure(row.refunded, row.currency),
            "currency_code": self._currency(row.currency),
            "status": row.status,
            "customer_id": None if customer is None else customer.id,
            "customer_name": None if customer is None else customer.name,
            "customer_email": None if customer is None else customer.email,
            "customer_external_id": None if customer is None else customer.external_id,
            "connector_id": CONNECTOR,
            "connector_name": "sandbox",
            "organisation_id": ORGANISATION,
            "external_id": row.external_id,
            "payment_method": row.method,
            "payment_method_details": {},
            "type": row.type,
            "parent_id": row.parent_id,
            "invoices": [self._part(row, part) for part in row.parts],
            "timestamp": self._instant(row.created_at),
            "transactions": [self._transaction(row)],
        }

    def payments_of_invoice(self, rows: Sequence[Row]) -> Value:
        """The lists of one invoice's payments: an array or a page, nobody says which."""
        shown: list[Value] = [self.payment(row) for row in rows]
        if self._switches["invoice_payments"] == "array":
            return shown
        return {"results": shown, "next": None, "previous": None, "total_count": len(shown)}

    def _part(self, row: Row, part: RowPart) -> Value:
        invoice = self._books.invoices[part.invoice_id]
        return {
            "invoice_id": part.invoice_id,
            "payment_id": row.id,
            "amount": self._figure(part.amount, row.currency),
            "amount_refunded": self._figure(part.refunded, row.currency),
            "currency_code": self._currency(row.currency),
            "invoice_number": f"INV-{invoice.number}",
            "status": invoice.status,
            "invoice_total": self._figure(self.invoice_total(invoice), row.currency),
            "created_at": self._instant(row.created_at),
        }

    def _transaction(self, row: Row) -> Value:
        return {
            "id": str(uuid.uuid5(uuid.NAMESPACE_OID, row.id)),
            "amount": self._figure(row.amount, row.currency),
            "currency_code": self._currency(row.currency),
            "payment": row.id,
            "status": row.status,
            "customer_id": None if row.customer is None else row.customer.id,
            "connector_id": CONNECTOR,
            "organisation_id": ORGANISATION,
            "external_id": row.external_id,
            "payment_method": row.method,
            "payment_method_details": {},
            "reference_number": None,
        }

    def _figure(self, minor: int, currency: str) -> str:
        return str(minor) if self._switches["payment_unit"] == "minor" else str(Money(minor, currency).major)

    def _currency(self, code: str) -> str:
        return code if self._switches["currency_case"] == "upper" else code.lower()

    def _instant(self, at: float) -> str:
        moment = datetime.fromtimestamp(at, UTC).isoformat(timespec=self._switches["created_at"])
        return moment.replace("+00:00", "Z")


def due_at(invoice: Invoice) -> float:
    """When payment is expected."""
    return invoice.created_at + _DUE_AFTER


def _customer(customer: Customer) -> Value:
    return {"id": customer.id, "name": customer.name, "email": customer.email, "external_id": customer.external_id}


def _invoice(invoice: Invoice) -> Value:
    return {"id": invoice.id, "name": f"INV-{invoice.number}", "email": None, "external_id": invoice.external_id}


def _line(line: Line, currency: str) -> Value:
    amount = Money(line.net, currency).major
    symbol = _SYMBOLS.get(currency, f"{currency} ")
    return {
        "name": line.name,
        "quantity": {"value": line.quantity, "unit": "unit", "display": str(line.quantity)},
        "subtotal": {"value": amount, "unit": currency, "display": f"{symbol}{amount:,}"},
        "pricing_model": "flat",
        "features": [],
    }

"""Notes and invoices as the newer services (v3) show them. Amounts are exact JSON numbers in major units."""

from __future__ import annotations

from app.sandbox.vcita.answers import Shown, instant, number, plain
from app.sandbox.vcita.records import Discount, Invoice, InvoiceLine, Note, NoteLine, TaxAmount

BUSINESS_UID = "business00000001"


def note_shown(note: Note) -> dict[str, Shown]:
    """docs: Retrieve a Credit Note."""
    gross = number(note.gross, note.currency)
    return {
        "uid": note.uid,
        "invoice_uid": note.invoice_uid,
        "status": note.status.value,
        "unique_number": note.number,
        "total_amount": gross,
        "currency": note.currency,
        "issue_date": note.issue_date,
        **({} if note.notes is None else {"notes": note.notes}),
        "line_items": [_note_line(line, note.currency) for line in note.lines],
        "net_total": number(note.net, note.currency),
        "grand_total": gross,
        "taxes": taxes_shown(note.taxes, note.currency),
        "created_at": instant(note.created_at),
        "updated_at": instant(note.updated_at),
    }


def taxes_shown(taxes: tuple[TaxAmount, ...], currency: str) -> list[Shown]:
    """Taxes with their amounts."""
    return [{"name": tax.name, "rate": plain(tax.rate), "tax_total": number(tax.minor, currency)} for tax in taxes]


def invoice_shown(invoice: Invoice) -> dict[str, Shown]:
    """docs: Create an invoice. Its `taxes` is a sum, where a note's is a list."""
    return {
        "uid": invoice.uid,
        "matter_uid": invoice.client.matter_uid,
        "issue_date": invoice.issue_date,
        "due_date": invoice.due_date,
        "currency": invoice.currency,
        "status": invoice.status.value,
        "unique_number": invoice.number,
        **invoice.presentation,
        **({"line_items": [_invoice_line(line) for line in invoice.loose_lines]} if invoice.loose_lines else {}),
        **({"line_item_groups": _groups(invoice)} if invoice.groups else {}),
        "net_total": number(invoice.net, invoice.currency),
        "grand_total": number(invoice.gross, invoice.currency),
        "taxes": number(invoice.gross - invoice.net, invoice.currency),
        "payment_status_uid": invoice.request_uid,
        "created_at": instant(invoice.created_at),
        "updated_at": instant(invoice.updated_at),
    }


def _note_line(line: NoteLine, currency: str) -> Shown:
    return {
        "name": line.name,
        "quantity": plain(line.quantity),
        "unit_amount": plain(line.unit_amount),
        "total_amount": number(line.total, currency),
        "taxes": taxes_shown(line.taxes, currency),
    }


def _groups(invoice: Invoice) -> list[Shown]:
    return [
        {
            "name": group.name,
            "line_item_group_index": group.index,
            "line_items": [_invoice_line(line) for line in group.lines],
        }
        for group in invoice.groups
    ]


def _invoice_line(line: InvoiceLine) -> Shown:
    return {
        "uid": line.uid,
        "name": line.name,
        "quantity": plain(line.quantity),
        "unit_amount": plain(line.unit_amount),
        **({} if line.description is None else {"description": line.description}),
        "tax_uids": [tax.uid for tax in line.taxes],
        "discount": _discount(line.discount),
        "line_item_index": line.index,
    }


def _discount(discount: Discount | None) -> Shown:
    return None if discount is None else {"discount_type": discount.kind, "amount": plain(discount.amount)}

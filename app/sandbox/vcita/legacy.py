"""Invoices, payments, payment requests and refunds as the older interfaces show them, with their oddities.

Strings and numbers are mixed for the same kind of value; docs: Get Invoice, Get Payment, GET Payment Request, Create Refund.
"""

from __future__ import annotations

from app.domain.money import split
from app.sandbox.kernel import Switches
from app.sandbox.vcita.answers import Shown, dotted, number, offset, plain, second, text, zoneless
from app.sandbox.vcita.arithmetic import per_rate
from app.sandbox.vcita.books import Books
from app.sandbox.vcita.records import Invoice, InvoiceLine, InvoiceStatus, Payment, Refund, TaxAmount
from app.sandbox.vcita.wire import BUSINESS_UID, taxes_shown

STAFF_UID = "staff00000000001"


def _money(minor: int, currency: str, switches: Switches) -> Shown:
    return text(minor, currency) if switches["legacy_money"] == "strings" else number(minor, currency)


def invoice_taxes(invoice: Invoice) -> tuple[TaxAmount, ...]:
    """An invoice's taxes, per name and rate."""
    return per_rate(tax for line in invoice.lines for tax in line.figures.taxes)


def business_invoice(invoice: Invoice, switches: Switches) -> dict[str, Shown]:
    """As `GET /business/payments/v1/invoices/{uid}` has it: subtotal a string, total a number."""
    return {
        "uid": invoice.uid,
        "status": invoice.status.value,
        "invoice_number": invoice.number,
        "invoice_label": "INVOICE",
        "currency": invoice.currency,
        "issue_date": invoice.issue_date,
        "due_date": invoice.due_date,
        "matter_uid": invoice.client.matter_uid,
        "matter_name": invoice.client.name,
        "client_name": invoice.client.name,
        "payment_status_uid": invoice.request_uid,
        "note": invoice.presentation.get("note"),
        "billing_address": invoice.presentation.get("billing_address"),
        "subtotal": _money(invoice.net, invoice.currency, switches),
        "total": number(invoice.gross, invoice.currency),
        "total_tax": number(invoice.gross - invoice.net, invoice.currency),
        "taxes": taxes_shown(invoice_taxes(invoice), invoice.currency),
        "items": [_item(line, invoice, switches) for line in invoice.loose_lines],
        **({"sections": _sections(invoice, switches)} if invoice.groups else {}),
        "metadata": {"tax_mode": invoice.tax_mode.value, "display_items_total": True, "display_sections_total": True},
    }


def _sections(invoice: Invoice, switches: Switches) -> Shown:
    return [
        {
            "name": group.name,
            "section_index": group.index,
            "total_amount": _money(sum(line.figures.gross for line in group.lines), invoice.currency, switches),
            "items": [_item(line, invoice, switches) for line in group.lines],
        }
        for group in invoice.groups
    ]


def _item(line: InvoiceLine, invoice: Invoice, switches: Switches) -> Shown:
    currency = invoice.currency
    numeric = switches["legacy_money"] == "numbers"
    return {
        "uid": line.uid,
        "name": line.name,
        "description": line.description,
        "currency": currency,
        "quantity": dotted(line.quantity),
        "unit_amount": plain(line.unit_amount) if numeric else format(dotted(line.unit_amount), "f"),
        "discount": _discount(line, currency, switches),
        "sub_total": _money(line.figures.net, currency, switches),
        "grand_total": _money(line.figures.gross, currency, switches),
        "taxes": taxes_shown(line.figures.taxes, currency),
        "orig_taxes": [],
        "partial_payments_amount": _money(0, currency, switches),
        "item_index": line.index,
        "entity_type": None,
        "entity_uid": None,
    }


def _discount(line: InvoiceLine, currency: str, switches: Switches) -> Shown:
    if line.discount is None:
        return None
    rate = line.discount.amount if line.discount.kind == "percent" else None
    percent = None if rate is None else format(dotted(rate), "f")
    return {"amount": _money(line.figures.discount, currency, switches), "percent": percent}


def platform_invoice(invoice: Invoice, *, balance: int) -> dict[str, Shown]:
    """As `GET /platform/v1/invoices/{id}` has it: numbers, no tax mode, no ids of lines, no zone on the instant."""
    return {
        "id": invoice.uid,
        "invoice_number": invoice.number,
        "title": f"INVOICE #{invoice.number}",
        "status": invoice.status.value.lower(),
        "amount": number(invoice.gross, invoice.currency),
        "payment_balance": number(balance, invoice.currency),
        "payment_state": state_of(invoice, balance),
        "currency": invoice.currency,
        "client_id": invoice.client.uid,
        "conversation_id": invoice.client.matter_uid,
        "issued_at": invoice.issue_date,
        "due_date": invoice.due_date,
        "created_at": zoneless(invoice.created_at),
        "address": invoice.presentation.get("billing_address") or "",
        "allow_online_payment": bool(invoice.presentation.get("allow_online_payment")),
        "note": invoice.presentation.get("note"),
        "staff_id": STAFF_UID,
        "items": [_platform_item(line, invoice.currency) for line in invoice.lines],
    }


def _platform_item(line: InvoiceLine, currency: str) -> Shown:
    return {
        "title": line.name,
        "description": line.description,
        "amount": plain(line.unit_amount),
        "quantity": plain(line.quantity),
        "discount": number(line.figures.discount, currency),
        "taxes": [{"name": tax.name, "rate": plain(tax.rate)} for tax in line.taxes],
    }


def state_of(invoice: Invoice, balance: int) -> str:
    """The payment state of an invoice with this much left to pay; part payment keeps it pending."""
    if invoice.status is InvoiceStatus.CANCELLED:
        return "cancelled"
    return "pending" if balance else "paid"


def payment_request(invoice: Invoice, books: Books, switches: Switches) -> Shown:
    """What an invoice asks for; `amount_pending` speaks of payments under way, of which this sandbox has none."""
    balance = books.balance(invoice, notes_count=switches["note_lowers_balance"] == "yes")
    payments = books.payments_of(invoice.uid)
    paid_at = offset(payments[-1].created_at) if payments and balance == 0 else None
    return {
        "uid": invoice.request_uid,
        "payable_type": "Invoice",
        "payable_uid": invoice.uid,
        "amount": _money(invoice.gross, invoice.currency, switches),
        "net_amount": _money(invoice.net, invoice.currency, switches),
        "amount_paid": number(books.paid(invoice), invoice.currency),
        "amount_pending": None,
        "currency": invoice.currency,
        "state": state_of(invoice, balance),
        "tax_mode": invoice.tax_mode.value,
        "taxes": taxes_shown(invoice_taxes(invoice), invoice.currency),
        "matter_uid": invoice.client.matter_uid,
        "due_date": f"{invoice.due_date}T00:00:00.000+00:00",
        "paid_at": paid_at,
        "created_at": offset(invoice.created_at),
        "updated_at": offset(invoice.updated_at),
    }


def payment(paid: Payment, invoice: Invoice) -> Shown:
    """A payment; its net and taxes are its share of the invoice's."""
    taxes = invoice_taxes(invoice)
    net, *parts = split(paid.minor, [invoice.net, *(tax.minor for tax in taxes)])
    shares = tuple(TaxAmount(name=tax.name, rate=tax.rate, minor=part) for tax, part in zip(taxes, parts, strict=True))
    return {
        "uid": paid.uid,
        "business_uid": BUSINESS_UID,
        "matter_uid": invoice.client.matter_uid,
        "payment_request_uid": invoice.request_uid,
        "amount": number(paid.minor, paid.currency),
        "net_total": number(net, paid.currency),
        "taxes": taxes_shown(shares, paid.currency),
        "currency": paid.currency,
        "state": paid.state,
        "payment_method": "Cash",
        "provider_transaction_id": paid.transaction_id,
        "payment_time": second(paid.created_at),
        "title": f"INVOICE #{invoice.number}",
        "created_at": second(paid.created_at),
        "updated_at": second(paid.updated_at),
    }


def refund(given: Refund, switches: Switches) -> Shown:
    """A refund; its amount is a string."""
    return {
        "uid": given.uid,
        "payment_uid": given.payment_uid,
        "amount": _money(given.minor, given.currency, switches),
        "currency": given.currency,
        "provider_refund_id": given.provider_refund_id,
        "refund_time": given.refund_time,
        "staff_uid": STAFF_UID,
        "created_at": second(given.created_at),
        "updated_at": second(given.created_at),
    }

"""Zenskar's published vocabularies: the states, kinds and methods its notes, invoices and payments know. No rules here."""

from __future__ import annotations

from enum import StrEnum


class NoteStatus(StrEnum):
    """docs: Get credit note by ID."""

    IN_PROGRESS = "in_progress"
    ISSUED = "issued"
    VOID = "void"
    PAID = "paid"


class Repayment(StrEnum):
    """docs: Get credit note by ID, `repayment_method`."""

    CREDITS = "credits"
    INVOICE_ADJUSTED = "invoice_adjusted"
    EXTERNAL_PAYMENT = "external_payment"
    CREDITS_AGAINST_PAYMENT = "credits_against_payment"
    ORIGINAL_PAYMENT_METHOD = "original_payment_method"


class Destination(StrEnum):
    """docs: Create a credit note against an invoice, `refund_destination`."""

    CREDITS = "credits"
    ORIGINAL = "original_payment_method"
    EXTERNAL = "external"


class InvoiceStatus(StrEnum):
    """Official MCP server, filter `status` of the invoice list."""

    DRAFT = "draft"
    APPROVED = "approved"
    EDITED = "edited"
    DISCARDED = "discarded"
    PAID = "paid"
    VOID = "void"
    PARTIALLY_PAID = "partially_paid"
    UPCOMING = "upcoming"


class PaymentType(StrEnum):
    """Official MCP server, filter `type` of the payment list."""

    PAYMENT = "payment"
    REFUND = "refund"
    PAYMENT_REVERSAL = "payment_reversal"
    AUTHORIZATION = "authorization"
    TAX_WITHHELD = "tax_withheld"


class PaymentStatus(StrEnum):
    """Official MCP server, filter `status` of the payment list."""

    IN_PROGRESS = "in_progress"
    REQUIRES_ACTION = "requires_action"
    PENDING_CHARGE = "pending_charge"
    AUTHORIZED = "authorized"
    CREATED = "created"
    SUCCESS = "success"
    VOIDED = "voided"
    FAILED = "failed"
    CANCELED = "canceled"
    REFUNDED = "refunded"
    PARTIALLY_REFUNDED = "partially_refunded"
    OTHER = "other"


class PaymentMethod(StrEnum):
    """Official MCP server, filter `payment_method` of the payment list."""

    CARD = "card"
    CASH = "cash"
    CHECK = "check"
    CHARGE_BACK = "charge_back"
    BANK_TRANSFER = "bank_transfer"
    DIRECT_DEBIT = "direct_debit"
    AMAZON_PAYMENTS = "amazon_payments"
    PAYPAL = "paypal_express_checkout"
    UPI = "upi"
    NETBANKING = "netbanking_emandates"
    OTHER = "other"
    CREDITS = "credits"
    ACH = "ach_credit_transfer"


# docs: Life cycle of an invoice: notes are for these three; drafts are edited instead, a void invoice is over.
CREDITABLE = frozenset({InvoiceStatus.APPROVED, InvoiceStatus.PARTIALLY_PAID, InvoiceStatus.PAID})
OPEN = frozenset({InvoiceStatus.APPROVED, InvoiceStatus.PARTIALLY_PAID})

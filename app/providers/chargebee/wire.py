"""What Chargebee sends, as far as it is used (docs: Credit note object, Invoice object, Lists, API errors).

Unknown members are ignored, enumerated words stay text. No meaning is given to anything here.
"""

from __future__ import annotations

from decimal import Decimal

from msgspec import Raw, Struct, field


class NoteEntry(Struct, frozen=True, kw_only=True):
    """An entry of a list of notes, and the answer to creating one; the note itself stays as received."""

    credit_note: Raw


class Transaction(Struct, frozen=True, kw_only=True):
    """The money that moved with a refund, as far as it is used (docs: Transaction object)."""

    id: str
    status: str | None = None
    error_code: str | None = None
    error_text: str | None = None


class RefundEntry(Struct, frozen=True, kw_only=True):
    """The answer to a refund; where it was only put on record there may be no transaction."""

    credit_note: Raw
    transaction: Transaction | None = None


class NoteList(Struct, frozen=True, kw_only=True):
    """One page of notes."""

    entries: tuple[NoteEntry, ...] = field(name="list")
    next_offset: str | None = None

    @property
    def objects(self) -> tuple[Raw, ...]:
        """The notes, undecoded."""
        return tuple(entry.credit_note for entry in self.entries)


class InvoiceEntry(Struct, frozen=True, kw_only=True):
    """An entry of a list of invoices, and the answer to retrieving one."""

    invoice: Raw


class InvoiceList(Struct, frozen=True, kw_only=True):
    """One page of invoices."""

    entries: tuple[InvoiceEntry, ...] = field(name="list")
    next_offset: str | None = None

    @property
    def objects(self) -> tuple[Raw, ...]:
        """The invoices, undecoded."""
        return tuple(entry.invoice for entry in self.entries)


class Named(Struct, frozen=True, kw_only=True):
    """The least of a note or an invoice: which one it is, and of a note the invoice it is against."""

    id: str
    reference_invoice_id: str | None = None


class LineItem(Struct, frozen=True, kw_only=True):
    """A line of a note or an invoice."""

    id: str | None = None
    description: str
    unit_amount: int
    unit_amount_in_decimal: Decimal | None = None
    quantity: int = 1
    quantity_in_decimal: Decimal | None = None
    amount: int | None = None
    tax_amount: int | None = None
    tax_rate: Decimal | None = None
    discount_amount: int | None = None
    date_from: int
    date_to: int
    reference_line_item_id: str | None = None


class LineItemTax(Struct, frozen=True, kw_only=True):
    """A tax of a line."""

    line_item_id: str | None = None
    tax_name: str
    tax_rate: Decimal
    taxable_amount: int
    tax_amount: int


class Tax(Struct, frozen=True, kw_only=True):
    """A tax of the whole document, without its rate."""

    name: str
    amount: int


class Discount(Struct, frozen=True, kw_only=True):
    """A discount of the whole document or of one line."""

    amount: int


class LinkedRefund(Struct, frozen=True, kw_only=True):
    """Money paid back out of a note."""

    txn_id: str
    applied_amount: int
    applied_at: int
    txn_status: str | None = None


class WithheldTaxRefund(Struct, frozen=True, kw_only=True):
    """A refund put on record against a tax the customer kept back."""

    id: str
    amount: int | None = None
    date: int | None = None


class Allocation(Struct, frozen=True, kw_only=True):
    """Part of a note used against an invoice."""

    invoice_id: str
    allocated_amount: int
    allocated_at: int


class CreditNote(Struct, frozen=True, kw_only=True):
    """A credit note."""

    id: str
    customer_id: str
    type: str
    status: str
    currency_code: str
    sub_total: int
    deleted: bool
    reference_invoice_id: str | None = None
    total: int | None = None
    amount_allocated: int = 0
    amount_refunded: int | None = None
    amount_available: int | None = None
    date: int | None = None
    generated_at: int | None = None
    updated_at: int | None = None
    voided_at: int | None = None
    reason_code: str | None = None
    create_reason_code: str | None = None
    notes: tuple[str, ...] = ()
    line_items: tuple[LineItem, ...] | None = None
    line_items_next_offset: str | None = None
    line_item_taxes: tuple[LineItemTax, ...] = ()
    taxes: tuple[Tax, ...] | None = None
    discounts: tuple[Discount, ...] | None = None
    linked_refunds: tuple[LinkedRefund, ...] = ()
    linked_tax_withheld_refunds: tuple[WithheldTaxRefund, ...] = ()
    allocations: tuple[Allocation, ...] = ()


class LinkedPayment(Struct, frozen=True, kw_only=True):
    """A payment of an invoice: `applied_amount` is this invoice's part of the transaction."""

    txn_id: str
    applied_amount: int
    applied_at: int
    txn_status: str | None = None
    txn_date: int | None = None
    txn_amount: int | None = None


class IssuedNote(Struct, frozen=True, kw_only=True):
    """A note in an invoice's own list of its notes."""

    cn_id: str
    cn_status: str
    cn_total: int | None = None


class WithheldTax(Struct, frozen=True, kw_only=True):
    """A tax the customer kept back."""

    amount: int = 0


class Invoice(Struct, frozen=True, kw_only=True):
    """An invoice."""

    id: str
    customer_id: str
    status: str
    price_type: str
    currency_code: str
    sub_total: int
    tax: int
    deleted: bool
    total: int | None = None
    date: int | None = None
    amount_due: int | None = None
    amount_paid: int | None = None
    amount_to_collect: int | None = None
    credits_applied: int = 0
    line_items: tuple[LineItem, ...] = ()
    line_items_next_offset: str | None = None
    line_item_taxes: tuple[LineItemTax, ...] = ()
    linked_payments: tuple[LinkedPayment, ...] = ()
    adjustment_credit_notes: tuple[IssuedNote, ...] = ()
    issued_credit_notes: tuple[IssuedNote, ...] = ()
    linked_taxes_withheld: tuple[WithheldTax, ...] = ()


class Refusal(Struct, frozen=True, kw_only=True):
    """The body of an answer that says no; members of any type, so that one odd member does not hide the others."""

    api_error_code: object = None
    message: object = None
    param: object = None

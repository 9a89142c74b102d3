"""Making, changing and cancelling invoices: the rules between a wanted invoice and a booked one."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from decimal import Decimal

from app.sandbox.kernel import Switches
from app.sandbox.vcita.arithmetic import discount_of, extended, figures
from app.sandbox.vcita.books import Books
from app.sandbox.vcita.events import EventLog
from app.sandbox.vcita.numbering import Numbering, new_uid
from app.sandbox.vcita.records import Client, Discount, Invoice, InvoiceLine, InvoiceStatus, LineGroup, Looks, Tax, TaxMode
from app.sandbox.vcita.refusals import refusal

LARGEST_LINE = 10**15  # minor units; far above any invoice, far below where decimals would lose digits


@dataclass(frozen=True, slots=True, kw_only=True)
class LineOrder:
    """An invoice line somebody wants."""

    name: str
    quantity: Decimal
    unit_amount: Decimal
    description: str | None = None
    discount: Discount | None = None
    taxes: tuple[Tax, ...] = ()
    index: int = 0
    uid: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupOrder:
    """A group of lines somebody wants."""

    name: str
    index: int
    lines: tuple[LineOrder, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceOrder:
    """An invoice somebody wants."""

    client: Client
    currency: str
    status: InvoiceStatus
    issue_date: str
    due_date: str
    lines: tuple[LineOrder, ...] = ()
    groups: tuple[GroupOrder, ...] = ()
    number: str | None = None
    presentation: Looks = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What a new invoice is called, where that is not left to chance."""

    uid: str = field(default_factory=new_uid)
    request_uid: str = field(default_factory=new_uid)


class Invoicing:
    """Puts invoices into the books."""

    def __init__(self, books: Books, switches: Switches, numbering: Numbering, events: EventLog) -> None:
        self._books = books
        self._switches = switches
        self._numbering = numbering
        self._events = events

    def create(self, order: InvoiceOrder, now: float, identity: Identity | None = None, mode: TaxMode | None = None) -> Invoice:
        """Book a new invoice; raises Refused."""
        if order.status is InvoiceStatus.CANCELLED:
            raise refusal(422, "status", "An invoice cannot be created as cancelled")
        mode = mode or self._new_mode()
        self._check_number(order, None)
        identity = identity or Identity()
        invoice = Invoice(
            uid=identity.uid,
            number=order.number or self._numbering.invoice(self._books.invoice_numbers),
            client=order.client,
            currency=order.currency,
            status=order.status,
            tax_mode=mode,
            issue_date=order.issue_date,
            due_date=order.due_date,
            request_uid=identity.request_uid,
            loose_lines=_lines(order.lines, order.currency, mode),
            groups=_groups(order, mode),
            presentation=order.presentation,
            created_at=now,
            updated_at=now,
        )
        self._books.put_invoice(invoice)
        if invoice.status is InvoiceStatus.ISSUED:
            self._events.invoice(invoice, "issued", now)
        return invoice

    def update(self, invoice: Invoice, order: InvoiceOrder, now: float) -> Invoice:
        """Put the order in the place of the invoice; what was issued changes only in Flex Mode and before money or notes."""
        self._check_number(order, invoice)
        if invoice.status is InvoiceStatus.CANCELLED:
            raise refusal(422, "status", "A cancelled invoice cannot be changed")
        if order.status is InvoiceStatus.CANCELLED:
            return self.cancel(invoice, now)
        if invoice.status is InvoiceStatus.ISSUED:
            self._check_change(invoice, order)
        changed = replace(
            invoice,
            number=order.number or invoice.number,
            client=order.client,
            currency=order.currency,
            status=order.status,
            issue_date=order.issue_date,
            due_date=order.due_date,
            loose_lines=_lines(order.lines, order.currency, invoice.tax_mode),
            groups=_groups(order, invoice.tax_mode),
            presentation={**invoice.presentation, **order.presentation},
            updated_at=now,
        )
        self._books.put_invoice(changed)
        self._events.invoice(changed, "updated" if invoice.status is changed.status else "issued", now)
        return changed

    def cancel(self, invoice: Invoice, now: float) -> Invoice:
        """Cancel; in Strict Mode only a draft, and never what was paid or credited."""
        if invoice.status is InvoiceStatus.CANCELLED:
            raise refusal(422, "invoice_uid", "The invoice is cancelled already")
        if invoice.status is InvoiceStatus.ISSUED and self._switches["strict_mode"] == "on":
            raise refusal(422, "invoice_uid", "In Strict Mode only a draft can be cancelled")
        if self._touched(invoice):
            raise refusal(422, "invoice_uid", "An invoice with payments or credit notes cannot be cancelled")
        cancelled = replace(invoice, status=InvoiceStatus.CANCELLED, updated_at=now)
        self._books.put_invoice(cancelled)
        self._events.invoice(cancelled, "updated", now)
        return cancelled

    def _new_mode(self) -> TaxMode:
        return TaxMode.INCLUDE if self._switches["tax_mode"] == "include" else TaxMode.EXCLUDE

    def _touched(self, invoice: Invoice) -> bool:
        return bool(self._books.payments_of(invoice.uid) or self._books.notes_of(invoice.uid))

    def _check_change(self, invoice: Invoice, order: InvoiceOrder) -> None:
        if order.status is InvoiceStatus.DRAFT:
            raise refusal(422, "status", "An issued invoice cannot become a draft again")
        if self._switches["strict_mode"] == "on":
            raise refusal(422, "status", "In Strict Mode an issued invoice cannot be changed")
        if self._touched(invoice):
            raise refusal(422, "status", "An invoice with payments or credit notes cannot be changed")

    def _check_number(self, order: InvoiceOrder, own: Invoice | None) -> None:
        mine = own is not None and order.number == own.number
        if order.number is not None and not mine and order.number in self._books.invoice_numbers:
            raise refusal(422, "unique_number", "unique_number has already been taken", code="taken")


def _groups(order: InvoiceOrder, mode: TaxMode) -> tuple[LineGroup, ...]:
    return tuple(
        LineGroup(name=group.name, index=group.index, lines=_lines(group.lines, order.currency, mode)) for group in order.groups
    )


def _lines(orders: tuple[LineOrder, ...], currency: str, mode: TaxMode) -> tuple[InvoiceLine, ...]:
    return tuple(_line(order, currency, mode) for order in orders)


def _line(order: LineOrder, currency: str, mode: TaxMode) -> InvoiceLine:
    amount = extended(order.quantity, order.unit_amount, currency)
    if amount > LARGEST_LINE:
        raise refusal(422, "line_items", "A line of this amount is out of range")
    discount = discount_of(order.discount, amount, currency)
    if discount > amount:
        raise refusal(422, "line_items", "A discount cannot exceed the amount of its line")
    return InvoiceLine(
        uid=order.uid or new_uid(),
        name=order.name,
        description=order.description,
        quantity=order.quantity,
        unit_amount=order.unit_amount,
        discount=order.discount,
        taxes=order.taxes,
        index=order.index,
        figures=figures(amount, discount, order.taxes, mode),
    )

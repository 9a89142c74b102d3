"""What happens to invoices themselves: billed, paid, written off, voided, renewed. Most of it comes from the site, not from the API."""

from __future__ import annotations

from dataclasses import dataclass

from app.sandbox.chargebee.allocations import allocate, open_credits
from app.sandbox.chargebee.balances import WRITE_OFF, owe_less
from app.sandbox.chargebee.books import Books, Occasion
from app.sandbox.chargebee.journal import invoice_changed
from app.sandbox.chargebee.notes import Draft, issue
from app.sandbox.chargebee.proration import NO_TAX
from app.sandbox.chargebee.records import (
    OWING,
    Invoice,
    InvoiceStatus,
    Line,
    Note,
    NoteStatus,
    NoteType,
    Payment,
    TransactionStatus,
)
from app.sandbox.chargebee.refusals import too_much, wrong_state

SITE_WRITE_OFF = "Write Off"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """An invoice to be made."""

    id: str
    customer_id: str
    currency: str
    lines: tuple[Line, ...]
    status: InvoiceStatus = InvoiceStatus.PAYMENT_DUE


def bill(books: Books, wanted: Bill, occasion: Occasion) -> Invoice:
    """A new invoice, dated now."""
    invoice = Invoice(
        id=wanted.id,
        sequence=books.sequence(),
        customer_id=wanted.customer_id,
        currency=wanted.currency,
        date=occasion.second,
        lines=wanted.lines,
        status=wanted.status,
        amount_due=sum(line.net + line.tax for line in wanted.lines),
    )
    books.invoices[invoice.id] = invoice
    invoice_changed(books, invoice, occasion)
    return invoice


def untaxed_line(books: Books, description: str, amount: int, occasion: Occasion) -> Line:
    """A line of one piece without tax."""
    return Line(
        id=books.ids.next("li"),
        description=description,
        quantity=1,
        unit_amount=amount,
        net=amount,
        tax=0,
        tax_rate=NO_TAX,
        date_from=occasion.second,
        date_to=occasion.second,
    )


def pay(books: Books, invoice: Invoice, payment: Payment, occasion: Occasion) -> None:
    """Book a payment of part or all of what is to be collected; one under way counts when it is settled."""
    if invoice.status not in OWING:
        raise wrong_state(books.switches, f"Invoice {invoice.id} is {invoice.status}: it takes no payment")
    if not 0 < payment.amount <= invoice.amount_to_collect:
        raise too_much(books.switches, "amount", f"{payment.amount} is not within 1 and {invoice.amount_to_collect}")
    books.payments[payment.id] = payment
    invoice.payments.append(payment)
    if payment.status is TransactionStatus.SUCCESS:
        _collect(payment, occasion)
    invoice_changed(books, invoice, occasion)


def settle_payment(books: Books, payment: Payment, occasion: Occasion) -> None:
    """A payment under way has arrived."""
    _check_under_way(books, payment)
    payment.status = TransactionStatus.SUCCESS
    _collect(payment, occasion)
    invoice_changed(books, payment.invoice, occasion)


def fail_payment(books: Books, payment: Payment, occasion: Occasion) -> None:
    """A payment under way has failed."""
    _check_under_way(books, payment)
    payment.status = TransactionStatus.FAILURE
    invoice_changed(books, payment.invoice, occasion)


def void_invoice(books: Books, invoice: Invoice, occasion: Occasion) -> None:
    """Void an invoice of which nothing was paid, credited or adjusted."""
    live = [note for note in invoice.notes if note.status is not NoteStatus.VOIDED and not note.deleted]
    if invoice.status not in OWING | {InvoiceStatus.PENDING} or invoice.amount_due != invoice.total or invoice.in_progress or live:
        raise wrong_state(books.switches, f"Invoice {invoice.id} is {invoice.status}, paid or credited: it cannot be voided")
    invoice.status = InvoiceStatus.VOIDED
    invoice.voided_at = occasion.second
    invoice_changed(books, invoice, occasion)


def write_off(books: Books, invoice: Invoice, comment: str | None, occasion: Occasion) -> Note:
    """Give up what is owed: an adjustment note over all of it (docs: Write off an invoice)."""
    if invoice.status not in OWING or invoice.in_progress:
        raise wrong_state(books.switches, f"Invoice {invoice.id} is {invoice.status} or being paid: it cannot be written off")
    draft = Draft(
        type=NoteType.ADJUSTMENT,
        invoice=invoice,
        customer_id=invoice.customer_id,
        currency=invoice.currency,
        total=invoice.amount_due,
        reason_code=WRITE_OFF,
        create_reason_code=SITE_WRITE_OFF,
        comment=comment,
    )
    return issue(books, draft, occasion)


def renew(books: Books, wanted: Bill, occasion: Occasion) -> Invoice:
    """A subscription's next invoice: open credit of the customer is used for it at once, without anybody asking."""
    invoice = bill(books, wanted, occasion)
    types = (NoteType.STORE, NoteType.REFUNDABLE)
    waiting = [note for type in types for note in open_credits(books, wanted.customer_id, wanted.currency, [type])]
    allocate(books, invoice, waiting, occasion)
    return invoice


def _collect(payment: Payment, occasion: Occasion) -> None:
    payment.invoice.amount_paid += payment.amount
    owe_less(payment.invoice, payment.amount, occasion)


def _check_under_way(books: Books, payment: Payment) -> None:
    if payment.status is not TransactionStatus.IN_PROGRESS:
        raise wrong_state(books.switches, f"Payment {payment.id} is {payment.status}")

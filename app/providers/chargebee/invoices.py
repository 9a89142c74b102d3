"""Chargebee's invoices read into our words, with what may still be credited (docs: Invoice object, Create a credit note). Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from app.domain.credit_note import Party, Ref
from app.domain.errors import BadPayload
from app.domain.invoice import CreditableBalance, Invoice, Payment
from app.domain.money import Money
from app.domain.vocabulary import InvoiceStatus
from app.providers.chargebee import wire
from app.providers.chargebee.currency import money
from app.providers.chargebee.instants import instant
from app.providers.chargebee.line_items import invoice_lines
from app.providers.chargebee.mapping import whole

STATUS = {
    "paid": InvoiceStatus.PAID,
    "posted": InvoiceStatus.OPEN,
    "payment_due": InvoiceStatus.OPEN,
    "not_paid": InvoiceStatus.OPEN,
    "voided": InvoiceStatus.VOIDED,
    "pending": InvoiceStatus.DRAFT,
}
# Payments by these words have not brought money, or not yet (docs: Transaction object, `status`).
NOT_RECEIVED = frozenset({"in_progress", "voided", "failure", "timeout", "needs_attention", "late_failure"})
PAYMENT = NOT_RECEIVED | {"success"}

_UNTOLD = "the provider does not tell what is owed and what was paid"


def invoice(said: wire.Invoice, *, account: str, note_ids: Iterable[str]) -> Invoice:
    """Read one invoice; `note_ids` are the notes found against it. Raises BadPayload for figures that are no money."""
    try:
        return _invoice(said, account, note_ids)
    except (ValueError, OverflowError) as wrong:  # amounts, currencies and instants that cannot be
        message = f"the provider's invoice {said.id[:50]!r} can't be read: {wrong}"
        raise BadPayload(message, account=account) from wrong


def unknown_words(said: wire.Invoice) -> Iterator[tuple[str, str]]:
    """The words of this invoice that nobody has published, each with what it is."""
    if said.status not in STATUS:
        yield "invoice status", said.status
    for payment in said.linked_payments:
        if payment.txn_status is not None and payment.txn_status not in PAYMENT:
            yield "payment txn_status", payment.txn_status


def _invoice(said: wire.Invoice, account: str, note_ids: Iterable[str]) -> Invoice:
    currency = said.currency_code
    total = whole(said.total, said.sub_total, said.tax)
    creditable, conflict = _creditable(said, total)
    own = [note.cn_id for note in (*said.adjustment_credit_notes, *said.issued_credit_notes)]
    return Invoice(
        ref=Ref(account, said.id),
        status=_status(said),
        provider_status=said.status,
        total=money(total, currency),
        number=said.id,
        amount_due=_optional(said.amount_due, currency),
        amount_paid=_optional(said.amount_paid, currency),
        creditable=creditable,
        conflict=conflict,
        payments=tuple(_payment(payment, currency) for payment in said.linked_payments if payment.txn_status not in NOT_RECEIVED),
        lines=invoice_lines(said),
        tax_inclusive=said.price_type == "tax_inclusive",
        note_ids=tuple(dict.fromkeys((*own, *note_ids))),
        customer=Party(provider_id=said.customer_id),
        issued_at=instant(said.date),
    )


def _status(said: wire.Invoice) -> InvoiceStatus:
    """Chargebee has no word for a partly paid invoice: it follows from the amounts."""
    status = STATUS.get(said.status, InvoiceStatus.UNKNOWN)
    if status is InvoiceStatus.OPEN and said.amount_paid and said.amount_due:
        return InvoiceStatus.PARTIALLY_PAID
    return status


def _creditable(said: wire.Invoice, total: int) -> tuple[CreditableBalance | None, str | None]:
    """The two parts by the published rules, or why they cannot be told."""
    if said.status in {"voided", "pending"}:  # docs: such invoices take no credit notes
        return _balance(said, 0, 0), None
    adjustable = _adjustable(said)
    issued = _issued(said.issued_credit_notes)
    if adjustable is None or said.amount_paid is None or issued is None:
        return None, _UNTOLD
    settled = said.amount_paid + said.credits_applied + sum(tax.amount for tax in said.linked_taxes_withheld)
    adjusted = _issued(said.adjustment_credit_notes) or 0
    if adjustable + settled + adjusted > total:
        # `amount_paid` is said to count whole transactions, of which one may pay several invoices.
        return None, "what the provider says is owed, paid and credited comes to more than was billed"
    return _balance(said, adjustable, max(0, settled - issued)), None


def _adjustable(said: wire.Invoice) -> int | None:
    """What is owed and not on its way: `amount_to_collect`, or what it is by definition."""
    if said.amount_to_collect is not None:
        return said.amount_to_collect
    if said.amount_due is None:
        return None
    under_way = [payment for payment in said.linked_payments if payment.txn_status == "in_progress"]
    return max(0, said.amount_due - sum(payment.txn_amount or payment.applied_amount for payment in under_way))


def _issued(notes: Iterable[wire.IssuedNote]) -> int | None:
    """What the notes that stand come to; None where one does not tell its total."""
    standing = [note.cn_total for note in notes if note.cn_status != "voided"]
    told = [amount for amount in standing if amount is not None]
    return sum(told) if len(told) == len(standing) else None


def _balance(said: wire.Invoice, adjustable: int, refundable: int) -> CreditableBalance:
    currency = said.currency_code
    return CreditableBalance(
        total=money(adjustable + refundable, currency),
        adjustable=money(adjustable, currency),
        refundable=money(refundable, currency),
        exact=said.status in STATUS,  # the rule is published for the states that are
    )


def _payment(payment: wire.LinkedPayment, currency: str) -> Payment:
    return Payment(
        provider_id=payment.txn_id,
        amount=money(payment.applied_amount, currency),
        paid_at=instant(payment.applied_at if payment.txn_date is None else payment.txn_date),
    )


def _optional(units: int | None, currency: str) -> Money | None:
    return None if units is None else money(units, currency)

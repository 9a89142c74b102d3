"""Money in and out: payments of invoices and refunds of payments. Notes that follow a refund are made in `issuing`."""

from __future__ import annotations

from dataclasses import dataclass, replace

from app.sandbox.kernel import Switches
from app.sandbox.vcita.answers import second
from app.sandbox.vcita.books import Books
from app.sandbox.vcita.events import EventLog
from app.sandbox.vcita.numbering import new_uid
from app.sandbox.vcita.records import Invoice, InvoiceStatus, Payment, Refund
from app.sandbox.vcita.refusals import refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundOrder:
    """A refund somebody wants; no amount means what is left of the payment."""

    amount: int | None = None
    recorded: bool = False
    provider_refund_id: str | None = None
    refund_time: str | None = None


class Refunding:
    """Books payments and refunds."""

    def __init__(self, books: Books, switches: Switches, events: EventLog) -> None:
        self._books = books
        self._switches = switches
        self._events = events

    def pay(self, invoice: Invoice, minor: int, now: float, uid: str | None = None) -> Payment:
        """Book a payment; raises Refused for more than is left to pay."""
        if invoice.status is not InvoiceStatus.ISSUED:
            raise refusal(422, "invoice_uid", f"An invoice in status {invoice.status} takes no payment")
        if not 0 < minor <= self._books.balance(invoice, notes_count=self._switches["note_lowers_balance"] == "yes"):
            raise refusal(422, "amount", "The amount must be positive and not more than what is left to pay")
        uid = uid or new_uid()
        payment = Payment(
            uid=uid,
            invoice_uid=invoice.uid,
            currency=invoice.currency,
            minor=minor,
            state="paid",
            transaction_id=f"txn_{uid}",
            created_at=now,
            updated_at=now,
        )
        self._books.put_payment(payment)
        self._events.payment(payment, invoice, "paid", now)
        return payment

    def refund(self, order: RefundOrder, payment: Payment, now: float) -> Refund:
        """Book a refund; raises Refused for more than is left of the payment."""
        left = payment.minor - self._books.refunded(payment)
        amount = left if order.amount is None else order.amount
        if left == 0:
            raise refusal(422, "payment_uid", f"A payment in state {payment.state} cannot be refunded")
        if not 0 < amount <= left:
            raise refusal(422, "amount", "The amount must be positive and not more than what is left of the payment")
        refund = Refund(
            uid=new_uid(),
            payment_uid=payment.uid,
            currency=payment.currency,
            minor=amount,
            recorded=order.recorded,
            provider_refund_id=order.provider_refund_id,
            refund_time=order.refund_time or second(now),
            created_at=now,
        )
        self._books.put_refund(refund)
        changed = replace(payment, state="refunded" if amount == left else "paid", updated_at=now)
        self._books.put_payment(changed)
        self._events.payment(changed, self._books.invoices[payment.invoice_uid], "refunded", now)
        return refund

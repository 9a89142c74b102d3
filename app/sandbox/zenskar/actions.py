"""What can be done behind the gateway's back: a payer, a bank, or a colleague in the dashboard. The rules are the API's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from app.sandbox.kernel import BadControl, Json
from app.sandbox.zenskar import figures, kinds
from app.sandbox.zenskar.allocation import Order
from app.sandbox.zenskar.desk import Desk
from app.sandbox.zenskar.kinds import Kind
from app.sandbox.zenskar.notes import Change
from app.sandbox.zenskar.payments import Receipt, Return
from app.sandbox.zenskar.problems import Invalid
from app.sandbox.zenskar.records import Share
from app.sandbox.zenskar.refusals import Code, Refused
from app.sandbox.zenskar.words import Destination, NoteStatus, PaymentMethod

T = TypeVar("T")
Arguments = Mapping[str, Json]


class Actions:
    """The actions by name."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._known: dict[str, Callable[[Arguments], Json]] = {
            "pay": self._pay,
            "issue": self._issue,
            "settle": self._settle,
            "void": self._void,
            "void_invoice": self._void_invoice,
            "approve": self._approve,
            "refund": self._refund,
            "top_up": self._top_up,
            "apply_credits": self._apply_credits,
        }

    def act(self, action: str, arguments: Arguments) -> Json:
        """Do it; raises BadControl for an unknown action, a bad argument, or what the rules forbid."""
        if action not in self._known:
            message = f"no action {action!r}; there are {sorted(self._known)}"
            raise BadControl(message)
        self._desk.catch_up()
        try:
            return self._known[action](arguments)
        except (Refused, Invalid) as wrong:
            raise BadControl(str(wrong)) from wrong

    def _pay(self, arguments: Arguments) -> Json:
        """`invoice_id`, `minor`: a successful card payment of that much."""
        invoice = self._desk.books.invoice(_wanted(arguments, "invoice_id", kinds.uuid))
        minor = _wanted(arguments, "minor", kinds.positive_integer)
        receipt = Receipt(
            customer_id=invoice.customer.id,
            amount=minor,
            currency=invoice.currency,
            shares=(Share(invoice_id=invoice.id, amount=minor),),
            method=PaymentMethod.CARD,
        )
        return figures.payment(self._desk.payments.record(receipt, self._desk.stamp()))

    def _issue(self, arguments: Arguments) -> Json:
        """`invoice_id`, `minor`, optionally `reason` and `refund_destination` (default: credits)."""
        order = Order(
            invoice_id=_wanted(arguments, "invoice_id", kinds.uuid),
            amount=_wanted(arguments, "minor", kinds.positive_integer),
            reason=_given(arguments, "reason", kinds.text) or "Issued in the dashboard",
            destination=_given(arguments, "refund_destination", kinds.choice(Destination)) or Destination.CREDITS,
        )
        return figures.note(self._desk.notes.issue(order, self._desk.stamp()))

    def _settle(self, arguments: Arguments) -> Json:
        """`note_id` or `refund_id`, or neither for all: refunds under way complete. Says which."""
        note_id = _given(arguments, "note_id", kinds.uuid)
        refund_id = _given(arguments, "refund_id", kinds.uuid)
        pending = self._desk.refunds.pending()
        chosen = [refund for refund in pending if note_id in {None, refund.note_id} and refund_id in {None, refund.id}]
        if (note_id or refund_id) and not chosen:
            raise Refused(Code.NOTHING_TO_SETTLE, "no such refund is under way")
        for refund in chosen:
            self._desk.refunds.complete(refund)
        return [refund.id for refund in chosen]

    def _void(self, arguments: Arguments) -> Json:
        """`note_id`: what PATCH with `status: void` does."""
        note_id = _wanted(arguments, "note_id", kinds.uuid)
        change = Change(amount=None, currency=None, status=NoteStatus.VOID, repayment=None, custom_data=None, line_items=None)
        return figures.note(self._desk.notes.change(note_id, change, self._desk.clock.now()))

    def _void_invoice(self, arguments: Arguments) -> Json:
        """`invoice_id`: voids an unpaid invoice by hand, as 1005 was."""
        return figures.invoice(
            self._desk.invoices.void_by_hand(_wanted(arguments, "invoice_id", kinds.uuid), self._desk.clock.now())
        )

    def _approve(self, arguments: Arguments) -> Json:
        """`invoice_id`: approves a draft."""
        return figures.invoice(self._desk.invoices.approve(_wanted(arguments, "invoice_id", kinds.uuid), self._desk.clock.now()))

    def _refund(self, arguments: Arguments) -> Json:
        """`payment_id`, optionally `minor`, `refund_destination`, `writeoff_invoices`: a refund without a note."""
        payment_id = _wanted(arguments, "payment_id", kinds.uuid)
        wanted = Return(
            payment_id=payment_id,
            destination=_given(arguments, "refund_destination", kinds.choice(Destination)) or Destination.EXTERNAL,
            writes_off=_given(arguments, "writeoff_invoices", kinds.boolean) or False,
            amount=_given(arguments, "minor", kinds.positive_integer),
        )
        self._desk.payments.refund(wanted, self._desk.stamp())
        return figures.refund(self._desk.books.refunds_of(payment_id)[-1])

    def _top_up(self, arguments: Arguments) -> Json:
        """`customer_id`, `currency`, `minor`: credits for the customer's wallet."""
        customer_id = _wanted(arguments, "customer_id", kinds.uuid)
        currency = _wanted(arguments, "currency", kinds.currency)
        if customer_id not in self._desk.books.customers:
            raise Refused(Code.INVALID_CUSTOMER, f"no customer {customer_id}")
        self._desk.payments.top_up(customer_id, currency, _wanted(arguments, "minor", kinds.positive_integer))
        return figures.wallet(self._desk.books, customer_id, currency)

    def _apply_credits(self, arguments: Arguments) -> Json:
        """`invoice_id`, `minor`: wallet credits put on an invoice."""
        invoice = self._desk.books.invoice(_wanted(arguments, "invoice_id", kinds.uuid))
        self._desk.payments.apply_credits(invoice.id, _wanted(arguments, "minor", kinds.positive_integer), self._desk.clock.now())
        return figures.invoice(invoice)


def _wanted(arguments: Arguments, name: str, kind: Kind[T]) -> T:
    value = _given(arguments, name, kind)
    if value is None:
        message = f"{name} is missing"
        raise BadControl(message)
    return value


def _given(arguments: Arguments, name: str, kind: Kind[T]) -> T | None:
    value = arguments.get(name)
    if value is None:
        return None
    if not isinstance(value, str | int):  # no argument is anything else; a float would not be exact
        message = f"{name} must be a string, a whole number or a boolean"
        raise BadControl(message)
    try:
        return kind(value)
    except Invalid as wrong:
        message = f"{name}: {wrong.problems[0].wrong.value[1]}"
        raise BadControl(message) from wrong

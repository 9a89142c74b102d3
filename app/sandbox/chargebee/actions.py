"""What can happen behind a caller's back: payments, notes issued by others, renewals, refunds that arrive or fail, held requests."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from app.domain.money import MoneyError
from app.sandbox.chargebee import invoice_wire, invoices, note_wire, notes, refunds
from app.sandbox.chargebee.books import Books, Occasion
from app.sandbox.chargebee.currency import ENABLED, units
from app.sandbox.chargebee.gate import Gate
from app.sandbox.chargebee.records import Invoice, InvoiceStatus, Note, NoteType, Payment, Refund, TransactionStatus
from app.sandbox.chargebee.refusals import Refusal
from app.sandbox.kernel import BadControl, Json
from app.sandbox.seed import CUSTOMERS

Arguments = Mapping[str, Json]


class Actions:
    """The actions of one site, by name. Amounts are ISO 4217 minor units, as in the control API."""

    def __init__(self, books: Books, gate: Gate) -> None:
        self._books = books
        self._gate = gate
        self._known: dict[str, Callable[[Arguments], Json]] = {
            "pay": self._pay,
            "issue": self._issue,
            "void": self._void,
            "settle": self._settle,
            "fail": self._fail,
            "renew": self._renew,
            "bill": self._bill,
            "void_invoice": self._void_invoice,
            "hold": self._hold,
            "release": self._release,
        }

    def act(self, action: str, arguments: Arguments) -> Json:
        """Do it; raises BadControl for an unknown action, bad arguments, and what the rules refuse."""
        if action not in self._known:
            message = f"no action {action!r}; there are {', '.join(self._known)}"
            raise BadControl(message)
        try:
            return self._known[action](arguments)
        except (Refusal, MoneyError) as refused:
            raise BadControl(str(refused)) from refused

    def _pay(self, arguments: Arguments) -> Json:
        """Pay part of an invoice: `invoice_id`, `minor`; `method` (card), `in_progress` (false)."""
        invoice = self._books.invoice(_text(arguments, "invoice_id"))
        occasion = self._occasion()
        payment = Payment(
            id=self._books.ids.next("txn"),
            invoice=invoice,
            amount=units(_minor(arguments), invoice.currency),
            at=occasion.second,
            method=_text(arguments, "method", "card"),
            status=TransactionStatus.IN_PROGRESS if arguments.get("in_progress") is True else TransactionStatus.SUCCESS,
        )
        invoices.pay(self._books, invoice, payment, occasion)
        return {"payment_id": payment.id, **self._invoice(invoice)}

    def _issue(self, arguments: Arguments) -> Json:
        """Issue a note: `invoice_id`, `minor`; `type` (adjustment where it fits, else refundable)."""
        invoice = self._books.invoice(_text(arguments, "invoice_id"))
        amount = units(_minor(arguments), invoice.currency)
        fitting = NoteType.ADJUSTMENT if amount <= invoice.amount_to_collect else NoteType.REFUNDABLE
        type = _text(arguments, "type", fitting)
        if type not in set(NoteType):
            message = f"type must be one of {', '.join(NoteType)}"
            raise BadControl(message)
        draft = notes.Draft(
            type=NoteType(type), invoice=invoice, customer_id=invoice.customer_id, currency=invoice.currency, total=amount
        )
        return self._note(notes.issue(self._books, draft, self._occasion()))

    def _void(self, arguments: Arguments) -> Json:
        """Void a note: `note_id`."""
        note = self._books.present_note(_text(arguments, "note_id"))
        notes.void(self._books, note, None, self._occasion())
        return self._note(note)

    def _settle(self, arguments: Arguments) -> Json:
        """Bring a payment or a refund under way to its end (`id`), or leave nothing open on a note (`note_id`)."""
        occasion = self._occasion()
        if "id" in arguments:
            id = _text(arguments, "id")
            if id in self._books.payments:
                invoices.settle_payment(self._books, self._books.payments[id], occasion)
                return self._invoice(self._books.payments[id].invoice)
            refund = self._refund(id)
            refunds.settle(self._books, refund, occasion)
            return self._note(refund.note)
        note = self._books.present_note(_text(arguments, "note_id"))
        for refund in [one for one in note.refunds if one.status is TransactionStatus.IN_PROGRESS]:
            refunds.settle(self._books, refund, occasion)
        if note.amount_available and note.type is NoteType.REFUNDABLE:
            payout = refunds.Payout(amount=None, method="bank_transfer", date=occasion.second)
            refunds.record(self._books, note, payout, occasion)
        return self._note(note)

    def _fail(self, arguments: Arguments) -> Json:
        """Let a payment or a refund under way fail: `id`."""
        id = _text(arguments, "id")
        if id in self._books.payments:
            invoices.fail_payment(self._books, self._books.payments[id], self._occasion())
            return self._invoice(self._books.payments[id].invoice)
        refund = self._refund(id)
        refunds.fail(self._books, refund, self._occasion())
        return self._note(refund.note)

    def _renew(self, arguments: Arguments) -> Json:
        """Bill the next period and use the customer's open credit for it: `customer_id`, `currency`, `minor`."""
        occasion = self._occasion("scheduled_job")
        return self._invoice(invoices.renew(self._books, self._wanted(arguments, occasion), occasion))

    def _bill(self, arguments: Arguments) -> Json:
        """Make an invoice that uses no credit: `customer_id`, `currency`, `minor`; `status` (payment_due)."""
        occasion = self._occasion()
        return self._invoice(invoices.bill(self._books, self._wanted(arguments, occasion), occasion))

    def _void_invoice(self, arguments: Arguments) -> Json:
        """Void an invoice: `invoice_id`."""
        invoice = self._books.invoice(_text(arguments, "invoice_id"))
        invoices.void_invoice(self._books, invoice, self._occasion())
        return self._invoice(invoice)

    def _hold(self, _: Arguments) -> Json:
        """Keep keyed writes waiting before they touch the books, until `release`."""
        self._gate.holding = True
        return {"holding": True}

    def _release(self, _: Arguments) -> Json:
        """Let held writes go on."""
        self._gate.holding = False
        return {"holding": False}

    def _wanted(self, arguments: Arguments, occasion: Occasion) -> invoices.Bill:
        customer, currency = _text(arguments, "customer_id"), _text(arguments, "currency")
        status = _text(arguments, "status", InvoiceStatus.PAYMENT_DUE)
        if customer not in CUSTOMERS or currency not in ENABLED or status not in {"payment_due", "not_paid", "posted", "pending"}:
            message = (
                f"customer_id is of {sorted(CUSTOMERS)}, currency of {ENABLED}, status payment_due, not_paid, posted or pending"
            )
            raise BadControl(message)
        amount = units(_minor(arguments), currency)
        return invoices.Bill(
            id=self._books.ids.invoice(),
            customer_id=customer,
            currency=currency,
            lines=(invoices.untaxed_line(self._books, "Renewal", amount, occasion),),
            status=InvoiceStatus(status),
        )

    def _refund(self, id: str) -> Refund:
        if id not in self._books.refunds:
            message = f"no payment and no refund {id}"
            raise BadControl(message)
        return self._books.refunds[id]

    def _occasion(self, source: str = "admin_console") -> Occasion:
        return Occasion(at=self._books.clock.now(), source=source)

    def _note(self, note: Note) -> dict[str, Json]:
        return {"credit_note": note_wire.credit_note(note, self._books.switches)}

    def _invoice(self, invoice: Invoice) -> dict[str, Json]:
        return {"invoice": invoice_wire.invoice(invoice, self._books.switches)}


def _text(arguments: Arguments, name: str, fallback: str | None = None) -> str:
    value = arguments.get(name, fallback)
    if not isinstance(value, str):
        message = f"{name} must be a string"
        raise BadControl(message)
    return value


def _minor(arguments: Arguments) -> int:
    value = arguments.get("minor")
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        message = "minor must be a whole number above 0"
        raise BadControl(message)
    return value

"""The demonstration data, booked through the same rules as requests, under fixed ids and backdated.

Ids end in: invoices 1001-1005 and 1006-1009 (this sandbox's own), old invoices 2001 up, old notes 3001 up; a payment is its part
and its invoice's number (11004 and 21004 are the two of 1004), the refund of an old note 9 and its invoice's number.
"""

from __future__ import annotations

from collections.abc import Sequence

from app.sandbox.seed import CUSTOMERS, DAY, INVOICES, OldNote, State, old_notes
from app.sandbox.zenskar.allocation import Order
from app.sandbox.zenskar.desk import Desk
from app.sandbox.zenskar.notes import Change
from app.sandbox.zenskar.payments import Receipt
from app.sandbox.zenskar.records import Customer, Invoice, Line, Share, Stamp
from app.sandbox.zenskar.words import Destination, InvoiceStatus, NoteStatus, PaymentMethod

_CUSTOMER_IDS = {"acme": "00000000ac3e", "globex": "0000000910be"}
_VOIDED = Change(amount=None, currency=None, status=NoteStatus.VOID, repayment=None, custom_data=None, line_items=None)


def fixed(tail: int | str) -> str:
    """The demonstration id with this end."""
    return f"00000000-0000-4000-8000-{tail:0>12}"


CUSTOMER_IDS = {name: fixed(tail) for name, tail in _CUSTOMER_IDS.items()}


def seed(desk: Desk) -> None:
    """Book the demonstration data into empty books."""
    _Seeder(desk).seed()


class _Seeder:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._start = desk.clock.now()

    def seed(self) -> None:
        for name, (title, email) in CUSTOMERS.items():
            customer = Customer(id=CUSTOMER_IDS[name], external_id=name, name=title, email=email)
            self._desk.books.customers[customer.id] = customer
        for demo in INVOICES:
            lines = [Line(name=line.description, quantity=line.quantity, net=line.net, tax=line.tax) for line in demo.lines]
            invoice = self._invoice(demo.number, demo.customer, demo.currency, lines, demo.days_old)
            for part, paid in enumerate(demo.payments, start=1):
                self._pay([(invoice, paid)], part, demo.days_old - part)
            if demo.state is State.VOID:
                self._desk.invoices.void_by_hand(invoice.id, self._start - demo.days_old * DAY + 3600)
        self._own_invoices()
        for old in old_notes(kwd=True):
            self._old_note(old)

    def _own_invoices(self) -> None:
        """A draft, one that wallet credits were put on, and two that one payment covers."""
        draft = self._invoice(1006, "acme", "EUR", [_flat("Draft order", 60_00)], 5)
        draft.status = InvoiceStatus.DRAFT
        credited = self._invoice(1007, "acme", "EUR", [_flat("Credits and card", 90_00)], 5)
        self._desk.payments.top_up(credited.customer.id, "EUR", 45_00)
        self._desk.payments.apply_credits(credited.id, 40_00, self._start - 4.5 * DAY)
        self._pay([(credited, 30_00)], 1, 4)
        shared = [
            self._invoice(1008, "globex", "EUR", [_flat("First of two", 70_00)], 5),
            self._invoice(1009, "globex", "EUR", [_flat("Second of two", 50_00)], 5),
        ]
        self._pay([(shared[0], 70_00), (shared[1], 50_00)], 1, 4)

    def _old_note(self, old: OldNote) -> None:
        number = 2000 + old.index
        invoice = self._invoice(number, old.customer, old.currency, [_flat("Subscription", old.invoice_total)], old.days_old + 2)
        if old.paid:
            self._pay([(invoice, old.invoice_total)], 1, old.days_old + 1)
        at = self._start - old.days_old * DAY
        stamp = Stamp(
            at=at, ids=iter([fixed(3000 + old.index), fixed(90_000 + number)]), number=f"CN-{old.index:06d}", settle_after=None
        )
        order = Order(
            invoice_id=invoice.id,
            amount=old.credited,
            reason=old.reason.replace("_", " ").capitalize(),
            destination=_destination(old),
        )
        note = self._desk.notes.issue(order, stamp)
        if old.settled:
            for refund in note.refunds:
                self._desk.refunds.complete(refund)
        if old.voided:
            self._desk.notes.change(note.id, _VOIDED, at + 3600)

    def _invoice(self, number: int, customer: str, currency: str, lines: Sequence[Line], days_old: float) -> Invoice:
        at = self._start - days_old * DAY
        total = sum(line.net + line.tax for line in lines)
        invoice = Invoice(
            id=fixed(number),
            number=number,
            customer=self._desk.books.customers[CUSTOMER_IDS[customer]],
            currency=currency,
            lines=tuple(lines),
            status=InvoiceStatus.APPROVED,
            created_at=at,
            updated_at=at,
            original=total,
            remaining=total,
            due=total,
        )
        self._desk.books.invoices[invoice.id] = invoice
        return invoice

    def _pay(self, paid: Sequence[tuple[Invoice, int]], part: int, days_old: float) -> None:
        first = paid[0][0]
        receipt = Receipt(
            customer_id=first.customer.id,
            amount=sum(amount for _, amount in paid),
            currency=first.currency,
            shares=tuple(Share(invoice_id=invoice.id, amount=amount) for invoice, amount in paid),
            method=PaymentMethod.CARD,
        )
        id = fixed(part * 10_000 + first.number)
        stamp = Stamp(at=self._start - days_old * DAY, ids=iter([id]), number="", settle_after=None)
        self._desk.payments.record(receipt, stamp)


def _destination(old: OldNote) -> Destination | None:
    """Paid out where nothing is to be left of it, else credits, or a refund that is still under way."""
    if not old.paid:
        return None
    if old.settled:
        return Destination.EXTERNAL if old.index % 8 == 0 else Destination.ORIGINAL
    return Destination.CREDITS if old.index // 2 % 2 else Destination.ORIGINAL


def _flat(name: str, amount: int) -> Line:
    return Line(name=name, quantity=1, net=amount, tax=0)

"""All rows, and how they are found. Rules live beside it; here is only what they share."""

from __future__ import annotations

import itertools
import uuid
from collections import defaultdict
from collections.abc import Iterator

from app.sandbox.kernel import Numbers, Switches
from app.sandbox.zenskar.records import Application, Customer, Invoice, Note, Payment, Refund, Stamp, TopUp
from app.sandbox.zenskar.refusals import Code, Refused, missing


class Books:
    """Customers, invoices, payments, refunds, notes and wallets of one organisation."""

    def __init__(self, switches: Switches) -> None:
        self.switches = switches
        self._numbers = Numbers()
        self.clear()

    def clear(self) -> None:
        """Nothing in the books; numbers go on where they were."""
        self.customers: dict[str, Customer] = {}
        self.invoices: dict[str, Invoice] = {}
        self.payments: dict[str, Payment] = {}
        self.refunds: dict[str, Refund] = {}
        self.notes: dict[str, Note] = {}
        self.note_numbers: set[str] = set()
        self.top_ups: list[TopUp] = []
        self.applications: list[Application] = []
        self.wallets: defaultdict[tuple[str, str], int] = defaultdict(int)
        self._payments_of: defaultdict[str, list[Payment]] = defaultdict(list)
        self._refunds_of: defaultdict[str, list[Refund]] = defaultdict(list)
        self._notes_of: defaultdict[str, list[Note]] = defaultdict(list)

    def stamp(self, at: float) -> Stamp:
        """For a change made now: random ids, the next number, and the delay of refunds that is switched on."""
        delay = self.switches["refund_delay_s"]
        settle_after = None if delay == "never" else float(delay)
        number = f"CN-{self._numbers.next():06d}"
        while number in self.note_numbers:  # a caller of POST /credit_notes may have taken it
            number = f"CN-{self._numbers.next():06d}"
        return Stamp(at=at, ids=_random_ids(), number=number, settle_after=settle_after)

    def invoice(self, id: str) -> Invoice:
        """The invoice; refuses an id that is not in the books."""
        if id not in self.invoices:
            raise missing(id, "Invoice")
        return self.invoices[id]

    def payment(self, id: str) -> Payment:
        """The original payment; refuses an id that is not in the books."""
        if id not in self.payments:
            raise missing(id, "Payment")
        return self.payments[id]

    def note(self, id: str) -> Note:
        """The credit note; refuses an id that is not in the books."""
        if id not in self.notes:
            raise missing(id, "Credit note")
        return self.notes[id]

    def payments_of(self, invoice_id: str) -> list[Payment]:
        """Every payment with a part for this invoice, oldest first."""
        return sorted(self._payments_of.get(invoice_id, []), key=lambda payment: payment.created_at)

    def refunds_of(self, payment_id: str) -> list[Refund]:
        """Every refund of this payment, also what was cancelled."""
        return self._refunds_of.get(payment_id, [])

    def notes_of(self, invoice_id: str) -> list[Note]:
        """Every note of this invoice, also void ones and mere records."""
        return self._notes_of.get(invoice_id, [])

    def applications_of(self, invoice_id: str) -> list[Application]:
        """Every time wallet credits were put on this invoice."""
        return [application for application in self.applications if application.invoice_id == invoice_id]

    def add_payment(self, payment: Payment) -> None:
        """Put in the books."""
        self.payments[payment.id] = payment
        for invoice_id in {part.invoice_id for part in payment.parts}:
            if invoice_id is not None:
                self._payments_of[invoice_id].append(payment)

    def add_refund(self, refund: Refund) -> None:
        """Put in the books."""
        self.refunds[refund.id] = refund
        self._refunds_of[refund.payment.id].append(refund)

    def add_note(self, note: Note) -> None:
        """Put in the books."""
        self.notes[note.id] = note
        self.note_numbers.add(note.number)
        if note.invoice_id is not None:
            self._notes_of[note.invoice_id].append(note)

    def spend(self, customer_id: str, currency: str, amount: int, *, why: Code) -> None:
        """Take credits out of a wallet; refuses to take more than there is."""
        self.check_wallet(customer_id, currency, amount, why=why)
        self.wallets[customer_id, currency] -= amount

    def check_wallet(self, customer_id: str, currency: str, amount: int, *, why: Code) -> None:
        """Refuses where the wallet holds less."""
        if self.wallets[customer_id, currency] < amount:
            raise Refused(why, f"the customer's wallet holds less than {amount} {currency} minor units")


def _random_ids() -> Iterator[str]:
    return (str(uuid.uuid4()) for _ in itertools.count())

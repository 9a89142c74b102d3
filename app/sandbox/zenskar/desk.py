"""The organisation's rules over one set of books, wired together once; what changes them goes through here."""

from __future__ import annotations

from app.sandbox.kernel import Clock, Switches
from app.sandbox.zenskar.books import Books
from app.sandbox.zenskar.invoices import Invoices
from app.sandbox.zenskar.ledger import Ledger
from app.sandbox.zenskar.notes import Notes
from app.sandbox.zenskar.payments import Payments
from app.sandbox.zenskar.records import Stamp
from app.sandbox.zenskar.refunds import Refunds


class Desk:
    """Books with their rules and their clock."""

    def __init__(self, clock: Clock, switches: Switches) -> None:
        self.clock = clock
        self.switches = switches
        self.books = Books(switches)
        self.refunds = Refunds(self.books)
        self.payments = Payments(self.books, self.refunds)
        self.notes = Notes(self.books, self.refunds)
        self.invoices = Invoices(self.books)
        self.ledger = Ledger(self.books)

    def clear(self) -> None:
        """Nothing in the books, nothing under way."""
        self.books.clear()
        self.refunds.clear()

    def stamp(self) -> Stamp:
        """For a change made now."""
        return self.books.stamp(self.clock.now())

    def catch_up(self) -> None:
        """What the time since the last call has settled."""
        self.refunds.catch_up(self.clock.now())

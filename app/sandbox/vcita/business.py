"""One business at vcita: its books with the rules that change them, and what comes back when they are put back."""

from __future__ import annotations

from app.sandbox.kernel import Clock, Switches
from app.sandbox.vcita.books import Books
from app.sandbox.vcita.events import EventLog
from app.sandbox.vcita.invoicing import Invoicing
from app.sandbox.vcita.issuing import Issuing
from app.sandbox.vcita.numbering import Numbering
from app.sandbox.vcita.refunding import Refunding


class Business:
    """Everything the API and the control calls work on; `clear` empties it, while numbers go on."""

    def __init__(self, clock: Clock, switches: Switches) -> None:
        self.clock = clock
        self.switches = switches
        self.numbering = Numbering(switches)
        self.events = EventLog()
        self.clear()

    def clear(self) -> None:
        """Empty books, nothing told."""
        self.events.clear()
        self.books = Books()
        self.invoicing = Invoicing(self.books, self.switches, self.numbering, self.events)
        self.issuing = Issuing(self.books, self.switches, self.numbering, self.events)
        self.refunding = Refunding(self.books, self.switches, self.events)

    def ripen(self) -> float:
        """Let happen what was due by now; the instant of now."""
        now = self.clock.now()
        self.books.ripen(now)
        return now

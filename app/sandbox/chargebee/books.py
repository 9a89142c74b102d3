"""A site's books: what is in them, what things are called, and who changes them when. The rules live beside, by noun."""

from __future__ import annotations

import contextlib
import itertools
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from app.sandbox.chargebee.records import Invoice, Note, Payment, Refund
from app.sandbox.chargebee.refusals import not_found
from app.sandbox.kernel import Clock, Json, Numbers, Switches

FIRST_SEQUENCE = 230_000_000_001  # page tokens seen in the wild carry a sequence of this length
KEPT_EVENTS = 5_000  # each holds a copy of its resource: a long run must not fill the memory


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """When a change is made, what makes it, and what becomes of its webhooks."""

    at: float
    source: str = "api"
    webhook_status: str = "not_configured"

    @property
    def second(self) -> int:
        """The instant as Chargebee writes instants."""
        return int(self.at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened, with the resource as it was right then."""

    id: str
    sequence: int
    type: str
    occasion: Occasion
    content: dict[str, Json]


class Ids:
    """New ids, never given twice; while the demonstration data are booked they are counted from one, so that those stay fixed."""

    def __init__(self, numbers: Numbers) -> None:
        self._numbers = numbers
        self._counted: Iterator[int] | None = None

    @contextlib.contextmanager
    def counted(self) -> Iterator[None]:
        """Fixed ids inside the block."""
        self._counted = itertools.count(1)
        try:
            yield
        finally:
            self._counted = None

    def next(self, prefix: str) -> str:
        """A new id that starts with the prefix, `_` and a number."""
        return f"{prefix}_{self._numbers.next()}" if self._counted is None else f"{prefix}_{next(self._counted):04d}"

    def note(self) -> str:
        """The next number of a credit note, which is its id."""
        return f"CN-{self._numbers.next()}"

    def invoice(self) -> str:
        """The next number of an invoice, which is its id."""
        return f"INV-{self._numbers.next()}"


@dataclass(slots=True)
class Books:
    """Everything a site knows. One set per sandbox; emptied, never replaced."""

    clock: Clock
    switches: Switches
    ids: Ids
    invoices: dict[str, Invoice] = field(default_factory=dict)
    notes: dict[str, Note] = field(default_factory=dict)
    payments: dict[str, Payment] = field(default_factory=dict)
    refunds: dict[str, Refund] = field(default_factory=dict)
    events: deque[Event] = field(default_factory=lambda: deque(maxlen=KEPT_EVENTS))
    _sequence: Iterator[int] = field(default_factory=lambda: itertools.count(FIRST_SEQUENCE))

    def clear(self) -> None:
        """Nothing in the books."""
        for rows in (self.invoices, self.notes, self.payments, self.refunds):
            rows.clear()
        self.events.clear()
        self._sequence = itertools.count(FIRST_SEQUENCE)

    def sequence(self) -> int:
        """The place of the next resource in the order of creation."""
        return next(self._sequence)

    def invoice(self, id: str) -> Invoice:
        """The invoice, or a refusal."""
        if id not in self.invoices:
            raise not_found(kind="Invoice", id=id)
        return self.invoices[id]

    def note(self, id: str) -> Note:
        """The note, deleted ones too, or a refusal."""
        if id not in self.notes:
            raise not_found(kind="Credit note", id=id)
        return self.notes[id]

    def present_note(self, id: str) -> Note:
        """A note that can still be worked with, or a refusal."""
        note = self.note(id)
        if note.deleted:
            raise not_found(kind="Credit note", id=id)
        return note

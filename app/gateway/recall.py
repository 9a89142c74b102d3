"""Whether a note is what was asked for: after an answer, to be sure of it; after a lost one, to find it again. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from app.domain.credit_note import CreditNote
from app.domain.money import Money
from app.domain.plans import Expected
from app.domain.vocabulary import Status
from app.gateway.entries import Entry

CLOCK_SKEW_S = 120.0
"""By how much a provider's clock may be behind ours before its notes look older than they are."""


def mismatch(expected: Expected, note: CreditNote) -> str | None:
    """How the note differs from what was asked in amount, currency or invoice; None where it does not."""
    if note.currency != expected.currency:
        return f"asked in {expected.currency}, answered in {note.currency}"
    if expected.invoice_id is not None and note.invoice_id is not None and note.invoice_id != expected.invoice_id:
        return f"asked for invoice {expected.invoice_id!r}, answered for {note.invoice_id!r}"
    if expected.total is not None and abs((note.total - expected.total).minor) > expected.tolerance:
        return f"asked for {expected.total}, answered {note.total}"
    if expected.net is not None and note.subtotal is not None and abs((note.subtotal - expected.net).minor) > expected.tolerance:
        return f"asked for {expected.net} net, answered {note.subtotal}"
    return None


def is_power_of_ten_off(expected: Expected, note: CreditNote) -> bool:
    """Whether the amounts differ by a factor of ten, a hundred ...: two sides that count in different units."""
    if expected.total is None or note.currency != expected.currency:
        return False
    return expected.total != note.total and _is_power_of_ten(expected.total.minor, note.total.minor)


def _is_power_of_ten(one: int, other: int) -> bool:
    small, large = sorted((abs(one), abs(other)))
    while 0 < small < large:
        small *= 10
    return small == large


def fits(expected: Expected, note: CreditNote) -> bool:
    """Whether everything the provider returns agrees with what was asked."""
    told = (
        (expected.customer_id, note.customer.provider_id if note.customer else None),
        (expected.number, note.number),
        (expected.reason_text, note.reason_text),
        (expected.internal_note, note.internal_note),
        (expected.issued_on, note.issued_on),
        (expected.provider_type, note.provider_values.type),
        (expected.provider_reason, note.provider_values.reason),
    )
    if any(asked is not None and _plain(asked) != _plain(answered) for asked, answered in told):
        return False
    if expected.customer_note is not None and _lines(expected.customer_note) not in _lines(note.customer_note or ""):
        return False
    if expected.descriptions is not None and [*map(_plain, expected.descriptions)] != [*map(_plain, _descriptions(note))]:
        return False
    return mismatch(expected, note) is None


def could_be(expected: Expected, note: CreditNote) -> bool:
    """Whether the note may be ours although it does not fit: its amount agrees, or differs as two units do.

    A provider may change a text, count in another unit or keep another clock; it does not credit another amount.
    """
    if note.currency != expected.currency:
        return False
    amounts = ((expected.total, note.total), (expected.net, note.subtotal))
    told = [(asked, answered) for asked, answered in amounts if asked is not None and answered is not None]
    return not told or any(_is_near(asked, answered, expected.tolerance) for asked, answered in told)


def _is_near(asked: Money, answered: Money, tolerance: int) -> bool:
    return abs((asked - answered).minor) <= tolerance + 1 or _is_power_of_ten(asked.minor, answered.minor)


def newcomers(entry: Entry, notes: Sequence[CreditNote], claimed: Iterable[str]) -> list[CreditNote]:
    """The notes that were not there before this entry's first send, and belong to nobody else."""
    if entry.sent_at is None:
        return []
    known = {*entry.snapshot, *claimed}
    return [note for note in notes if note.ref.external_id not in known]


def is_younger(entry: Entry, note: CreditNote) -> bool:
    """Whether the note, by its last change, is not older than this entry's first send.

    A note issued for an earlier day may say it was made then; a deleted one changed by being deleted. One that seems too old is no
    proof of absence either: clocks differ.
    """
    told = note.created_at if note.status is Status.DELETED else note.updated_at or note.created_at
    return told is None or entry.sent_at is None or told >= datetime.fromtimestamp(entry.sent_at - CLOCK_SKEW_S, UTC)


def _plain(value: object) -> object:
    """A text as it is meant: blanks at its ends and runs of them are nobody's intention."""
    return " ".join(value.split()) if isinstance(value, str) else value


def _lines(text: str) -> str:
    """Its lines as they are meant, each between two ends of a line, so that whole ones are found in another text."""
    return "\n".join(["", *(" ".join(line.split()) for line in text.strip().splitlines()), ""])


def _descriptions(note: CreditNote) -> tuple[str | None, ...]:
    return tuple(line.description for line in note.line_items or ())

"""What the later steps of a write pay out of its note, beside what the note has become since. Sends and reads nothing."""

from __future__ import annotations

from app.domain.credit_note import CreditNote
from app.domain.errors import WrongState
from app.domain.money import Money, total
from app.domain.plans import Payout
from app.domain.vocabulary import Status
from app.gateway.entries import Entry


class Unpayable(WrongState):
    """What is missing of a write can't be paid out of its note as that has become: no repeat changes it."""

    note: CreditNote | None = None
    """As it was read."""


def refuse_unpayable(note: CreditNote, payout: Payout) -> None:
    """Raises Unpayable for a note that is void, or of which less is left than is to be paid out."""
    why = _obstacle(note, payout)
    if why is not None:
        error = Unpayable(why)
        error.note = note
        raise error


def is_paid_out(entry: Entry, note: CreditNote) -> bool:
    """Whether so much has gone back of the note since the entry's last step as the entry still lacks; True where no note tells."""
    before = entry.note
    if before is None or note.refunded is None:
        return True
    all_left = before.remaining or Money.zero(note.currency)
    missing = total([payout.amount or all_left for payout in entry.payouts], note.currency)
    return note.refunded >= (before.refunded or Money.zero(note.currency)) + missing


def _obstacle(note: CreditNote, payout: Payout) -> str | None:
    if note.status in {Status.VOIDED, Status.DELETED}:
        return f"the note is {note.status.value.lower()} by now"
    if note.remaining is None:
        return None
    if note.remaining.minor <= 0:
        return "nothing is left of the note by now"
    if payout.amount is not None and payout.amount > note.remaining:
        return f"only {note.remaining} is left of the note by now, and {payout.amount} was to be paid out"
    return None

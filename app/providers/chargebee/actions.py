"""What may be asked of a note in its state, and why not (docs: Void a credit note, Refund a credit note). Pure, from the note alone."""

from __future__ import annotations

from collections.abc import Iterator

from app.domain.credit_note import CreditNote
from app.domain.errors import WrongState
from app.domain.vocabulary import Disposition, NoteAction, Status
from app.providers.chargebee.options import ChargebeeCreditNoteType as NoteType
from app.providers.chargebee.uses import NOT_MOVED

_REFUND_DUE = "refund_due"
_USED_UP = "refunded"


def allows(note: CreditNote) -> frozenset[NoteAction]:
    """What the plans of voiding and refunding do not refuse because of the note's state."""
    asked = {NoteAction.VOID: void_problem(note), NoteAction.REFUND: refund_problem(note)}
    return frozenset(action for action, problem in asked.items() if problem is None)


def void_problem(note: CreditNote) -> WrongState | None:
    """Why the note cannot be voided, and what would have to be undone first."""
    if note.status in {Status.VOIDED, Status.DELETED}:
        return _wrong(f"the note is {note.status.value.lower()} already")
    undone_first = [] if note.provider_values.type == NoteType.ADJUSTMENT.value else list(_to_be_undone(note))
    if undone_first:
        return _wrong(f"before the note can be voided, Chargebee asks that {' and '.join(undone_first)}")
    if note.provider_values.status == _USED_UP:
        return _wrong("the note is used up, and cannot be voided any more")
    return None


def refund_problem(note: CreditNote) -> WrongState | None:
    """Why nothing of the note can be paid out."""
    if note.provider_values.type != NoteType.REFUNDABLE.value:
        return _wrong(f"a note of type {note.provider_values.type} is not refunded: only refundable ones are")
    if note.status is not Status.ISSUED or note.provider_values.status != _REFUND_DUE:
        word = "deleted" if note.status is Status.DELETED else note.provider_values.status
        return _wrong(f"a note that is {word} is not refunded: only one that is {_REFUND_DUE}")
    if not note.remaining or note.remaining.minor < 0:
        return _wrong("nothing is left of the note to be refunded")
    return None


def _to_be_undone(note: CreditNote) -> Iterator[str]:
    """What was done with a refundable or store note; refunds that failed do not count."""
    used = dict.fromkeys(part.invoice_id for part in note.allocations if part.disposition is Disposition.INVOICE_BALANCE)
    if used:
        yield f"it is taken off {', '.join(str(id) for id in used)} there"
    refunds = [part.refund_id for part in note.allocations if part.refund_id is not None and part.status not in NOT_MOVED]
    if refunds or note.refund_status not in NOT_MOVED:
        named = f" {', '.join(refunds)}" if refunds else "s"
        yield f"its refund{named} put on record are deleted there (what was sent back online cannot be undone)"


def _wrong(message: str) -> WrongState:
    return WrongState(message, path=("id",))

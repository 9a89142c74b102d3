"""What voiding a note comes down to at Zenskar: what is refused before anything is sent, and the body that is; pure."""

from __future__ import annotations

from urllib.parse import quote

import msgspec

from app.domain.commands import VoidCreditNote
from app.domain.credit_note import CreditNote
from app.domain.errors import Unsupported, WrongState
from app.domain.plans import Expected, WritePlan
from app.domain.vocabulary import NoteAction, Operation, Status

# docs: Update credit note by ID: its `status` is the only visible way to void a note.
BODY = '{"status":"void"}'


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """The call as it is stored and sent."""

    note_id: str
    path: str
    body: str


def allows(note: CreditNote) -> frozenset[NoteAction]:
    """All but a note that is void already: which moves there are is published nowhere, so the rest is the provider's to refuse."""
    return frozenset() if note.status is Status.VOIDED else frozenset({NoteAction.VOID})


def plan(command: VoidCreditNote, note: CreditNote) -> WritePlan:
    """Resolve a command against the note as read; raises what must be refused before anything is sent."""
    if command.text is not None:
        message = "there is nowhere to say why a note is voided"
        raise Unsupported(message, path=("note",))
    if NoteAction.VOID not in allows(note):
        message = "this note is void already"
        raise WrongState(message, path=("id",))
    note_id = note.ref.external_id
    request = Request(note_id=note_id, path=f"/credit_notes/{quote(note_id, safe='')}", body=BODY)
    expected = Expected(currency=note.currency, total=note.total, invoice_id=note.invoice_id, note_id=note_id)
    return WritePlan(request=msgspec.json.encode(request), expected=expected, kind=Operation.VOID)

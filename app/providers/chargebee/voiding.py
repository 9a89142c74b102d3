"""The call that voids a note, or why there is none (docs: Void a credit note). Pure."""

from __future__ import annotations

from app.domain.commands import VoidCreditNote
from app.domain.credit_note import CreditNote
from app.domain.plans import Expected, WritePlan
from app.domain.vocabulary import Operation
from app.providers.chargebee.actions import void_problem
from app.providers.chargebee.headers import account_headers
from app.providers.chargebee.order import encoded, note_path
from app.providers.chargebee.refusing import refuse
from app.providers.chargebee.texts import LONGEST_COMMENT, text_problems
from app.providers.contract import AccountSettings


def plan(command: VoidCreditNote, note: CreditNote, settings: AccountSettings) -> WritePlan:
    """Resolve against the note as read; raises what must be refused before anything is sent, first what is wrong with the input."""
    refuse(text_problems((("note", command.text, LONGEST_COMMENT),)))
    if problem := void_problem(note):
        raise problem
    id = note.ref.external_id
    pairs = [("comment", command.text)] if command.text else []
    return WritePlan(
        request=encoded(pairs, account_headers(settings), path=note_path(id, "void")),
        expected=Expected(currency=note.currency, note_id=id, total=note.total),
        kind=Operation.VOID,
    )

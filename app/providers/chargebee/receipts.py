"""What became of a refund: read from its answer, or from the note afterwards (docs: Refund a credit note, Transaction object). Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from app.domain.credit_note import CreditNote
from app.domain.errors import ProviderFault, RefundFailed
from app.domain.money import Money, total
from app.domain.plans import Refund, Refunded, WritePlan
from app.domain.vocabulary import Disposition
from app.providers.chargebee import wire
from app.providers.chargebee.uses import NOT_MOVED, REFUND


def refunds(note: CreditNote) -> tuple[Refund, ...]:
    """Every refund the note tells of."""
    return tuple(
        Refund(id=part.refund_id, amount=part.amount, has_failed=part.status in NOT_MOVED)
        for part in note.allocations
        if part.refund_id is not None
    )


def made(plan: WritePlan, note: CreditNote) -> tuple[Refund, ...]:
    """The same after a refund was sent: one that Chargebee has booked in parts, the last against withheld taxes, is told as one."""
    before = tuple(refund for refund in refunds(note) if refund.id in plan.before)
    new = [refund for refund in refunds(note) if refund.id not in plan.before]
    moved = [refund for refund in new if not refund.has_failed]
    wanted = plan.expected.refund
    if _ids_of_withheld(note) & {refund.id for refund in moved} and wanted == total([one.amount for one in moved], note.currency):
        return (*before, Refund(id=moved[0].id, amount=wanted))
    return (*before, *new)


def gone_back(notes: Iterable[CreditNote], currency: str) -> Money:
    """What these notes have taken from the payments of their invoice."""
    return total([refund.amount for note in notes for refund in _from_payments(note)], currency)


def refunded(plan: WritePlan, transaction: wire.Transaction | None, note: CreditNote) -> Refunded:
    """What an answered refund came to. Without a transaction it is the one new refund of this amount, if there is one."""
    new = [refund for refund in made(plan, note) if refund.id not in plan.before]
    if transaction is not None:
        amounts = [refund.amount for refund in new if refund.id == transaction.id]
        return Refunded(note=note, refund_id=transaction.id, amount=amounts[0] if amounts else None)
    fitting = [refund for refund in new if refund.amount == plan.expected.refund]
    one = fitting[0] if len(fitting) == 1 else None
    return Refunded(note=note, refund_id=one.id if one else None, amount=one.amount if one else None)


def refuse_failed(transaction: wire.Transaction | None, *, account: str) -> None:
    """Raises RefundFailed for a transaction that moved nothing, although its request was answered as done."""
    if transaction is None or REFUND.get(transaction.status or "") not in NOT_MOVED:
        return
    fault = ProviderFault(http_status=200, code=transaction.error_code or transaction.status, message=transaction.error_text)
    message = f"the refund was tried and is {transaction.status}: no money moved"
    raise RefundFailed(message, account=account, provider=fault)


def _from_payments(note: CreditNote) -> Iterator[Refund]:
    withheld = _ids_of_withheld(note)
    return (refund for refund in refunds(note) if not refund.has_failed and refund.id not in withheld)


def _ids_of_withheld(note: CreditNote) -> frozenset[str | None]:
    """Refunds booked against withheld taxes: the only ones of which a note tells that they were paid outside."""
    return frozenset(part.refund_id for part in note.allocations if part.disposition is Disposition.EXTERNAL_REFUND)

"""Money that leaves a refundable note: sent back through the gateway, or recorded as paid out elsewhere.

(docs: Refund a credit note, Record refund for a credit note.)
"""

from __future__ import annotations

from dataclasses import dataclass

from app.sandbox.chargebee.balances import give_back, use
from app.sandbox.chargebee.books import Books, Occasion
from app.sandbox.chargebee.journal import invoice_changed, note_changed
from app.sandbox.chargebee.records import Note, NoteStatus, NoteType, Payment, Refund, TransactionStatus
from app.sandbox.chargebee.refusals import too_much, wrong_state, wrong_value


@dataclass(frozen=True, slots=True, kw_only=True)
class Payout:
    """A refund made outside Chargebee, as it is recorded."""

    amount: int | None
    method: str
    date: int
    reference_number: str | None = None
    reason_code: str | None = None
    comment: str | None = None


def refund(books: Books, note: Note, amount: int | None, reason_code: str | None, occasion: Occasion) -> Refund:
    """Send money back through the gateway: one call, one payment, the oldest online one with something left."""
    _check_refundable(books, note)
    payment = _online_payment(note)
    if payment is None:
        raise wrong_state(books.switches, f"Credit note {note.id} has no credit from an online payment")
    limit = min(note.amount_available, payment.amount - payment.refunded)
    wanted = limit if amount is None else amount
    if wanted > limit:
        raise too_much(books.switches, "refund_amount", f"{wanted} is above {limit}, what payment {payment.id} allows")
    status = TransactionStatus.SUCCESS if books.switches["refund_result"] == "success" else TransactionStatus.IN_PROGRESS
    sent = Refund(
        id=books.ids.next("txn"),
        note=note,
        amount=wanted,
        date=occasion.second,
        at=occasion.second,
        method=payment.method,
        online=True,
        status=status,
        parts=((payment, wanted),),
        reason_code=reason_code,
    )
    _book(books, sent, occasion)
    return sent


def record(books: Books, note: Note, payout: Payout, occasion: Occasion) -> Refund:
    """Book money paid out elsewhere, against the invoice's payments, oldest first, as far as they go."""
    _check_refundable(books, note)
    wanted = note.amount_available if payout.amount is None else payout.amount
    if wanted < 1:
        raise wrong_value(param="transaction[amount]", why="must be greater than 0")
    if wanted > note.amount_available:
        raise too_much(books.switches, "transaction[amount]", f"{wanted} is above the available amount {note.amount_available}")
    if payout.date > occasion.second:
        raise wrong_value(param="transaction[date]", why="must not be in the future")
    recorded = Refund(
        id=books.ids.next("txn"),
        note=note,
        amount=wanted,
        date=payout.date,
        at=occasion.second,
        method=payout.method,
        online=False,
        status=TransactionStatus.SUCCESS,
        parts=_spread(note, wanted),
        reference_number=payout.reference_number,
        reason_code=payout.reason_code,
    )
    note.comment = payout.comment or note.comment
    _book(books, recorded, occasion)
    return recorded


def settle(books: Books, one: Refund, occasion: Occasion) -> None:
    """A refund under way has arrived."""
    _check_under_way(books, one)
    one.status = TransactionStatus.SUCCESS
    _stamp(one, occasion)
    note_changed(books, one.note, occasion)


def fail(books: Books, one: Refund, occasion: Occasion) -> None:
    """A refund under way has failed: the credit is there again."""
    _check_under_way(books, one)
    one.status = TransactionStatus.FAILURE
    _stamp(one, occasion)
    for payment, amount in one.parts:
        payment.refunded -= amount
    one.note.amount_refunded -= one.amount
    give_back(one.note, one.amount)
    _tell(books, one.note, occasion)


def _check_refundable(books: Books, note: Note) -> None:
    if note.type is not NoteType.REFUNDABLE:
        raise wrong_state(books.switches, f"Credit note {note.id} is of type {note.type}: it cannot be refunded")
    if note.status is not NoteStatus.REFUND_DUE or note.amount_available < 1:
        raise wrong_state(books.switches, f"Credit note {note.id} is {note.status}: there is nothing to refund")


def _check_under_way(books: Books, one: Refund) -> None:
    if one.status is not TransactionStatus.IN_PROGRESS:
        raise wrong_state(books.switches, f"Refund {one.id} is {one.status}")


def _payments(note: Note) -> list[Payment]:
    """The payments behind the note that have something left, oldest first; a standalone note has none."""
    paid = note.invoice.payments if note.invoice is not None else []
    return [one for one in paid if one.status is TransactionStatus.SUCCESS and one.refunded < one.amount]


def _online_payment(note: Note) -> Payment | None:
    return next((payment for payment in _payments(note) if payment.online), None)


def _spread(note: Note, amount: int) -> tuple[tuple[Payment, int], ...]:
    parts = []
    for payment in _payments(note):
        part = min(amount, payment.amount - payment.refunded)
        if part:
            parts.append((payment, part))
        amount -= part
    return tuple(parts)


def _book(books: Books, one: Refund, occasion: Occasion) -> None:
    books.refunds[one.id] = one
    one.note.refunds.append(one)
    for payment, amount in one.parts:
        payment.refunded += amount
    one.note.amount_refunded += one.amount
    use(one.note, one.amount, occasion)
    _stamp(one, occasion)
    _tell(books, one.note, occasion)


def _tell(books: Books, note: Note, occasion: Occasion) -> None:
    note_changed(books, note, occasion)
    if note.invoice is not None:  # the note's status stands in the invoice's list
        invoice_changed(books, note.invoice, occasion)


def _stamp(one: Refund, occasion: Occasion) -> None:
    one.resource_version = max(one.resource_version + 1, int(occasion.at * 1000))

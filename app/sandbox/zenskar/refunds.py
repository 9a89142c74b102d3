"""Refunds of payments: opened, completed, cancelled, with what each does to payments, wallets and notes.

What a refund without a note does to its invoices is decided in `payments`, what a note may refund in `notes`.
"""

from __future__ import annotations

from collections.abc import Sequence

from app.sandbox.zenskar.books import Books
from app.sandbox.zenskar.records import Payment, Refund, Share, Stamp
from app.sandbox.zenskar.words import Destination, NoteStatus, PaymentStatus


class Refunds:
    """The rules of refund rows."""

    def __init__(self, books: Books) -> None:
        self._books = books
        self._pending: dict[str, Refund] = {}

    def clear(self) -> None:
        """Nothing under way."""
        self._pending.clear()

    def open(
        self, payment: Payment, shares: Sequence[Share], destination: Destination, stamp: Stamp, *, note_id: str | None
    ) -> Refund:
        """Book a refund that was checked before; to the original method it is under way until it settles."""
        waits = destination is Destination.ORIGINAL and stamp.settle_after != 0
        refund = Refund(
            id=next(stamp.ids),
            payment=payment,
            note_id=note_id,
            destination=destination,
            status=PaymentStatus.IN_PROGRESS if waits else PaymentStatus.SUCCESS,
            created_at=stamp.at,
            settles_at=stamp.at + stamp.settle_after if waits and stamp.settle_after is not None else None,
            shares=tuple(shares),
        )
        self._books.add_refund(refund)
        if waits:
            self._pending[refund.id] = refund
        self._move(refund, 1)
        return refund

    def cancel(self, refund: Refund) -> None:
        """Undo a refund that has not been paid out; the caller has seen that the wallet can bear it."""
        refund.status = PaymentStatus.CANCELED
        self._pending.pop(refund.id, None)
        self._move(refund, -1)

    def complete(self, refund: Refund) -> None:
        """The money has arrived; a note whose refunds have all completed is paid."""
        refund.status = PaymentStatus.SUCCESS
        self._pending.pop(refund.id, None)
        if refund.note_id is None:
            return
        note = self._books.notes[refund.note_id]
        if all(each.status is PaymentStatus.SUCCESS for each in note.refunds):
            note.status = NoteStatus.PAID

    def catch_up(self, now: float) -> None:
        """Complete what has settled by now."""
        for refund in self.pending():
            if refund.settles_at is not None and refund.settles_at <= now:
                self.complete(refund)

    def pending(self) -> list[Refund]:
        """What is under way."""
        return list(self._pending.values())

    def _move(self, refund: Refund, sign: int) -> None:
        for share in refund.shares:
            part = next(part for part in refund.payment.parts if part.invoice_id == share.invoice_id)
            part.refunded += sign * share.amount
        customer = refund.payment.customer
        if refund.destination is Destination.CREDITS and customer is not None:
            self._books.wallets[customer.id, refund.payment.currency] += sign * refund.amount

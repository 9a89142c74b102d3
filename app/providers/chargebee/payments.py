"""The payments behind a note: which of them one refund can go to, and how an amount is divided among them. Pure.

Chargebee sends one refund back to one payment, and chooses that payment itself (docs: Refund a credit note).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from app.domain.errors import GatewayError, InvalidInput, Path, Unsupported
from app.domain.invoice import Payment
from app.domain.money import Money
from app.domain.vocabulary import IssueField

_UNDATED = datetime(1970, 1, 1, tzinfo=UTC)


def payment_problem(id: str, payments: Sequence[Payment] | None, path: Path, unsupported: Path) -> GatewayError | None:
    """Why this payment cannot be named: only the one payment of an invoice is sure to be the one refunded."""
    if payments is not None and all(payment.provider_id != id for payment in payments):
        return InvalidInput(f"{id[:50]!r} is no payment of the invoice", path=path)
    if payments is None or len(payments) > 1:
        message = "Chargebee chooses the payment itself: one can be named only where the invoice has no other"
        return Unsupported(message, path=unsupported, ability=IssueField.PAYMENT_SPLIT)
    return None


def left_of(payments: Sequence[Payment], refunded: Money) -> list[Money]:
    """What is left of each payment, oldest first, once what has gone back is taken from the oldest."""
    left = []
    for payment in sorted(payments, key=lambda payment: payment.paid_at or _UNDATED):
        taken = min(payment.amount, refunded)
        refunded -= taken
        left.append(payment.amount - taken)
    return left


def divided(amount: Money, left: Sequence[Money]) -> list[Money] | None:
    """The amount in parts, one for each payment it takes, oldest first; None where the payments do not hold it."""
    parts = []
    for held in left:
        part = min(held, amount)
        amount -= part
        if part:
            parts.append(part)
    return None if amount else parts

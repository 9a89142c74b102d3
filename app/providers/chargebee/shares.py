"""How one note's value is divided among the destinations asked for, and what of it is paid out after it was issued. Pure.

Which destinations one note can have is decided in `destination.py`.
"""

from __future__ import annotations

from collections.abc import Sequence

from app.domain.commands import CreditLines, DispositionPart, IssueCreditNote
from app.domain.errors import InvalidInput, Path
from app.domain.money import Money
from app.domain.money import total as sum_of
from app.domain.plans import Payout
from app.domain.vocabulary import Disposition

DISPOSITIONS: Path = ("dispositions",)
PAYING = frozenset({Disposition.PAYMENT_REFUND, Disposition.EXTERNAL_REFUND})
UNNAMED_METHOD = "other"  # docs: Record refund for a credit note, `transaction[payment_method]`


def shares(parts: Sequence[DispositionPart], total: Money) -> tuple[Money, ...]:
    """How much each part takes; one without an amount takes the rest. Raises InvalidInput where they do not make the total."""
    given = sum_of([part.amount for part in parts if part.amount is not None], total.currency)
    rest = total - given
    if all(part.amount is not None for part in parts):
        if parts and rest:
            raise _not_the_total(parts, given, total)
    elif rest.minor <= 0:
        named = next(index for index, part in enumerate(parts) if part.amount is not None)
        message = f"{given} leaves nothing of the {total} for the other destination"
        raise InvalidInput(message, path=(*DISPOSITIONS, str(named), "amount"))
    return tuple(part.amount or rest for part in parts)


def payouts(command: IssueCreditNote, total: Money | None) -> tuple[Payout, ...]:
    """What is to be paid out of the note. With line items that is all of it, whatever Chargebee makes of their taxes."""
    parts = command.dispositions
    if isinstance(command.credit, CreditLines) or total is None:
        amounts: Sequence[Money | None] = [None] * len(parts)
    else:
        amounts = shares(parts, total)
    return tuple(
        _payout(part.disposition, amount) for part, amount in zip(parts, amounts, strict=True) if part.disposition in PAYING
    )


def _payout(disposition: Disposition, amount: Money | None) -> Payout:
    if disposition is Disposition.EXTERNAL_REFUND:
        return Payout(amount=amount, external=True, method=UNNAMED_METHOD)
    return Payout(amount=amount)


def _not_the_total(parts: Sequence[DispositionPart], given: Money, total: Money) -> InvalidInput:
    if len(parts) == 1:
        return InvalidInput(f"the one destination takes the whole credit, {total}", path=(*DISPOSITIONS, "0", "amount"))
    return InvalidInput(f"the destinations take {given} together, the credit is {total}", path=DISPOSITIONS)

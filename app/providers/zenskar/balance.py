"""What can still be credited on a Zenskar invoice: arithmetic over minor units, nothing else.

Nobody publishes the rule, so every figure is held against the others; where they contradict each other none is trusted.
"""

from __future__ import annotations

from dataclasses import dataclass

from app.domain.invoice import CreditableBalance
from app.domain.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What was read about one invoice, in minor units of its currency."""

    currency: str
    left: int
    """What remains of the total after all notes, by `invoice_total`."""
    due: int
    applied: int
    """Wallet credits that were put on the invoice, or those of them that are left: nobody says whether notes lower it."""
    paid: int
    """This invoice's parts of its payments."""
    refunded: int
    """What of those has been refunded."""
    taken_most: int
    """The notes that can have touched a payment or the wallet, in full."""
    taken_least: int
    """What those that certainly touched a payment took at least: a minor unit each."""

    @property
    def held(self) -> int:
        """What payments and the wallet still cover of what is left: the rest is due."""
        return self.left - self.due

    def shown(self, minor: int) -> Money:
        """As money, for people."""
        return Money(minor, self.currency)


def creditable(figures: Figures) -> CreditableBalance | str:
    """The balance, or in what way the figures contradict each other."""
    conflict = _impossible(figures) or _payments_fall_short(figures)
    if conflict is not None:
        return conflict
    return CreditableBalance(
        total=figures.shown(figures.left),
        adjustable=figures.shown(figures.due),
        refundable=figures.shown(figures.left - figures.due),
        exact=False,
    )


def falls_short(figures: Figures) -> bool:
    """Whether the figures would fit if a payment that was refunded to the last cent had been left out of the list."""
    return _impossible(figures) is None and _payments_fall_short(figures) is not None


def _impossible(figures: Figures) -> str | None:
    """What no list of payments could explain."""
    if min(figures.left, figures.due, figures.applied, figures.held) < 0:
        return f"{_said(figures)}, which do not add up"
    refundable = figures.paid - figures.refunded
    if figures.held > refundable + figures.applied:
        return f"{_said(figures)}, but only {figures.shown(refundable)} of its payments can be refunded"
    # What left the payments is what notes took or what was refunded without a note; either may hide the other.
    if figures.held < figures.paid + figures.applied - max(figures.taken_most, figures.refunded):
        return f"{_said(figures)}, but its notes and refunds leave more of its {figures.shown(figures.paid)} of payments"
    return None


def _payments_fall_short(figures: Figures) -> str | None:
    """Notes that refunded a payment must have left less than came in, unless nothing is held any more."""
    if figures.held > max(0, figures.paid + figures.applied - figures.taken_least):
        return f"{_said(figures)}, but notes have taken from its {figures.shown(figures.paid)} of payments"
    return None


def _said(figures: Figures) -> str:
    left, due, applied = (figures.shown(minor) for minor in (figures.left, figures.due, figures.applied))
    return f"by the provider's figures {left} of the invoice are left and {due} due, with {applied} out of the wallet"

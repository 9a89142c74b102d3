"""What a write came down to before it was sent: stored in the ledger, so that a repeat sends the same and a lost answer can be recognised."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from app.domain.credit_note import Allocation, CreditNote
from app.domain.money import Money
from app.domain.vocabulary import Operation


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What the answer has to say. None: the provider does not return it, or it was left to the provider."""

    currency: str
    total: Money | None = None
    net: Money | None = None
    """The sum of the lines before tax; on a tax-inclusive invoice compare `total` instead."""
    tolerance: int = 0
    """Minor units by which `total` may differ where the provider computes taxes itself: one per line."""
    invoice_id: str | None = None
    customer_id: str | None = None
    number: str | None = None
    reason_text: str | None = None
    customer_note: str | None = None
    """Among the texts for the customer; the provider may add others."""
    internal_note: str | None = None
    issued_on: date | None = None
    provider_type: str | None = None
    """The provider's own word for the kind of note, where it returns one."""
    provider_reason: str | None = None
    """The provider's own word for the reason."""
    descriptions: tuple[str, ...] | None = None
    """The lines' descriptions in order, where the provider returns them as sent."""
    note_id: str | None = None
    """Of a void or a refund: the note it is done to."""
    refund: Money | None = None
    """Of a refund: how much goes back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Payout:
    """A refund that follows as a call of its own; without `amount`, all that is left of the note then."""

    amount: Money | None = None
    external: bool = False
    method: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WritePlan:
    """One call that changes something, resolved against what was read: stored before it is sent, resent as stored.

    `request` is the adapter's own encoding of the call; nobody else reads it.
    """

    request: bytes
    expected: Expected
    kind: Operation = Operation.ISSUE
    """ISSUE, VOID or REFUND: which of the adapter's methods sends it."""
    then: tuple[Payout, ...] = ()
    """What remains to be done once this call has succeeded."""
    before: tuple[str, ...] = ()
    """Of a refund: the refunds the note had when this was planned."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refund:
    """Money that went back from a note, or was meant to."""

    id: str
    amount: Money
    has_failed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Refunded:
    """A note after a refund. `surplus`: notes the provider made of it by itself, which nobody asked for."""

    note: CreditNote
    refund_id: str | None = None
    amount: Money | None = None
    """How much went back, where the note does not show it as one part."""
    surplus: tuple[CreditNote, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What issuing would come to, computed here from the invoice as read; None where only the provider can tell."""

    total: Money
    subtotal: Money | None = None
    tax: Money | None = None
    allocations: tuple[Allocation, ...] = ()

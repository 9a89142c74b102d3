"""Where a note's value goes: which of Chargebee's types, and how much of that part of the invoice (docs: Create a credit note). Pure.

One note lies wholly in one part: `adjustment` lowers what is owed, `refundable` and `store` give back what was paid.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from app.domain.commands import CreditLines, CustomerTarget, DispositionPart, IssueCreditNote
from app.domain.errors import AmountTooHigh, GatewayError, InvalidInput, Path, Unsupported
from app.domain.invoice import CreditableBalance
from app.domain.money import Money
from app.domain.vocabulary import Disposition
from app.providers.chargebee.issue import Issue
from app.providers.chargebee.options import ChargebeeCreditNoteType as NoteType
from app.providers.chargebee.options import ChargebeeOptions

TYPES = {
    Disposition.INVOICE_BALANCE: (NoteType.ADJUSTMENT,),
    Disposition.CUSTOMER_CREDIT: (NoteType.REFUNDABLE, NoteType.STORE),  # the first is the default
}
_DISPOSITIONS: Path = ("dispositions",)
_TYPE: Path = ("options", "chargebee", "type")


def destination_problems(issue: Issue) -> Iterator[GatewayError]:
    """What of the destinations asked for one Chargebee note cannot be."""
    command, options = issue.command, issue.options
    asked = [part.disposition for part in command.dispositions]
    for disposition in dict.fromkeys(asked):
        if disposition is Disposition.UNKNOWN:
            yield InvalidInput("UNKNOWN is what the gateway answers, not what can be asked for", path=_DISPOSITIONS)
        elif disposition not in TYPES:
            message = f"{disposition.value} is not offered at Chargebee: issue CUSTOMER_CREDIT, from which it can be refunded there"
            yield Unsupported(message, path=_DISPOSITIONS, ability=disposition)
    if len(set(asked)) < len(asked):
        yield InvalidInput("a destination is named twice", path=_DISPOSITIONS)
    elif len(asked) > 1 and all(disposition in TYPES for disposition in asked):
        message = "one Chargebee note lies wholly in one part: issue one note for each destination"
        yield Unsupported(message, path=_DISPOSITIONS, ability=asked[1])
    if len(asked) == 1:
        yield from _part_problems(command, command.dispositions[0], options)
    if isinstance(command.target, CustomerTarget):
        yield from _standalone_problems(asked, options)


def named_type(issue: Issue) -> NoteType | None:
    """The type asked for, by option or destination; None where it is left to the amounts. Given that there are no problems."""
    if issue.options.type is not None:
        return issue.options.type
    asked = issue.command.dispositions
    return TYPES[asked[0].disposition][0] if asked else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """How much is to be credited: None is all that is left. `slack` allows for taxes Chargebee rounds itself."""

    amount: Money | None
    path: Path
    slack: int = 0

    def fits(self, maximum: Money) -> bool:
        """Whether there is something left, and enough of it."""
        return bool(maximum) and (self.amount is None or self.amount.minor <= maximum.minor + self.slack)

    def too_high(self, maximum: Money) -> AmountTooHigh:
        """What to raise where it does not fit."""
        return AmountTooHigh.of(self.amount, maximum, path=self.path)


def settled(named: NoteType | None, asked: Asked, balance: CreditableBalance) -> tuple[NoteType, Money]:
    """The type, and the most it may come to. Raises AmountTooHigh or Unsupported."""
    adjustable, refundable = _parts(balance)
    if named is not None:
        maximum = adjustable if named is NoteType.ADJUSTMENT else refundable
        if not asked.fits(maximum):
            raise asked.too_high(maximum)
        return named, maximum
    if not asked.fits(balance.total):
        raise asked.too_high(balance.total)
    if not adjustable:
        return NoteType.REFUNDABLE, refundable
    if not refundable or (asked.amount is not None and asked.fits(adjustable)):
        return NoteType.ADJUSTMENT, adjustable
    message = (
        f"one Chargebee note lies wholly in one part: {adjustable} can be taken off what is owed (INVOICE_BALANCE), "
        f"{refundable} can be kept as credit (CUSTOMER_CREDIT); name one of them, or issue two notes"
    )
    raise Unsupported(message, path=_DISPOSITIONS, ability=Disposition.INVOICE_BALANCE)


def part_amount_problem(issue: Issue, total: Money) -> InvalidInput | None:
    """The amount given with the destination has to be the whole credit."""
    given = [part.amount for part in issue.command.dispositions if part.amount is not None]
    if given and given[0] != total:
        return InvalidInput(f"the one destination takes the whole credit, {total}", path=(*_DISPOSITIONS, "0", "amount"))
    return None


def _parts(balance: CreditableBalance) -> tuple[Money, Money]:
    zero = Money.zero(balance.total.currency)
    return balance.adjustable or zero, balance.refundable or zero


def _part_problems(command: IssueCreditNote, part: DispositionPart, options: ChargebeeOptions) -> Iterator[GatewayError]:
    types = TYPES.get(part.disposition)
    if types is None:
        return
    if options.type is not None and options.type not in types:
        message = f"a note of type {options.type.value} does not go to {part.disposition.value}"
        yield InvalidInput(message, path=_TYPE)
    if part.payment_id is not None:
        message = f"{part.disposition.value} moves no payment"
        yield InvalidInput(message, path=(*_DISPOSITIONS, "0", "paymentId"))
    if part.amount is not None and isinstance(command.credit, CreditLines):
        message = "Chargebee computes the total of line items: the destination cannot have an amount of its own"
        yield Unsupported(message, path=(*_DISPOSITIONS, "0", "amount"), ability=part.disposition)


def _standalone_problems(asked: list[Disposition], options: ChargebeeOptions) -> Iterator[GatewayError]:
    """Without an invoice there is only `refundable` (docs: `reference_invoice_id` is required for the other types)."""
    if Disposition.INVOICE_BALANCE in asked:
        message = "without an invoice there is no balance to lower"
        yield Unsupported(message, path=_DISPOSITIONS, ability=Disposition.INVOICE_BALANCE)
    if options.type in {NoteType.ADJUSTMENT, NoteType.STORE}:
        message = "without an invoice Chargebee issues refundable notes only"
        yield Unsupported(message, path=_TYPE)

"""Where a note's value goes: which of Chargebee's types, and how much of that part of the invoice (docs: Create a credit note). Pure.

One note lies wholly in one part: `adjustment` lowers what is owed, `refundable` and `store` give back what was paid. A refundable
note can be paid out afterwards, wholly or in part.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from app.domain.commands import CreditLines, CustomerTarget, DispositionPart, IssueCreditNote
from app.domain.errors import AmountTooHigh, GatewayError, InvalidInput, Path, Unsupported
from app.domain.invoice import CreditableBalance
from app.domain.money import Money
from app.domain.vocabulary import Disposition, IssueField
from app.providers.chargebee.currency import amount_problem
from app.providers.chargebee.issue import Issue
from app.providers.chargebee.options import ChargebeeCreditNoteType as NoteType
from app.providers.chargebee.options import ChargebeeOptions
from app.providers.chargebee.payments import payment_problem
from app.providers.chargebee.shares import DISPOSITIONS, PAYING

TYPES = {
    Disposition.INVOICE_BALANCE: (NoteType.ADJUSTMENT,),
    Disposition.CUSTOMER_CREDIT: (NoteType.REFUNDABLE, NoteType.STORE),  # the first is the default
    Disposition.PAYMENT_REFUND: (NoteType.REFUNDABLE,),  # docs: Refund a credit note: of this type only
    Disposition.EXTERNAL_REFUND: (NoteType.REFUNDABLE,),
}
_TYPE: Path = ("options", "chargebee", "type")
_OWED, _PAID = "taken off what is owed on this invoice", "given back of what was paid on this invoice"


def destination_problems(issue: Issue) -> Iterator[GatewayError]:
    """What of the destinations asked for one Chargebee note cannot be."""
    asked = [part.disposition for part in issue.command.dispositions]
    if Disposition.UNKNOWN in asked:
        yield InvalidInput("UNKNOWN is what the gateway answers, not what can be asked for", path=DISPOSITIONS)
        return
    yield from _combination_problems(issue.command)
    for index, part in enumerate(issue.command.dispositions):
        yield from _part_problems(issue, index, part)
    if isinstance(issue.command.target, CustomerTarget):
        yield from _standalone_problems(asked, issue.options)


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

    def too_high(self, maximum: Money, what: str) -> AmountTooHigh:
        """What to raise where it does not fit."""
        return AmountTooHigh.of(self.amount, maximum, path=self.path, what=what)


def settled(named: NoteType | None, asked: Asked, balance: CreditableBalance) -> tuple[NoteType, Money]:
    """The type, and the most it may come to. Raises AmountTooHigh or Unsupported."""
    adjustable, refundable = _parts(balance)
    if named is not None:
        maximum, part = (adjustable, _OWED) if named is NoteType.ADJUSTMENT else (refundable, _PAID)
        if not asked.fits(maximum):
            raise asked.too_high(maximum, part)
        return named, maximum
    if not asked.fits(balance.total):
        raise asked.too_high(balance.total, "credited on this invoice")
    if not adjustable:
        return NoteType.REFUNDABLE, refundable
    if not refundable or (asked.amount is not None and asked.fits(adjustable)):
        return NoteType.ADJUSTMENT, adjustable
    message = (
        f"one Chargebee note lies wholly in one part: {adjustable} can be taken off what is owed (INVOICE_BALANCE), "
        f"{refundable} can be kept as credit (CUSTOMER_CREDIT); name one of them, or issue two notes"
    )
    raise Unsupported(message, path=DISPOSITIONS, ability=Disposition.INVOICE_BALANCE)


def _parts(balance: CreditableBalance) -> tuple[Money, Money]:
    zero = Money.zero(balance.total.currency)
    return balance.adjustable or zero, balance.refundable or zero


def _combination_problems(command: IssueCreditNote) -> Iterator[GatewayError]:
    parts = command.dispositions
    asked = [part.disposition for part in parts]
    if len(set(asked)) < len(asked):
        yield _named_twice(parts)
    elif len(asked) > 1 and Disposition.INVOICE_BALANCE in asked:
        other = next(disposition for disposition in asked[::-1] if disposition is not Disposition.INVOICE_BALANCE)
        message = "one Chargebee note lies wholly in one part: issue one note for what is owed, and one for what was paid"
        yield Unsupported(message, path=DISPOSITIONS, ability=other)
    elif set(asked) >= PAYING:
        message = "the value of one note is sent back or paid outside: issue one note for each"
        yield Unsupported(message, path=DISPOSITIONS, ability=Disposition.EXTERNAL_REFUND)
    elif len(asked) > 1 and isinstance(command.credit, CreditLines):
        message = "Chargebee computes the total of line items: how much of it is paid out cannot be told before"
        yield Unsupported(message, path=DISPOSITIONS, ability=next(iter(PAYING & set(asked))))
    elif len(asked) > 1 and all(part.amount is None for part in parts):
        yield InvalidInput("of two destinations one needs an amount", path=DISPOSITIONS)


def _named_twice(parts: Sequence[DispositionPart]) -> GatewayError:
    twice = [part for part in parts if part.disposition is Disposition.PAYMENT_REFUND]
    if len(twice) > 1 and all(part.payment_id is not None for part in twice):
        message = "Chargebee chooses itself which payments it refunds: name PAYMENT_REFUND once, without them"
        return Unsupported(message, path=DISPOSITIONS, ability=IssueField.PAYMENT_SPLIT)
    return InvalidInput("a destination is named twice", path=DISPOSITIONS)


def _part_problems(issue: Issue, index: int, part: DispositionPart) -> Iterator[GatewayError]:
    path, type = (*DISPOSITIONS, str(index)), issue.options.type
    if type is not None and type not in TYPES[part.disposition]:
        message = f"a note of type {type.value} does not go to {part.disposition.value}"
        yield InvalidInput(message, path=_TYPE)
    if part.payment_id is not None and (problem := _payment_problem(issue, part.disposition, part.payment_id, path)):
        yield problem
    if part.amount is not None and isinstance(issue.command.credit, CreditLines):
        message = "Chargebee computes the total of line items: the destination cannot have an amount of its own"
        yield Unsupported(message, path=(*path, "amount"), ability=part.disposition)
    elif part.amount is not None and (wrong := amount_problem(part.amount, (*path, "amount"))):
        yield wrong


def _payment_problem(issue: Issue, disposition: Disposition, id: str, path: Path) -> GatewayError | None:
    if disposition is Disposition.EXTERNAL_REFUND:
        message = "a refund put on record names no payment"
        return Unsupported(message, path=(*path, "paymentId"), ability=IssueField.PAYMENT_SPLIT)
    if disposition is not Disposition.PAYMENT_REFUND:
        return InvalidInput(f"{disposition.value} moves no payment", path=(*path, "paymentId"))
    payments = None if issue.invoice is None else issue.invoice.payments
    return payment_problem(id, payments, (*path, "paymentId"), unsupported=DISPOSITIONS)


def _standalone_problems(asked: list[Disposition], options: ChargebeeOptions) -> Iterator[GatewayError]:
    """Without an invoice there is only `refundable` (docs: `reference_invoice_id` is required for the other types)."""
    if Disposition.INVOICE_BALANCE in asked:
        message = "without an invoice there is no balance to lower"
        yield Unsupported(message, path=DISPOSITIONS, ability=Disposition.INVOICE_BALANCE)
    for disposition in dict.fromkeys(one for one in asked if one in PAYING):
        message = f"{disposition.value} needs an invoice; without one, issue CUSTOMER_CREDIT"
        yield Unsupported(message, path=DISPOSITIONS, ability=disposition)
    if options.type in {NoteType.ADJUSTMENT, NoteType.STORE}:
        message = "without an invoice Chargebee issues refundable notes only"
        yield Unsupported(message, path=_TYPE)

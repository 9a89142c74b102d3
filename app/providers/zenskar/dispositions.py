"""Where the value of a note goes on a Zenskar invoice: off what is due first, and only the rest to one destination.

Knows nothing of how that is written down; that is `issuing`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.domain.commands import CreditRemaining, CreditTotal, DispositionPart, IssueCreditNote
from app.domain.credit_note import Allocation
from app.domain.errors import AmountTooHigh, GatewayError, InvalidInput, Path, Unsupported
from app.domain.invoice import CreditableBalance, Invoice
from app.domain.money import Money, total
from app.domain.vocabulary import Disposition, ErrorCode, IssueField

# docs: Create a credit note against an invoice, `refund_destination`.
DESTINATION: Mapping[Disposition, str] = {
    Disposition.CUSTOMER_CREDIT: "credits",
    Disposition.PAYMENT_REFUND: "original_payment_method",
    Disposition.EXTERNAL_REFUND: "external",
}

Numbered = tuple[int, DispositionPart]


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A note resolved: its amount, where the part beyond what is due goes, and out of which payments if that was said."""

    total: Money
    off_due: Money
    destination: Disposition | None = None
    split: tuple[tuple[str, Money], ...] = ()

    def allocations(self, invoice_id: str) -> tuple[Allocation, ...]:
        """The same, part by part."""
        parts: list[Allocation] = []
        if self.off_due:
            parts.append(Allocation(disposition=Disposition.INVOICE_BALANCE, amount=self.off_due, invoice_id=invoice_id))
        if self.destination is not None:
            rest: list[tuple[str | None, Money]] = [*self.split] or [(None, self.total - self.off_due)]
            parts += [Allocation(disposition=self.destination, amount=amount, payment_id=id) for id, amount in rest]
        return tuple(parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """The dispositions asked for, each with its place in the input."""

    owed: DispositionPart | None
    elsewhere: tuple[Numbered, ...]

    @classmethod
    def of(cls, command: IssueCreditNote) -> Wanted:
        """Told apart; what makes no sense was refused by `problems`."""
        owed = [part for part in command.dispositions if part.disposition is Disposition.INVOICE_BALANCE]
        return cls(
            owed=owed[0] if owed else None,
            elsewhere=tuple(
                (place, part)
                for place, part in enumerate(command.dispositions)
                if part.disposition is not Disposition.INVOICE_BALANCE
            ),
        )

    @property
    def destination(self) -> Disposition:
        """Credit for the customer, unless something else was named."""
        return self.elsewhere[0][1].disposition if self.elsewhere else Disposition.CUSTOMER_CREDIT


def problems(command: IssueCreditNote, *, splits: bool) -> list[GatewayError]:
    """What is wrong with the dispositions whatever the invoice; `splits`: whether the account can name payments."""
    found = [problem for place, part in enumerate(command.dispositions) for problem in _part_problems(place, part, splits=splits)]
    movers = {part.disposition for part in command.dispositions} & DESTINATION.keys()
    if len(movers) > 1:
        names = " and ".join(sorted(mover.value for mover in movers))
        found.append(_unsupported(f"one note can't hold both {names} here: it has one destination", ("dispositions",)))
    seen: set[tuple[Disposition, str | None]] = set()
    for place, part in enumerate(command.dispositions):
        name = (part.disposition, part.payment_id.lower() if part.payment_id else None)
        if name in seen:
            found.append(InvalidInput("this is named twice", path=("dispositions", str(place))))
        seen.add(name)
    named = {part.payment_id is None for part in command.dispositions if part.disposition is Disposition.PAYMENT_REFUND}
    if len(named) > 1:
        found.append(InvalidInput("either every refund names its payment or none does", path=("dispositions",)))
    return found


def _part_problems(place: int, part: DispositionPart, *, splits: bool) -> list[GatewayError]:
    found: list[GatewayError] = []
    here = ("dispositions", str(place))
    if part.disposition is Disposition.UNKNOWN:
        found.append(InvalidInput("UNKNOWN is no place for money", path=(*here, "disposition")))
    if part.amount is not None and part.amount.minor <= 0:
        found.append(InvalidInput("an amount must be above zero", path=(*here, "amount")))
    if part.payment_id is not None and part.disposition is not Disposition.PAYMENT_REFUND:
        message = f"a payment can be named for PAYMENT_REFUND only, not for {part.disposition.value}"
        found.append(Unsupported(message, path=(*here, "paymentId"), ability=IssueField.PAYMENT_SPLIT))
    elif part.payment_id is not None and not splits:
        message = "the unit of a refund split is published nowhere; the account's switch `split_unit` has to say it"
        found.append(Unsupported(message, path=(*here, "paymentId"), ability=IssueField.PAYMENT_SPLIT))
    return found


def route(command: IssueCreditNote, invoice: Invoice, balance: CreditableBalance) -> Route:
    """Resolve amount and dispositions against what is left; raises Unsupported, InvalidInput or AmountTooHigh."""
    wanted = Wanted.of(command)
    due = balance.adjustable or Money.zero(invoice.currency)
    amount = _amount(command, wanted, balance.total, due)
    off_due = min(amount, due, key=lambda money: money.minor)
    rest = amount - off_due
    _check_parts(wanted, amount, off_due, balance)
    only_due = wanted.owed is not None and not wanted.elsewhere
    limit = due if only_due else balance.total
    if amount > limit or not amount:
        raise AmountTooHigh.of(amount or None, limit, path=_amount_path(command), what=_what(only_due=only_due))
    if not rest:
        return Route(total=amount, off_due=off_due)
    _check_source(wanted, invoice, balance)
    return Route(total=amount, off_due=off_due, destination=wanted.destination, split=_split(wanted, invoice, rest))


def _amount(command: IssueCreditNote, wanted: Wanted, left: Money, due: Money) -> Money:
    match command.credit:
        case CreditTotal(total=amount):
            return amount
        case CreditRemaining():
            if wanted.owed is not None and not wanted.elsewhere:
                return due
            return left - due if wanted.elsewhere and wanted.owed is None else left
        case _:
            message = "line items are refused before"
            raise TypeError(message)


def _amount_path(command: IssueCreditNote) -> Path:
    return ("credit", "total") if isinstance(command.credit, CreditTotal) else ("credit", "remaining")


def _what(*, only_due: bool) -> str:
    return "taken off what is due on this invoice" if only_due else "credited on this invoice"


def _check_parts(wanted: Wanted, amount: Money, off_due: Money, balance: CreditableBalance) -> None:
    """Zenskar takes a note off what is due first; dispositions that say otherwise can't be had."""
    rest = amount - off_due
    if wanted.owed is None and wanted.elsewhere and balance.adjustable:
        paid = balance.total - balance.adjustable
        message = (
            f"{balance.adjustable} of this invoice are still due and {paid} paid: a note comes off what is due first,"
            " so INVOICE_BALANCE has to be named too"
        )
        raise _unsupported(message, ("dispositions",))
    if wanted.owed is not None and wanted.owed.amount is not None:
        # With nothing else named the whole note has to be meant; whether that much is due is a question of amounts.
        expected = off_due if wanted.elsewhere else amount
        if wanted.owed.amount != expected:
            raise _uneven(amount, off_due, rest, f"INVOICE_BALANCE was asked to take {wanted.owed.amount}")
    given = [part.amount for _, part in wanted.elsewhere if part.amount is not None]
    asked = total(given, amount.currency)
    if given and (asked != rest if len(given) == len(wanted.elsewhere) else asked >= rest):
        raise _uneven(amount, off_due, rest, f"{asked} were asked to go elsewhere")
    if not rest and any(part.payment_id is not None for _, part in wanted.elsewhere):
        raise _uneven(amount, off_due, rest, "nothing is left to refund")


def _check_source(wanted: Wanted, invoice: Invoice, balance: CreditableBalance) -> None:
    """Wallet credits on the invoice can't be paid out, and whether they or the payments go back first is published nowhere."""
    payments = [payment.refundable for payment in invoice.payments or () if payment.refundable is not None]
    out_of_payments = total(payments, invoice.currency)
    refundable = balance.total - (balance.adjustable or Money.zero(invoice.currency))
    if wanted.destination is not Disposition.CUSTOMER_CREDIT and refundable > out_of_payments:
        message = (
            f"{refundable - out_of_payments} of what is left of this invoice came out of the customer's wallet and can't be paid out,"
            f" only the {out_of_payments} of its payments can; CUSTOMER_CREDIT takes either"
        )
        raise _unsupported(message, ("dispositions",))


def _split(wanted: Wanted, invoice: Invoice, rest: Money) -> tuple[tuple[str, Money], ...]:
    """What comes out of which payment; nothing where none is named: the oldest are used first."""
    given = total([part.amount for _, part in wanted.elsewhere if part.amount is not None], rest.currency)
    named = [
        (place, part.payment_id, part.amount or rest - given) for place, part in wanted.elsewhere if part.payment_id is not None
    ]
    open_ended = sum(part.amount is None for _, part in wanted.elsewhere)
    if named and open_ended > 1:
        message = f"at most one payment can take whatever is left of {rest}"
        raise InvalidInput(message, path=("dispositions",))
    refundable = {payment.provider_id.lower(): payment.refundable for payment in invoice.payments or ()}
    for place, payment_id, amount in named:
        left = refundable.get(payment_id.lower())
        if left is None:
            message = "this is not a payment of the invoice"
            raise InvalidInput(message, path=("dispositions", str(place), "paymentId"))
        if amount > left:
            error = AmountTooHigh.of(amount, left, path=("dispositions", str(place), "amount"), what="refunded of this payment")
            error.code = ErrorCode.AMOUNT_EXCEEDS_REFUNDABLE
            raise error
    return tuple((payment_id, amount) for _, payment_id, amount in named)


def _uneven(amount: Money, off_due: Money, rest: Money, why: str) -> Unsupported:
    message = f"of {amount}, {off_due} come off what is still due and {rest} go elsewhere, but {why}"
    return _unsupported(message, ("dispositions",))


def _unsupported(message: str, path: Sequence[str]) -> Unsupported:
    return Unsupported(message, path=tuple(path), ability=IssueField.DISPOSITIONS)

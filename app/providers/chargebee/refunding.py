"""The call that pays out a note, or why there is none: sent back online, or put on record as paid outside. Pure.

(docs: Refund a credit note, Record refund for a credit note.) What the payments hold is told by whoever has read them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from app.domain.commands import RefundCreditNote
from app.domain.credit_note import CreditNote
from app.domain.errors import AmountTooHigh, GatewayError, InvalidInput, Unsupported
from app.domain.invoice import Payment
from app.domain.money import Money, total
from app.domain.plans import Expected, Payout, WritePlan
from app.domain.vocabulary import ErrorCode, Operation
from app.providers.chargebee.actions import refund_problem
from app.providers.chargebee.currency import amount_problem, units
from app.providers.chargebee.headers import account_headers
from app.providers.chargebee.instants import has_timestamp, midnight, seconds
from app.providers.chargebee.order import Pairs, encoded, note_path
from app.providers.chargebee.payments import divided, left_of, payment_problem
from app.providers.chargebee.receipts import refunds
from app.providers.chargebee.refusing import refuse
from app.providers.chargebee.texts import LONGEST_COMMENT, LONGEST_REFERENCE, text_problems
from app.providers.contract import AccountSettings

# docs: Record refund for a credit note, `transaction[payment_method]`
METHODS = (
    "cash", "check", "chargeback", "bank_transfer", "other", "custom", "tamara", "qpay", "blik", "fpx", "wero", "p24",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A refund that its note's state and its own inputs allow; `amount` is what was asked, or all that is left of the note."""

    command: RefundCreditNote
    note: CreditNote
    amount: Money
    now: datetime
    settings: AccountSettings

    @classmethod
    def of(cls, command: RefundCreditNote, note: CreditNote, settings: AccountSettings, *, now: datetime) -> Wanted:
        """Raises what must be refused whatever the payments are."""
        if problem := refund_problem(note):
            raise problem
        refuse(_currency_problems(command, note))
        refuse(_problems(command, note, now))
        left = note.remaining or Money.zero(note.currency)
        if command.amount is not None and command.amount > left:
            raise _too_high(command, left, "refunded of this note")
        return cls(command=command, note=note, amount=command.amount or left, now=now, settings=settings)


def recorded(wanted: Wanted) -> WritePlan:
    """Put a refund made outside on record: one call, whatever payments there are."""
    command = wanted.command
    named = (
        ("transaction[amount]", str(units(wanted.amount))),
        ("transaction[payment_method]", command.method),
        ("transaction[reference_number]", command.reference),
        ("transaction[date]", seconds(_paid_at(wanted))),
        ("comment", command.text),
    )
    return _plan(wanted, "record_refund", [(name, value) for name, value in named if value], wanted.amount)


def sent_back(wanted: Wanted, payments: Sequence[Payment], refunded: Money) -> WritePlan:
    """Send money back to the payments: one call for each of them, of which this plan is the first.

    `refunded` is what the invoice's notes have given back. Where there is one payment, Chargebee knows best what is left of it.
    """
    command = wanted.command
    if command.payment_id is not None and (
        problem := payment_problem(command.payment_id, payments, ("paymentId",), ("paymentId",))
    ):
        raise problem
    left = left_of(payments, refunded if len(payments) > 1 else Money.zero(wanted.amount.currency))
    parts = divided(wanted.amount, left)
    if parts is None:
        raise _too_high(command, total(left, wanted.amount.currency), "sent back to the payments of the note's invoice")
    pairs = [("refund_amount", str(units(parts[0])))]
    return _plan(wanted, "refund", pairs, parts[0], then=tuple(Payout(amount=part) for part in parts[1:]))


def _plan(wanted: Wanted, action: str, pairs: Pairs, amount: Money, then: tuple[Payout, ...] = ()) -> WritePlan:
    note = wanted.note
    id = note.ref.external_id
    return WritePlan(
        request=encoded(pairs, account_headers(wanted.settings), path=note_path(id, action)),
        expected=Expected(currency=note.currency, note_id=id, refund=amount),
        kind=Operation.REFUND,
        then=then,
        before=tuple(refund.id for refund in refunds(note)),
    )


def _currency_problems(command: RefundCreditNote, note: CreditNote) -> Iterator[GatewayError]:
    if command.amount is not None and command.amount.currency != note.currency:
        message = f"{command.amount.currency} was given where the note is in {note.currency}"
        yield InvalidInput(message, code=ErrorCode.CURRENCY_MISMATCH, path=("amount", "currency"))


def _problems(command: RefundCreditNote, note: CreditNote, now: datetime) -> Iterator[GatewayError]:
    if command.amount is not None and (problem := amount_problem(command.amount, ("amount",))):
        yield problem
    yield from _record_problems(command, now) if command.external else _online_problems(command, note)


def _record_problems(command: RefundCreditNote, now: datetime) -> Iterator[GatewayError]:
    if command.payment_id is not None:
        message = "a refund put on record names no payment: Chargebee books it against the invoice's, one after the other"
        yield Unsupported(message, path=("paymentId",))
    if command.method not in METHODS:
        yield InvalidInput(f"an external refund needs a method, one of {', '.join(METHODS)}", path=("method",))
    if command.paid_on is not None and command.paid_on > now.astimezone(UTC).date():
        yield InvalidInput(f"paidOn is in the future: today is {now.astimezone(UTC).date()} in UTC", path=("paidOn",))
    elif command.paid_on is not None and not has_timestamp(command.paid_on):
        yield InvalidInput(f"{command.paid_on} is a day Chargebee has no timestamp for", path=("paidOn",))
    yield from text_problems((("reference", command.reference, LONGEST_REFERENCE), ("note", command.text, LONGEST_COMMENT)))


def _online_problems(command: RefundCreditNote, note: CreditNote) -> Iterator[GatewayError]:
    if note.invoice_id is None:
        message = "a note without an invoice has no payment to send money back to: its refund can only be put on record"
        yield Unsupported(message, path=("external",))
    for name, value in (("method", command.method), ("paidOn", command.paid_on), ("reference", command.reference)):
        if value is not None:
            yield InvalidInput(f"{name} is for external refunds", path=(name,))
    if command.text:
        message = "Chargebee keeps no internal note with a refund it makes: the only text is shown to the customer"
        yield Unsupported(message, path=("note",))


def _paid_at(wanted: Wanted) -> datetime:
    """The start of the day it was paid; of today, the moment of planning, which is not in the future."""
    paid_on = wanted.command.paid_on
    return wanted.now if paid_on is None or paid_on == wanted.now.astimezone(UTC).date() else midnight(paid_on)


def _too_high(command: RefundCreditNote, maximum: Money, what: str) -> AmountTooHigh:
    return AmountTooHigh.of(command.amount, maximum, path=("amount",), what=what, code=ErrorCode.AMOUNT_EXCEEDS_REFUNDABLE)

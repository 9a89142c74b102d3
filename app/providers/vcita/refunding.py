"""What a refund of a note comes down to at vcita, which gives back payments, not notes: what is refused, what is sent; pure.

Only whole payments: a part could not be recognised after a lost answer, for no payment tells how much of it was given back.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

import msgspec

from app.domain.commands import RefundCreditNote
from app.domain.credit_note import CreditNote
from app.domain.errors import AmountTooHigh, BadPayload, GatewayError, InvalidInput, Unsupported, WrongState
from app.domain.money import Money
from app.domain.plans import Expected, Refund, WritePlan
from app.domain.vocabulary import ErrorCode, Operation, Settlement, Status
from app.providers.contract import AccountSettings
from app.providers.vcita import refund_wire as wire
from app.providers.vcita.arithmetic import is_storable
from app.providers.vcita.wanted import refuse

PATH = "/business/payments/v1/refunds"
PAID, GIVEN_BACK = "paid", "refunded"  # docs: Get Payment, `state`

_BODY = msgspec.json.Encoder(decimal_format="number")
_STORED = msgspec.json.Decoder(wire.StoredRefund)
_REQUEST = msgspec.json.Decoder(wire.RefundRequest)


@dataclass(frozen=True, slots=True, kw_only=True)
class Grounds:
    """What a refund is decided on, read live; `request_uid` is what the note's invoice asks to be paid by."""

    payment: wire.Payment
    invoice_uid: str
    request_uid: str | None
    note_uids: tuple[str, ...]


def is_refundable(note: CreditNote, settings: AccountSettings) -> bool:
    """Whether a refund may be asked for: of an issued note nobody has settled, by an account that may read payments."""
    return _reads_payments(settings) and _is_open(note)


def payment_named(command: RefundCreditNote, note: CreditNote, settings: AccountSettings, today: date) -> str:
    """The payment to give back; raises everything that can be refused without reading it."""
    if not _reads_payments(settings):
        message = "the token of this account cannot read payments (it acts on behalf of a business), so none can be refunded"
        raise Unsupported(message, path=("id",), ability=Operation.REFUND)
    if not _is_open(note):
        word = note.provider_values.status or note.status.value
        message = f"a credit note in status {word} cannot be refunded"
        raise WrongState(message, path=("id",))
    refuse([*_amount_problems(command, note), *_external_problems(command, today), *_problems(command)])
    return command.payment_id or ""


def refund_plan(command: RefundCreditNote, note: CreditNote, grounds: Grounds, now: datetime) -> WritePlan:
    """Resolve a command, with which nothing is wrong by itself, against what was read."""
    amount = _amount(command, note, grounds)
    wanted = wire.WantedRefund(
        payment_uid=grounds.payment.uid,
        amount=amount.major,
        record_refund=command.external,
        provider_refund_id=command.reference,
        refund_time=_refund_time(command.paid_on, now),
    )
    stored = wire.StoredRefund(
        path=PATH,
        body=_BODY.encode(wire.RefundRequest(wanted)).decode(),
        payment_uid=grounds.payment.uid,
        note_uid=note.ref.external_id,
        invoice_uid=grounds.invoice_uid,
        note_uids=grounds.note_uids,
    )
    expected = Expected(
        currency=note.currency,
        total=note.total,
        invoice_id=note.invoice_id,
        note_id=note.ref.external_id,
        refund=amount,
    )
    return WritePlan(request=msgspec.json.encode(stored), expected=expected, kind=Operation.REFUND)


def stored_refund(plan: WritePlan) -> wire.StoredRefund:
    """The write a plan holds."""
    return _STORED.decode(plan.request)


def is_referenced(stored: wire.StoredRefund) -> bool:
    """Whether a reference of the caller's goes with it."""
    return _REQUEST.decode(stored.body).refund.provider_refund_id is not None


def is_as_asked(plan: WritePlan, told: wire.Refund) -> bool:
    """Whether the refund booked is the one asked for, as far as the answer tells."""
    asked = _REQUEST.decode(stored_refund(plan).body).refund
    return (
        told.payment_uid in {None, asked.payment_uid}
        and told.amount in {None, asked.amount}
        and (told.currency is None or told.currency.upper() == plan.expected.currency)
    )


def refunds_of(payment: wire.Payment) -> tuple[Refund, ...]:
    """The refund a payment's state proves; by the payment's id, for its own is told nowhere."""
    if payment.state != GIVEN_BACK:
        return ()
    return (Refund(id=f"payment:{payment.uid}", amount=Money.from_major(payment.amount, payment.currency.upper())),)


def _reads_payments(settings: AccountSettings) -> bool:
    return not settings.options.get("on_behalf_of")  # docs: Get Payment, staff tokens


def _is_open(note: CreditNote) -> bool:
    return note.status is Status.ISSUED and note.settlement is not Settlement.SETTLED


def _amount_problems(command: RefundCreditNote, note: CreditNote) -> Iterator[GatewayError]:
    amount = command.amount
    if amount is None:
        return
    if amount.currency != note.currency:
        message = f"the credit note is in {note.currency}, not in {amount.currency}"
        yield InvalidInput(message, code=ErrorCode.CURRENCY_MISMATCH, path=("amount", "currency"))
    elif amount.minor <= 0 or not is_storable(amount):
        yield InvalidInput("the amount must be greater than zero, and of a reasonable size", path=("amount",))


def _external_problems(command: RefundCreditNote, today: date) -> Iterator[GatewayError]:
    for name, given in (("paidOn", command.paid_on), ("reference", command.reference)):
        if given is not None and not command.external:
            yield InvalidInput(f"{name} is for a refund made elsewhere (external: true)", path=(name,))
    if command.paid_on is not None and command.external and command.paid_on > today:
        yield InvalidInput("a refund cannot have been paid in the future", path=("paidOn",))
    if command.reference is not None and command.external and not command.reference.strip():
        yield InvalidInput("a reference must not be empty", path=("reference",))


def _problems(command: RefundCreditNote) -> Iterator[GatewayError]:
    if not (command.payment_id or "").strip():
        message = "vcita gives back payments, not credit notes: name the payment of the note's invoice"
        yield InvalidInput(message, path=("paymentId",))
    for name, given in (("method", command.method), ("note", command.text)):
        if given is not None:
            yield Unsupported(f"vcita takes no {name} with a refund", path=(name,))


def _amount(command: RefundCreditNote, note: CreditNote, grounds: Grounds) -> Money:
    """All of the payment, which is all that can be given back in one piece."""
    payment = grounds.payment
    if grounds.request_uid is None:
        message = "the provider does not tell what the credit note's invoice asks to be paid by"
        raise BadPayload(message)
    if payment.payment_request_uid != grounds.request_uid:
        message = "the payment is not one of the credit note's invoice"
        raise InvalidInput(message, path=("paymentId",))
    if payment.state != PAID:
        message = f"a payment in state {payment.state} cannot be refunded"
        raise WrongState(message, path=("paymentId",))
    paid = Money.from_major(payment.amount, payment.currency.upper())
    if not is_storable(paid):
        message = "the provider tells an amount no payment has"
        raise BadPayload(message)
    if paid.currency != note.currency:
        message = f"the credit note is in {note.currency}, the payment in {paid.currency}"
        raise InvalidInput(message, code=ErrorCode.CURRENCY_MISMATCH, path=("paymentId",))
    return _whole(paid, command.amount, note.total)


def _whole(paid: Money, asked: Money | None, total: Money) -> Money:
    wanted, maximum = paid if asked is None else asked, min(paid, total)
    if wanted > maximum:
        error = AmountTooHigh.of(wanted, maximum, path=("amount",), what="refunded of this credit note by this payment")
        error.code = ErrorCode.AMOUNT_EXCEEDS_REFUNDABLE
        raise error
    if wanted < paid:
        message = f"at vcita only a whole payment is refunded, here {paid}: which part of it was is told by nothing afterwards"
        raise Unsupported(message, path=("amount",))
    return paid


def _refund_time(paid_on: date | None, now: datetime) -> str | None:
    """An instant, as vcita takes it: the moment of planning today, the start of an earlier day."""
    if paid_on is None:
        return None
    return f"{now:%Y-%m-%dT%H:%M:%SZ}" if paid_on == now.date() else f"{paid_on.isoformat()}T00:00:00Z"

"""Chargebee's credit notes read into our words (docs: Credit note object), and our filters into its own. Pure.

Invoices are read in `invoices.py`; nothing here is about issuing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

import msgspec

from app.domain.credit_note import CreditNote, Party, ProviderValues, Ref, TaxLine
from app.domain.errors import BadPayload
from app.domain.money import Money, total
from app.domain.vocabulary import Reason, Settlement, Status
from app.providers.chargebee import wire
from app.providers.chargebee.currency import money
from app.providers.chargebee.instants import day, instant
from app.providers.chargebee.line_items import line_items
from app.providers.chargebee.uses import DISPOSITION, REFUND, allocations, dispositions, refund_status

STATUS = {
    "adjusted": Status.ISSUED,
    "refund_due": Status.ISSUED,
    "refunded": Status.ISSUED,  # used up, which does not say that money went back
    "voided": Status.VOIDED,
}
REASON = {
    "write_off": Reason.WRITE_OFF,
    "subscription_change": Reason.SUBSCRIPTION_CHANGE,
    "subscription_cancellation": Reason.SUBSCRIPTION_CANCELLATION,
    "subscription_pause": Reason.SUBSCRIPTION_PAUSE,
    "chargeback": Reason.CHARGEBACK,
    "product_unsatisfactory": Reason.PRODUCT_UNSATISFACTORY,
    "service_unsatisfactory": Reason.SERVICE_UNSATISFACTORY,
    "order_change": Reason.ORDER_CHANGE,
    "order_cancellation": Reason.ORDER_CANCELLATION,
    "waiver": Reason.WAIVER,
    "other": Reason.OTHER,
    "fraudulent": Reason.FRAUDULENT,
}

T = TypeVar("T")


def decoded(raw: bytes | msgspec.Raw, into: type[T], account: str) -> T:
    """An object of a list or an answer, read; raises BadPayload."""
    try:
        return msgspec.json.decode(raw, type=into)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as unreadable:
        message = f"the provider answered something that can't be read: {unreadable}"
        raise BadPayload(message, account=account) from unreadable


def credit_note(said: wire.CreditNote, raw: bytes, *, account: str, reasons: Mapping[Reason, str]) -> CreditNote:
    """Read one credit note; `reasons` is the account's own code for each of ours. Raises BadPayload for figures that are no money."""
    try:
        return _credit_note(said, raw, account, reasons)
    except (ValueError, OverflowError) as wrong:  # amounts, currencies and instants that cannot be
        message = f"the provider's credit note {said.id[:50]!r} can't be read: {wrong}"
        raise BadPayload(message, account=account) from wrong


def unknown_words(said: wire.CreditNote) -> Iterator[tuple[str, str]]:
    """The words of this note that nobody has published, each with what it is."""
    if said.status not in STATUS:
        yield "credit note status", said.status
    if said.type not in DISPOSITION:
        yield "credit note type", said.type
    if said.reason_code is not None and said.reason_code not in REASON:
        yield "credit note reason_code", said.reason_code
    for refund in said.linked_refunds:
        if refund.txn_status is not None and refund.txn_status not in REFUND:
            yield "refund txn_status", refund.txn_status


def whole(given: int | None, *parts: int) -> int:
    """A document's total; it is 0 where it was left out (docs: the default), but only where nothing else says otherwise."""
    if given is None and any(parts):
        message = "it has a sub_total and no total"
        raise ValueError(message)
    return given or 0


def _credit_note(said: wire.CreditNote, raw: bytes, account: str, reasons: Mapping[Reason, str]) -> CreditNote:
    status = Status.DELETED if said.deleted else STATUS.get(said.status, Status.UNKNOWN)
    reason, reason_word = _reason(said, reasons)
    refunded, refund_word = refund_status(said)
    note = CreditNote(
        ref=Ref(account, said.id),
        status=status,
        settlement=_settlement(said, status),
        refund_status=refunded,
        total=money(whole(said.total, said.sub_total), said.currency_code),
        issued_at=_issued_at(said),
        number=said.id,
        reason=reason,
        reason_text=said.create_reason_code,
        dispositions=dispositions(said),
        invoice_id=said.reference_invoice_id,
        customer=Party(provider_id=said.customer_id),
        issued_on=day(said.date),
        created_at=instant(said.generated_at),
        updated_at=instant(said.updated_at),
        voided_at=instant(said.voided_at),
        customer_note="\n".join(said.notes) or None,
        provider_values=ProviderValues(status=said.status, type=said.type, reason=reason_word, refund_status=refund_word),
        custom_fields=_custom_fields(raw),
        raw=raw,
    )
    return _with_amounts(note, said)


def _with_amounts(note: CreditNote, said: wire.CreditNote) -> CreditNote:
    """The note with all its money beside the total; None for what Chargebee left out."""
    currency = said.currency_code
    return replace(
        note,
        subtotal=money(said.sub_total, currency),
        tax=_sum(None if said.taxes is None else [tax.amount for tax in said.taxes], currency),
        discount=_sum(None if said.discounts is None else [discount.amount for discount in said.discounts], currency),
        remaining=_remaining(said, note.status),
        refunded=None if said.amount_refunded is None else money(said.amount_refunded, currency),
        line_items=line_items(said),
        taxes=None
        if said.taxes is None
        else tuple(TaxLine(amount=money(tax.amount, currency), name=tax.name) for tax in said.taxes),
        allocations=tuple(allocations(said)),
    )


def _issued_at(said: wire.CreditNote) -> datetime:
    """By this notes are sorted, there and here: one without it has no place."""
    moment = instant(said.date)
    if moment is None:
        message = "it has no date"
        raise ValueError(message)
    return moment


def _settlement(said: wire.CreditNote, status: Status) -> Settlement:
    if status is not Status.ISSUED:
        return Settlement.UNKNOWN
    if said.status != "refund_due":
        return Settlement.SETTLED
    used = said.amount_allocated + (said.amount_refunded or 0)
    left = said.amount_available
    # A refund under way may have left `amount_available` without having reached `amount_refunded`.
    is_begun = used > 0 or (left is not None and left < whole(said.total))
    return Settlement.PARTIALLY_SETTLED if is_begun else Settlement.UNSETTLED


def _remaining(said: wire.CreditNote, status: Status) -> Money | None:
    """What can still be used; what a voided or deleted note shows as available is not published, and not available."""
    if said.amount_available is None or status in {Status.VOIDED, Status.DELETED}:
        return None
    return money(said.amount_available, said.currency_code)


def _reason(said: wire.CreditNote, reasons: Mapping[Reason, str]) -> tuple[Reason, str | None]:
    """Our reason, and the word it was read from. `other` says no more than that the site's own code has to be asked."""
    known = REASON.get(said.reason_code or "")
    if known is not None and known is not Reason.OTHER:
        return known, said.reason_code
    for reason in Reason:  # in a fixed order, where the account uses one code for several
        if said.create_reason_code is not None and reasons.get(reason) == said.create_reason_code:
            return reason, said.create_reason_code
    if said.reason_code is None and said.create_reason_code is None:
        return Reason.UNSPECIFIED, None
    return Reason.OTHER, said.reason_code or said.create_reason_code


def _sum(amounts: Sequence[int] | None, currency: str) -> Money | None:
    return None if amounts is None else total([money(amount, currency) for amount in amounts], currency)


def _custom_fields(raw: bytes) -> bytes | None:
    if b'"cf_' not in raw:
        return None
    members = msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
    custom = {name: value for name, value in members.items() if name.startswith("cf_")}
    return msgspec.json.encode(custom) if custom else None

"""Zenskar's notes and their lines as domain values; pure. Invoices are in `invoices`, what is sent in `issuing`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC
from decimal import Decimal

import msgspec

from app.domain.credit_note import Allocation, CreditNote, LineItem, Party, ProviderValues, Ref
from app.domain.errors import BadPayload
from app.domain.money import Money, MoneyError, total
from app.domain.vocabulary import Disposition, RefundStatus, Settlement, Status
from app.providers.zenskar import wire

STATUS: Mapping[str, Status] = {
    "in_progress": Status.PENDING,
    "issued": Status.ISSUED,
    "paid": Status.ISSUED,
    "void": Status.VOIDED,
}

# "issued" is not here: whether anything is left of it depends on where its value went.
SETTLEMENT: Mapping[str, Settlement] = {
    "in_progress": Settlement.UNSETTLED,
    "paid": Settlement.SETTLED,
    "void": Settlement.UNKNOWN,
}

DISPOSITION: Mapping[str, Disposition] = {
    "credits": Disposition.CUSTOMER_CREDIT,
    "credits_against_payment": Disposition.CUSTOMER_CREDIT,
    "external_payment": Disposition.EXTERNAL_REFUND,
    "invoice_adjusted": Disposition.INVOICE_BALANCE,
    "original_payment_method": Disposition.PAYMENT_REFUND,
}

_notes = msgspec.json.Decoder(wire.Note)


def credit_note(account: str, body: bytes) -> CreditNote:
    """Read one credit note as Zenskar sends it; raises BadPayload."""
    try:
        return _credit_note(account, _notes.decode(body), body)
    except (msgspec.DecodeError, UnicodeDecodeError, MoneyError, OverflowError) as unreadable:
        message = f"the provider sent a credit note that can't be read: {unreadable}"
        raise BadPayload(message, account=account) from unreadable


def _credit_note(account: str, note: wire.Note, body: bytes) -> CreditNote:
    currency = note.currency.upper()
    status = STATUS.get(note.status, Status.UNKNOWN)
    created_at = note.created_at.astimezone(UTC)
    return CreditNote(
        ref=Ref(account, note.id),
        status=status,
        settlement=_settlement(note),
        refund_status=_refund_status(note),
        total=Money(note.amount, currency),
        issued_at=created_at,
        number=note.credit_note_number,
        dispositions=(DISPOSITION.get(note.repayment_method, Disposition.UNKNOWN),),
        line_items_url=note.line_items_url,
        allocations=_allocations(note, status, currency),
        invoice_id=note.invoice_id or (note.invoice.id if note.invoice else None),
        invoice_external_id=note.invoice.external_id if note.invoice else None,
        customer=_customer(note),
        issued_on=created_at.date(),
        created_at=created_at,
        provider_values=ProviderValues(status=note.status, disposition=note.repayment_method),
        custom_fields=_custom_fields(note),
        raw=body,
    )


def _settlement(note: wire.Note) -> Settlement:
    if note.status != "issued":
        return SETTLEMENT.get(note.status, Settlement.UNKNOWN)
    match DISPOSITION.get(note.repayment_method):
        case None:
            return Settlement.UNKNOWN
        case Disposition.INVOICE_BALANCE:
            return Settlement.SETTLED
        case _:
            return Settlement.UNSETTLED


def _refund_status(note: wire.Note) -> RefundStatus:
    """A note does not tell whether money went back; the refund rows of its payments would."""
    return RefundStatus.PENDING if note.status == "in_progress" else RefundStatus.UNKNOWN


def _allocations(note: wire.Note, status: Status, currency: str) -> tuple[Allocation, ...]:
    """Only what the note itself tells; a void note has taken its credits back."""
    if not note.credits_returned or status is Status.VOIDED:
        return ()
    return (Allocation(disposition=Disposition.CUSTOMER_CREDIT, amount=Money(note.credits_returned, currency)),)


def _customer(note: wire.Note) -> Party:
    if note.customer is None:
        return Party(provider_id=note.customer_id)
    told = note.customer
    return Party(provider_id=note.customer_id, external_id=told.external_id, name=told.name, email=told.email)


def _custom_fields(note: wire.Note) -> bytes | None:
    text = bytes(note.custom_data)
    return text if text.startswith(b"{") else None


def line_items(note: CreditNote, found: wire.Lines) -> tuple[LineItem, ...]:
    """Read what a note's `line_items_url` serves; raises BadPayload where it can't be the lines of this note."""
    try:
        lines = tuple(_line(line, note.currency) for line in _listed(found))
        _check_sum(lines, note)
    except MoneyError as unreadable:
        message = f"the provider sent line items that can't be read: {unreadable}"
        raise BadPayload(message, account=note.ref.account) from unreadable
    return lines


def _check_sum(lines: Sequence[LineItem], note: CreditNote) -> None:
    """Their unit is not published: lines above the note's own amount were read in the wrong one."""
    if total([line.amount for line in lines], note.currency) > note.total:
        message = "its lines add up to more than the note"
        raise MoneyError(message)


def _listed(found: wire.Lines) -> list[wire.Line]:
    if not isinstance(found, wire.LinesNamed):
        return found
    for lines in (found.lines, found.line_items, found.results):
        if lines is not None:
            return lines
    message = "no lines under any known name"
    raise MoneyError(message)


def _line(line: wire.Line, currency: str) -> LineItem:
    if line.currency is not None and line.currency.upper() != currency:
        message = f"a line in {line.currency[:10]!r} on a note in {currency}"
        raise MoneyError(message)
    return LineItem(
        amount=_line_amount(line, currency),
        provider_id=line.id,
        description=line.name if line.description is None else line.description,
        quantity=_quantity(line),
    )


def _quantity(line: wire.Line) -> Decimal | None:
    quantity = line.quantity.value if isinstance(line.quantity, wire.Measure) else line.quantity
    if quantity is not None and not quantity.is_finite():
        message = "a quantity must be a finite number"
        raise MoneyError(message)
    return quantity


def _line_amount(line: wire.Line, currency: str) -> Money:
    """An integer counts minor units, as on the note; a measure is in major units, as on an invoice's lines."""
    match line.subtotal if line.amount is None else line.amount:
        case int(minor):
            return Money(minor, currency)
        case wire.Measure(value=major):
            return Money.from_major(major, currency)
        case _:
            message = "a line without an amount"
            raise MoneyError(message)

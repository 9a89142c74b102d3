"""From vcita's notes to the domain's; pure. Invoices are read in `invoices`, refusals in `errors`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from app.domain.credit_note import CreditNote, LineItem, ProviderValues, Ref, TaxLine
from app.domain.money import Money, MoneyError, total
from app.domain.vocabulary import Disposition, RefundStatus, Settlement, Status
from app.providers.vcita import wire
from app.providers.vcita.arithmetic import bounded, extended, half_up, nearest

# docs: Retrieve a Credit Note. SETTLED: a monetary refund for the value has been executed.
STATUS = {
    "ISSUED": (Status.ISSUED, Settlement.UNKNOWN, RefundStatus.UNKNOWN),
    "SETTLED": (Status.ISSUED, Settlement.SETTLED, RefundStatus.SUCCEEDED),
}
_UNPUBLISHED = (Status.UNKNOWN, Settlement.UNKNOWN, RefundStatus.UNKNOWN)


def credit_note(account: str, note: wire.Note, raw: bytes) -> CreditNote:
    """Read one note; totals are the provider's and exact. Raises MoneyError where an amount or a currency is none."""
    currency = note.currency.upper()
    status, settlement, refund_status = STATUS.get(note.status or "", _UNPUBLISHED)
    taxes = None if note.taxes is None else _taxes(note.taxes, currency)
    return CreditNote(
        ref=Ref(account, note.uid),
        status=status,
        settlement=settlement,
        refund_status=refund_status,
        total=_gross(note, currency),
        subtotal=None if note.net_total is None else Money.from_major(note.net_total, currency),
        tax=None if taxes is None else total([tax.amount for tax in taxes], currency),
        taxes=taxes,
        number=None if note.unique_number is None else str(note.unique_number),
        reason_text=note.notes,
        dispositions=(Disposition.UNKNOWN,),  # no note is tied to a part
        line_items=tuple(_line_item(line, currency) for line in note.line_items),
        invoice_id=note.invoice_uid,
        issued_at=_utc(note.created_at),
        issued_on=note.issue_date,  # a legal date in the business's own zone
        created_at=_utc(note.created_at),
        updated_at=None if note.updated_at is None else _utc(note.updated_at),
        provider_values=ProviderValues(status=note.status),
        raw=raw,
    )


def _gross(note: wire.Note, currency: str) -> Money:
    told = note.total_amount if note.grand_total is None else note.grand_total
    if told is None:
        message = "the note has neither grand_total nor total_amount"
        raise MoneyError(message)
    return Money.from_major(told, currency)


def _line_item(line: wire.NoteLine, currency: str) -> LineItem:
    taxes = _taxes(line.taxes or (), currency)
    if line.total_amount is None:
        amount = Money(half_up(extended(line.quantity, line.unit_amount, currency)), currency)
    else:
        amount = nearest(line.total_amount, currency)
    return LineItem(
        amount=amount,
        description=line.name,
        quantity=bounded(line.quantity),
        unit_amount=bounded(line.unit_amount),
        tax=total([tax.amount for tax in taxes], currency),
        taxes=taxes,
    )


def _taxes(taxes: Sequence[wire.Tax], currency: str) -> tuple[TaxLine, ...]:
    return tuple(
        TaxLine(amount=nearest(tax.tax_total, currency), name=tax.name, rate=None if tax.rate is None else bounded(tax.rate))
        for tax in taxes
    )


def _utc(moment: datetime) -> datetime:
    """Aware and in UTC; an instant without a zone is taken as UTC, which is what vcita writes."""
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)

"""Where a note's value went: used against invoices, sent back, put on record as paid (docs: Credit note object). Pure."""

from __future__ import annotations

from collections.abc import Iterator

from app.domain.credit_note import Allocation
from app.domain.vocabulary import Disposition, RefundStatus
from app.providers.chargebee import wire
from app.providers.chargebee.currency import money
from app.providers.chargebee.instants import instant

DISPOSITION = {
    "adjustment": Disposition.INVOICE_BALANCE,
    "refundable": Disposition.CUSTOMER_CREDIT,
    "store": Disposition.CUSTOMER_CREDIT,
}
REFUND = {  # docs: Transaction object, `status`
    "success": RefundStatus.SUCCEEDED,
    "in_progress": RefundStatus.PENDING,
    "needs_attention": RefundStatus.UNKNOWN,  # broke off at the gateway: somebody has to look
    "failure": RefundStatus.FAILED,
    "timeout": RefundStatus.FAILED,
    "late_failure": RefundStatus.FAILED,
    "voided": RefundStatus.NONE,
}
# Of several refunds of a note, the one that says most about whether money went back.
_WEIGHT = (RefundStatus.PENDING, RefundStatus.UNKNOWN, RefundStatus.SUCCEEDED, RefundStatus.FAILED, RefundStatus.NONE)
NOT_MOVED = frozenset({RefundStatus.NONE, RefundStatus.FAILED})
"""Of a refund: no money went back, and none is on its way."""


def refund_status(said: wire.CreditNote) -> tuple[RefundStatus, str | None]:
    """Whether money went back, and the word that said so; never from the note's own status."""
    if not said.linked_refunds:
        return (RefundStatus.SUCCEEDED if said.amount_refunded else RefundStatus.NONE), None
    told = [(_refund_status(refund), refund.txn_status) for refund in said.linked_refunds]
    return min(told, key=lambda one: _WEIGHT.index(one[0]))


def _refund_status(refund: wire.LinkedRefund) -> RefundStatus:
    return REFUND.get(refund.txn_status or "", RefundStatus.UNKNOWN)


def dispositions(said: wire.CreditNote) -> tuple[Disposition, ...]:
    """Where the value goes. Linked refunds do not tell whether a gateway or somebody outside paid: UNKNOWN beside the type's own."""
    own = DISPOSITION.get(said.type, Disposition.UNKNOWN)
    told = [own]
    if own is not Disposition.UNKNOWN and any(_refund_status(refund) not in NOT_MOVED for refund in said.linked_refunds):
        told.append(Disposition.UNKNOWN)
    if said.linked_tax_withheld_refunds:
        told.append(Disposition.EXTERNAL_REFUND)
    return tuple(told)


def allocations(said: wire.CreditNote) -> Iterator[Allocation]:
    """Every part of the value that went somewhere."""
    for used in said.allocations:
        yield Allocation(
            disposition=Disposition.INVOICE_BALANCE,
            amount=money(used.allocated_amount, said.currency_code),
            invoice_id=used.invoice_id,
            at=instant(used.allocated_at),
        )
    for refund in said.linked_refunds:
        yield Allocation(
            disposition=Disposition.UNKNOWN,
            amount=money(refund.applied_amount, said.currency_code),
            refund_id=refund.txn_id,
            at=instant(refund.applied_at),
            status=_refund_status(refund),
        )
    for withheld in said.linked_tax_withheld_refunds:
        if withheld.amount is not None:  # docs: Record refund for a credit note: nobody else makes them
            yield Allocation(
                disposition=Disposition.EXTERNAL_REFUND,
                amount=money(withheld.amount, said.currency_code),
                refund_id=withheld.id,
                at=instant(withheld.date),
                status=RefundStatus.SUCCEEDED,
            )

"""What a command would come to, computed from the invoice as read: the taxes are estimates, since Chargebee computes them. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from app.domain.credit_note import Allocation
from app.domain.money import Money
from app.domain.plans import Preview
from app.domain.vocabulary import Disposition
from app.providers.chargebee import issuing
from app.providers.chargebee.amounts import Amount, amount
from app.providers.chargebee.issue import Issue
from app.providers.chargebee.options import ChargebeeCreditNoteType as NoteType
from app.providers.chargebee.shares import shares


def preview(issue: Issue) -> Preview:
    """Raises what planning raises."""
    issuing.plan(issue)
    credited = amount(issue)
    return Preview(
        total=credited.estimate,
        subtotal=_subtotal(issue, credited),
        tax=credited.tax,
        allocations=tuple(_allocations(issue, credited)),
    )


def _subtotal(issue: Issue, credited: Amount) -> Money | None:
    """Before tax. What Chargebee calls so where prices include the tax is not published."""
    if issue.invoice is not None and issue.invoice.tax_inclusive:
        return None
    if credited.net is not None:
        return credited.net
    return None if credited.tax is None else credited.estimate - credited.tax


def _allocations(issue: Issue, credited: Amount) -> Iterator[Allocation]:
    parts = issue.command.dispositions
    if credited.type is NoteType.ADJUSTMENT:
        id = None if issue.invoice is None else issue.invoice.ref.external_id
        yield Allocation(disposition=Disposition.INVOICE_BALANCE, amount=credited.estimate, invoice_id=id)
    elif not parts:
        yield Allocation(disposition=Disposition.CUSTOMER_CREDIT, amount=credited.estimate)
    else:
        for part, share in zip(parts, shares(parts, credited.estimate), strict=True):
            yield Allocation(disposition=part.disposition, amount=share, payment_id=part.payment_id)

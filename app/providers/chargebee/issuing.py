"""A command and the invoice as read, resolved into the one call that creates the note, or refused (docs: Create a credit note). Pure.

Order of refusals: the invoice's state, currency, what is not supported or not valid, amount.
"""

from __future__ import annotations

from collections.abc import Iterator

from app.domain.commands import CreditLines, CreditTotal, CustomerTarget, InvoiceTarget, IssueCreditNote
from app.domain.errors import GatewayError, InvalidInput, Path, WrongState
from app.domain.invoice import Invoice
from app.domain.money import Money, UnknownCurrency, exponent
from app.domain.plans import Expected, WritePlan
from app.domain.vocabulary import ErrorCode, InvoiceStatus
from app.providers.chargebee.amounts import REMAINING, TOTAL, amount, amount_problems
from app.providers.chargebee.credited_lines import LINES
from app.providers.chargebee.destination import destination_problems
from app.providers.chargebee.details import detail_inputs, detail_pairs, detail_problems, sent_date
from app.providers.chargebee.entities import entity_problems
from app.providers.chargebee.headers import header_problems, issue_headers
from app.providers.chargebee.issue import Issue
from app.providers.chargebee.order import encoded
from app.providers.chargebee.refusing import refuse
from app.providers.chargebee.shares import payouts
from app.providers.chargebee.texts import is_whole

LONGEST_ID = 50  # docs: Create a credit note, `customer_id`


def plan(issue: Issue) -> WritePlan:
    """Resolve a command; raises what must be refused before anything is sent."""
    if issue.invoice is not None:
        _check_state(issue.invoice)
    refuse(_currency_problems(issue))
    refuse(_problems(issue))
    credited = amount(issue)
    target = _target(issue.command)
    pairs = [*target, ("type", credited.type.value), *credited.pairs, *detail_pairs(issue)]
    request = encoded(pairs, issue_headers(issue), inputs=_inputs(issue))
    details = dict(detail_pairs(issue))
    expected = Expected(
        currency=issue.currency,
        total=credited.total,
        net=credited.net,
        tolerance=credited.tolerance,
        invoice_id=dict(target).get("reference_invoice_id"),
        customer_id=dict(target).get("customer_id"),
        reason_text=details.get("create_reason_code"),
        provider_reason=details.get("reason_code"),
        customer_note=details.get("customer_notes"),
        issued_on=sent_date(issue),
        provider_type=credited.type.value,
    )
    return WritePlan(request=request, expected=expected, then=payouts(issue.command, credited.total))


def _inputs(issue: Issue) -> dict[str, Path]:
    """Where the parameters came from that have several inputs."""
    total: Path
    match issue.command.credit:
        case CreditTotal():
            total = TOTAL
        case CreditLines():
            total = LINES
        case _:
            total = REMAINING
    kind: Path = ("dispositions",) if issue.options.type is None else ("options", "chargebee", "type")
    return {"total": total, "type": kind, **detail_inputs(issue)}


def _check_state(invoice: Invoice) -> None:
    """Chargebee turns no invoice void by crediting it, so a void one was voided by hand."""
    if invoice.status in {InvoiceStatus.DRAFT, InvoiceStatus.VOIDED}:
        message = f"an invoice that is {invoice.provider_status} takes no credit note"
        raise WrongState(message, code=ErrorCode.INVOICE_NOT_CREDITABLE, path=("against", "invoice"))


def _currency_problems(issue: Issue) -> Iterator[GatewayError]:
    if isinstance(issue.command.target, CustomerTarget):
        try:
            exponent(issue.currency)
        except UnknownCurrency as unknown:
            yield InvalidInput(str(unknown), path=("against", "customer", "currency"))
    for given, path in _amounts(issue.command):
        if given.currency != issue.currency:
            message = f"{given.currency} was given where {issue.currency} is credited"
            yield InvalidInput(message, code=ErrorCode.CURRENCY_MISMATCH, path=(*path, "currency"))


def _amounts(command: IssueCreditNote) -> Iterator[tuple[Money, Path]]:
    if isinstance(command.credit, CreditTotal):
        yield command.credit.total, TOTAL
    if isinstance(command.credit, CreditLines):
        for index, line in enumerate(command.credit.lines):
            if line.amount is not None:
                yield line.amount, (*LINES, str(index), "amount")
    for index, part in enumerate(command.dispositions):
        if part.amount is not None:
            yield part.amount, ("dispositions", str(index), "amount")


def _problems(issue: Issue) -> Iterator[GatewayError]:
    """All that can be said without looking at what is left of the invoice."""
    match issue.command.target:
        case CustomerTarget(customer=ref) if not (0 < len(ref.external_id) <= LONGEST_ID and is_whole(ref.external_id)):
            yield InvalidInput(f"a customer's id has 1 to {LONGEST_ID} characters", path=("against", "customer", "providerId"))
    yield from destination_problems(issue)
    yield from amount_problems(issue)
    yield from detail_problems(issue)
    yield from header_problems(issue)
    yield from entity_problems(issue)


def _target(command: IssueCreditNote) -> list[tuple[str, str]]:
    match command.target:
        case InvoiceTarget(invoice=ref):
            return [("reference_invoice_id", ref.external_id)]
        case CustomerTarget(customer=ref, currency=currency):
            return [("customer_id", ref.external_id), ("currency_code", currency)]

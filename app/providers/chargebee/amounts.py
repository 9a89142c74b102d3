"""How much a note credits: the total or the lines to send, within what is left of the invoice, and what the answer has to say. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import assert_never

from app.domain.commands import CreditLine, CreditLines, CreditRemaining, CreditTotal
from app.domain.errors import BadPayload, GatewayError, InvalidInput, Unsupported
from app.domain.invoice import CreditableBalance, Invoice
from app.domain.money import Money
from app.providers.chargebee.credited_lines import LINES, CreditedLine, check_sum, credited_line
from app.providers.chargebee.currency import amount_problem, money, nearest, unit_minor, units
from app.providers.chargebee.destination import Asked, named_type, settled
from app.providers.chargebee.entities import entity_columns
from app.providers.chargebee.issue import Issue
from app.providers.chargebee.options import ChargebeeCreditNoteType as NoteType
from app.providers.chargebee.shares import shares
from app.providers.chargebee.taxes import gross, has_one_rate, tax_share, tax_within

TOTAL = ("credit", "total")
REMAINING = ("credit", "remaining")


@dataclass(frozen=True, slots=True, kw_only=True)
class Amount:
    """What is credited, as parameters and as what the answer has to say; None is left to Chargebee.

    `estimate` and `tax` are what it will come to as far as can be told beforehand.
    """

    type: NoteType
    pairs: tuple[tuple[str, str], ...]
    total: Money | None
    estimate: Money
    tax: Money | None
    net: Money | None = None
    tolerance: int = 0


def amount_problems(issue: Issue) -> Iterator[GatewayError]:
    """What is wrong with the amounts whatever may be left of the invoice."""
    match issue.command.credit:
        case CreditTotal(total=total):
            if problem := amount_problem(total, TOTAL):
                yield problem
        case CreditLines(lines=()):
            yield InvalidInput("there must be at least one line", path=LINES)
        case CreditLines(lines=lines):
            yield from _line_problems(lines, issue)
        case CreditRemaining():
            if issue.invoice is None:
                yield InvalidInput("without an invoice nothing remains to be credited", path=REMAINING)
        case other:
            assert_never(other)


def amount(issue: Issue) -> Amount:
    """The amount, given that there are no problems. Raises AmountTooHigh, or Unsupported where one note cannot hold it."""
    match issue.command.credit:
        case CreditTotal(total=total):
            return _of_total(issue, Asked(amount=total, path=TOTAL))
        case CreditRemaining():
            return _of_total(issue, Asked(amount=None, path=REMAINING))
        case CreditLines(lines=asked):
            lines = [credited_line(line, index, issue.invoice, issue.currency) for index, line in enumerate(asked)]
            return _of_lines(issue, lines)
        case other:
            assert_never(other)


def _line_problems(lines: Sequence[CreditLine], issue: Issue) -> Iterator[GatewayError]:
    net, has_problems = 0, False
    for index, line in enumerate(lines):
        try:
            net += credited_line(line, index, issue.invoice, issue.currency).net
        except (InvalidInput, Unsupported) as problem:
            has_problems = True
            yield problem
    try:
        check_sum(net, issue.currency, LINES)
    except InvalidInput as problem:
        if not has_problems:  # else the sum is not of what was asked
            yield problem


def _of_total(issue: Issue, asked: Asked) -> Amount:
    type, maximum = _settled(issue, asked)
    total = asked.amount or maximum
    if total is None:
        message = "nothing remains without an invoice"
        raise TypeError(message)
    shares(issue.command.dispositions, total)  # raises where the amounts of the destinations do not make the total
    return Amount(
        type=type,
        pairs=(("total", str(units(total))),),
        total=total,
        estimate=total,
        tax=_tax(issue, type, total),
    )


def _tax(issue: Issue, type: NoteType, total: Money) -> Money | None:
    if type is NoteType.STORE:
        return Money.zero(total.currency)
    return None if issue.invoice is None else tax_share(total, issue.invoice)


def _of_lines(issue: Issue, lines: list[CreditedLine]) -> Amount:
    tolerance = len(lines) * unit_minor(issue.currency)
    pairs = _columns(issue, lines)
    net = money(sum(line.net for line in lines), issue.currency)
    invoice = issue.invoice
    if invoice is None:
        return Amount(type=NoteType.REFUNDABLE, pairs=pairs, total=None, net=net, estimate=net, tax=None)
    is_untaxed = named_type(issue) is NoteType.STORE  # docs: store notes carry no tax at creation
    estimate = net if is_untaxed else nearest(gross(lines, invoice), issue.currency)
    type, _ = _settled(issue, Asked(amount=estimate, path=LINES, slack=0 if estimate == net else tolerance))
    is_exact = is_untaxed or invoice.tax_inclusive
    return Amount(
        type=type,
        pairs=pairs,
        total=estimate if is_exact or has_one_rate(invoice) else None,
        net=None if invoice.tax_inclusive else net,
        tolerance=0 if is_exact else tolerance,
        estimate=estimate,
        tax=estimate - net if is_untaxed else _tax_of_lines(lines, invoice),
    )


def _tax_of_lines(lines: list[CreditedLine], invoice: Invoice) -> Money | None:
    """None where the invoice does not tell its lines, and with them its rates."""
    if not invoice.lines:
        return None
    tax = tax_within(lines, invoice) if invoice.tax_inclusive else gross(lines, invoice) - sum(line.net for line in lines)
    return nearest(tax, invoice.currency)


def _settled(issue: Issue, asked: Asked) -> tuple[NoteType, Money | None]:
    if issue.invoice is None:
        return NoteType.REFUNDABLE, None
    return settled(named_type(issue), asked, _balance(issue.invoice))


def _balance(invoice: Invoice) -> CreditableBalance:
    if invoice.creditable is None:
        message = f"what can still be credited on this invoice is not known: {invoice.conflict}"
        raise BadPayload(message, account=invoice.ref.account)
    return invoice.creditable


def _columns(issue: Issue, lines: list[CreditedLine]) -> tuple[tuple[str, str], ...]:
    """Column-wise, the index last (docs: list parameters)."""
    return tuple(
        (f"line_items[{name}][{index}]", value)
        for index, line in enumerate(lines)
        for name, value in (*line.columns, *entity_columns(issue, index))
    )

"""How much a note credits: the total or the lines to send, within what is left of the invoice, and what the answer has to say. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import assert_never

from app.domain.commands import CreditLines, CreditRemaining, CreditTotal
from app.domain.errors import BadPayload, GatewayError, InvalidInput, Unsupported
from app.domain.invoice import CreditableBalance, Invoice
from app.domain.money import InexactAmount, Money
from app.providers.chargebee.credited_lines import LINES, CreditedLine, credited_line, gross, has_one_rate
from app.providers.chargebee.currency import digits, money, unit_minor, units
from app.providers.chargebee.destination import Asked, named_type, part_amount_problem, settled
from app.providers.chargebee.entities import entity_columns
from app.providers.chargebee.issue import Issue
from app.providers.chargebee.options import ChargebeeCreditNoteType as NoteType

TOTAL = ("credit", "total")
REMAINING = ("credit", "remaining")


@dataclass(frozen=True, slots=True, kw_only=True)
class Amount:
    """What is credited, as parameters and as what the answer has to say; None is left to Chargebee."""

    type: NoteType
    pairs: tuple[tuple[str, str], ...]
    total: Money | None
    net: Money | None = None
    tolerance: int = 0


def amount_problems(issue: Issue) -> Iterator[GatewayError]:
    """What is wrong with the amounts whatever may be left of the invoice."""
    match issue.command.credit:
        case CreditTotal(total=total):
            yield from _total_problems(total)
        case CreditLines(lines=()):
            yield InvalidInput("there must be at least one line", path=LINES)
        case CreditLines(lines=lines):
            for index, line in enumerate(lines):
                try:
                    credited_line(line, index, issue.invoice, issue.currency)
                except (InvalidInput, Unsupported) as problem:
                    yield problem
        case CreditRemaining():
            if issue.invoice is None:
                yield InvalidInput("without an invoice nothing remains to be credited", path=REMAINING)
        case other:
            assert_never(other)


def amount(issue: Issue) -> Amount:
    """The amount, given that there are no problems. Raises AmountTooHigh, or Unsupported where one note cannot hold it."""
    match issue.command.credit:
        case CreditTotal(total=total):
            found = _of_total(issue, Asked(amount=total, path=TOTAL))
        case CreditRemaining():
            found = _of_total(issue, Asked(amount=None, path=REMAINING))
        case CreditLines(lines=asked):
            lines = [credited_line(line, index, issue.invoice, issue.currency) for index, line in enumerate(asked)]
            return _of_lines(issue, lines)
        case other:
            assert_never(other)
    if found.total is not None and (problem := part_amount_problem(issue, found.total)):
        raise problem
    return found


def _total_problems(total: Money) -> Iterator[GatewayError]:
    if total.minor <= 0:
        yield InvalidInput("an amount must be above zero", path=TOTAL)
    try:
        units(total)
    except InexactAmount as inexact:
        message = f"{inexact}, and Chargebee counts {total.currency} with {digits(total.currency)}"
        yield InvalidInput(message, path=TOTAL)


def _of_total(issue: Issue, asked: Asked) -> Amount:
    type, maximum = _settled(issue, asked)
    total = asked.amount or maximum
    if total is None:
        message = "nothing remains without an invoice"
        raise TypeError(message)
    return Amount(type=type, pairs=(("total", str(units(total))),), total=total)


def _of_lines(issue: Issue, lines: list[CreditedLine]) -> Amount:
    tolerance = len(lines) * unit_minor(issue.currency)
    net = money(sum(line.net for line in lines), issue.currency)
    if issue.invoice is None:
        return Amount(type=NoteType.REFUNDABLE, pairs=_columns(issue, lines), total=None, net=net)
    is_untaxed = named_type(issue) is NoteType.STORE  # docs: store notes carry no tax at creation
    estimate = net if is_untaxed else money(gross(lines, issue.invoice), issue.currency)
    type, _ = _settled(issue, Asked(amount=estimate, path=LINES, slack=0 if estimate == net else tolerance))
    is_exact = is_untaxed or issue.invoice.tax_inclusive
    return Amount(
        type=type,
        pairs=_columns(issue, lines),
        total=estimate if is_exact or has_one_rate(issue.invoice) else None,
        net=None if issue.invoice.tax_inclusive else net,
        tolerance=0 if is_exact else tolerance,
    )


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

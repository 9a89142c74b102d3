"""What is wrong with the lines a caller wants credited: every problem with its path, before anything is reckoned; pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from app.domain.commands import CreditLine, CreditLines, LineTax
from app.domain.errors import GatewayError, InvalidInput, InvalidInputs, Path, Unsupported
from app.domain.invoice import Invoice
from app.domain.money import Money
from app.domain.vocabulary import ErrorCode
from app.providers.vcita.arithmetic import is_bounded, is_storable
from app.providers.vcita.lines import planned_line, priced, source_of

LINES = ("credit", "lineItems")


def refuse(problems: Sequence[GatewayError]) -> None:
    """Raises the problem there is, or all of them at once."""
    if len(problems) > 1:
        raise InvalidInputs(problems)
    if problems:
        raise problems[0]


def foreign_amounts(credit: CreditLines, currency: str) -> Iterator[GatewayError]:
    """The amounts that are not in the invoice's currency."""
    for index, line in enumerate(credit.lines):
        at = (*LINES, str(index))
        taxes = [((*at, "taxes", str(place), "amount"), tax.amount) for place, tax in enumerate(line.taxes or ())]
        for path, amount in [((*at, "amount"), line.amount), *taxes]:
            if amount is not None and amount.currency != currency:
                message = f"the invoice is in {currency}, not in {amount.currency}"
                yield InvalidInput(message, code=ErrorCode.CURRENCY_MISMATCH, path=(*path, "currency"))


def line_problems(credit: CreditLines, invoice: Invoice) -> Iterator[GatewayError]:
    """What vcita cannot take or nobody can reckon with, line by line."""
    if not credit.lines:
        yield InvalidInput("a note needs at least one line", path=LINES)
    for index, line in enumerate(credit.lines):
        at = (*LINES, str(index))
        found = [*_dates(line, at), *_figures(line, at), *_origin(line, invoice, at), *_taxes(line, at)]
        yield from found
        if not found:
            yield from _reckoned(line, invoice, at)


def _dates(line: CreditLine, at: Path) -> Iterator[GatewayError]:
    for name, day in (("periodStart", line.period_start), ("periodEnd", line.period_end)):
        if day is not None:
            yield Unsupported("a line of a vcita credit note has no dates", path=(*at, name))


def _figures(line: CreditLine, at: Path) -> Iterator[GatewayError]:
    is_money = line.amount is None or (is_storable(line.amount) and line.amount.minor > 0)
    given = {"quantity": _is_figure(line.quantity), "unitAmount": _is_figure(line.unit_amount), "amount": is_money}
    for name, is_reasonable in given.items():
        if not is_reasonable:
            yield InvalidInput(f"{name} must be greater than zero, and of a reasonable size", path=(*at, name))
    if line.amount is not None and line.unit_amount is not None:
        yield InvalidInput("give amount or unitAmount, not both", path=(*at, "unitAmount"))


def _is_figure(number: Decimal | None) -> bool:
    return number is None or (is_bounded(number) and number > 0)


def _origin(line: CreditLine, invoice: Invoice, at: Path) -> Iterator[GatewayError]:
    source = source_of(invoice, line)
    named = line.description if line.description is not None else source.description if source else None
    if line.invoice_line_item_id is None:
        if line.amount is None and line.unit_amount is None:
            yield InvalidInput("a line needs amount or unitAmount, or the id of an invoice line to copy", path=at)
    elif not any(one.provider_id for one in invoice.lines):
        message = "the token of this account cannot read the ids of invoice lines (it acts on behalf of a business)"
        yield Unsupported(message, path=(*at, "invoiceLineItemId"))
        return
    elif source is None:
        yield InvalidInput(f"the invoice has no line {line.invoice_line_item_id[:100]!r}", path=(*at, "invoiceLineItemId"))
        return
    if not (named or "").strip():
        yield InvalidInput("a line needs a description", path=(*at, "description"))


def _taxes(line: CreditLine, at: Path) -> Iterator[GatewayError]:
    for place, tax in enumerate(line.taxes or ()):
        yield from _tax(tax, (*at, "taxes", str(place)))


def _tax(tax: LineTax, at: Path) -> Iterator[GatewayError]:
    if not tax.name.strip():
        yield InvalidInput("a tax needs a name", path=(*at, "name"))
    if not (is_bounded(tax.rate) and 0 <= tax.rate <= Decimal(100)):
        yield InvalidInput("a tax rate lies between 0 and 100 percent", path=(*at, "rate"))
    if tax.amount is not None and not (is_storable(tax.amount) and tax.amount.minor >= 0):
        yield InvalidInput("a tax amount must not be negative, and of a reasonable size", path=(*at, "amount"))


def _reckoned(line: CreditLine, invoice: Invoice, at: Path) -> Iterator[GatewayError]:
    try:
        priced(line, source_of(invoice, line))
    except ValueError as inexact:
        yield InvalidInput(str(inexact), path=(*at, "quantity"))
        return
    planned = planned_line(invoice, line)
    if not is_storable(Money(planned.amount + planned.tax, invoice.currency)):
        yield InvalidInput("the line comes to more than can be kept in minor units", path=at)
    elif planned.amount <= 0:
        yield InvalidInput("the line comes to nothing that can be credited", path=at)
    elif invoice.tax_inclusive and planned.tax > planned.amount:
        yield InvalidInput("the taxes of a line cannot exceed the line, which includes them", path=(*at, "taxes"))

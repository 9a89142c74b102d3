"""Lines asked for, as Chargebee's columns (docs: Create a credit note, `line_items`). Pure; what taxes they carry is in `taxes.py`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from app.domain.commands import CreditLine
from app.domain.errors import InvalidInput, Path, Unsupported
from app.domain.invoice import Invoice, InvoiceLine
from app.domain.money import InexactAmount, MoneyError, to_units
from app.domain.vocabulary import IssueField
from app.providers.chargebee.currency import LARGEST, amount_problem, digits, money, too_large, units
from app.providers.chargebee.instants import has_timestamp, midnight, seconds
from app.providers.chargebee.texts import is_whole

LINES: Path = ("credit", "lineItems")
LONGEST_DESCRIPTION = 250
LARGEST_QUANTITY = 2**31 - 1  # docs: `quantity` is a 32-bit integer

Pair = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditedLine:
    """One line ready to be sent; `net` in Chargebee's units, before tax unless the invoice's prices include it."""

    net: int
    reference: InvoiceLine | None
    columns: tuple[Pair, ...]


def credited_line(asked: CreditLine, index: int, invoice: Invoice | None, currency: str) -> CreditedLine:
    """Resolve one line; raises Unsupported or InvalidInput with its path."""
    path = (*LINES, str(index))
    _check_words(asked, path)
    unit_amount, quantity = _unit_amount_and_quantity(asked, currency, path)
    columns = (
        ("reference_line_item_id", asked.invoice_line_item_id),
        ("unit_amount", str(unit_amount)),
        ("quantity", str(quantity)),
        ("description", asked.description),
        ("date_from", _midnight(asked.period_start)),
        ("date_to", _midnight(asked.period_end)),
    )
    check_sum(unit_amount * quantity, currency, path)
    return CreditedLine(
        net=unit_amount * quantity,
        reference=_reference(asked.invoice_line_item_id, invoice, path),
        columns=tuple((name, value) for name, value in columns if value),
    )


def check_sum(net: int, currency: str, path: Path) -> None:
    """Raises InvalidInput for a line, or a sum of lines, that is no amount of the currency."""
    try:
        is_large = net > LARGEST or money(net, currency).minor > LARGEST
    except InexactAmount as inexact:
        raise InvalidInput(str(inexact), path=path) from inexact
    if is_large:
        raise too_large(path)


def _check_words(asked: CreditLine, path: Path) -> None:
    if asked.taxes is not None:
        message = "Chargebee computes the taxes of a note from the invoice's"
        raise Unsupported(message, path=(*path, "taxes"), ability=IssueField.TAXES)
    if asked.description is not None and not _is_description(asked.description):
        message = f"a description has 1 to {LONGEST_DESCRIPTION} whole characters"
        raise InvalidInput(message, path=(*path, "description"))
    for day, name in ((asked.period_start, "periodStart"), (asked.period_end, "periodEnd")):
        if day is not None and not has_timestamp(day):
            message = f"{day} is a day Chargebee has no timestamp for"
            raise InvalidInput(message, path=(*path, name))
    if asked.period_start is not None and asked.period_end is not None and asked.period_end < asked.period_start:
        message = "the period ends before it starts"
        raise InvalidInput(message, path=(*path, "periodEnd"))


def _is_description(text: str) -> bool:
    return bool(text.strip()) and len(text) <= LONGEST_DESCRIPTION and is_whole(text)


def _unit_amount_and_quantity(asked: CreditLine, currency: str, path: Path) -> tuple[int, int]:
    quantity = _quantity(asked.quantity, path)
    if (asked.amount is None) == (asked.unit_amount is None):
        message = "a line needs either amount or unitAmount"
        raise InvalidInput(message, path=path)
    if asked.amount is None:
        return _unit_amount(asked.unit_amount or Decimal(0), currency, path), quantity
    if problem := amount_problem(asked.amount, (*path, "amount")):
        raise problem
    amount = units(asked.amount)
    if amount % quantity:
        message = f"{asked.amount} cannot be told as {quantity} times a unit amount: leave the quantity out, or give unitAmount"
        raise InvalidInput(message, path=(*path, "quantity"))
    return amount // quantity, quantity


def _quantity(asked: Decimal | None, path: Path) -> int:
    if asked is None:
        return 1
    if not asked.is_finite() or not 0 < asked <= LARGEST_QUANTITY:
        message = f"a quantity is above zero and at most {LARGEST_QUANTITY}"
        raise InvalidInput(message, path=(*path, "quantity"))
    if asked != asked.to_integral_value():
        message = "Chargebee takes parts of a piece only with multi-decimal pricing, which is not used here"
        raise Unsupported(message, path=(*path, "quantity"), ability=IssueField.LINE_ITEMS)
    return int(asked)


def _unit_amount(asked: Decimal, currency: str, path: Path) -> int:
    try:
        amount = to_units(asked, digits(currency))
    except InexactAmount as inexact:
        message = f"{inexact}, which Chargebee takes only with multi-decimal pricing, which is not used here"
        raise Unsupported(message, path=(*path, "unitAmount"), ability=IssueField.LINE_ITEMS) from inexact
    except MoneyError as wrong:
        raise InvalidInput(str(wrong), path=(*path, "unitAmount")) from wrong
    if amount <= 0:
        message = "an amount must be above zero"
        raise InvalidInput(message, path=(*path, "unitAmount"))
    if amount > LARGEST:
        raise too_large((*path, "unitAmount"))
    return amount


def _reference(id: str | None, invoice: Invoice | None, path: Path) -> InvoiceLine | None:
    if id is None:
        return None
    path = (*path, "invoiceLineItemId")
    if invoice is None:
        message = "without an invoice there is no line of it to credit"
        raise InvalidInput(message, path=path)
    if not invoice.lines:
        message = "Chargebee does not tell all lines of this invoice, so none of them can be credited by its id"
        raise Unsupported(message, path=path, ability=IssueField.LINE_ITEMS)
    for line in invoice.lines:
        if line.provider_id == id:
            return line
    message = f"the invoice has no line {id[:50]!r}"
    raise InvalidInput(message, path=path)


def _midnight(day: date | None) -> str | None:
    return None if day is None else seconds(midnight(day))

"""What issuing at vcita would come to, without issuing; and figures beyond what can be kept, which neither plan nor preview takes."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from app.domain.commands import CreditLine, CreditLines, CreditRemaining, CreditTotal, DispositionPart, LineTax
from app.domain.errors import BadPayload, GatewayError, InvalidInput, InvalidInputs
from app.domain.invoice import Invoice
from app.domain.money import Money
from app.domain.plans import Preview
from app.domain.vocabulary import Disposition, InvoiceStatus, Reason
from app.providers.vcita.issuing import issue_plan, issue_preview
from tests.providers.vcita import command, euro, invoice, line, settings, tax

PLAIN = invoice(line(80_00, tax("19", 15_20), id="itm1", quantity="2"), line(20_00, tax("19", 3_80), id="itm2"))
INCLUSIVE = invoice(line(119_00, tax("19", 19_00), id="itm1"), tax_inclusive=True)
AMPLE = invoice(line(2**62, id="itm1"))
MINUTES = CreditLine(description="Minutes", quantity=Decimal(3), unit_amount=Decimal("0.333"))
VAT = LineTax(name="VAT", rate=Decimal(19))


def previewed(credit: Any, against: Invoice | None = PLAIN, **more: Any) -> Preview:
    return issue_preview(command(credit, reason=Reason.OTHER, **more), against, settings())


def lines(*wanted: CreditLine) -> CreditLines:
    return CreditLines(lines=wanted)


@pytest.mark.parametrize(
    ("credit", "against", "total", "subtotal", "taxes"),
    [
        (CreditTotal(total=euro(100_00)), PLAIN, 100_00, 84_03, 15_97),
        (CreditRemaining(), PLAIN, 119_00, 100_00, 19_00),
        (lines(CreditLine(invoice_line_item_id="itm2")), PLAIN, 23_80, 20_00, 3_80),
        (CreditTotal(total=euro(11_90)), INCLUSIVE, 11_90, 10_00, 1_90),
        (lines(CreditLine(invoice_line_item_id="itm1")), INCLUSIVE, 119_00, 100_00, 19_00),
        (lines(MINUTES), PLAIN, 1_00, None, 0),  # 0.999: what becomes of the tenth of a cent is vcita's
    ],
)
def test_a_preview_is_what_the_lines_that_would_be_sent_come_to(
    credit: Any, against: Invoice, total: int, subtotal: int | None, taxes: int
) -> None:
    preview = previewed(credit, against)
    assert preview == Preview(total=euro(total), subtotal=None if subtotal is None else euro(subtotal), tax=euro(taxes))
    assert preview.allocations == ()
    assert issue_plan(command(credit), against, settings()).expected.total == preview.total


HUGE = 10**5000
REFUSED: list[tuple[Any, Any, dict[str, Any]]] = [
    (CreditTotal(total=euro(119_01)), PLAIN, {}),
    (CreditTotal(total=euro(0)), PLAIN, {"customer_note": "hello"}),
    (CreditTotal(total=Money(1, "USD")), PLAIN, {}),
    (CreditRemaining(), invoice(*PLAIN.lines, left=0), {}),
    (CreditTotal(total=euro(1)), invoice(*PLAIN.lines, status=InvoiceStatus.DRAFT), {}),
    (CreditTotal(total=euro(1)), invoice(*PLAIN.lines, conflict="two currencies", creditable=None), {}),
    (CreditTotal(total=euro(1)), None, {}),
    (CreditTotal(total=euro(1)), PLAIN, {"dispositions": (DispositionPart(disposition=Disposition.CUSTOMER_CREDIT),)}),
    (lines(CreditLine(amount=euro(1)), CreditLine(description="x")), PLAIN, {}),
]


@pytest.mark.parametrize(("credit", "against", "more"), REFUSED)
def test_a_preview_refuses_what_the_plan_refuses(credit: Any, against: Invoice | None, more: dict[str, Any]) -> None:
    told = []
    for resolve in (issue_plan, issue_preview):
        with pytest.raises(GatewayError) as raised:
            resolve(command(credit, reason=Reason.OTHER, **more), against, settings())
        told.append((type(raised.value), raised.value.code, raised.value.path, raised.value.message))
    assert told[0] == told[1]


def free(**members: Any) -> CreditLines:
    return lines(CreditLine(**{"description": "Goodwill", **members}))


AT = ("credit", "lineItems", "0")


@pytest.mark.parametrize(
    ("credit", "path"),
    [
        (CreditTotal(total=euro(2**63)), ("credit", "total")),
        (CreditTotal(total=euro(HUGE)), ("credit", "total")),
        (CreditTotal(total=euro(-HUGE)), ("credit", "total")),
        (free(amount=euro(2**63)), (*AT, "amount")),
        (free(amount=euro(HUGE)), (*AT, "amount")),
        (free(amount=euro(1), taxes=(LineTax(name="VAT", rate=Decimal(1), amount=euro(HUGE)),)), (*AT, "taxes", "0", "amount")),
        (free(amount=euro(1), taxes=(LineTax(name="VAT", rate=Decimal(HUGE)),)), (*AT, "taxes", "0", "rate")),
        (free(unit_amount=Decimal(HUGE)), (*AT, "unitAmount")),
        (free(unit_amount=Decimal(1), quantity=Decimal(HUGE)), (*AT, "quantity")),
        (free(unit_amount=Decimal("1E-5000")), (*AT, "unitAmount")),
        (free(unit_amount=Decimal(10**19)), AT),
        (free(unit_amount=Decimal("1E+40"), quantity=Decimal("1E+40")), AT),
        (free(amount=euro(2**63 - 1), taxes=(VAT,)), AT),
        (lines(*[CreditLine(description="Goodwill", amount=euro(2**62))] * 2), ("credit", "lineItems")),
    ],
)
@pytest.mark.parametrize("resolve", [issue_plan, issue_preview])
def test_figures_beyond_what_can_be_kept_are_refused_by_name(resolve: Any, credit: Any, path: tuple[str, ...]) -> None:
    with pytest.raises(InvalidInput) as raised:
        resolve(command(credit), AMPLE, settings())
    assert raised.value.path == path


def test_the_largest_figure_that_can_be_kept_is_only_too_much() -> None:
    with pytest.raises(GatewayError) as raised:
        previewed(CreditTotal(total=euro(2**63 - 1)), AMPLE)
    assert not isinstance(raised.value, (InvalidInput, InvalidInputs))
    assert previewed(CreditTotal(total=euro(2**62)), AMPLE).total == euro(2**62)


def test_what_the_provider_tells_beyond_that_is_not_credited() -> None:
    with pytest.raises(BadPayload):
        previewed(CreditRemaining(), invoice(line(2**63, id="itm1")))

"""What a note at Chargebee would come to: computed as planned, with the invoice's own taxes, and refused as planned."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.commands import CreditLine, CreditLines, CreditRemaining, DispositionPart
from app.domain.credit_note import Allocation, TaxLine
from app.domain.errors import GatewayError, InvalidInputs
from app.domain.invoice import Invoice, InvoiceLine
from app.domain.plans import Preview
from app.domain.vocabulary import Disposition, InvoiceStatus, Reason
from app.providers.chargebee.issue import Issue
from app.providers.chargebee.options import ChargebeeCreditNoteType as NoteType
from app.providers.chargebee.options import ChargebeeOptions
from app.providers.chargebee.preview import preview
from tests.providers.chargebee import (
    INVOICE_ID,
    KEY,
    TODAY,
    Credit,
    bill,
    command,
    customer,
    line,
    money,
    opened,
    planned,
    settings,
    target,
    total,
)
from tests.providers.chargebee.noted import payment
from tests.providers.chargebee.site import Site
from tests.providers.readings import read_invoice


def taxed(net: int, tax: int, rate: Decimal, currency: str = "EUR") -> InvoiceLine:
    """A line with this tax on it, whatever the rate makes of it."""
    taxes = (TaxLine(amount=money(tax, currency), name="VAT", rate=rate),)
    return replace(line("li_1", net, currency=currency), taxes=taxes)


BALANCE, CREDIT = Disposition.INVOICE_BALANCE, Disposition.CUSTOMER_CREDIT
PAYMENT, EXTERNAL = Disposition.PAYMENT_REFUND, Disposition.EXTERNAL_REFUND
PAID = bill(0, 119_00, lines=(line("li_1", 100_00, "19"),), payments=(payment(119_00, "txn_a"),))
MIXED = bill(0, 226_00, lines=(line("li_1", 100_00, "19"), line("li_2", 100_00, "7")))
INCLUSIVE = bill(0, 119_00, lines=(taxed(119_00, 19_00, Decimal(19)),), tax_inclusive=True)
STORE = ChargebeeOptions(type=NoteType.STORE)


def shown(credit: Credit, invoice: Invoice | None, **given: Any) -> Preview:
    return preview(Issue.of(command(credit, **given), invoice, settings(), today=TODAY))


def lines(*amounts: int, reference: str | None = None) -> CreditLines:
    return CreditLines(lines=tuple(CreditLine(amount=money(one), invoice_line_item_id=reference) for one in amounts))


def parts(*named: tuple[Disposition, int | None]) -> dict[str, Any]:
    """The input `dispositions`, as keyword."""
    amounts = [(disposition, None if minor is None else money(minor)) for disposition, minor in named]
    return {"dispositions": tuple(DispositionPart(disposition=one, amount=amount) for one, amount in amounts)}


@pytest.mark.parametrize(
    ("credit", "invoice", "given", "figures"),
    [
        (total(11_90), PAID, {}, (11_90, 10_00, 1_90)),
        (total(1), PAID, {}, (1, 1, 0)),
        (total(10_00), PAID, {}, (10_00, 8_40, 1_60)),  # 1.5966...
        (CreditRemaining(), PAID, {}, (119_00, 100_00, 19_00)),
        (total(113_00), MIXED, {}, (113_00, 100_00, 13_00)),
        (total(10_00), PAID, {"options": STORE}, (10_00, 10_00, 0)),
        (total(10_00), bill(0, 50_00), {}, (10_00, 10_00, 0)),
        (total(10_00), bill(0, 50_00, lines=()), {}, (10_00, None, None)),
        (total(11_90), INCLUSIVE, {}, (11_90, None, 1_90)),
        (lines(11_90), INCLUSIVE, {}, (11_90, None, 1_90)),
        (lines(11_90, reference="li_1"), INCLUSIVE, {}, (11_90, None, 1_90)),
        (lines(11_90), INCLUSIVE, {"options": STORE}, (11_90, None, 0)),
        (total(10_00), bill(0, 50_00, lines=(line("li_1", 40_00),)), {}, (10_00, None, None)),  # not all of it is told
        (total(25_00), None, {"target": customer()}, (25_00, None, None)),
        (lines(100_00), PAID, {}, (119_00, 100_00, 19_00)),
        (lines(10_00, 20_00), PAID, {}, (35_70, 30_00, 5_70)),
        (lines(10_00, reference="li_2"), MIXED, {}, (10_70, 10_00, 70)),
        (lines(10_00), MIXED, {}, (11_30, 10_00, 1_30)),
        (lines(10_00), PAID, {"options": STORE}, (10_00, 10_00, 0)),
        (lines(10_00), bill(0, 50_00, lines=()), {}, (10_00, 10_00, None)),
        (lines(10_00), None, {"target": customer()}, (10_00, 10_00, None)),
    ],
)
def test_total_net_and_tax_are_told_as_far_as_the_invoice_tells(
    credit: Credit, invoice: Invoice | None, given: dict[str, Any], figures: tuple[int | None, ...]
) -> None:
    told = shown(credit, invoice, **given)
    amounts = (told.total, told.subtotal, told.tax)
    assert tuple(None if amount is None else amount.minor for amount in amounts) == figures


@pytest.mark.parametrize(
    ("credit", "invoice", "given", "expected"),
    [
        (total(10_00), bill(50_00, 0), {}, [(BALANCE, 10_00, INVOICE_ID, None)]),
        (total(10_00), PAID, {}, [(CREDIT, 10_00, None, None)]),
        (total(10_00), PAID, parts((CREDIT, None)), [(CREDIT, 10_00, None, None)]),
        (total(10_00), PAID, parts((PAYMENT, None)), [(PAYMENT, 10_00, None, None)]),
        (total(10_00), PAID, parts((EXTERNAL, 10_00)), [(EXTERNAL, 10_00, None, None)]),
        (total(10_00), PAID, parts((PAYMENT, 4_00), (CREDIT, None)), [(PAYMENT, 4_00, None, None), (CREDIT, 6_00, None, None)]),
        (CreditRemaining(), PAID, parts((CREDIT, 1_00), (PAYMENT, None)), [(CREDIT, 1_00, None, None), (PAYMENT, 118_00, None, None)]),
        (
            total(10_00),
            PAID,
            {"dispositions": (DispositionPart(disposition=PAYMENT, payment_id="txn_a"),)},
            [(PAYMENT, 10_00, None, "txn_a")],
        ),
        (lines(10_00), PAID, parts((PAYMENT, None)), [(PAYMENT, 11_90, None, None)]),
        (total(25_00), None, {"target": customer()}, [(CREDIT, 25_00, None, None)]),
    ],
)  # fmt: skip
def test_where_the_value_would_go_is_told(
    credit: Credit, invoice: Invoice | None, given: dict[str, Any], expected: list[tuple[Disposition, int, str | None, str | None]]
) -> None:
    assert shown(credit, invoice, **given).allocations == tuple(
        Allocation(disposition=disposition, amount=money(minor), invoice_id=invoice_id, payment_id=payment_id)
        for disposition, minor, invoice_id, payment_id in expected
    )


def raised(of: Any) -> list[tuple[object, ...]]:
    try:
        of()
    except InvalidInputs as several:
        return [(type(one), one.code, one.path, one.message) for one in several.problems]
    except GatewayError as one:
        return [(type(one), one.code, one.path, one.message)]
    return []


REFUSED: list[tuple[Credit, Invoice | None, dict[str, Any]]] = [
    (total(0), PAID, {}),
    (total(119_01), PAID, {}),
    (total(1, "USD"), PAID, {}),
    (total(60_00), bill(50_00, 20_00), {}),
    (total(1), bill(0, 0, status=InvoiceStatus.VOIDED), {}),
    (CreditRemaining(), None, {"target": customer()}),
    (lines(), PAID, {}),
    (lines(0, 1), PAID, {}),
    (lines(1, reference="li_9"), PAID, {}),
    (lines(100_02), PAID, {}),
    (total(10_00), PAID, parts((PAYMENT, 10_00), (CREDIT, None))),
    (total(10_00), PAID, parts((PAYMENT, None), (EXTERNAL, None))),
    (total(1), PAID, {"options": ChargebeeOptions(type=NoteType.ADJUSTMENT)}),
    (total(1), PAID, {"options": ChargebeeOptions(origin_user=""), "number": "1"}),
    (total(1), bill(1, 0, creditable=None, conflict="it comes to more"), {}),
]


@pytest.mark.parametrize(("credit", "invoice", "given"), REFUSED)
def test_what_planning_refuses_is_not_shown_either(credit: Credit, invoice: Invoice | None, given: dict[str, Any]) -> None:
    asked = raised(lambda: planned(command(credit, **given), invoice))
    assert asked
    assert raised(lambda: shown(credit, invoice, **given)) == asked


@given(
    net=st.integers(1, 10**12),
    rate=st.decimals(0, 30, places=2),
    currency=st.sampled_from(["EUR", "JPY", "KWD", "CLP"]),
    data=st.data(),
)
def test_net_and_tax_make_the_total_and_all_of_the_invoice_has_all_of_its_tax(
    net: int, rate: Decimal, currency: str, data: st.DataObject
) -> None:
    step = 10 if currency == "KWD" else 1
    tax = int(net * rate / 100)
    billed = bill(0, (net + tax) * step, currency=currency, lines=(taxed(net * step, tax * step, rate, currency),))
    asked = data.draw(st.integers(1, net + tax))
    told, all_of_it = shown(total(asked * step, currency), billed), shown(CreditRemaining(), billed)
    assert told.subtotal is not None
    assert told.tax is not None
    assert told.subtotal + told.tax == told.total == money(asked * step, currency)
    assert told.tax.minor % step == 0
    assert abs(told.tax.minor // step * (net + tax) - asked * tax) * 2 <= net + tax
    assert (all_of_it.subtotal, all_of_it.tax) == (money(net * step, currency), money(tax * step, currency))


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("id", "credit", "given"),
    [
        ("INV-1001", total(19_99), {}),
        ("INV-1001", CreditRemaining(), {}),
        ("INV-1001", lines(50_00, reference="li_1001_1"), {}),
        ("INV-1001", lines(10_01, 20_03), {}),
        ("INV-1001", total(10_00), {"options": STORE}),
        ("INV-1004", CreditRemaining(), parts((BALANCE, None))),
        ("INV-1004", total(20_00), parts((CREDIT, None))),
    ],
)
async def test_the_note_comes_to_what_was_shown(site: Site, id: str, credit: Credit, given: dict[str, Any]) -> None:
    asked = command(credit, target=target(id), reason=Reason.OTHER, **given)
    async with opened(site.url) as adapter:
        invoice = await read_invoice(adapter, id)
        told = adapter.preview(asked, invoice)
        note = await adapter.issue(adapter.plan(asked, invoice), key=KEY)
    assert (told.total, told.subtotal, told.tax) == (note.total, note.subtotal, note.tax)
    assert [part.amount for part in told.allocations] == [note.total]
    assert {part.disposition for part in told.allocations} == {*note.dispositions}

"""What a preview says of the demo invoices at each provider, and that the note then issued is the note that was shown."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from app.domain.commands import CreditRemaining, CreditTotal, IssueCreditNote
from app.domain.money import Money
from tests.gateway.operating import paid_back, standalone
from tests.gateway.writing import APPLIED, Desk, command, said
from tests.support.demo import ACCOUNTS, PAID, PARTLY_PAID, UNPAID, YEN
from tests.support.running import SandboxControl

pytestmark = pytest.mark.anyio

CHARGEBEE, VCITA, ZENSKAR = ACCOUNTS
BALANCE, CREDIT = "INVOICE_BALANCE", "CUSTOMER_CREDIT"


@dataclass(frozen=True, kw_only=True)
class Figures:
    """In minor units. Zenskar's invoices have no lines that its notes' taxes could be told from; vcita ties no note to a part."""

    total: int
    subtotal: int | None = None
    tax: int | None = None
    parts: tuple[tuple[str, int], ...] = ()


REMAINING = [
    (CHARGEBEE, PAID, "EUR", Figures(total=119_00, subtotal=100_00, tax=19_00, parts=((CREDIT, 119_00),))),
    (VCITA, PAID, "EUR", Figures(total=119_00, subtotal=100_00, tax=19_00)),
    (ZENSKAR, PAID, "EUR", Figures(total=119_00, parts=((CREDIT, 119_00),))),
    (CHARGEBEE, UNPAID, "USD", Figures(total=500_00, subtotal=500_00, tax=0, parts=((BALANCE, 500_00),))),
    (VCITA, UNPAID, "USD", Figures(total=500_00, subtotal=500_00, tax=0)),
    (ZENSKAR, UNPAID, "USD", Figures(total=500_00, parts=((BALANCE, 500_00),))),
    (CHARGEBEE, YEN, "JPY", Figures(total=15_000, subtotal=15_000, tax=0, parts=((CREDIT, 15_000),))),
    (VCITA, YEN, "JPY", Figures(total=15_000, subtotal=15_000, tax=0)),
    (ZENSKAR, YEN, "JPY", Figures(total=15_000, parts=((CREDIT, 15_000),))),
    (VCITA, PARTLY_PAID, "EUR", Figures(total=200_00, subtotal=200_00, tax=0)),
    (ZENSKAR, PARTLY_PAID, "EUR", Figures(total=200_00, parts=((BALANCE, 150_00), (CREDIT, 50_00)))),
]
TEN_EUROS = [
    (CHARGEBEE, PAID, "EUR", Figures(total=10_00, subtotal=8_40, tax=1_60, parts=((CREDIT, 10_00),))),
    (VCITA, PAID, "EUR", Figures(total=10_00, subtotal=8_40, tax=1_60)),
    (ZENSKAR, PAID, "EUR", Figures(total=10_00, parts=((CREDIT, 10_00),))),
    (CHARGEBEE, PARTLY_PAID, "EUR", Figures(total=10_00, subtotal=10_00, tax=0, parts=((BALANCE, 10_00),))),
]


async def assert_shown_and_issued(desk: Desk, command: IssueCreditNote, figures: Figures, currency: str) -> None:
    """The preview is as expected, and the note as the preview."""
    shown = (await desk.preview(command)).preview
    told = Figures(
        total=shown.total.minor,
        subtotal=None if shown.subtotal is None else shown.subtotal.minor,
        tax=None if shown.tax is None else shown.tax.minor,
        parts=tuple((part.disposition.value, part.amount.minor) for part in shown.allocations),
    )
    assert (told, shown.total.currency) == (figures, currency)
    issued = await desk.issue(command)
    assert said(issued) == APPLIED
    assert issued.note is not None
    assert issued.note.total == shown.total
    for foretold, real in ((shown.subtotal, issued.note.subtotal), (shown.tax, issued.note.tax)):
        assert foretold is None or real is None or foretold == real


@pytest.mark.parametrize(("account", "invoice", "currency", "figures"), REMAINING)
async def test_all_that_is_left_is_shown_and_then_issued(
    desk: Desk, sandbox: SandboxControl, account: str, invoice: int, currency: str, figures: Figures
) -> None:
    asked = replace(command(account, invoice=invoice, currency=currency), credit=CreditRemaining())
    before = await desk.preview(asked)
    assert before.creditable is not None
    assert (before.creditable.total.minor, before.creditable.total.currency) == (figures.total, currency)
    await assert_shown_and_issued(desk, asked, figures, currency)


@pytest.mark.parametrize(("account", "invoice", "currency", "figures"), TEN_EUROS)
async def test_an_amount_is_shown_with_its_part_of_the_tax_and_then_issued(
    desk: Desk, sandbox: SandboxControl, account: str, invoice: int, currency: str, figures: Figures
) -> None:
    asked = replace(command(account, invoice=invoice, currency=currency), credit=CreditTotal(total=Money(figures.total, currency)))
    await assert_shown_and_issued(desk, asked, figures, currency)
    left = await desk.preview(replace(asked, key="next"))
    assert left.creditable is not None
    assert left.creditable.total.minor == {PAID: 109_00, PARTLY_PAID: 190_00}[invoice]


async def test_what_is_left_is_told_by_parts_where_the_provider_has_them(desk: Desk, sandbox: SandboxControl) -> None:
    told = {}
    for account in ACCOUNTS:
        left = (await desk.preview(command(account, "1.00", invoice=PARTLY_PAID, currency="EUR"))).creditable
        assert left is not None
        told[account] = [None if part is None else part.minor for part in (left.adjustable, left.refundable)]
    assert (told[CHARGEBEE], told[ZENSKAR]) == ([150_00, 50_00], [150_00, 50_00])


async def test_a_credit_without_an_invoice_is_shown_without_a_balance(desk: Desk, sandbox: SandboxControl) -> None:
    shown = await desk.preview(standalone("k"))
    assert (shown.creditable, shown.preview.total) == (None, Money(10_00, "EUR"))
    assert [(part.disposition.value, part.amount.minor) for part in shown.preview.allocations] == [(CREDIT, 10_00)]
    assert sandbox.requests() == {}


async def test_a_note_that_is_paid_back_is_shown_as_that(desk: Desk, sandbox: SandboxControl) -> None:
    shown = await desk.preview(paid_back("k"))
    assert [(part.disposition.value, part.amount.minor) for part in shown.preview.allocations] == [("PAYMENT_REFUND", 10_00)]
    issued = await desk.issue(paid_back("k"))
    assert issued.note is not None
    assert [part.amount.minor for part in issued.note.allocations] == [10_00]  # by which way it went is not told there

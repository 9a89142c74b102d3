"""What issuing at Zenskar would come to, told before anything is sent: and it is what the sandbox then does."""

from __future__ import annotations

import pytest

from app.domain.commands import CreditRemaining, DispositionPart, InvoiceTarget
from app.domain.credit_note import Allocation, Ref
from app.domain.invoice import Invoice
from app.domain.plans import Preview
from app.domain.vocabulary import Disposition
from app.providers.zenskar import issuing
from tests.providers.readings import read_invoice
from tests.providers.zenskar import ACCOUNT, INVOICE_ID, Organisation, bill, command, demo, eur, opened, settings, to

pytestmark = pytest.mark.anyio

BALANCE, CREDIT = Disposition.INVOICE_BALANCE, Disposition.CUSTOMER_CREDIT
REFUND, EXTERNAL = Disposition.PAYMENT_REFUND, Disposition.EXTERNAL_REFUND
UNPAID, PAID, HALF = bill(500_00), bill(0, 119_00), bill(150_00, 30_00, 20_00)


def off(minor: int, invoice_id: str = INVOICE_ID) -> Allocation:
    return Allocation(disposition=BALANCE, amount=eur(minor), invoice_id=invoice_id)


def out(disposition: Disposition, minor: int, payment: int | None = None) -> Allocation:
    return Allocation(disposition=disposition, amount=eur(minor), payment_id=None if payment is None else demo(payment))


@pytest.mark.parametrize(
    ("invoice", "minor", "dispositions", "allocations"),
    [
        (UNPAID, 25_00, (), (off(25_00),)),
        (PAID, 19_00, (), (out(CREDIT, 19_00),)),
        (PAID, 19_00, (to(EXTERNAL),), (out(EXTERNAL, 19_00),)),
        (HALF, 170_00, (), (off(150_00), out(CREDIT, 20_00))),
        (HALF, 170_00, (to(BALANCE), to(REFUND)), (off(150_00), out(REFUND, 20_00))),
        (HALF, 100_00, (to(BALANCE), to(REFUND)), (off(100_00),)),
        (
            HALF,
            190_00,
            (to(BALANCE), to(REFUND, 15_00, 7001), to(REFUND, None, 7000)),
            (off(150_00), out(REFUND, 15_00, 7001), out(REFUND, 25_00, 7000)),
        ),
    ],
)
def test_a_preview_tells_each_part_and_no_taxes(
    invoice: Invoice, minor: int, dispositions: tuple[DispositionPart, ...], allocations: tuple[Allocation, ...]
) -> None:
    shown = issuing.preview(settings(split_unit="major"), command(minor, dispositions=dispositions), invoice)
    assert shown == Preview(total=eur(minor), allocations=allocations)


def test_all_that_is_left_is_told_as_an_amount() -> None:
    shown = issuing.preview(settings(), command(credit=CreditRemaining()), HALF)
    assert shown == Preview(total=eur(200_00), allocations=(off(150_00), out(CREDIT, 50_00)))


@pytest.mark.parametrize("disposition", [CREDIT, EXTERNAL, REFUND])
async def test_what_is_previewed_is_what_happens(zenskar: Organisation, disposition: Disposition) -> None:
    id = demo(1004)
    wanted = command(170_00, target=InvoiceTarget(invoice=Ref(ACCOUNT, id)), dispositions=(to(BALANCE), to(disposition)))
    async with opened(zenskar.url) as adapter:
        invoice = await read_invoice(adapter, id)
        shown = adapter.preview(wanted, invoice)
        note = await adapter.issue(adapter.plan(wanted, invoice), key="key-1")
    assert shown == Preview(total=note.total, allocations=(off(150_00, id), out(disposition, 20_00)))
    (booked,) = zenskar.notes(id)
    assert (booked["adjusted"], booked["refunded"]) == (150_00, 20_00)
    assert note.dispositions == (disposition,)

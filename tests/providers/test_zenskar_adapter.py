"""The adapter of Zenskar against the sandbox: invoices, and notes issued against them."""

from __future__ import annotations

import pytest

from app.domain.commands import (
    CreditNoteFilter,
    CreditRemaining,
    DispositionPart,
    InvoiceTarget,
    IssueCreditNote,
    PageRequest,
)
from app.domain.credit_note import CreditNote, Ref
from app.domain.errors import AmountTooHigh, NotFound, OutcomeUnknown, Rejected, WrongState
from app.domain.invoice import Invoice
from app.domain.money import Money
from app.domain.vocabulary import Disposition
from app.providers.zenskar.adapter import Zenskar
from tests.providers.readings import left, read_invoice
from tests.providers.zenskar import ABSENT_ID, ACCOUNT, Organisation, command, demo, eur, opened

pytestmark = pytest.mark.anyio

INVOICES = {1001: "EUR", 1002: "USD", 1003: "JPY", 1004: "EUR", 1005: "EUR"}


async def invoice(adapter: Zenskar, number: int) -> Invoice:
    return await read_invoice(adapter, demo(number))


def wanted(number: int, minor: int | None, *dispositions: DispositionPart) -> IssueCreditNote:
    target = InvoiceTarget(invoice=Ref(ACCOUNT, demo(number)))
    if minor is None:
        return command(target=target, credit=CreditRemaining(), dispositions=dispositions)
    return command(minor, INVOICES[number], target=target, dispositions=dispositions)


async def issued(adapter: Zenskar, command: IssueCreditNote) -> CreditNote:
    assert isinstance(command.target, InvoiceTarget)
    plan = adapter.plan(command, await invoice(adapter, int(command.target.invoice.external_id[-4:])))
    note = await adapter.issue(plan, key="key-1")
    assert note.total == plan.expected.total
    assert note.invoice_id == plan.expected.invoice_id
    assert note.customer is not None
    assert note.customer.provider_id == plan.expected.customer_id
    return note


FIGURES = {
    1001: (0, 119_00, 119_00),
    1002: (500_00, 0, 500_00),
    1003: (0, 15000, 15000),
    1004: (150_00, 50_00, 200_00),
    1005: (0, 0, 0),
}


async def test_the_demo_invoices_have_the_figures_decided(zenskar: Organisation) -> None:
    async with opened(zenskar.url) as adapter:
        for number, figures in FIGURES.items():
            found = await invoice(adapter, number)
            assert (left(found), found.currency, found.note_ids) == (figures, INVOICES[number], ())
        paid_in_two = (await invoice(adapter, 1004)).payments or ()
        absent = await adapter.invoices([ABSENT_ID, "INV-1"])
    assert [payment.refundable for payment in paid_in_two] == [eur(30_00), eur(20_00)]
    assert isinstance(absent[ABSENT_ID], NotFound)
    assert isinstance(absent["INV-1"], NotFound)


@pytest.mark.parametrize(
    ("number", "minor", "dispositions", "figures"),
    [
        (1001, 19_00, (), (0, 100_00, 100_00)),
        (1002, 100_00, (Disposition.INVOICE_BALANCE,), (400_00, 0, 400_00)),
        (1003, 1, (Disposition.EXTERNAL_REFUND,), (0, 14999, 14999)),
        (1004, 170_00, (Disposition.INVOICE_BALANCE, Disposition.PAYMENT_REFUND), (0, 30_00, 30_00)),
        (1004, 200_00, (), (0, 0, 0)),
        (1004, None, (Disposition.INVOICE_BALANCE,), (0, 50_00, 50_00)),
        (1001, None, (), (0, 0, 0)),
    ],
)
async def test_a_note_issued_is_read_back_listed_and_subtracted(
    zenskar: Organisation, number: int, minor: int | None, dispositions: tuple[Disposition, ...], figures: tuple[int, int, int]
) -> None:
    parts = tuple(DispositionPart(disposition=disposition) for disposition in dispositions)
    async with opened(zenskar.url) as adapter:
        note = await issued(adapter, wanted(number, minor, *parts))
        id = note.ref.external_id
        assert (await adapter.fetch_many([id]))[id] == note
        listed = await adapter.list(CreditNoteFilter(), PageRequest(size=1))
        assert [each.ref for each in listed.notes] == [note.ref]
        after = await invoice(adapter, number)
        assert (after.note_ids, after.total.currency) == ((id,), INVOICES[number])
        assert left(after) == figures
    assert dispositions[-1:] in {(), note.dispositions}
    assert zenskar.sandbox.violations() == []


async def test_a_split_moves_the_payments_named(zenskar: Organisation) -> None:
    second = DispositionPart(disposition=Disposition.PAYMENT_REFUND, payment_id=demo(21004))
    async with opened(zenskar.url) as adapter:
        await issued(adapter, wanted(1004, 160_00, DispositionPart(disposition=Disposition.INVOICE_BALANCE), second))
        payments = (await invoice(adapter, 1004)).payments or ()
    assert {payment.provider_id: payment.refundable for payment in payments} == {demo(11004): eur(30_00), demo(21004): eur(10_00)}


@pytest.mark.parametrize("full_credit", ["voids", "explicit"])
async def test_an_invoice_used_up_has_a_maximum_of_nothing_and_a_void_one_takes_no_note(
    zenskar: Organisation, full_credit: str
) -> None:
    zenskar.switch(full_credit=full_credit)
    async with opened(zenskar.url) as adapter:
        await issued(adapter, wanted(1001, 119_00))
        with pytest.raises(AmountTooHigh) as caught:
            await issued(adapter, wanted(1001, 1))
        with pytest.raises(WrongState):
            await issued(adapter, wanted(1005, 1))
    assert caught.value.maximum == eur(0)
    assert len(zenskar.notes(demo(1001))) == 1


async def test_the_candidates_are_all_notes_of_the_invoice_newest_first(zenskar: Organisation) -> None:
    async with opened(zenskar.url) as adapter:
        plan = adapter.plan(wanted(1002, 1), await invoice(adapter, 1002))
        made = [(await adapter.issue(plan, key="same")).ref for _ in range(105)]  # no key protects here: each is a note of its own
        assert [note.ref for note in await adapter.candidates(plan)] == made[::-1]
        assert len((await invoice(adapter, 1002)).note_ids) == 105


@pytest.mark.parametrize("shape", ["detail_text", "detail_object", "message", "plain_text"])
@pytest.mark.parametrize(("status", "outcome"), [("400", Rejected), ("422", Rejected), ("409", OutcomeUnknown)])
async def test_what_the_provider_itself_refuses_is_told(
    zenskar: Organisation, shape: str, status: str, outcome: type[Exception]
) -> None:
    zenskar.switch(error_shape=shape, refusal_status=status)
    async with opened(zenskar.url) as adapter:
        plan = adapter.plan(wanted(1001, 119_00), await invoice(adapter, 1001))
        zenskar.act("issue", invoice_id=demo(1001), minor=100)  # meanwhile, in the dashboard
        with pytest.raises(outcome):
            await adapter.issue(plan, key="key-1")
    assert [note["minor"] for note in zenskar.notes(demo(1001))] == [100]


async def test_an_amount_sent_in_the_wrong_unit_shows_in_the_answer(zenskar: Organisation) -> None:
    zenskar.switch(amount_unit="minor")
    async with opened(zenskar.url) as adapter:
        plan = adapter.plan(wanted(1001, 100_00), await invoice(adapter, 1001))
        note = await adapter.issue(plan, key="key-1")
    assert (plan.expected.total, note.total) == (eur(100_00), Money(1_00, "EUR"))

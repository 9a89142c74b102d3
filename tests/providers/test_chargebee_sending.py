"""Issuing at Chargebee, over real sockets: what was asked stands in the books, once, and a lost answer is found again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from app.domain.commands import CreditLine, CreditLines, CreditRemaining, DispositionPart, IssueCreditNote
from app.domain.credit_note import CreditNote
from app.domain.errors import AmountTooHigh, GatewayError, InvalidInput, NotFound, Rejected, WrongState
from app.domain.money import Money
from app.domain.plans import WritePlan
from app.domain.vocabulary import Disposition, ErrorCode, Reason, Settlement, Status
from app.providers.chargebee.options import ChargebeeCreditNoteType as NoteType
from app.providers.chargebee.options import ChargebeeOptions
from tests.providers.chargebee import (
    KEY,
    Credit,
    command,
    customer,
    money,
    opened,
    plan_for,
    planned,
    settings,
    total,
    wanted,
)
from tests.providers.chargebee.site import Site, answering
from tests.providers.readings import left, read_invoice

pytestmark = pytest.mark.anyio
BALANCE = (DispositionPart(disposition=Disposition.INVOICE_BALANCE),)
CREDIT = (DispositionPart(disposition=Disposition.CUSTOMER_CREDIT),)


def agrees(plan: WritePlan, note: CreditNote) -> bool:
    """Whether the answer says what the plan expects."""
    told = plan.expected
    return (
        (told.total is None or abs(note.total.minor - told.total.minor) <= told.tolerance)
        and (told.net is None or note.subtotal == told.net)
        and (told.invoice_id, told.provider_type) == (note.invoice_id, note.provider_values.type)
        and told.currency == note.currency
        and told.issued_on in {None, note.issued_on}
        and told.customer_id in {None, note.customer.provider_id if note.customer else None}
    )


def lines(*amounts: int, reference: str | None = None, quantity: int | None = None, currency: str = "EUR") -> CreditLines:
    count = None if quantity is None else Decimal(quantity)
    return CreditLines(
        lines=tuple(CreditLine(amount=money(one, currency), invoice_line_item_id=reference, quantity=count) for one in amounts)
    )


@pytest.mark.parametrize("rounding", ["nearest", "down"])
@pytest.mark.parametrize(
    ("id", "credit", "given", "lowered"),
    [
        ("INV-1001", total(19_99), {}, (0, 19_99)),
        ("INV-1001", lines(50_00, reference="li_1001_1"), {}, (0, 59_50)),
        ("INV-1001", lines(10_01, 20_03, quantity=1), {}, (0, 35_75)),
        ("INV-1001", CreditRemaining(), {}, (0, 119_00)),
        ("INV-1001", total(10_00), {"options": ChargebeeOptions(type=NoteType.STORE)}, (0, 10_00)),
        ("INV-1001", lines(10_00), {"options": ChargebeeOptions(type=NoteType.STORE)}, (0, 10_00)),
        ("INV-1002", total(1, "USD"), {}, (1, 0)),
        ("INV-1002", lines(200_00, quantity=4, currency="USD"), {}, (200_00, 0)),
        ("INV-1002", CreditRemaining(), {}, (500_00, 0)),
        ("INV-1003", total(15, "JPY"), {}, (0, 15)),
        ("INV-1003", CreditRemaining(), {}, (0, 15_000)),
        ("INV-1004", total(150_00), {}, (150_00, 0)),
        ("INV-1004", CreditRemaining(), {"dispositions": BALANCE}, (150_00, 0)),
        ("INV-1004", CreditRemaining(), {"dispositions": CREDIT}, (0, 50_00)),
    ],
)
async def test_what_was_asked_is_issued_read_back_and_subtracted(
    site: Site, id: str, credit: Credit, given: dict[str, Any], lowered: tuple[int, int], rounding: str
) -> None:
    site.switch(tax_rounding=rounding)
    async with opened(site.url) as adapter:
        before = left(await read_invoice(adapter, id))[:2]
        plan = await plan_for(adapter, id, credit, reason=Reason.WAIVER, **given)
        note = await adapter.issue(plan, key=KEY)
        invoice = await read_invoice(adapter, id)
        read_back = (await adapter.fetch_many([note.ref.external_id]))[note.ref.external_id]
    assert read_back == note
    assert agrees(plan, note)
    assert (note.status, note.reason, note.number) == (Status.ISSUED, Reason.WAIVER, note.ref.external_id)
    assert note.settlement is (Settlement.SETTLED if note.provider_values.type == "adjustment" else Settlement.UNSETTLED)
    difference = [one - other for one, other in zip(before, left(invoice)[:2], strict=True)]
    assert sorted(difference) == [0, note.total.minor]  # the one part by the whole note, the other not at all
    assert all(abs(one - other) <= plan.expected.tolerance for one, other in zip(difference, lowered, strict=True))
    assert note.ref.external_id in invoice.note_ids
    assert site.sandbox.violations() == []


async def test_a_customer_is_credited_without_an_invoice(site: Site) -> None:
    async with opened(site.url) as adapter:
        plan = adapter.plan(command(total(25_00, "USD"), target=customer("USD", "globex")), None)
        note = await adapter.issue(plan, key=KEY)
        assert note in await adapter.candidates(plan)
    assert agrees(plan, note)
    assert (note.invoice_id, note.dispositions) == (None, (Disposition.CUSTOMER_CREDIT,))


async def test_texts_reason_and_date_arrive(site: Site) -> None:
    yesterday = (datetime.now(UTC) - timedelta(days=1)).date()
    asked = {"issued_on": yesterday, "customer_note": "Sorry & thänks +", "internal_note": "50 % = enough"}
    async with opened(site.url) as adapter:
        plan = await plan_for(
            adapter, "INV-1001", total(1_00), **asked, options=ChargebeeOptions(create_reason_code="Order Change")
        )
        note = await adapter.issue(plan, key=KEY)
    assert (note.issued_on, note.customer_note, note.reason_text) == (yesterday, "Sorry & thänks +", "Order Change")
    assert [one["comment"] for one in site.notes("INV-1001")] == ["50 % = enough"]


async def test_a_note_can_be_dated_on_the_invoices_own_day(site: Site) -> None:
    async with opened(site.url) as adapter:
        invoice = await read_invoice(adapter, "INV-1001")
        assert invoice.issued_at is not None
        plan = await plan_for(adapter, "INV-1001", total(1_00), issued_on=invoice.issued_at.date())
        note = await adapter.issue(plan, key=KEY)
    assert note.issued_at == invoice.issued_at


async def test_the_same_key_is_one_note(site: Site) -> None:
    async with opened(site.url) as adapter:
        plan = await plan_for(adapter, "INV-1001", total(1_00))
        first, second = await adapter.issue(plan, key=KEY), await adapter.issue(plan, key=KEY)
        third = await adapter.issue(plan, key=KEY[::-1])
    assert first == second != third
    assert len(site.notes("INV-1001")) == 2
    sent = [one.headers for one in site.requests if one.method == "POST"]
    assert [one["chargebee-idempotency-key"] for one in sent] == [KEY, KEY, KEY[::-1]]
    assert {one["content-type"] for one in sent} == {"application/x-www-form-urlencoded"}


@pytest.mark.parametrize("code", ["param_wrong_value", "invalid_request"])
async def test_what_somebody_else_credited_meanwhile_is_not_credited_again(site: Site, code: str) -> None:
    site.switch(amount_error=code)
    async with opened(site.url) as adapter:
        plan = await plan_for(adapter, "INV-1004", total(150_00))
        site.act("issue", invoice_id="INV-1004", minor=1)
        with pytest.raises(AmountTooHigh) as caught:
            await adapter.issue(plan, key=KEY)
    fault = caught.value.provider
    assert fault is not None
    assert (fault.code, fault.field, fault.http_status) == (code, "total", 400)
    assert len(site.notes("INV-1004")) == 1


@pytest.mark.parametrize(
    ("credit", "path"),
    [
        (total(150_00), ("credit", "total")),
        (CreditRemaining(), ("credit", "remaining")),
        (lines(145_00, reference="li_1004_1"), ("credit", "lineItems")),
    ],
)
async def test_what_is_too_much_only_there_names_the_input_it_came_from(site: Site, credit: Credit, path: tuple[str, ...]) -> None:
    async with opened(site.url) as adapter:
        plan = await plan_for(adapter, "INV-1004", credit, dispositions=BALANCE)
        site.act("issue", invoice_id="INV-1004", minor=10_00)
        with pytest.raises(AmountTooHigh) as caught:
            await adapter.issue(plan, key=KEY)
    assert (caught.value.code, caught.value.path) == (ErrorCode.AMOUNT_EXCEEDS_CREDITABLE, path)


@pytest.mark.parametrize(("status", "error"), [("409", WrongState), ("400", Rejected)])
async def test_an_invoice_that_changed_meanwhile_takes_no_note(site: Site, status: str, error: type[GatewayError]) -> None:
    site.switch(state_error=status)
    async with opened(site.url) as adapter:
        plan = await plan_for(adapter, "INV-1002", total(1_00, "USD"))
        site.act("void_invoice", invoice_id="INV-1002")
        with pytest.raises(error) as caught:
            await adapter.issue(plan, key=KEY)
        assert type(caught.value) is error
        with pytest.raises(WrongState) as now:
            await plan_for(adapter, "INV-1002", total(1_00, "USD"))
    assert now.value.code is ErrorCode.INVOICE_NOT_CREDITABLE


async def test_an_unknown_customer_or_reason_is_told_by_the_site(site: Site) -> None:
    async with opened(site.url) as adapter:
        with pytest.raises(NotFound):
            await adapter.issue(adapter.plan(command(total(1_00), target=customer(id="nobody")), None), key=KEY)
        plan = await plan_for(adapter, "INV-1001", total(1_00), options=ChargebeeOptions(create_reason_code="Whim"))
        with pytest.raises(InvalidInput) as caught:
            await adapter.issue(plan, key=KEY[::-1])
    assert caught.value.path == ("options", "chargebee", "createReasonCode")


async def test_a_reason_the_account_maps_wrongly_is_blamed_on_the_reason(site: Site) -> None:
    async with opened(site.url, settings(reason_codes={Reason.DUPLICATE: "Whim"})) as adapter:
        plan = await plan_for(adapter, "INV-1001", total(1_00), reason=Reason.DUPLICATE)
        with pytest.raises(InvalidInput) as caught:
            await adapter.issue(plan, key=KEY)
    assert caught.value.path == ("reason",)


@pytest.mark.parametrize("naming", ["indexed", "plain"])
async def test_a_line_the_site_refuses_is_named_as_far_as_the_site_names_it(site: Site, naming: str) -> None:
    site.switch(list_param=naming, line_reference="required")
    async with opened(site.url) as adapter:
        with pytest.raises(InvalidInput) as caught:
            await adapter.issue(await plan_for(adapter, "INV-1001", lines(1_00)), key=KEY)
    assert caught.value.path == ("credit", "lineItems", *(("0", "invoiceLineItemId") if naming == "indexed" else ()))


async def test_the_recorded_answer_is_what_was_wanted() -> None:
    asked, invoice = wanted()
    assert isinstance(asked, IssueCreditNote)
    with answering("issued") as url:
        async with opened(url) as adapter:
            plan = planned(asked, invoice)
            note = await adapter.issue(plan, key=KEY)
    assert agrees(plan, note)
    assert note.total == Money(50_00, "EUR")

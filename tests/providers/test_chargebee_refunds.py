"""Refunding at Chargebee, over real sockets: money leaves the note once, from the payments that hold it, and is found again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest

from app.domain.commands import RefundCreditNote
from app.domain.credit_note import CreditNote
from app.domain.errors import AmountTooHigh, GatewayError, InvalidInput, Unsupported, WrongState
from app.domain.plans import Refund, Refunded, WritePlan
from app.domain.vocabulary import ErrorCode, RefundStatus, Settlement
from app.providers.chargebee.adapter import Chargebee
from tests.providers.chargebee import KEY, customer, money, opened, total
from tests.providers.chargebee import command as issuing
from tests.providers.chargebee.noted import external, refund
from tests.providers.chargebee.site import Site
from tests.providers.readings import read_note

pytestmark = pytest.mark.anyio
KEYS = (f"{number:064}" for number in count())


def issued(site: Site, invoice_id: str, minor: int) -> str:
    note: str = site.act("issue", invoice_id=invoice_id, minor=minor, type="refundable")["credit_note"]["id"]
    site.requests.clear()
    return note


async def planned(adapter: Chargebee, id: str, command: RefundCreditNote) -> WritePlan:
    return await adapter.plan_refund(command, await read_note(adapter, id))


async def paid_out(adapter: Chargebee, id: str, command: RefundCreditNote) -> tuple[list[int], Refunded]:
    """The refund with all its calls, as the gateway makes them; what each of them moved."""
    plan = await planned(adapter, id, command)
    done = await adapter.refund(plan, key=next(KEYS))
    moved = [plan.expected.refund]
    for payout in plan.then:
        plan = await planned(adapter, id, replace(command, amount=payout.amount, external=payout.external))
        assert plan.then == ()
        done = await adapter.refund(plan, key=next(KEYS))
        moved.append(plan.expected.refund)
    return [amount.minor for amount in moved if amount is not None], done


def told(note: CreditNote, refund_id: str | None) -> tuple[int, RefundStatus | None]:
    (part,) = [part for part in note.allocations if refund_id is not None and part.refund_id == refund_id]
    return part.amount.minor, part.status


async def test_a_part_goes_back_and_then_the_rest(site: Site) -> None:
    id = issued(site, "INV-1001", 100_00)
    async with opened(site.url) as adapter:
        first = await adapter.refund(await planned(adapter, id, refund(30_00)), key=KEY)
        assert told(first.note, first.refund_id) == (30_00, RefundStatus.SUCCEEDED)
        assert (first.note.settlement, first.note.remaining) == (Settlement.PARTIALLY_SETTLED, money(70_00))
        second = await adapter.refund(await planned(adapter, id, refund()), key=KEY[::-1])
        assert second.note == await read_note(adapter, id)
    assert told(second.note, second.refund_id) == (70_00, RefundStatus.SUCCEEDED)
    assert (second.note.settlement, second.note.refunded) == (Settlement.SETTLED, money(100_00))
    assert first.surplus == second.surplus == ()
    assert adapter.allows(second.note) == frozenset()
    assert site.sandbox.violations() == []


async def test_one_payment_costs_one_read_and_several_cost_two(site: Site) -> None:
    one, two = issued(site, "INV-1001", 1_00), issued(site, "INV-1004", 1_00)
    async with opened(site.url) as adapter:
        notes = [await read_note(adapter, id) for id in (one, two)]
        paths = []
        for note in notes:
            site.requests.clear()
            await adapter.plan_refund(refund(1), note)
            paths.append([request.path for request in site.requests])
        site.requests.clear()
        await adapter.plan_refund(external(1), notes[0])
    assert paths == [["/api/v2/invoices/INV-1001"], ["/api/v2/invoices/INV-1004", "/api/v2/credit_notes"]]
    assert site.requests == []


async def test_a_refund_of_two_payments_is_two_calls(site: Site) -> None:
    id = issued(site, "INV-1004", 50_00)
    async with opened(site.url) as adapter:
        moved, done = await paid_out(adapter, id, refund())
    assert moved == [30_00, 20_00]
    assert (done.note.refunded, done.note.settlement) == (money(50_00), Settlement.SETTLED)
    assert site.sandbox.violations() == []


@pytest.mark.parametrize("result", ["success", "in_progress"])
@pytest.mark.parametrize("counted", ["counted", "not_counted"])
async def test_what_has_gone_back_is_taken_from_the_oldest_payment(site: Site, result: str, counted: str) -> None:
    site.switch(refund_result=result, refund_in_progress=counted)
    id = issued(site, "INV-1004", 50_00)
    async with opened(site.url) as adapter:
        assert (await paid_out(adapter, id, refund(20_00)))[0] == [20_00]
        moved, done = await paid_out(adapter, id, refund(30_00))
    assert moved == [10_00, 20_00]
    expected = RefundStatus.SUCCEEDED if result == "success" else RefundStatus.PENDING
    assert [part.status for part in done.note.allocations] == [expected] * 3


async def test_what_other_notes_of_the_invoice_gave_back_counts_too(site: Site) -> None:
    ids = [issued(site, "INV-1004", 20_00), issued(site, "INV-1004", 30_00)]
    async with opened(site.url) as adapter:
        assert (await paid_out(adapter, ids[0], external()))[0] == [20_00]
        assert (await paid_out(adapter, ids[1], refund()))[0] == [10_00, 20_00]
    assert site.sandbox.violations() == []


async def test_a_refund_that_failed_has_taken_nothing(site: Site) -> None:
    site.switch(refund_result="in_progress")
    id = issued(site, "INV-1004", 50_00)
    async with opened(site.url) as adapter:
        failed = await adapter.refund(await planned(adapter, id, refund(30_00)), key=KEY)
        site.act("fail", id=failed.refund_id)
        plan = await planned(adapter, id, refund())
        assert (plan.expected.refund, plan.before) == (money(30_00), (failed.refund_id,))
        assert (await adapter.refunds(plan)) == (Refund(id=failed.refund_id or "", amount=money(30_00), has_failed=True),)
        assert (await paid_out(adapter, id, refund()))[0] == [30_00, 20_00]


async def test_a_lost_refund_is_found_once_it_is_there(site: Site) -> None:
    id = issued(site, "INV-1001", 50_00)
    async with opened(site.url) as adapter:
        await adapter.refund(await planned(adapter, id, refund(10_00)), key=KEY)
        plan = await planned(adapter, id, refund(20_00))
        (old,) = await adapter.refunds(plan)
        assert plan.before == (old.id,)
        made = await adapter.refund(plan, key=KEY[::-1])  # and its answer is lost
        (new,) = [one for one in await adapter.refunds(plan) if one.id not in plan.before]
        assert (new.id, new.amount, new.has_failed) == (made.refund_id, money(20_00), False)
        assert await adapter.refunded(plan, new) == made


async def test_the_same_key_is_one_refund(site: Site) -> None:
    id = issued(site, "INV-1001", 50_00)
    async with opened(site.url) as adapter:
        plan = await planned(adapter, id, refund(20_00))
        first, second = await adapter.refund(plan, key=KEY), await adapter.refund(plan, key=KEY)
    assert first == second
    assert first.note.refunded == money(20_00)


@pytest.mark.parametrize("days", [None, 0, 1, 30])
async def test_a_payout_is_recorded_with_all_that_was_told(site: Site, days: int | None) -> None:
    today = datetime.now(UTC).date()
    paid_on = None if days is None else today - timedelta(days=days)
    id = issued(site, "INV-1004", 50_00)
    async with opened(site.url) as adapter:
        plan = await planned(adapter, id, external(25_00, paid_on=paid_on, reference="R-1", text="by phone"))
        done = await adapter.refund(plan, key=KEY)
    assert told(done.note, done.refund_id) == (25_00, RefundStatus.SUCCEEDED)
    (row,) = site.notes("INV-1004")
    assert row["comment"] == "by phone"
    made = site.sandbox._books.refunds[done.refund_id or ""]
    assert (made.method, made.reference_number) == ("bank_transfer", "R-1")
    assert datetime.fromtimestamp(made.date, UTC).date() == (paid_on or today)


async def test_a_standalone_note_can_only_be_recorded_as_paid(site: Site) -> None:
    async with opened(site.url) as adapter:
        plan = adapter.plan(issuing(total(25_00, "USD"), target=customer("USD", "globex")), None)
        note = await adapter.issue(plan, key=KEY)
        with pytest.raises(Unsupported) as caught:
            await adapter.plan_refund(refund(currency=note.currency), note)
        assert caught.value.path == ("external",)
        done = await adapter.refund(await adapter.plan_refund(external(), note), key=KEY[::-1])
    assert (done.note.remaining, done.note.refunded) == (money(0, "USD"), money(25_00, "USD"))


@pytest.mark.parametrize("code", ["param_wrong_value", "invalid_request"])
@pytest.mark.parametrize("make", [refund, external])
async def test_what_somebody_else_paid_out_meanwhile_is_not_paid_again(
    site: Site, code: str, make: Callable[[int], RefundCreditNote]
) -> None:
    site.switch(amount_error=code)
    id = issued(site, "INV-1001", 50_00)
    async with opened(site.url) as adapter:
        plan = await planned(adapter, id, make(40_00))
        await adapter.refund(await planned(adapter, id, refund(20_00)), key=KEY)
        with pytest.raises(AmountTooHigh) as caught:
            await adapter.refund(plan, key=KEY[::-1])
    assert (caught.value.code, caught.value.path) == (ErrorCode.AMOUNT_EXCEEDS_REFUNDABLE, ("amount",))


async def test_a_note_used_up_meanwhile_is_not_refunded(site: Site) -> None:
    id = issued(site, "INV-1001", 50_00)
    async with opened(site.url) as adapter:
        plan = await planned(adapter, id, refund())
        site.act("settle", note_id=id)
        with pytest.raises(WrongState) as caught:
            await adapter.refund(plan, key=KEY)
        with pytest.raises(WrongState):
            await planned(adapter, id, refund())
    assert (caught.value.code, caught.value.path) == (ErrorCode.WRONG_STATE, ("id",))


async def test_a_payment_is_named_only_where_it_is_sure_to_be_the_one(site: Site) -> None:
    one, two = issued(site, "INV-1001", 50_00), issued(site, "INV-1004", 50_00)
    answers: dict[tuple[str, str], type[GatewayError]] = {
        (one, "txn_1004_1"): InvalidInput,
        (two, "txn_1001_1"): InvalidInput,
        (two, "txn_1004_1"): Unsupported,
    }
    async with opened(site.url) as adapter:
        assert (await planned(adapter, one, refund(payment_id="txn_1001_1"))).expected.refund == money(50_00)
        for (id, payment_id), error in answers.items():
            with pytest.raises(error) as caught:
                await planned(adapter, id, refund(payment_id=payment_id))
            assert caught.value.path == ("paymentId",)


async def test_a_payment_no_gateway_can_send_back_is_told_by_the_site(site: Site) -> None:
    site.act("pay", invoice_id="INV-1002", minor=500_00, method="bank_transfer")
    id = issued(site, "INV-1002", 50_00)
    async with opened(site.url) as adapter:
        with pytest.raises(WrongState):
            await adapter.refund(await planned(adapter, id, refund(currency="USD")), key=KEY)
        done = await adapter.refund(await planned(adapter, id, external(currency="USD")), key=KEY[::-1])
    assert done.note.refunded == money(50_00, "USD")

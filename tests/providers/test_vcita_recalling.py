"""Refunds whose answer was lost, in vcita's sandbox: found again by their payment, or known to be absent, and never called undone."""

from __future__ import annotations

from typing import Any

import pytest

from app.domain.errors import NotFound, OutcomeUnknown
from app.domain.plans import Refund
from tests.providers.vcita import euro
from tests.providers.vcita.desk import Teller
from tests.providers.vcita.refunds import FIRST, REFUNDS, booked, issued, planned

pytestmark = pytest.mark.anyio


LOST: list[dict[str, Any]] = [{"fault": "drop_after"}, {"fault": "garbage"}, {"fault": "html"}, {"fault": "status", "after": True}]


@pytest.mark.parametrize("rule", LOST)
async def test_a_refund_whose_answer_was_lost_is_found_by_its_payment(teller: Teller, rule: dict[str, Any]) -> None:
    note = await issued(teller)
    plan = await planned(teller, note)
    teller.desk.fault(**rule, method="POST", path=REFUNDS)
    with pytest.raises(OutcomeUnknown):
        await teller.adapter().refund(plan, key="key-1")
    (found,) = await teller.adapter().refunds(plan)
    assert found == Refund(id=f"payment:{FIRST}", amount=euro(30_00))
    assert found.id not in plan.before
    done = await teller.adapter().refunded(plan, found)
    assert (done.note, done.refund_id, done.surplus) == (note, None, ())
    assert len(booked(teller)) == 1


async def test_a_refund_that_never_arrived_is_not_found_and_can_be_sent_as_stored(teller: Teller) -> None:
    note = await issued(teller)
    plan = await planned(teller, note)
    teller.desk.fault(fault="drop_before", method="POST", path=REFUNDS)
    with pytest.raises(OutcomeUnknown):
        await teller.adapter().refund(plan, key="key-1")
    assert await teller.adapter().refunds(plan) == ()
    assert (await teller.adapter().refund(plan, key="key-1")).note == note
    assert booked(teller) == [(FIRST, 30_00, "executed")]


@pytest.mark.parametrize("path", ["/v3/payments/credit_notes", "/v3/payments/credit_notes/*"])
@pytest.mark.parametrize("status", [404, 403, 503])
async def test_a_refund_whose_note_cannot_be_read_afterwards_is_not_called_undone(teller: Teller, path: str, status: int) -> None:
    note = await issued(teller)
    plan = await planned(teller, note)
    teller.desk.fault(fault="status", status=status, method="GET", path=path, times=9)
    with pytest.raises(OutcomeUnknown):
        await teller.adapter().refund(plan, key="key-1")
    (found,) = await teller.adapter().refunds(plan)
    with pytest.raises(OutcomeUnknown):
        await teller.adapter().refunded(plan, found)
    teller.desk.faults.clear()
    assert (await teller.adapter().refunded(plan, found)).note == note


async def test_a_refund_recalled_from_a_payment_that_is_gone_is_no_absence(teller: Teller) -> None:
    plan = await planned(teller, await issued(teller))
    teller.desk.fault(fault="status", status=404, method="GET", path="*/payments/v1/payments/*", times=9)
    with pytest.raises(NotFound):
        await teller.adapter().refunds(plan)

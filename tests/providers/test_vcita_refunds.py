"""Refunds over a socket, in vcita's sandbox: the books say what was asked, and what was lost is found again or known to be absent."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from app import http
from app.domain.credit_note import CreditNote
from app.domain.errors import (
    AmountTooHigh,
    BadPayload,
    GatewayError,
    InvalidInput,
    Rejected,
    Unavailable,
    Unsupported,
    WrongState,
)
from app.domain.vocabulary import ErrorCode, NoteAction, Operation, Settlement
from app.gateway.accounts import Accounts, Caller
from app.providers.contract import CanRefund, CanVoid
from app.providers.vcita import SPEC
from app.providers.vcita.options import VcitaOptions
from tests.providers.vcita import euro, settings
from tests.providers.vcita.desk import CLIENT, DIRECTORY, Desk, Teller, uid
from tests.providers.vcita.refunds import FIRST, FULL, REFUNDS, SECOND, YEN, booked, issued, planned

pytestmark = pytest.mark.anyio


async def refused(teller: Teller, note: CreditNote, payment_id: str | None = FIRST, **members: Any) -> GatewayError:
    before = booked(teller)
    with pytest.raises(GatewayError) as raised:
        await planned(teller, note, payment_id, **members)
    assert booked(teller) == before
    return raised.value


SHAPES = [
    {"payment_nesting": nesting, "legacy_money": money}
    for nesting, money in itertools.product(("doubled", "single"), ("strings", "numbers"))
]


@pytest.mark.parametrize("switches", SHAPES)
async def test_a_payment_is_given_back_whole_whatever_the_shapes_of_the_older_api(teller: Teller, switches: dict[str, str]) -> None:
    teller.desk.switch(**switches)
    note = await issued(teller)
    plan = await planned(teller, note)
    teller.desk.seen.clear()
    done = await teller.adapter().refund(plan, key="key-1")
    assert [one for one in teller.desk.seen if one.startswith("POST")] == [f"POST {REFUNDS}"]
    (refund,) = teller.desk.sandbox.books()["refunds"]
    assert (done.note, done.refund_id, done.surplus) == (note, refund["id"], ())
    assert plan.expected.refund == euro(30_00)
    assert booked(teller) == [(FIRST, 30_00, "executed")]


async def test_the_payments_of_an_invoice_are_given_back_one_by_one(teller: Teller) -> None:
    note = await issued(teller)
    for payment_id in (FIRST, SECOND):
        await teller.adapter().refund(await planned(teller, note, payment_id), key="key-1")
    assert booked(teller) == [(FIRST, 30_00, "executed"), (SECOND, 20_00, "executed")]


async def test_whole_units_are_sent_as_such(teller: Teller) -> None:
    note = await issued(teller, 1003, 15_000)
    await teller.adapter().refund(await planned(teller, note, YEN), key="key-1")
    assert booked(teller) == [(YEN, 15_000, "executed")]


async def test_a_refund_made_elsewhere_is_recorded_as_such(teller: Teller) -> None:
    note = await issued(teller)
    today = datetime.now(UTC).date()
    plan = await planned(teller, note, external=True, paid_on=today, reference="re_1")
    done = await teller.adapter().refund(plan, key="key-1")
    (refund,) = teller.desk.sandbox.books()["refunds"]
    assert (refund["id"], refund["status"]) == (done.refund_id, "recorded")


async def test_a_note_settled_by_its_refund_is_told_as_settled(teller: Teller) -> None:
    teller.desk.switch(source_payment="settles_on_refund")
    note = await issued(teller, options=VcitaOptions(source_payment_uid=FIRST))
    done = await teller.adapter().refund(await planned(teller, note), key="key-1")
    assert done.note.settlement is Settlement.SETTLED
    assert teller.adapter().allows(done.note) == frozenset()
    assert isinstance(await refused(teller, done.note, SECOND), WrongState)


async def test_a_note_the_refund_makes_by_itself_is_told(teller: Teller) -> None:
    teller.desk.switch(strict_mode="on")
    note = await issued(teller)
    plan = await planned(teller, note)
    done = await teller.adapter().refund(plan, key="key-1")
    (surplus,) = done.surplus
    assert (surplus.total, surplus.invoice_id) == (euro(30_00), uid(1004))
    assert surplus.ref != done.note.ref == note.ref
    (found,) = await teller.adapter().refunds(plan)
    assert await teller.adapter().refunded(plan, found) == replace(done, refund_id=None)


@pytest.mark.parametrize(
    ("number", "payment_id", "members", "kind", "path"),
    [
        (1004, None, {}, InvalidInput, ("paymentId",)),
        (1004, "pay_nobody", {}, InvalidInput, ("paymentId",)),
        (1004, "..", {}, InvalidInput, ("paymentId",)),
        (1004, FULL, {}, InvalidInput, ("paymentId",)),  # of another invoice
        (1004, FIRST, {"amount": euro(10_00)}, Unsupported, ("amount",)),
        (1004, FIRST, {"amount": euro(30_01)}, AmountTooHigh, ("amount",)),
        (1001, FULL, {}, AmountTooHigh, ("amount",)),  # a payment of 119.00 for a note of 50.00
        (1004, FIRST, {"text": "sorry"}, Unsupported, ("note",)),
    ],
)
async def test_what_does_not_fit_is_refused_and_nothing_is_given_back(
    teller: Teller, number: int, payment_id: str | None, members: dict[str, Any], kind: type[GatewayError], path: tuple[str, ...]
) -> None:
    error = await refused(teller, await issued(teller, number), payment_id, **members)
    assert (type(error), error.path) == (kind, path)
    assert booked(teller) == []


@pytest.mark.parametrize("missing", ["422", "404"])
@pytest.mark.parametrize("shape", ["documented", "message_array"])
async def test_a_payment_nobody_has_is_an_input_at_fault(teller: Teller, missing: str, shape: str) -> None:
    teller.desk.switch(legacy_missing=missing, error_body=shape)
    error = await refused(teller, await issued(teller), "pay_nobody")
    assert (type(error), error.path, error.account) == (InvalidInput, ("paymentId",), "vcita-test")


async def test_a_payment_given_back_already_is_in_the_wrong_state(teller: Teller) -> None:
    note = await issued(teller)
    teller.desk.act("refund", payment_id=FIRST, minor=30_00)
    error = await refused(teller, note)
    assert (type(error), error.path) == (WrongState, ("paymentId",))


async def test_a_settled_note_is_in_the_wrong_state_and_nothing_is_read(teller: Teller) -> None:
    note = (await teller.adapter().fetch_many(["cn00000000000004"]))["cn00000000000004"]
    assert isinstance(note, CreditNote)
    teller.desk.seen.clear()
    error = await refused(teller, note)
    assert (type(error), error.path, teller.desk.seen) == (WrongState, ("id",), [])
    assert teller.adapter().allows(note) == frozenset()


async def test_an_account_acting_for_a_business_is_told_that_it_cannot(teller: Teller) -> None:
    note = await issued(teller)
    teller.desk.seen.clear()
    error = await refused(teller, note, account=DIRECTORY)
    assert (type(error), error.path, teller.desk.seen) == (Unsupported, ("id",), [])
    assert teller.adapter(DIRECTORY).allows(note) == frozenset()
    assert teller.adapter().allows(note) == {NoteAction.REFUND}


async def test_what_cannot_be_read_is_not_refunded(teller: Teller) -> None:
    note = await issued(teller)
    assert (await refused(teller, note, account=CLIENT)).code is ErrorCode.PROVIDER_FORBIDDEN
    teller.desk.fault(fault="status", status=503, path="*/payments/v1/payments/*", times=9)
    assert isinstance(await refused(teller, note), Unavailable)
    assert isinstance(await refused(teller, replace(note, invoice_id="inv_nobody")), Unavailable)  # the payment first
    teller.desk.faults.clear()
    assert isinstance(await refused(teller, replace(note, invoice_id="inv_nobody")), BadPayload)


@pytest.mark.parametrize("minor", [30_00, 1])
async def test_a_payment_given_back_meanwhile_is_vcitas_to_refuse(teller: Teller, minor: int) -> None:
    """A part given back before is seen by nobody: the whole is asked for, and that is more than there is."""
    note = await issued(teller)
    plan = await planned(teller, note)
    teller.desk.act("refund", payment_id=FIRST, minor=minor)
    with pytest.raises(Rejected) as raised:
        await teller.adapter().refund(plan, key="key-1")
    assert raised.value.path == (("paymentId",) if minor == 30_00 else ("amount",))
    assert booked(teller) == [(FIRST, minor, "executed")]


@pytest.mark.parametrize(("refunds", "is_offered"), [("unset", False), ("flex", True)])
async def test_refunds_are_offered_only_where_the_account_says_so(refunds: str, *, is_offered: bool) -> None:
    account = replace(settings(refunds=refunds), base_url="http://127.0.0.1:1")
    accounts = Accounts(settings={account.name: account}, providers={"vcita": SPEC})
    found = accounts.find(Caller(name="tests"), account.name)
    assert found.offers(Operation.REFUND) is is_offered
    assert not found.offers(Operation.VOID)
    await accounts.aclose()


def test_refunds_are_off_unless_set_and_no_note_is_withdrawn(served_vcita: Desk) -> None:
    assert SPEC.switches["refunds"] == ("unset", "flex")
    assert SPEC.gates == {Operation.REFUND: ("refunds", "flex")}
    assert SPEC.demo_switches["refunds"] == "flex"
    assert {Operation.VOID, Operation.REFUND} <= set(SPEC.capabilities.notes)
    adapter = Teller(served_vcita, http.AsyncClient()).adapter()
    assert isinstance(adapter, CanRefund)
    assert not isinstance(adapter, CanVoid)

"""What is made of the answers to a void and a refund at Chargebee: who was refunded, what failed, and what cannot be read."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.responses import JSONResponse, Response

from app.domain.errors import BadPayload, GatewayError, NotFound, OutcomeUnknown, RefundFailed, WrongState
from app.domain.plans import Refund, WritePlan
from app.domain.vocabulary import Disposition, ErrorCode, RefundStatus
from app.providers.chargebee import receipts, voiding
from app.providers.chargebee.refunding import Wanted, recorded, sent_back
from tests.providers.chargebee import KEY, KNOWN_ID, money, opened, reply, settings
from tests.providers.chargebee.noted import NOW, external, gone, noted, payment, refund, void
from tests.providers.chargebee.site import responding

pytestmark = pytest.mark.anyio
OLD = gone(5_00, id="txn_old")


def planned(minor: int = 20_00, *, is_external: bool = False) -> WritePlan:
    before = noted(linked_refunds=[OLD], amount_refunded=5_00, amount_available=95_00)
    if is_external:
        return recorded(Wanted.of(external(minor), before, settings(), now=NOW))
    return sent_back(Wanted.of(refund(minor), before, settings(), now=NOW), [payment(200_00)], money(0))


def shown(*refunds: dict[str, Any], **members: Any) -> dict[str, Any]:
    """The note as an answer has it."""
    note = {**reply("found")["body"]["list"][0]["credit_note"], "reference_invoice_id": "INV-2077", "linked_refunds": [*refunds]}
    return {**note, **members}


async def answered(body: object, plan: WritePlan) -> Any:
    """What the adapter makes of this answer to the plan's refund."""
    response = body if isinstance(body, Response) else JSONResponse(body)
    with responding({"": response}) as url:
        async with opened(url) as adapter:
            return await adapter.refund(plan, key=KEY)


async def test_the_refund_is_the_transaction_that_was_answered() -> None:
    body = {"credit_note": shown(OLD, gone(20_00, id="txn_new")), "transaction": {"id": "txn_new", "status": "success"}}
    done = await answered(body, planned())
    assert (done.refund_id, done.note.ref.external_id, done.surplus) == ("txn_new", KNOWN_ID, ())


@pytest.mark.parametrize("is_external", [True, False])
@pytest.mark.parametrize(
    ("refunds", "found"),
    [
        ([OLD, gone(20_00, id="txn_new")], "txn_new"),
        ([OLD, gone(20_00, id="txn_new"), gone(7_00, id="txn_other")], "txn_new"),
        ([OLD, gone(20_00, id="txn_new"), gone(20_00, id="txn_other")], None),  # which of them is ours nobody tells
        ([OLD], None),
    ],
)
async def test_without_a_transaction_it_is_the_one_new_refund(
    refunds: list[dict[str, Any]], found: str | None, *, is_external: bool
) -> None:
    assert (await answered({"credit_note": shown(*refunds)}, planned(is_external=is_external))).refund_id == found


@pytest.mark.parametrize("status", ["failure", "timeout", "late_failure", "voided"])
async def test_a_transaction_that_moved_nothing_is_a_failure_although_answered_as_done(status: str) -> None:
    transaction = {"id": "txn_new", "status": status, "error_code": "91", "error_text": "Card is closed"}
    for note in (shown(gone(20_00, status, "txn_new")), {"id": None}):
        with pytest.raises(RefundFailed) as caught:
            await answered({"credit_note": note, "transaction": transaction}, planned())
        assert (caught.value.code, caught.value.account) == (ErrorCode.REFUND_FAILED, "chargebee-test")
        assert caught.value.provider is not None
        assert (caught.value.provider.code, caught.value.provider.message) == ("91", "Card is closed")


@pytest.mark.parametrize("status", ["success", "in_progress", "needs_attention", "rerouted", None])
async def test_a_refund_under_way_or_in_doubt_has_been_made(status: str | None) -> None:
    transaction = {"id": "txn_new"} if status is None else {"id": "txn_new", "status": status}
    done = await answered({"credit_note": shown(gone(20_00, status, "txn_new")), "transaction": transaction}, planned())
    assert done.refund_id == "txn_new"


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        {"credit_note": {"id": KNOWN_ID}, "transaction": {"id": "txn_new", "status": "success"}},
        {"credit_note": shown(currency_code="EUX"), "transaction": {"id": "txn_new", "status": "success"}},
        {"credit_note": shown(), "transaction": {"status": "success"}},
        {"credit_note": shown(), "transaction": "txn_new"},
        Response("<html>", 200),
        Response("", 200),
        Response("oops", 500),
        Response("", 409),
    ],
)
async def test_an_answer_that_cannot_be_read_leaves_the_outcome_unknown(body: object) -> None:
    with pytest.raises(OutcomeUnknown):
        await answered(body, planned())
    response = body if isinstance(body, Response) else JSONResponse(body)
    if isinstance(body, dict) and body.get("credit_note") == shown():
        return  # for a void it can be read
    with responding({"": response}) as url:
        async with opened(url) as adapter:
            with pytest.raises(OutcomeUnknown):
                await adapter.void(voiding.plan(void(), noted(), settings()), key=KEY)


def test_what_is_there_afterwards_is_told_with_what_failed() -> None:
    note = noted(linked_refunds=[OLD, gone(20_00, id="txn_new"), gone(20_00, "failure", "txn_bad")])
    assert receipts.made(planned(), note) == (
        Refund(id="txn_old", amount=money(5_00)),
        Refund(id="txn_new", amount=money(20_00)),
        Refund(id="txn_bad", amount=money(20_00), has_failed=True),
    )


WITHHELD = {"id": "tax_wh_1", "amount": 8_00, "date": 1793750000}


def test_a_refund_booked_in_part_against_withheld_taxes_is_one_where_it_adds_up() -> None:
    members: dict[str, Any] = {"linked_tax_withheld_refunds": [WITHHELD]}
    known = Refund(id="txn_old", amount=money(5_00))
    in_parts = noted(linked_refunds=[OLD, gone(12_00, id="txn_new")], **members)
    assert receipts.made(planned(is_external=True), in_parts) == (known, Refund(id="txn_new", amount=money(20_00)))
    assert receipts.made(planned(8_00), noted(linked_refunds=[OLD], **members))[1:] == (Refund(id="tax_wh_1", amount=money(8_00)),)
    elsewhere = noted(linked_refunds=[OLD, gone(11_00, id="txn_new")], **members)
    assert [one.amount for one in receipts.made(planned(is_external=True), elsewhere)] == [money(5_00), money(11_00), money(8_00)]


def test_two_refunds_of_others_are_not_taken_for_one() -> None:
    note = noted(linked_refunds=[OLD, gone(12_00, id="txn_1"), gone(8_00, id="txn_2")])
    assert [one.amount for one in receipts.made(planned(), note)] == [money(5_00), money(12_00), money(8_00)]


def test_what_was_booked_against_withheld_taxes_is_told_and_left_no_payment() -> None:
    note = noted(linked_refunds=[OLD], linked_tax_withheld_refunds=[WITHHELD, {"id": "tax_wh_2"}])
    told = [(part.disposition, part.refund_id, part.status) for part in note.allocations]
    assert told == [
        (Disposition.UNKNOWN, "txn_old", RefundStatus.SUCCEEDED),
        (Disposition.EXTERNAL_REFUND, "tax_wh_1", RefundStatus.SUCCEEDED),
    ]
    assert note.dispositions == (Disposition.CUSTOMER_CREDIT, Disposition.UNKNOWN, Disposition.EXTERNAL_REFUND)
    failed = noted(linked_refunds=[gone(9_00, "failure"), gone(1_00, "in_progress"), gone(2_00, None)])
    assert receipts.gone_back([note, failed], "EUR") == money(8_00)


async def test_a_note_that_is_gone_cannot_be_looked_at() -> None:
    refused = {"message": "Sorry", "api_error_code": "resource_not_found"}
    answers: list[tuple[Response, type[GatewayError]]] = [
        (JSONResponse(refused, 404), NotFound),
        (JSONResponse({"credit_note": {"id": 7}}), BadPayload),
    ]
    for response, error in answers:
        with responding({"": response}) as url:
            async with opened(url) as adapter:
                with pytest.raises(error):
                    await adapter.refunds(planned())
                with pytest.raises(error):
                    await adapter.refunded(planned(), Refund(id="txn_new", amount=money(20_00)))


def invoice(*amounts: int, **members: Any) -> Response:
    payments = [
        {"txn_id": f"txn_{index}", "applied_amount": amount, "applied_at": 1793800000 + index, "txn_status": "success"}
        for index, amount in enumerate(amounts)
    ]
    recorded: dict[str, Any] = reply("issued")["body"]["invoice"]
    return JSONResponse({"invoice": {**recorded, "linked_payments": payments, **members}})


@pytest.mark.parametrize(
    ("answers", "error"),
    [
        ({"": JSONResponse({"message": "Sorry", "api_error_code": "resource_not_found"}, 404)}, WrongState),
        ({"": invoice(50_00, deleted=True)}, WrongState),
        ({"": invoice(50_00, currency_code="EUX")}, BadPayload),
        ({"credit_notes": JSONResponse({"list": [{"credit_note": {"id": "CN-1"}}]}), "": invoice(50_00, 50_00)}, BadPayload),
        ({"credit_notes": Response("", 404), "": invoice(50_00, 50_00)}, BadPayload),
    ],
)
async def test_a_refund_is_not_planned_on_payments_that_cannot_be_read(
    answers: dict[str, Response], error: type[GatewayError]
) -> None:
    with responding(answers) as url:
        async with opened(url) as adapter:
            with pytest.raises(error) as caught:
                await adapter.plan_refund(refund(), noted())
    assert caught.value.path == (("id",) if error is WrongState else None)

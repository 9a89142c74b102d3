"""What may be asked of a note of Chargebee's in its state, and that voiding and refunding refuse just that."""

from __future__ import annotations

from typing import Any

import pytest

from app.domain.errors import GatewayError, WrongState
from app.domain.vocabulary import ErrorCode, NoteAction, Operation
from app.providers.chargebee import refunding, voiding
from app.providers.chargebee.actions import allows
from app.providers.chargebee.order import call
from tests.providers.chargebee import KNOWN_ID, form, order, settings
from tests.providers.chargebee.noted import NOW, external, gone, noted, refund, used, void

VOID, REFUND = NoteAction.VOID, NoteAction.REFUND
ADJUSTMENT = {"type": "adjustment", "status": "adjusted", "amount_available": 0, "amount_allocated": 100_00}
WITHHELD = {"id": "tax_wh_1", "amount": 10_00}

STATES: list[tuple[dict[str, Any], set[NoteAction]]] = [
    ({}, {VOID, REFUND}),
    ({"type": "store"}, {VOID}),
    ({**ADJUSTMENT, "allocations": [used(100_00)]}, {VOID}),
    ({**ADJUSTMENT, "status": "voided"}, set()),
    ({"status": "voided"}, set()),
    ({"status": "refunded", "amount_available": 0}, set()),
    ({"deleted": True}, set()),
    ({"deleted": True, **ADJUSTMENT}, set()),
    ({"amount_allocated": 40_00, "amount_available": 60_00, "allocations": [used(40_00)]}, {REFUND}),
    ({"type": "store", "amount_allocated": 40_00, "amount_available": 60_00, "allocations": [used(40_00)]}, set()),
    ({"amount_refunded": 40_00, "amount_available": 60_00, "linked_refunds": [gone(40_00)]}, {REFUND}),
    ({"amount_available": 60_00, "linked_refunds": [gone(40_00, "in_progress")]}, {REFUND}),
    ({"linked_refunds": [gone(40_00, "needs_attention")]}, {REFUND}),
    ({"linked_refunds": [gone(40_00, None)]}, {REFUND}),
    ({"linked_refunds": [gone(40_00, "failure"), gone(1, "voided"), gone(1, "timeout")]}, {VOID, REFUND}),
    ({"amount_refunded": 40_00, "amount_available": 60_00}, {REFUND}),  # by figures alone, as for withheld taxes
    ({"amount_refunded": 10_00, "amount_available": 90_00, "linked_tax_withheld_refunds": [WITHHELD]}, {REFUND}),
    ({"amount_available": 0}, {VOID}),
    ({"amount_available": None}, {VOID}),
    ({"type": "gift"}, {VOID}),  # what nobody has published is left to Chargebee, unless money would move
    ({"status": "frozen"}, {VOID}),
]


def raised(members: dict[str, Any], action: NoteAction) -> GatewayError | None:
    try:
        if action is VOID:
            voiding.plan(void(), noted(**members), settings())
        else:
            refunding.Wanted.of(external(), noted(**members), settings(), now=NOW)
    except GatewayError as refused:
        return refused
    return None


@pytest.mark.parametrize(("members", "allowed"), STATES)
def test_a_state_allows_what_the_plans_do_not_refuse(members: dict[str, Any], allowed: set[NoteAction]) -> None:
    assert allows(noted(**members)) == allowed
    for action in (VOID, REFUND):
        refused = raised(members, action)
        assert (refused is None) is (action in allowed)
        if refused is not None:
            assert (type(refused), refused.code, refused.path) == (WrongState, ErrorCode.WRONG_STATE, ("id",))


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ({"status": "voided"}, ["voided already"]),
        ({"deleted": True}, ["deleted already"]),
        ({"status": "refunded", "amount_available": 0}, ["used up"]),
        ({"allocations": [used(1), used(2), used(3, "INV-2091")]}, ["taken off INV-2090, INV-2091 there"]),
        ({"linked_refunds": [gone(1), gone(1, "failure", "txn_2"), gone(1, id="txn_3")]}, ["txn_1, txn_3", "online cannot"]),
        ({"status": "refunded", "allocations": [used(1)], "linked_refunds": [gone(1)]}, ["INV-2090 there and its refund txn_1"]),
        ({"amount_refunded": 1}, ["its refunds put on record"]),
    ],
)
def test_what_has_to_be_undone_before_a_void_is_told(members: dict[str, Any], words: list[str]) -> None:
    refused = raised(members, VOID)
    assert refused is not None
    assert all(word in refused.message for word in words), refused.message
    assert "txn_2" not in refused.message


@pytest.mark.parametrize(
    ("members", "words"),
    [
        (ADJUSTMENT, "type adjustment"),
        ({"type": "store"}, "type store"),
        ({"status": "voided"}, "is voided"),
        ({"status": "refunded"}, "is refunded"),
        ({"deleted": True}, "is deleted"),
        ({"amount_available": 0}, "nothing is left"),
    ],
)
def test_why_nothing_is_refunded_is_told(members: dict[str, Any], words: str) -> None:
    refused = raised(members, REFUND)
    assert refused is not None
    assert words in refused.message


def test_a_void_is_one_call_to_the_note() -> None:
    plan = voiding.plan(void(text="mistake & more"), noted(), settings())
    sent = call(plan.request, key="k" * 64)
    assert (sent.method, sent.path, sent.content) == ("POST", f"/api/v2/credit_notes/{KNOWN_ID}/void", b"comment=mistake+%26+more")
    assert sent.headers == {"chargebee-idempotency-key": "k" * 64}
    assert (plan.kind, plan.then, plan.before) == (Operation.VOID, (), ())
    assert (plan.expected.currency, plan.expected.note_id, plan.expected.total) == ("EUR", KNOWN_ID, noted().total)


@pytest.mark.parametrize("text", [None, ""])
def test_a_void_without_a_reason_has_no_body(text: str | None) -> None:
    assert order(voiding.plan(void(text=text), noted(), settings())).form == ""


def test_an_id_stays_one_step_of_the_path() -> None:
    plan = voiding.plan(void(), noted(id="CN/1 ?é"), settings())
    assert call(plan.request, key="k").path == "/api/v2/credit_notes/CN%2F1%20%3F%C3%A9/void"


@pytest.mark.parametrize("text", ["t" * 301, "half \ud83d"])
def test_a_reason_that_cannot_be_kept_is_invalid(text: str) -> None:
    with pytest.raises(GatewayError) as caught:
        voiding.plan(void(text=text), noted(), settings())
    assert (caught.value.code, caught.value.path) == (ErrorCode.INVALID_INPUT, ("note",))
    assert form(voiding.plan(void(text="t" * 300), noted(), settings())) == {"comment": "t" * 300}


def test_what_follows_a_change_is_the_accounts_setting() -> None:
    account = settings(skip_webhooks=True, skip_actions=True, options={"site": "acme-test", "business_entity_id": "be_1"})
    wanted = refunding.Wanted.of(refund(), noted(), account, now=NOW)
    plans = [voiding.plan(void(), noted(), account), refunding.recorded(wanted)]
    assert [order(plan).headers for plan in plans] == 2 * [
        {
            "chargebee-event-webhook": "all-disabled",
            "chargebee-event-actions": "all-disabled",
            "chargebee-business-entity-id": "be_1",
        }
    ]

"""Voiding at Chargebee, over real sockets: the note is void, the invoice is as before, and what was used stands in the way."""

from __future__ import annotations

import pytest

from app.domain.credit_note import CreditNote
from app.domain.errors import GatewayError, InvalidInput, NotFound, WrongState
from app.domain.vocabulary import ErrorCode, NoteAction, Status
from tests.providers.chargebee import KEY, opened
from tests.providers.chargebee.noted import external, void
from tests.providers.chargebee.site import Site
from tests.providers.readings import read_invoice, read_note

pytestmark = pytest.mark.anyio


def issued(site: Site, invoice_id: str, minor: int, type: str) -> str:
    note: str = site.act("issue", invoice_id=invoice_id, minor=minor, type=type)["credit_note"]["id"]
    return note


@pytest.mark.parametrize("amounts", ["kept", "zero"])
@pytest.mark.parametrize(
    ("invoice_id", "minor", "type"),
    [
        ("INV-1002", 500_00, "adjustment"),
        ("INV-1004", 1_00, "adjustment"),
        ("INV-1004", 50_00, "refundable"),
        ("INV-1001", 1_00, "store"),
    ],
)
async def test_a_voided_note_gives_its_invoice_back(site: Site, amounts: str, invoice_id: str, minor: int, type: str) -> None:
    site.switch(voided_amounts=amounts)
    async with opened(site.url) as adapter:
        before = (await read_invoice(adapter, invoice_id)).creditable
        note = await read_note(adapter, issued(site, invoice_id, minor, type))
        plan = adapter.plan_void(void(text="mistake"), note)
        voided = await adapter.void(plan, key=KEY)
        assert voided == await read_note(adapter, note.ref.external_id) == await adapter.void(plan, key=KEY)
        assert (await read_invoice(adapter, invoice_id)).creditable == before
    assert (voided.status, voided.ref, voided.total) == (Status.VOIDED, note.ref, plan.expected.total)
    assert voided.voided_at is not None
    assert adapter.allows(voided) == frozenset()
    assert [one["comment"] for one in site.notes(invoice_id)] == ["mistake"]
    sent = [(one.path, one.headers["chargebee-idempotency-key"]) for one in site.requests if one.method == "POST"]
    assert sent == 2 * [(f"/api/v2/credit_notes/{note.ref.external_id}/void", KEY)]
    assert site.sandbox.violations() == []


async def test_what_was_used_or_paid_out_stands_in_the_way_here_and_there(site: Site) -> None:
    refunded, allocated = issued(site, "INV-1001", 50_00, "refundable"), issued(site, "INV-1004", 50_00, "refundable")
    async with opened(site.url) as adapter:
        fresh = [await read_note(adapter, id) for id in (refunded, allocated)]
        plans = [adapter.plan_void(void(), note) for note in fresh]
        await adapter.refund(await adapter.plan_refund(external(10_00), fresh[0]), key=KEY)
        assert fresh[1].customer is not None
        site.act("renew", customer_id=fresh[1].customer.provider_id, currency="EUR", minor=60_00)
        for id, plan in zip((refunded, allocated), plans, strict=True):
            note = await read_note(adapter, id)
            assert NoteAction.VOID not in adapter.allows(note)
            with pytest.raises(WrongState):
                adapter.plan_void(void(), note)
            with pytest.raises(WrongState) as told:
                await adapter.void(plan, key=f"{id:->64}")
            assert (told.value.code, told.value.path) == (ErrorCode.WRONG_STATE, ("id",))
            assert (await read_note(adapter, id)).status is Status.ISSUED


async def test_every_seeded_note_is_voided_where_that_is_allowed_and_nowhere_else(site: Site) -> None:
    async with opened(site.url) as adapter:
        notes = await adapter.fetch_many([f"CN-{index:04d}" for index in range(1, 61)])
        allowed = {id for id, note in notes.items() if isinstance(note, CreditNote) and NoteAction.VOID in adapter.allows(note)}
        assert 0 < len(allowed) < 60
        for id in notes:
            try:
                site.act("void", note_id=id)
            except ValueError:
                assert id not in allowed
            else:
                assert id in allowed


async def test_a_text_that_is_too_long_is_told_before_the_notes_state(site: Site) -> None:
    note_id = issued(site, "INV-1002", 1_00, "adjustment")
    site.act("void", note_id=note_id)
    async with opened(site.url) as adapter:
        voided = await read_note(adapter, note_id)
        with pytest.raises(InvalidInput) as caught:
            adapter.plan_void(void(text="x" * 301), voided)
        assert caught.value.path == ("note",)
        with pytest.raises(WrongState):
            adapter.plan_void(void(text="x" * 300), voided)


@pytest.mark.parametrize("state_error", ["409", "400"])
async def test_a_note_voided_or_deleted_meanwhile_is_told(site: Site, state_error: str) -> None:
    site.switch(state_error=state_error)
    voided, deleted = issued(site, "INV-1002", 1_00, "adjustment"), issued(site, "INV-1002", 2_00, "adjustment")
    async with opened(site.url) as adapter:
        plans = [adapter.plan_void(void(), await read_note(adapter, id)) for id in (voided, deleted)]
        site.act("void", note_id=voided)
        site.delete(deleted)
        found: list[GatewayError] = []
        for index, plan in enumerate(plans):
            with pytest.raises(GatewayError) as caught:
                await adapter.void(plan, key=f"{index}" * 64)
            found.append(caught.value)
    assert isinstance(found[0], WrongState) is (state_error == "409")
    assert isinstance(found[1], NotFound)
    assert found[1].path == ("id",)

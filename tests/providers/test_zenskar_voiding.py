"""Voiding notes at Zenskar: the rules known before anything is sent, and what the sandbox makes of the call."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest

from app.domain.commands import VoidCreditNote
from app.domain.credit_note import CreditNote, Ref
from app.domain.errors import GatewayError, NotFound, OutcomeUnknown, Rejected, Unsupported, WrongState
from app.domain.plans import Expected
from app.domain.vocabulary import ErrorCode, NoteAction, Operation, Status
from app.gateway.accounts import Accounts, Caller
from app.providers.contract import CanRefund, CanVoid
from app.providers.zenskar import SPEC, mapping, voiding
from app.providers.zenskar.adapter import Zenskar
from tests.providers.readings import read_note
from tests.providers.zenskar import ACCOUNT, Organisation, demo, eur, opened, reply, settings

pytestmark = pytest.mark.anyio


def asked(note: CreditNote, text: str | None = None) -> VoidCreditNote:
    return VoidCreditNote(key="key-1", note=note.ref, text=text)


def booked(zenskar: Organisation, note: CreditNote) -> str:
    """The state of the note in the books."""
    return str(next(row["status"] for row in zenskar.sandbox.books()["notes"] if row["id"] == note.ref.external_id))


async def issued(zenskar: Organisation, adapter: Zenskar, number: int, minor: int, destination: str = "credits") -> CreditNote:
    """A note made in the dashboard."""
    made = zenskar.act("issue", invoice_id=demo(number), minor=minor, refund_destination=destination)
    return await read_note(adapter, made["id"])


async def test_a_plan_is_the_documented_call_and_names_its_note(zenskar: Organisation) -> None:
    async with opened(zenskar.url) as adapter:
        note = await issued(zenskar, adapter, 1001, 19_00)
        plan = adapter.plan_void(asked(note), note)
    request = msgspec.json.decode(plan.request, type=voiding.Request)
    assert (request.path, request.body) == (f"/credit_notes/{note.ref.external_id}", '{"status":"void"}')
    assert (plan.kind, plan.then, plan.before) == (Operation.VOID, (), ())
    assert plan.expected == Expected(currency="EUR", total=eur(19_00), invoice_id=demo(1001), note_id=note.ref.external_id)


@pytest.mark.parametrize(("number", "destination"), [(1001, "credits"), (1001, "original_payment_method"), (1002, "credits")])
async def test_a_void_note_gives_back_what_it_took(zenskar: Organisation, number: int, destination: str) -> None:
    async with opened(zenskar.url) as adapter:
        before = (await adapter.invoices([demo(number)]))[demo(number)]
        note = await issued(zenskar, adapter, number, 19_00, destination)
        done = await adapter.void(adapter.plan_void(asked(note), note), key="key-1")
        assert (done.ref, done.status, done.provider_values.status) == (note.ref, Status.VOIDED, "void")
        assert await read_note(adapter, note.ref.external_id) == done
        after = (await adapter.invoices([demo(number)]))[demo(number)]
    assert not isinstance(before, GatewayError)
    assert not isinstance(after, GatewayError)
    assert (after.creditable, after.amount_due) == (before.creditable, before.amount_due)
    assert zenskar.sandbox.violations() == []


@pytest.mark.parametrize("status", ["in_progress", "issued", "paid", "under_review"])
def test_whatever_is_not_void_yet_is_the_providers_to_refuse(status: str) -> None:
    note = noted(status)
    assert voiding.allows(note) == {NoteAction.VOID}
    assert voiding.plan(asked(note), note).expected.note_id == note.ref.external_id


def test_a_void_note_stays_void() -> None:
    note = noted("void")
    assert voiding.allows(note) == frozenset()
    with pytest.raises(WrongState) as caught:
        voiding.plan(asked(note), note)
    assert (caught.value.code, caught.value.path) == (ErrorCode.WRONG_STATE, ("id",))
    with pytest.raises(Unsupported):  # the input is checked before the note
        voiding.plan(asked(note, "a mistake"), note)


@pytest.mark.parametrize("text", ["a mistake", ""])
def test_a_text_has_nowhere_to_go(text: str) -> None:
    note = noted("issued")
    with pytest.raises(Unsupported) as caught:
        voiding.plan(asked(note, text), note)
    assert (caught.value.code, caught.value.path) == (ErrorCode.UNSUPPORTED, ("note",))


@pytest.mark.parametrize("shape", ["detail_text", "detail_object", "message", "plain_text"])
@pytest.mark.parametrize("destination", ["external", "original_payment_method"])
async def test_a_note_that_was_paid_out_is_refused_by_the_provider_in_words_nobody_published(
    zenskar: Organisation, shape: str, destination: str
) -> None:
    zenskar.switch(error_shape=shape)
    async with opened(zenskar.url) as adapter:
        made = await issued(zenskar, adapter, 1001, 19_00, destination)
        if destination == "original_payment_method":
            zenskar.act("settle", note_id=made.ref.external_id)
        note = await read_note(adapter, made.ref.external_id)
        with pytest.raises(Rejected) as caught:
            await adapter.void(adapter.plan_void(asked(note), note), key="key-1")
    assert (type(caught.value), caught.value.code) == (Rejected, ErrorCode.PROVIDER_REJECTED)
    assert booked(zenskar, note) == "paid"


@pytest.mark.parametrize(("status", "kind"), [("400", Rejected), ("422", Rejected), ("409", OutcomeUnknown)])
async def test_a_provider_that_does_not_void_says_so(zenskar: Organisation, status: str, kind: type[GatewayError]) -> None:
    zenskar.switch(patch_void="refused", refusal_status=status)
    async with opened(zenskar.url) as adapter:
        note = await issued(zenskar, adapter, 1002, 19_00)
        with pytest.raises(kind):
            await adapter.void(adapter.plan_void(asked(note), note), key="key-1")
    assert booked(zenskar, note) == "issued"


async def test_a_note_that_is_not_there_any_more_is_not_found(zenskar: Organisation) -> None:
    async with opened(zenskar.url) as adapter:
        note = await issued(zenskar, adapter, 1002, 19_00)
        gone = replace(note, ref=Ref(ACCOUNT, demo(9999)))
        with pytest.raises(NotFound):
            await adapter.void(adapter.plan_void(asked(gone), gone), key="key-1")


async def test_the_same_void_twice_leaves_one_void_note(zenskar: Organisation) -> None:
    async with opened(zenskar.url) as adapter:
        note = await issued(zenskar, adapter, 1002, 19_00)
        plan = adapter.plan_void(asked(note), note)
        first, second = [await adapter.void(plan, key="key-1") for _ in range(2)]
    assert first == second
    assert zenskar.sandbox.violations() == []


@pytest.mark.parametrize(("switches", "offered"), [({}, False), ({"void": "unset"}, False), ({"void": "accepted"}, True)])
async def test_voiding_is_offered_where_the_account_accepts_it(switches: dict[str, str], *, offered: bool) -> None:
    accounts = Accounts(settings={ACCOUNT: settings(**switches)}, providers={"zenskar": SPEC})
    account = accounts.find(Caller(name="tests"), ACCOUNT)
    assert account.offers(Operation.VOID) is offered
    assert not account.offers(Operation.REFUND)
    await accounts.aclose()


async def test_the_adapter_voids_and_does_not_refund() -> None:
    async with opened("http://127.0.0.1:9") as adapter:
        assert isinstance(adapter, CanVoid)
        assert not isinstance(adapter, CanRefund)
    assert SPEC.demo_switches["void"] == "accepted"


def noted(status: str) -> CreditNote:
    """A note in this state."""
    from_reply = reply("found")["body"]
    return mapping.credit_note(ACCOUNT, msgspec.json.encode({**from_reply, "status": status}))

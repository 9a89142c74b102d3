"""The suite every provider passes: what is offered to be done to a note is done as planned, or told as refused, or as unknown."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import replace

import pytest

from app.domain.credit_note import CreditNote
from app.domain.errors import AccountRefused, GatewayError, NotFound, OutcomeUnknown, RateLimited, Unavailable, WrongState
from app.domain.plans import Refunded, WritePlan
from app.domain.vocabulary import ErrorCode, NoteAction, Operation, Settlement, Status
from app.gateway.changes import difference
from app.gateway.codec import Codec
from app.providers.contract import CanRefund
from tests.providers.case import ProviderCase
from tests.providers.changing import CHANGES, METHODS, Change, Counter, Trial, counters
from tests.providers.conftest import KEY, Opened, open_account
from tests.providers.recordings import Reply
from tests.providers.test_contract_oddities import NONSENSE
from tests.support.serving import served

pytestmark = pytest.mark.anyio

ACTIONS = {Operation.VOID: NoteAction.VOID, Operation.REFUND: NoteAction.REFUND}
REFUNDS = [change for change in CHANGES if change.operation is Operation.REFUND]
EMPTY_ANSWERS = ("", "null", "[]", "{}", "7", '{"success": true}', '{"detail": "done"}', "<html>Done</html>")


@pytest.fixture(scope="module")
def served_counters() -> Iterator[Mapping[str, tuple[Counter, str]]]:
    with ExitStack() as running:
        yield {name: (counter, running.enter_context(served(counter))) for name, counter in counters().items()}


@pytest.fixture(params=CHANGES, ids=str)
async def trial(request: pytest.FixtureRequest, served_counters: Mapping[str, tuple[Counter, str]]) -> AsyncIterator[Trial]:
    """Every operation of every provider that has it, over the sandbox as it is at its start."""
    change: Change = request.param
    case = change.case
    counter, url = served_counters[case.name]
    counter.clear()
    switches = {**case.account.switches, **case.spec.demo_switches}
    async with open_account(case.spec, replace(case.account, base_url=url, switches=switches)) as account:
        yield Trial(change=change, account=account, counter=counter)


def test_every_operation_is_tried_at_some_provider() -> None:
    assert {change.operation for change in CHANGES} == set(METHODS)


@pytest.mark.parametrize("operation", METHODS, ids=lambda operation: operation.value)
async def test_an_operation_is_offered_where_there_is_a_method_and_the_account_opens_its_gate(
    opened: Opened, case: ProviderCase, operation: Operation
) -> None:
    has_methods = isinstance(opened.adapter, METHODS[operation])
    assert has_methods is (Change(case, operation) in CHANGES)
    gate = case.spec.gates.get(operation)
    if gate is None:
        assert opened.account.offers(operation) is has_methods
    else:
        assert has_methods
        switch, value = gate
        for chosen in (None, *case.spec.switches[switch]):
            switches = {} if chosen is None else {switch: chosen}
            account = replace(opened.account, settings=replace(case.account, switches=switches))
            assert account.offers(operation) is (chosen == value)
        assert value != case.spec.switches[switch][0]  # by default nobody has said anything
    if gate is not None or not has_methods:
        assert case.spec.capabilities.notes[operation]  # why it is not there for everybody


async def test_a_gate_is_of_an_operation_that_has_methods_and_open_to_the_demonstration(case: ProviderCase) -> None:
    for operation, (switch, value) in case.spec.gates.items():
        assert operation in METHODS
        assert case.spec.demo_switches[switch] == value


async def test_nothing_is_allowed_that_there_is_no_method_for(opened: Opened, case: ProviderCase) -> None:
    note = await opened.read("found")
    assert isinstance(note, CreditNote)
    able = {ACTIONS[operation] for operation, ability in METHODS.items() if isinstance(opened.adapter, ability)}
    asked = len(opened.desk.arrived)
    for status, settlement in itertools.product(Status, Settlement):
        assert opened.adapter.allows(replace(note, status=status, settlement=settlement)) <= able
    assert opened.adapter.allows(replace(note, status=Status.VOIDED)) == frozenset()
    assert len(opened.desk.arrived) == asked


async def test_what_a_note_does_not_allow_is_refused_for_its_state_and_nothing_else_is(trial: Trial) -> None:
    fresh, action = await trial.note(), ACTIONS[trial.change.operation]
    assert action in trial.adapter.allows(fresh)
    for status, settlement in itertools.product(Status, Settlement):
        note = replace(fresh, status=status, settlement=settlement)
        assert (await is_wrong_state(trial, note)) is (action not in trial.adapter.allows(note)), (status, settlement)


async def test_what_was_done_in_full_is_not_planned_again(trial: Trial) -> None:
    note = await trial.note()
    await trial.send(await trial.plan(note))
    after = await trial.read(note.ref.external_id)
    with pytest.raises(GatewayError):
        await trial.plan(after)
    assert (ACTIONS[trial.change.operation] in trial.adapter.allows(after)) is not await is_wrong_state(trial, after)


async def test_a_plan_names_its_operation_its_note_and_its_money(trial: Trial) -> None:
    note = await trial.note()
    plan = await trial.plan(note)
    assert (plan.kind, plan.then) == (trial.change.operation, ())
    assert (plan.expected.note_id, plan.expected.currency) == (note.ref.external_id, note.currency)
    assert plan.expected.total in {None, note.total}
    if plan.kind is Operation.REFUND:
        assert plan.expected.refund == note.total
    else:
        assert (plan.expected.refund, plan.before) == (None, ())


async def test_a_plan_kept_and_sent_again_is_the_same_request(trial: Trial) -> None:
    stored = Codec(WritePlan)
    plan = await trial.plan(await trial.note())
    kept = stored.decode(stored.encode(plan))
    assert kept == plan
    arrived = []
    for each in (plan, kept):
        assert_unknown(await trial.answered(each, status(500)), trial)
        arrived += trial.counter.desk.arrived
    first, again = arrived
    assert first == again


async def test_the_key_goes_with_a_change_where_the_provider_takes_one(trial: Trial) -> None:
    case = trial.change.case
    assert_unknown(await trial.answered(await trial.plan(await trial.note()), status(500)), trial)
    sent = trial.counter.desk.only()
    assert (KEY in str(sent.headers)) is case.spec.capabilities.native_idempotency
    assert KEY not in sent.asked
    assert {name: sent.headers.get(name) for name in case.auth} == dict(case.auth)


async def test_a_change_is_done_as_planned(trial: Trial) -> None:
    note = await trial.note()
    plan = await trial.plan(note)
    done = await trial.send(plan)
    if plan.kind is Operation.VOID:
        assert isinstance(done, CreditNote), done
        after, refund_id = done, None
        assert after.status is Status.VOIDED
    else:
        assert isinstance(done, Refunded), done
        after, refund_id = done.note, done.refund_id
        assert done.surplus == ()
    assert after.ref == note.ref
    assert await trial.read(note.ref.external_id) == after
    assert difference(plan, after, refund_id=refund_id) is None
    assert trial.counter.sandbox.violations() == []


@pytest.mark.parametrize("trial", REFUNDS, ids=str, indirect=True)
async def test_a_refund_is_found_again_by_its_plan(trial: Trial) -> None:
    note = await trial.note()
    plan, adapter = await trial.plan(note), trial.adapter
    assert isinstance(adapter, CanRefund)
    assert [refund for refund in await adapter.refunds(plan) if refund.id not in plan.before] == []
    await trial.send(plan)
    (ours,) = [refund for refund in await adapter.refunds(plan) if refund.id not in plan.before]
    assert (ours.amount, ours.has_failed) == (plan.expected.refund, False)
    found = await adapter.refunded(plan, ours)
    assert (found.note, found.surplus) == (await trial.read(note.ref.external_id), ())


async def test_a_change_that_is_cut_off_has_an_unknown_outcome(trial: Trial) -> None:
    assert_unknown(await trial.answered(await trial.plan(await trial.note()), None), trial)


@pytest.mark.parametrize("code", [500, 502, 503, 504, 408, 425, 409, 301, 302, 307])
async def test_a_change_answered_by_a_status_that_settles_nothing_has_an_unknown_outcome(trial: Trial, code: int) -> None:
    assert_unknown(await trial.answered(await trial.plan(await trial.note()), status(code)), trial)


@pytest.mark.parametrize("code", [200, 201])
async def test_a_change_answered_by_nothing_to_go_by_has_an_unknown_outcome(trial: Trial, code: int) -> None:
    plan = await trial.plan(await trial.note())
    for body in (*EMPTY_ANSWERS, *NONSENSE.values()):
        assert_unknown(await trial.answered(plan, status(code, body)), trial)


@pytest.mark.parametrize("code", [202, 204])
async def test_a_change_taken_without_an_answer_has_an_unknown_outcome(trial: Trial, code: int) -> None:
    assert_unknown(await trial.answered(await trial.plan(await trial.note()), status(code, "")), trial)


@pytest.mark.parametrize("code", [400, 401, 403, 404, 405, 410, 413, 415, 422, 429])
async def test_any_other_refusal_of_a_change_settles_it_whatever_its_body(trial: Trial, code: int) -> None:
    kinds = {401: AccountRefused, 403: AccountRefused, 404: NotFound, 429: RateLimited}
    plan = await trial.plan(await trial.note())
    for body in (*EMPTY_ANSWERS, *NONSENSE.values()):
        failed = await trial.answered(plan, status(code, body))
        assert isinstance(failed, kinds.get(code, GatewayError)), (body, failed)
        assert not isinstance(failed, (OutcomeUnknown, Unavailable)) or code == 429
        assert failed.account == trial.account.name
        assert len(failed.message) < 1000
        assert len(trial.counter.desk.arrived) == 1


@pytest.mark.parametrize("meaning", ["rejected", "over_balance", "unauthorized", "rate_limited"])
async def test_a_change_refused_as_the_provider_refuses_is_told_with_its_words(trial: Trial, meaning: str) -> None:
    reply = trial.change.case.reply(meaning)
    failed = await trial.answered(await trial.plan(await trial.note()), reply)
    assert isinstance(failed, GatewayError), failed
    assert not isinstance(failed, OutcomeUnknown)
    assert failed.provider is not None
    assert failed.provider.http_status == reply["status"]


async def test_a_change_that_was_never_sent_is_unavailable(trial: Trial) -> None:
    plan = await trial.plan(await trial.note())
    nowhere = replace(trial.account.line, base_url="http://127.0.0.1:9")
    failed = await replace(trial, account=replace(trial.account, line=nowhere)).send(plan)
    assert (type(failed), getattr(failed, "code", None)) == (Unavailable, ErrorCode.PROVIDER_UNAVAILABLE)


def status(code: int, body: str = "<html>No</html>") -> Reply:
    """An answer that says little."""
    return {"status": code, "headers": {"content-type": "application/json", "location": "/elsewhere"}, "body": body}


async def is_wrong_state(trial: Trial, note: CreditNote) -> bool:
    """Whether it is refused for the note's state, before anything is sent."""
    try:
        await trial.plan(note)
    except WrongState as refused:
        return (refused.code, refused.path) == (ErrorCode.WRONG_STATE, ("id",))
    return False


def assert_unknown(failed: CreditNote | Refunded | GatewayError, trial: Trial) -> None:
    """Told as unknown, and sent once."""
    assert isinstance(failed, OutcomeUnknown), failed
    assert failed.account == trial.account.name
    assert len(trial.counter.desk.arrived) == 1

"""What one call has changed: what it made, how it differs from what was asked, and how a write of several goes on or stops."""

from __future__ import annotations

import asyncio

import pytest

from app.domain.commands import RefundCreditNote, VoidCreditNote
from app.domain.credit_note import Allocation, CreditNote, Ref
from app.domain.errors import Unsupported
from app.domain.money import Money
from app.domain.plans import Expected, Refunded, WritePlan
from app.domain.vocabulary import Disposition, ErrorCode, Operation, Status
from app.gateway.changes import Change, difference, perform, refund_claim
from app.providers.policy import Deadline
from app.store.memory import MemoryStore
from tests.gateway.operating import found, keys_of, paid_back
from tests.gateway.stub import StubAdapter, account, note
from tests.gateway.writing import APPLIED, HALF, Desks, command, notes_on, said
from tests.support.demo import PAID
from tests.support.running import SandboxControl
from tests.support.stores import Mishap, ShakyStore

pytestmark = pytest.mark.anyio

ONE = Money(1_00, "EUR")
ISSUED = WritePlan(request=b"{}", expected=Expected(currency="EUR", total=ONE))
VOIDED = WritePlan(request=b"{}", expected=Expected(currency="EUR", note_id="n"), kind=Operation.VOID)
REFUNDED = WritePlan(request=b"{}", expected=Expected(currency="EUR", note_id="n", refund=ONE), kind=Operation.REFUND)


def paid(*parts: tuple[str, int]) -> CreditNote:
    return note(
        "n",
        allocations=tuple(
            Allocation(disposition=Disposition.PAYMENT_REFUND, amount=Money(minor, "EUR"), refund_id=id) for id, minor in parts
        ),
    )


@pytest.mark.parametrize(
    ("plan", "after", "refund_id", "differs"),
    [
        (ISSUED, note("n"), None, None),
        (ISSUED, note("n", minor=2_00), None, "asked for 1.00 EUR, answered 2.00 EUR"),
        (VOIDED, note("n", status=Status.VOIDED), None, None),
        (VOIDED, note("n"), None, "asked to void it, answered ISSUED"),
        (VOIDED, note("m", status=Status.VOIDED), None, "asked for note 'n', answered with 'm'"),
        (REFUNDED, paid(("r", 1_00)), "r", None),
        (REFUNDED, paid(("other", 2_00), ("r", 1_00)), "r", None),
        (REFUNDED, paid(("r", 2_00)), "r", "asked to refund 1.00 EUR, answered 2.00 EUR"),
        (REFUNDED, paid(), "r", None),
        (REFUNDED, paid(("r", 2_00)), None, None),
        (REFUNDED, note("m"), "r", "asked for note 'n', answered with 'm'"),
    ],
)
def test_a_note_after_a_call_is_compared_with_what_was_asked(
    plan: WritePlan, after: CreditNote, refund_id: str | None, differs: str | None
) -> None:
    assert difference(plan, after, refund_id=refund_id) == differs


def test_a_note_the_provider_made_by_itself_is_a_difference() -> None:
    change = Change.of_refund(REFUNDED, Refunded(note=paid(("r", 1_00)), refund_id="r", surplus=(note("surplus"),)))
    assert change.surplus == note("surplus")
    assert change.difference is not None
    assert "'surplus'" in change.difference


def test_what_a_call_made_is_claimed_a_note_or_a_refund_and_a_void_makes_nothing() -> None:
    assert Change(note=note("n")).made(ISSUED) == "n"
    assert Change(note=note("n")).made(None) == "n"
    assert Change(note=note("n"), refund_id="r").made(REFUNDED) == refund_claim("r") != "r"
    assert Change(note=note("n")).made(REFUNDED) is None
    assert Change(note=note("n")).made(VOIDED) is None


@pytest.mark.parametrize("plan", [VOIDED, REFUNDED], ids=["void", "refund"])
async def test_an_account_whose_provider_cannot_is_never_asked(plan: WritePlan) -> None:
    adapter = StubAdapter()
    with pytest.raises(Unsupported) as told:
        await perform(account(adapter), plan, Deadline(5), key="k")
    assert (told.value.code, told.value.ability, told.value.path) == (ErrorCode.UNSUPPORTED, plan.kind, ("id",))
    assert adapter.asked == []


async def test_what_an_account_does_not_offer_is_refused_before_anything_is_read(desks: Desks, sandbox: SandboxControl) -> None:
    desk = desks.open()
    refused = [
        await desk.void(VoidCreditNote(key="k", note=Ref("vcita-demo", "cn00000000000001"))),
        await desk.refund(RefundCreditNote(key="k", note=Ref("zenskar-demo", "00000000-0000-4000-8000-000000003001"))),
    ]
    assert {(said(result), result.errors[0].path) for result in refused} == {(("NOT_APPLIED", "UNSUPPORTED"), ("id",))}
    assert sandbox.requests() == {}


async def test_both_steps_of_a_write_are_taken_once_and_told_as_one(desks: Desks, sandbox: SandboxControl) -> None:
    desk = desks.open()
    first, again = await desk.issue(paid_back("k")), await desk.issue(paid_back("k"))
    assert (said(first), said(again), again.replayed) == (APPLIED, APPLIED, True)
    assert (again.note, again.refund_id) == (first.note, first.refund_id)
    (note,) = notes_on(sandbox, "chargebee-demo", PAID)
    assert note["refunded_minor"] == 10_00
    assert sandbox.calls("chargebee", "POST") == 2
    entry = (await found(desk, "chargebee-demo")).entry
    assert [(attempt.step, attempt.code) for attempt in entry.attempts] == [(1, "OK"), (2, "OK")]


async def test_a_refused_second_step_is_asked_for_again_with_another_key_towards_the_provider(
    desks: Desks, sandbox: SandboxControl
) -> None:
    desk = desks.open()
    sandbox.fault(provider="chargebee", method="POST", path="*/refund", fault="status", status=403, times=1)
    assert said(await desk.issue(paid_back("k"))) == HALF
    assert said(await desk.issue(command("chargebee-demo", key="other", invoice=PAID, currency="EUR"))) == APPLIED
    assert said(await desk.issue(paid_back("k", minor=11_00))) == ("NOT_APPLIED", "IDEMPOTENCY_KEY_REUSED")
    assert said(await desk.issue(paid_back("k"))) == APPLIED
    entry = (await found(desk, "chargebee-demo")).entry
    assert [(attempt.step, attempt.code) for attempt in entry.attempts] == [(1, "OK"), (2, "PROVIDER_FORBIDDEN"), (2, "OK")]
    assert entry.generation == 2


@pytest.mark.parametrize("trouble", ["its lease is lost", "nothing can be put on record"])
async def test_a_refused_second_step_that_cannot_be_put_on_record_ends_the_request(
    desks: Desks, sandbox: SandboxControl, trouble: str
) -> None:
    inner = MemoryStore()
    line = ShakyStore(inner)
    desk = desks.open(ledger=line)

    def between_the_steps(name: str) -> Mishap:
        if not sandbox.calls("chargebee", "POST"):
            return "none"
        if name == "get_many":  # the first thing asked of the ledger once the first step is on record
            sandbox.fault(provider="chargebee", method="GET", fault="status", status=403)
            if trouble == "its lease is lost":
                inner._put(keys_of(desk, "chargebee-demo").lease, None)
            else:
                line.mishap = lambda asked: "before" if asked == "commit" else "none"
        return "none"

    line.mishap = between_the_steps
    async with asyncio.timeout(10):
        assert said(await desk.issue(paid_back("k"))) == HALF
    assert sandbox.calls("chargebee", "POST") == 1

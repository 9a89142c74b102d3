"""A preview refuses what issuing would refuse, in the same words and at the same place, and leaves no trace anywhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import pytest

from app.domain.commands import CustomerTarget, InvoiceTarget, IssueCreditNote
from app.domain.credit_note import Ref
from app.domain.errors import AmountTooHigh, GatewayError
from app.domain.money import Money
from app.gateway.accounts import Caller
from app.store.memory import MemoryStore
from app.timings import Timings
from tests.gateway.operating import lost, standalone
from tests.gateway.writing import APPLIED, Desk, Desks, command, said
from tests.support.demo import ACCOUNTS, PARTLY_PAID, VOID, provider
from tests.support.running import SandboxControl
from tests.support.stores import away

pytestmark = pytest.mark.anyio

CHARGEBEE, VCITA, ZENSKAR = ACCOUNTS


async def refusal(desk: Desk, command: IssueCreditNote) -> GatewayError:
    with pytest.raises(GatewayError) as told:
        await desk.preview(command)
    return told.value


def shown(error: GatewayError) -> tuple[object, ...]:
    """All that a client is told of it."""
    figures = (error.requested, error.maximum) if isinstance(error, AmountTooHigh) else ()
    problems = [shown(one) for one in getattr(error, "problems", ())]
    return type(error), error.code, error.message, error.path, error.account, error.retryable, *figures, *problems


async def assert_refused_alike(desk: Desk, command: IssueCreditNote, code: str) -> None:
    """By a preview first, then by issuing."""
    previewed = await refusal(desk, command)
    issued = await desk.issue(command)
    assert said(issued) == ("NOT_APPLIED", code)
    assert shown(previewed) == shown(issued.errors[0])


@dataclass(frozen=True, kw_only=True)
class Refused:
    """What both refuse, and as what."""

    code: str
    change: Callable[[str], IssueCreditNote]


def _elsewhere(account: str) -> IssueCreditNote:
    missing = {CHARGEBEE: "INV-9", VCITA: "inv0000000009999", ZENSKAR: "00000000-0000-4000-8000-000000009999"}
    asked = command(account)
    return replace(asked, target=InvoiceTarget(invoice=Ref(account, missing[account])))


REFUSED: Mapping[str, Refused] = {
    "too much": Refused(code="AMOUNT_EXCEEDS_CREDITABLE", change=lambda account: command(account, "500.01")),
    "another currency": Refused(code="CURRENCY_MISMATCH", change=lambda account: command(account, currency="EUR")),
    "a void invoice": Refused(code="INVOICE_NOT_CREDITABLE", change=lambda account: command(account, invoice=VOID, currency="EUR")),
    "no such invoice": Refused(code="NOT_FOUND", change=_elsewhere),
}


@pytest.mark.parametrize("account", ACCOUNTS)
@pytest.mark.parametrize("refused", REFUSED.values(), ids=REFUSED)
async def test_what_the_invoice_forbids_is_refused_as_issuing_would(
    desk: Desk, sandbox: SandboxControl, account: str, refused: Refused
) -> None:
    await assert_refused_alike(desk, refused.change(account), refused.code)
    assert sandbox.calls(provider(account), "POST") == 0


@pytest.mark.parametrize("account", [VCITA, ZENSKAR])
async def test_what_the_account_cannot_do_is_refused_before_anything_is_read(
    desk: Desk, sandbox: SandboxControl, account: str
) -> None:
    field = replace(command(account), customer_note="Thank you")
    customer = replace(standalone("k"), target=CustomerTarget(customer=Ref(account, "acme"), currency="EUR"), dispositions=())
    several = replace(field, internal_note="for us")
    for asked, code in ((field, "UNSUPPORTED"), (customer, "UNSUPPORTED"), (several, "INVALID_INPUT")):
        await assert_refused_alike(desk, asked, code)
    assert sandbox.requests() == {}


async def test_an_account_that_is_not_there_or_not_the_callers_is_not_found(desk: Desk, sandbox: SandboxControl) -> None:
    asked = command(ZENSKAR)
    nobody = replace(asked, target=InvoiceTarget(invoice=Ref("nobody", "i")))
    await assert_refused_alike(desk, nobody, "NOT_FOUND")
    with pytest.raises(GatewayError) as told:
        await desk.preview(asked, Caller(name="stranger", tenant="elsewhere"))
    assert (told.value.code.value, told.value.path) == ("NOT_FOUND", ("against", "invoice"))
    assert sandbox.requests() == {}


@pytest.mark.parametrize("account", ACCOUNTS)
async def test_a_write_without_a_known_end_stands_in_the_way_of_a_preview_too(
    desk: Desk, sandbox: SandboxControl, account: str
) -> None:
    await lost(desk, sandbox, account, made=True)
    await assert_refused_alike(desk, command(account, key="other"), "CONFLICT")
    assert (
        await refusal(desk, command(account, key="k"))
    ).code.value == "CONFLICT"  # what is left is not known for that key either
    assert await desk.preview(command(account, "1.00", invoice=PARTLY_PAID, currency="EUR"))


async def test_an_account_whose_writes_are_stopped_has_no_previews(desk: Desk, sandbox: SandboxControl) -> None:
    await desk.units.raise_for(desk.account(ZENSKAR))
    await assert_refused_alike(desk, command(ZENSKAR), "FEATURE_DISABLED")
    assert await desk.preview(command(VCITA))
    await desk.units.confirm(desk.account(ZENSKAR))
    assert await desk.preview(command(ZENSKAR))


@pytest.mark.parametrize("account", ACCOUNTS)
async def test_a_real_account_with_a_memory_that_ends_with_the_process_has_no_previews(
    desks: Desks, sandbox: SandboxControl, account: str
) -> None:
    real = {name: replace(settings, demo=False) for name, settings in desks.demo.items()}
    await assert_refused_alike(desks.open(accounts=real), command(account), "FEATURE_DISABLED")
    assert sandbox.requests() == {}
    assert await desks.open(accounts=real, accepts_volatile=True).preview(command(account))


async def test_without_the_ledger_nobody_knows_what_stands_in_the_way(desks: Desks, sandbox: SandboxControl) -> None:
    await assert_refused_alike(desks.open(ledger=away(MemoryStore())), command(ZENSKAR), "GATEWAY_UNAVAILABLE")
    assert sandbox.requests() == {}


@pytest.mark.parametrize("account", ACCOUNTS)
async def test_an_invoice_that_cannot_be_read_is_refused_as_issuing_would(
    desks: Desks, sandbox: SandboxControl, account: str
) -> None:
    desk = desks.open(timings=Timings(read_timeout_s=0.4, write_timeout_s=0.7))
    sandbox.fault(provider=provider(account), method="GET", fault="status", status=403)
    told = await refusal(desk, command(account))
    assert (told.code.value, told.account) == ("PROVIDER_FORBIDDEN", account)


@pytest.mark.parametrize("account", ACCOUNTS)
async def test_a_preview_sends_nothing_and_leaves_nothing_in_the_ledger(desk: Desk, sandbox: SandboxControl, account: str) -> None:
    books = sandbox.books()
    asked = command(account, key="k")
    assert await desk.preview(asked)
    await refusal(desk, command(account, "500.01", key="k"))
    assert [key async for key in desk.store.find("")] == []
    assert [key async for key in desk.audit.store.find("cn:1:audit")] == []
    assert {method for _, method, _ in sandbox.requests()} == {"GET"}
    assert sandbox.books() == books
    issued = await desk.issue(asked)
    assert (said(issued), issued.replayed) == (APPLIED, False)


async def test_what_is_done_can_be_previewed_again_with_what_is_left(desk: Desk, sandbox: SandboxControl) -> None:
    asked = command(ZENSKAR, "300.00", key="k")
    await desk.issue(asked)
    told = await refusal(desk, asked)
    assert isinstance(told, AmountTooHigh)
    assert told.maximum == Money(200_00, "USD")

"""Writes that were left open, and what the ledger says of them: for the tests of whoever ends them."""

from __future__ import annotations

from dataclasses import replace

from app.domain.commands import CreditTotal, CustomerTarget, DispositionPart, IssueCreditNote
from app.domain.credit_note import Ref
from app.domain.money import Money
from app.domain.vocabulary import Disposition, Operation, Reason
from app.gateway.entries import EntryKeys
from app.gateway.operations import Recorded
from tests.gateway.writing import CALLER, UNKNOWN, Desk, command, said
from tests.support.demo import PAID, provider
from tests.support.running import SandboxControl


async def lost(desk: Desk, sandbox: SandboxControl, account: str, *, made: bool, key: str = "k") -> None:
    """A write whose answer was lost, and whose client does not come back."""
    fault = "drop_after" if made else "drop_before"
    sandbox.fault(provider=provider(account), method="POST", fault=fault, times=1)
    assert said(await desk.issue(command(account, key=key))) == UNKNOWN


def keys_of(desk: Desk, account: str, operation: Operation = Operation.ISSUE, key: str = "k") -> EntryKeys:
    """Where the write is remembered."""
    return EntryKeys(account=desk.account(account), operation=operation, key=key)


async def found(desk: Desk, account: str, operation: Operation = Operation.ISSUE, key: str = "k") -> Recorded:
    """What the ledger has of the write."""
    recorded = await desk.operations.find(CALLER, account, operation, key)
    assert recorded is not None
    return recorded


async def state(desk: Desk, account: str, operation: Operation = Operation.ISSUE, key: str = "k") -> tuple[str, str]:
    """How far the write has come, and its outcome."""
    recorded = await found(desk, account, operation, key)
    return recorded.entry.state, recorded.result.outcome.value


def standalone(key: str) -> IssueCreditNote:
    """Credit for a customer, against no invoice."""
    return IssueCreditNote(
        key=key,
        target=CustomerTarget(customer=Ref("chargebee-demo", "acme"), currency="EUR"),
        credit=CreditTotal(total=Money(10_00, "EUR")),
        reason=Reason.ORDER_CHANGE,
        dispositions=(DispositionPart(disposition=Disposition.CUSTOMER_CREDIT),),
    )


def paid_back(key: str, *, minor: int = 10_00) -> IssueCreditNote:
    """A note of two calls: issued first, then paid back."""
    return replace(
        command("chargebee-demo", key=key, invoice=PAID, currency="EUR"),
        credit=CreditTotal(total=Money(minor, "EUR")),
        dispositions=(DispositionPart(disposition=Disposition.PAYMENT_REFUND),),
    )

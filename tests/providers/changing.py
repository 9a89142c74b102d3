"""What the contract suite tries voids and refunds on: a provider's sandbox, whose writes the desk takes over. No test lives here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import cast

from starlette.types import Receive, Scope, Send

from app.domain.commands import RefundCreditNote, VoidCreditNote
from app.domain.credit_note import CreditNote
from app.domain.errors import GatewayError
from app.domain.plans import Refunded, WritePlan
from app.domain.vocabulary import Operation
from app.gateway.accounts import Account
from app.providers.contract import Adapter, CanRefund, CanVoid
from app.providers.policy import Deadline
from app.sandbox.chargebee import ChargebeeSandbox
from app.sandbox.kernel import Clock, ProviderSandbox
from app.sandbox.vcita import VcitaSandbox
from app.sandbox.zenskar import ZenskarSandbox
from tests.providers import CASES
from tests.providers.case import ProviderCase
from tests.providers.conftest import KEY
from tests.providers.desk import Desk
from tests.providers.readings import read_note
from tests.providers.recordings import Reply
from tests.support.demo import PAID, UNPAID, invoice_id

METHODS: Mapping[Operation, type] = MappingProxyType({Operation.VOID: CanVoid, Operation.REFUND: CanRefund})
MINOR = {Operation.VOID: 100_00, Operation.REFUND: 119_00}
"""Of the note: less than 1002 has due, and all of the one payment of 1001."""


@dataclass(frozen=True, slots=True)
class Change:
    """An operation, and a provider that has it."""

    case: ProviderCase
    operation: Operation

    def __str__(self) -> str:
        return f"{self.case.name}-{self.operation.value}"


CHANGES = tuple(
    Change(case, operation)
    for case in CASES
    for operation, ability in METHODS.items()
    if issubclass(cast("type", case.spec.adapter), ability)
)


@dataclass(slots=True, repr=False)
class Counter:
    """The provider's side: reads are the sandbox's, and so are writes, unless the desk takes them."""

    sandbox: ProviderSandbox
    desk: Desk
    at_desk: bool = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        await (self.desk if self.at_desk and scope["method"] != "GET" else self.sandbox.app)(scope, receive, send)

    def clear(self) -> None:
        """As if nothing had happened."""
        self.sandbox.reset()
        self.desk.clear()
        self.at_desk = False


def counters() -> Mapping[str, Counter]:
    """One for each provider."""
    clock = Clock()
    sandboxes: tuple[ProviderSandbox, ...] = (ChargebeeSandbox(clock), VcitaSandbox(clock), ZenskarSandbox(clock))
    return {sandbox.name: Counter(sandbox, Desk()) for sandbox in sandboxes}


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Trial:
    """A change, to be tried with an account that may do everything."""

    change: Change
    account: Account
    counter: Counter

    @property
    def adapter(self) -> Adapter:
        """Ready for one operation."""
        return self.account.adapter(Deadline(5))

    @property
    def _invoice_id(self) -> str:
        number = UNPAID if self.change.operation is Operation.VOID else PAID
        return invoice_id(f"{self.change.case.name}-demo", number)

    def _booked(self, kind: str) -> str:
        """The last of the invoice's."""
        rows = self.counter.sandbox.books()[kind]
        return str([row["id"] for row in rows if row["invoice_id"] == self._invoice_id][-1])

    async def note(self) -> CreditNote:
        """A note it can be done to, just issued by somebody else."""
        self.counter.sandbox.act("issue", {"invoice_id": self._invoice_id, "minor": MINOR[self.change.operation]})
        return await self.read(self._booked("notes"))

    async def read(self, id: str) -> CreditNote:
        """The note as it is now."""
        return await read_note(self.adapter, id)

    async def plan(self, note: CreditNote) -> WritePlan:
        """The plan for all of the note; raises what is refused."""
        adapter = self.adapter
        if self.change.operation is Operation.VOID:
            assert isinstance(adapter, CanVoid)
            return adapter.plan_void(VoidCreditNote(key="key-1", note=note.ref), note)
        assert isinstance(adapter, CanRefund)
        command = RefundCreditNote(key="key-1", note=note.ref, payment_id=self._booked("payments"))
        return await adapter.plan_refund(command, note)

    async def send(self, plan: WritePlan) -> CreditNote | Refunded | GatewayError:
        """What comes of the call, or the failure."""
        adapter = self.adapter
        try:
            if plan.kind is Operation.VOID:
                assert isinstance(adapter, CanVoid)
                return await adapter.void(plan, key=KEY)
            assert isinstance(adapter, CanRefund)
            return await adapter.refund(plan, key=KEY)
        except GatewayError as failed:
            return failed

    async def answered(self, plan: WritePlan, reply: Reply | None) -> CreditNote | Refunded | GatewayError:
        """The same, answered with this by the desk; None: cut off."""
        self.counter.at_desk = True
        self.counter.desk.clear()
        self.counter.desk.lay_out(reply)
        return await self.send(plan)

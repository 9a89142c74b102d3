"""What issuing would do: everything that would refuse it is asked, nothing is sent and nothing put on record."""

from __future__ import annotations

from dataclasses import dataclass

from app.domain.commands import IssueCreditNote
from app.domain.errors import GatewayError
from app.domain.invoice import CreditableBalance
from app.domain.plans import Preview
from app.domain.vocabulary import Operation
from app.gateway.accounts import Accounts, Caller
from app.gateway.entries import EntryKeys, subject
from app.gateway.tasks import Issue
from app.gateway.writes import Writes
from app.providers.policy import Deadline


@dataclass(frozen=True, slots=True, kw_only=True)
class Previewed:
    """A preview beside what is left of the invoice; no balance where a customer is credited without one."""

    preview: Preview
    creditable: CreditableBalance | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Previews:
    """Issuing up to the moment before it is put on record."""

    accounts: Accounts
    writes: Writes

    async def preview(self, caller: Caller, command: IssueCreditNote) -> Previewed:
        """What the command would do against the invoice as it is now. Raises what issuing would be refused with."""
        task = Issue(command=command)
        try:
            account = self.accounts.find(caller, task.account)
        except GatewayError as missing:
            missing.path = task.path
            raise
        try:
            task.refuse_unsupported(account)
            self.writes.refuse_volatile(account)
            await self.writes.ledger.refuse_if_pending(
                EntryKeys(account=account, operation=Operation.ISSUE, key=""), subject(command)
            )
            await self.writes.sender.units.refuse_if_raised(account)
            deadline = Deadline(self.writes.sender.timings.read_timeout_s)
            invoice = await task.invoice(account, deadline)
            preview = account.adapter(deadline).preview(command, invoice)
        except GatewayError as refused:
            refused.account = refused.account or account.name
            raise
        return Previewed(preview=preview, creditable=None if invoice is None else invoice.creditable)

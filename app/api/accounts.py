"""An account as clients see it: what it can do, and how it has answered."""

from __future__ import annotations

import math
from datetime import datetime

import strawberry

from app.api.context import Info
from app.api.ids import Kind, encode_id
from app.api.node import Node
from app.api.provider import Provider, provider_enum
from app.api.words import BatchLoad, CapabilityLevel, HealthStatus, IdempotencySupport
from app.domain.credit_note import Ref
from app.domain.vocabulary import Disposition, Filter, IssueField, Operation, Order, Reason
from app.gateway import accounts

_WRITING = frozenset({Operation.ISSUE, Operation.ISSUE_WITHOUT_INVOICE, Operation.PREVIEW, Operation.VOID, Operation.REFUND})
"""Refused together where writes are: previewing, too, since what it shows could not be done."""


@strawberry.type(description="What the gateway offers for this account today.")
class OperationCapability:
    """One operation and how it is offered."""

    operation: Operation = strawberry.field(description="The operation.")
    level: CapabilityLevel = strawberry.field(description="How it is offered.")
    note: str | None = strawberry.field(description="What to know about it.")


@strawberry.type(description="What an account can do.")
class Capabilities:
    """An account's abilities."""

    operations: list[OperationCapability] = strawberry.field(description="Every operation, offered or not.")
    filters: list[Filter] = strawberry.field(description="Filters the provider applies itself.")
    orders: list[Order] = strawberry.field(description="Orders the provider lists in.")
    batch_load: BatchLoad = strawberry.field(description="How many notes by id are read.")
    idempotency: IdempotencySupport = strawberry.field(description="Whether the provider itself protects repeated writes.")
    reasons: list[Reason] = strawberry.field(description="Reasons it takes.")
    dispositions: list[Disposition] = strawberry.field(description="Places it can put a note's value.")
    issue_fields: list[IssueField] = strawberry.field(description="Inputs of issueCreditNote this account can honour.")

    @classmethod
    def of(cls, account: accounts.Account, *, closed: str | None) -> Capabilities:
        """The abilities of an account's provider; `closed`: why none of its writes is taken."""
        can = account.capabilities
        return cls(
            operations=[_operation(account, operation, closed) for operation in Operation],
            filters=[member for member in Filter if member in can.filters],
            orders=[member for member in Order if member in can.orders],
            batch_load=BatchLoad.NATIVE if can.batch_size > 1 else BatchLoad.FAN_OUT,
            idempotency=IdempotencySupport.NATIVE if can.native_idempotency else IdempotencySupport.GATEWAY_ONLY,
            reasons=[member for member in Reason if member in account.reasons],
            dispositions=[member for member in Disposition if member in can.dispositions],
            issue_fields=[member for member in IssueField if member in can.issue_fields],
        )


def _operation(account: accounts.Account, operation: Operation, closed: str | None) -> OperationCapability:
    level, note = CapabilityLevel.UNSUPPORTED, account.capabilities.notes.get(operation)
    if account.offers(operation):
        if closed is not None and operation in _WRITING:
            return OperationCapability(operation=operation, level=level, note=closed)
        level = CapabilityLevel.EMULATED if operation is Operation.PREVIEW else CapabilityLevel.NATIVE
    return OperationCapability(operation=operation, level=level, note=note)


@strawberry.type(description="How an account has answered lately. Looking at it costs no call.")
class AccountHealth:
    """The last that was seen of an account."""

    status: HealthStatus = strawberry.field(description="In one word.")
    checked_at: datetime | None = strawberry.field(description="When it last answered, or failed to.")
    retry_after_seconds: int | None = strawberry.field(description="How long it is left alone, where that is known.")


@strawberry.type(description="One configured account at one provider.")
class Account(Node):
    """An account."""

    name: str = strawberry.field(description="The name in the gateway's configuration, as used in `account` arguments.")
    provider: Provider = strawberry.field(description="The vendor.")
    source: strawberry.Private[accounts.Account]

    @strawberry.field(description="What it can do.")
    def capabilities(self, info: Info) -> Capabilities:
        """Built when asked for: most queries only name the account."""
        return Capabilities.of(self.source, closed=info.context.services.writes.why_closed(self.source))

    @strawberry.field(description="How it has answered lately.")
    def health(self) -> AccountHealth:
        """As of now."""
        seen = self.source.line.health
        status = HealthStatus.UNAVAILABLE if self.source.line.breaker.is_open else HealthStatus[seen.status]
        wait = seen.retry_after_s
        return AccountHealth(
            status=status, checked_at=seen.checked_at, retry_after_seconds=None if wait is None else math.ceil(wait)
        )

    @classmethod
    def of(cls, account: accounts.Account) -> Account:
        """The account as shown."""
        return cls(
            id=strawberry.ID(encode_id(Kind.ACCOUNT, Ref(account.name, account.spec.name))),
            name=account.name,
            provider=provider_enum(account.spec.name),
            source=account,
        )

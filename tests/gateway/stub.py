"""A provider without a wire: an account whose adapter answers from memory, for what the gateway decides by itself."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NoReturn

from app import http
from app.domain.commands import CreditNoteFilter, CreditTotal, IssueCreditNote, Page, PageRequest
from app.domain.credit_note import CreditNote, Ref
from app.domain.errors import GatewayError, NotFound
from app.domain.invoice import Invoice
from app.domain.money import Money
from app.domain.plans import Expected, Preview, WritePlan
from app.domain.vocabulary import NoteAction, RefundStatus, Settlement, Status
from app.gateway.accounts import Account, Accounts, Caller
from app.providers.contract import AccountSettings, Adapter, Capabilities, ClientOptions, Limits, ProviderSpec

WHEN = datetime(2026, 3, 1, 12, tzinfo=UTC)
CALLER = Caller(name="test")


class NoNetwork(http.AsyncBaseTransport):
    """Nothing here may leave the process."""

    async def handle_async_request(self, request: http.Request) -> NoReturn:
        message = f"{request.method} {request.url} was sent by a test without a network"
        raise AssertionError(message)


def note(id: str, *, account: str = "acme", at: datetime = WHEN, minor: int = 1_00, **more: object) -> CreditNote:
    """A settled note."""
    members: dict[str, object] = {
        "ref": Ref(account, id),
        "status": Status.ISSUED,
        "settlement": Settlement.SETTLED,
        "refund_status": RefundStatus.NONE,
        "total": Money(minor, "EUR"),
        "issued_at": at,
        "created_at": at,
        **more,
    }
    return CreditNote(**members)  # type: ignore[arg-type]  # a builder for tests: wrong members fail there at once


@dataclass(slots=True, kw_only=True)
class StubAdapter:
    """Holds notes and counts what it is asked; `failing` is raised by every read while it is set."""

    account: str = "acme"
    notes: dict[str, CreditNote | GatewayError] = field(default_factory=dict)
    asked: list[tuple[str, ...]] = field(default_factory=list)
    failing: Exception | None = None
    gate: asyncio.Event | None = None
    """Every read waits for it, once it has taken its answer."""

    async def fetch_many(self, ids: Sequence[str]) -> Mapping[str, CreditNote | GatewayError]:
        self.asked.append(tuple(ids))
        if self.failing is not None:
            raise self.failing
        found: dict[str, CreditNote | GatewayError] = {
            id: self.notes.get(id) or NotFound(f"no {id!r}", account=self.account) for id in ids
        }
        if self.gate is not None:
            await self.gate.wait()
        return found

    async def list(self, where: CreditNoteFilter, page: PageRequest) -> Page:
        raise NotImplementedError

    async def invoices(self, ids: Sequence[str]) -> Mapping[str, Invoice | GatewayError]:
        raise NotImplementedError

    def plan(self, command: IssueCreditNote, invoice: Invoice | None) -> WritePlan:  # noqa: ARG002 - the contract's signature
        assert isinstance(command.credit, CreditTotal)
        return WritePlan(request=b"{}", expected=Expected(currency="EUR", total=command.credit.total))

    def preview(self, command: IssueCreditNote, invoice: Invoice | None) -> Preview:
        raise NotImplementedError

    def allows(self, note: CreditNote) -> frozenset[NoteAction]:  # noqa: ARG002 - the contract's signature
        return frozenset()

    async def issue(self, plan: WritePlan, *, key: str) -> CreditNote:
        raise NotImplementedError

    async def probe(self) -> None:
        raise NotImplementedError


def spec(adapter: Adapter, capabilities: Capabilities | None = None, *, name: str = "stub") -> ProviderSpec:
    """A provider that is this adapter."""
    return ProviderSpec(
        name=name,
        credentials=(),
        capabilities=capabilities or Capabilities(),
        client=lambda _: ClientOptions(base_url="http://127.0.0.1:9"),
        adapter=lambda _, __: adapter,
    )


def settings(name: str = "acme", *, tenant: str = "default", provider: str = "stub", demo: bool = True) -> AccountSettings:
    """A configured account of it."""
    return AccountSettings(
        name=name,
        tenant=tenant,
        provider=provider,
        credentials={},
        options={},
        reason_codes={},
        switches={},
        limits=Limits(),
        demo=demo,
    )


def accounts(adapters: Mapping[str, Adapter], capabilities: Mapping[str, Capabilities] | None = None) -> Accounts:
    """One account for each adapter, by name, each of a provider of its own."""
    able = capabilities or {}
    return Accounts(
        {name: settings(name, provider=f"at-{name}") for name in adapters},
        {f"at-{name}": spec(adapter, able.get(name), name=f"at-{name}") for name, adapter in adapters.items()},
        NoNetwork(),
    )


def account(adapter: Adapter | None = None, *, name: str = "acme", tenant: str = "default", demo: bool = True) -> Account:
    """One open account."""
    opened = Accounts(
        {name: settings(name, tenant=tenant, demo=demo)}, {"stub": spec(adapter or StubAdapter(account=name))}, NoNetwork()
    )
    return opened.find(CALLER, name)

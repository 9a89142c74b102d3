"""Opens every account with one cheap read: what `credit-notes check` prints."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

from app.asgi import make_process, with_sandbox
from app.domain.errors import GatewayError
from app.gateway.accounts import OPEN, Account
from app.gateway.units import UnitAlarms
from app.providers.policy import Deadline
from app.sandbox.server import make_sandbox, serving
from app.settings import Settings
from app.store import Store, StoreFailure


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One account's line, or the ledger's."""

    account: str
    provider: str
    state: str
    latency_s: float
    works: bool

    @property
    def cells(self) -> tuple[str, str, str, str]:
        """As printed."""
        return self.account, self.provider, self.state, f"{self.latency_s * 1000:.0f} ms"


async def check_accounts(settings: Settings, *, confirm_units: bool = False) -> list[Row]:
    """Every account, by name, then the ledger if it is in Redis; without any account, the built-in sandboxes."""
    if settings.accounts:
        return await _check(settings, confirm_units=confirm_units)
    async with serving(make_sandbox()) as addresses:
        return await _check(with_sandbox(settings, addresses.providers), confirm_units=confirm_units)


async def _check(settings: Settings, *, confirm_units: bool) -> list[Row]:
    process = make_process(settings)
    try:
        accounts = process.services.accounts.of(OPEN)
        if confirm_units:
            alarms = UnitAlarms(process.ledger)
            await asyncio.gather(*(alarms.confirm(account) for account in accounts))
        rows = await asyncio.gather(*(_row(account, settings.timings.read_timeout_s) for account in accounts))
        return [*rows, *await _ledger_rows(process.ledger, settings)]
    finally:
        await process.aclose()


async def _row(account: Account, seconds: float) -> Row:
    started, state, works = time.monotonic(), "OK", True
    try:
        await account.adapter(Deadline(seconds)).probe()
    except GatewayError as failed:
        state, works = f"{failed.code.value}: {failed.message}"[:200], False
    return Row(account=account.name, provider=account.spec.name, state=state, latency_s=time.monotonic() - started, works=works)


async def _ledger_rows(ledger: Store, settings: Settings) -> list[Row]:
    """How durable the ledger is, where there is one to ask; it fails only where the settings require more."""
    if not ledger.is_shared and not settings.requires_durable_ledger:
        return []
    started = time.monotonic()
    try:
        told = await ledger.durability()
        state, assured = "; ".join(told.doubts) or "OK", told.is_assured
    except StoreFailure as failed:
        state, assured = str(failed), False
    kind, works = "redis" if ledger.is_shared else "process", assured or not settings.requires_durable_ledger
    return [Row(account="(ledger)", provider=kind, state=state, latency_s=time.monotonic() - started, works=works)]

"""Opens every account with one cheap read: what `credit-notes check` prints."""

from __future__ import annotations

import asyncio
import contextlib
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

STOPPED = "reads; its writes are stopped: an amount was a power of ten off. Look at its last note, then say --confirm-units"


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
        accounts, alarms = process.services.accounts.of(OPEN), UnitAlarms(process.ledger)
        if confirm_units:
            await asyncio.gather(*(alarms.confirm(account) for account in accounts))
        rows = await asyncio.gather(*(_row(account, alarms, settings.timings.read_timeout_s) for account in accounts))
        return [*rows, *await _ledger_rows(process.ledger, settings)]
    finally:
        await process.aclose()


async def _row(account: Account, alarms: UnitAlarms, seconds: float) -> Row:
    started, state, works = time.monotonic(), "OK", True
    try:
        await account.adapter(Deadline(seconds)).probe()
    except GatewayError as failed:
        state, works = f"{failed.code.value}: {failed.message}"[:200], False
    latency_s = time.monotonic() - started
    if works and await _is_stopped(account, alarms):
        state, works = STOPPED, False
    return Row(account=account.name, provider=account.spec.name, state=state, latency_s=latency_s, works=works)


async def _is_stopped(account: Account, alarms: UnitAlarms) -> bool:
    with contextlib.suppress(StoreFailure):  # the ledger's own line says that it is away
        return await alarms.is_raised(account)
    return False


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

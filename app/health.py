"""Whether the process lives, and whether it is ready. Never calls a provider."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse

from app.settings import PREFIX, Settings
from app.store import PartOutOfReach, Store, StoreFailure
from app.store.durability import Durability


class Health:
    """The two probes, and what an operator should know from the start."""

    def __init__(self, ledger: Store, settings: Settings) -> None:
        self._ledger = ledger
        self.settings = settings
        self.is_draining = False
        """Set once the process is to end: whoever sends requests should send them elsewhere."""

    async def warnings(self) -> list[str]:
        """What limits this process, in words."""
        if not self._ledger.is_shared:
            return self._volatile()
        try:
            return self._notes(await self._ledger.durability())
        except PartOutOfReach as failed:
            return [_for_some(failed)]
        except StoreFailure as failed:
            return [f"writes refused: {failed}"]

    async def refusal(self) -> str | None:
        """Why this process may not serve: its ledger is less durable than the settings require; None where it may."""
        if not self.settings.requires_durable_ledger:
            return None
        try:
            told = await self._ledger.durability()
        except StoreFailure as failed:
            return f"{PREFIX}LEDGER_DURABILITY is required, but {failed}"
        return None if told.is_assured else f"{PREFIX}LEDGER_DURABILITY is required, but {'; and '.join(told.doubts)}"

    async def livez(self, _: Request) -> JSONResponse:
        """The process answers."""
        return JSONResponse({"status": "ok"})

    async def readyz(self, _: Request) -> JSONResponse:
        """200 while it serves: without Redis reads go on, and only writes are refused. 503 once the process is to end."""
        if self.is_draining:
            return JSONResponse({"status": "draining"}, 503)
        if not self._ledger.is_shared:
            return JSONResponse({"status": "ok", "store": {"kind": "process", "reachable": True}, "notes": self._volatile()})
        try:
            told = await self._ledger.durability()
        except PartOutOfReach as failed:
            return JSONResponse({"status": "degraded", "store": {"kind": "redis", "reachable": True}, "notes": [_for_some(failed)]})
        except StoreFailure:
            return JSONResponse({"status": "degraded", "store": {"kind": "redis", "reachable": False}, "notes": ["writes refused"]})
        store = {"kind": "redis", "reachable": True, "keptOnDisk": told.kept_on_disk, "mayEvict": told.may_evict}
        return JSONResponse({"status": "ok", "store": store, "notes": self._notes(told)})

    def _volatile(self) -> list[str]:
        real = [account.name for account in self.settings.accounts.values() if not account.demo]
        if not real:
            return []
        if self.settings.accepts_volatile_ledger:
            return ["the ledger is in this process only, and was accepted so: a restart forgets which writes were made"]
        return [f"writes refused: without {PREFIX}REDIS_URL the ledger would not outlive this process"]

    def _notes(self, told: Durability) -> list[str]:
        notes = told.doubts
        if self.settings.ledger_wait_aof and told.kept_on_disk is False:
            notes.append(f"writes refused: {PREFIX}LEDGER_WAIT_AOF waits for a disk that Redis does not write to")
        return notes


def _for_some(failed: PartOutOfReach) -> str:
    return f"writes refused for some accounts: {failed}"

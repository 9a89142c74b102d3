"""Whether the process lives, and whether it is ready. Never calls a provider."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse

from app.settings import Settings
from app.store import Store, StoreFailure


class Health:
    """The two probes, and what an operator should know from the start."""

    def __init__(self, ledger: Store, settings: Settings) -> None:
        self._ledger = ledger
        self._settings = settings

    def warnings(self) -> list[str]:
        """What limits this process, in words."""
        real = [account.name for account in self._settings.accounts.values() if not account.demo]
        if self._ledger.is_shared or not real:
            return []
        if self._settings.accepts_volatile_ledger:
            return ["the ledger is in this process only, and was accepted so: a restart forgets which writes were made"]
        return ["writes refused: without CREDIT_NOTES_REDIS_URL the ledger would not outlive this process"]

    async def livez(self, _: Request) -> JSONResponse:
        """The process answers."""
        return JSONResponse({"status": "ok"})

    async def readyz(self, _: Request) -> JSONResponse:
        """Always 200 while it serves: without Redis reads go on, and only writes are refused."""
        kind = "redis" if self._ledger.is_shared else "process"
        try:
            await self._ledger.ping()
        except StoreFailure:
            return JSONResponse({"status": "degraded", "store": {"kind": kind, "reachable": False}, "notes": ["writes refused"]})
        notes = self.warnings()
        return JSONResponse({"status": "ok", "store": {"kind": kind, "reachable": True}, "notes": notes})

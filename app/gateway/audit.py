"""One event for every attempt at a write, to the log and to a bounded stream in the store: ids, outcome and time, nothing about people or money."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from app import telemetry
from app.gateway.entries import EntryKeys
from app.gateway.results import WriteResult
from app.store import Store, StoreFailure

STREAM = "cn:1:audit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """Tells what was attempted. A store out of reach stops no write here: the log has the event all the same."""

    store: Store
    most: int
    """Events the stream keeps."""
    clock: Callable[[], float] = time.time

    async def attempted(self, keys: EntryKeys, result: WriteResult, *, who: str, duration_s: float) -> None:
        """One attempt has ended."""
        event = {
            "at": f"{self.clock():.3f}",
            "who": who,
            "tenant": keys.account.settings.tenant,
            "account": keys.account.name,
            "operation": keys.operation.value,
            "key": keys.key,
            "outcome": result.outcome.value,
            "code": result.errors[0].code.value if result.errors else None,
            "replayed": "yes" if result.replayed else None,
            "note": result.note.ref.external_id if result.note else None,
            "refund": result.refund_id,
            "provider_request_id": result.provider_request_id,
            "request_id": telemetry.request_id.get(),
            "duration_ms": str(round(duration_s * 1000)),
        }
        told = {name: value for name, value in event.items() if value is not None}
        telemetry.write_attempted(told)
        try:
            await self.store.append(STREAM, told, most=self.most)
        except StoreFailure as failed:
            telemetry.store_failed(operation="audit", error=failed)

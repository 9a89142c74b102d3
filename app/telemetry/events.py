"""One function per event the gateway tells of, so that no secret or amount slips into a log, a figure or a span by habit."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from app.telemetry import sources
from app.telemetry.context import request_id
from app.telemetry.log import log
from app.telemetry.metrics import meters
from app.telemetry.traces import tracer

_METHODS = frozenset({"GET", "POST", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE"})
_PATHS = frozenset({"/", "/graphql", "/livez", "/readyz"})
_OTHER = "other"
"""In a figure, for what a client may have made up."""


def request_served(*, method: str, path: str, status: int, duration_s: float) -> None:
    """One HTTP request has been answered."""
    log.info("request", method=method, path=path, status=status, ms=round(duration_s * 1000, 1))
    if figures := meters():
        place = path if path in _PATHS else _OTHER
        figures.requests.labels(method if method in _METHODS else _OTHER, place, str(status)).inc()
        figures.request_s.labels(place).observe(duration_s)


@dataclass(slots=True)
class Told:
    """What is known of an operation once it has ended; `name` only where the operator has chosen it."""

    type: str = _OTHER
    name: str = _OTHER
    outcome: str = "cancelled"


@contextmanager
def operation() -> Iterator[Told]:
    """Around one GraphQL operation, of which is told at its end."""
    told, started = Told(), time.monotonic()
    tracing = tracer()
    span = tracing.begun() if tracing else None
    try:
        yield told
    finally:
        if figures := meters():
            figures.operations.labels(told.type, told.name, told.outcome).inc()
            figures.operation_s.labels(told.type).observe(time.monotonic() - started)
        if tracing and span:
            about = {"graphql.operation.type": told.type, "graphql.operation.name": told.name, "outcome": told.outcome}
            name = f"GraphQL {told.type} {told.name}"
            tracing.ended(span, name, {**about, "request.id": request_id.get() or ""}, failed=told.outcome != "ok")


@dataclass(frozen=True, slots=True, kw_only=True)
class UpstreamCall:
    """One call to a provider, as it ended; `path` holds no query and no secret."""

    provider: str
    account: str
    method: str
    path: str
    result: str
    duration_s: float
    breaker_is_open: bool = False


def upstream_called(call: UpstreamCall) -> None:
    """One call to a provider has ended."""
    log.debug(
        "upstream", provider=call.provider, account=call.account, method=call.method,
        path=call.path, result=call.result, ms=round(call.duration_s * 1000, 1),
    )  # fmt: skip
    sources.called(account=call.account, outcome=call.result, duration_s=call.duration_s)
    whose = call.provider, call.account
    if figures := meters():
        figures.calls.labels(*whose, call.result).inc()
        figures.call_s.labels(*whose).observe(call.duration_s)
        figures.breakers.labels(*whose).set(call.breaker_is_open)
    if tracing := tracer():  # without the path: an id in it may be somebody's
        about = {"provider": call.provider, "account": call.account, "http.request.method": call.method, "outcome": call.result}
        is_ok = call.result[:1] in {"2", "3"}
        tracing.called(f"{call.method} {call.provider}", about, duration_s=call.duration_s, failed=not is_ok)


def turn_came(*, provider: str, account: str, waited_s: float) -> None:
    """A call to a provider was let through after so long."""
    if figures := meters():
        figures.waits_s.labels(provider, account).observe(waited_s)


def cache_answered(kind: str, *, fresh: int, stale: int, missing: int) -> None:
    """So many things of a kind were remembered, remembered but old, and not remembered."""
    if figures := meters():
        for result, count in (("hit", fresh), ("stale", stale), ("miss", missing)):
            figures.cache.labels(kind, result).inc(count)


def ledger_reached(*, operation: str, state: str) -> None:
    """A write is on record as being so far."""
    if figures := meters():
        figures.ledger.labels(operation, state).inc()


def unknown_value(*, provider: str, account: str, what: str, value: str) -> None:
    """A provider used a word nobody has published; the note is shown as UNKNOWN beside it."""
    log.warning("unknown provider value", provider=provider, account=account, what=what, value=value[:100])


def store_failed(*, operation: str, error: Exception) -> None:
    """The shared store did not answer; reads go on without it."""
    log.warning("store out of reach", operation=operation, error=type(error).__name__)
    if figures := meters():
        figures.store_failures.labels(operation).inc()


def issuer_out_of_reach(*, issuer: str, error: Exception) -> None:
    """An issuer's keys could not be fetched; those that are known go on for a while."""
    log.warning("issuer out of reach", issuer=issuer, error=str(error)[:200])


def refresh_failed(*, account: str, error: Exception) -> None:
    """A refresh in the background failed; the stale value stays."""
    log.warning("refresh failed", account=account, error=str(error)[:200])


def watch_failed(*, account: str, error: Exception) -> None:
    """The open writes of an account could not be gone through; they will be again."""
    log.warning("watch failed", account=account, error=str(error)[:200])


def write_attempted(event: Mapping[str, str]) -> None:
    """One attempt at a write has ended; ids only, no amounts."""
    log.info("write", **{name: value for name, value in event.items() if name not in {"at", "request_id"}})  # the log has its own


def unit_alarm(*, account: str) -> None:
    """A provider answered with a power of ten of what was asked: the account's writes are stopped."""
    log.error("amount differs by a power of ten; writes of this account are stopped", account=account)


def internal_error(error: BaseException) -> None:
    """A bug: logged with its stack, masked towards the client."""
    log.error("internal error", exc_info=error)


def untrusted_document(*, id: str, operation: str | None) -> None:
    """A document was answered that the operator's manifest does not hold; its identifier only, never its text."""
    log.warning("untrusted document", id=id[:100], operation=operation and operation[:100])


def warned(message: str) -> None:
    """Something the operator should know at start-up."""
    log.warning(message)


def reloaded(*, accounts: int, keys: int, issuers: int) -> None:
    """The accounts file was read again, and holds so many."""
    log.info("accounts read again", accounts=accounts, keys=keys, issuers=issuers)


def reload_refused(mistakes: list[str]) -> None:
    """The accounts file was read again and is wrong: nothing has changed."""
    log.error("accounts file refused: accounts, keys and issuers stay as they were", mistakes=mistakes)

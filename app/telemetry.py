"""What the gateway tells about itself: one function per event, so that no secret or amount slips into a log by habit."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from contextvars import ContextVar

import structlog

request_id: ContextVar[str | None] = ContextVar("request_id", default=None)
"""The request being served, for logs only: nothing decides by it."""

_log = structlog.get_logger("credit_notes")


def configure(*, json: bool, level: int = logging.INFO) -> None:
    """Set the process's log format: lines for people, or JSON for machines."""
    # The console renderer prints exceptions itself; JSON needs them as text. Neither may show variables: credentials are among them.
    last = (
        [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
        if json
        else [structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)]
    )
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(level),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            _with_request_id,
            *last,
        ],
    )


def _with_request_id(_: object, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    current = request_id.get()
    return event if current is None else {**event, "request_id": current}


def request_served(*, method: str, path: str, status: int, duration_s: float) -> None:
    """One HTTP request has been answered."""
    _log.info("request", method=method, path=path, status=status, ms=round(duration_s * 1000, 1))


def upstream_called(*, provider: str, account: str, method: str, path: str, result: str, duration_s: float) -> None:
    """One call to a provider has ended; `path` holds no query and no secret."""
    _log.debug(
        "upstream", provider=provider, account=account, method=method, path=path, result=result, ms=round(duration_s * 1000, 1)
    )


def unknown_value(*, provider: str, account: str, what: str, value: str) -> None:
    """A provider used a word nobody has published; the note is shown as UNKNOWN beside it."""
    _log.warning("unknown provider value", provider=provider, account=account, what=what, value=value[:100])


def store_failed(*, operation: str, error: Exception) -> None:
    """The shared store did not answer; reads go on without it."""
    _log.warning("store out of reach", operation=operation, error=type(error).__name__)


def refresh_failed(*, account: str, error: Exception) -> None:
    """A refresh in the background failed; the stale value stays."""
    _log.warning("refresh failed", account=account, error=str(error)[:200])


def watch_failed(*, account: str, error: Exception) -> None:
    """The open writes of an account could not be gone through; they will be again."""
    _log.warning("watch failed", account=account, error=str(error)[:200])


def write_attempted(event: Mapping[str, str]) -> None:
    """One attempt at a write has ended; ids only, no amounts."""
    _log.info("write", **{name: value for name, value in event.items() if name not in {"at", "request_id"}})  # the log has its own


def unit_alarm(*, account: str) -> None:
    """A provider answered with a power of ten of what was asked: the account's writes are stopped."""
    _log.error("amount differs by a power of ten; writes of this account are stopped", account=account)


def internal_error(error: BaseException) -> None:
    """A bug: logged with its stack, masked towards the client."""
    _log.error("internal error", exc_info=error)


def untrusted_document(*, id: str, operation: str | None) -> None:
    """A document was answered that the operator's manifest does not hold; its identifier only, never its text."""
    _log.warning("untrusted document", id=id[:100], operation=operation and operation[:100])


def warned(message: str) -> None:
    """Something the operator should know at start-up."""
    _log.warning(message)

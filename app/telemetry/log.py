"""How the process's log is written: lines for people, or JSON for machines. What is written stands in events.py."""

from __future__ import annotations

import logging

import structlog

from app.telemetry.context import request_id, who

log = structlog.get_logger("credit_notes")


def configure(*, json: bool, level: int = logging.INFO) -> None:
    """Set the process's log format."""
    # The console renderer prints exceptions itself; JSON needs them as text. Neither may show variables: credentials are among them.
    last: list[structlog.typing.Processor] = (
        [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
        if json
        else [_shown, structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)]
    )
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(level),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            _with_request,
            *last,
        ],
    )


def _shown(_: object, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """What a client has sent may stand in it: nothing of it may begin a line or move the terminal. JSON has its own way."""
    return {name: _printable(value) if isinstance(value, str) else value for name, value in event.items()}


def _printable(text: str) -> str:
    return text if text.isprintable() else "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in text)


def _with_request(_: object, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    told = {"request_id": request_id.get(), "who": who.get()}
    return {**{name: value for name, value in told.items() if value is not None}, **event}

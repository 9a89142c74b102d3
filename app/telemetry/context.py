"""Whose request is being served, for logs, figures and traces only: nothing decides by it."""

from __future__ import annotations

import re
import uuid
from contextvars import ContextVar

request_id: ContextVar[str | None] = ContextVar("request_id", default=None)
"""The request being served."""
who: ContextVar[str | None] = ContextVar("who", default=None)
"""Who sent it, once that is known."""
traceparent: ContextVar[str | None] = ContextVar("traceparent", default=None)
"""What the caller said of its own trace, if it can be read."""

LONGEST_ID = 128

_PRINTABLE = re.compile(rf"[!-~]{{1,{LONGEST_ID}}}")
_TRACEPARENT = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:-.*)?")


def read_traceparent(header: str | None) -> str | None:
    """The header where it is as W3C Trace Context has it, else None. Version 00 has four parts and no more."""
    if header is None or not _TRACEPARENT.fullmatch(header) or (header.startswith("00-") and header.count("-") != 3):
        return None
    return header


def identified(given: str | None, parent: str | None) -> str:
    """The id of a request: the one it brings, where it is short and printable; its trace's; or a new one."""
    if given is not None and _PRINTABLE.fullmatch(given):
        return given
    return uuid.uuid4().hex if parent is None else parent.split("-")[1]

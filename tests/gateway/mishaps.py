"""The ways an answer is lost, as rules of the sandboxes: whether the books were changed, and how long absence proves nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.timings import Timings

SETTLING_S, SETTLING_AFTER_TIMEOUT_S, LONG_PAST_S = 5, 120, 600
TIMINGS = Timings(write_timeout_s=1.2, read_timeout_s=0.8)
LATE = {"fault": "delay", "delay_ms": 1600}
NATIVE = {"chargebee-demo"}
"""Where the provider itself knows a repeat by its key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """A fault that leaves open whether it was done: whether it was, and how long its absence proves nothing."""

    rule: Mapping[str, Any]
    made: bool
    settles_s: int = SETTLING_S


LOST = {
    "cut before": Lost(rule={"fault": "drop_before"}, made=False),
    "cut after": Lost(rule={"fault": "drop_after"}, made=True),
    "500 before": Lost(rule={"fault": "status", "status": 500}, made=False),
    "500 after": Lost(rule={"fault": "status", "status": 500, "after": True}, made=True),
    "408": Lost(rule={"fault": "status", "status": 408}, made=False, settles_s=SETTLING_AFTER_TIMEOUT_S),
    "garbage": Lost(rule={"fault": "garbage"}, made=True),
    "html": Lost(rule={"fault": "html"}, made=True),
    "late before": Lost(rule=LATE, made=False, settles_s=SETTLING_AFTER_TIMEOUT_S),
    "late after": Lost(rule={**LATE, "after": True}, made=True, settles_s=SETTLING_AFTER_TIMEOUT_S),
}
REFUSED = {401: "PROVIDER_UNAUTHENTICATED", 403: "PROVIDER_FORBIDDEN", 429: "PROVIDER_RATE_LIMITED"}

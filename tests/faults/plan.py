"""What a campaign is told to do, and the spans of time its gateways live by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

LONGEST_DELAY_S = 3.5
"""Of an answer of the sandboxes. What the gateways are told below has to be longer, or the campaign itself would break a promise."""

TIMINGS = MappingProxyType(
    {
        "READ_TIMEOUT_S": "1.5",
        "WRITE_TIMEOUT_S": "2.5",
        "LEDGER_LEASE_S": "4",
        "INVOICE_LEASE_S": "1.5",
        "SETTLING_S": "0.5",
        "SETTLING_AFTER_TIMEOUT_S": "6",
        "ABSENT_AFTER_S": "9",
        "RESOLVER_S": "1",
    }
)

BEHAVIOURS = MappingProxyType({"alone": 60, "twins": 15, "impatient": 15, "changed": 10})
"""How a key's client behaves, and how often: one request after the other; several at once; leaving before the answer; with other content."""

PROVIDERS = MappingProxyType({"chargebee": 40, "vcita": 35, "zenskar": 25})


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One campaign."""

    operations: int
    seed: int = 1
    clients: int = 24
    longest_s: float = 3600
    """After this no new operation is begun."""
    longest_settling_s: float = 180
    """After everything is up again: what has no end by then has none."""
    has_mishaps: bool = True
    breaks_commit: bool = False
    """Whether the gateways' store writes without looking, so that there is something to be found."""
    behaviours: Mapping[str, int] = field(default_factory=lambda: BEHAVIOURS)
    providers: Mapping[str, int] = field(default_factory=lambda: PROVIDERS)
    """Which are written at, and how often."""
    kill_every_s: tuple[float, float] = (1.0, 4.0)
    freeze_s: tuple[float, float] = (0.5, 12.0)
    """How long a gateway stands still: at most long enough for another to take over what it was doing, and to send it again."""
    fault_share: float = 0.2

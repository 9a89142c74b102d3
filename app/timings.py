"""The spans of time the operator decides about; every part of the gateway takes its own from here."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Timings:
    """The spans of time that decide about reads and writes, in seconds."""

    read_timeout_s: float = 10
    write_timeout_s: float = 30
    ledger_lease_s: float = 45
    invoice_lease_s: float = 15
    settling_s: float = 5
    settling_after_timeout_s: float = 120
    absent_after_s: float = 600
    resolver_s: float = 5
    """Between two looks for the ends of open writes; 0: nobody looks."""
    ledger_keep_s: float = 30 * 86_400
    note_fresh_s: float = 30
    list_fresh_s: float = 5
    invoice_fresh_s: float = 5
    stale_on_error_s: float = 300
    """How long beyond its time an answer is kept for readers who would rather have that than a failure."""


AS_MEANT = Timings()

"""The closed lists of words that only clients see; what the whole gateway shares is in `domain/vocabulary`."""

from __future__ import annotations

from enum import Enum


class CapabilityLevel(Enum):
    """How an operation is offered."""

    NATIVE = "NATIVE"
    EMULATED = "EMULATED"
    UNSUPPORTED = "UNSUPPORTED"


class BatchLoad(Enum):
    """How many notes by id are read."""

    NATIVE = "NATIVE"
    FAN_OUT = "FAN_OUT"


class IdempotencySupport(Enum):
    """Who protects repeated writes."""

    NATIVE = "NATIVE"
    GATEWAY_ONLY = "GATEWAY_ONLY"


class Origin(Enum):
    """Where an answer comes from."""

    LIVE = "LIVE"
    CACHE = "CACHE"


class OperationState(Enum):
    """How far a write has come."""

    STARTED = "STARTED"
    SENT = "SENT"
    DONE = "DONE"
    REFUSED = "REFUSED"
    UNKNOWN = "UNKNOWN"


class HealthStatus(Enum):
    """How an account has answered lately."""

    OK = "OK"
    DEGRADED = "DEGRADED"
    RATE_LIMITED = "RATE_LIMITED"
    UNAUTHENTICATED = "UNAUTHENTICATED"
    UNAVAILABLE = "UNAVAILABLE"
    UNKNOWN = "UNKNOWN"

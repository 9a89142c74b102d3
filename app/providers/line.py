"""What all calls of one account share for the life of the process: its address, credentials, client and brakes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from app import http
from app.providers.limiter import Limiter
from app.providers.policy import Breaker, Health, RetryBudget, RetryPolicy
from app.secret import Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One account, as its calls see it."""

    provider: str
    account: str
    client: http.AsyncClient
    base_url: str
    """Without a slash at the end."""
    headers: Mapping[str, str] = field(repr=False)
    """The account's credentials among them: sent to `base_url` only."""
    limiter: Limiter
    breaker: Breaker
    secrets: tuple[Secret, ...]
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    budget: RetryBudget = field(default_factory=RetryBudget)
    health: Health = field(default_factory=Health)
    connect_s: float = 3.0

"""How old an answer may be, as clients say it."""

from __future__ import annotations

import strawberry

from app.domain.errors import InvalidInput
from app.gateway.cache import Freshness


@strawberry.input(description="How old an answer may be.")
class FreshnessInput:
    """A wish about age."""

    max_age_seconds: int | None = strawberry.field(default=None, description="0 asks the provider.")
    allow_stale_on_error: bool | None = strawberry.field(
        default=False, description="Rather an old answer than none, when the provider fails."
    )


def freshness(wanted: FreshnessInput | None) -> Freshness:
    """The wish, or the gateway's own judgement without one; raises InvalidInput for a negative age."""
    if wanted is None:
        return Freshness()
    if wanted.max_age_seconds is not None and wanted.max_age_seconds < 0:
        message = "maxAgeSeconds must not be negative"
        raise InvalidInput(message, path=("freshness", "maxAgeSeconds"))
    return Freshness(max_age_s=wanted.max_age_seconds, stale_on_error=bool(wanted.allow_stale_on_error))

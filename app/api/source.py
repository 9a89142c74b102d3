"""Where an answer comes from, as clients see it."""

from __future__ import annotations

from datetime import datetime

import strawberry

from app.api.words import Origin


@strawberry.type(description="Where an answer comes from.")
class SourceInfo:
    """The age of an answer."""

    origin: Origin = strawberry.field(description="The provider, or the gateway's cache.")
    fetched_at: datetime = strawberry.field(description="When the provider was asked.")
    stale: bool = strawberry.field(description="Older than wanted: being refreshed, or the provider failed.")

    @classmethod
    def of(cls, fetched_at: datetime, *, cached: bool, stale: bool) -> SourceInfo:
        """The source as shown."""
        return cls(origin=Origin.CACHE if cached else Origin.LIVE, fetched_at=fetched_at, stale=stale)

"""What the operator decides about running the process: how it ends, and where its figures are. Read by settings.py."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field


class OperationSettings(BaseModel):
    """A model, not a dataclass: so each bound is written once, for the environment and for the rest."""

    model_config = ConfigDict(frozen=True)

    drain_s: Annotated[float, Field(ge=0, le=300)] = 0.5
    metrics: Literal["guarded", "open", "off"] = "guarded"
    """Who is shown the figures: those with the scope for it, where callers are known at all; whoever comes; nobody."""
    metrics_port: Annotated[int | None, Field(ge=0, le=65_535)] = None
    metrics_host: str = "127.0.0.1"

    @property
    def counts(self) -> bool:
        """Whether there is anybody to count for."""
        return self.metrics_port is not None and self.metrics != "off"


AS_BUILT = OperationSettings()
"""What is meant where the operator says nothing."""

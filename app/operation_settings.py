"""What the operator decides about running the process: how it ends, and where its figures are. Read by settings.py."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class OperationSettings(BaseModel):
    """A model, not a dataclass: so each bound is written once, for the environment and for the rest."""

    model_config = ConfigDict(frozen=True)

    drain_s: Annotated[float, Field(ge=0, le=300)] = 0.5
    metrics_port: Annotated[int | None, Field(ge=0, le=65_535)] = None
    metrics_host: str = "127.0.0.1"


AS_BUILT = OperationSettings()
"""What is meant where the operator says nothing."""

"""What the operator decides about callers beside who they are: where keys are kept, and how much one caller may ask. Read by settings.py."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field


class IdentitySettings(BaseModel):
    """A model, not a dataclass: so each bound is written once, for the environment and for the rest."""

    model_config = ConfigDict(frozen=True)

    api_keys: Literal["file", "redis"] = "file"
    api_key_memory_s: Annotated[float, Field(ge=0, le=300)] = 5
    jwks_refetch_s: Annotated[float, Field(gt=0, le=3600)] = 10
    jwt_leeway_s: Annotated[float, Field(ge=0, le=300)] = 30
    rate_requests: Annotated[int, Field(ge=0, le=10**6)] = 600
    rate_reads: Annotated[int, Field(ge=0, le=10**9)] = 10_000


AS_USUAL = IdentitySettings()
"""What is meant where the operator says nothing."""

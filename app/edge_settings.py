"""What the operator decides about the HTTP edge: what one request may cost, and which documents are taken. Read by settings.py."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

TrustedMode = Literal["off", "log", "enforce"]
"""What is done with a document that is not in the manifest of trusted ones."""


def read_manifest(place: Path) -> dict[str, str]:
    """Trusted documents by their identifiers; raises ValueError saying what is wrong with the file.

    Two shapes are known: an object of identifier and text, and Apollo's manifest.
    """
    try:
        found = json.loads(place.read_bytes())
    except OSError as missing:
        message = f"{place} cannot be read ({missing.strerror})"
        raise ValueError(message) from None
    except (ValueError, RecursionError):
        message = f"{place} is not JSON"
        raise ValueError(message) from None
    if isinstance(found, dict) and isinstance(found.get("operations"), list):
        rows = [row if isinstance(row, dict) else {} for row in found["operations"]]
        documents: dict[Any, Any] = {row.get("id"): row.get("body") for row in rows}
    else:
        documents = found if isinstance(found, dict) else {}
    if not documents or not all(isinstance(part, str) and part for pair in documents.items() for part in pair):
        message = f"{place} holds no documents: it must be an object of identifiers and texts, or Apollo's manifest"
        raise ValueError(message)
    return {id.removeprefix("sha256:"): text for id, text in documents.items()}


def _readable(place: Path | None) -> Path | None:
    if place is not None:
        read_manifest(place)
    return place


YesNo = Literal["yes", "no"]


class EdgeSettings(BaseModel):
    """A model, not a dataclass: so each bound is written once, for the environment and for the API."""

    model_config = ConfigDict(frozen=True)

    body_bytes: Annotated[int, Field(ge=1024, le=64 * 1024**2)] = 1024**2
    body_timeout_s: Annotated[float, Field(gt=0, le=600)] = 10
    document_characters: Annotated[int, Field(ge=1000, le=10**6)] = 100_000
    document_tokens: Annotated[int, Field(ge=100, le=100_000)] = 5_000
    document_operations: Annotated[int, Field(ge=1, le=1000)] = 20
    query_depth: Annotated[int, Field(ge=2, le=100)] = 20
    query_aliases: Annotated[int, Field(ge=1, le=10_000)] = 200
    query_fields: Annotated[int, Field(ge=10, le=100_000)] = 2_000
    query_reads: Annotated[int, Field(ge=1, le=10**6)] = 1_000
    query_values: Annotated[int, Field(ge=100, le=10**7)] = 100_000
    socket_init_s: Annotated[float, Field(gt=0, le=600)] = 5
    socket_operations: Annotated[int, Field(ge=1, le=10_000)] = 100
    stream_heartbeat_s: Annotated[float, Field(gt=0, le=600)] = 15
    stream_stalled_s: Annotated[float, Field(gt=0, le=600)] = 30
    persisted_characters: Annotated[int, Field(ge=0, le=10**9)] = 1_000_000
    trusted_documents: Annotated[Path | None, AfterValidator(_readable)] = None
    trusted_mode: TrustedMode = "off"
    subgraph: Literal["yes", "no"] = "no"
    sources: Literal["asked", "always", "never"] = "asked"
    profile: Literal["development", "production"] = "development"
    introspection: YesNo | None = None
    graphiql: YesNo | None = None
    suggestions: YesNo | None = None

    @property
    def introspects(self) -> bool:
        """Whether a client may ask for the schema."""
        return self._is_on(self.introspection)

    @property
    def shows_graphiql(self) -> bool:
        """Whether a browser gets the explorer."""
        return self._is_on(self.graphiql)

    @property
    def suggests(self) -> bool:
        """Whether an unknown name is answered with known ones."""
        return self._is_on(self.suggestions)

    def _is_on(self, said: YesNo | None) -> bool:
        """What helps whoever explores is on unless something else is said: by the switch itself, or by the profile."""
        return (self.profile == "development") if said is None else said == "yes"


USUAL = EdgeSettings()
"""What is meant where the operator says nothing."""

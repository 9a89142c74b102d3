"""What the suites hold a provider to, out of its folder: replies as recorded, and what the gateway is to make of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Reply = dict[str, Any]
"""Status, headers, body."""


@dataclass(frozen=True, slots=True)
class Recordings:
    """One provider's, by meaning: `replies` in its own words, `expected` in ours."""

    folder: Path

    def reply(self, meaning: str) -> Reply:
        """A reply as recorded. The caller's own copy."""
        recorded: Reply = json.loads(self._read("replies", meaning))
        return recorded

    def expected(self, meaning: str, *, fraction: Callable[[str], object] = float) -> Any:
        """What a reply says, or what a request is; `fraction` makes what is compared of a number that is not whole."""
        return json.loads(self._read("expected", meaning), parse_float=fraction)

    def _read(self, kind: str, meaning: str) -> str:
        return (self.folder / kind / f"{meaning}.json").read_text()

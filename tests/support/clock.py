"""Time that passes when a test says so."""

from __future__ import annotations

import time


class Clock:
    """Seconds, as a callable: real time held still, plus what has been added."""

    def __init__(self, start: float | None = None) -> None:
        self.now = time.time() if start is None else start

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += seconds

"""A loop whose clock jumps to the next thing due: waiting takes no time, and every moment is exact."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Mapping
from typing import Any


class _Jumping(selectors.DefaultSelector):
    """Where nothing is ready, time passes at once."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if ready or timeout is None:
            return ready or super().select(5)
        self.now += max(0.0, timeout)
        return ready


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """Starts at nought; `time()` is what timers go by, and what an injected clock reads."""

    def __init__(self) -> None:
        self._jumping = _Jumping()
        super().__init__(self._jumping)

    def time(self) -> float:
        return self._jumping.now


VIRTUAL_TIME: tuple[str, Mapping[str, Any]] = ("asyncio", {"loop_factory": VirtualTimeLoop})
"""For a module's own `anyio_backend` fixture."""


def now() -> float:
    """The running loop's clock."""
    return asyncio.get_running_loop().time()

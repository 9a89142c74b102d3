"""What coverage does not look at: tracing doubles the time of what repeats itself, and sees nothing new there. And how fast this machine is now."""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from collections.abc import Iterator


@contextlib.contextmanager
def unmeasured() -> Iterator[None]:
    """What this thread does in here is not traced, and threads that start in here never are."""
    here, new_threads = sys.gettrace(), threading.gettrace()
    sys.settrace(None)
    threading.settrace(None)
    try:
        yield
    finally:
        sys.settrace(here)
        threading.settrace(new_threads)


def a_moment() -> float:
    """What a fixed piece of work takes now: about a tenth of a second where nothing else runs."""
    started = time.monotonic()
    sum(range(5_000_000))
    return time.monotonic() - started

"""The figures Prometheus asks for: counts and times of a process, or of all workers together. No amount, no customer, no free text.

They are kept only where the operator gives them a port of their own; nothing is counted, nor loaded, anywhere else.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from prometheus_client import Counter, Gauge, Histogram

SHARED = "PROMETHEUS_MULTIPROC_DIR"
"""The library's own variable: the folder in which several processes keep their figures. Read when it is loaded."""
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)

_ACCOUNT = ["provider", "account"]


class Meters:
    """Every figure there is. Each label has few values, none of them a client's own words."""

    def __init__(self) -> None:
        from prometheus_client import Counter, Gauge, Histogram  # noqa: PLC0415 - only where figures are kept, and once SHARED is set

        def count(name: str, what: str, *labels: str) -> Counter:
            return Counter(f"credit_notes_{name}", what, labels)

        def time(name: str, what: str, *labels: str) -> Histogram:
            return Histogram(f"credit_notes_{name}_seconds", what, labels, buckets=SECONDS)

        self.requests = count("http_requests", "HTTP requests answered", "method", "path", "status")
        self.request_s = time("http_request", "Time to answer an HTTP request", "path")
        self.operations = count(
            "operations", "GraphQL operations; by name only those of trusted documents", "type", "name", "outcome"
        )
        self.operation_s = time("operation", "Time of a GraphQL operation", "type")
        self.calls = count("upstream_calls", "Calls to providers", *_ACCOUNT, "outcome")
        self.call_s = time("upstream_call", "Time of a call to a provider, waiting for its turn included", *_ACCOUNT)
        self.waits_s = time("limiter_wait", "Time a call waited for its turn", *_ACCOUNT)
        self.breakers: Gauge = Gauge(
            "credit_notes_breaker_open", "Processes that leave the account alone", _ACCOUNT, multiprocess_mode="livesum"
        )
        self.cache = count("cache_answers", "Things asked for, by where they came from", "kind", "result")
        self.ledger = count("ledger_states", "States reached by writes", "operation", "state")
        self.store_failures = count("store_failures", "Questions the store did not answer", "operation")


class _Kept:
    """The process's figures, once they are wanted."""

    meters: Meters | None = None


def keep() -> None:
    """Count from now on; once for a process."""
    if _Kept.meters is None:
        _Kept.meters = Meters()


def meters() -> Meters | None:
    """Where to count; None where nobody asks."""
    return _Kept.meters


@contextlib.contextmanager
def shared(workers: int) -> Iterator[None]:
    """While the block runs, several workers have a folder for their figures, which whoever serves them adds up."""
    if workers == 1:
        yield
        return
    with tempfile.TemporaryDirectory(prefix="credit-notes-metrics-") as folder:
        os.environ[SHARED] = folder
        try:
            yield
        finally:
            del os.environ[SHARED]


def shown() -> Callable[..., Awaitable[None]]:
    """An ASGI application that answers with every figure, of all workers where there are several."""
    from prometheus_client import REGISTRY, CollectorRegistry, make_asgi_app  # noqa: PLC0415 - as above
    from prometheus_client.multiprocess import MultiProcessCollector  # noqa: PLC0415 - as above

    registry = REGISTRY
    if SHARED in os.environ:
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call] # the library has no types there
    application: Callable[..., Awaitable[None]] = make_asgi_app(registry)
    return application


def forget(pid: int) -> None:
    """A worker has gone: what it counted stays, what it was no longer is."""
    if SHARED in os.environ:
        from prometheus_client.multiprocess import mark_process_dead  # noqa: PLC0415 - as above

        mark_process_dead(pid)  # type: ignore[no-untyped-call] # the library has no types there

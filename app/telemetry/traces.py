"""Spans for OpenTelemetry: one for each operation and one for each call to a provider. No amount, no id of anybody's, no document.

Without the extra `otel`, or without an address to export to, there are none.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from contextvars import ContextVar
from typing import TYPE_CHECKING

from app.telemetry.context import traceparent

if TYPE_CHECKING:
    from opentelemetry.sdk.trace.export import SpanExporter
    from opentelemetry.trace import Span

ADDRESSES = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
"""OpenTelemetry's own variables: where spans go."""

Attributes = Mapping[str, str]


class Tracer:
    """Makes spans and hands them on."""

    def __init__(self, exporter: SpanExporter) -> None:
        from opentelemetry.sdk.resources import Resource  # noqa: PLC0415 - an extra
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415 - an extra
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415 - an extra

        name = os.environ.get("OTEL_SERVICE_NAME", "credit-notes")
        self._provider = TracerProvider(resource=Resource.create({"service.name": name}), shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("credit_notes")

    def begun(self) -> Span:
        """An operation's span, within the caller's own trace if it has told of one."""
        from opentelemetry.trace import SpanKind  # noqa: PLC0415 - an extra
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator  # noqa: PLC0415 - an extra

        parent = traceparent.get()
        context = TraceContextTextMapPropagator().extract({} if parent is None else {"traceparent": parent})
        span = self._tracer.start_span("GraphQL", context=context, kind=SpanKind.SERVER)
        _operation.set(span)
        return span

    def ended(self, span: Span, name: str, attributes: Attributes, *, failed: bool) -> None:
        """The operation has ended, and is known by now."""
        from opentelemetry.trace import StatusCode  # noqa: PLC0415 - an extra

        span.update_name(name)
        span.set_attributes(dict(attributes))
        if failed:
            span.set_status(StatusCode.ERROR)
        span.end()
        if _operation.get() is span:
            _operation.set(None)

    def called(self, name: str, attributes: Attributes, *, duration_s: float, failed: bool) -> None:
        """A call to a provider has ended just now."""
        from opentelemetry.context import Context  # noqa: PLC0415 - an extra
        from opentelemetry.trace import SpanKind, StatusCode, set_span_in_context  # noqa: PLC0415 - an extra

        operation = _operation.get()
        context = Context() if operation is None else set_span_in_context(operation, Context())
        end = time.time_ns()
        start = end - int(duration_s * 1e9)
        span = self._tracer.start_span(name, context=context, kind=SpanKind.CLIENT, attributes=dict(attributes), start_time=start)
        if failed:
            span.set_status(StatusCode.ERROR)
        span.end(end)

    def close(self) -> None:
        """Hand on what is left; may take as long as the exporter does."""
        self._provider.shutdown()


_operation: ContextVar[Span | None] = ContextVar("operation", default=None)
"""The operation that calls made now belong to."""


class _Kept:
    """The process's tracer, once there is one."""

    tracer: Tracer | None = None


def begin(exporter: SpanExporter | None = None) -> str | None:
    """Trace from now on: to this exporter, else to the address of the environment, if there is one. What stands in the way, in words."""
    if exporter is None:
        if not any(os.environ.get(name) for name in ADDRESSES):
            return None
        try:
            from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415 - an extra
        except ImportError:
            return "an address for traces is set, but the extra `otel` is not installed: nothing is traced"
        exporter = OTLPSpanExporter()
    _Kept.tracer = Tracer(exporter)
    return None


def tracer() -> Tracer | None:
    """Where spans are made; None where there are none."""
    return _Kept.tracer


def end() -> None:
    """Hand on what is left, and trace no more."""
    kept, _Kept.tracer = _Kept.tracer, None
    if kept is not None:
        kept.close()

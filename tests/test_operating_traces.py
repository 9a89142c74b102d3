"""Spans: one for an operation and one for each call to a provider, in the caller's own trace, and nobody's words or ids in them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest

from app.sandbox.server import Addresses
from app.telemetry import traces
from tests.support.console import running_command
from tests.support.running import GatewayClient, SandboxControl, running
from tests.test_serving import UNPAID, issue

sdk = pytest.importorskip("opentelemetry.sdk.trace.export.in_memory_span_exporter", reason="the extra `otel` is not installed")
TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


class Spans:
    """What has been handed on."""

    def __init__(self) -> None:
        self._memory = sdk.InMemorySpanExporter()
        traces.begin(self._memory)

    def all(self) -> list[dict[str, object]]:
        """Every span there is; none are made after this."""
        traces.end()
        return [
            {
                "name": span.name,
                "kind": span.kind.name,
                "status": span.status.status_code.name,
                "id": format(span.context.span_id, "016x"),
                "trace": format(span.context.trace_id, "032x"),
                "parent": format(span.parent.span_id, "016x") if span.parent else None,
                "s": (span.end_time - span.start_time) / 1e9,
                **span.attributes,
            }
            for span in self._memory.get_finished_spans()
        ]


@pytest.fixture
def spans() -> Iterator[Spans]:
    yield Spans()
    traces.end()


@pytest.fixture
def gateway(addresses: Addresses, sandbox: SandboxControl) -> Iterator[GatewayClient]:
    with running(addresses) as client:
        yield client


def test_an_operation_and_its_calls_are_one_trace_within_the_callers(spans: Spans, gateway: GatewayClient) -> None:
    headers = {"traceparent": f"00-{TRACE}-{PARENT}-01"}
    answer = gateway.http.post("/graphql", json={"query": "query Mine { creditNotes(first: 1) { nodes { id } } }"}, headers=headers)
    assert "errors" not in answer.json()
    found = spans.all()
    (operation,) = [span for span in found if span["kind"] == "SERVER"]
    assert (operation["name"], operation["trace"], operation["parent"]) == ("GraphQL query untrusted", TRACE, PARENT)
    assert (operation["request.id"], operation["outcome"]) == (TRACE, "ok")
    calls = [span for span in found if span["kind"] == "CLIENT"]
    assert {span["account"] for span in calls} == {"chargebee-demo", "vcita-demo", "zenskar-demo"}
    assert {(span["trace"], span["parent"]) for span in calls} == {(TRACE, operation["id"])}
    assert all(0 < float(str(span["s"])) <= float(str(operation["s"])) for span in calls)


def test_each_call_has_a_span_and_none_holds_an_amount_an_id_or_a_name(
    spans: Spans, gateway: GatewayClient, sandbox: SandboxControl
) -> None:
    assert issue(gateway, "traced-key")["outcome"] == "APPLIED"
    found = spans.all()
    assert len([span for span in found if span["kind"] == "CLIENT"]) == sum(sandbox.requests().values())
    assert [span["name"] for span in found if span["kind"] == "SERVER"] == ["GraphQL mutation untrusted"]
    hidden = (UNPAID[1], "10.00", "1000", "traced-key", "EUR", "/")
    shown = [
        str(value) for span in found for name, value in span.items() if name not in {"id", "trace", "parent", "s", "request.id"}
    ]
    assert [(word, value) for word in hidden for value in shown if word in value] == []


def test_what_fails_is_marked(spans: Spans, gateway: GatewayClient, sandbox: SandboxControl) -> None:
    sandbox.fault(fault="status", provider="vcita", status=500)
    gateway.ask('{ creditNotes(filter: { accounts: ["vcita-demo"] }, first: 1) { nodes { id } } }')
    gateway.ask("{ nonsense }")
    found = spans.all()
    calls = [(span["outcome"], span["status"]) for span in found if span["kind"] == "CLIENT"]
    assert set(calls) == {("500", "ERROR")}
    assert ("refused", "ERROR") in [(span["outcome"], span["status"]) for span in found if span["kind"] == "SERVER"]


def test_without_an_address_nothing_of_it_is_even_loaded() -> None:
    code = "import sys, app.asgi; app.asgi.from_environment(); print([name for name in sys.modules if name.startswith(('opentelemetry.sdk.trace', 'opentelemetry.exporter'))])"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "[]"


def test_an_address_without_the_extra_is_told_and_the_gateway_serves() -> None:
    code = "import sys; sys.modules['opentelemetry.exporter'] = None; from app.telemetry import traces; print(traces.begin(), traces.tracer())"
    environment = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1"}
    said = subprocess.check_output([sys.executable, "-c", code], text=True, env=environment)
    assert said == "an address for traces is set, but the extra `otel` is not installed: nothing is traced None\n"


def test_an_exporter_that_nobody_listens_to_does_not_keep_the_gateway_from_ending() -> None:
    environment = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1", "OTEL_EXPORTER_OTLP_TIMEOUT": "1"}
    with running_command("serve", "--port", "0", environment=environment) as child:
        child.answers(f"{child.address('GraphiQL')}/graphql?query=%7B__typename%7D")
        child.process.terminate()
        assert child.process.wait(20) in {0, -15}

"""The figures: on a port of their own, added up over all workers, and never with an amount, a customer or a client's own words."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.support.console import Child, running_command
from tests.support.running import GatewayClient, asking, controlling
from tests.test_serving import SECRET, TEN_EUROS, UNPAID, alone, answers_alone, issue, workers

TRUSTED = "query Shop { accounts { name } }"
METRICS = {"CREDIT_NOTES_METRICS_PORT": "0"}
Figures = dict[str, float]


def figures(child: Child) -> Figures:
    """Every figure of ours: its name with its labels, in order."""
    answer = httpx.get(child.address("metrics"), timeout=30)
    assert answer.status_code == 200
    found = {}
    for family in text_string_to_metric_families(answer.text):
        for sample in family.samples:
            if sample.name.startswith("credit_notes_") and not sample.name.endswith("_created"):
                labels = ",".join(f"{name}={value}" for name, value in sorted(sample.labels.items()))
                found[f"{sample.name.removeprefix('credit_notes_')}{{{labels}}}"] = sample.value
    return found


def put_to_use(gateway: GatewayClient) -> None:
    """A list, a note twice, a write, and what is not taken."""
    for _ in range(2):
        (note,) = gateway.gql("{ creditNotes(first: 1) { nodes { id } } }")["creditNotes"]["nodes"]
        gateway.gql("query($id: ID!) { creditNote(id: $id) { number } }", id=note["id"])
    issue(gateway, "figures")
    gateway.ask("query Secret4711 { nonsense }")
    gateway.http.request("PROPFIND", "/4711")


def test_what_happens_is_counted_and_nobodys_words_or_amounts_are_shown(tmp_path: Path) -> None:
    manifest = tmp_path / "manifest.json"
    manifest.write_text(json.dumps({"shop": TRUSTED}))
    trusted = {"CREDIT_NOTES_TRUSTED_DOCUMENTS": str(manifest), "CREDIT_NOTES_TRUSTED_MODE": "log"}
    with (
        running_command("serve", "--port", "0", environment={**METRICS, **trusted}) as child,
        asking(child.address("GraphiQL")) as gateway,
    ):
        gateway.gql(TRUSTED)
        put_to_use(gateway)
        found = figures(child)
        shown = httpx.get(child.address("metrics")).text
        assert found["operations_total{name=Shop,outcome=ok,type=query}"] == 1
        assert found["operations_total{name=untrusted,outcome=refused,type=query}"] == 1
        assert found["operations_total{name=untrusted,outcome=ok,type=mutation}"] == 1
        assert found["http_requests_total{method=POST,path=/graphql,status=200}"] == 7
        assert found["http_requests_total{method=other,path=other,status=404}"] == 1
        assert found["upstream_calls_total{account=chargebee-demo,outcome=200,provider=chargebee}"] >= 2
        calls = [value for name, value in found.items() if name.startswith("upstream_call_seconds_count")]
        waits = [value for name, value in found.items() if name.startswith("limiter_wait_seconds_count")]
        assert calls == waits == [value for name, value in found.items() if name.startswith("upstream_calls_total")]
        assert [found[f"ledger_states_total{{operation=ISSUE,state={state}}}"] for state in ("started", "sent", "done")] == [
            1,
            1,
            1,
        ]
        assert sum(value for name, value in found.items() if name.startswith("cache_answers_total")) > 0
        assert found["breaker_open{account=chargebee-demo,provider=chargebee}"] == 0
        assert not [
            word for word in ("4711", UNPAID[1], TEN_EUROS["total"]["amount"], "acme", "globex", "nonsense") if word in shown
        ]
        assert gateway.http.get("/metrics").status_code == 404


def test_a_provider_that_fails_and_a_store_that_is_away_show_in_the_figures() -> None:
    environment = {**METRICS, **SECRET, "CREDIT_NOTES_REDIS_URL": "redis://127.0.0.1:1/0", "CREDIT_NOTES_RESOLVER_S": "0"}
    with (
        running_command("serve", "--port", "0", environment=environment) as child,
        asking(child.address("GraphiQL")) as gateway,
        controlling(child.address("sandbox")) as control,
    ):
        control.fault(fault="status", provider="vcita", status=500)
        for _ in range(12):
            gateway.ask('{ creditNotes(filter: { accounts: ["vcita-demo"] }, first: 1) { nodes { id } } }')
        found = figures(child)
        assert found["upstream_calls_total{account=vcita-demo,outcome=500,provider=vcita}"] >= 20
        assert found["breaker_open{account=vcita-demo,provider=vcita}"] == 1
        assert found["store_failures_total{operation=cache}"] >= 1


def test_the_figures_of_all_workers_are_added_up_and_outlive_a_worker(redis_url: str) -> None:
    environment = {**METRICS, **SECRET, "CREDIT_NOTES_REDIS_URL": redis_url}
    with running_command("serve", "--port", "0", "--workers", "2", environment=environment) as child:
        url = child.address("GraphiQL")
        child.answers(f"{url}/livez")
        both = workers(child)
        for worker in both:
            assert any(answers_alone(worker, both, url) for _ in range(60)), child.printed
        counted = "http_requests_total{method=GET,path=/readyz,status=200}"
        for worker in both:
            with alone(worker, both):
                httpx.get(f"{url}/readyz", timeout=30)
                assert httpx.post(f"{url}/graphql", json={"query": "{ creditNotes(first: 1) { nodes { id } } }"}).is_success
        found = figures(child)
        assert found[counted] == 2
        assert found["breaker_open{account=vcita-demo,provider=vcita}"] == 0
        os.kill(both[0], signal.SIGKILL)
        assert any(set(workers(child)) - set(both) and len(workers(child)) == 2 for _ in child._waiting()), child.printed
        child.answers(f"{url}/livez")
        assert figures(child)[counted] == 2


@pytest.mark.parametrize("more", [{}, {"CREDIT_NOTES_METRICS_PORT": "1", "CREDIT_NOTES_METRICS_HOST": "192.0.2.1"}])
def test_there_are_no_figures_where_none_are_wanted_or_none_can_be(more: dict[str, str]) -> None:
    with running_command("serve", "--port", "0", environment=more) as child:
        if more:
            assert child.process.wait(30) == 2
            assert "choose another with CREDIT_NOTES_METRICS_PORT" in child.printed
        else:
            child.address("GraphiQL")
            assert "metrics" not in child.printed

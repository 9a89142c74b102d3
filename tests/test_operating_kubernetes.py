"""The manifests of deploy/kubernetes: of the right shape, fitting each other, and such that the gateway starts and ends with them."""

from __future__ import annotations

import copy
import re
from functools import cache, reduce
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml
from click.testing import CliRunner
from kubernetes_validate.utils import all_versions, major_minor

from app.asgi import create_app
from app.cli import main
from app.domain.vocabulary import Scope
from app.settings import PREFIX, Settings, SettingsError, read_settings
from tests.support.kubernetes import misspelt
from tests.support.markdown import ROOT, Document
from tests.test_readme import defaults

FOLDER = ROOT / "deploy/kubernetes"
OPERATING = Document.read(ROOT / "docs/operating.md")
PORT_NAME = "__meta_kubernetes_pod_container_port_name"
PLACES = sorted(FOLDER.glob("*.yaml"))
KINDS = ("ConfigMap", "Deployment", "HorizontalPodAutoscaler", "PodDisruptionBudget", "Secret", "Service")
VERSIONS = list(dict.fromkeys(map(major_minor, all_versions())))
"""Of Kubernetes, whose published schemas are at hand."""

POD = ("spec", "template", "spec")
CONTAINER = (*POD, "containers", 0)
UNKNOWN_OR_OF_ANOTHER_TYPE: list[tuple[str, tuple[str | int, ...], object]] = [
    *((kind, ("speck",), {}) for kind in KINDS),
    ("Deployment", ("apiVersion",), "apps/v1beta1"),
    ("Deployment", (*POD, "terminationGracePeriodSeconds"), "75"),
    ("Deployment", (*POD, "securityContext", "runAsNonroot"), True),
    ("Deployment", (*CONTAINER, "livenessProbes"), {}),
    ("Deployment", (*CONTAINER, "readinessProbe", "httpGet"), {"path": "/readyz"}),
    ("Deployment", (*CONTAINER, "env", 1, "value"), 10),
    ("Deployment", (*CONTAINER, "ports", 0, "containerPort"), "http"),
    ("Deployment", (*CONTAINER, "lifecycle", "preStop", "exec", "command"), "sleep 3"),
    ("Deployment", (*CONTAINER, "resources", "limits", "memory"), True),
    ("Deployment", ("spec", "template", "metadata", "labels", "app.kubernetes.io/name"), 1),
    ("Service", ("spec", "ports", 0, "port"), "80"),
    ("HorizontalPodAutoscaler", ("apiVersion",), "autoscaling/v1"),
    ("HorizontalPodAutoscaler", ("spec", "metrics", 0, "resource", "target", "averageUtilisation"), 70),
    ("PodDisruptionBudget", ("apiVersion",), "policy/v1beta1"),
    ("PodDisruptionBudget", ("spec", "minAvailable"), 1.5),
    ("Secret", ("stringData", "CREDIT_NOTES_SECRET"), 5),
    ("ConfigMap", ("data", "accounts.toml"), {"accounts": {}}),
]
MISSPELT: list[tuple[str, tuple[str | int, ...], object]] = [
    ("Deployment", ("metadata", "name"), "Credit Notes"),
    ("Deployment", ("spec", "strategy", "type"), "Rolling"),
    ("Deployment", ("spec", "strategy", "rollingUpdate", "maxUnavailable"), "none"),
    ("Deployment", (*POD, "securityContext", "seccompProfile", "type"), "RuntimeDefaul"),
    ("Deployment", (*POD, "topologySpreadConstraints", 0, "whenUnsatisfiable"), "Never"),
    ("Deployment", (*POD, "volumes", 1, "emptyDir", "medium"), "memory"),
    ("Deployment", (*CONTAINER, "image"), "credit-notes"),
    ("Deployment", (*CONTAINER, "image"), "credit-notes:latest"),
    ("Deployment", (*CONTAINER, "ports", 0, "containerPort"), 80_000),
    ("Deployment", (*CONTAINER, "resources", "limits", "memory"), "1536Mib"),
    ("Service", ("spec", "type"), "ClusterIp"),
    ("Service", ("spec", "ports", 0, "targetPort"), "no port"),
    ("HorizontalPodAutoscaler", ("spec", "metrics", 0, "type"), "Resources"),
]


@cache
def manifests() -> dict[str, Any]:
    """By kind; one of each."""
    documents = [document for place in PLACES for document in yaml.safe_load_all(place.read_text())]
    assert sorted(document["kind"] for document in documents) == sorted(KINDS)
    return {document["kind"]: document for document in documents}


def pod() -> Any:
    return manifests()["Deployment"]["spec"]["template"]["spec"]


def container() -> Any:
    (only,) = pod()["containers"]
    return only


def environment() -> dict[str, str]:
    """What the process finds, once the example's secrets are filled in."""
    secret = {**manifests()["Secret"]["stringData"], "CREDIT_NOTES_SECRET": "x" * 32}
    return {**secret, **{one["name"]: one["value"] for one in container()["env"]}}


def settings(tmp_path: Path) -> Settings:
    mounted = tmp_path / "accounts.toml"
    mounted.write_text(manifests()["ConfigMap"]["data"]["accounts.toml"])
    return read_settings(environment={**environment(), "CREDIT_NOTES_CONFIG": str(mounted)}, host="0.0.0.0")


def altered(kind: str, place: tuple[str | int, ...], value: object) -> Any:
    """A copy with another value there."""
    found = copy.deepcopy(manifests()[kind])
    *way, last = place
    reduce(lambda within, step: within[step], way, found)[last] = value
    return found


@pytest.mark.parametrize("version", VERSIONS)
def test_every_manifest_is_of_the_published_schema(version: str) -> None:
    for manifest in manifests().values():
        kubernetes_validate.validate(manifest, version, strict=True)


@pytest.mark.parametrize(("kind", "place", "value"), UNKNOWN_OR_OF_ANOTHER_TYPE)
def test_what_the_schema_does_not_know_is_refused(kind: str, place: tuple[str | int, ...], value: object) -> None:
    wrong = altered(kind, place, value)
    with pytest.raises((kubernetes_validate.ValidationError, kubernetes_validate.SchemaNotFoundError)):
        kubernetes_validate.validate(wrong, VERSIONS[-1], strict=True)


def test_every_word_name_port_and_size_is_one_that_is_taken() -> None:
    assert [one for manifest in manifests().values() for one in misspelt(manifest)] == []
    assert container()["image"]


@pytest.mark.parametrize(("kind", "place", "value"), MISSPELT)
def test_what_only_the_api_server_would_refuse_is_found(kind: str, place: tuple[str | int, ...], value: object) -> None:
    wrong = altered(kind, place, value)
    kubernetes_validate.validate(wrong, VERSIONS[-1], strict=True)  # where it does refuse, the rule of our own is not needed
    assert len(misspelt(wrong)) == 1


def test_no_member_stands_twice() -> None:
    """The reader of YAML keeps the last one, and says nothing."""
    nodes = [node for place in PLACES for node in yaml.compose_all(place.read_text())]
    while nodes:
        node = nodes.pop()
        if isinstance(node, yaml.MappingNode):
            names = [name.value for name, _ in node.value]
            assert len(names) == len(set(names)), node.start_mark
            nodes += [member for _, member in node.value]
        elif isinstance(node, yaml.SequenceNode):
            nodes += node.value


def test_the_manifests_mean_each_other() -> None:
    found = manifests()
    deployment, labels = found["Deployment"], found["Deployment"]["spec"]["template"]["metadata"]["labels"]
    assert deployment["spec"]["selector"]["matchLabels"] == found["Service"]["spec"]["selector"] == labels
    assert found["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"] == labels
    target = found["HorizontalPodAutoscaler"]["spec"]["scaleTargetRef"]
    assert (target["apiVersion"], target["kind"], target["name"]) == ("apps/v1", "Deployment", deployment["metadata"]["name"])
    assert container()["envFrom"] == [{"secretRef": {"name": found["Secret"]["metadata"]["name"]}}]
    (config,) = [volume["configMap"]["name"] for volume in pod()["volumes"] if "configMap" in volume]
    assert config == found["ConfigMap"]["metadata"]["name"]
    (file,) = found["ConfigMap"]["data"]
    (folder,) = [mount["mountPath"] for mount in container()["volumeMounts"] if mount["name"] == "accounts"]
    assert environment()["CREDIT_NOTES_CONFIG"] == f"{folder}/{file}"
    assert {mount["name"] for mount in container()["volumeMounts"]} == {volume["name"] for volume in pod()["volumes"]}
    ports = {port["name"]: port["containerPort"] for port in container()["ports"]}
    probes = [container()[f"{which}Probe"]["httpGet"]["port"] for which in ("startup", "liveness", "readiness")]
    assert {*probes, *(port["targetPort"] for port in found["Service"]["spec"]["ports"])} == {"http"}
    assert ports == {"http": 8000, "metrics": 9464}
    assert environment()["CREDIT_NOTES_METRICS_PORT"] == "9464"


def test_the_job_shown_finds_the_pods_and_nothing_else_gets_its_key() -> None:
    jobs = [yaml.safe_load(block.text)["scrape_configs"][0] for block in OPERATING.blocks if block.language == "yaml"]
    assert [job["authorization"]["type"] for job in jobs] == ["Bearer", "Bearer"]
    (rule,) = jobs[-1]["relabel_configs"]
    labels = manifests()["Deployment"]["spec"]["template"]["metadata"]["labels"]
    meta = {f"__meta_kubernetes_pod_label_{re.sub('[^a-zA-Z0-9_]', '_', name)}": value for name, value in labels.items()}
    found = [";".join({**meta, PORT_NAME: port["name"]}[label] for label in rule["source_labels"]) for port in container()["ports"]]
    assert (found, rule["regex"], rule["action"]) == (["credit-notes;http", "credit-notes;metrics"], "credit-notes;metrics", "keep")
    assert "annotations" not in manifests()["Deployment"]["spec"]["template"]["metadata"]


def test_the_gateway_takes_the_settings_as_they_stand_there(tmp_path: Path) -> None:
    found = settings(tmp_path)
    assert (list(found.accounts), [key.name for key in found.callers.keys]) == (["chargebee-eu"], ["shop", "prometheus"])
    assert [key.name for key in found.callers.keys if Scope.OPERATE in key.scopes] == ["prometheus"]
    assert found.operation.metrics == "guarded"
    assert (found.requires_durable_ledger, found.logs_json, found.operation.metrics_port, found.port) == (True, True, 9464, 8000)
    known = {f"{PREFIX}{name.upper()}" for name in (*defaults(), "config")}
    assert {name for name in environment() if name.startswith(PREFIX)} <= known


def test_the_example_secret_does_not_serve_as_it_is() -> None:
    with pytest.raises(SettingsError, match="CREDIT_NOTES_SECRET: must be at least"):
        read_settings(environment={"CREDIT_NOTES_SECRET": manifests()["Secret"]["stringData"]["CREDIT_NOTES_SECRET"]})


def test_the_arguments_are_those_of_the_command() -> None:
    command, *options = container()["args"]
    asked = CliRunner().invoke(main, [command, *options, "--help"])
    assert (asked.exit_code, command) == (0, "serve")


def test_the_probes_ask_what_is_there() -> None:
    there = {getattr(route, "path", None) for route in create_app(Settings(accounts={})).routes}
    asked = [container()[f"{which}Probe"]["httpGet"]["path"] for which in ("startup", "liveness", "readiness")]
    assert asked == ["/livez", "/livez", "/readyz"]
    assert set(asked) <= there


def test_there_is_time_to_end(tmp_path: Path) -> None:
    """Longer than what runs before SIGTERM, the drain, requests, and refreshes; and the drain is long enough to be seen."""
    found = settings(tmp_path)
    readiness = container()["readinessProbe"]
    noticed_s = readiness["failureThreshold"] * (readiness["periodSeconds"] + readiness["timeoutSeconds"])
    assert found.operation.drain_s > noticed_s
    before_s = 3
    assert str(before_s) in container()["lifecycle"]["preStop"]["exec"]["command"][-1]
    times = found.timings
    needed_s = before_s + found.operation.drain_s + times.write_timeout_s + times.read_timeout_s
    assert pod()["terminationGracePeriodSeconds"] > needed_s


def test_nothing_runs_as_root_or_writes_but_where_it_may() -> None:
    assert pod()["securityContext"]["runAsNonRoot"] is True
    dockerfile = (ROOT / "Dockerfile").read_text()
    assert f"USER {pod()['securityContext']['runAsUser']}:{pod()['securityContext']['runAsGroup']}\n" in dockerfile
    own = container()["securityContext"]
    assert (own["allowPrivilegeEscalation"], own["readOnlyRootFilesystem"], own["capabilities"]) == (False, True, {"drop": ["ALL"]})
    assert pod()["automountServiceAccountToken"] is False


def test_one_at_least_is_always_there() -> None:
    spec = manifests()["HorizontalPodAutoscaler"]["spec"]
    assert spec["minReplicas"] > manifests()["PodDisruptionBudget"]["spec"]["minAvailable"] >= 1
    assert manifests()["Deployment"]["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"] == 0

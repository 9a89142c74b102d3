"""The shape of the manifests, as far as they go: JSON schemas by kind, in which every member that is not named is a mistake.

Written from the published API reference of Kubernetes 1.27 and later; no cluster and no published schema is asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Schema = dict[str, Any]

TEXT: Schema = {"type": "string", "minLength": 1}
FLAG: Schema = {"type": "boolean"}
COUNT: Schema = {"type": "integer", "minimum": 0}
PORT: Schema = {
    "anyOf": [{"type": "integer", "minimum": 1, "maximum": 65_535}, {"type": "string", "pattern": "^[a-z][a-z0-9-]{0,14}$"}]
}
QUANTITY: Schema = {"type": "string", "pattern": r"^[0-9]+(\.[0-9]+)?(m|k|Ki|Mi|Gi|M|G)?$"}
NAME: Schema = {"type": "string", "pattern": "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"}
TEXTS: Schema = {"type": "object", "additionalProperties": {"type": "string"}}


def exactly(needed: Mapping[str, Schema], **may: Schema) -> Schema:
    """An object with these members, those of `may` only perhaps, and no others."""
    return {"type": "object", "properties": {**needed, **may}, "required": list(needed), "additionalProperties": False}


def many(of: Schema) -> Schema:
    """A list of these, at least one."""
    return {"type": "array", "items": of, "minItems": 1}


def is_one_of(*words: str) -> Schema:
    """One of these words."""
    return {"enum": list(words)}


def resource(version: str, kind: str, needed: Mapping[str, Schema], **may: Schema) -> Schema:
    """A whole manifest of a kind."""
    metadata = exactly({"name": NAME}, labels=TEXTS)
    return exactly({"apiVersion": {"const": version}, "kind": {"const": kind}, "metadata": metadata, **needed}, **may)


SELECTOR = exactly({"matchLabels": TEXTS})
PROBE = exactly(
    {"httpGet": exactly({"path": {"type": "string", "pattern": "^/"}, "port": PORT})},
    periodSeconds=COUNT,
    timeoutSeconds=COUNT,
    failureThreshold=COUNT,
)
SIZES = exactly({}, cpu=QUANTITY, memory=QUANTITY)
CONTAINER = exactly(
    {"name": NAME, "image": {"type": "string", "pattern": r"^[a-z0-9./-]+:(?!latest$)[\w.-]+$"}},
    args=many(TEXT),
    env=many(exactly({"name": TEXT, "value": {"type": "string"}})),  # a number without quotes is refused by the API
    envFrom=many(exactly({"secretRef": exactly({"name": NAME})})),
    ports=many(exactly({"name": PORT, "containerPort": PORT})),
    startupProbe=PROBE,
    livenessProbe=PROBE,
    readinessProbe=PROBE,
    lifecycle=exactly({"preStop": exactly({"exec": exactly({"command": many(TEXT)})})}),
    resources=exactly({"requests": SIZES, "limits": SIZES}),
    securityContext=exactly(
        {}, allowPrivilegeEscalation=FLAG, readOnlyRootFilesystem=FLAG, capabilities=exactly({"drop": many(TEXT)})
    ),
    volumeMounts=many(exactly({"name": NAME, "mountPath": TEXT}, readOnly=FLAG)),
)
POD = exactly(
    {"containers": many(CONTAINER)},
    automountServiceAccountToken=FLAG,
    terminationGracePeriodSeconds=COUNT,
    securityContext=exactly(
        {},
        runAsNonRoot=FLAG,
        runAsUser=COUNT,
        runAsGroup=COUNT,
        fsGroup=COUNT,
        seccompProfile=exactly({"type": is_one_of("RuntimeDefault", "Localhost", "Unconfined")}),
    ),
    topologySpreadConstraints=many(
        exactly(
            {
                "maxSkew": COUNT,
                "topologyKey": TEXT,
                "whenUnsatisfiable": is_one_of("DoNotSchedule", "ScheduleAnyway"),
                "labelSelector": SELECTOR,
            }
        )
    ),
    volumes={
        "type": "array",
        "items": {
            "oneOf": [
                exactly({"name": NAME, "configMap": exactly({"name": NAME})}),
                exactly({"name": NAME, "emptyDir": exactly({}, medium=is_one_of("", "Memory"), sizeLimit=QUANTITY)}),
            ]
        },
    },
)
ROLLING = exactly({"maxUnavailable": COUNT, "maxSurge": COUNT})
DEPLOYMENT = exactly(
    {"selector": SELECTOR, "template": exactly({"metadata": exactly({"labels": TEXTS}, annotations=TEXTS), "spec": POD})},
    replicas=COUNT,
    strategy=exactly({"type": is_one_of("RollingUpdate")}, rollingUpdate=ROLLING),
)
METRIC = exactly(
    {
        "type": is_one_of("Resource"),
        "resource": exactly({"name": TEXT, "target": exactly({"type": is_one_of("Utilization"), "averageUtilization": COUNT})}),
    }
)
SERVICE = exactly(
    {"selector": TEXTS, "ports": many(exactly({"port": PORT}, name=PORT, targetPort=PORT))}, type=is_one_of("ClusterIP")
)
AUTOSCALER = exactly(
    {"scaleTargetRef": exactly({"apiVersion": TEXT, "kind": TEXT, "name": NAME}), "maxReplicas": COUNT},
    minReplicas=COUNT,
    metrics=many(METRIC),
    behavior=exactly({"scaleDown": exactly({"stabilizationWindowSeconds": COUNT})}),
)

KINDS: Mapping[str, Schema] = {
    "Deployment": resource("apps/v1", "Deployment", {"spec": DEPLOYMENT}),
    "Service": resource("v1", "Service", {"spec": SERVICE}),
    "HorizontalPodAutoscaler": resource("autoscaling/v2", "HorizontalPodAutoscaler", {"spec": AUTOSCALER}),
    "PodDisruptionBudget": resource(
        "policy/v1", "PodDisruptionBudget", {"spec": exactly({"selector": SELECTOR, "minAvailable": COUNT})}
    ),
    "Secret": resource("v1", "Secret", {"type": is_one_of("Opaque"), "stringData": TEXTS}),
    "ConfigMap": resource("v1", "ConfigMap", {"data": TEXTS}),
}

"""What the published schemas of Kubernetes leave to the API server: words, names, ports and sizes are any text or number to them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

Manifest = Mapping[str, Any]

# By the end of a member's place, with `*` for a position in a list; a value has to match from its first letter to its last.
_NAME = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_PORT = r"[a-z][a-z0-9-]{0,14}|[1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5]"
_SIZE = r"[0-9]+(\.[0-9]+)?(m|k|Ki|M|Mi|G|Gi)?"
_COUNT_OR_SHARE = r"[0-9]+|[0-9]{1,2}%|100%"
FORMS = {
    "metadata.name": _NAME,
    "containers.*.name": _NAME,
    "volumes.*.name": _NAME,
    "volumeMounts.*.name": _NAME,
    "configMap.name": _NAME,
    "secretRef.name": _NAME,
    "ports.*.name": _PORT,
    "containerPort": _PORT,
    "port": _PORT,
    "targetPort": _PORT,
    "cpu": _SIZE,
    "memory": _SIZE,
    "sizeLimit": _SIZE,
    "maxSurge": _COUNT_OR_SHARE,
    "maxUnavailable": _COUNT_OR_SHARE,
    "minAvailable": _COUNT_OR_SHARE,
    "mountPath": "/.*",
    "httpGet.path": "/.*",
    "image": r"[a-z0-9./-]+:(?!latest$)[\w.-]+",
    "strategy.type": "RollingUpdate|Recreate",
    "seccompProfile.type": "RuntimeDefault|Localhost|Unconfined",
    "whenUnsatisfiable": "DoNotSchedule|ScheduleAnyway",
    "medium": "|Memory",
    "metrics.*.type": "Resource|Pods|Object|External|ContainerResource",
    "target.type": "Utilization|Value|AverageValue",
    "Service.spec.type": "ClusterIP|NodePort|LoadBalancer|ExternalName",
    "Secret.type": r"Opaque|kubernetes\.io/.+",
}


def misspelt(manifest: Manifest) -> list[str]:
    """The places whose value no API server takes."""
    wrong = []
    for place, value in _leaves(manifest, manifest["kind"]):
        forms = [form for end, form in FORMS.items() if place == end or place.endswith(f".{end}")]
        wrong += [f"{place}: {value!r}" for form in forms if not re.fullmatch(form, str(value))]
    return wrong


def _leaves(value: object, place: str) -> Iterator[tuple[str, object]]:
    match value:
        case dict():
            for name, member in value.items():
                yield from _leaves(member, f"{place}.{name}")
        case list():
            for member in value:
                yield from _leaves(member, f"{place}.*")
        case _:
            yield place, value

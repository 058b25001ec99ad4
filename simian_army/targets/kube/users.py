"""Which pods use a ConfigMap or a Secret: those that mount it, take variables from it, or pull images with it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from simian_army.model import Json
from simian_army.targets.kube.facts import at

USES = "uses"
"""A field that no server has: of the pods of a namespace, those that use ``configmap/NAME`` or ``secret/NAME``."""

_VOLUMES = {"configmap": ("configMap", "name"), "secret": ("secret", "secretName")}
_PROJECTED = {"configmap": "configMap", "secret": "secret"}
_FROM = {"configmap": ("configMapRef", "configMapKeyRef"), "secret": ("secretRef", "secretKeyRef")}
_DRIVERS = ("nodePublishSecretRef", "secretRef")


def uses(pod: Json, what: str) -> bool:
    """Whether a whole pod names ``what`` anywhere that Kubernetes reads it from."""
    kind, _, name = what.partition("/")
    return name in _mounted(pod, kind) or name in _variables(pod, kind) or (kind == "secret" and name in _others(pod))


def _mounted(pod: Json, kind: str) -> Iterator[Any]:
    field, key = _VOLUMES[kind]
    for volume in _each(pod, "spec.volumes"):
        yield at(volume, f"{field}.{key}")
        yield from (at(source, f"{_PROJECTED[kind]}.name") for source in _each(volume, "projected.sources"))


def _variables(pod: Json, kind: str) -> Iterator[Any]:
    whole, single = _FROM[kind]
    for part in ("containers", "initContainers", "ephemeralContainers"):
        for container in _each(pod, f"spec.{part}"):
            yield from (at(source, f"{whole}.name") for source in _each(container, "envFrom"))
            yield from (at(variable, f"valueFrom.{single}.name") for variable in _each(container, "env"))


def _others(pod: Json) -> Iterator[Any]:
    """Secrets that pull images or open storage."""
    yield from (at(one, "name") for one in _each(pod, "spec.imagePullSecrets"))
    for volume in _each(pod, "spec.volumes"):
        for source in volume.values():
            if isinstance(source, dict):
                yield from (at(source, f"{reference}.name") for reference in _DRIVERS)


def _each(obj: Json, path: str) -> list[dict[str, Any]]:
    found = at(obj, path)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []

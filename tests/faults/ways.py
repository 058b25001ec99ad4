"""Every way to change an object in place that is tried on a server, and how such an object is made there and read."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from simian_army import marks
from simian_army.faults.k8s.config_fault import ConfigFault
from simian_army.faults.k8s.dns_fault import DnsFault
from simian_army.faults.k8s.job_suspend import JobSuspend
from simian_army.faults.k8s.scale_down import ScaleDown
from simian_army.faults.k8s.secret_fault import SecretFault
from simian_army.model import Fault, Json, Mark, Selector, Target
from simian_army.targets.k8s import Kubernetes
from tests.targets.kube.grounds import Ground, wait_until

LATER = datetime(2030, 1, 1, tzinfo=UTC)
FLEET, KEY = "contract", b"contract"
KINDS = ("deployment", "statefulset", "job", "service", "configmap", "secret")
ROOTS = {"deployment": "/apis/apps/v1", "statefulset": "/apis/apps/v1", "job": "/apis/batch/v1"}
Obj = dict[str, Any]


def coded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@dataclass(frozen=True)
class Way:
    """One fault on an object made for it; ``owned`` is the field as ``managedFields`` has it."""

    make: Callable[[Any], Any]
    strikes: str
    obj: Obj
    owned: tuple[str, ...]
    params: Json


_POD: Obj = {"containers": [{"name": "app", "image": "example.invalid/app:1"}]}
_APP: Obj = {"metadata": {"labels": {"app": "one", "simian-army/chaos": "enabled"}}, "spec": _POD}
_SET = {"selector": {"matchLabels": {"app": "one"}}, "template": _APP, "replicas": 2}
_JOB = {"suspend": False, "parallelism": 0, "template": {"spec": {**_POD, "restartPolicy": "Never"}}}
WAYS = {
    "scale-down": Way(ScaleDown, "deployment", {"spec": _SET}, ("f:spec", "f:replicas"), {"to": 1}),
    "scale-down-set": Way(ScaleDown, "statefulset", {"spec": {**_SET, "serviceName": "one"}}, ("f:spec", "f:replicas"), {}),
    "job-suspend": Way(JobSuspend, "job", {"spec": _JOB}, ("f:spec", "f:suspend"), {}),
    "dns-fault": Way(DnsFault, "service", {"spec": {"type": "ExternalName", "externalName": "db.example"}}, ("f:spec", "f:externalName"), {}),
    "config-fault": Way(ConfigFault, "configmap", {"data": {"a": "1", "b": "2"}}, ("f:data", "f:a"), {"key": "a", "value": "x"}),
    "config-only": Way(ConfigFault, "configmap", {"data": {"a": "1"}}, ("f:data", "f:a"), {"key": "a", "change": "remove"}),
    "config-binary": Way(ConfigFault, "configmap", {"binaryData": {"a": "AAEC"}}, ("f:binaryData", "f:a"), {"key": "a"}),
    "config-dns": Way(ConfigFault, "configmap", {"data": {"a": "postgres://db.shop.svc:5432/shop"}}, ("f:data", "f:a"), {"key": "a", "change": "dns"}),
    "secret-fault": Way(SecretFault, "secret", {"type": "Opaque", "data": {"a": coded("canary-9d1e")}}, ("f:data", "f:a"), {"key": "a"}),
    "secret-gone": Way(SecretFault, "secret", {"type": "Opaque", "data": {"a": coded("canary-9d1e")}}, ("f:data", "f:a"), {"key": "a", "change": "remove"}),
}  # fmt: skip


def path_of(ground: Ground, kind: str, name: str = "one") -> str:
    return f"{ROOTS.get(kind, '/api/v1')}/namespaces/{ground.scope}/{kind}s/{name}"


def whole(ground: Ground, way: Way) -> Obj:
    """The object as a release writes it."""
    group = ROOTS.get(way.strikes, "/api/v1").removeprefix("/apis/").removeprefix("/api/")
    names = {"deployment": "Deployment", "statefulset": "StatefulSet", "configmap": "ConfigMap"}
    kind = names.get(way.strikes, way.strikes.title())
    return {"apiVersion": group, "kind": kind, "metadata": {"name": "one", "namespace": ground.scope}, **way.obj}


def applied(ground: Ground, way: Way, obj: Obj, manager: str = "helm") -> Obj:
    """Server-side apply, as Helm 4 releases."""
    where = f"{path_of(ground, way.strikes)}?fieldManager={manager}"
    kind = {"Content-Type": "application/apply-patch+yaml"}
    found: Obj = json.loads(ground.api.raw("PATCH", where, obj, kind))
    return found


def made(ground: Ground, way: Way) -> None:
    """The object, all its pods ready."""
    path = path_of(ground, way.strikes).rpartition("/")[0]
    ground.api.create(path, whole(ground, way))
    at_rest(ground, way)


def settle(ground: Ground, way: Way) -> None:
    many = way.obj.get("spec", {}).get("replicas", 0)
    wait_until(lambda: not many or read(ground, way).get("status", {}).get("readyReplicas") == many)


def at_rest(ground: Ground, way: Way) -> None:
    """Nobody writes to it any more."""
    settle(ground, way)
    seen: list[str] = []

    def still() -> bool:
        seen.append(read(ground, way)["metadata"]["resourceVersion"])
        return len(seen) > 6 and len(set(seen[-6:])) == 1

    wait_until(still)


def read(ground: Ground, way: Way) -> Obj:
    return ground.api.get(path_of(ground, way.strikes))


def plain(obj: Obj) -> Obj:
    """Without what a server writes by itself."""
    own = ("resourceVersion", "managedFields", "generation")
    kept = {key: value for key, value in obj.items() if key != "status"}
    kept["metadata"] = {key: value for key, value in obj["metadata"].items() if key not in own and value}
    return kept


def target_of(cluster: Kubernetes, kind: str, name: str = "one") -> Target:
    (found,) = cluster.find(Selector(kind, names=(name,)))
    target = cluster.read(found)
    assert target is not None
    return target


def prepared(cluster: Kubernetes, way: Way) -> tuple[Any, Fault, Mark]:
    kind, target = way.make(cluster), target_of(cluster, way.strikes)
    fault = Fault(kind.name, target, way.params)
    fault = Fault(fault.kind, target, fault.params, kind.prepare(fault))
    return kind, fault, marks.sign(KEY, FLEET, "run-1", fault, LATER)


def end(kind: Any, fault: Fault, mark: Mark) -> str:
    wait_until(lambda: kind.revert(fault, mark).holds)
    return str(kind.revert(fault, mark).detail)


def owners(obj: Obj, path: tuple[str, ...]) -> set[tuple[str, str]]:
    found: set[tuple[str, str]] = set()
    for entry in obj["metadata"].get("managedFields", []):
        fields = entry["fieldsV1"]
        for step in path:
            fields = fields.get(step) if isinstance(fields, dict) else None
        if fields is not None:
            found.add((entry["manager"], entry["operation"]))
    return found


def revisions(ground: Ground) -> list[Obj]:
    return list(ground.api.items(f"/apis/apps/v1/namespaces/{ground.scope}/replicasets"))


each = pytest.mark.parametrize("way", WAYS.values(), ids=list(WAYS))

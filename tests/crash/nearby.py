"""What stands in the namespace of a cluster's site besides its pods, for the faults that change such an object in place."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from simian_army.faults.k8s.keeping import KEPT
from tests.targets.kube.grounds import Ground

Obj = dict[str, Any]
_META = {"labels": {"simian-army/chaos": "enabled"}}
_POD = {"restartPolicy": "Never", "containers": [{"name": "app", "image": "example.invalid/app:1"}]}
_MADE: dict[str, tuple[str, Obj]] = {
    "configmap": ("/api/v1", {"kind": "ConfigMap", "data": {"a": "true", "b": "2"}}),
    "secret": ("/api/v1", {"kind": "Secret", "data": {"a": "dHJ1ZQ==", "b": "Mg=="}}),
    "service": ("/api/v1", {"kind": "Service", "spec": {"type": "ExternalName", "externalName": "db.example"}}),
    "job": ("/apis/batch/v1", {"kind": "Job", "spec": {"parallelism": 0, "template": {"spec": _POD}}}),
}
_GROUPS = {**{kind: root for kind, (root, _) in _MADE.items()}, "deployment": "/apis/apps/v1", "pod": "/api/v1"}


def make(cluster: Ground) -> None:
    """One of each kind, opted in; the Job has no pods, who would have to be asked."""
    for kind, (root, obj) in _MADE.items():
        api = root.removeprefix("/apis/").removeprefix("/api/")
        whole = {"apiVersion": api, **obj, "metadata": {"name": f"one-{kind}", **_META}}
        cluster.api.create(f"{root}/namespaces/{cluster.scope}/{kind}s", whole)


def objects(cluster: Ground, kind: str) -> dict[str, Obj]:
    """Those of a kind that may be struck, by name."""
    found = cluster.api.items(f"{_GROUPS[kind]}/namespaces/{cluster.scope}/{kind}s")
    return {
        one["metadata"]["name"]: one for one in found if kind not in _MADE or one["metadata"]["name"] == f"one-{kind}"
    }


def kept(cluster: Ground) -> Iterator[str]:
    """The Secrets in which faults keep what they are to give back."""
    for one in cluster.api.items(f"/api/v1/namespaces/{cluster.scope}/secrets"):
        if KEPT in (one["metadata"].get("labels") or {}):
            yield str(one["metadata"]["name"])

"""What stands in the cluster that faults are tested in: its nodes, a workload, and one object of a kind when asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Obj = dict[str, Any]

SPACE = "shop"
NODES = ("node-a", "node-b", "node-c")
_ZONE, _HOST = "topology.kubernetes.io/zone", "kubernetes.io/hostname"
IN = {"simian-army/chaos": "enabled"}
_CONTAINERS = [{"name": "app", "image": "example.invalid/app:1"}]


def seed() -> list[Obj]:
    """Three nodes, each a zone of its own; a namespace; someone who enforces NetworkPolicies."""
    enforcer = _workload("DaemonSet", "calico-node", "kube-system")
    return [
        *map(_node, NODES),
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": SPACE}},
        enforcer,
    ]


def made(kind: str, name: str) -> list[Obj]:
    """An object of a target's kind that may be struck, with what belongs to it: a pod comes with its Deployment, a node
    with pods that stand there and nowhere else.

    Raises:
        ValueError: there is none of that kind here.
    """
    if kind not in _MAKES:
        raise ValueError(f"no {kind} can be made here ({', '.join(_MAKES)} can): give a world of your own")
    return _MAKES[kind](name)


def named(obj: Mapping[str, Any], name: str) -> Obj:
    """The same under another name, in the namespace that is struck in, opted in."""
    head = obj.get("metadata") or {}
    metadata = {**head, "name": name, "labels": {**IN, **(head.get("labels") or {})}}
    return {**obj, "metadata": metadata if obj["kind"] == "Node" else {**metadata, "namespace": SPACE}}


def _node(name: str) -> Obj:
    labels = {_HOST: name, _ZONE: name.replace("node", "zone")}
    return {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "labels": labels}}


def _peopled(name: str) -> list[Obj]:
    pods = _workload("Deployment", name, replicas=2)
    pods["spec"]["template"]["spec"] = {**pods["spec"]["template"]["spec"], "nodeSelector": {_HOST: name}}
    return [_node(name), pods]


def _workload(kind: str, name: str, space: str = SPACE, **spec: Any) -> Obj:
    mine = {"app": name}
    body = {"containers": _CONTAINERS, "terminationGracePeriodSeconds": 0}
    template = {"metadata": {"labels": {**mine, **IN}}, "spec": body}
    return {
        "apiVersion": "apps/v1",
        "kind": kind,
        "metadata": {"name": name, "namespace": space, "labels": mine},
        "spec": {**spec, "selector": {"matchLabels": mine}, "template": template},
    }


def _job(name: str) -> Obj:
    spec = {"parallelism": 1, "template": {"spec": {"restartPolicy": "Never", "containers": _CONTAINERS}}}
    return _thing("Job", name, "batch/v1", spec=spec)


def _thing(kind: str, name: str, version: str = "v1", **more: Any) -> Obj:
    metadata = {"name": name, "namespace": SPACE, "labels": dict(IN)}
    return {"apiVersion": version, "kind": kind, "metadata": metadata, **more}


_MAKES: Mapping[str, Callable[[str], list[Obj]]] = {
    "node": _peopled,
    "pod": lambda name: [_workload("Deployment", name, replicas=1)],
    "deployment": lambda name: [_workload("Deployment", name, replicas=2)],
    "statefulset": lambda name: [_workload("StatefulSet", name, replicas=2, serviceName=name)],
    "daemonset": lambda name: [_workload("DaemonSet", name)],
    "job": lambda name: [_job(name)],
    "configmap": lambda name: [_thing("ConfigMap", name, data={"a": "true", "b": "2", "url": "http://db.example/"})],
    "secret": lambda name: [_thing("Secret", name, type="Opaque", data={"a": "dHJ1ZQ==", "b": "Mg=="})],
    "service": lambda name: [_thing("Service", name, spec={"type": "ExternalName", "externalName": "db.example"})],
}

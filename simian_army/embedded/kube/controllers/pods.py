"""The scheduler and the kubelet: a pod gets a node, starts, and leaves when it is told."""

from __future__ import annotations

from typing import Any

from simian_army.embedded.kube.cluster import AT_ONCE, Cluster, Terms
from simian_army.embedded.kube.objects import (
    condition,
    finished,
    labels_of,
    leaving,
    lets_in,
    meta,
    name_of,
    put,
    spec_of,
    status_of,
)
from simian_army.embedded.kube.resources import NODE, POD
from simian_army.embedded.kube.store import Key

Json = dict[str, Any]
GENTLY = Terms(grace=1)
LEAVES_IN = 0.3  # seconds a leaving pod stays, however long its grace period


def reconcile(cluster: Cluster, key: Key, startup: float) -> float:
    """One step of a pod's life; returns the seconds after which to look again, 0 for never."""
    pod = cluster.store.get(key)
    if pod is None or finished(pod):
        return 0
    if leaving(pod):
        return _leave(cluster, key, pod)
    if not spec_of(pod).get("nodeName"):
        _bind(cluster, key, pod)
        return 0
    if _driven_off(cluster, pod):
        cluster.delete(POD, key)
        return 0
    if status_of(pod).get("phase") == "Pending":
        return _run(cluster, key, pod, startup)
    return 0


def _leave(cluster: Cluster, key: Key, pod: Json) -> float:
    told = status_of(pod).get("leavingSince")
    now = cluster.clock.monotonic()
    if told is None:
        cluster.write(key, lambda old: put(old, ("status", "leavingSince"), now))
        return LEAVES_IN
    wait = min(LEAVES_IN, float(meta(pod).get("deletionGracePeriodSeconds") or 0)) - (now - float(told))
    if wait > 0:
        return wait
    cluster.delete(POD, key, AT_ONCE)
    return 0


def _bind(cluster: Cluster, key: Key, pod: Json) -> None:
    wanted = spec_of(pod).get("nodeSelector") or {}
    nodes = [node for node in cluster.store.rows(NODE.id) if _takes(node, wanted) and lets_in(node, spec_of(pod))]
    if not nodes:
        return
    node = min(nodes, key=lambda one: (cluster.store.index.count_on_node(name_of(one)), name_of(one)))
    cluster.write(key, lambda old: put(old, ("spec", "nodeName"), name_of(node)))


def _takes(node: Json, wanted: dict[str, str]) -> bool:
    labels = {"kubernetes.io/hostname": name_of(node), **labels_of(node)}
    return not spec_of(node).get("unschedulable") and all(labels.get(k) == v for k, v in wanted.items())


def _driven_off(cluster: Cluster, pod: Json) -> bool:
    node = cluster.store.get(Key(NODE.id, "", spec_of(pod)["nodeName"]))
    return node is not None and not lets_in(node, spec_of(pod), ("NoExecute",))


def _run(cluster: Cluster, key: Key, pod: Json, startup: float) -> float:
    begun = status_of(pod).get("startingSince")
    now = cluster.clock.monotonic()
    if begun is None and startup:
        cluster.write(key, lambda old: put(old, ("status", "startingSince"), now))
        return startup
    wait = startup - (now - float(begun or now))
    if wait > 0:
        return wait
    cluster.write(key, lambda old: put(old, ("status",), _running(old, cluster.now())))
    return 0


def _running(pod: Json, now: str) -> Json:
    kept = {name: value for name, value in status_of(pod).items() if name != "startingSince"}
    names = ("PodScheduled", "Initialized", "ContainersReady", "Ready")
    containers = [
        {"name": c["name"], "image": c.get("image", ""), "ready": True, "restartCount": 0, "state": {"running": {}}}
        for c in spec_of(pod).get("containers") or ()
    ]
    conditions = [condition(name, now) for name in names]
    return {**kept, "phase": "Running", "startTime": now, "conditions": conditions, "containerStatuses": containers}

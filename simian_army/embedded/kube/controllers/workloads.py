"""Deployments, ReplicaSets, StatefulSets, DaemonSets and Jobs: as many pods as they say, of the template they say."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from simian_army.embedded.kube.cluster import Cluster
from simian_army.embedded.kube.controllers.pods import GENTLY
from simian_army.embedded.kube.objects import (
    controller_of,
    copied,
    finished,
    labels_of,
    leaving,
    lets_in,
    meta,
    name_of,
    owned_by,
    put,
    ready,
    spec_of,
    uid_of,
)
from simian_army.embedded.kube.resources import DAEMONSET, DEPLOYMENT, JOB, NODE, POD, REPLICASET, STATEFULSET
from simian_army.embedded.kube.store import Key

Json = dict[str, Any]
HASH, REVISION, STATEFUL = "pod-template-hash", "controller-revision-hash", "statefulset.kubernetes.io"


def deployment(cluster: Cluster, key: Key, startup: float) -> float:
    """One ReplicaSet a template: the present one grows to the wanted size, the others are emptied."""
    del startup
    owner = cluster.get(DEPLOYMENT, key.namespace, key.name)
    mark = _digest(spec_of(owner)["template"])
    name = f"{key.name}-{mark}"
    wanted = int(spec_of(owner).get("replicas", 1))
    sets = _children(cluster, owner, REPLICASET.id)
    if not any(name_of(one) == name for one in sets):
        cluster.create(REPLICASET, key.namespace, _replicaset(owner, name, mark, wanted))
    for one in sets:
        size = wanted if name_of(one) == name else 0
        if spec_of(one).get("replicas") != size:
            where = Key(REPLICASET.id, key.namespace, name_of(one))
            cluster.update(REPLICASET, where, lambda old, size=size: put(old, ("spec", "replicas"), size))  # type: ignore[misc]
    pods = [pod for one in sets for pod in _children(cluster, one, POD.id) if not leaving(pod)]
    now = [pod for pod in pods if labels_of(pod).get(HASH) == mark]
    cluster.write(key, lambda old: _status(old, len(pods), sum(map(ready, pods)), updatedReplicas=len(now)))
    return 0


def replicaset(cluster: Cluster, key: Key, startup: float) -> float:
    """As many pods as wanted: the youngest go first, new ones get random names."""
    del startup
    owner = cluster.get(REPLICASET, key.namespace, key.name)
    pods = _alive(cluster, owner)
    wanted = 0 if leaving(owner) else int(spec_of(owner).get("replicas", 1))
    for pod in pods[wanted:]:
        cluster.delete(POD, Key(POD.id, key.namespace, name_of(pod)), GENTLY)
    for _ in range(wanted - len(pods)):
        _make(cluster, owner, {"generateName": f"{key.name}-"})
    pods = _alive(cluster, owner)
    cluster.write(key, lambda old: _status(old, len(pods), sum(map(ready, pods)), fullyLabeledReplicas=len(pods)))
    return 0


def statefulset(cluster: Cluster, key: Key, startup: float) -> float:
    """Pods 0 to n-1, each after the one before is ready. A new template is for new pods: none is killed for it."""
    del startup
    owner = cluster.get(STATEFULSET, key.namespace, key.name)
    there = {name_of(pod): pod for pod in _children(cluster, owner, POD.id)}
    wanted = [f"{key.name}-{number}" for number in range(int(spec_of(owner).get("replicas", 1)))]
    for name in [name for name in there if name not in wanted and not leaving(there[name])]:
        cluster.delete(POD, Key(POD.id, key.namespace, name), GENTLY)
    now = f"{key.name}-{_digest(spec_of(owner)['template'])}"
    for number, name in enumerate(wanted):
        if name not in there:
            labels = {REVISION: now, "apps.kubernetes.io/pod-index": str(number), f"{STATEFUL}/pod-name": name}
            _make(cluster, owner, {"name": name}, labels=labels)
            break
        if not ready(there[name]):
            break
    cluster.write(key, lambda old: _revised(old, list(there.values()), now))
    return 0


def daemonset(cluster: Cluster, key: Key, startup: float) -> float:
    """One pod on each node whose taints its pods tolerate."""
    del startup
    owner = cluster.get(DAEMONSET, key.namespace, key.name)
    pods, now = _alive(cluster, owner), _digest(spec_of(owner)["template"])
    served = {spec_of(pod).get("nodeName") for pod in pods}
    spec = spec_of(owner)["template"]["spec"]
    nodes = [name_of(node) for node in cluster.store.rows(NODE.id) if lets_in(node, spec)]
    for node in nodes:
        if node not in served:
            _make(cluster, owner, {"generateName": f"{key.name}-"}, node, {REVISION: now})
    told = {
        "desiredNumberScheduled": len(nodes),
        "currentNumberScheduled": len(pods),
        "updatedNumberScheduled": sum(labels_of(pod).get(REVISION) == now for pod in pods),
        "numberReady": sum(map(ready, pods)),
        "observedGeneration": meta(owner).get("generation", 1),
    }
    cluster.write(key, lambda old: put(old, ("status",), {**old.get("status", {}), **told}))
    return 0


def job(cluster: Cluster, key: Key, startup: float) -> float:
    """As many pods at once as its parallelism; none of them ever ends here."""
    del startup
    owner = cluster.get(JOB, key.namespace, key.name)
    pods = [pod for pod in _alive(cluster, owner) if not finished(pod)]
    wanted = 0 if spec_of(owner).get("suspend") else int(spec_of(owner).get("parallelism", 1))
    for pod in pods[wanted:]:
        cluster.delete(POD, Key(POD.id, key.namespace, name_of(pod)), GENTLY)
    for _ in range(wanted - len(pods)):
        _make(cluster, owner, {"generateName": f"{key.name}-"})
    cluster.write(key, lambda old: _at_work(put(old, ("status", "active"), min(wanted, len(pods)))))
    return 0


def _at_work(obj: Json) -> Json:
    """Whether a Job is suspended, as it says once it was."""
    held = spec_of(obj).get("suspend") is True
    said = [one for one in obj["status"].get("conditions", ()) if one["type"] == "Suspended"]
    if not held and not said:
        return obj
    others = [one for one in obj["status"].get("conditions", ()) if one["type"] != "Suspended"]
    now = {"type": "Suspended", "status": str(held), "reason": "JobSuspended" if held else "JobResumed"}
    return put(obj, ("status", "conditions"), [*others, now])


RECONCILE = {
    DEPLOYMENT.id: deployment,
    REPLICASET.id: replicaset,
    STATEFULSET.id: statefulset,
    DAEMONSET.id: daemonset,
    JOB.id: job,
}


def _children(cluster: Cluster, owner: Json, resource: str) -> list[Json]:
    keys = [key for key in cluster.store.index.owned(uid_of(owner)) if key.resource == resource]
    found = [obj for key in keys if (obj := cluster.store.get(key))]
    return [obj for obj in found if (controller_of(obj) or {}).get("uid") == uid_of(owner)]


def _alive(cluster: Cluster, owner: Json) -> list[Json]:
    return [pod for pod in _children(cluster, owner, POD.id) if not leaving(pod)]


def _digest(template: Json) -> str:
    return hashlib.sha256(json.dumps(template, sort_keys=True).encode()).hexdigest()[:10]


def _make(cluster: Cluster, owner: Json, name: Json, node: str = "", labels: Json | None = None) -> None:
    template = copied(spec_of(owner)["template"])
    head = {**meta(template), **name, "ownerReferences": [owned_by(owner)]}
    if labels:
        head["labels"] = {**labels_of(template), **labels}
    spec = {**spec_of(template), **({"nodeName": node} if node else {})}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": head, "spec": spec}
    cluster.create(POD, str(meta(owner)["namespace"]), pod)


def _replicaset(owner: Json, name: str, mark: str, size: int) -> Json:
    template = copied(spec_of(owner)["template"])
    labels = {**labels_of(template), HASH: mark}
    selector = spec_of(owner).get("selector") or {}
    matched = {**selector, "matchLabels": {**(selector.get("matchLabels") or {}), HASH: mark}}
    head = {"name": name, "labels": labels, "ownerReferences": [owned_by(owner)]}
    notes = meta(owner).get("annotations")
    if notes:
        head["annotations"] = dict(notes)
    spec = {"replicas": size, "selector": matched, "template": put(template, ("metadata", "labels"), labels)}
    return {"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": head, "spec": spec}


def _revised(obj: Json, pods: list[Json], now: str) -> Json:
    """What a StatefulSet says of itself: the revision it has reached is that of all pods, or else the one before."""
    new = sum(labels_of(pod).get(REVISION) == now for pod in pods)
    told = _status(obj, len(pods), sum(map(ready, pods)), currentReplicas=len(pods), updatedReplicas=new)
    before = (obj.get("status") or {}).get("currentRevision", now)
    reached = now if new == len(pods) else before
    return put(told, ("status",), {**told["status"], "currentRevision": reached, "updateRevision": now})


def _status(obj: Json, total: int, good: int, **more: int) -> Json:
    told = {"replicas": total, "readyReplicas": good, "availableReplicas": good, **more}
    told["observedGeneration"] = meta(obj).get("generation", 1)
    return put(obj, ("status",), {**obj.get("status", {}), **told})
